// What a database says about itself: /api/v1/status/tsdb, `vigil tsdb analyze`, metrics.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vigil/base/time.h"
#include "vigil/storage/index/series_index.h"

namespace vigil::storage {

struct Stats {
  // Contents.
  std::uint64_t series = 0;
  Timestamp min_time = kMaxTimestamp;  // kMaxTimestamp / kMinTimestamp when empty
  Timestamp max_time = kMinTimestamp;
  std::uint64_t samples = 0;
  std::uint64_t chunks = 0;  // full ones, in memory and in files
  std::uint64_t chunk_samples = 0;
  std::uint64_t chunk_bytes = 0;   // compressed samples and their index entries
  std::uint64_t open_samples = 0;  // not in a full chunk yet
  double bytes_per_sample = 0;     // chunk_bytes / chunk_samples
  // Memory.
  std::uint64_t series_bytes = 0;  // series with their samples in memory
  std::uint64_t index_bytes = 0;
  double bytes_per_series = 0;  // both, per series
  // Disk.
  std::uint64_t chunk_files = 0;
  std::uint64_t chunk_file_bytes = 0;
  std::uint64_t wal_bytes = 0;
  std::uint64_t checkpoint_bytes = 0;
  // Since open.
  std::uint64_t commits = 0;
  std::uint64_t appended_samples = 0;
  std::uint64_t appended_exemplars = 0;
  std::uint64_t created_series = 0;
  std::uint64_t dropped_series = 0;
  std::uint64_t rejected_out_of_order = 0;
  std::uint64_t rejected_out_of_bounds = 0;
  std::uint64_t rejected_duplicates = 0;  // another value at a timestamp that has one
  std::uint64_t rejected_limits = 0;
  std::uint64_t failed_commits = 0;
  std::uint64_t wal_writes = 0;  // one write serves many commits
  std::uint64_t wal_written_bytes = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t failed_checkpoints = 0;
  std::uint64_t deleted_chunk_files = 0;
  // What open() found.
  std::uint64_t replayed_records = 0;
  std::uint64_t replayed_samples = 0;
  std::uint64_t torn_tails = 0;
  std::uint64_t unknown_series_samples = 0;  // in the log, but the series was in a damaged part
  std::vector<std::string> damage;           // file, offset, reason
  double open_seconds = 0;

  IndexStats index;
};

}  // namespace vigil::storage
