// One reading for all families of a page.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "vigil/base/clock.h"
#include "vigil/base/error.h"
#include "vigil/base/mutex.h"

namespace vigil::resources {

// Thread-safe.
template <class T>
class SharedReading {
 public:
  using Read = std::function<Result<T>()>;
  SharedReading(Read read, const Clock& clock) : read_(std::move(read)), clock_(clock) {}

  // Calls `use` with a reading that is 100 ms old at most; not at all if reading fails.
  template <class Use>
  void with(Use use) EXCLUDES(mutex_) {
    constexpr std::chrono::nanoseconds kFresh = std::chrono::milliseconds(100);
    MutexLock lock(mutex_);
    const auto now = clock_.steady();
    if (!taken_ || now - *taken_ >= kFresh) {
      Result<T> reading = read_();
      value_ = reading ? std::optional<T>(std::move(*reading)) : std::nullopt;
      taken_ = now;
    }
    if (value_) use(*value_);
  }

 private:
  const Read read_;
  const Clock& clock_;
  Mutex mutex_;
  std::optional<std::chrono::nanoseconds> taken_ GUARDED_BY(mutex_);
  std::optional<T> value_ GUARDED_BY(mutex_);
};

}  // namespace vigil::resources
