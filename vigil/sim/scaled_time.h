// Time that runs faster: `--speed 10` makes a simulated minute last six seconds. Code
// that takes its time from a Clock and its timers from a Scheduler does not notice.
#pragma once

#include "vigil/base/clock.h"
#include "vigil/base/scheduler.h"

namespace vigil::sim {

class ScaledClock final : public Clock {
 public:
  ScaledClock(const Clock& real, double speed);

  // Starts at the real time and gains on it.
  Timestamp now() const override;
  std::chrono::nanoseconds steady() const override;
  double speed() const { return speed_; }

 private:
  const Clock& real_;
  const double speed_;
  const Timestamp start_;
  const std::chrono::nanoseconds steady_start_;
};

// Thread-safety: as the scheduler behind it.
class ScaledScheduler final : public Scheduler {
 public:
  ScaledScheduler(Scheduler& real, double speed) : real_(real), clock_(real.clock(), speed) {}

  Clock& clock() override { return clock_; }
  TaskId run_at(Timestamp when, Task task) override;
  bool cancel(TaskId id) override { return real_.cancel(id); }

 private:
  Scheduler& real_;
  ScaledClock clock_;
};

}  // namespace vigil::sim
