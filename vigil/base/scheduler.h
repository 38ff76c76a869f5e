// Runs tasks at times. Every loop of vigil (scrapes, rule groups, group waits,
// retention, back-off) is a task that arms itself again, so that the same code
// runs on worker threads in production and, one task at a time, in virtual
// time in tests and simulations.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "vigil/base/clock.h"
#include "vigil/base/time.h"

namespace vigil {

// Thread-safety: all members may be called from any thread, also from inside tasks.
class Scheduler {
 public:
  using Task = std::move_only_function<void()>;
  using TaskId = std::uint64_t;

  virtual ~Scheduler() = default;

  virtual Clock& clock() = 0;

  // Runs `task` on a worker once clock().now() >= when; at once if that is past.
  // Tasks due at the same time start in the order of their calls.
  virtual TaskId run_at(Timestamp when, Task task) = 0;

  // Runs `task` on a worker as soon as one is free.
  TaskId run(Task task) { return run_at(kMinTimestamp, std::move(task)); }

  // Forgets a task that has not started; true if it was forgotten. Does not wait.
  virtual bool cancel(TaskId id) = 0;
};

// Worker threads on the system clock. Destruction forgets waiting tasks and
// joins the running ones.
std::unique_ptr<Scheduler> make_thread_scheduler(int threads);

// One pending callback that dies with its owner.
//
// Ownership: the owner of whatever the callback uses holds the Timer as its last
// member; stop() and the destructor wait for a running callback to return (unless
// they are called from that callback), and nothing runs afterwards.
class Timer {
 public:
  explicit Timer(Scheduler& scheduler);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Replaces what was armed. Callable from inside the callback. No effect after stop().
  void arm(Timestamp when, Scheduler::Task task);
  // Forgets what is armed; does not wait for a running callback.
  void disarm();
  // Idempotent. Forgets what is armed and waits for a running callback.
  void stop();

 private:
  struct State;
  Scheduler& scheduler_;
  std::shared_ptr<State> state_;
};

}  // namespace vigil
