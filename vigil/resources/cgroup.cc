#include "vigil/resources/cgroup.h"

#include <algorithm>
#include <utility>

#include "vigil/resources/text_fields.h"

namespace vigil::resources {

using internal::next_field;
using internal::next_line;
using internal::number;

namespace {

// Device numbers become part of a path: nothing but digits may pass.
bool is_device(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && number(text.substr(0, colon)) && number(text.substr(colon + 1));
}

}  // namespace

std::optional<std::uint64_t> parse_count(std::string_view text) {
  std::string_view line = next_line(text);
  return number(next_field(line));
}

std::optional<std::uint64_t> keyed_value(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    std::string_view line = next_line(text);
    if (next_field(line) == key) return number(next_field(line));
  }
  return std::nullopt;
}

CpuBandwidth parse_cpu_max(std::string_view text) {
  std::string_view line = next_line(text);
  CpuBandwidth bandwidth;
  bandwidth.quota_us = number(next_field(line));
  bandwidth.period_us = number(next_field(line));
  return bandwidth;
}

std::vector<DeviceIo> parse_io_stat(std::string_view text) {
  constexpr std::string_view kRead = "rbytes=", kWritten = "wbytes=";
  std::vector<DeviceIo> devices;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    const std::string_view device = next_field(line);
    if (!is_device(device)) continue;
    std::optional<std::uint64_t> read, written;
    for (std::string_view field = next_field(line); !field.empty(); field = next_field(line)) {
      if (field.starts_with(kRead)) read = number(field.substr(kRead.size()));
      if (field.starts_with(kWritten)) written = number(field.substr(kWritten.size()));
    }
    // A device without I/O may stand there with nothing behind it.
    if (read && written) devices.push_back({std::string(device), *read, *written});
  }
  return devices;
}

std::vector<DeviceIo> parse_io_service_bytes(std::string_view text) {
  std::vector<DeviceIo> devices;
  while (!text.empty()) {
    // major:minor Operation bytes; the last line is the total of all.
    std::string_view line = next_line(text);
    const std::string_view device = next_field(line);
    const std::string_view operation = next_field(line);
    const auto bytes = number(next_field(line));
    if (!is_device(device) || !bytes || (operation != "Read" && operation != "Write")) continue;
    // The lines of a device stand together.
    if (devices.empty() || devices.back().device != device) devices.push_back({std::string(device), 0, 0});
    (operation == "Read" ? devices.back().read_bytes : devices.back().written_bytes) = *bytes;
  }
  return devices;
}

std::optional<std::uint64_t> first_process(std::string_view text) {
  while (!text.empty()) {
    // Processes of another PID namespace are 0.
    const auto pid = number(next_line(text));
    if (pid && *pid != 0) return pid;
  }
  return std::nullopt;
}

}  // namespace vigil::resources
