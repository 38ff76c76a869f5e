// The cheapest monotonic clock of the machine, for measuring short durations on
// hot paths: the CPU's time-stamp counter where it runs at a constant rate,
// else the monotonic clock. Code that must run in virtual time uses Clock.
//
// Thread-safety: any thread.
#pragma once

#include <atomic>
#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace vigil {

class Ticks {
 public:
  // Ticks since an arbitrary start.
  static std::uint64_t now() {
#if defined(__x86_64__)
    if (tsc_.load(std::memory_order_acquire)) [[likely]]
      return __rdtsc();
#endif
    return now_slow();
  }

  // Seconds from one now() to a later one; 0 if `end` lies before `start`, as can
  // happen between CPUs whose counters differ by a few ticks.
  static double seconds(std::uint64_t start, std::uint64_t end) {
    const auto ticks = static_cast<std::int64_t>(end - start);
    return ticks > 0 ? static_cast<double>(ticks) * seconds_per_tick_.load(std::memory_order_relaxed) : 0;
  }

 private:
  // The first call measures the counter against the monotonic clock (about 2 ms), and
  // nobody gets ticks before that.
  [[gnu::cold]] static std::uint64_t now_slow();

  static constinit std::atomic<double> seconds_per_tick_;
  static constinit std::atomic<bool> tsc_;  // set after the rate
};

}  // namespace vigil
