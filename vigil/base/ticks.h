// The cheapest monotonic clock of the machine, for measuring short durations on
// hot paths: the CPU's time-stamp counter where it runs at a constant rate,
// else the monotonic clock. Code that must run in virtual time uses Clock.
//
// Thread-safety: any thread.
#pragma once

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
    if (rate().tsc) return __rdtsc();
#endif
    return steady_nanoseconds();
  }

  // Seconds from one now() to a later one; 0 if `end` lies before `start`, as can
  // happen between CPUs whose counters differ by a few ticks.
  static double seconds(std::uint64_t start, std::uint64_t end) {
    return end > start ? static_cast<double>(end - start) * rate().seconds_per_tick : 0;
  }

 private:
  struct Rate {
    double seconds_per_tick = 1e-9;
    bool tsc = false;
  };
  // Measured once, at the first call, against the monotonic clock (about 2 ms).
  static const Rate& rate() {
    static const Rate measured = measure();
    return measured;
  }
  static Rate measure();
  static std::uint64_t steady_nanoseconds();
};

}  // namespace vigil
