#include "vigil/exporters/container_sampler.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <string_view>

#include "vigil/base/strings.h"
#include "vigil/exporters/container_names.h"

namespace vigil::exporters {
namespace {

using Path = FileSystem::Path;

constexpr int kMaxDepth = 32;
constexpr int kProcessDepth = 4;  // of control groups in a container
constexpr double kMicroseconds = 1e6, kNanoseconds = 1e9;
constexpr std::array<const char*, 4> kHierarchies = {"memory", "cpuacct", "cpu", "blkio"};

// The kernel's own files in a control group start with the name of what they belong to.
// Trying whether a name is a directory costs a system call each, and most names are files.
bool is_kernel_file(std::string_view name) {
  constexpr std::string_view kPrefixes[] = {"blkio.", "cgroup.",  "cpu.",     "cpuacct.",          "cpuset.",
                                            "dmem.",  "devices.", "freezer.", "hugetlb.",          "io.",
                                            "irq.",   "memory.",  "misc.",    "net_cls.",          "net_prio.",
                                            "pids.",  "rdma.",    "tasks",    "notify_on_release", "release_agent"};
  return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

std::optional<double> divided(std::optional<std::uint64_t> value, double by) {
  return value ? std::optional(static_cast<double>(*value) / by) : std::nullopt;
}

std::optional<std::uint64_t> working_set(std::optional<std::uint64_t> usage, std::optional<std::uint64_t> inactive) {
  if (!usage || !inactive) return std::nullopt;
  return *usage - std::min(*usage, *inactive);
}

}  // namespace

struct ContainerSampler::Found {
  std::map<std::string, std::string> names;  // by id
  ContainerNames& resolver;
  std::size_t visited = 0;
  std::size_t left_out = 0;
};

Result<FileIdentity> file_identity(const Path& path) {
  struct statx info{};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME | STATX_CTIME, &info) != 0) {
    return fail(ErrorCode::kIo, "stat " + path.string() + ": " + std::strerror(errno));
  }
  const auto& time = (info.stx_mask & STATX_BTIME) != 0 ? info.stx_btime : info.stx_ctime;
  return FileIdentity{info.stx_ino, static_cast<double>(time.tv_sec) + time.tv_nsec / kNanoseconds};
}

Result<ContainersUsage> ContainerSampler::read() {
  FileSystem& files = *options_.files;
  const Path root = options_.sysfs / "fs/cgroup";
  const bool unified = files.exists(root / "cgroup.controllers");
  std::vector<Path> hierarchies;
  if (unified) {
    hierarchies.push_back(root);
  } else {
    for (const char* const name : kHierarchies) {
      if (files.exists(root / name)) hierarchies.push_back(root / name);
    }
  }
  if (hierarchies.empty()) {
    return fail(ErrorCode::kNotFound, "no control groups in " + root.string() +
                                          ": neither cgroup.controllers nor the hierarchies memory, cpuacct, cpu, "
                                          "blkio; give the place where sysfs is mounted");
  }
  ContainerNames resolver(files, options_.rootfs);
  Found found{{}, resolver};
  for (const Path& hierarchy : hierarchies) {
    found.visited = 0;
    walk(hierarchy, found);
  }

  ContainersUsage all;
  all.left_out = found.left_out;
  // Who may not look at process 1 takes its own network for the host's.
  std::optional<std::uint64_t> host_network;
  for (const char* const process : {"1", "self"}) {
    const auto network = options_.identify(options_.procfs / process / "ns/net");
    if (network && !host_network) host_network = network->inode;
  }
  std::map<std::string, FileIdentity> born;
  for (auto& [id, name] : found.names) {
    ContainerUsage usage;
    usage.id = id;
    usage.name = std::move(name);
    const Path relative = Path(id).relative_path();
    unified ? read_v2(root, usage) : read_v1(root, usage);
    std::optional<FileIdentity> identity;
    std::optional<std::uint64_t> process;
    for (const Path& hierarchy : hierarchies) {
      if (const auto seen = options_.identify(hierarchy / relative); seen && !identity) identity = *seen;
      if (!process) process = process_in(hierarchy / relative, kProcessDepth);
    }
    if (identity) {
      const auto known = born_.find(id);
      const bool same = known != born_.end() && known->second.inode == identity->inode;
      usage.start_time_seconds = (born[id] = same ? known->second : *identity).born_seconds;
    }
    if (process && host_network) read_network(*process, *host_network, usage);
    for (resources::DeviceIo& disk : usage.disks) disk.device = device_name(disk.device);
    all.containers.push_back(std::move(usage));
  }
  born_ = std::move(born);
  return all;
}

void ContainerSampler::walk(const Path& hierarchy, Found& found) const {
  struct Directory {
    std::string id;
    int depth;
  };
  std::vector<Directory> open{{"", 0}};
  while (!open.empty()) {
    const Directory directory = std::move(open.back());
    open.pop_back();
    const auto entries = options_.files->list(hierarchy / Path(directory.id).relative_path());
    if (!entries) continue;  // a file, or gone meanwhile
    if (++found.visited > options_.max_cgroups || directory.depth > kMaxDepth) {
      ++found.left_out;
      continue;
    }
    const std::string_view name = std::string_view(directory.id).substr(directory.id.rfind('/') + 1);
    const auto container = container_id(name);
    const auto given = options_.names.find(directory.id);
    // Names of directories may be any bytes; those of labels may not.
    if (!is_valid_utf8(directory.id)) {
      ++found.left_out;
      continue;
    }
    std::optional<std::string> shown;
    if (given != options_.names.end()) {
      shown = given->second;
    } else if (container) {
      shown = found.names.contains(directory.id) ? found.names[directory.id] : found.resolver.name(*container);
    } else {
      shown = unit_name(name);
    }
    if (shown) {
      if (found.names.size() >= options_.max_containers && !found.names.contains(directory.id)) {
        ++found.left_out;
      } else {
        found.names.emplace(directory.id, std::move(*shown));
      }
    }
    if (container || given != options_.names.end()) continue;
    for (const std::string& entry : *entries) {
      if (!is_kernel_file(entry)) open.push_back({directory.id + "/" + entry, directory.depth + 1});
    }
  }
}

void ContainerSampler::read_v2(const Path& root, ContainerUsage& usage) const {
  const Path directory = root / Path(usage.id).relative_path();
  const std::string cpu = text(directory / "cpu.stat");
  usage.cpu_seconds = divided(resources::keyed_value(cpu, "usage_usec"), kMicroseconds);
  usage.throttled_seconds = divided(resources::keyed_value(cpu, "throttled_usec"), kMicroseconds);
  usage.cpu_bandwidth = resources::parse_cpu_max(text(directory / "cpu.max"));
  usage.memory_bytes = count(directory / "memory.current");
  usage.working_set_bytes =
      working_set(usage.memory_bytes, resources::keyed_value(text(directory / "memory.stat"), "inactive_file"));
  const std::string limit = text(directory / "memory.max");
  if (!limit.empty()) usage.memory_limit_bytes = resources::parse_memory_limit(limit).value_or(0);
  usage.oom_kills = resources::keyed_value(text(directory / "memory.events"), "oom_kill");
  usage.disks = resources::parse_io_stat(text(directory / "io.stat"));
  if (!usage.cpu_bandwidth.quota_us) usage.cpu_bandwidth = {};
}

void ContainerSampler::read_v1(const Path& root, ContainerUsage& usage) const {
  const Path relative = Path(usage.id).relative_path();
  const Path memory = root / "memory" / relative, cpu = root / "cpu" / relative, disk = root / "blkio" / relative;
  usage.cpu_seconds = divided(count(root / "cpuacct" / relative / "cpuacct.usage"), kNanoseconds);
  usage.throttled_seconds = divided(resources::keyed_value(text(cpu / "cpu.stat"), "throttled_time"), kNanoseconds);
  usage.cpu_bandwidth = {count(cpu / "cpu.cfs_quota_us"), count(cpu / "cpu.cfs_period_us")};
  usage.memory_bytes = count(memory / "memory.usage_in_bytes");
  usage.working_set_bytes =
      working_set(usage.memory_bytes, resources::keyed_value(text(memory / "memory.stat"), "total_inactive_file"));
  const std::string limit = text(memory / "memory.limit_in_bytes");
  if (!limit.empty()) usage.memory_limit_bytes = resources::parse_memory_limit(limit).value_or(0);
  usage.oom_kills = resources::keyed_value(text(memory / "memory.oom_control"), "oom_kill");
  // With the groups below it, as memory and CPU have them; old kernels lack that file.
  usage.disks = resources::parse_io_service_bytes(text(disk / "blkio.throttle.io_service_bytes_recursive"));
  if (usage.disks.empty()) {
    usage.disks = resources::parse_io_service_bytes(text(disk / "blkio.throttle.io_service_bytes"));
  }
  if (!usage.cpu_bandwidth.quota_us) usage.cpu_bandwidth = {};
}

void ContainerSampler::read_network(std::uint64_t process, std::uint64_t host_network, ContainerUsage& usage) const {
  const Path proc = options_.procfs / std::to_string(process);
  const auto network = options_.identify(proc / "ns/net");
  if (!network || network->inode == host_network) return;
  usage.network = resources::parse_net_dev(text(proc / "net/dev"));
  std::erase_if(usage.network, [](const resources::DeviceTraffic& traffic) {
    return traffic.device == "lo" || !is_valid_utf8(traffic.device);
  });
}

// Runtimes may keep the processes one level down ("container", "init.scope").
std::optional<std::uint64_t> ContainerSampler::process_in(const Path& directory, int depth) const {
  if (const auto process = resources::first_process(text(directory / "cgroup.procs"))) return process;
  const auto entries = depth > 0 ? options_.files->list(directory) : Result<std::vector<std::string>>();
  if (!entries) return std::nullopt;
  for (const std::string& entry : *entries) {
    if (is_kernel_file(entry)) continue;
    if (const auto process = process_in(directory / entry, depth - 1)) return process;
  }
  return std::nullopt;
}

std::string ContainerSampler::device_name(const std::string& number) const {
  const std::string event = text(options_.sysfs / "dev/block" / number / "uevent");
  constexpr std::string_view kKey = "DEVNAME=";
  for (std::size_t at = 0; at < event.size();) {
    const std::size_t end = std::min(event.size(), event.find('\n', at));
    const std::string_view line = std::string_view(event).substr(at, end - at);
    if (line.starts_with(kKey) && is_valid_utf8(line)) return "/dev/" + std::string(line.substr(kKey.size()));
    at = end + 1;
  }
  return number;
}

std::string ContainerSampler::text(const Path& path) const { return options_.files->read_file(path).value_or(""); }

std::optional<std::uint64_t> ContainerSampler::count(const Path& path) const {
  return resources::parse_count(text(path));
}

}  // namespace vigil::exporters
