// Reads the texts of Linux' /proc and cgroup files, as proc(5) and the kernel's
// cgroup-v1/memory and cgroup-v2 documents describe them.
//
// Tolerant as the kernel demands: fields that are appended later are ignored, lines
// that a kernel does not have are absent. Text that is not of the file's kind is
// kInvalidArgument with the file's name.
//
// Thread-safety: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"

namespace vigil::resources {

// /proc/<pid>/stat
struct ProcessStat {
  std::uint64_t user_ticks = 0;
  std::uint64_t system_ticks = 0;
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  // since boot
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};
Result<ProcessStat> parse_process_stat(std::string_view text);

// /proc/<pid>/limits: soft limits; absent: unlimited or not named.
struct ProcessLimits {
  std::optional<std::uint64_t> open_files;
  std::optional<std::uint64_t> address_space_bytes;
};
ProcessLimits parse_process_limits(std::string_view text);

// /proc/<pid>/net/netstat: bytes of IPv4 in and out, loopback included.
struct NetworkBytes {
  std::uint64_t received = 0;
  std::uint64_t transmitted = 0;
};
Result<NetworkBytes> parse_netstat(std::string_view text);

// /proc/stat
inline constexpr std::array<std::string_view, 8> kCpuModes = {"user",   "nice", "system",  "idle",
                                                              "iowait", "irq",  "softirq", "steal"};
struct CpuTicks {
  std::string cpu;  // "0"
  std::array<std::uint64_t, kCpuModes.size()> ticks{};
};
struct HostStat {
  std::vector<CpuTicks> cpus;   // each one, without the sum
  std::uint64_t boot_time = 0;  // Unix seconds
};
Result<HostStat> parse_host_stat(std::string_view text);

// /proc/meminfo: bytes by name, such as "MemTotal".
std::map<std::string, std::uint64_t, std::less<>> parse_meminfo(std::string_view text);

// /proc/<pid>/net/dev: of the process' network namespace.
struct TrafficCounters {
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  std::uint64_t errors = 0;
  std::uint64_t dropped = 0;
};
struct DeviceTraffic {
  std::string device;
  TrafficCounters received;
  TrafficCounters transmitted;
};
std::vector<DeviceTraffic> parse_net_dev(std::string_view text);

// /proc/<pid>/mounts, octal escapes decoded.
struct Mount {
  std::string device, mountpoint, fstype;
};
std::vector<Mount> parse_mounts(std::string_view text);

// /proc/<pid>/cgroup: the path in the hierarchy that counts memory.
struct CgroupPath {
  bool unified = false;  // cgroup v2
  std::string path;      // "/system.slice/node.service"
};
std::optional<CgroupPath> parse_memory_cgroup(std::string_view text);

// memory.max and memory.limit_in_bytes; absent: no limit.
std::optional<std::uint64_t> parse_memory_limit(std::string_view text);

}  // namespace vigil::resources
