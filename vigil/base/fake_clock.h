// A clock that moves only when told to. For tests and simulations.
#pragma once

#include <atomic>

#include "vigil/base/clock.h"

namespace vigil {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(Timestamp start = 0) : now_ms_(start) {}

  Timestamp now() const override;
  std::chrono::nanoseconds steady() const override;

  void set(Timestamp now) { now_ms_.store(now); }
  void advance(Duration by) { now_ms_.fetch_add(by); }

 private:
  std::atomic<Timestamp> now_ms_;
};

}  // namespace vigil
