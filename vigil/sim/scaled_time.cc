#include "vigil/sim/scaled_time.h"

#include <cmath>
#include <utility>

namespace vigil::sim {

ScaledClock::ScaledClock(const Clock& real, double speed)
    : real_(real), speed_(speed > 0 ? speed : 1), start_(real.now()), steady_start_(real.steady()) {}

std::chrono::nanoseconds ScaledClock::steady() const {
  const auto elapsed = static_cast<double>((real_.steady() - steady_start_).count());
  return steady_start_ + std::chrono::nanoseconds(static_cast<std::int64_t>(elapsed * speed_));
}

Timestamp ScaledClock::now() const {
  return start_ + std::chrono::duration_cast<std::chrono::milliseconds>(steady() - steady_start_).count();
}

Scheduler::TaskId ScaledScheduler::run_at(Timestamp when, Task task) {
  const Timestamp now = clock_.now();
  if (when <= now) return real_.run_at(kMinTimestamp, std::move(task));
  // Rounded up: a task must not find itself early and arm itself again at once.
  const double delay = std::ceil(static_cast<double>(when - now) / clock_.speed());
  return real_.run_at(real_.clock().now() + static_cast<Duration>(delay), std::move(task));
}

}  // namespace vigil::sim
