// Mempool, health, and the metrics layer itself. See catalog.h.
#pragma once

#include <array>

#include "vigil/metrics/metrics.h"

namespace vigil::packs::hotstuff2::catalog {

using vigil::metrics::buckets;
using vigil::metrics::closed;
using vigil::metrics::ClosedLabel;
using vigil::metrics::CounterDef;
using vigil::metrics::GaugeDef;
using vigil::metrics::HistogramDef;

inline constexpr ClosedLabel kTransactionSources = closed<"source", "client", "peer", "reinserted">;
inline constexpr ClosedLabel kRemovalReasons = closed<"reason", "committed", "expired", "evicted", "invalid">;
inline constexpr ClosedLabel kMempoolRejectionReasons = closed<"reason", "full", "invalid", "duplicate", "fee">;
inline constexpr ClosedLabel kHealthComponents = closed<"component", "overall", "consensus", "network", "storage">;
inline constexpr ClosedLabel kExportFormats = closed<"format", "prometheus", "json", "csv", "influxdb">;
inline constexpr ClosedLabel kSampleDropReasons = closed<"reason", "sampled", "memory_limit", "cardinality">;

inline constexpr GaugeDef<> kMempoolSize{"hotstuff_mempool_size", "Pending transactions."};

inline constexpr GaugeDef<> kMempoolSizeBytes{"hotstuff_mempool_size_bytes", "Pending bytes.", {.unit = "bytes"}};

inline constexpr CounterDef<"source"> kMempoolAdded{
    "hotstuff_mempool_added_total",
    "Transactions accepted into the pool; source = client, peer, reinserted.",
    {.closed = {kTransactionSources}}};

inline constexpr CounterDef<"reason"> kMempoolRemoved{
    "hotstuff_mempool_removed_total",
    "Transactions that left the pool; reason = committed, expired, evicted, invalid.",
    {.closed = {kRemovalReasons}}};

inline constexpr CounterDef<"reason"> kMempoolRejected{"hotstuff_mempool_rejected_total",
                                                       "Rejected; reason = full, invalid, duplicate, fee.",
                                                       {.closed = {kMempoolRejectionReasons}}};

inline constexpr GaugeDef<"component"> kHealthStatus{
    "hotstuff_health_status",
    "0 healthy, 1 warning, 2 critical, 3 failing: the worst check of the component, overall = the worst component; "
    "component = overall, consensus, network, storage.",
    {.closed = {kHealthComponents}}};

inline constexpr GaugeDef<"component"> kHealthScore{
    "hotstuff_health_score", "0..1, set after each round of health checks.", {.closed = {kHealthComponents}}};

inline constexpr CounterDef<> kMetricsCollectionSeconds{"hotstuff_metrics_collection_seconds_total",
                                                        "CPU time spent recording (target < 1 % of consensus CPU).",
                                                        {.unit = "seconds"}};

inline constexpr HistogramDef<"format"> kMetricsExportDurationSeconds{
    "hotstuff_metrics_export_duration_seconds",
    "Snapshot export time (target < 0.1 s); format = prometheus, json, csv, influxdb.",
    buckets<0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0>,
    {.closed = {kExportFormats}, .unit = "seconds"}};

inline constexpr CounterDef<"reason"> kMetricsDropped{
    "hotstuff_metrics_dropped_total",
    "Samples not recorded; reason = sampled, memory_limit, cardinality.",
    {.closed = {kSampleDropReasons}}};

inline constexpr std::array kMempool{
    kMempoolSize.describe(),    kMempoolSizeBytes.describe(),         kMempoolAdded.describe(),
    kMempoolRemoved.describe(), kMempoolRejected.describe(),          kHealthStatus.describe(),
    kHealthScore.describe(),    kMetricsCollectionSeconds.describe(), kMetricsExportDurationSeconds.describe(),
    kMetricsDropped.describe(),
};

}  // namespace vigil::packs::hotstuff2::catalog
