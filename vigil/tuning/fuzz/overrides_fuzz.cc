// Any bytes as a file of overrides.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vigil/tuning/overrides.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(vigil::tuning::parse_overrides({reinterpret_cast<const char*>(data), size}, "f"));
  return 0;
}
