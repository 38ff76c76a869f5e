// What the rollup runs on: services, hosts, databases, probes, backups.
#include "packs/l2/catalog.h"
#include "packs/l2/dashboards.h"
#include "vigil/dashboards/shapes.h"

namespace vigil::packs::l2 {
using namespace catalog;  // NOLINT(google-build-using-namespace): names of metrics
using dashboards::Color;
using dashboards::Dashboard;
using dashboards::in_unit;
using dashboards::Kind;
using dashboards::on_right;
using dashboards::query;
using dashboards::ratio;
using dashboards::up_or_down;

Dashboard infrastructure() {
  return {
      .uid = "zkfair-infrastructure",
      .title = "Infrastructure",
      .description = "Which service is down, and which host, disk or database is about to be?",
      .tags = {"l2", "zkfair"},
      .refresh = "30s",
      .from = "now-3h",
      .alerts = "l2",
      .rows = {
          {"What is down?",
           {up_or_down({.title = "Service status",
                        .kind = Kind::kStateTimeline,
                        .queries = {query("{{job}} {{instance}}", "up{stack=\"l2\"}"),
                                    query("PostgreSQL {{instance}}", "pg_up{stack=\"l2\"}"),
                                    query("Redis {{instance}}", "redis_up{stack=\"l2\"}"),
                                    query("probe {{instance}}", "probe_success{stack=\"l2\"}"),
                                    query("check {{check}}", "#1", kZkfairHealthCheckStatus)},
                        .description =
                            "Targets, databases, probes from outside and health checks. Red for a minute is "
                            "L2ServiceDown or ProbeFailed. A red probe above a green service: look at the gateway.",
                        .width = 24,
                        .height = 12})}},
          {"Hosts",
           {ratio({.title = "System resources (CPU, Memory, Disk)",
                   .queries =
                       {query("{{instance}} CPU",
                              "1 - avg by (instance) (rate(node_cpu_seconds_total{stack=\"l2\",mode=\"idle\"}[5m]))"),
                        query("{{instance}} memory",
                              "1 - node_memory_MemAvailable_bytes{stack=\"l2\"} / "
                              "node_memory_MemTotal_bytes{stack=\"l2\"}"),
                        query("{{instance}} {{mountpoint}} disk",
                              "1 - node_filesystem_avail_bytes{stack=\"l2\",fstype!~\"tmpfs|overlay\"} / "
                              "node_filesystem_size_bytes{stack=\"l2\",fstype!~\"tmpfs|overlay\"}")},
                   .description =
                       "Parts in use. CPU above 85% is HighCpuUsage, disk above 85% DiskSpaceLow, memory above "
                       "90% L2HighMemoryUsage. A straight line upwards is a leak.",
                   .thresholds = {{Color::kGreen}, {Color::kYellow, 0.85}, {Color::kRed, 0.9}}}),
            {.title = "Network metrics",
             .queries = {query("{{instance}} RX",
                               "sum by (instance) "
                               "(rate(node_network_receive_bytes_total{stack=\"l2\",device!=\"lo\"}[5m]))"),
                         query("{{instance}} TX",
                               "sum by (instance) "
                               "(rate(node_network_transmit_bytes_total{stack=\"l2\",device!=\"lo\"}[5m]))")},
             .description = "Traffic of each host without loopback. It follows the transactions; a fall to 0 is a "
                            "host cut off, a flat top a line that is full.",
             .unit = "Bps",
             .min = 0},
            {.title = "Container health",
             .kind = Kind::kTable,
             .queries =
                 {in_unit("s", query("seconds since seen",
                                     "time() - max by (name) (container_last_seen{stack=\"l2\",name!=\"\"})")),
                  query("restarts in 1 h",
                        "changes((max by (name) (container_start_time_seconds{stack=\"l2\",name!=\"\"}))[1h:1m])")},
             .description = "When each container was last seen, and how often it was started within an hour. More than "
                            "a minute: it is gone. More than one restart: a crash loop, read its log.",
             .unit = "none",
             .decimals = 0}}},
          {"Databases",
           {{.title = "Database performance",
             .queries = {query("PostgreSQL commits/s", "sum(rate(pg_stat_database_xact_commit{stack=\"l2\"}[5m]))"),
                         query("PostgreSQL rollbacks/s", "sum(rate(pg_stat_database_xact_rollback{stack=\"l2\"}[5m]))"),
                         on_right(
                             query("Redis commands/s", "sum(rate(redis_commands_processed_total{stack=\"l2\"}[5m]))"))},
             .description = "Work of both databases. Commits to 0 while blocks come: the indexer stands. Rollbacks "
                            "beside commits: a service fails on its queries.",
             .unit = "ops",
             .min = 0},
            {.title = "Database connections",
             .queries = {query("PostgreSQL {{instance}}", "sum by (instance) (pg_stat_activity_count{stack=\"l2\"})"),
                         query("PostgreSQL limit {{instance}}",
                               "max by (instance) (pg_settings_max_connections{stack=\"l2\"})"),
                         query("Redis clients {{instance}}",
                               "sum by (instance) (redis_connected_clients{stack=\"l2\"})")},
             .description = "Connections and PostgreSQL's limit. Above 80% of it is PostgresConnectionsHigh: a service "
                            "leaks them, or its pool is too large.",
             .unit = "none",
             .min = 0,
             .decimals = 0},
            {.title = "Redis memory and hit ratio",
             .queries = {query("used {{instance}}", "sum by (instance) (redis_memory_used_bytes{stack=\"l2\"})"),
                         query("limit {{instance}}", "max by (instance) (redis_memory_max_bytes{stack=\"l2\"}) > 0"),
                         on_right(query("hit ratio",
                                        "sum(rate(redis_keyspace_hits_total{stack=\"l2\"}[5m])) / "
                                        "(sum(rate(redis_keyspace_hits_total{stack=\"l2\"}[5m])) + "
                                        "sum(rate(redis_keyspace_misses_total{stack=\"l2\"}[5m])))"),
                                  "percentunit")},
             .description = "Memory and its limit, if one is set (left), lookups that hit (right). At the limit keys "
                            "are evicted and the hit ratio falls: raise maxmemory.",
             .unit = "bytes",
             .min = 0}}},
          {"From outside, and backups",
           {{.title = "Probe duration and backup age",
             .queries = {query("probe {{instance}}", "probe_duration_seconds{stack=\"l2\"}"),
                         on_right(query("{{kind}} backup age", "time() - #1", kZkfairBackupLastSuccessTimestampSeconds),
                                  "s")},
             .description = "How long probes take (left), age of the last good backup of each kind (right): a saw "
                            "tooth of 24 hours. Above 26 hours is BackupTooOld.",
             .unit = "s",
             .min = 0,
             .width = 24}}}}};
}

std::vector<Dashboard> all_dashboards() {
  return dashboards::linked({blockchain_overview(), erc4337_metrics(), celestia_data_availability(), infrastructure()});
}

}  // namespace vigil::packs::l2
