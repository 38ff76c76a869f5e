// Infrastructure and network: what the wallet stands on.
#include <string>
#include <string_view>
#include <utility>

#include "packs/mpc/catalog.h"
#include "packs/mpc/dashboards.h"
#include "vigil/dashboards/shapes.h"

namespace vigil::packs::mpc {
using namespace catalog;  // NOLINT(google-build-using-namespace): names of metrics
using dashboards::Color;
using dashboards::Dashboard;
using dashboards::in_unit;
using dashboards::Kind;
using dashboards::named;
using dashboards::percentile;
using dashboards::percentiles;
using dashboards::Query;
using dashboards::query;
using dashboards::up_or_down;

namespace {

// Rates of what cAdvisor counts: of every container, of the nodes' containers, and of
// these under the label that the nodes' own metrics have.
Query per_container(std::string legend, std::string_view metric) {
  return query(std::move(legend), "sum by (name) (rate(#1{stack=\"mpc\",name!=\"\"}[5m]))", metric);
}
Query per_node(std::string legend, std::string_view metric) {
  return query(std::move(legend), "sum by (name) (rate(#1{stack=\"mpc\",name=~\"mpc-node-.+\"}[5m]))", metric);
}
Query by_node_id(std::string legend, std::string_view metric) {
  return query(std::move(legend),
               "sum by (node_id) (label_replace(rate(#1{stack=\"mpc\",name=~\"mpc-node-.+\"}[5m]), "
               "\"node_id\", \"$1\", \"name\", \"mpc-node-(.+)\"))",
               metric);
}

}  // namespace

Dashboard infrastructure() {
  return {
      .uid = "infrastructure",
      .title = "Infrastructure Monitoring",
      .description = "What the nodes stand on: etcd, PostgreSQL, containers.",
      .tags = {"mpc"},
      .refresh = "10s",
      .from = "now-1h",
      .alerts = "mpc",
      .rows = {
          {"etcd Section",
           {{.title = "Leader status",
             .kind = Kind::kStat,
             .queries = {query("{{instance}}", "min by (instance) (etcd_server_has_leader{stack=\"mpc\"})")},
             .description = "1 while the etcd member knows a leader. Any 0 for a minute pages: locks and configuration "
                            "stand still.",
             .unit = "none",
             .thresholds = {{Color::kRed}, {Color::kGreen, 1}},
             .mappings = {{0, "no leader", Color::kRed}, {1, "leader", Color::kGreen}}},
            {.title = "Nodes up count",
             .kind = Kind::kStat,
             .queries = {query("", "sum(up{stack=\"mpc\",job=\"etcd\"})")},
             .description = "etcd members that answer. Two of three keep a quorum, one does not.",
             .unit = "none",
             .thresholds = {{Color::kRed}, {Color::kYellow, 2}, {Color::kGreen, 3}}},
            {.title = "Failed proposals",
             .queries = {query("{{instance}}",
                               "sum by (instance) (rate(etcd_server_proposals_failed_total{stack=\"mpc\"}[5m]))")},
             .description = "Proposals that etcd could not commit: lost quorum or overload.",
             .unit = "ops",
             .min = 0},
            {.title = "WAL fsync latency",
             .queries = percentiles("etcd_disk_wal_fsync_duration_seconds",
                                    {.matchers = "stack=\"mpc\"", .by = "instance"}, {"p50", "p99"}),
             .description = "Time to write etcd's log to disk. p99 above 0.5 s warns: the disk is too slow or shared.",
             .unit = "s",
             .thresholds = {{Color::kGreen}, {Color::kRed, 0.5}},
             .min = 0},
            {.title = "Proposals committed rate",
             .queries = {query("{{instance}}",
                               "sum by (instance) (rate(etcd_server_proposals_committed_total{stack=\"mpc\"}[5m]))")},
             .description = "Committed proposals per second; flat at zero means that nobody can write.",
             .unit = "ops",
             .min = 0},
            {.title = "Peer round trip time",
             .queries =
                 {named("p50 {{instance}} → {{To}}", percentile("p50", "etcd_network_peer_round_trip_time_seconds",
                                                                {.matchers = "stack=\"mpc\"", .by = "instance, To"})),
                  named("p99 {{instance}} → {{To}}", percentile("p99", "etcd_network_peer_round_trip_time_seconds",
                                                                {.matchers = "stack=\"mpc\"", .by = "instance, To"}))},
             .description = "Between etcd members. p99 above 0.15 s warns: elections follow.",
             .unit = "s",
             .thresholds = {{Color::kGreen}, {Color::kRed, 0.15}},
             .min = 0}}},
          {"PostgreSQL Section",
           {up_or_down({.title = "Database status",
                        .kind = Kind::kStat,
                        .queries = {query("{{instance}}", "min by (instance) (pg_up{stack=\"mpc\"})")},
                        .description = "Whether the exporter reaches PostgreSQL."}),
            {.title = "Active connections",
             .queries = {query("active {{datname}}",
                               "sum by (datname) (pg_stat_activity_count{stack=\"mpc\",state=\"active\"})"),
                         query("all", "sum(pg_stat_activity_count{stack=\"mpc\"})"),
                         query("limit", "max(pg_settings_max_connections{stack=\"mpc\"})")},
             .description =
                 "Connections by database that work now, all of them, and the limit. Above 80 % of the limit warns.",
             .unit = "none",
             .min = 0},
            {.title = "Deadlocks counter",
             .kind = Kind::kStat,
             .queries = {query("total", "sum(pg_stat_database_deadlocks{stack=\"mpc\"})"),
                         query("in range", "sum(increase(pg_stat_database_deadlocks{stack=\"mpc\"}[$__range]))")},
             .description = "Deadlocks since the server started, and in the shown range. More than 5 a minute warns.",
             .unit = "none",
             .thresholds = {{Color::kGreen}, {Color::kYellow, 1}, {Color::kRed, 10}},
             .decimals = 0},
            {.title = "Transactions per second",
             .kind = Kind::kStacked,
             .queries = {query("committed", "sum(rate(pg_stat_database_xact_commit{stack=\"mpc\"}[5m]))"),
                         query("rolled back", "sum(rate(pg_stat_database_xact_rollback{stack=\"mpc\"}[5m]))")},
             .description = "Committed and rolled back, stacked: the sum is all transactions.",
             .unit = "ops",
             .min = 0},
            {.title = "Database operations (inserts, updates, deletes)",
             .queries = {query("inserts", "sum(rate(pg_stat_database_tup_inserted{stack=\"mpc\"}[5m]))"),
                         query("updates", "sum(rate(pg_stat_database_tup_updated{stack=\"mpc\"}[5m]))"),
                         query("deletes", "sum(rate(pg_stat_database_tup_deleted{stack=\"mpc\"}[5m]))")},
             .description = "Rows changed per second.",
             .unit = "ops",
             .min = 0},
            {.title = "Query performance",
             .kind = Kind::kTable,
             .queries = {query(
                 "", "topk(10, max by (datname, queryid) (pg_stat_statements_mean_time_seconds{stack=\"mpc\"}))")},
             .description = "The ten slowest statements by mean execution time. Needs pg_stat_statements and the extra "
                            "query of the pack.",
             .unit = "s"}}},
          {"Container Resources Section",
           {{.title = "CPU usage per container",
             .queries = {per_container("{{name}}", "container_cpu_usage_seconds_total")},
             .description = "Cores in use.",
             .unit = "none",
             .min = 0},
            {.title = "Memory usage per container",
             .queries = {query("{{name}}", "sum by (name) (container_memory_usage_bytes{stack=\"mpc\",name!=\"\"})")},
             .description = "Memory with page cache.",
             .unit = "bytes",
             .min = 0},
            {.title = "Network I/O",
             .queries = {per_container("RX {{name}}", "container_network_receive_bytes_total"),
                         per_container("TX {{name}}", "container_network_transmit_bytes_total")},
             .description = "Received and sent per container.",
             .unit = "Bps",
             .min = 0},
            {.title = "Disk I/O",
             .queries = {per_container("read {{name}}", "container_fs_reads_bytes_total"),
                         per_container("write {{name}}", "container_fs_writes_bytes_total")},
             .description = "Read and written per container.",
             .unit = "Bps",
             .min = 0}}}}};
}

Dashboard network_monitoring() {
  return {
      .uid = "network-monitoring",
      .title = "Network Monitoring",
      .description = "How nodes reach each other.",
      .tags = {"mpc"},
      .refresh = "10s",
      .from = "now-1h",
      .alerts = "mpc",
      .rows = {
          {"",
           {{.title = "Average connected peers",
             .kind = Kind::kStat,
             .queries = {query("", "avg(#1)", kConnectedPeers)},
             .description = "Mean over nodes; 4 is full.",
             .unit = "none",
             .thresholds = {{Color::kRed}, {Color::kYellow, 3}, {Color::kGreen, 4}},
             .decimals = 1},
            {.title = "Network errors per second",
             .kind = Kind::kStat,
             .queries = {query("", "sum(rate(#1[5m]))", kNetworkErrors)},
             .description = "Connection, timeout and handshake errors of all nodes.",
             .unit = "ops",
             .thresholds = {{Color::kGreen}, {Color::kYellow, 0.5}, {Color::kRed, 5}}},
            {.title = "TLS handshake failures",
             .kind = Kind::kStat,
             .queries = {query("", "sum(#1)", kTlsHandshakeFailures)},
             .description =
                 "Since the nodes started. A jump on all nodes is an expired certificate, on one a stranger knocking.",
             .unit = "none",
             .thresholds = {{Color::kGreen}, {Color::kYellow, 1}},
             .decimals = 0},
            {.title = "Total network RX bandwidth",
             .kind = Kind::kStat,
             .queries = {query(
                 "", "sum(rate(container_network_receive_bytes_total{stack=\"mpc\",name=~\"mpc-node-.+\"}[5m]))")},
             .description = "Received by all nodes' containers.",
             .unit = "Bps"},
            connected_peers_per_node(),
            {.title = "Network bandwidth per node (RX/TX)",
             .queries = {per_node("RX {{name}}", "container_network_receive_bytes_total"),
                         per_node("TX {{name}}", "container_network_transmit_bytes_total")},
             .description = "Received and sent by each node's container.",
             .unit = "Bps",
             .min = 0},
            {.title = "Network errors per node",
             .queries = {query("node {{node_id}} {{error_type}}", "sum by (node_id, error_type) (rate(#1[5m]))",
                               kNetworkErrors)},
             .description = "By node and kind. Timeouts at one node: that node; at all nodes towards one: the other.",
             .unit = "ops",
             .min = 0},
            {.title = "TLS handshake failures per node",
             .queries = {query("node {{node_id}}", "sum by (node_id) (rate(#1[5m]))", kTlsHandshakeFailures)},
             .description = "Above 0.5 per second for 5 minutes warns.",
             .unit = "ops",
             .thresholds = {{Color::kGreen}, {Color::kRed, 0.5}},
             .min = 0},
            {.title = "Network packet rate",
             .queries = {per_node("TX {{name}}", "container_network_transmit_packets_total"),
                         per_node("RX {{name}}", "container_network_receive_packets_total")},
             .description = "Packets sent and received by each node's container.",
             .unit = "pps",
             .min = 0},
            {.title = "Network errors and drops",
             .queries = {per_node("RX errors {{name}}", "container_network_receive_errors_total"),
                         per_node("TX errors {{name}}", "container_network_transmit_errors_total"),
                         per_node("RX drops {{name}}", "container_network_receive_packets_dropped_total"),
                         per_node("TX drops {{name}}", "container_network_transmit_packets_dropped_total")},
             .description = "Of the containers' interfaces. Drops without errors are full queues.",
             .unit = "pps",
             .min = 0},
            {.title = "Network status summary table",
             .kind = Kind::kTable,
             .queries = {query("peers", "max by (node_id) (#1)", kConnectedPeers),
                         in_unit("ops", query("errors/s", "sum by (node_id) (rate(#1[5m]))", kNetworkErrors)),
                         in_unit("ops", query("handshake failures/s", "sum by (node_id) (rate(#1[5m]))",
                                              kTlsHandshakeFailures)),
                         in_unit("Bps", by_node_id("RX", "container_network_receive_bytes_total")),
                         in_unit("Bps", by_node_id("TX", "container_network_transmit_bytes_total"))},
             .description = "One row a node: peers, errors, handshake failures, bandwidth.",
             .unit = "none"}}}}};
}

std::vector<Dashboard> all_dashboards() {
  return dashboards::linked(
      {cluster_overview(), byzantine_consensus(), signature_performance(), infrastructure(), network_monitoring()});
}

}  // namespace vigil::packs::mpc
