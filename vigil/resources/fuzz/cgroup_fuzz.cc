// Any bytes as any control group file: no crash, and devices that are safe in a path.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "vigil/resources/cgroup.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vigil::resources;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(parse_count(text));
  static_cast<void>(keyed_value(text, "usage_usec"));
  static_cast<void>(parse_cpu_max(text));
  if (first_process(text) == 0U) std::abort();
  for (const auto& devices : {parse_io_stat(text), parse_io_service_bytes(text)}) {
    for (const DeviceIo& device : devices) {
      if (device.device.find_first_not_of("0123456789:") != std::string::npos) std::abort();
    }
  }
  return 0;
}
