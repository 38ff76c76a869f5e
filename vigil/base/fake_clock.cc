#include "vigil/base/fake_clock.h"

namespace vigil {

Timestamp FakeClock::now() const { return now_ms_.load(); }

std::chrono::nanoseconds FakeClock::steady() const { return std::chrono::milliseconds(now_ms_.load()); }

}  // namespace vigil
