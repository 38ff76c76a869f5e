// What each container of this host uses, from its control groups.
//
//   ContainerSampler sampler({});
//   VIGIL_TRY(ContainersUsage usage, sampler.read());
//
// Both versions of control groups: pure version 2 where <sysfs>/fs/cgroup is one, else
// the hierarchies cpu, cpuacct, memory and blkio of version 1.
//
// A container is a control group that a container runtime made (container_names.h), a
// service or scope of systemd, or one that was given a name in the options. What lies
// below a container belongs to it. Figures that the kernel does not show are absent.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/file_system.h"
#include "vigil/resources/cgroup.h"
#include "vigil/resources/proc.h"

namespace vigil::exporters {

struct ContainerUsage {
  std::string id;  // path of its control group: "/system.slice/docker-4f….scope"
  std::string name;
  std::optional<double> cpu_seconds;
  std::optional<double> throttled_seconds;
  resources::CpuBandwidth cpu_bandwidth;  // both are absent without a quota
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::uint64_t> working_set_bytes;   // without file cache that is not in use
  std::optional<std::uint64_t> memory_limit_bytes;  // 0: none
  std::optional<std::uint64_t> oom_kills;
  std::vector<resources::DeviceIo> disks;         // devices as "/dev/sda" where sysfs knows them
  std::vector<resources::DeviceTraffic> network;  // without loopback; empty if it shares the host's network
  std::optional<double> start_time_seconds;       // Unix time
};

struct ContainersUsage {
  std::vector<ContainerUsage> containers;  // by id
  std::size_t left_out = 0;                // by limits
};

// What stat(2) says of a path, symbolic links followed.
struct FileIdentity {
  std::uint64_t inode = 0;
  double born_seconds = 0;  // Unix time; of the last change where the file system keeps no birth time
};
Result<FileIdentity> file_identity(const FileSystem::Path& path);

struct ContainerSamplerOptions {
  FileSystem* files = &FileSystem::real();  // outlives the sampler
  // As node_exporter has them, for exporters that run in a container themselves.
  FileSystem::Path procfs = "/proc";
  FileSystem::Path sysfs = "/sys";
  FileSystem::Path rootfs = "/";
  std::map<std::string, std::string> names = {};  // by id, for control groups of no known runtime
  std::size_t max_containers = 1000;
  std::size_t max_cgroups = 20'000;  // directories looked at in one hierarchy
  Result<FileIdentity> (*identify)(const FileSystem::Path& path) = file_identity;
};

// Not thread-safe: one owner reads.
class ContainerSampler {
 public:
  explicit ContainerSampler(ContainerSamplerOptions options) : options_(std::move(options)) {}

  // kNotFound if there are no control groups at the place given.
  Result<ContainersUsage> read();

 private:
  struct Found;
  void walk(const FileSystem::Path& hierarchy, Found& found) const;
  void read_v1(const FileSystem::Path& root, ContainerUsage& usage) const;
  void read_v2(const FileSystem::Path& root, ContainerUsage& usage) const;
  void read_network(std::uint64_t process, std::uint64_t host_network, ContainerUsage& usage) const;
  std::optional<std::uint64_t> process_in(const FileSystem::Path& directory, int depth) const;
  std::string device_name(const std::string& number) const;
  std::string text(const FileSystem::Path& path) const;
  std::optional<std::uint64_t> count(const FileSystem::Path& path) const;

  const ContainerSamplerOptions options_;
  // When each container began. Kept while its directory is the same one, because the
  // time of the last change moves when a directory in it comes or goes.
  std::map<std::string, FileIdentity> born_;
};

}  // namespace vigil::exporters
