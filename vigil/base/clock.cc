#include "vigil/base/clock.h"

#include <ctime>

namespace vigil {
namespace {

class SystemClock final : public Clock {
 public:
  Timestamp now() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  }
  Timestamp coarse_now() const override {
    timespec time{};
    clock_gettime(CLOCK_REALTIME_COARSE, &time);
    return static_cast<Timestamp>(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000;
  }
  std::chrono::nanoseconds steady() const override { return std::chrono::steady_clock::now().time_since_epoch(); }
};

}  // namespace

Clock& Clock::system() {
  static SystemClock clock;
  return clock;
}

}  // namespace vigil
