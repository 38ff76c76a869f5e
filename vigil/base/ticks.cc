#include "vigil/base/ticks.h"

#include <chrono>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace vigil {
namespace {

#if defined(__x86_64__)
// Intel SDM vol. 3, "Invariant TSC": CPUID.80000007H:EDX[8].
bool has_invariant_tsc() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(0x80000007U, &a, &b, &c, &d) != 0 && (d & (1U << 8)) != 0;
}
#endif

}  // namespace

std::uint64_t Ticks::steady_nanoseconds() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

Ticks::Rate Ticks::measure() {
#if defined(__x86_64__)
  if (has_invariant_tsc()) {
    // Two clock reads a window apart; each pair is read close together, so the error is
    // the cost of one read (tens of ns) over the window: some 25 parts per million.
    constexpr std::uint64_t kWindowNs = 2'000'000;
    const std::uint64_t start_ns = steady_nanoseconds();
    const std::uint64_t start = __rdtsc();
    std::uint64_t now_ns = start_ns;
    std::uint64_t now = start;
    while (now_ns - start_ns < kWindowNs) {
      now_ns = steady_nanoseconds();
      now = __rdtsc();
    }
    if (now > start) {
      return {.seconds_per_tick = static_cast<double>(now_ns - start_ns) * 1e-9 / static_cast<double>(now - start),
              .tsc = true};
    }
  }
#endif
  return {};
}

}  // namespace vigil
