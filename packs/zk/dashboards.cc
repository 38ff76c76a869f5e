#include "packs/zk/dashboards.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "packs/zk/catalog.h"
#include "vigil/dashboards/shapes.h"

namespace vigil::packs::zk {
namespace {

using dashboards::Color;
using dashboards::Dashboard;
using dashboards::Kind;
using dashboards::Query;
using dashboards::ratio;
using dashboards::Row;

// What people choose at the top of the page, as matchers: of families with proof_type, of
// the others, and of somebody else's metrics.
constexpr std::pair<std::string_view, std::string_view> kChoices[] = {
    {"@typed", R"(job=~"$job", environment=~"$environment", proof_type=~"$proof_type")"},
    {"@foreign", R"(environment=~"$environment")"},
    {"@", R"(job=~"$job", environment=~"$environment")"},
};

std::string with_choices(std::string_view expr) {
  std::string text(expr);
  for (const auto& [mark, matchers] : kChoices) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + matchers.size())) {
      text.replace(at, mark.size(), matchers);
    }
  }
  return text;
}

template <class... M>
Query chosen(std::string legend, std::string_view expr, const M&... metrics) {
  return dashboards::query(std::move(legend), with_choices(expr), metrics...);
}

template <class Histogram>
std::vector<Query> chosen_percentiles(std::string_view choices, const Histogram& histogram,
                                      std::initializer_list<std::string_view> which = {"p50", "p95", "p99"}) {
  const std::string matchers = with_choices(choices);
  return dashboards::percentiles(histogram, {.matchers = matchers}, which);
}

Row overview() {
  return {
      "Overview",
      {
          {.title = "Proofs Generated",
           .kind = Kind::kStat,
           .queries = {chosen("", "sum(#1{@typed})", catalog::kProofsGenerated)},
           .description = "Proofs finished since the provers started, failed ones included.",
           .unit = "none",
           .decimals = 0},
          {.title = "Active Generations",
           .kind = Kind::kStat,
           .queries = {chosen("", R"(sum(#1{operation_type="proof_generation", @}))", catalog::kConcurrentOperations)},
           .description = "Proofs being generated now. More than 10 for ten minutes is a backlog; 0 while jobs "
                          "wait is a prover that is stuck.",
           .thresholds = {{Color::kGreen}, {Color::kRed, 10}},
           .min = 0,
           .decimals = 0},
          {.title = "Verifications/min",
           .kind = Kind::kStat,
           .queries = {chosen("", "sum(rate(#1{@typed}[5m])) * 60", catalog::kVerifications)},
           .description = "Finished verifications a minute. A sudden fall means that nobody asks or nobody answers.",
           .unit = "none",
           .min = 0,
           .decimals = 0},
          {.title = "SLA Breaches",
           .kind = Kind::kStat,
           .queries = {chosen("", "sum(increase(#1{@}[$__range]))", catalog::kSlaBreaches)},
           .description = "Operations that took longer than their target in the time shown. Any verification, more "
                          "than 10 generations or 50 in all within 5 minutes is an alert.",
           .unit = "none",
           .thresholds = {{Color::kGreen}, {Color::kYellow, 1}, {Color::kRed, 50}},
           .decimals = 0},
      }};
}

Row latency() {
  return {"Latency",
          {
              {.title = "Proof Generation Latency",
               .queries = chosen_percentiles("@typed", catalog::kProofGenerationDurationSeconds),
               .description = "Wall time of one proof; the alert stands at 5 s (p99). All quantiles up: load or fewer "
                              "workers. Only p99: some circuits are larger.",
               .unit = "s",
               .thresholds = {{Color::kGreen}, {Color::kRed, 5}},
               .min = 0},
              {.title = "Verification Latency",
               .queries = chosen_percentiles("@typed", catalog::kVerificationDurationSeconds),
               .description = "Wall time of one verification; the alert stands at 0.5 s (p99), the target at 0.1 s. "
                              "Slow ones beside many proofs: they share a CPU.",
               .unit = "s",
               .thresholds = {{Color::kGreen}, {Color::kRed, 0.5}},
               .min = 0},
          }};
}

Row circuits() {
  return {"Circuits",
          {
              {.title = "Circuit Compilation Time",
               .queries = chosen_percentiles("@", catalog::kCircuitCompilationDurationSeconds, {"p50", "p95"}),
               .description = "Wall time of one compilation; the alert stands at 30 s (p95). Gaps are quiet times.",
               .unit = "s",
               .thresholds = {{Color::kGreen}, {Color::kRed, 30}},
               .min = 0},
              {.title = "Memory Usage",
               .queries = {chosen("{{operation}}", "max by (operation) (#1{@})", catalog::kMemoryUsageBytes),
                           chosen("limit", "max(#1{@})", catalog::kMemoryLimitBytes)},
               .description = "Memory of the largest prover by operation, against its limit. Above 80 % for five "
                              "minutes is an alert; at the limit the kernel kills it.",
               .unit = "bytes",
               .min = 0},
          }};
}

Row errors() {
  return {
      "Errors",
      {
          {.title = "Error Rate by Category",
           .kind = Kind::kStacked,
           .queries = {chosen("{{category}}", "sum by (category) (rate(#1{@}[5m]))", catalog::kErrors)},
           .description = "Errors a second, all severities. memory_error and security_violation page at the first "
                          "event; the others when they pass 1 % of the operations.",
           .unit = "ops",
           .min = 0},
          ratio({.title = "Resource Usage",
                 .queries = {chosen("CPU", R"(1 - avg(rate(#1{stack="zk",mode="idle", @foreign}[5m])))",
                                    std::string_view("node_cpu_seconds_total")),
                             chosen("memory", R"(1 - sum(#1{stack="zk", @foreign}) / sum(#2{stack="zk", @foreign}))",
                                    std::string_view("node_memory_MemAvailable_bytes"),
                                    std::string_view("node_memory_MemTotal_bytes")),
                             chosen("disk",
                                    R"(1 - min(#1{stack="zk",mountpoint="/", @foreign} / )"
                                    R"(#2{stack="zk",mountpoint="/", @foreign}))",
                                    std::string_view("node_filesystem_avail_bytes"),
                                    std::string_view("node_filesystem_size_bytes"))},
                 .description = "The provers' machines: CPU and memory together, the fullest disk. CPU at 100 % with a "
                                "growing queue: more workers. Needs the node exporter."}),
      }};
}

Row distribution() {
  return {"Distribution",
          {
              {.title = "Proof Size Distribution",
               .kind = Kind::kHistogram,
               .queries = {chosen("{{le}}", "sum by (le) (increase(#1_bucket{@typed}[$__range]))",
                                  catalog::kProofSizeBytes)},
               .description = "Serialized proofs by size in the time shown. Groth16 and PLONK are small and constant; "
                              "STARK proofs grow with the circuit.",
               .unit = "bytes"},
              {.title = "Security Level Distribution",
               .kind = Kind::kPie,
               .queries = {chosen("{{security_level}} bit", "sum by (security_level) (#1{@typed})",
                                  catalog::kProofsGenerated)},
               .description = "All proofs by security level. A slice that should not be there is a configuration "
                              "mistake or an attack: see ZkSecurityParamViolation.",
               .decimals = 0},
          }};
}

}  // namespace

std::vector<dashboards::Dashboard> dashboards() {
  Dashboard board{
      .uid = "nexuszero-zk-monitoring",
      .title = "nexuszero-zk-monitoring",
      .description =
          "Are proofs made, in time and correct? What is finished and what is late at the top; latency, "
          "circuits, errors and distributions tell why.",
      .tags = {"zk", "prover"},
      .alerts = "zk",
      .variables = {
          {.name = "job", .label = "Job", .query = "label_values(zk_proofs_generated_total, job)"},
          {.name = "proof_type", .label = "Proof type", .query = "label_values(zk_proofs_generated_total, proof_type)"},
          {.name = "environment",
           .label = "Environment",
           .query = "label_values(zk_proofs_generated_total, environment)"}}};
  board.rows = {overview(), latency(), circuits(), errors(), distribution()};
  return {board};
}

}  // namespace vigil::packs::zk
