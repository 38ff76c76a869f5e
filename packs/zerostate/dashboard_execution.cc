#include "packs/zerostate/catalog.h"
#include "packs/zerostate/dashboards.h"
#include "vigil/dashboards/shapes.h"

namespace vigil::packs::zerostate {
using namespace catalog;  // NOLINT(google-build-using-namespace): names of metrics
using dashboards::Color;
using dashboards::Dashboard;
using dashboards::in_unit;
using dashboards::Kind;
using dashboards::named;
using dashboards::on_right;
using dashboards::percentile;
using dashboards::percentiles;
using dashboards::query;
using dashboards::ratio;

Dashboard execution_performance() {
  return {
      .uid = "execution-performance",
      .title = "Execution Performance Dashboard",
      .description = "Do tasks finish, in time and in memory?",
      .tags = {"zerostate"},
      .refresh = "15s",
      .from = "now-1h",
      .alerts = "zerostate",
      .rows = {
          {"",
           {ratio({.title = "Task execution success rate gauge",
                   .kind = Kind::kGauge,
                   .queries = {query("", "sum(rate(#1{result=\"success\"}[5m])) / sum(rate(#1[5m]))", kExecutionTasks)},
                   .description =
                       "Successful tasks of all finished ones over 5 minutes. Failures above 10% warn, above 50% page.",
                   .thresholds = {{Color::kRed}, {Color::kYellow, 0.5}, {Color::kGreen, 0.9}},
                   .width = 4}),
            {.title = "Active guilds and task throughput: active guilds",
             .kind = Kind::kStat,
             .queries = {query("", "sum(#1)", kExecutionGuildsActive)},
             .description = "Guilds alive in the network. None for 10 minutes is NoActiveGuilds: normal on a quiet "
                            "network, else guild gossip does not arrive.",
             .unit = "none",
             .thresholds = {{Color::kYellow}, {Color::kGreen, 1}},
             .decimals = 0,
             .width = 3},
            {.title = "Active guilds and task throughput: task throughput",
             .kind = Kind::kStat,
             .queries = {query("finished/s", "sum(rate(#1[5m]))", kExecutionTasks),
                         query("submitted/s", "sum(rate(#1[5m]))", kExecutionTasksSubmitted),
                         in_unit("none", query("running", "sum(#1)", kExecutionTasksActive))},
             .description = "Tasks finished and accepted per second, and running now. Submitted above finished for "
                            "long: the queue grows.",
             .unit = "ops",
             .min = 0,
             .width = 6},
            {.title = "Task duration distribution (p50/p95/p99): current p95",
             .kind = Kind::kStat,
             .queries = {named("", percentile("p95", kExecutionTaskDurationSeconds))},
             .description = "The time that 95% of the tasks stay under. Above 25 s HighTaskDuration warns, above 30 s "
                            "the SLA breaks.",
             .unit = "s",
             .thresholds = {{Color::kGreen}, {Color::kYellow, 25}, {Color::kRed, 30}},
             .width = 4},
            {.title = "WASM memory usage with 128MB limit line: current p95",
             .kind = Kind::kStat,
             .queries = {named("", percentile("p95", kExecutionWasmMemoryBytes))},
             .description = "The memory that 95% of the tasks stay under. Above 100 MB HighMemoryUsage warns; at 128 "
                            "MiB a task is killed with exit code 137.",
             .unit = "bytes",
             .thresholds = {{Color::kGreen}, {Color::kYellow, 100e6}, {Color::kRed, 134217728}},
             .width = 4},
            {.title = "Task cost distribution: current average",
             .kind = Kind::kStat,
             .queries = {query("", "sum(rate(#1_sum[5m])) / sum(rate(#1_count[5m]))", kExecutionTaskCostTokens)},
             .description =
                 "Average price of a task in tokens. A jump with constant load means heavier tasks or fewer bidders.",
             .unit = "short",
             .decimals = 3,
             .width = 3}}},
          {"Tasks",
           {{.title = "Task duration distribution (p50/p95/p99)",
             .queries = percentiles(kExecutionTaskDurationSeconds),
             .description = "Task duration. The lines are the thresholds of HighTaskDuration (25 s) and of the SLA (30 "
                            "s). p50 flat and p95 rising: some tasks; both rising: the machines.",
             .unit = "s",
             .thresholds = {{Color::kGreen}, {Color::kYellow, 25}, {Color::kRed, 30}},
             .min = 0},
            {.title = "WASM memory usage with 128MB limit line",
             .queries = {percentile("p50", kExecutionWasmMemoryBytes), percentile("p95", kExecutionWasmMemoryBytes),
                         query("limit", "max(#1)", kExecutionWasmMemoryLimitBytes)},
             .description = "Peak linear memory of tasks against the 128 MB limit. p95 near the line: the next larger "
                            "input is killed.",
             .unit = "bytes",
             .thresholds = {{Color::kGreen}, {Color::kYellow, 100e6}, {Color::kRed, 134217728}},
             .min = 0},
            {.title = "Task results stacked area chart (success/failure/timeout)",
             .kind = Kind::kStacked,
             .queries = {query("{{result}}", "sum by (result) (rate(#1[5m]))", kExecutionTasks)},
             .description = "Finished tasks per second by result. A growing timeout band with constant success means "
                            "hanging host calls, not broken modules.",
             .unit = "ops",
             .min = 0},
            {.title = "Guild lifecycle tracking",
             .queries = {query("formed/s", "sum(rate(#1[5m]))", kExecutionGuildsCreated),
                         query("{{reason}}/s", "sum by (reason) (rate(#1[5m]))", kExecutionGuildsDissolved),
                         on_right(query("active", "sum(#1)", kExecutionGuildsActive), "none")},
             .description = "Guilds formed and ended per second by reason (left), alive now (right). Mostly timeout or "
                            "failed: they form but find no work or lose members.",
             .unit = "ops",
             .min = 0}}},
          {"Cost and results",
           {{.title = "Task cost distribution",
             .kind = Kind::kHeatmap,
             .queries = {query("{{le}}", "sum by (le) (increase(#1_bucket[5m]))", kExecutionTaskCostTokens)},
             .description = "Tasks by price, in tokens per task. A second band appearing means a new kind of task.",
             .unit = "short"},
            {.title = "WASM exit codes pie chart",
             .kind = Kind::kPie,
             .queries = {query("{{exit_code}}", "sum by (exit_code) (increase(#1[$__range]))", kExecutionWasmExits)},
             .description = "How WASM runs ended in the shown time: 0 success, 1 and 2 errors of the module, 124 "
                            "timeout, 137 memory. Only 0 should be large.",
             .unit = "short",
             .decimals = 0},
            {.title = "Receipt generation rate",
             .queries = {query("receipts/s", "sum(rate(#1[5m]))", kExecutionReceiptsGenerated)},
             .description = "Receipts signed per second: one for each successful task. Fewer receipts than successes "
                            "means that nobody can prove the work.",
             .unit = "ops",
             .min = 0}}}}};
}

}  // namespace vigil::packs::zerostate
