#include "packs/hotstuff2/storage_metrics.h"

namespace vigil::packs::hotstuff2 {

StorageMetrics::StorageMetrics(metrics::RegistryRef registry)
    : storage_reads(registry),
      storage_writes(registry),
      storage_deletes(registry),
      read_latency(registry),
      write_latency(registry),
      batch_operation_latency(registry, catalog::kStorageBatchOperationLatencySeconds),
      storage_size(registry, catalog::kStorageSizeBytes),
      storage_utilization(registry, catalog::kStorageUtilizationRatio),
      storage_errors(registry),
      cache_hits(registry),
      cache_misses(registry),
      cache_size(registry) {}

void StorageMetrics::record_storage_read(KeyType key_type, Seconds duration, bool success) {
  storage_reads(key_type, success ? Outcome::kSuccess : Outcome::kFailure).inc();
  read_latency(key_type).observe(duration.count());
  if (!success) storage_errors(StorageOperation::kRead).inc();
}

void StorageMetrics::record_storage_write(KeyType key_type, std::size_t size, Seconds duration) {
  storage_writes(key_type).inc();
  write_latency(key_type).observe(duration.count());
  bytes_written_.fetch_add(size, std::memory_order_relaxed);
}

void StorageMetrics::record_storage_delete(KeyType key_type) { storage_deletes(key_type).inc(); }

void StorageMetrics::record_batch_operation(std::size_t /*operation_count*/, Seconds duration) {
  batch_operation_latency.observe(duration.count());
}

void StorageMetrics::record_storage_error(StorageOperation operation) { storage_errors(operation).inc(); }

void StorageMetrics::update_storage_size(std::uint64_t size_bytes) {
  storage_size.set(static_cast<double>(size_bytes));
}

void StorageMetrics::update_storage_utilization(double ratio) { storage_utilization.set(ratio); }
void StorageMetrics::record_cache_hit(Cache cache) { cache_hits(cache).inc(); }
void StorageMetrics::record_cache_miss(Cache cache) { cache_misses(cache).inc(); }

void StorageMetrics::update_cache_size(Cache cache, std::uint64_t size_bytes) {
  cache_size(cache).set(static_cast<double>(size_bytes));
}

}  // namespace vigil::packs::hotstuff2
