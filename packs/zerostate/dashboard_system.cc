#include <string>

#include "packs/zerostate/catalog.h"
#include "packs/zerostate/dashboards.h"
#include "vigil/dashboards/shapes.h"

namespace vigil::packs::zerostate {
using namespace catalog;  // NOLINT(google-build-using-namespace): names of metrics
using dashboards::Color;
using dashboards::Dashboard;
using dashboards::Kind;
using dashboards::Panel;
using dashboards::percentile;
using dashboards::query;
using dashboards::ratio;

namespace {

Panel uptime(const std::string& role, const std::string& meaning) {
  const std::string up = "up{stack=\"zerostate\",role=\"" + role + "\"}";
  return {.title = "Service uptime by component (bootnode/edge-nodes/relay): " + role,
          .kind = Kind::kStateTimeline,
          .queries = {query("up", "min(" + up + ")"), query("share", "avg(avg_over_time(" + up + "[$__range]))")},
          .description = "Whether the " + role +
                         " answered its scrapes (red: at least one did not), and the share of the shown time it did. " +
                         meaning + " The SLA is 99.9%.",
          .unit = "percentunit",
          .thresholds = {{Color::kRed}, {Color::kYellow, 0.99}, {Color::kGreen, 0.999}},
          .width = 8,
          .height = 5};
}

}  // namespace

Dashboard system_health() {
  return {
      .uid = "system-health",
      .title = "System Health Dashboard",
      .description = "Is the network healthy? The first page to open after an alert.",
      .tags = {"zerostate"},
      .refresh = "10s",
      .from = "now-1h",
      .alerts = "zerostate",
      .rows = {
          {"",
           {{.title = "Overall system status with 🟢 HEALTHY / 🟡 DEGRADED / 🔴 CRITICAL",
             .kind = Kind::kStat,
             .queries = {query("", "(min(#1) >= bool 0.8) + (min(#1) >= bool 0.5)", kSystemComponentHealthScore)},
             .description = "The worst layer of the worst node: healthy from 80% on, degraded from 50%, else critical. "
                            "Below HEALTHY, the bars of the component health scores show where.",
             .unit = "none",
             .thresholds = {{Color::kRed}, {Color::kYellow, 1}, {Color::kGreen, 2}},
             .mappings = {{2, "🟢 HEALTHY", Color::kGreen},
                          {1, "🟡 DEGRADED", Color::kYellow},
                          {0, "🔴 CRITICAL", Color::kRed}},
             .width = 16},
            {.title = "Active alerts counter",
             .kind = Kind::kStat,
             .queries = {query("", "count(ALERTS{stack=\"zerostate\",alertstate=\"firing\"}) or vector(0)")},
             .description = "Alerts that fire now. 0 is the normal state; the alert history below says which.",
             .unit = "none",
             .thresholds = {{Color::kGreen}, {Color::kRed, 1}},
             .decimals = 0,
             .width = 8}}},
          {"Service uptime",
           {uptime("bootnode", "Down: no new peers find the network."),
            uptime("edge-nodes", "Red while any edge node is down: its tasks and channels stop."),
            uptime("relay", "Down: nodes behind NAT drop out.")}},
          {"Where it hurts",
           {ratio({.title = "Component health scores (bar gauge)",
                   .kind = Kind::kBarGauge,
                   .queries = {query("{{layer}}", "min by (layer) (#1)", kSystemComponentHealthScore)},
                   .description =
                       "The lowest score of each layer. Below 80% a check warns, below 50% one is critical, 0 is "
                       "a failing one: /health of the node names it.",
                   .thresholds = {{Color::kRed}, {Color::kYellow, 0.5}, {Color::kGreen, 0.8}},
                   .width = 12}),
            {.title = "Key metrics summary table",
             .kind = Kind::kTable,
             .queries = {query("peers", "min(#1)", kP2pPeersConnected),
                         query("message failure ratio", "sum(rate(#1[5m])) / (sum(rate(#2[5m])) + sum(rate(#1[5m])))",
                               kP2pMessagesFailed, kP2pMessagesSent),
                         query("tasks/s", "sum(rate(#1[5m]))", kExecutionTasks),
                         query("task success ratio", "sum(rate(#1{result=\"success\"}[5m])) / sum(rate(#1[5m]))",
                               kExecutionTasks),
                         query("active guilds", "sum(#1)", kExecutionGuildsActive),
                         query("TVL", "sum(#1)", kEconomicTotalValueLockedTokens),
                         query("active channels", "sum(#1{state=\"active\"})", kEconomicChannels),
                         query("payment success ratio", "sum(rate(#1{result=\"success\"}[5m])) / sum(rate(#1[5m]))",
                               kEconomicPayments),
                         query("TPS", "sum(rate(#1[1m]))", kEconomicTransactions)},
             .description = "The figures to read out on a call: peers, failures, throughput, value. One line each.",
             .unit = "short",
             .decimals = 3,
             .width = 12,
             .row_per_query = true},
            {.title = "Error rate by component (P2P/execution/economic)",
             .queries = {query("{{layer}}", "sum by (layer) (rate(#1[5m]))", kSystemErrors)},
             .description = "Errors per second by layer. Above 10 together HighErrorRate fires; the layer says whose "
                            "dashboard to open.",
             .unit = "ops",
             .min = 0},
            {.title = "Network latency (p95) across components",
             .queries = {percentile("p95", kSystemRequestDurationSeconds, {.by = "layer"})},
             .description = "The time that 95% of the operations of a layer stay under. HighSystemLatency fires when "
                            "p95 over all layers is above 10 s.",
             .unit = "s",
             .thresholds = {{Color::kGreen}, {Color::kRed, 10}},
             .min = 0}}},
          {"Alerts and logs",
           {{.title = "Alert history table",
             .kind = Kind::kStateTimeline,
             .queries = {query("{{alertname}} {{severity}} {{component}} {{alertstate}}",
                               "max by (alertname, severity, component, alertstate) (ALERTS{stack=\"zerostate\"})")},
             .description = "Which alerts were pending or firing, from when to when. Many that begin together have one "
                            "cause: the earliest.",
             .unit = "none",
             .thresholds = {{Color::kGreen}, {Color::kRed, 1}},
             .mappings = {{1, "active", Color::kRed}},
             .width = 24,
             .height = 10},
            {.title = "Resource warnings log viewer",
             .kind = Kind::kLogs,
             .queries = {{"", "{stack=\"zerostate\"} |~ \"(?i)warn\""}},
             .description = "Log lines of the nodes with a warning, same time range as the graphs.",
             .unit = "short"},
            {.title = "Critical metrics heatmap",
             .kind = Kind::kHeatmap,
             .queries = {query("{{le}}", "sum by (le) (increase(#1_bucket[5m]))", kP2pMessageLatencySeconds)},
             .description = "Message latency, darker is more messages. A second band higher up is a part of the "
                            "network that became slow.",
             .unit = "s"}}}}};
}

}  // namespace vigil::packs::zerostate
