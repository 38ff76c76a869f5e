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

std::uint64_t steady_nanoseconds() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

#if defined(__x86_64__)
// 0 if the counter is of no use.
double measure_seconds_per_tick() {
  if (!has_invariant_tsc()) return 0;
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
  return now > start ? static_cast<double>(now_ns - start_ns) * 1e-9 / static_cast<double>(now - start) : 0;
}
#endif

}  // namespace

constinit std::atomic<double> Ticks::seconds_per_tick_{1e-9};
constinit std::atomic<bool> Ticks::tsc_{false};

std::uint64_t Ticks::now_slow() {
#if defined(__x86_64__)
  static const bool usable = [] {
    const double measured = measure_seconds_per_tick();
    if (measured <= 0) return false;
    seconds_per_tick_.store(measured, std::memory_order_relaxed);
    tsc_.store(true, std::memory_order_release);
    return true;
  }();
  if (usable) return __rdtsc();
#endif
  return steady_nanoseconds();
}

}  // namespace vigil
