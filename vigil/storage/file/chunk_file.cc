#include "vigil/storage/file/chunk_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "vigil/base/hash.h"
#include "vigil/storage/chunk/varint.h"

namespace vigil::storage {
namespace {

constexpr std::string_view kMagic = "VGLCHK01";
constexpr std::string_view kSuffix = ".chunks";
constexpr std::size_t kEntryBytes = 24;
constexpr std::size_t kFooterBytes = 56;

}  // namespace

std::string chunk_file_name(std::uint32_t number) { return fmt::format("{:08}{}", number, kSuffix); }

std::optional<std::uint32_t> parse_chunk_file_name(std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (name.size() < 8 || error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

ChunkFileWriter::ChunkFileWriter() : bytes_(kMagic) {}

void ChunkFileWriter::add(SeriesId series, const SealedChunk& chunk) {
  put_raw(index_, series);
  put_raw(index_, static_cast<std::uint32_t>(bytes_.size()));
  put_raw(index_, chunk.mint);
  put_raw(index_, chunk.maxt);
  put_raw(bytes_, crc32c(chunk.bytes()));
  bytes_ += chunk.bytes();
  ++count_;
  samples_ += chunk.samples;
  mint_ = std::min(mint_, chunk.mint);
  maxt_ = std::max(maxt_, chunk.maxt);
}

Result<void> ChunkFileWriter::write(FileSystem& fs, const std::filesystem::path& directory, std::uint32_t number) {
  const std::uint64_t index_offset = bytes_.size();
  std::string footer;
  put_raw(footer, index_offset);
  put_raw(footer, count_);
  put_raw(footer, crc32c(index_));
  put_raw(footer, mint_);
  put_raw(footer, maxt_);
  put_raw(footer, samples_);
  put_raw(footer, number);
  footer.append(4, '\0');
  footer.resize(kFooterBytes - 8);
  put_raw(footer, std::uint32_t{0x464B4856});  // "VHKF"
  put_raw(footer, crc32c(footer));
  bytes_ += index_;
  bytes_ += footer;
  return fs.write_file_atomically(directory / chunk_file_name(number), bytes_);
}

Result<std::shared_ptr<const ChunkFile>> ChunkFile::open(FileSystem& fs, const std::filesystem::path& directory,
                                                         std::uint32_t number) {
  auto file = std::make_shared<ChunkFile>();
  file->number_ = number;
  file->path_ = directory / chunk_file_name(number);
  const auto damaged = [&](std::string_view what, std::uint64_t offset) {
    return fail(ErrorCode::kCorruption, fmt::format("{} at offset {}: {}", file->path_.string(), offset, what));
  };
  VIGIL_TRY(file->file_, fs.open_readable(file->path_));
  VIGIL_TRY(file->view_, file->file_->view());
  const std::string_view view = file->view_;
  if (view.size() < kMagic.size() + kFooterBytes || !view.starts_with(kMagic)) {
    return damaged("not a chunk file, or cut off", 0);
  }
  const std::size_t footer_offset = view.size() - kFooterBytes;
  const std::string_view footer = view.substr(footer_offset);
  if (load_raw<std::uint32_t>(footer.data() + kFooterBytes - 4) != crc32c(footer.substr(0, kFooterBytes - 4))) {
    return damaged("the footer fails its checksum", footer_offset);
  }
  ByteReader in(footer);
  const auto index_offset = in.raw<std::uint64_t>();
  file->count_ = in.raw<std::uint32_t>();
  const auto index_crc = in.raw<std::uint32_t>();
  file->mint_ = in.raw<Timestamp>();
  file->maxt_ = in.raw<Timestamp>();
  file->samples_ = in.raw<std::uint64_t>();
  if (in.raw<std::uint32_t>() != number)
    return damaged("the file is renamed: its footer has another number", footer_offset);
  if (index_offset < kMagic.size() || index_offset > footer_offset ||
      footer_offset - index_offset != file->count_ * kEntryBytes) {
    return damaged("the footer contradicts the size of the file", footer_offset);
  }
  const std::string_view index = view.substr(index_offset, footer_offset - index_offset);
  if (index_crc != crc32c(index)) return damaged("the index fails its checksum", index_offset);
  file->index_ = index.data();
  return std::shared_ptr<const ChunkFile>(std::move(file));
}

std::uint64_t ChunkFile::index_bytes() const { return count_ * kEntryBytes + kFooterBytes; }

ChunkFile::Entry ChunkFile::entry(std::uint32_t i) const {
  const char* at = index_ + std::size_t{i} * kEntryBytes;
  return {load_raw<SeriesId>(at), load_raw<std::uint32_t>(at + 4), load_raw<Timestamp>(at + 8),
          load_raw<Timestamp>(at + 16)};
}

std::uint32_t ChunkFile::find(SeriesId series) const {
  std::uint32_t low = 0;
  std::uint32_t high = count_;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (load_raw<SeriesId>(index_ + std::size_t{middle} * kEntryBytes) < series) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Result<std::string_view> ChunkFile::chunk(std::uint32_t i) const {
  const std::uint32_t offset = entry(i).offset;
  const auto index_offset = static_cast<std::uint64_t>(index_ - view_.data());
  const std::uint64_t end = i + 1 < count_ ? entry(i + 1).offset : index_offset;
  if (end > index_offset || offset + 4ULL > end) {
    return fail(ErrorCode::kCorruption, fmt::format("{}: entry {} of the index is out of range", path_.string(), i));
  }
  const std::string_view bytes = view_.substr(offset + 4, end - offset - 4);
  if (load_raw<std::uint32_t>(view_.data() + offset) != crc32c(bytes)) {
    return fail(ErrorCode::kCorruption,
                fmt::format("{} at offset {}: a chunk fails its checksum", path_.string(), offset));
  }
  return bytes;
}

}  // namespace vigil::storage
