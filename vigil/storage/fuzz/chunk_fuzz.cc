// Any bytes as a chunk: an error or samples, as many columns as rows.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vigil/storage/chunk/chunk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vigil::SampleColumns out;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (!vigil::storage::decode_chunk(bytes, vigil::kMinTimestamp, vigil::kMaxTimestamp, out)) return 0;
  if (out.timestamps.size() != out.values.size()) __builtin_trap();
  return 0;
}
