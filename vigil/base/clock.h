// The only source of time. Everything that asks "what time is it" takes a
// Clock, so that tests and the simulation run in virtual time.
#pragma once

#include <chrono>

#include "vigil/base/time.h"

namespace vigil {

// Thread-safety: all members may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall-clock time. May jump when the operator sets the clock.
  virtual Timestamp now() const = 0;

  // now() as it was a few milliseconds ago at most: for stamps on hot paths.
  virtual Timestamp coarse_now() const { return now(); }

  // Monotonic time for measuring how long something took.
  virtual std::chrono::nanoseconds steady() const = 0;

  // The machine's clock; lives for ever.
  static Clock& system();
};

}  // namespace vigil
