// A checkpoint: every series with what of it is not in a chunk file yet, so that the log
// before it is not needed any more. Bytes in docs/formats/checkpoint.md.
//
// It is taken while commits go on. It may therefore hold samples that the log behind
// it holds, too; replay drops them, as they are not newer than what is there.
// Blocks stand alone: damage costs the series of one block, not the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/file_system.h"
#include "vigil/model/sample.h"
#include "vigil/storage/head/series.h"
#include "vigil/storage/index/series_index.h"

namespace vigil::storage {

struct CheckpointHeader {
  std::uint64_t wal_segment = 0;  // first segment to replay
  SeriesId last_id = 0;           // ids up to here have been used
  std::uint32_t last_file = 0;    // chunk files above are newer than this checkpoint
};

std::string checkpoint_file_name(std::uint64_t wal_segment);  // "checkpoint-00000042"
std::optional<std::uint64_t> parse_checkpoint_file_name(std::string_view name);

class CheckpointWriter {
 public:
  // Writes to a temporary name until finish().
  static Result<CheckpointWriter> create(FileSystem& fs, const std::filesystem::path& directory,
                                         const CheckpointHeader& header);
  Result<void> add(Series& series, const SeriesIndex& index);
  Result<void> add_metadata(std::string_view metric, const MetricMetadata& metadata);
  // Syncs; after `before_publish` succeeded the file gets its name. Returns its size.
  Result<std::uint64_t> finish(const std::function<Result<void>()>& before_publish);

 private:
  CheckpointWriter(FileSystem& fs, std::filesystem::path path) : fs_(&fs), path_(std::move(path)) {}
  Result<void> flush_series();
  Result<void> flush_metadata();
  Result<void> write_block(std::uint8_t type, std::string_view payload);

  FileSystem* fs_;
  std::filesystem::path path_;
  std::unique_ptr<WritableFile> file_;
  std::string pairs_;
  std::unordered_map<PairId, std::uint32_t> pair_numbers_;  // within the block
  std::string series_;
  std::uint32_t series_count_ = 0;
  std::uint64_t total_series_ = 0;
  std::string metadata_;
  std::uint32_t metadata_count_ = 0;
};

struct CheckpointVisitor {
  std::function<PairId(std::string_view name, std::string_view value)> intern;
  // nullptr: skip it.
  std::function<Series*(SeriesId, std::span<const PairId>)> series;
  std::function<void(std::string_view, MetricMetadata)> metadata;
  std::function<void(std::uint64_t offset, std::string reason)> damage;
};

// Reads as much as is good. Fails only where nothing can be used: not a checkpoint, or
// its header is damaged. Any bytes may be given.
Result<CheckpointHeader> read_checkpoint(std::string_view bytes, const CheckpointVisitor& visitor);

}  // namespace vigil::storage
