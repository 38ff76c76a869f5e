#include "vigil/base/scheduler.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "vigil/base/mutex.h"

namespace vigil {
namespace {

// A heap of due times shared by a few workers. The wall clock may be set back or
// forth, so a worker never sleeps longer than kMaxSleep before it looks again.
class ThreadScheduler final : public Scheduler {
 public:
  explicit ThreadScheduler(int threads) {
    for (int i = 0; i < threads; ++i) workers_.emplace_back([this] { work(); });
  }

  ~ThreadScheduler() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (auto& worker : workers_) worker.join();
    // What the forgotten tasks own may call cancel() as it dies, so they die while
    // everything here is still alive.
    std::map<Key, Task> forgotten;
    std::lock_guard lock(mutex_);
    due_.clear();
    forgotten.swap(queue_);
  }

  Clock& clock() override { return Clock::system(); }

  TaskId run_at(Timestamp when, Task task) override {
    TaskId id;
    {
      std::lock_guard lock(mutex_);
      id = ++last_id_;
      queue_.emplace(Key{when, id}, std::move(task));
      due_.emplace(id, when);
    }
    wake_.notify_one();
    return id;
  }

  bool cancel(TaskId id) override {
    Task doomed;  // destroyed outside the lock: its captures may call back
    std::lock_guard lock(mutex_);
    const auto found = due_.find(id);
    if (found == due_.end()) return false;
    auto node = queue_.find(Key{found->second, id});
    doomed = std::move(node->second);
    queue_.erase(node);
    due_.erase(found);
    return true;
  }

 private:
  using Key = std::pair<Timestamp, TaskId>;
  static constexpr std::chrono::milliseconds kMaxSleep{1000};

  void work() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      if (queue_.empty()) {
        wake_.wait(lock);
        continue;
      }
      const auto first = queue_.begin();
      const Timestamp now = Clock::system().now();
      if (first->first.first > now) {
        const auto left = std::chrono::milliseconds(first->first.first - now);
        wake_.wait_for(lock, std::min<std::chrono::milliseconds>(left, kMaxSleep));
        continue;
      }
      Task task = std::move(first->second);
      due_.erase(first->first.second);
      queue_.erase(first);
      if (!queue_.empty()) wake_.notify_one();
      lock.unlock();
      task();
      task = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<Key, Task> queue_;
  std::unordered_map<TaskId, Timestamp> due_;
  TaskId last_id_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace

std::unique_ptr<Scheduler> make_thread_scheduler(int threads) { return std::make_unique<ThreadScheduler>(threads); }

struct Timer::State {
  Mutex mutex;
  CondVar idle;
  bool stopped GUARDED_BY(mutex) = false;
  bool running GUARDED_BY(mutex) = false;
  std::thread::id runner GUARDED_BY(mutex);
  std::uint64_t generation GUARDED_BY(mutex) = 0;
  Scheduler::TaskId task GUARDED_BY(mutex) = 0;
};

Timer::Timer(Scheduler& scheduler) : scheduler_(scheduler), state_(std::make_shared<State>()) {}

Timer::~Timer() { stop(); }

void Timer::arm(Timestamp when, Scheduler::Task task) {
  MutexLock lock(state_->mutex);
  if (state_->stopped) return;
  scheduler_.cancel(state_->task);
  const std::uint64_t generation = ++state_->generation;
  state_->task = scheduler_.run_at(when, [state = state_, generation, task = std::move(task)]() mutable {
    {
      MutexLock start(state->mutex);
      // A callback that arms again may come due before it has returned: wait, so
      // that two runs of one timer never overlap.
      while (state->running && !state->stopped && state->generation == generation) state->idle.wait(state->mutex);
      if (state->stopped || state->generation != generation) return;
      state->running = true;
      state->runner = std::this_thread::get_id();
    }
    task();
    task = nullptr;
    {
      MutexLock done(state->mutex);
      state->running = false;
      state->runner = {};
    }
    state->idle.notify_all();
  });
}

void Timer::disarm() {
  MutexLock lock(state_->mutex);
  ++state_->generation;
  scheduler_.cancel(state_->task);
}

void Timer::stop() {
  MutexLock lock(state_->mutex);
  state_->stopped = true;
  ++state_->generation;
  scheduler_.cancel(state_->task);
  state_->idle.notify_all();
  while (state_->running && state_->runner != std::this_thread::get_id()) state_->idle.wait(state_->mutex);
}

}  // namespace vigil
