// Resource use over the time between two looks, for gauges that are set at an interval.
//
//   UsageMeter meter(Sampler(), clock, {.data_directory = "data"});
//   VIGIL_TRY(Usage usage, meter.read());   // every collection_interval
//   cpu.set(usage.cpu_ratio);
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "vigil/base/clock.h"
#include "vigil/base/error.h"
#include "vigil/resources/sampler.h"

namespace vigil::resources {

struct Usage {
  // Of all CPUs of the host since the last look, 0 to 1; at the first since the process began.
  double cpu_ratio = 0;
  std::uint64_t memory_bytes = 0;  // resident
  std::uint64_t memory_limit_bytes = 0;
  std::uint64_t disk_bytes = 0;        // of the data directory; 0: none given
  std::uint64_t disk_limit_bytes = 0;  // what it can grow to: its own bytes and those free
  // Since the last look; 0 at the first and where /proc does not show it.
  double received_bytes_per_second = 0;
  double transmitted_bytes_per_second = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;  // 0: unlimited
};

// Not thread-safe: one owner looks.
class UsageMeter {
 public:
  struct Options {
    std::filesystem::path data_directory = {};
  };
  UsageMeter(Sampler sampler, const Clock& clock, Options options)
      : sampler_(sampler), clock_(clock), options_(std::move(options)) {}

  Result<Usage> read();

 private:
  struct Look {
    std::chrono::nanoseconds at{};
    double cpu_seconds = 0;
    std::optional<NetworkBytes> network;
  };
  const Sampler sampler_;
  const Clock& clock_;
  const Options options_;
  std::optional<Look> last_;
};

}  // namespace vigil::resources
