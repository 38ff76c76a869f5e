#include "vigil/resources/usage_meter.h"

#include <algorithm>

namespace vigil::resources {

Result<Usage> UsageMeter::read() {
  VIGIL_TRY(const ProcessUsage process, sampler_.process());
  VIGIL_TRY(const std::size_t cpus, sampler_.cpus());
  const Look look{clock_.steady(), process.cpu_seconds, process.network};

  Usage usage;
  usage.memory_bytes = process.resident_bytes;
  VIGIL_TRY(usage.memory_limit_bytes, sampler_.memory_limit_bytes());
  usage.open_fds = process.open_fds;
  usage.max_fds = process.max_fds.value_or(0);
  const double age = static_cast<double>(clock_.now()) / kSecond - process.start_time_seconds;
  const double elapsed = last_ ? std::chrono::duration<double>(look.at - last_->at).count() : age;
  if (elapsed > 0) {
    const double cpu = look.cpu_seconds - (last_ ? last_->cpu_seconds : 0);
    // Ticks are coarser than the clock, so that a short interval may seem to hold more than it can.
    usage.cpu_ratio = std::clamp(cpu / elapsed / static_cast<double>(cpus), 0.0, 1.0);
    if (last_ && last_->network && look.network) {
      const auto rate = [elapsed](std::uint64_t before, std::uint64_t now) {
        return now > before ? static_cast<double>(now - before) / elapsed : 0;
      };
      usage.received_bytes_per_second = rate(last_->network->received, look.network->received);
      usage.transmitted_bytes_per_second = rate(last_->network->transmitted, look.network->transmitted);
    }
  }
  if (!options_.data_directory.empty()) {
    VIGIL_TRY(usage.disk_bytes, sampler_.directory_bytes(options_.data_directory));
    VIGIL_TRY(const Space space, sampler_.space(options_.data_directory));
    usage.disk_limit_bytes = usage.disk_bytes + space.available_bytes;
  }
  last_ = look;
  return usage;
}

}  // namespace vigil::resources
