// Any bytes as any of the files: no crash, and figures of a kind that can be shown.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "vigil/resources/proc.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vigil::resources;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(parse_process_stat(text));
  static_cast<void>(parse_process_limits(text));
  static_cast<void>(parse_netstat(text));
  static_cast<void>(parse_meminfo(text));
  static_cast<void>(parse_memory_cgroup(text));
  static_cast<void>(parse_memory_limit(text));
  if (const auto stat = parse_host_stat(text); stat && stat->cpus.empty()) std::abort();
  for (const DeviceTraffic& device : parse_net_dev(text)) {
    if (device.device.empty()) std::abort();
  }
  for (const Mount& mount : parse_mounts(text)) {
    if (mount.fstype.empty()) std::abort();
  }
  return 0;
}
