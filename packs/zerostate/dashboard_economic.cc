#include "packs/zerostate/catalog.h"
#include "packs/zerostate/dashboards.h"
#include "vigil/dashboards/shapes.h"

namespace vigil::packs::zerostate {
using namespace catalog;  // NOLINT(google-build-using-namespace): names of metrics
using dashboards::Color;
using dashboards::Dashboard;
using dashboards::in_unit;
using dashboards::Kind;
using dashboards::on_right;
using dashboards::percentile;
using dashboards::percentiles;
using dashboards::query;
using dashboards::ratio;
using dashboards::with_thresholds;

Dashboard economic_activity() {
  return {
      .uid = "economic-activity",
      .title = "Economic Activity Dashboard",
      .description = "Is the money safe, and does it move?",
      .tags = {"zerostate"},
      .refresh = "30s",
      .from = "now-6h",
      .alerts = "zerostate",
      .rows = {
          {"",
           {{.title = "Total Value Locked (TVL) with trend analysis",
             .kind = Kind::kStatWithSparkline,
             .queries = {query("", "sum(#1)", kEconomicTotalValueLockedTokens)},
             .description = "Tokens locked in channels and escrow, all nodes. Half of a node's value gone within an "
                            "hour is TVLDrop: treat it as a theft until explained.",
             .unit = "short",
             .decimals = 2,
             .width = 6},
            {.title = "Active payment channels and participants: active channels",
             .kind = Kind::kStat,
             .queries = {query("", "sum(#1{state=\"active\"})", kEconomicChannels)},
             .description = "Channels that can pay now. Below 5 LowActiveChannels tells that nearly nobody can.",
             .unit = "none",
             .thresholds = {{Color::kRed}, {Color::kYellow, 1}, {Color::kGreen, 5}},
             .decimals = 0,
             .width = 4},
            {.title = "Active payment channels and participants: participants",
             .kind = Kind::kStat,
             .queries = {query("", "sum(#1)", kEconomicChannelParticipants)},
             .description = "Distinct participants of active channels. Falling with constant channels: the network "
                            "concentrates on few.",
             .unit = "none",
             .decimals = 0,
             .width = 4},
            ratio(
                {.title = "Payment success rate gauge",
                 .kind = Kind::kGauge,
                 .queries = {query("", "sum(rate(#1{result=\"success\"}[5m])) / sum(rate(#1[5m]))", kEconomicPayments)},
                 .description =
                     "Successful payments of all over 5 minutes. The SLA is 99.9%; below 95% PaymentFailureRate "
                     "warns as well.",
                 .thresholds = {{Color::kRed}, {Color::kYellow, 0.95}, {Color::kGreen, 0.999}},
                 .decimals = 2,
                 .width = 4}),
            {.title = "Blacklisted peers counter with thresholds",
             .kind = Kind::kStat,
             .queries = {query("peers", "max(#1)", kEconomicPeersBlacklisted),
                         with_thresholds(in_unit("percentunit", query("share", "max(#1) / max(#2)",
                                                                      kEconomicPeersBlacklisted, kEconomicPeersKnown)),
                                         {{Color::kGreen}, {Color::kYellow, 0.1}, {Color::kRed, 0.25}})},
             .description = "Blacklisted peers of the node that has most, and their share of the peers it knows: above "
                            "10% warns, above 25% pages.",
             .unit = "none",
             .min = 0,
             .width = 6}}},
          {"Value and payments",
           {{.title = "TVL trend over 24 hours",
             .queries = {query("TVL", "sum(avg_over_time(#1[5m]))", kEconomicTotalValueLockedTokens)},
             .description = "Locked value over the last 24 hours, whatever range is chosen above. A slope is a trend, "
                            "a step is an incident.",
             .unit = "short",
             .min = 0,
             .time_from = "24h"},
            {.title = "Channel lifecycle (opening/active/closed/disputed)",
             .queries = {query("{{state}}", "sum by (state) (#1{state=~\"opening|active|closed|disputed\"})",
                               kEconomicChannels)},
             .description = "Channels by state. Opening or disputed piling up: the chain is slow, or somebody cheats.",
             .unit = "none",
             .min = 0},
            {.title = "Payment volume & throughput (dual-axis)",
             .queries = {query("volume", "sum(rate(#1[5m]))", kEconomicPaymentVolumeTokens),
                         on_right(query("throughput", "sum(rate(#1[5m]))", kEconomicPayments), "ops")},
             .description = "Tokens paid per second (left) and payments per second (right). Volume without throughput "
                            "is a single large payer.",
             .unit = "short",
             .min = 0},
            {.title = "Payment amount distribution (p50/p90/p99)",
             .queries = percentiles(kEconomicPaymentAmountTokens, {}, {"p50", "p90", "p99"}),
             .description = "Size of payments in tokens. A falling p50 with a steady p99: micro-payments take over.",
             .unit = "short",
             .min = 0}}},
          {"Settlements and disputes",
           {{.title = "Settlement activity tracking",
             .queries = {query("{{result}}/s", "sum by (result) (rate(#1[5m]))", kEconomicSettlements),
                         on_right(query("volume", "sum(rate(#1[5m]))", kEconomicSettlementVolumeTokens), "short"),
                         in_unit("s", percentile("p95", kEconomicSettlementDurationSeconds))},
             .description = "Settlements per second by result and their p95 time (left axis in seconds), tokens "
                            "settled per second (right). More than 10% failed is SettlementFailures.",
             .unit = "ops",
             .min = 0},
            {.title = "Dispute rate monitoring",
             .queries = {query("opened/s", "sum(rate(#1{outcome=\"opened\"}[5m]))", kEconomicDisputes),
                         on_right(query("open now", "sum(#1)", kEconomicDisputesActive), "none")},
             .description = "Disputes opened per second (left) and open now (right). Above 0.5 per second "
                            "HighDisputeRate fires; each must be answered in time.",
             .unit = "ops",
             .thresholds = {{Color::kGreen}, {Color::kRed, 0.5}},
             .min = 0},
            {.title = "Blacklist events timeline",
             .kind = Kind::kStateTimeline,
             .queries = {query("{{action}} {{reason}}", "sum by (action, reason) (increase(#1[5m]))",
                               kEconomicBlacklistEvents)},
             .description = "When peers were put on and taken off the blacklist, and why. All nodes at the same "
                            "minute: a list that spreads.",
             .unit = "none",
             .thresholds = {{Color::kGreen}, {Color::kYellow, 0.5}, {Color::kRed, 20}},
             .decimals = 0},
            {.title = "Transaction throughput (TPS)",
             .queries = {query("TPS", "sum(rate(#1[1m]))", kEconomicTransactions)},
             .description = "Payments, deposits, withdrawals, settlements and disputes per second. The figure to "
                            "compare with the design capacity.",
             .unit = "ops",
             .min = 0}}},
          {"Peers",
           {{.title = "Reputation score distribution (top 10)",
             .kind = Kind::kBarGauge,
             .queries = {query("{{peer}}", "topk(10, max by (peer) (#1))", kEconomicReputationScore),
                         percentile("p50", kEconomicReputationDistribution, {.window = "1h"})},
             .description = "Scores of the ten best peers, and the median of all scores of the last hour. A falling "
                            "median comes before a blacklist wave.",
             .unit = "none",
             .thresholds = {{Color::kRed}, {Color::kYellow, 30}, {Color::kGreen, 60}},
             .min = 0,
             .max = 100},
            {.title = "Task success rate by peer",
             .kind = Kind::kTable,
             .queries = {query(
                 "{{peer}}",
                 "topk(10, sum by (peer) (rate(#1{result=\"success\"}[1h])) / sum by (peer) (rate(#1[1h])))",
                 kEconomicPeerTasks)},
             .description = "Successful tasks of the ten busiest peers over an hour. One peer low: that peer; all low: "
                            "our module or runtime.",
             .unit = "percentunit",
             .thresholds = {{Color::kRed}, {Color::kYellow, 0.5}, {Color::kGreen, 0.9}}},
            {.title = "Average task cost by peer",
             .kind = Kind::kBarGauge,
             .queries = {query("{{peer}}", "topk(10, max by (peer) (#1))", kEconomicPeerTaskCostTokens)},
             .description = "What the ten busiest peers charge per task. One far above the others is overpaid or gets "
                            "the heavy tasks.",
             .unit = "short",
             .decimals = 3}}}}};
}

}  // namespace vigil::packs::zerostate
