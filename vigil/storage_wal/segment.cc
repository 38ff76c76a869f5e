#include "vigil/storage_wal/segment.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cstring>

#include "vigil/base/error.h"
#include "vigil/base/hash.h"

namespace vigil::wal {
namespace {

static_assert(std::endian::native == std::endian::little, "the formats are written as memory lies");

template <class T>
void put(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

template <class T>
T get(std::string_view bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// Over length, payload checksum and the frame's place.
std::uint32_t header_checksum(std::string_view first_eight, std::uint64_t number, std::uint64_t offset) {
  char bytes[24];
  std::memcpy(bytes, first_eight.data(), 8);
  std::memcpy(bytes + 8, &number, 8);
  std::memcpy(bytes + 16, &offset, 8);
  return crc32c({bytes, sizeof bytes});
}

}  // namespace

std::string segment_file_name(std::uint64_t number) { return fmt::format("{:08}.wal", number); }

std::optional<std::uint64_t> parse_segment_file_name(std::string_view name) {
  if (!name.ends_with(".wal")) return std::nullopt;
  name.remove_suffix(4);
  if (name.size() < 8) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

std::string encode_segment_header(const SegmentHeader& header) {
  std::string out(kSegmentMagic);
  put(out, header.number);
  put(out, header.previous_size);
  put(out, crc32c(out));
  return out;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes || !bytes.starts_with(kSegmentMagic)) return std::nullopt;
  if (get<std::uint32_t>(bytes, 24) != crc32c(bytes.substr(0, 24))) return std::nullopt;
  return SegmentHeader{get<std::uint64_t>(bytes, 8), get<std::uint64_t>(bytes, 16)};
}

void append_frame(std::string& batch, std::string_view payload) {
  VIGIL_CHECK(payload.size() <= kMaxRecordBytes);
  put(batch, static_cast<std::uint32_t>(payload.size()));
  put(batch, crc32c(payload));
  put(batch, std::uint32_t{0});
  batch += payload;
}

void seal_frames(std::string& batch, std::uint64_t number, std::uint64_t offset) {
  for (std::size_t at = 0; at < batch.size();) {
    const std::string_view header(batch.data() + at, 8);
    const std::uint32_t checksum = header_checksum(header, number, offset + at);
    const std::size_t length = get<std::uint32_t>(batch, at);
    std::memcpy(batch.data() + at + 8, &checksum, sizeof checksum);
    at += kFrameHeaderBytes + length;
  }
}

std::size_t SegmentReader::frame_at(std::uint64_t offset) const {
  if (bytes_.size() - offset < kFrameHeaderBytes) return 0;
  const std::string_view frame = bytes_.substr(offset);
  if (get<std::uint32_t>(frame, 8) != header_checksum(frame.substr(0, 8), number_, offset)) return 0;
  const std::size_t length = get<std::uint32_t>(frame, 0);
  if (length > kMaxRecordBytes || frame.size() - kFrameHeaderBytes < length) return 0;
  if (get<std::uint32_t>(frame, 4) != crc32c(frame.substr(kFrameHeaderBytes, length))) return 0;
  return kFrameHeaderBytes + length;
}

bool SegmentReader::is_torn(std::uint64_t offset) const {
  const std::string_view rest = bytes_.substr(offset);
  if (rest.size() < kFrameHeaderBytes) return true;
  return get<std::uint32_t>(rest, 8) == header_checksum(rest.substr(0, 8), number_, offset) &&
         rest.size() - kFrameHeaderBytes < get<std::uint32_t>(rest, 0);
}

SegmentReader::Step SegmentReader::next() {
  offset_ = position_;
  if (position_ >= bytes_.size()) return Step::kEnd;
  if (const std::size_t size = frame_at(position_); size != 0) {
    payload_ = bytes_.substr(position_ + kFrameHeaderBytes, size - kFrameHeaderBytes);
    position_ += size;
    return Step::kRecord;
  }
  if (is_torn(position_)) {
    position_ = bytes_.size();
    return Step::kTorn;
  }
  for (++position_; position_ < bytes_.size(); ++position_) {
    if (frame_at(position_) != 0) break;
  }
  return Step::kDamage;
}

}  // namespace vigil::wal
