#include "vigil/resources/proc.h"

#include <utility>

#include "vigil/resources/text_fields.h"

namespace vigil::resources {

using internal::next_field;
using internal::next_line;
using internal::number;

namespace {

// Mount paths have blanks, backslashes and newlines as \040.
std::string unescape_octal(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '\\' && digit(i + 1) && digit(i + 2) && digit(i + 3)) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

Result<ProcessStat> parse_process_stat(std::string_view text) {
  const auto bad = [] { return fail(ErrorCode::kInvalidArgument, "/proc/<pid>/stat has another form than proc(5)"); };
  // The program's name, in parentheses, may have parentheses and blanks in it.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return bad();
  text.remove_prefix(name_end + 1);
  ProcessStat stat;
  const std::pair<int, std::uint64_t*> wanted[] = {{14, &stat.user_ticks},    {15, &stat.system_ticks},
                                                   {20, &stat.threads},       {22, &stat.start_ticks},
                                                   {23, &stat.virtual_bytes}, {24, &stat.resident_pages}};
  int field = 2;  // of the name, in the numbering of proc(5)
  for (const auto& [index, value] : wanted) {
    std::string_view found;
    for (; field < index; ++field) found = next_field(text);
    const auto parsed = number(found);
    if (!parsed) return bad();
    *value = *parsed;
  }
  return stat;
}

ProcessLimits parse_process_limits(std::string_view text) {
  ProcessLimits limits;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    const auto take = [&](std::string_view name, std::optional<std::uint64_t>& limit) {
      if (!line.starts_with(name)) return;
      line.remove_prefix(name.size());
      limit = number(next_field(line));
    };
    take("Max open files ", limits.open_files);
    take("Max address space ", limits.address_space_bytes);
  }
  return limits;
}

Result<NetworkBytes> parse_netstat(std::string_view text) {
  // Pairs of lines: names, then values.
  while (!text.empty()) {
    std::string_view names = next_line(text);
    std::string_view values = next_line(text);
    if (!names.starts_with("IpExt:")) continue;
    NetworkBytes bytes;
    for (std::string_view name = next_field(names); !name.empty(); name = next_field(names)) {
      const auto value = number(next_field(values));
      if (name == "InOctets" && value) bytes.received = *value;
      if (name == "OutOctets" && value) bytes.transmitted = *value;
    }
    return bytes;
  }
  return fail(ErrorCode::kInvalidArgument, "/proc/<pid>/net/netstat has no line IpExt");
}

Result<HostStat> parse_host_stat(std::string_view text) {
  HostStat stat;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    const std::string_view name = next_field(line);
    if (name == "btime") stat.boot_time = number(next_field(line)).value_or(0);
    if (!name.starts_with("cpu") || !number(name.substr(3))) continue;
    CpuTicks cpu;
    cpu.cpu = name.substr(3);
    // Old kernels have fewer modes.
    for (std::uint64_t& ticks : cpu.ticks) ticks = number(next_field(line)).value_or(0);
    stat.cpus.push_back(std::move(cpu));
  }
  if (stat.cpus.empty()) return fail(ErrorCode::kInvalidArgument, "/proc/stat has no line of a CPU");
  return stat;
}

std::map<std::string, std::uint64_t, std::less<>> parse_meminfo(std::string_view text) {
  std::map<std::string, std::uint64_t, std::less<>> bytes;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    const std::string_view name = next_field(line);
    if (!name.ends_with(':')) continue;
    const auto value = number(next_field(line));
    if (!value) continue;
    bytes[std::string(name.substr(0, name.size() - 1))] = next_field(line) == "kB" ? *value * 1024 : *value;
  }
  return bytes;
}

std::vector<DeviceTraffic> parse_net_dev(std::string_view text) {
  // Columns of each direction: bytes packets errs drop, and four more.
  constexpr int kSkipped = 4;
  std::vector<DeviceTraffic> devices;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    // The first number may follow the colon without a blank.
    const std::size_t colon = line.rfind(':');
    if (colon == std::string_view::npos) continue;
    std::string_view name = line.substr(0, colon);
    line.remove_prefix(colon + 1);
    DeviceTraffic traffic;
    traffic.device = next_field(name);
    bool good = !traffic.device.empty();
    const auto take = [&](TrafficCounters& counters) {
      for (std::uint64_t* value : {&counters.bytes, &counters.packets, &counters.errors, &counters.dropped}) {
        const auto parsed = number(next_field(line));
        good = good && parsed.has_value();
        *value = parsed.value_or(0);
      }
    };
    take(traffic.received);
    for (int i = 0; i < kSkipped; ++i) next_field(line);
    take(traffic.transmitted);
    if (good) devices.push_back(std::move(traffic));
  }
  return devices;
}

std::vector<Mount> parse_mounts(std::string_view text) {
  std::vector<Mount> mounts;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    Mount mount;
    mount.device = unescape_octal(next_field(line));
    mount.mountpoint = unescape_octal(next_field(line));
    mount.fstype = unescape_octal(next_field(line));
    if (!mount.fstype.empty()) mounts.push_back(std::move(mount));
  }
  return mounts;
}

std::optional<CgroupPath> parse_memory_cgroup(std::string_view text) {
  std::optional<CgroupPath> found;
  while (!text.empty()) {
    // hierarchy-id:controllers:path
    std::string_view line = next_line(text);
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string controllers = "," + std::string(line.substr(first + 1, second - first - 1)) + ",";
    const std::string_view path = line.substr(second + 1);
    // On hybrid systems both are there, and memory belongs to v1.
    if (controllers.find(",memory,") != std::string::npos) return CgroupPath{false, std::string(path)};
    if (line.starts_with("0::")) found = CgroupPath{true, std::string(path)};
  }
  return found;
}

std::optional<std::uint64_t> parse_memory_limit(std::string_view text) {
  // cgroup v1 says "none" with the largest multiple of a page below 2^63.
  constexpr std::uint64_t kNone = (std::uint64_t{1} << 63) - 65536;
  const auto limit = number(text.substr(0, text.find('\n')));
  return limit && *limit < kNone ? limit : std::nullopt;
}

}  // namespace vigil::resources
