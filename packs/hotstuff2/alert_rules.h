// The twelve limits of AlertConfig as alerts: one table behind the rule file and behind
// the in-process AlertManager, so that both give the same verdicts in the same words.
//
//   std::string yaml = alert_rules({.max_block_time = 5 * kSecond});   // a Prometheus rule file
//
// rules/hotstuff2-alerts.yml is alert_rules({}); a test compares.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "vigil/base/time.h"
#include "vigil/telemetry/config.h"

namespace vigil::packs::hotstuff2 {

using telemetry::AlertConfig;

enum class LimitKind : std::uint8_t {
  kBlockTime,
  kViewChangeFrequency,
  kThroughput,
  kPeerDisconnectionRate,
  kMessageLoss,
  kNetworkLatency,
  kCpuUsage,
  kMemoryUsage,
  kDiskUsage,
  kByzantineBehavior,
  kSafetyViolations,
  kLivenessTimeouts
};

// "{limit}" stands for the limit: a number in `expr`, as people read it in the texts.
struct Limit {
  LimitKind kind;
  std::string_view group;
  std::string_view alert;
  std::string_view severity;
  std::string_view component;
  std::string_view dashboard;
  Duration hold;  // `for`
  std::string_view expr;
  std::string_view summary;  // templates of Prometheus' rules
  std::string_view description;
  double (*value)(const AlertConfig& config);  // seconds, ratios, events a second or in 5 minutes
  bool percent = false;                        // how people read it
};

std::span<const Limit> limits();  // in the order of LimitKind
inline const Limit& limit_of(LimitKind kind) { return limits()[static_cast<std::size_t>(kind)]; }

// `text` with the limit in it.
std::string with_limit(const Limit& limit, const AlertConfig& config, std::string_view text, bool for_people);

// A limit on block time or network latency should be a bound of its histogram
// (catalog.h); between two bounds the quantile is interpolated.
std::string alert_rules(const AlertConfig& config);

}  // namespace vigil::packs::hotstuff2
