#include "vigil/base/virtual_scheduler.h"

#include <algorithm>

namespace vigil {

Scheduler::TaskId VirtualScheduler::run_at(Timestamp when, Task task) {
  const TaskId id = ++last_id_;
  const Timestamp due = std::max(when, clock_.now());
  queue_.emplace(Key{due, id}, std::move(task));
  due_.emplace(id, due);
  return id;
}

bool VirtualScheduler::cancel(TaskId id) {
  const auto found = due_.find(id);
  if (found == due_.end()) return false;
  const auto node = queue_.find(Key{found->second, id});
  Task doomed = std::move(node->second);
  queue_.erase(node);
  due_.erase(found);
  return true;
}

void VirtualScheduler::advance_to(Timestamp until) {
  while (!queue_.empty() && queue_.begin()->first.first <= until) {
    const auto first = queue_.begin();
    clock_.set(std::max(clock_.now(), first->first.first));
    Task task = std::move(first->second);
    due_.erase(first->first.second);
    queue_.erase(first);
    task();
  }
  clock_.set(std::max(clock_.now(), until));
}

}  // namespace vigil
