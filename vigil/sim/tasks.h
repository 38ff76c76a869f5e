// Tasks of one object on a scheduler, which end with the object.
#pragma once

#include <memory>
#include <utility>

#include "vigil/base/mutex.h"
#include "vigil/base/scheduler.h"

namespace vigil::sim {

// Ownership: hold it as the last member. close() and the destructor wait for a task
// that runs (unless called from one) and drop the rest. Tasks of one TaskScope never
// overlap, whatever the scheduler.
class TaskScope {
 public:
  explicit TaskScope(Scheduler& scheduler) : scheduler_(scheduler), gate_(std::make_shared<Gate>()) {}
  ~TaskScope() { close(); }
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  void run(Scheduler::Task task) { scheduler_.run(guard(std::move(task))); }
  void after(Duration delay, Scheduler::Task task) {
    scheduler_.run_at(scheduler_.clock().now() + delay, guard(std::move(task)));
  }
  Clock& clock() const { return scheduler_.clock(); }

  void close() {
    std::lock_guard lock(gate_->mutex);
    gate_->open = false;
  }

 private:
  struct Gate {
    std::recursive_mutex mutex;  // close() may be called from a task
    bool open = true;
  };

  Scheduler::Task guard(Scheduler::Task task) {
    return [gate = gate_, task = std::move(task)]() mutable {
      std::lock_guard lock(gate->mutex);
      if (gate->open) task();
      task = nullptr;
    };
  }

  Scheduler& scheduler_;
  std::shared_ptr<Gate> gate_;
};

}  // namespace vigil::sim
