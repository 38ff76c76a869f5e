// Throughput, latency, resources and efficiency of a replica. See catalog.h.
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

inline constexpr ClosedLabel kBandwidthDirections = closed<"direction", "in", "out">;

inline constexpr GaugeDef<> kTransactionThroughput{"hotstuff_transaction_throughput",
                                                   "Transactions per second over the collection interval."};

inline constexpr GaugeDef<> kBlockThroughput{"hotstuff_block_throughput", "Blocks per second."};

inline constexpr GaugeDef<> kConsensusThroughput{"hotstuff_consensus_throughput", "Views completed per second."};

inline constexpr HistogramDef<> kTransactionConfirmationLatencySeconds{
    "hotstuff_transaction_confirmation_latency_seconds",
    "Submission to commit of a transaction.",
    buckets<0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0>,
    {.unit = "seconds"}};

inline constexpr HistogramDef<> kBlockFinalizationLatencySeconds{
    "hotstuff_block_finalization_latency_seconds",
    "Proposal to final.",
    buckets<0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0>,
    {.unit = "seconds"}};

inline constexpr HistogramDef<> kEndToEndLatencySeconds{"hotstuff_end_to_end_latency_seconds",
                                                        "Client request to client reply.",
                                                        buckets<0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0>,
                                                        {.unit = "seconds"}};

inline constexpr GaugeDef<> kCpuUsageRatio{
    "hotstuff_cpu_usage_ratio", "Process CPU share of the machine, 0-1.", {.unit = "ratio"}};

inline constexpr GaugeDef<> kMemoryUsageBytes{"hotstuff_memory_usage_bytes", "Resident memory.", {.unit = "bytes"}};

inline constexpr GaugeDef<> kDiskUsageBytes{
    "hotstuff_disk_usage_bytes", "Bytes used in the data directory.", {.unit = "bytes"}};

inline constexpr GaugeDef<"direction"> kNetworkBandwidthBytesPerSecond{
    "hotstuff_network_bandwidth_bytes_per_second",
    "Bandwidth over the collection interval; direction = in, out.",
    {.closed = {kBandwidthDirections}, .unit = "bytes_per_second"}};

inline constexpr GaugeDef<> kConsensusEfficiencyRatio{
    "hotstuff_consensus_efficiency_ratio", "Committed blocks / views.", {.unit = "ratio"}};

inline constexpr GaugeDef<> kNetworkEfficiencyRatio{
    "hotstuff_network_efficiency_ratio", "Useful bytes (first copies) / all bytes.", {.unit = "ratio"}};

inline constexpr GaugeDef<> kStorageEfficiencyRatio{
    "hotstuff_storage_efficiency_ratio", "Logical bytes written / physical bytes written.", {.unit = "ratio"}};

inline constexpr GaugeDef<> kMemoryLimitBytes{
    "hotstuff_memory_limit_bytes", "Limit behind max_memory_usage.", {.unit = "bytes"}};

inline constexpr GaugeDef<> kDiskLimitBytes{
    "hotstuff_disk_limit_bytes", "Capacity behind max_disk_usage.", {.unit = "bytes"}};

inline constexpr std::array kPerformance{
    kTransactionThroughput.describe(),
    kBlockThroughput.describe(),
    kConsensusThroughput.describe(),
    kTransactionConfirmationLatencySeconds.describe(),
    kBlockFinalizationLatencySeconds.describe(),
    kEndToEndLatencySeconds.describe(),
    kCpuUsageRatio.describe(),
    kMemoryUsageBytes.describe(),
    kDiskUsageBytes.describe(),
    kNetworkBandwidthBytesPerSecond.describe(),
    kConsensusEfficiencyRatio.describe(),
    kNetworkEfficiencyRatio.describe(),
    kStorageEfficiencyRatio.describe(),
    kMemoryLimitBytes.describe(),
    kDiskLimitBytes.describe(),
};

}  // namespace vigil::packs::hotstuff2::catalog
