// Any bytes as a segment: the reader ends, and never hands out bytes beyond them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vigil/storage_wal/segment.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto header = vigil::wal::decode_segment_header(bytes);
  vigil::wal::SegmentReader reader(bytes, header ? header->number : 1);
  std::size_t total = 0;
  while (true) {
    const auto step = reader.next();
    if (step == vigil::wal::SegmentReader::Step::kEnd) break;
    if (step == vigil::wal::SegmentReader::Step::kRecord) total += reader.payload().size();
    if (total > size) __builtin_trap();
  }
  return 0;
}
