// Throughput, latency, resources and efficiency of one replica.
//
//   PerformanceMetrics performance(registry);
//   performance.record_end_to_end_latency(elapsed);
//   performance.update_cpu_usage(0.35);
//
// Throughputs, bandwidth and consensus efficiency are derived from the counters by
// HotStuffMetrics::collect(); who does not use that sets them here.
// The fields are the instruments.
//
// Thread-safety: any thread. Recording neither locks nor allocates.
#pragma once

#include <cstdint>

#include "packs/hotstuff2/types.h"
#include "vigil/metrics/by_enum.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::hotstuff2 {

class PerformanceMetrics {
 public:
  explicit PerformanceMetrics(metrics::RegistryRef registry);

  // --- throughput, per second ---
  void update_transaction_throughput(double transactions);
  void update_block_throughput(double blocks);
  void update_consensus_throughput(double views);

  // --- latency ---
  void record_transaction_confirmation_latency(Seconds latency);  // submission to commit
  void record_block_finalization_latency(Seconds latency);        // proposal to final
  void record_end_to_end_latency(Seconds latency);                // client request to reply

  // --- resources ---
  void update_cpu_usage(double ratio);  // share of the machine
  void update_memory_usage(std::uint64_t bytes);
  void update_memory_limit(std::uint64_t bytes);
  void update_disk_usage(std::uint64_t bytes);
  void update_disk_limit(std::uint64_t bytes);
  void update_network_bandwidth(BandwidthDirection direction, double bytes_per_second);

  // --- efficiency, ratios 0..1 ---
  void update_consensus_efficiency(double ratio);  // committed blocks / views
  void update_network_efficiency(double ratio);    // first copies / all bytes
  void update_storage_efficiency(double ratio);    // logical / physical bytes written

  const metrics::InstrumentOf<catalog::kTransactionThroughput> transaction_throughput;
  const metrics::InstrumentOf<catalog::kBlockThroughput> block_throughput;
  const metrics::InstrumentOf<catalog::kConsensusThroughput> consensus_throughput;
  const metrics::InstrumentOf<catalog::kTransactionConfirmationLatencySeconds> transaction_confirmation_latency;
  const metrics::InstrumentOf<catalog::kBlockFinalizationLatencySeconds> block_finalization_latency;
  const metrics::InstrumentOf<catalog::kEndToEndLatencySeconds> end_to_end_latency;
  const metrics::InstrumentOf<catalog::kCpuUsageRatio> cpu_usage;
  const metrics::InstrumentOf<catalog::kMemoryUsageBytes> memory_usage;
  const metrics::InstrumentOf<catalog::kDiskUsageBytes> disk_usage;
  const metrics::ByEnum<catalog::kNetworkBandwidthBytesPerSecond, BandwidthDirection> network_bandwidth;
  const metrics::InstrumentOf<catalog::kConsensusEfficiencyRatio> consensus_efficiency;
  const metrics::InstrumentOf<catalog::kNetworkEfficiencyRatio> network_efficiency;
  const metrics::InstrumentOf<catalog::kStorageEfficiencyRatio> storage_efficiency;

  const metrics::InstrumentOf<catalog::kMemoryLimitBytes> memory_limit;
  const metrics::InstrumentOf<catalog::kDiskLimitBytes> disk_limit;
};

}  // namespace vigil::packs::hotstuff2
