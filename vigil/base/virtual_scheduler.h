// A scheduler in virtual time: tasks run on the calling thread, in order of
// their due time, when advance() is called. Deterministic.
#pragma once

#include <map>
#include <unordered_map>
#include <utility>

#include "vigil/base/fake_clock.h"
#include "vigil/base/scheduler.h"

namespace vigil {

// Not thread-safe: one thread drives the simulation.
class VirtualScheduler final : public Scheduler {
 public:
  explicit VirtualScheduler(Timestamp start = 0) : clock_(start) {}

  Clock& clock() override { return clock_; }
  TaskId run_at(Timestamp when, Task task) override;
  bool cancel(TaskId id) override;

  // Moves time forward, running everything that comes due on the way at its own
  // time, including what the tasks schedule meanwhile.
  void advance(Duration by) { advance_to(clock_.now() + by); }
  void advance_to(Timestamp until);

  // Runs what is due now without moving time.
  void run_due() { advance(0); }

  std::size_t pending() const { return queue_.size(); }

 private:
  using Key = std::pair<Timestamp, TaskId>;

  FakeClock clock_;
  std::map<Key, Task> queue_;
  std::unordered_map<TaskId, Timestamp> due_;
  TaskId last_id_ = 0;
};

}  // namespace vigil
