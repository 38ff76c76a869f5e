// Thresholds, objectives and switches of packs that a user sets in one file, without
// editing rules:
//
//   mpc:
//     alerts:
//       SlowSignatureGeneration: {threshold: 5, for: 2m}
//       NoTransactionsProcessed: {enabled: false}
//       PresignaturePoolLow: {threshold: 20, severity: critical}
//     slos:
//       mpc_signature_success: {objective: 0.995}
//     runbook_base_url: https://wiki.example/wallet     # …/MPCNodeDown
//     dashboard_base_url: https://grafana.example       # …/d/mpc-cluster-overview
//
// Thread-safety: values and pure functions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/pack/pack.h"
#include "vigil/rules/rule_file.h"

namespace vigil::tuning {

struct AlertOverride {
  bool enabled = true;
  std::optional<double> threshold = {};
  std::optional<Duration> hold = {};
  std::optional<std::string> severity = {};
  std::string where = {};  // file:line:column, for errors
};

struct PackOverrides {
  std::map<std::string, AlertOverride, std::less<>> alerts = {};
  std::map<std::string, double, std::less<>> objectives = {};  // by SLO
  // Put before the links of alerts: instead of vigil's own address, and before the path of a
  // dashboard. Without a slash at the end; "": as the rules have them.
  std::string runbook_base_url = {};
  std::string dashboard_base_url = {};
};

using Overrides = std::map<std::string, PackOverrides, std::less<>>;  // by pack

// Errors name file, line and column. What a file names and no pack has is found by
// rule_groups().
Result<Overrides> parse_overrides(std::string_view text, const std::string& file_name);

// All rules of a pack, those of its SLOs included, changed as `overrides` says. Fails for an
// alert or SLO the pack does not have, an objective that is not below 1, and a threshold for
// an alert that compares with none or with several numbers.
Result<std::vector<rules::GroupDefinition>> rule_groups(const pack::Pack& pack, const PackOverrides& overrides = {},
                                                        const rules::RuleFileOptions& options = {});

}  // namespace vigil::tuning
