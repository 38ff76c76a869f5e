// std::mutex with clang's thread-safety annotations: `-Wthread-safety` finds
// reads and writes of GUARDED_BY members without the lock.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define VIGIL_TSA(x) __attribute__((x))
#else
#define VIGIL_TSA(x)
#endif
#define CAPABILITY(x) VIGIL_TSA(capability(x))
#define SCOPED_CAPABILITY VIGIL_TSA(scoped_lockable)
#define GUARDED_BY(x) VIGIL_TSA(guarded_by(x))
#define REQUIRES(...) VIGIL_TSA(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) VIGIL_TSA(acquire_capability(__VA_ARGS__))
#define RELEASE(...) VIGIL_TSA(release_capability(__VA_ARGS__))
#define EXCLUDES(...) VIGIL_TSA(locks_excluded(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS VIGIL_TSA(no_thread_safety_analysis)

namespace vigil {

class CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits have no deadline on purpose: whoever needs a time-out schedules one on the
// Scheduler, so that virtual time reaches it, or reads it from a Clock, looking again
// every now and then with wait_for().
class CondVar {
 public:
  void wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  void wait_for(Mutex& mutex, std::chrono::milliseconds at_most) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait_for(lock, at_most);
    lock.release();
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace vigil
