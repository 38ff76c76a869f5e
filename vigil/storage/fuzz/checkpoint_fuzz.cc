// Any bytes as a checkpoint: whatever is good is restored, nothing crashes. The checksums
// would hide the block parsers from the fuzzer, so each input is also tried as a sealed block.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "vigil/base/hash.h"
#include "vigil/storage/chunk/varint.h"
#include "vigil/storage/file/checkpoint.h"

namespace {

std::string block(std::uint8_t type, std::string_view payload) {
  using namespace vigil::storage;
  std::string out;
  const char tag = static_cast<char>(type);
  put_raw(out, static_cast<std::uint32_t>(payload.size()));
  put_raw(out, vigil::crc32c(payload, vigil::crc32c({&tag, 1})));
  out += tag;
  out += payload;
  return out;
}

void read(std::string_view bytes) {
  using namespace vigil::storage;
  struct Parts {
    SeriesIndex index{pins};
    Pins pins;
  } parts;
  CheckpointVisitor visitor;
  visitor.intern = [&](std::string_view name, std::string_view value) { return parts.index.intern(name, value); };
  visitor.series = [&](SeriesId id, std::span<const PairId> pairs) -> Series* {
    if (parts.index.get(id) != nullptr) return nullptr;
    Series* series = parts.index.restore(id, pairs);
    return series->id() == id ? series : nullptr;
  };
  visitor.metadata = [](std::string_view, vigil::MetricMetadata) {};
  visitor.damage = [](std::uint64_t, const std::string&) {};
  static_cast<void>(read_checkpoint(bytes, visitor));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read(bytes);
  read("VGLCPT01" + block(1, std::string(16, '\1')) + block(2, bytes) + block(3, bytes));
  return 0;
}
