// How a Database is set up. Plain values with defaults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "vigil/base/file_system.h"
#include "vigil/base/scheduler.h"
#include "vigil/base/time.h"

namespace vigil::storage {

struct Options {
  std::filesystem::path directory;
  FileSystem* file_system = &FileSystem::real();
  // Clock, and the timer of checkpoints, retention and recovery. Must outlive the database.
  Scheduler* scheduler = nullptr;
  // Serves queries over what is on disk; changes nothing and takes no lock.
  bool read_only = false;

  // Samples older than this are dropped, and refused (kOutOfBounds); 0 = kept for ever.
  Duration retention = 15 * kDay;
  // The oldest files go when the directory is larger; 0 = no limit.
  std::uint64_t retention_bytes = 0;
  // Refuses samples that are this much older than the newest sample of the whole store, as
  // Prometheus does with 1 h; 0 = only the retention and the order within a series count.
  Duration append_window = 0;

  // Syncs the log at every commit, so that it survives a power cut.
  bool fsync = false;
  std::uint64_t wal_segment_bytes = 128ULL << 20;
  // A checkpoint is made when the log since the last one is this long (or as long as that
  // checkpoint, if that is more) or this old: it bounds the time to start again.
  std::uint64_t checkpoint_bytes = 8ULL << 20;
  Duration checkpoint_interval = 10 * kMinute;
  // Full chunks are kept in memory up to this size, then written as one file.
  std::uint64_t chunk_file_bytes = 4ULL << 20;
  // A series without a new sample for so long is moved out of memory, its index entry apart.
  Duration idle_after = kHour;
  // How often sizes, retention and a full disk are looked at.
  Duration maintenance_interval = 15 * kSecond;

  // Limits: what exceeds them is refused with kLimitExceeded and counted.
  std::size_t max_series = 10'000'000;  // known series go on being accepted
  std::size_t max_labels = 128;         // per series
  std::size_t max_label_name_bytes = 1024;
  std::size_t max_label_value_bytes = 64 << 10;
  std::size_t max_exemplars = 10'000;  // newest ones kept, over all series
  std::size_t max_metadata = 100'000;  // metric families
};

}  // namespace vigil::storage
