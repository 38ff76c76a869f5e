#include "packs/hotstuff2/catalog.h"
#include "packs/hotstuff2/dashboards.h"
#include "vigil/dashboards/shapes.h"

namespace vigil::packs::hotstuff2 {

using dashboards::Color;
using dashboards::Dashboard;
using dashboards::named;
using dashboards::on_right;
using dashboards::percentile;
using dashboards::percentiles;
using dashboards::query;
using dashboards::ratio;

Dashboard system_dashboard() {
  Dashboard board{.uid = "hotstuff2-system",
                  .title = "System Resource Dashboard",
                  .description =
                      "What users get, and whether machines can give it: throughput and latency first, then resources, "
                      "storage, state and mempool.",
                  .tags = {"hotstuff2", "system"},
                  .refresh = "5s",
                  .alerts = "hotstuff2",
                  .links = {{"Consensus", "hotstuff2-consensus"}, {"Network", "hotstuff2-network"}}};
  board.rows = {
      {"Performance",
       {
           {.title = "Throughput",
            .queries = {query("transactions/s", "max(#1)", catalog::kTransactionThroughput),
                        query("blocks/s", "max(#1)", catalog::kBlockThroughput),
                        query("views/s", "max(#1)", catalog::kConsensusThroughput),
                        query("committed transactions/s", "max(rate(#1[1m]))", catalog::kTransactionsCommitted)},
            .description = "What the network commits. Transactions below 100 a second while some wait is an alert; "
                           "views without blocks are lost time.",
            .unit = "ops",
            .min = 0},
           {.title = "Transaction confirmation latency",
            .queries = percentiles(catalog::kTransactionConfirmationLatencySeconds),
            .description = "Submission to commit. Grows with the mempool before it grows with consensus.",
            .unit = "s",
            .min = 0},
           {.title = "Block finalization latency",
            .queries = percentiles(catalog::kBlockFinalizationLatencySeconds),
            .description = "Proposal to final block: consensus alone, without the wait in the pool.",
            .unit = "s",
            .min = 0},
           {.title = "End-to-end latency",
            .queries = percentiles(catalog::kEndToEndLatencySeconds),
            .description = "Client request to client reply: what users feel.",
            .unit = "s",
            .min = 0},
           ratio({.title = "Efficiency",
                  .queries = {query("consensus", "min(#1)", catalog::kConsensusEfficiencyRatio),
                              query("network", "min(#1)", catalog::kNetworkEfficiencyRatio),
                              query("storage", "min(#1)", catalog::kStorageEfficiencyRatio)},
                  .description =
                      "Committed blocks of views, useful of all bytes, logical of physical bytes written; lowest "
                      "replica. Consensus well below 1: views are lost."}),
       }},
      {"Resources",
       {
           ratio({.title = "CPU usage",
                  .queries = {query("{{instance}}", "max by (instance) (#1)", catalog::kCpuUsageRatio)},
                  .description = "Of the machine, by replica; the alert stands at 90 %. Busy CPUs delay votes.",
                  .thresholds = {{Color::kGreen}, {Color::kRed, 0.9}}}),
           {.title = "Memory usage",
            .queries = {query("used {{instance}}", "max by (instance) (#1)", catalog::kMemoryUsageBytes),
                        query("limit {{instance}}", "max by (instance) (#1)", catalog::kMemoryLimitBytes)},
            .description =
                "Used against the limit; the alert stands at 85 % of it. At the limit the kernel kills the replica.",
            .unit = "bytes",
            .min = 0},
           {.title = "Disk usage",
            .queries = {query("used {{instance}}", "max by (instance) (#1)", catalog::kDiskUsageBytes),
                        query("limit {{instance}}", "max by (instance) (#1)", catalog::kDiskLimitBytes)},
            .description = "Used against the capacity; the alert stands at 85 % of it. All replicas fill up alike.",
            .unit = "bytes",
            .min = 0},
           {.title = "Network bandwidth",
            .queries = {query("{{instance}} {{direction}}", "sum by (instance, direction) (#1)",
                              catalog::kNetworkBandwidthBytesPerSecond)},
            .description = "Bytes a second in and out, by replica. The leader sends more than the others.",
            .unit = "Bps",
            .min = 0},
       }},
      {"Storage",
       {
           {.title = "Storage operations",
            .queries = {query("reads {{result}}", "sum by (result) (rate(#1[5m]))", catalog::kStorageReads),
                        query("writes", "sum(rate(#1[5m]))", catalog::kStorageWrites),
                        query("deletes", "sum(rate(#1[5m]))", catalog::kStorageDeletes),
                        query("errors {{operation}}", "sum by (operation) (rate(#1[5m]))", catalog::kStorageErrors)},
            .description = "Reads, writes and deletes a second. Any error is a disk that fails.",
            .unit = "ops",
            .min = 0},
           {.title = "Storage latency",
            .queries = {named("read p99", percentile("p99", catalog::kStorageReadLatencySeconds)),
                        named("write p99", percentile("p99", catalog::kStorageWriteLatencySeconds)),
                        named("batch p99", percentile("p99", catalog::kStorageBatchOperationLatencySeconds))},
            .description =
                "Votes are written before they are sent: a write p99 of tens of milliseconds is felt in every view.",
            .unit = "s",
            .min = 0},
           {.title = "Storage size and utilization",
            .queries = {query("size {{instance}}", "max by (instance) (#1)", catalog::kStorageSizeBytes),
                        on_right(query("utilization {{instance}}", "max by (instance) (#1)",
                                       catalog::kStorageUtilizationRatio),
                                 "percentunit")},
            .description = "Bytes on disk, and the share of the space (right).",
            .unit = "bytes",
            .min = 0},
           {.title = "Cache",
            .queries = {query("hits/s {{cache}}", "sum by (cache) (rate(#1[5m]))", catalog::kCacheHits),
                        query("misses/s {{cache}}", "sum by (cache) (rate(#1[5m]))", catalog::kCacheMisses),
                        on_right(query("hit ratio", "sum(rate(#1[5m])) / (sum(rate(#1[5m])) + sum(rate(#2[5m])))",
                                       catalog::kCacheHits, catalog::kCacheMisses),
                                 "percentunit"),
                        on_right(query("size {{cache}}", "sum by (cache) (#1)", catalog::kCacheSizeBytes), "bytes")},
            .description = "Hits and misses a second, share of hits (right) and size (right). A falling share means "
                           "more reads from disk.",
            .unit = "ops",
            .min = 0},
       }},
      {"State",
       {
           {.title = "State operations",
            .queries = {query("transitions", "sum(rate(#1[5m]))", catalog::kStateTransitions),
                        query("queries", "sum(rate(#1[5m]))", catalog::kStateQueries),
                        query("snapshots {{result}}", "sum by (result) (rate(#1[5m]))", catalog::kStateSnapshots)},
            .description = "Applied blocks, queries and snapshots a second. A failed snapshot costs the next restart "
                           "its short cut.",
            .unit = "ops",
            .min = 0},
           {.title = "State times",
            .queries = {named("transition p95", percentile("p95", catalog::kStateTransitionTimeSeconds)),
                        named("query p95", percentile("p95", catalog::kStateQueryTimeSeconds)),
                        named("snapshot p95", percentile("p95", catalog::kSnapshotCreationTimeSeconds))},
            .description = "Execution of a block, a query, a snapshot (p95). Execution above the block time means that "
                           "the replica will lag.",
            .unit = "s",
            .min = 0},
           {.title = "State size",
            .queries = {query("bytes", "max(#1)", catalog::kStateSizeBytes),
                        on_right(query("accounts", "max(#1)", catalog::kAccountCount), "short"),
                        on_right(query("contracts", "max(#1)", catalog::kContractCount), "short")},
            .description = "Bytes, and accounts and contracts (right).",
            .unit = "bytes",
            .min = 0},
           {.title = "Transaction validation",
            .queries = {query("validated/s {{result}}", "sum by (result) (rate(#1[5m]))",
                              catalog::kTransactionValidations),
                        query("failures/s {{reason}}", "sum by (reason) (rate(#1[5m]))", catalog::kValidationFailures),
                        on_right(named("time p95", percentile("p95", catalog::kValidationTimeSeconds)), "s")},
            .description = "Validated transactions a second, failures by reason, time of one (p95, right). A wave of "
                           "signature failures is a flood.",
            .unit = "ops",
            .min = 0},
       }},
      {"Mempool",
       {
           {.title = "Mempool size",
            .queries = {query("transactions {{instance}}", "max by (instance) (#1)", catalog::kMempoolSize),
                        on_right(query("bytes {{instance}}", "max by (instance) (#1)", catalog::kMempoolSizeBytes),
                                 "bytes")},
            .description = "Waiting transactions, and their bytes (right). The alert stands at 800,000 of 1,000,000.",
            .thresholds = {{Color::kGreen}, {Color::kRed, 800000}},
            .min = 0,
            .decimals = 0},
           {.title = "Mempool in and out",
            .queries = {query("in {{source}}", "sum by (source) (rate(#1[5m]))", catalog::kMempoolAdded),
                        query("out {{reason}}", "sum by (reason) (rate(#1[5m]))", catalog::kMempoolRemoved),
                        query("rejected {{reason}}", "sum by (reason) (rate(#1[5m]))", catalog::kMempoolRejected)},
            .description = "In above out for long: the pool fills. rejected full: it is full.",
            .unit = "ops",
            .min = 0},
       }},
  };
  return board;
}

}  // namespace vigil::packs::hotstuff2
