// Any bytes as a target file.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vigil/discovery/target_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(
      vigil::discovery::parse_target_file(std::string_view(reinterpret_cast<const char*>(data), size), "targets.yml"));
  return 0;
}
