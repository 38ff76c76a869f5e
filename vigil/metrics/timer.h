// Timers: how long something took, into a histogram, in seconds.
#pragma once

#include <cstdint>
#include <utility>

#include "vigil/base/clock.h"
#include "vigil/base/ticks.h"
#include "vigil/metrics/handles.h"

namespace vigil::metrics {

// Observes when stopped or when its scope ends. May be moved and stopped on any thread,
// a coroutine's next one for example.
class [[nodiscard]] HistogramTimer {
 public:
  explicit HistogramTimer(HistogramHandle histogram, const Clock* clock = nullptr)
      : histogram_(histogram), clock_(clock), start_(read()) {}
  HistogramTimer(HistogramTimer&& other) noexcept
      : histogram_(other.histogram_),
        clock_(other.clock_),
        start_(other.start_),
        trace_(other.trace_),
        running_(std::exchange(other.running_, false)) {}
  HistogramTimer& operator=(HistogramTimer&&) = delete;
  ~HistogramTimer() { stop(); }

  // Observes and returns the seconds since construction; 0 after the first call.
  double stop() {
    if (!std::exchange(running_, false)) return 0;
    const double elapsed = seconds();
    if (trace_.valid()) [[unlikely]] {
      histogram_.observe(elapsed, trace_);
    } else {
      histogram_.observe(elapsed);
    }
    return elapsed;
  }
  void cancel() { running_ = false; }
  // The trace that the observation will name.
  void exemplar(const TraceContext& trace) { trace_ = trace; }
  double seconds() const {
    const std::uint64_t end = read();
    return clock_ == nullptr ? Ticks::seconds(start_, end) : static_cast<double>(end - start_) * 1e-9;
  }

 private:
  std::uint64_t read() const {
    return clock_ == nullptr ? Ticks::now() : static_cast<std::uint64_t>(clock_->steady().count());
  }
  HistogramHandle histogram_;
  const Clock* clock_;
  std::uint64_t start_;
  TraceContext trace_;
  bool running_ = true;
};

inline HistogramTimer HistogramHandle::time() const { return HistogramTimer(*this); }
inline HistogramTimer HistogramHandle::time(const Clock& clock) const { return HistogramTimer(*this, &clock); }

}  // namespace vigil::metrics
