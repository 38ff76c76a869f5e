// Any bytes as a write request, plain and as a snappy block.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vigil/exposition/remote_write.h"

namespace {

using namespace vigil::exposition;

void read(std::string_view request) {
  WriteRequestReader reader(request);
  while (true) {
    switch (reader.next()) {
      case WriteRequestReader::Event::kEnd:
      case WriteRequestReader::Event::kError: return;
      case WriteRequestReader::Event::kSeries: static_cast<void>(decode_labels(reader.raw_labels())); break;
      case WriteRequestReader::Event::kMetadata: break;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read(bytes);
  if (const auto request = snappy_decompress(bytes, 1U << 20)) read(*request);
  return 0;
}
