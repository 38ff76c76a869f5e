#include "vigil/storage/file/checkpoint.h"

#include <fmt/format.h>

#include <charconv>

#include "vigil/base/hash.h"
#include "vigil/storage/wal_records.h"

namespace vigil::storage {
namespace {

constexpr std::string_view kMagic = "VGLCPT01";
constexpr std::string_view kPrefix = "checkpoint-";
constexpr std::size_t kBlockHeader = 9;  // u32 size, u32 checksum, u8 type
constexpr std::size_t kBlockBytes = 256 << 10;

enum BlockType : std::uint8_t { kHeader = 1, kSeriesBlock = 2, kMetadataBlock = 3, kEnd = 4 };

std::uint32_t block_checksum(std::uint8_t type, std::string_view payload) {
  const char tag = static_cast<char>(type);
  return crc32c(payload, crc32c({&tag, 1}));
}

}  // namespace

std::string checkpoint_file_name(std::uint64_t wal_segment) { return fmt::format("{}{:08}", kPrefix, wal_segment); }

std::optional<std::uint64_t> parse_checkpoint_file_name(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (name.size() < 8 || error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

Result<CheckpointWriter> CheckpointWriter::create(FileSystem& fs, const std::filesystem::path& directory,
                                                  const CheckpointHeader& header) {
  CheckpointWriter writer(fs, directory / checkpoint_file_name(header.wal_segment));
  auto temporary = writer.path_;
  temporary += ".tmp";
  VIGIL_TRY(writer.file_, fs.open_writable(temporary, FileSystem::OpenMode::kTruncate));
  VIGIL_TRY_VOID(writer.file_->append(kMagic));
  std::string payload;
  put_raw(payload, header.wal_segment);
  put_raw(payload, header.last_id);
  put_raw(payload, header.last_file);
  VIGIL_TRY_VOID(writer.write_block(kHeader, payload));
  return writer;
}

Result<void> CheckpointWriter::write_block(std::uint8_t type, std::string_view payload) {
  std::string block;
  block.reserve(payload.size() + kBlockHeader);
  put_raw(block, static_cast<std::uint32_t>(payload.size()));
  put_raw(block, block_checksum(type, payload));
  block += static_cast<char>(type);
  block += payload;
  return file_->append(block);
}

Result<void> CheckpointWriter::add(Series& series, const SeriesIndex& index) {
  put_varint(series_, series.id());
  put_varint(series_, series.pairs().size());
  for (const PairId pair : series.pairs()) {
    const auto [found, fresh] = pair_numbers_.try_emplace(pair, static_cast<std::uint32_t>(pair_numbers_.size()));
    if (fresh) {
      const LabelView label = index.pair(pair);
      put_text(pairs_, label.name);
      put_text(pairs_, label.value);
    }
    put_varint(series_, found->second);
  }
  thread_local std::string state;
  state.clear();
  series.save(state);
  put_text(series_, state);
  ++series_count_;
  ++total_series_;
  return series_.size() + pairs_.size() < kBlockBytes ? Result<void>() : flush_series();
}

Result<void> CheckpointWriter::flush_series() {
  if (series_count_ == 0) return {};
  std::string payload;
  put_varint(payload, pair_numbers_.size());
  payload += pairs_;
  put_varint(payload, series_count_);
  payload += series_;
  pairs_.clear();
  pair_numbers_.clear();
  series_.clear();
  series_count_ = 0;
  return write_block(kSeriesBlock, payload);
}

Result<void> CheckpointWriter::add_metadata(std::string_view metric, const MetricMetadata& metadata) {
  put_metadata(metadata_, metric, metadata);
  ++metadata_count_;
  return metadata_.size() < kBlockBytes ? Result<void>() : flush_metadata();
}

Result<void> CheckpointWriter::flush_metadata() {
  if (metadata_count_ == 0) return {};
  std::string payload;
  put_varint(payload, metadata_count_);
  payload += metadata_;
  metadata_.clear();
  metadata_count_ = 0;
  return write_block(kMetadataBlock, payload);
}

Result<std::uint64_t> CheckpointWriter::finish(const std::function<Result<void>()>& before_publish) {
  VIGIL_TRY_VOID(flush_series());
  VIGIL_TRY_VOID(flush_metadata());
  std::string payload;
  put_raw(payload, total_series_);
  VIGIL_TRY_VOID(write_block(kEnd, payload));
  VIGIL_TRY_VOID(file_->sync());
  const std::uint64_t size = file_->size();
  file_.reset();
  VIGIL_TRY_VOID(before_publish());
  auto temporary = path_;
  temporary += ".tmp";
  VIGIL_TRY_VOID(fs_->rename(temporary, path_));
  VIGIL_TRY_VOID(fs_->sync_directory(path_.parent_path()));
  return size;
}

namespace {

Result<void> read_series_block(std::string_view payload, const CheckpointVisitor& visitor) {
  ByteReader in(payload);
  const auto damaged = [] { return fail(ErrorCode::kCorruption, "a block of series is not understood"); };
  const std::uint64_t pair_count = in.varint();
  if (pair_count > payload.size()) return damaged();
  std::vector<PairId> pairs;
  std::vector<std::string_view> names;
  for (std::uint64_t i = 0; i < pair_count; ++i) {
    const std::string_view name = in.text();
    const std::string_view value = in.text();
    if (!in.ok() || name.empty() || value.empty()) return damaged();
    pairs.push_back(visitor.intern(name, value));
    names.push_back(name);
  }
  const std::uint64_t count = in.varint();
  std::vector<PairId> own;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t id = in.varint();
    const std::uint64_t labels = in.varint();
    if (!in.ok() || id == 0 || id > 0xFFFFFFFFU || labels == 0 || labels > 0xFFFF) return damaged();
    own.clear();
    std::string_view last;
    for (std::uint64_t k = 0; k < labels; ++k) {
      const std::uint64_t pair = in.varint();
      if (!in.ok() || pair >= pairs.size() || names[pair] <= last) return damaged();
      last = names[pair];
      own.push_back(pairs[pair]);
    }
    ByteReader state(in.text());
    if (!in.ok()) return damaged();
    if (Series* series = visitor.series(static_cast<SeriesId>(id), own); series != nullptr) {
      VIGIL_TRY_VOID(series->restore(state));
    }
  }
  return {};
}

Result<void> read_metadata_block(std::string_view payload, const CheckpointVisitor& visitor) {
  ByteReader in(payload);
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; i < count; ++i) {
    VIGIL_TRY(auto entry, read_metadata(in));
    visitor.metadata(entry.first, std::move(entry.second));
  }
  return {};
}

}  // namespace

Result<CheckpointHeader> read_checkpoint(std::string_view bytes, const CheckpointVisitor& visitor) {
  if (!bytes.starts_with(kMagic)) return fail(ErrorCode::kCorruption, "not a checkpoint");
  std::optional<CheckpointHeader> header;
  bool ended = false;
  std::size_t at = kMagic.size();
  while (at < bytes.size() && !ended) {
    const std::string_view rest = bytes.substr(at);
    const std::size_t size = rest.size() < kBlockHeader ? 0 : load_raw<std::uint32_t>(rest.data());
    if (rest.size() < kBlockHeader || rest.size() - kBlockHeader < size) {
      visitor.damage(at, "the file ends inside a block");
      break;
    }
    const auto type = static_cast<std::uint8_t>(rest[8]);
    const std::string_view payload = rest.substr(kBlockHeader, size);
    const bool good = load_raw<std::uint32_t>(rest.data() + 4) == block_checksum(type, payload);
    if (!header && (!good || type != kHeader || size < 16)) {
      return fail(ErrorCode::kCorruption, "the header of the checkpoint is damaged");
    }
    Result<void> read;
    if (!good) {
      read = fail(ErrorCode::kCorruption, "a block fails its checksum");
    } else if (type == kHeader) {
      ByteReader in(payload);
      header = CheckpointHeader{in.raw<std::uint64_t>(), in.raw<SeriesId>(), in.raw<std::uint32_t>()};
    } else if (type == kSeriesBlock) {
      read = read_series_block(payload, visitor);
    } else if (type == kMetadataBlock) {
      read = read_metadata_block(payload, visitor);
    } else if (type == kEnd) {
      ended = true;
    }
    if (!read) visitor.damage(at, read.error().message());
    at += kBlockHeader + size;
  }
  if (!header) return fail(ErrorCode::kCorruption, "the checkpoint is empty");
  if (!ended) visitor.damage(at, "the end of the checkpoint is missing");
  return *header;
}

}  // namespace vigil::storage
