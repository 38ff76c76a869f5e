#include "packs/hotstuff2/performance_metrics.h"

namespace vigil::packs::hotstuff2 {

PerformanceMetrics::PerformanceMetrics(metrics::RegistryRef registry)
    : transaction_throughput(registry, catalog::kTransactionThroughput),
      block_throughput(registry, catalog::kBlockThroughput),
      consensus_throughput(registry, catalog::kConsensusThroughput),
      transaction_confirmation_latency(registry, catalog::kTransactionConfirmationLatencySeconds),
      block_finalization_latency(registry, catalog::kBlockFinalizationLatencySeconds),
      end_to_end_latency(registry, catalog::kEndToEndLatencySeconds),
      cpu_usage(registry, catalog::kCpuUsageRatio),
      memory_usage(registry, catalog::kMemoryUsageBytes),
      disk_usage(registry, catalog::kDiskUsageBytes),
      network_bandwidth(registry),
      consensus_efficiency(registry, catalog::kConsensusEfficiencyRatio),
      network_efficiency(registry, catalog::kNetworkEfficiencyRatio),
      storage_efficiency(registry, catalog::kStorageEfficiencyRatio),
      memory_limit(registry, catalog::kMemoryLimitBytes),
      disk_limit(registry, catalog::kDiskLimitBytes) {}

void PerformanceMetrics::update_transaction_throughput(double transactions) {
  transaction_throughput.set(transactions);
}
void PerformanceMetrics::update_block_throughput(double blocks) { block_throughput.set(blocks); }
void PerformanceMetrics::update_consensus_throughput(double views) { consensus_throughput.set(views); }

void PerformanceMetrics::record_transaction_confirmation_latency(Seconds latency) {
  transaction_confirmation_latency.observe(latency.count());
}
void PerformanceMetrics::record_block_finalization_latency(Seconds latency) {
  block_finalization_latency.observe(latency.count());
}
void PerformanceMetrics::record_end_to_end_latency(Seconds latency) { end_to_end_latency.observe(latency.count()); }

void PerformanceMetrics::update_cpu_usage(double ratio) { cpu_usage.set(ratio); }
void PerformanceMetrics::update_memory_usage(std::uint64_t bytes) { memory_usage.set(static_cast<double>(bytes)); }
void PerformanceMetrics::update_memory_limit(std::uint64_t bytes) { memory_limit.set(static_cast<double>(bytes)); }
void PerformanceMetrics::update_disk_usage(std::uint64_t bytes) { disk_usage.set(static_cast<double>(bytes)); }
void PerformanceMetrics::update_disk_limit(std::uint64_t bytes) { disk_limit.set(static_cast<double>(bytes)); }
void PerformanceMetrics::update_network_bandwidth(BandwidthDirection direction, double bytes_per_second) {
  network_bandwidth(direction).set(bytes_per_second);
}

void PerformanceMetrics::update_consensus_efficiency(double ratio) { consensus_efficiency.set(ratio); }
void PerformanceMetrics::update_network_efficiency(double ratio) { network_efficiency.set(ratio); }
void PerformanceMetrics::update_storage_efficiency(double ratio) { storage_efficiency.set(ratio); }

}  // namespace vigil::packs::hotstuff2
