// Reads the texts of control group files of both versions, as the kernel's
// admin-guide/cgroup-v2 and cgroup-v1 documents describe them. What is not there or not
// of that form is absent; unknown keys and lines are ignored.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vigil::resources {

// A file that is one number, such as memory.current; "max" and negative numbers are absent.
std::optional<std::uint64_t> parse_count(std::string_view text);

// The value of `key` in a file of lines `key value`, such as cpu.stat and memory.stat.
std::optional<std::uint64_t> keyed_value(std::string_view text, std::string_view key);

// cpu.max of version 2: "50000 100000", in microseconds. "max" is no quota.
struct CpuBandwidth {
  std::optional<std::uint64_t> quota_us;
  std::optional<std::uint64_t> period_us;
};
CpuBandwidth parse_cpu_max(std::string_view text);

// Bytes read and written by block device, which is "major:minor".
struct DeviceIo {
  std::string device;
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
};
std::vector<DeviceIo> parse_io_stat(std::string_view text);           // io.stat of version 2
std::vector<DeviceIo> parse_io_service_bytes(std::string_view text);  // blkio.throttle.* of version 1

// cgroup.procs: the first process that is visible here.
std::optional<std::uint64_t> first_process(std::string_view text);

}  // namespace vigil::resources
