#include "vigil/resources/sampler.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace vigil::resources {
namespace {

constexpr int kMaxDepth = 64;  // of directories: a link may lead back up

double seconds(std::uint64_t ticks) { return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK)); }

bool may_block(std::string_view fstype) {
  for (const std::string_view network : {"nfs", "cifs", "smb", "ceph", "gluster", "fuse", "9p", "afs", "autofs"}) {
    if (fstype.starts_with(network)) return true;
  }
  return false;
}

bool is_below(std::string_view path, std::string_view directory) {
  return path == directory || (path.starts_with(directory) && path.substr(directory.size()).starts_with('/'));
}

std::uint64_t size_below(FileSystem& files, const FileSystem::Path& path, int depth) {
  const auto names = files.list(path);
  if (!names) return files.file_size(path).value_or(0);
  std::uint64_t bytes = 0;
  if (depth == 0) return bytes;
  for (const std::string& name : *names) bytes += size_below(files, path / name, depth - 1);
  return bytes;
}

}  // namespace

Result<Space> disk_space(const FileSystem::Path& path) {
  struct statvfs status{};
  if (::statvfs(path.c_str(), &status) != 0) {
    return fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                "statvfs " + path.string() + ": " + std::strerror(errno));
  }
  return Space{.size_bytes = status.f_blocks * status.f_frsize, .available_bytes = status.f_bavail * status.f_frsize};
}

Result<HostStat> Sampler::host_stat() const {
  VIGIL_TRY(const std::string text, files_->read_file("/proc/stat"));
  return parse_host_stat(text);
}

Result<ProcessUsage> Sampler::process() const {
  VIGIL_TRY(const std::string text, files_->read_file("/proc/self/stat"));
  VIGIL_TRY(const ProcessStat stat, parse_process_stat(text));
  ProcessUsage usage;
  usage.cpu_seconds = seconds(stat.user_ticks + stat.system_ticks);
  usage.resident_bytes = stat.resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  usage.virtual_bytes = stat.virtual_bytes;
  usage.threads = stat.threads;
  VIGIL_TRY(const HostStat host, host_stat());
  usage.start_time_seconds = static_cast<double>(host.boot_time) + seconds(stat.start_ticks);
  if (const auto limits = files_->read_file("/proc/self/limits")) {
    const ProcessLimits parsed = parse_process_limits(*limits);
    usage.max_fds = parsed.open_files;
    usage.virtual_max_bytes = parsed.address_space_bytes;
  }
  VIGIL_TRY(const auto descriptors, files_->list("/proc/self/fd"));
  usage.open_fds = descriptors.size();
  if (const auto netstat = files_->read_file("/proc/self/net/netstat")) {
    if (const auto bytes = parse_netstat(*netstat)) usage.network = *bytes;
  }
  return usage;
}

Result<HostUsage> Sampler::host() const {
  HostUsage usage;
  VIGIL_TRY(const HostStat stat, host_stat());
  for (const CpuTicks& cpu : stat.cpus) {
    CpuTime& time = usage.cpus.emplace_back();
    time.cpu = cpu.cpu;
    std::ranges::transform(cpu.ticks, time.seconds.begin(), seconds);
  }
  VIGIL_TRY(const std::string memory, files_->read_file("/proc/meminfo"));
  const auto bytes = parse_meminfo(memory);
  const auto get = [&bytes](std::string_view name) {
    const auto found = bytes.find(name);
    return found == bytes.end() ? std::nullopt : std::optional(found->second);
  };
  usage.memory_total_bytes = get("MemTotal");
  usage.memory_available_bytes = get("MemAvailable");
  VIGIL_TRY(const std::string devices, files_->read_file("/proc/net/dev"));
  usage.network = parse_net_dev(devices);
  return usage;
}

Result<std::vector<FilesystemUsage>> Sampler::filesystems() const {
  VIGIL_TRY(const std::string text, files_->read_file("/proc/self/mounts"));
  std::vector<FilesystemUsage> usage;
  for (Mount& mount : parse_mounts(text)) {
    if (may_block(mount.fstype) || is_below(mount.mountpoint, "/proc") || is_below(mount.mountpoint, "/sys")) continue;
    const auto space = space_(mount.mountpoint);
    // Pseudo file systems have no size; others may be out of reach from a container.
    if (!space || space->size_bytes == 0) continue;
    // A later mount hides an earlier one at the same place.
    std::erase_if(usage, [&](const FilesystemUsage& other) { return other.mount.mountpoint == mount.mountpoint; });
    if (usage.size() < kMaxFilesystems) usage.push_back({std::move(mount), *space});
  }
  return usage;
}

Result<std::uint64_t> Sampler::memory_limit_bytes() const {
  VIGIL_TRY(const std::string memory, files_->read_file("/proc/meminfo"));
  const auto bytes = parse_meminfo(memory);
  const auto total = bytes.find("MemTotal");
  if (total == bytes.end()) return fail(ErrorCode::kInvalidArgument, "/proc/meminfo has no line MemTotal");
  std::uint64_t limit = total->second;
  const auto cgroups = files_->read_file("/proc/self/cgroup");
  if (!cgroups) return limit;
  const auto cgroup = parse_memory_cgroup(*cgroups);
  if (!cgroup) return limit;
  const FileSystem::Path root = cgroup->unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
  const char* const name = cgroup->unified ? "memory.max" : "memory.limit_in_bytes";
  // A limit of any ancestor holds. In a container the path may lie outside of what is mounted: the root is tried
  // anyway.
  for (FileSystem::Path path = cgroup->path;; path = path.parent_path()) {
    if (const auto text = files_->read_file(root / path.relative_path() / name)) {
      limit = std::min(limit, parse_memory_limit(*text).value_or(limit));
    }
    if (path.relative_path().empty()) return limit;
  }
}

Result<std::uint64_t> Sampler::directory_bytes(const FileSystem::Path& directory) const {
  VIGIL_TRY_VOID(files_->list(directory));
  return size_below(*files_, directory, kMaxDepth);
}

Result<std::size_t> Sampler::cpus() const {
  VIGIL_TRY(const HostStat stat, host_stat());
  return stat.cpus.size();
}

}  // namespace vigil::resources
