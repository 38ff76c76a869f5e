// One file of a write-ahead log: a header, then framed records.
// The bytes are described in docs/formats/wal.md; all integers are little-endian.
//
// A frame carries two checksums. The one of its header is seeded with the place the
// frame stands at (segment number, offset), so that a reader can find the next
// record after damage by testing every offset, and cannot take bytes inside a
// record, or of a recycled disk block, for a frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace vigil::wal {

inline constexpr std::string_view kSegmentMagic = "VGLWAL01";
inline constexpr std::size_t kSegmentHeaderBytes = 28;
inline constexpr std::size_t kFrameHeaderBytes = 12;
inline constexpr std::size_t kMaxRecordBytes = std::size_t{1} << 30;
inline constexpr std::uint64_t kUnknownSize = std::numeric_limits<std::uint64_t>::max();

// "00000042.wal" and back; nullopt for any other name.
std::string segment_file_name(std::uint64_t number);
std::optional<std::uint64_t> parse_segment_file_name(std::string_view name);

struct SegmentHeader {
  std::uint64_t number = 0;
  // Bytes of the segment before this one that count; what follows them there is the
  // rest of a write that failed. kUnknownSize if there was none.
  std::uint64_t previous_size = kUnknownSize;
};

std::string encode_segment_header(const SegmentHeader& header);
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes);

// Appends a frame to `batch`. Its header checksum is left open until seal_frames().
void append_frame(std::string& batch, std::string_view payload);
// Completes the frames of `batch`, which will stand at `offset` of segment `number`.
void seal_frames(std::string& batch, std::uint64_t number, std::uint64_t offset);

// Walks over the records of one segment held in memory.
class SegmentReader {
 public:
  // `bytes` is the whole file, or as much of it as counts.
  SegmentReader(std::string_view bytes, std::uint64_t number) : bytes_(bytes), number_(number) {}

  enum class Step {
    kRecord,  // payload() and offset() describe it
    kDamage,  // bytes [offset(), damage_end()) are no record
    kTorn,    // from offset() on there is the beginning of a record, cut off by the end of the file
    kEnd,     // clean end
  };
  Step next();

  std::string_view payload() const { return payload_; }
  std::uint64_t offset() const { return offset_; }
  std::uint64_t damage_end() const { return position_; }

 private:
  // Bytes of the good frame at `offset`, or 0.
  std::size_t frame_at(std::uint64_t offset) const;
  bool is_torn(std::uint64_t offset) const;

  std::string_view bytes_;
  std::uint64_t number_;
  std::uint64_t position_ = kSegmentHeaderBytes;
  std::uint64_t offset_ = 0;
  std::string_view payload_;
};

}  // namespace vigil::wal
