// One byte of lock for what is held for nanoseconds: there is one in every series.
#pragma once

#include <atomic>
#include <thread>

namespace vigil::storage {

class SpinLock {
 public:
  void lock() {
    for (int tries = 0; locked_.exchange(true, std::memory_order_acquire); ++tries) {
      // The holder may have lost its core: let it run.
      if (tries >= 64) std::this_thread::yield();
    }
  }
  void unlock() { locked_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> locked_ = false;
};

}  // namespace vigil::storage
