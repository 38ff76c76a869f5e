// Reads, writes, caches and size of a replica's block store.
//
//   StorageMetrics storage(registry);
//   storage.record_storage_write(KeyType::kBlock, bytes.size(), elapsed);
//
// The fields are the instruments.
// Thread-safety: any thread. Recording neither locks nor allocates.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "packs/hotstuff2/types.h"
#include "vigil/metrics/by_enum.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::hotstuff2 {

class StorageMetrics {
 public:
  explicit StorageMetrics(metrics::RegistryRef registry);

  // A read that did not succeed is an error of operation "read", too.
  void record_storage_read(KeyType key_type, Seconds duration, bool success);
  // `size` in bytes; see bytes_written().
  void record_storage_write(KeyType key_type, std::size_t size, Seconds duration);
  void record_storage_delete(KeyType key_type);
  void record_batch_operation(std::size_t operation_count, Seconds duration);
  void record_storage_error(StorageOperation operation);
  void update_storage_size(std::uint64_t size_bytes);
  void update_storage_utilization(double ratio);  // used / available
  void record_cache_hit(Cache cache);
  void record_cache_miss(Cache cache);
  void update_cache_size(Cache cache, std::uint64_t size_bytes);

  // Logical bytes handed to record_storage_write(): with the bytes that reached the disk,
  // PerformanceMetrics::update_storage_efficiency().
  std::uint64_t bytes_written() const { return bytes_written_.load(std::memory_order_relaxed); }

  const metrics::ByEnum<catalog::kStorageReads, KeyType, Outcome> storage_reads;
  const metrics::ByEnum<catalog::kStorageWrites, KeyType> storage_writes;
  const metrics::ByEnum<catalog::kStorageDeletes, KeyType> storage_deletes;
  const metrics::ByEnum<catalog::kStorageReadLatencySeconds, KeyType> read_latency;
  const metrics::ByEnum<catalog::kStorageWriteLatencySeconds, KeyType> write_latency;
  const metrics::InstrumentOf<catalog::kStorageBatchOperationLatencySeconds> batch_operation_latency;
  const metrics::InstrumentOf<catalog::kStorageSizeBytes> storage_size;
  const metrics::InstrumentOf<catalog::kStorageUtilizationRatio> storage_utilization;
  const metrics::ByEnum<catalog::kStorageErrors, StorageOperation> storage_errors;
  const metrics::ByEnum<catalog::kCacheHits, Cache> cache_hits;
  const metrics::ByEnum<catalog::kCacheMisses, Cache> cache_misses;
  const metrics::ByEnum<catalog::kCacheSizeBytes, Cache> cache_size;

 private:
  std::atomic<std::uint64_t> bytes_written_{0};
};

}  // namespace vigil::packs::hotstuff2
