// Cluster overview, consensus, signatures: what the wallet does.
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
using dashboards::on_right;
using dashboards::Panel;
using dashboards::percentile;
using dashboards::percentiles;
using dashboards::query;
using dashboards::ratio;
using dashboards::up_or_down;

Panel connected_peers_per_node() {
  return {.title = "Connected peers per node",
          .queries = {query("node {{node_id}}", "max by (node_id) (#1)", kConnectedPeers)},
          .description =
              "Peers of each node, itself excluded; 4 is healthy, below 3 warns, 0 pages. One low line "
              "is that node's problem, all low is the network's.",
          .unit = "none",
          .thresholds = {{Color::kRed}, {Color::kYellow, 3}, {Color::kGreen, 4}},
          .min = 0};
}

Dashboard cluster_overview() {
  return {
      .uid = "mpc-cluster-overview",
      .title = "MPC Cluster Overview",
      .description = "Is the cluster able to sign? Start here.",
      .tags = {"mpc"},
      .refresh = "10s",
      .from = "now-6h",
      .alerts = "mpc",
      .rows = {
          {"",
           {{.title = "Active nodes count",
             .kind = Kind::kStat,
             .queries = {query("", "max(#1)", kActiveNodes)},
             .description = "Nodes the reporter sees alive, itself included. 5 is normal, 4 leaves no reserve, fewer "
                            "than 4 and nothing can be signed.",
             .unit = "none",
             .thresholds = {{Color::kRed}, {Color::kYellow, 4}, {Color::kGreen, 5}}},
            {.title = "Byzantine violations counter",
             .kind = Kind::kStat,
             .queries = {query("", "sum(#1)", kByzantineViolations)},
             .description = "Violations since the nodes started. Anything above 0 is evidence of a faulty or hostile "
                            "member: see Byzantine Consensus Monitoring.",
             .unit = "none",
             .thresholds = {{Color::kGreen}, {Color::kRed, 1}},
             .decimals = 0},
            {.title = "Transaction queue size",
             .kind = Kind::kStat,
             .queries = {query("", "sum(#1)", kTransactionQueueSize)},
             .description = "Transactions waiting for votes or signatures, all nodes. A queue that only grows means "
                            "nothing finishes.",
             .unit = "none",
             .thresholds = {{Color::kGreen}, {Color::kYellow, 50}, {Color::kRed, 200}},
             .decimals = 0},
            ratio({.title = "Transaction success rate gauge",
                   .kind = Kind::kGauge,
                   .queries = {query(
                       "",
                       "sum(rate(#1{state=\"approved\"}[5m])) / sum(rate(#1{state=~\"approved|rejected|failed\"}[5m]))",
                       kTransactions)},
                   .description =
                       "Approved among finished transactions over 5 minutes. HighTransactionFailureRate pages "
                       "when more than 10 % fail.",
                   .thresholds = {{Color::kRed}, {Color::kYellow, 0.8}, {Color::kGreen, 0.9}}}),
            up_or_down({.title = "Node health matrix (up/down status)",
                        .kind = Kind::kStateTimeline,
                        .queries = {query("{{instance}}", "up{stack=\"mpc\",job=\"mpc-nodes\"}")},
                        .description = "Whether each node answers its scrape. One red row: restart that node. Two: "
                                       "signing has stopped."}),
            {.title = "Transaction throughput by state",
             .queries = {query("{{state}}", "sum by (state) (rate(#1[5m]))", kTransactions)},
             .description = "Transactions entering each state per second. Pending without approved or rejected means "
                            "that votes do not come in.",
             .unit = "ops",
             .min = 0},
            connected_peers_per_node(),
            {.title = "CPU and memory usage",
             .queries =
                 {query("CPU cores {{name}}",
                        "sum by (name) "
                        "(rate(container_cpu_usage_seconds_total{stack=\"mpc\",name=~\"mpc-node-.+\"}[5m]))"),
                  on_right(query("memory {{name}}",
                                 "sum by (name) (container_memory_usage_bytes{stack=\"mpc\",name=~\"mpc-node-.+\"})"),
                           "bytes"),
                  on_right(
                      query(
                          "memory limit {{name}}",
                          "sum by (name) (container_spec_memory_limit_bytes{stack=\"mpc\",name=~\"mpc-node-.+\"}) > 0"),
                      "bytes")},
             .description = "CPU cores in use (left), memory and its limit (right) of each node's container. Memory "
                            "near the limit ends in an OOM kill.",
             .unit = "none",
             .min = 0}}}}};
}

Dashboard byzantine_consensus() {
  return {
      .uid = "byzantine-consensus",
      .title = "Byzantine Consensus Monitoring",
      .description = "Who votes what, and who breaks the rules.",
      .tags = {"mpc"},
      .refresh = "10s",
      .from = "now-1h",
      .alerts = "mpc",
      .rows = {
          {"",
           {{.title = "Consensus threshold indicator",
             .kind = Kind::kStat,
             .queries = {query("", "max(#1)", kConsensusThreshold)},
             .description = "Votes required for a decision, as the nodes were started with.",
             .unit = "none"},
            {.title = "Byzantine violations (5m window)",
             .kind = Kind::kStat,
             .queries = {query("", "sum(increase(#1[5m]))", kByzantineViolations)},
             .description = "Violations in the last 5 minutes. Any pages: find the culprit below and take it out of "
                            "the signing group.",
             .unit = "none",
             .thresholds = {{Color::kGreen}, {Color::kRed, 1}},
             .decimals = 0},
            {.title = "Votes per second",
             .kind = Kind::kStat,
             .queries = {query("", "sum(rate(#1[5m]))", kVotes)},
             .description = "Votes of all nodes. Zero with a queue that is not empty: consensus is stuck.",
             .unit = "ops"},
            ratio({.title = "Vote approval rate",
                   .kind = Kind::kGauge,
                   .queries = {query("", "sum(rate(#1{result=\"approve\"}[5m])) / sum(rate(#1[5m]))", kVotes)},
                   .description =
                       "Approving among all votes. A sudden fall is a policy change, a bad client, or an attack.",
                   .thresholds = {{Color::kRed}, {Color::kYellow, 0.5}, {Color::kGreen, 0.8}}}),
            {.title = "Votes per node vs threshold",
             .queries = {query("node {{node_id}}", "sum by (node_id) (increase(#1[5m]))", kVotes),
                         on_right(
                             query("approving nodes",
                                   "count(sum by (node_id) (increase(#1{result=\"approve\"}[5m])) > 0) or vector(0)",
                                   kVotes)),
                         on_right(query("threshold", "max(#1)", kConsensusThreshold))},
             .description = "Votes of each node in 5 minutes (left); nodes that approved anything, and the threshold "
                            "(right). Approving nodes under the threshold line: nothing is decided.",
             .unit = "none",
             .min = 0},
            {.title = "Vote results by node (approve/reject)",
             .kind = Kind::kStacked,
             .queries = {query("node {{node_id}} {{result}}", "sum by (node_id, result) (rate(#1[5m]))", kVotes)},
             .description = "Who approves and who rejects. One node that always differs from the others has other "
                            "rules or other data.",
             .unit = "ops",
             .min = 0},
            {.title = "Byzantine violation types (pie chart)",
             .kind = Kind::kPie,
             .queries = {query("{{type}}", "sum by (type) (increase(#1[$__range]))", kByzantineViolations)},
             .description = "Kinds of violations in the shown range. Double votes and invalid signatures have a "
                            "provable culprit, timeouts do not.",
             .unit = "none"},
            {.title = "Violations per node",
             .kind = Kind::kBar,
             .queries = {query("node {{node_id}}", "sum by (node_id) (increase(#1[$__range]))", kByzantineViolations)},
             .description = "Violations in the shown range by the node that reported them. All nodes reporting: the "
                            "culprit is elsewhere. One: look at that one.",
             .unit = "none"},
            {.title = "Vote processing latency (p50, p95, p99)",
             .queries = percentiles(kVoteProcessingDurationSeconds),
             .description = "Time a node takes to check and count one vote. Growing with load: CPU; growing without: "
                            "the database or etcd locks.",
             .unit = "s",
             .min = 0},
            {.title = "Consensus round duration",
             .queries = percentiles(kConsensusRoundDurationSeconds),
             .description = "From proposal to decision. Slow peers show here before anything fails.",
             .unit = "s",
             .min = 0},
            {.title = "Violation detail table",
             .kind = Kind::kTable,
             .queries = {query("total", "sum by (node_id, type) (#1)", kByzantineViolations),
                         query("in range", "sum by (node_id, type) (increase(#1[$__range]))", kByzantineViolations)},
             .description = "Violations by reporting node and type: since start, and in the shown range.",
             .unit = "none"}}}}};
}

Dashboard signature_performance() {
  return {
      .uid = "signature-performance",
      .title = "Signature Performance",
      .description = "How fast signatures are and whether presignatures last.",
      .tags = {"mpc"},
      .refresh = "10s",
      .from = "now-1h",
      .alerts = "mpc",
      .rows =
          {{"",
            {{.title = "Signatures per second",
              .kind = Kind::kStat,
              .queries = {query("", "sum(rate(#1[5m]))", kSignatures)},
              .description = "Signature attempts per second, all nodes and protocols.",
              .unit = "ops"},
             ratio({.title = "Signature success rate",
                    .kind = Kind::kGauge,
                    .queries = {query("", "sum(rate(#1{result=\"success\"}[5m])) / sum(rate(#1[5m]))", kSignatures)},
                    .description = "Successful among attempted signatures.",
                    .thresholds = {{Color::kRed}, {Color::kYellow, 0.95}, {Color::kGreen, 0.99}}}),
             {.title = "Average presignature pool size",
              .kind = Kind::kStat,
              .queries = {query("", "avg(#1)", kPresignaturePoolSize)},
              .description = "Mean over nodes and protocols. Below 10 warns, 0 pages: signing then waits for full "
                             "presigning rounds.",
              .unit = "none",
              .thresholds = {{Color::kRed}, {Color::kYellow, 10}, {Color::kGreen, 20}},
              .decimals = 0},
             {.title = "Signature duration (p95)",
              .kind = Kind::kStat,
              .queries = {named("", percentile("p95", kSignatureDurationSeconds))},
              .description = "95 % of signatures are faster than this. Above 10 s SlowSignatureGeneration warns.",
              .unit = "s",
              .thresholds = {{Color::kGreen}, {Color::kYellow, 5}, {Color::kRed, 10}}},
             {.title = "Signature duration percentiles by protocol (CGGMP24, FROST)",
              .queries = percentiles(kSignatureDurationSeconds, {.by = "protocol"}),
              .description = "Signing time by protocol. The red line is the alert's 10 s.",
              .unit = "s",
              .thresholds = {{Color::kGreen}, {Color::kRed, 10}},
              .min = 0},
             {.title = "Signature throughput by protocol",
              .queries = {query("{{protocol}}", "sum by (protocol) (rate(#1[5m]))", kSignatures)},
              .description = "Signatures per second by protocol.",
              .unit = "ops",
              .min = 0},
             {.title = "Presignature pool size per node",
              .queries = {query("node {{node_id}} {{protocol}}", "sum by (node_id, protocol) (#1)",
                                kPresignaturePoolSize)},
              .description = "Unused presignatures. The lines are the alerts' bounds: 10 warns, 0 pages. A sawtooth is "
                             "healthy, a steady fall means that generation cannot keep up.",
              .unit = "none",
              .thresholds = {{Color::kRed}, {Color::kYellow, 1}, {Color::kGreen, 10}},
              .min = 0},
             {.title = "DKG ceremony duration",
              .queries = percentiles(kDkgDurationSeconds, {.by = "protocol", .window = "1h"}, {"p50", "p95"}),
              .description = "Distributed key generation over the last hour; it needs every member.",
              .unit = "s",
              .min = 0},
             {.title = "Protocol usage distribution",
              .kind = Kind::kPie,
              .queries = {query("{{protocol}}", "sum by (protocol) (increase(#1[$__range]))", kSignatures)},
              .description = "Signatures by protocol in the shown range.",
              .unit = "none"},
             {.title = "Signature failures by protocol",
              .queries = {query("{{protocol}}", "sum by (protocol) (rate(#1{result=\"failure\"}[5m]))", kSignatures)},
              .description =
                  "Failed signatures per second. Compare with violations and peers before blaming the protocol.",
              .unit = "ops",
              .min = 0},
             {.title = "Protocol performance summary table",
              .kind = Kind::kTable,
              .queries =
                  {in_unit("ops", query("signatures/s", "sum by (protocol) (rate(#1[5m]))", kSignatures)),
                   in_unit(
                       "percentunit",
                       query("success ratio",
                             "sum by (protocol) (rate(#1{result=\"success\"}[5m])) / sum by (protocol) (rate(#1[5m]))",
                             kSignatures)),
                   in_unit("s", query("average",
                                      "sum by (protocol) (rate(#1_sum[5m])) / sum by (protocol) (rate(#1_count[5m]))",
                                      kSignatureDurationSeconds)),
                   in_unit("s", named("p50", percentile("p50", kSignatureDurationSeconds, {.by = "protocol"}))),
                   in_unit("s", named("p95", percentile("p95", kSignatureDurationSeconds, {.by = "protocol"}))),
                   in_unit("s", named("p99", percentile("p99", kSignatureDurationSeconds, {.by = "protocol"}))),
                   query("failures in range", "sum by (protocol) (increase(#1{result=\"failure\"}[$__range]))",
                         kSignatures),
                   query("presignatures", "sum by (protocol) (#1)", kPresignaturePoolSize)},
              .description = "One row a protocol: rate, success, durations, failures in the shown range, stock.",
              .unit = "none"}}}}};
}

}  // namespace vigil::packs::mpc
