// What a pack is to the rest of vigil: one system's catalogue, rules, dashboards and
// simulated network, as data. packs/<system>/pack.cc fills one in; packs/all lists them.
//
// Thread-safety: plain values and pure functions.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "vigil/dashboards/dashboard.h"
#include "vigil/metrics/schema.h"
#include "vigil/pack/simulation.h"

namespace vigil::pack {

// A metric the pack's expressions use and somebody else makes (an exporter, etcd, the
// engine itself). Known to the checker, declared in no catalogue of ours.
struct ForeignMetric {
  std::string_view name;
  MetricType type = MetricType::kGauge;
  std::span<const std::string_view> labels;  // besides job, instance and stack
  std::span<const double> bounds{};          // of a histogram
};

// A service level objective: which share of what users ask for must go well, over 30 days.
// Alerts on the speed at which its error budget burns are generated (vigil/tuning).
struct Slo {
  std::string_view name;         // "mpc_signature_success"
  std::string_view alert;        // "MPCSignatureSuccess": alerts are its name + "BudgetBurn…"
  std::string_view description;  // of what goes well, for people
  double objective = 0.999;
  // PromQL of the share that went wrong, with $window for the range; no result without traffic.
  std::string_view error_ratio;
  std::string_view component{};
  std::string_view dashboard{};  // uid
};

// A file of the pack as part of the binary.
struct File {
  std::string_view name;  // "mpc-rules.yml"
  std::string_view text;
};

struct Pack {
  std::string_view name;   // "mpc"; also the value of the label `stack`
  std::string_view title;  // "MPC threshold-signature wallet"
  std::span<const metrics::Description> catalog;
  std::span<const ForeignMetric> foreign;
  std::span<const File> rules;  // Prometheus rule files, without those of the SLOs
  std::span<const Slo> slos{};
  std::span<const File> runbooks{};  // Markdown, named by alert ("MPCNodeDown") or, of an SLO, "<alert>BudgetBurn"
  std::string_view scrape_configs;   // YAML with a `scrape_configs` list
  int simulated_port = 0;            // of the first page of `vigil simulate`; the others follow
  std::vector<dashboards::Dashboard> (*dashboards)() = nullptr;
  std::span<const Scenario> scenarios;
  std::unique_ptr<Simulation> (*simulate)(const SimulationOptions& options) = nullptr;
};

}  // namespace vigil::pack
