// Chunk files: immutable sorted runs of chunks, written once and mapped for reading.
// Bytes in docs/formats/chunk.md. An index of (series, time range, place) at the end
// makes a file cost no memory of ours, and opening one a matter of its footer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/file_system.h"
#include "vigil/base/time.h"
#include "vigil/storage/head/series.h"

namespace vigil::storage {

std::string chunk_file_name(std::uint32_t number);  // "00000001.chunks"
std::optional<std::uint32_t> parse_chunk_file_name(std::string_view name);

// Collects chunks and writes them as one file. Chunks are added in ascending order of
// (series, time).
class ChunkFileWriter {
 public:
  ChunkFileWriter();
  void add(SeriesId series, const SealedChunk& chunk);
  bool empty() const { return count_ == 0; }
  // Writes under a temporary name, syncs and renames: the file is there whole or not at all.
  Result<void> write(FileSystem& fs, const std::filesystem::path& directory, std::uint32_t number);

 private:
  std::string bytes_;
  std::string index_;
  std::uint32_t count_ = 0;
  std::uint64_t samples_ = 0;
  Timestamp mint_ = kMaxTimestamp;
  Timestamp maxt_ = kMinTimestamp;
};

// Thread-safe.
class ChunkFile {
 public:
  // Checks footer and index; the chunks are checked when they are read.
  static Result<std::shared_ptr<const ChunkFile>> open(FileSystem& fs, const std::filesystem::path& directory,
                                                       std::uint32_t number);

  std::uint32_t number() const { return number_; }
  Timestamp mint() const { return mint_; }
  Timestamp maxt() const { return maxt_; }
  std::uint64_t samples() const { return samples_; }
  std::uint32_t chunks() const { return count_; }
  std::uint64_t bytes() const { return view_.size(); }
  std::uint64_t index_bytes() const;

  struct Entry {
    SeriesId series;
    std::uint32_t offset;
    Timestamp mint;
    Timestamp maxt;
  };
  Entry entry(std::uint32_t i) const;
  // Index of the first entry of a series not below `series`.
  std::uint32_t find(SeriesId series) const;
  // The chunk, after its checksum; kCorruption names file and offset.
  Result<std::string_view> chunk(std::uint32_t i) const;

 private:
  std::uint32_t number_ = 0;
  std::filesystem::path path_;
  std::unique_ptr<ReadableFile> file_;
  std::string_view view_;
  const char* index_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint64_t samples_ = 0;
  Timestamp mint_ = 0;
  Timestamp maxt_ = 0;
};

using ChunkFiles = std::vector<std::shared_ptr<const ChunkFile>>;  // ascending by number

}  // namespace vigil::storage
