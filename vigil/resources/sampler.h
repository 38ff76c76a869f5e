// What this process and its host use: CPU, memory, disk, network, file descriptors.
//
//   Sampler sampler;                                  // of the real /proc
//   VIGIL_TRY(ProcessUsage usage, sampler.process());
//   memory.set(usage.resident_bytes);
//
// Every figure of vigil about resources comes from here: the families of
// process_metrics.h and host_metrics.h, and the gauges of packs (usage_meter.h).
//
// Thread-safety: any thread; nothing is kept between calls.
// Errors: of reading /proc, with the path; a part that a kernel or container does not
// show is 0 or absent as its comment says.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/file_system.h"
#include "vigil/resources/proc.h"

namespace vigil::resources {

struct ProcessUsage {
  double cpu_seconds = 0;  // user and system
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::optional<std::uint64_t> virtual_max_bytes;  // absent: unlimited
  std::uint64_t open_fds = 0;
  std::optional<std::uint64_t> max_fds;  // absent: unlimited
  std::uint64_t threads = 0;
  double start_time_seconds = 0;        // Unix time
  std::optional<NetworkBytes> network;  // of the process' network namespace; absent: not shown
};

struct CpuTime {
  std::string cpu;
  std::array<double, kCpuModes.size()> seconds{};  // by kCpuModes
};

// Of the file system that holds a path.
struct Space {
  std::uint64_t size_bytes = 0;
  std::uint64_t available_bytes = 0;  // to unprivileged users
};
Result<Space> disk_space(const FileSystem::Path& path);

struct FilesystemUsage {
  Mount mount;
  Space space;
};

struct HostUsage {
  std::vector<CpuTime> cpus;
  std::optional<std::uint64_t> memory_total_bytes;
  std::optional<std::uint64_t> memory_available_bytes;  // absent before Linux 3.14
  std::vector<DeviceTraffic> network;
};

class Sampler {
 public:
  // `files` outlives the sampler. Sizes of file systems are asked of `ask_space`.
  using SpaceFunction = Result<Space> (*)(const FileSystem::Path& path);
  explicit Sampler(FileSystem& files = FileSystem::real(), SpaceFunction ask_space = disk_space)
      : files_(&files), space_(ask_space) {}

  Result<ProcessUsage> process() const;
  Result<HostUsage> host() const;

  // Mounted file systems that have a size. Network file systems are left out: asking
  // them may block for ever. At most kMaxFilesystems.
  static constexpr std::size_t kMaxFilesystems = 256;
  Result<std::vector<FilesystemUsage>> filesystems() const;

  // What the process may use at most: the lowest limit of its cgroups, or the host's memory.
  Result<std::uint64_t> memory_limit_bytes() const;

  // Sum of the sizes of all files below `directory`; what vanishes meanwhile is left out.
  Result<std::uint64_t> directory_bytes(const FileSystem::Path& directory) const;

  // CPUs of the host.
  Result<std::size_t> cpus() const;

  Result<Space> space(const FileSystem::Path& path) const { return space_(path); }

 private:
  Result<HostStat> host_stat() const;
  FileSystem* files_;
  SpaceFunction space_;
};

}  // namespace vigil::resources
