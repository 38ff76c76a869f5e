#include "packs/mpc/pack.h"

#include <array>

#include "packs/mpc/catalog.h"
#include "packs/mpc/dashboards.h"
#include "packs/mpc/simulation.h"

// Files that cmake/embed.cmake links in.
extern const char vigil_mpc_rules_begin[], vigil_mpc_rules_end[];
extern const char vigil_mpc_extra_begin[], vigil_mpc_extra_end[];
extern const char vigil_mpc_scrape_begin[], vigil_mpc_scrape_end[];

namespace vigil::packs::mpc {

std::span<const pack::File> runbooks();  // by vigil_embed_runbooks() in CMakeLists.txt

namespace {

using pack::ForeignMetric;

constexpr std::array<std::string_view, 2> kContainer{"name", "id"};
constexpr std::array<std::string_view, 3> kOfCpu{"name", "id", "cpu"};
constexpr std::array<std::string_view, 3> kOfInterface{"name", "id", "interface"};
constexpr std::array<std::string_view, 3> kOfDevice{"name", "id", "device"};
constexpr std::array<std::string_view, 2> kActivity{"datname", "state"};
constexpr std::array<std::string_view, 2> kDatabase{"datid", "datname"};
constexpr std::array<std::string_view, 1> kDatabaseName{"datname"};
constexpr std::array<std::string_view, 2> kStatement{"datname", "queryid"};
constexpr std::array<std::string_view, 1> kPeer{"To"};

constexpr ForeignMetric kForeign[] = {
    // cAdvisor, or `vigil exporter cgroup`
    {"container_cpu_usage_seconds_total", MetricType::kCounter, kOfCpu},
    {"container_memory_usage_bytes", MetricType::kGauge, kContainer},
    {"container_memory_working_set_bytes", MetricType::kGauge, kContainer},
    {"container_spec_memory_limit_bytes", MetricType::kGauge, kContainer},
    {"container_spec_cpu_quota", MetricType::kGauge, kContainer},
    {"container_spec_cpu_period", MetricType::kGauge, kContainer},
    {"container_cpu_cfs_throttled_seconds_total", MetricType::kCounter, kContainer},
    {"container_network_receive_bytes_total", MetricType::kCounter, kOfInterface},
    {"container_network_transmit_bytes_total", MetricType::kCounter, kOfInterface},
    {"container_network_receive_packets_total", MetricType::kCounter, kOfInterface},
    {"container_network_transmit_packets_total", MetricType::kCounter, kOfInterface},
    {"container_network_receive_errors_total", MetricType::kCounter, kOfInterface},
    {"container_network_transmit_errors_total", MetricType::kCounter, kOfInterface},
    {"container_network_receive_packets_dropped_total", MetricType::kCounter, kOfInterface},
    {"container_network_transmit_packets_dropped_total", MetricType::kCounter, kOfInterface},
    {"container_fs_reads_bytes_total", MetricType::kCounter, kOfDevice},
    {"container_fs_writes_bytes_total", MetricType::kCounter, kOfDevice},
    {"container_oom_events_total", MetricType::kCounter, kContainer},
    {"container_last_seen", MetricType::kGauge, kContainer},
    {"container_start_time_seconds", MetricType::kGauge, kContainer},
    // prometheus-postgres-exporter
    {"pg_up", MetricType::kGauge, {}},
    {"pg_settings_max_connections", MetricType::kGauge, {}},
    {"pg_stat_activity_count", MetricType::kGauge, kActivity},
    {"pg_stat_database_xact_commit", MetricType::kCounter, kDatabase},
    {"pg_stat_database_xact_rollback", MetricType::kCounter, kDatabase},
    {"pg_stat_database_tup_inserted", MetricType::kCounter, kDatabase},
    {"pg_stat_database_tup_updated", MetricType::kCounter, kDatabase},
    {"pg_stat_database_tup_deleted", MetricType::kCounter, kDatabase},
    {"pg_stat_database_deadlocks", MetricType::kCounter, kDatabase},
    {"pg_stat_statements_mean_time_seconds", MetricType::kGauge, kStatement},
    {"pg_database_size_bytes", MetricType::kGauge, kDatabaseName},
    // etcd; the committed proposals are a gauge there
    {"etcd_server_has_leader", MetricType::kGauge, {}},
    {"etcd_server_leader_changes_seen_total", MetricType::kCounter, {}},
    {"etcd_server_proposals_committed_total", MetricType::kGauge, {}},
    {"etcd_server_proposals_failed_total", MetricType::kCounter, {}},
    {"etcd_server_quota_backend_bytes", MetricType::kGauge, {}},
    {"etcd_mvcc_db_total_size_in_bytes", MetricType::kGauge, {}},
    // Without their bounds: the thresholds of etcd's own alerts, which ours repeat, lie between two.
    {"etcd_disk_wal_fsync_duration_seconds", MetricType::kHistogram, {}},
    {"etcd_disk_backend_commit_duration_seconds", MetricType::kHistogram, {}},
    {"etcd_network_peer_round_trip_time_seconds", MetricType::kHistogram, kPeer},
};

constexpr pack::Slo kSlos[] = {
    {.name = "mpc_transaction_success",
     .alert = "MPCTransactionSuccess",
     .description = "Transactions that are decided do not fail.",
     .objective = 0.999,
     .error_ratio = "sum(rate(mpc_transactions_total{state=\"failed\"}[$window])) / "
                    "sum(rate(mpc_transactions_total{state=~\"approved|rejected|failed\"}[$window]))",
     .component = "transactions",
     .dashboard = "mpc-cluster-overview"},
    // Formats write whole bounds with or without ".0".
    {.name = "mpc_signature_latency",
     .alert = "MPCSignatureLatency",
     .description = "Signatures are made within 5 seconds.",
     .objective = 0.99,
     .error_ratio = "1 - sum(rate(mpc_signature_duration_seconds_bucket{le=~\"5|5[.]0\"}[$window])) / "
                    "sum(rate(mpc_signature_duration_seconds_count[$window]))",
     .component = "signing",
     .dashboard = "signature-performance"},
};

}  // namespace

const pack::Pack& pack() {
  static const std::array rules{
      pack::File{"mpc-rules.yml", {vigil_mpc_rules_begin, vigil_mpc_rules_end}},
      pack::File{"mpc-extra.yml", {vigil_mpc_extra_begin, vigil_mpc_extra_end}},
  };
  static const pack::Pack pack{
      .name = "mpc",
      .title = "MPC threshold-signature wallet",
      .catalog = catalog::kAll,
      .foreign = kForeign,
      .rules = rules,
      .slos = kSlos,
      .runbooks = runbooks(),
      .scrape_configs = {vigil_mpc_scrape_begin, vigil_mpc_scrape_end},
      .simulated_port = 8080,
      .dashboards = all_dashboards,
      .scenarios = scenarios(),
      .simulate = simulate_in_process,
  };
  return pack;
}

}  // namespace vigil::packs::mpc
