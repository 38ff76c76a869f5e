#include "packs/l2/pack.h"

#include <array>

#include "packs/l2/catalog.h"
#include "packs/l2/dashboards.h"
#include "packs/l2/simulation.h"

// Files that cmake/embed.cmake links in.
extern const char vigil_l2_blockchain_begin[], vigil_l2_blockchain_end[];
extern const char vigil_l2_erc4337_begin[], vigil_l2_erc4337_end[];
extern const char vigil_l2_celestia_begin[], vigil_l2_celestia_end[];
extern const char vigil_l2_infrastructure_begin[], vigil_l2_infrastructure_end[];
extern const char vigil_l2_extra_begin[], vigil_l2_extra_end[];
extern const char vigil_l2_scrape_begin[], vigil_l2_scrape_end[];

namespace vigil::packs::l2 {

std::span<const pack::File> runbooks();  // by vigil_embed_runbooks() in CMakeLists.txt

namespace {

using pack::ForeignMetric;

constexpr std::array<std::string_view, 2> kCpu{"cpu", "mode"};
constexpr std::array<std::string_view, 3> kFileSystem{"device", "fstype", "mountpoint"};
constexpr std::array<std::string_view, 1> kDevice{"device"};
constexpr std::array<std::string_view, 2> kActivity{"datname", "state"};
constexpr std::array<std::string_view, 2> kDatabase{"datid", "datname"};
constexpr std::array<std::string_view, 2> kContainer{"name", "id"};

constexpr ForeignMetric kForeign[] = {
    {"probe_success", MetricType::kGauge, {}},
    {"probe_duration_seconds", MetricType::kGauge, {}},
    {"node_cpu_seconds_total", MetricType::kCounter, kCpu},
    {"node_memory_MemAvailable_bytes", MetricType::kGauge, {}},
    {"node_memory_MemTotal_bytes", MetricType::kGauge, {}},
    {"node_filesystem_avail_bytes", MetricType::kGauge, kFileSystem},
    {"node_filesystem_size_bytes", MetricType::kGauge, kFileSystem},
    {"node_network_receive_bytes_total", MetricType::kCounter, kDevice},
    {"node_network_transmit_bytes_total", MetricType::kCounter, kDevice},
    {"pg_up", MetricType::kGauge, {}},
    {"pg_stat_activity_count", MetricType::kGauge, kActivity},
    {"pg_settings_max_connections", MetricType::kGauge, {}},
    {"pg_stat_database_xact_commit", MetricType::kCounter, kDatabase},
    {"pg_stat_database_xact_rollback", MetricType::kCounter, kDatabase},
    {"redis_up", MetricType::kGauge, {}},
    {"redis_connected_clients", MetricType::kGauge, {}},
    {"redis_memory_used_bytes", MetricType::kGauge, {}},
    {"redis_memory_max_bytes", MetricType::kGauge, {}},
    {"redis_commands_processed_total", MetricType::kCounter, {}},
    {"redis_keyspace_hits_total", MetricType::kCounter, {}},
    {"redis_keyspace_misses_total", MetricType::kCounter, {}},
    {"redis_rejected_connections_total", MetricType::kCounter, {}},
    {"redis_evicted_keys_total", MetricType::kCounter, {}},
    {"redis_uptime_in_seconds", MetricType::kGauge, {}},
    {"container_last_seen", MetricType::kGauge, kContainer},
    {"container_start_time_seconds", MetricType::kGauge, kContainer},
};

constexpr pack::Slo kSlos[] = {
    {.name = "l2_rpc_availability",
     .alert = "L2RpcAvailability",
     .description = "RPC endpoints of the L2 answer.",
     .objective = 0.999,
     .error_ratio = "1 - avg(avg_over_time(l2_rpc_up{chain=\"l2\"}[$window]))",
     .component = "blockchain",
     .dashboard = "blockchain-overview"},
    {.name = "l2_data_submission",
     .alert = "L2DataSubmission",
     .description = "Blobs submitted to Celestia are included.",
     .objective = 0.99,
     .error_ratio = "sum(rate(celestia_submissions_total{result=\"failure\"}[$window])) / "
                    "sum(rate(celestia_submissions_total[$window]))",
     .component = "celestia",
     .dashboard = "celestia"},
};

}  // namespace

const pack::Pack& pack() {
  static const std::array rules{
      pack::File{"blockchain.yml", {vigil_l2_blockchain_begin, vigil_l2_blockchain_end}},
      pack::File{"erc4337.yml", {vigil_l2_erc4337_begin, vigil_l2_erc4337_end}},
      pack::File{"celestia.yml", {vigil_l2_celestia_begin, vigil_l2_celestia_end}},
      pack::File{"infrastructure.yml", {vigil_l2_infrastructure_begin, vigil_l2_infrastructure_end}},
      pack::File{"l2-extra.yml", {vigil_l2_extra_begin, vigil_l2_extra_end}},
  };
  static const pack::Pack pack{
      .name = "l2",
      .title = "ZKFair L2",
      .catalog = catalog::kAll,
      .foreign = kForeign,
      .rules = rules,
      .slos = kSlos,
      .runbooks = runbooks(),
      .scrape_configs = {vigil_l2_scrape_begin, vigil_l2_scrape_end},
      .simulated_port = 18500,
      .dashboards = all_dashboards,
      .scenarios = scenarios(),
      .simulate = simulate,
  };
  return pack;
}

}  // namespace vigil::packs::l2
