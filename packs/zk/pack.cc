#include "packs/zk/pack.h"

#include "packs/zk/catalog.h"
#include "packs/zk/dashboards.h"
#include "packs/zk/simulation.h"

// Defined by vigil_embed() in CMakeLists.txt.
extern "C" {
extern const char vigil_pack_zk_alerts_begin[];
extern const char vigil_pack_zk_alerts_end[];
extern const char vigil_pack_zk_extra_begin[];
extern const char vigil_pack_zk_extra_end[];
extern const char vigil_pack_zk_scrape_begin[];
extern const char vigil_pack_zk_scrape_end[];
}

namespace vigil::packs::zk {

std::span<const pack::File> runbooks();  // by vigil_embed_runbooks() in CMakeLists.txt

namespace {

constexpr pack::Slo kSlos[] = {
    {.name = "zk_proof_success",
     .alert = "ZkProofSuccess",
     .description = "Proof generations succeed.",
     .objective = 0.99,
     // Of a handful of proofs one failure says nothing.
     .error_ratio = "(sum(rate(zk_proofs_generated_total{status=\"failure\"}[$window])) / "
                    "sum(rate(zk_proofs_generated_total[$window])) "
                    "and on() sum(increase(zk_proofs_generated_total[$window])) > 300)",
     .component = "prover",
     .dashboard = "nexuszero-zk-monitoring"},
    {.name = "zk_verification_latency",
     .alert = "ZkVerificationLatency",
     .description = "Verifications take no longer than 100 ms.",
     .objective = 0.99,
     .error_ratio = "1 - sum(rate(zk_verification_duration_seconds_bucket{le=\"0.1\"}[$window])) / "
                    "sum(rate(zk_verification_duration_seconds_count[$window]))",
     .component = "verifier",
     .dashboard = "nexuszero-zk-monitoring"},
};

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

// Of the scrape jobs: `environment` is a label of every target.
constexpr std::string_view kEnvironment[] = {"environment"};
constexpr std::string_view kCpu[] = {"cpu", "mode", "environment"};
constexpr std::string_view kDisk[] = {"device", "fstype", "mountpoint", "environment"};
constexpr pack::ForeignMetric kForeign[] = {
    {"up", MetricType::kGauge, kEnvironment},
    {"node_cpu_seconds_total", MetricType::kCounter, kCpu},
    {"node_memory_MemAvailable_bytes", MetricType::kGauge, kEnvironment},
    {"node_memory_MemTotal_bytes", MetricType::kGauge, kEnvironment},
    {"node_filesystem_avail_bytes", MetricType::kGauge, kDisk},
    {"node_filesystem_size_bytes", MetricType::kGauge, kDisk},
    {"process_cpu_seconds_total", MetricType::kCounter, kEnvironment},
    {"process_resident_memory_bytes", MetricType::kGauge, kEnvironment},
};

}  // namespace

const pack::Pack& pack() {
  static const pack::File rules[] = {
      {"zk-system-alerts.yml", between(vigil_pack_zk_alerts_begin, vigil_pack_zk_alerts_end)},
      {"zk-extra.yml", between(vigil_pack_zk_extra_begin, vigil_pack_zk_extra_end)},
  };
  static const pack::Pack self{
      .name = "zk",
      .title = "ZK proof system",
      .catalog = catalog::kAll,
      .foreign = kForeign,
      .rules = rules,
      .slos = kSlos,
      .runbooks = runbooks(),
      .scrape_configs = between(vigil_pack_zk_scrape_begin, vigil_pack_zk_scrape_end),
      .simulated_port = 13001,
      .dashboards = &dashboards,
      .scenarios = scenarios(),
      .simulate = &simulate,
  };
  return self;
}

}  // namespace vigil::packs::zk
