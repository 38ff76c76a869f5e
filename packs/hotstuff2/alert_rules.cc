#include "packs/hotstuff2/alert_rules.h"

#include <fmt/format.h>

namespace vigil::packs::hotstuff2 {
namespace {

constexpr double seconds(Duration time) { return static_cast<double>(time) / kSecond; }

constexpr Limit kLimits[] = {
    {.kind = LimitKind::kBlockTime,
     .group = "hotstuff-performance",
     .alert = "HotStuffBlockTimeHigh",
     .severity = "warning",
     .component = "consensus",
     .dashboard = "hotstuff2-consensus",
     .hold = 2 * kMinute,
     .expr = "histogram_quantile(0.95, sum by (le) (rate(hotstuff_block_interval_seconds_bucket[5m]))) > {limit}",
     .summary = R"(Blocks take {{ printf "%.2f" $value }} s (p95))",
     .description =
         R"(The 95th percentile of the time between two commits is {{ printf "%.2f" $value }} s over 5 minutes (limit {limit} s): a slow leader, slow links or views that time out.)",
     .value = [](const AlertConfig& c) { return seconds(c.max_block_time); }},
    {.kind = LimitKind::kViewChangeFrequency,
     .group = "hotstuff-performance",
     .alert = "HotStuffViewChangeFrequencyHigh",
     .severity = "warning",
     .component = "consensus",
     .dashboard = "hotstuff2-consensus",
     .hold = 5 * kMinute,
     .expr = R"(sum(rate(hotstuff_view_changes_total{reason!="qc"}[5m])) / count(hotstuff_current_view) > {limit})",
     .summary = R"({{ printf "%.2f" $value }} view changes a second and node)",
     .description =
         R"(Views end without a certificate {{ printf "%.2f" $value }} times a second and node (limit {limit}): leaders fail or their proposals arrive too late.)",
     .value = [](const AlertConfig& c) { return c.max_view_change_frequency; }},
    {.kind = LimitKind::kThroughput,
     .group = "hotstuff-performance",
     .alert = "HotStuffThroughputLow",
     .severity = "warning",
     .component = "consensus",
     .dashboard = "hotstuff2-system",
     .hold = 5 * kMinute,
     .expr = "max(rate(hotstuff_transactions_committed_total[5m])) < {limit} and on() max(hotstuff_mempool_size) > 0",
     .summary = R"(Only {{ printf "%.0f" $value }} transactions a second while some wait)",
     .description =
         R"(The network commits {{ printf "%.0f" $value }} transactions a second (at least {limit} wanted) although the mempool is not empty.)",
     .value = [](const AlertConfig& c) { return c.min_transaction_throughput; }},
    {.kind = LimitKind::kPeerDisconnectionRate,
     .group = "hotstuff-network",
     .alert = "HotStuffPeerDisconnectionRateHigh",
     .severity = "warning",
     .component = "network",
     .dashboard = "hotstuff2-network",
     .hold = 5 * kMinute,
     .expr = R"(sum(rate(hotstuff_peer_disconnections_total{reason!="shutdown"}[5m])) by (instance) > {limit})",
     .summary = R"({{ $labels.instance }} loses {{ printf "%.2f" $value }} peers a second)",
     .description =
         R"({{ $labels.instance }} loses {{ printf "%.2f" $value }} connections a second over 5 minutes (limit {limit}), planned shutdowns left out.)",
     .value = [](const AlertConfig& c) { return c.max_peer_disconnection_rate; }},
    {.kind = LimitKind::kMessageLoss,
     .group = "hotstuff-network",
     .alert = "HotStuffMessageLossHigh",
     .severity = "warning",
     .component = "network",
     .dashboard = "hotstuff2-network",
     .hold = 5 * kMinute,
     .expr = "1 - avg by (instance) (hotstuff_message_delivery_rate) > {limit}",
     .summary = "{{ $labels.instance }} loses {{ $value | humanizePercentage }} of its messages",
     .description = "{{ $value | humanizePercentage }} of what {{ $labels.instance }} sends is never acknowledged "
                    "(limit {limit}): votes and proposals come late or not at all.",
     .value = [](const AlertConfig& c) { return c.max_message_loss_rate; },
     .percent = true},
    {.kind = LimitKind::kNetworkLatency,
     .group = "hotstuff-network",
     .alert = "HotStuffNetworkLatencyHigh",
     .severity = "warning",
     .component = "network",
     .dashboard = "hotstuff2-network",
     .hold = 5 * kMinute,
     .expr =
         "histogram_quantile(0.95, sum by (le, instance) (rate(hotstuff_peer_latency_seconds_bucket[5m]))) > {limit}",
     .summary = R"(Round trips of {{ $labels.instance }} take {{ printf "%.2f" $value }} s (p95))",
     .description =
         R"(The 95th percentile of round trips from {{ $labels.instance }} is {{ printf "%.2f" $value }} s over 5 minutes (limit {limit} s): every view needs two of them.)",
     .value = [](const AlertConfig& c) { return seconds(c.max_network_latency); }},
    {.kind = LimitKind::kCpuUsage,
     .group = "hotstuff-resource",
     .alert = "HotStuffCpuUsageHigh",
     .severity = "warning",
     .component = "resources",
     .dashboard = "hotstuff2-system",
     .hold = 5 * kMinute,
     .expr = "hotstuff_cpu_usage_ratio > {limit}",
     .summary = "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its CPU",
     .description = "{{ $labels.instance }} has used {{ $value | humanizePercentage }} of its CPU for 5 minutes (limit "
                    "{limit}): votes wait for their signature check.",
     .value = [](const AlertConfig& c) { return c.max_cpu_usage; },
     .percent = true},
    {.kind = LimitKind::kMemoryUsage,
     .group = "hotstuff-resource",
     .alert = "HotStuffMemoryUsageHigh",
     .severity = "warning",
     .component = "resources",
     .dashboard = "hotstuff2-system",
     .hold = 5 * kMinute,
     .expr = "hotstuff_memory_usage_bytes / hotstuff_memory_limit_bytes > {limit}",
     .summary = "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its memory",
     .description = "{{ $labels.instance }} has used {{ $value | humanizePercentage }} of its memory for 5 minutes "
                    "(limit {limit}); at the limit the kernel kills it.",
     .value = [](const AlertConfig& c) { return c.max_memory_usage; },
     .percent = true},
    {.kind = LimitKind::kDiskUsage,
     .group = "hotstuff-resource",
     .alert = "HotStuffDiskUsageHigh",
     .severity = "warning",
     .component = "resources",
     .dashboard = "hotstuff2-system",
     .hold = 5 * kMinute,
     .expr = "hotstuff_disk_usage_bytes / hotstuff_disk_limit_bytes > {limit}",
     .summary = "The disk of {{ $labels.instance }} is {{ $value | humanizePercentage }} full",
     .description = "The data directory of {{ $labels.instance }} is {{ $value | humanizePercentage }} full (limit "
                    "{limit}); when it is full the replica can neither vote nor commit.",
     .value = [](const AlertConfig& c) { return c.max_disk_usage; },
     .percent = true},
    {.kind = LimitKind::kByzantineBehavior,
     .group = "hotstuff-consensus",
     .alert = "HotStuffByzantineBehavior",
     .severity = "critical",
     .component = "consensus",
     .dashboard = "hotstuff2-consensus",
     .hold = 0,
     .expr = "sum by (behavior_type, validator) (rate(hotstuff_byzantine_behavior_detected_total[5m])) > {limit}",
     .summary = "{{ $labels.validator }} misbehaves: {{ $labels.behavior_type }}",
     .description =
         R"(Provable {{ $labels.behavior_type }} of {{ $labels.validator }}, {{ printf "%.4f" $value }} a second over 5 minutes (limit {limit}): it is faulty or hostile and counts against the f that the network stands.)",
     .value = [](const AlertConfig& c) { return c.max_byzantine_behavior_rate; }},
    {.kind = LimitKind::kSafetyViolations,
     .group = "hotstuff-consensus",
     .alert = "HotStuffSafetyViolation",
     .severity = "critical",
     .component = "consensus",
     .dashboard = "hotstuff2-consensus",
     .hold = 0,
     .expr = "sum by (violation_type) (increase(hotstuff_safety_violations_total[5m])) > {limit}",
     .summary = "Safety violation: {{ $labels.violation_type }}",
     .description =
         R"({{ printf "%.0f" $value }} safety violations of type {{ $labels.violation_type }} in 5 minutes (limit {limit}): the chain may fork. Stop withdrawals and bridges before anything else.)",
     .value = [](const AlertConfig& c) { return static_cast<double>(c.max_safety_violations); }},
    {.kind = LimitKind::kLivenessTimeouts,
     .group = "hotstuff-consensus",
     .alert = "HotStuffLivenessTimeouts",
     .severity = "critical",
     .component = "consensus",
     .dashboard = "hotstuff2-consensus",
     .hold = 0,
     .expr = "sum by (instance) (increase(hotstuff_liveness_timeouts_total[5m])) > {limit}",
     .summary = R"({{ printf "%.0f" $value }} view timers of {{ $labels.instance }} expired)",
     .description =
         R"(On {{ $labels.instance }} {{ printf "%.0f" $value }} view timers expired in 5 minutes (limit {limit}): the network hardly makes progress.)",
     .value = [](const AlertConfig& c) { return static_cast<double>(c.max_liveness_timeouts); }},
};

constexpr std::string_view kHead =
    R"(# Alerts of a HotStuff-2 network: the twelve limits of AlertConfig, written by alert_rules() of
# packs/hotstuff2/alert_rules.h. Make a file with limits of your own in the same way; do not edit this one.
)";

}  // namespace

std::span<const Limit> limits() { return kLimits; }

std::string with_limit(const Limit& limit, const AlertConfig& config, std::string_view text, bool for_people) {
  const double value = limit.value(config);
  const std::string number = limit.percent && for_people ? fmt::format("{:g}%", value * 100) : fmt::format("{}", value);
  std::string filled(text);
  constexpr std::string_view kMark = "{limit}";
  for (std::size_t at = filled.find(kMark); at != std::string::npos; at = filled.find(kMark, at + number.size())) {
    filled.replace(at, kMark.size(), number);
  }
  return filled;
}

std::string alert_rules(const AlertConfig& config) {
  std::string yaml = std::string(kHead) + "groups:\n";
  std::string_view group;
  for (const Limit& limit : kLimits) {
    if (limit.group != group) {
      group = limit.group;
      yaml += fmt::format("  - name: {}\n    rules:\n", group);
    }
    // None of the texts has a quote of YAML in it.
    yaml += fmt::format("      - alert: {}\n        expr: '{}'\n        for: {}\n", limit.alert,
                        with_limit(limit, config, limit.expr, false), format_duration(limit.hold));
    yaml +=
        fmt::format("        labels:\n          severity: {}\n          stack: hotstuff2\n          component: {}\n",
                    limit.severity, limit.component);
    yaml += fmt::format(
        "        annotations:\n          summary: '{}'\n          description: '{}'\n"
        "          runbook_url: '{{{{ $externalURL }}}}/runbooks/hotstuff2/{}'\n"
        "          dashboard_url: /d/{}\n",
        with_limit(limit, config, limit.summary, true), with_limit(limit, config, limit.description, true), limit.alert,
        limit.dashboard);
  }
  return yaml;
}

}  // namespace vigil::packs::hotstuff2
