// What an instrument hands out for one label set: small values to update it with.
//
// Thread-safety: all members from any thread. Updates never lock or allocate, except a
// thread's first of an instrument, the first exemplar of a series, and the first update
// of a label set that was removed or had expired, which starts it again at 0. Copies are
// free. Valid while the instrument lives.
#pragma once

#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "vigil/metrics/cells.h"
#include "vigil/metrics/family.h"
#include "vigil/metrics/series.h"
#include "vigil/metrics/trace.h"

namespace vigil::metrics {

class CounterHandle {
 public:
  CounterHandle() = default;  // counts nowhere
  explicit CounterHandle(const internal::Target& target) : target_(target) {}

  // False if a label value was refused, or the registry is disabled: updates go nowhere.
  bool valid() const { return target_.series != nullptr; }

  void inc() const {
    target_.update([](internal::ThreadCells& thread, internal::Series&, internal::CellId cells)
                       __attribute__((always_inline)) { return internal::add(thread, cells, std::uint64_t{1}); });
  }
  // Counters only go up: negative amounts and NaN are ignored.
  template <class N>
    requires std::is_arithmetic_v<N>
  void inc(N amount) const {
    if (!(amount > N{0})) return;
    target_.update([amount](internal::ThreadCells& thread, internal::Series&, internal::CellId cells)
                       __attribute__((always_inline)) {
                         if constexpr (std::is_integral_v<N>) {
                           return internal::add(thread, cells, static_cast<std::uint64_t>(amount));
                         } else {
                           return internal::add(thread, cells + 1, static_cast<double>(amount));
                         }
                       });
  }
  // The same, and remembers the trace as the counter's exemplar.
  void inc(double amount, const TraceContext& trace) const;

  // Sums over threads: for tests and reports, not for hot paths.
  double value() const;

 private:
  internal::Target target_;
};

class GaugeHandle {
 public:
  GaugeHandle() = default;  // goes nowhere
  explicit GaugeHandle(const internal::Target& target) : target_(target) {}

  bool valid() const { return target_.series != nullptr; }
  void set(double value) const {
    target_.update([value](internal::ThreadCells& thread, internal::Series& series, internal::CellId)
                       __attribute__((always_inline)) {
                         if (&thread == &internal::g_no_cells) [[unlikely]]
                           return false;  // not announced: the series may be another's by now
                         series.value.store(std::bit_cast<std::uint64_t>(value), std::memory_order_relaxed);
                         series.touched.store(1, std::memory_order_relaxed);
                         return true;
                       });
  }
  void add(double amount) const;
  void inc() const { add(1); }
  void dec() const { add(-1); }
  // NaN before the first set.
  double value() const;
  // Takes the series off the page until the next set.
  void clear() const;

 private:
  internal::Target target_;
};

class HistogramTimer;
class SampledTimer;

class HistogramHandle {
 public:
  HistogramHandle() = default;  // observes nothing
  explicit HistogramHandle(const internal::Target& target)
      : target_(target), buckets_(valid() ? target.family->observed() : Buckets::kNone) {}

  bool valid() const { return target_.series != nullptr; }

  // NaN is counted in +Inf and makes the sum NaN, as in other clients.
  void observe(double value) const { update(value, value, 1); }
  void observe_n(double value, std::uint64_t times) const {
    if (times > 0) update(value, value * static_cast<double>(times), times);
  }
  // Observes, and remembers the trace as an exemplar of the value's bucket.
  void observe(double value, const TraceContext& trace) const;

  // Measures until stop() or the end of the timer's scope, in seconds.
  HistogramTimer time() const;
  // The same on a Clock, for code that runs in virtual time.
  HistogramTimer time(const Clock& clock) const;

  std::uint64_t count() const;
  double sum() const;

 private:
  friend class LocalHistogram;

  using Buckets = internal::Family::Buckets;

  // What is observed most, in one look into a table; the rest in update_any().
  void update(double value, double amount, std::uint64_t times) const {
    if (buckets_ == Buckets::kClassic) [[likely]] {
      const auto classic = [&](internal::ThreadCells& thread, internal::Series&,
                               internal::CellId cells) __attribute__((always_inline)) {
        return count(find_cell(thread, cells), target_.family->buckets().table(), value, amount, times);
      };
      if (target_.try_update(classic)) [[likely]]
        return;
    } else if (buckets_ == Buckets::kNative) {
      const auto native = [&](internal::ThreadCells& thread, internal::Series& series, internal::CellId)
                              __attribute__((always_inline)) {
                                const internal::NativeWindow& window = *series.window.load(std::memory_order_acquire);
                                return count(find_cell(thread, window.place), window.table, value, amount, times);
                              };
      if (target_.try_update(native)) [[likely]]
        return;
    }
    update_any(value, amount, times);
  }
  void update_any(double value, double amount, std::uint64_t times) const;

  // Behind the sum is a count of each bucket of the table. False for a value outside it, or
  // if the thread does not have the cells yet (null).
  [[gnu::always_inline]] static bool count(internal::Cell* sum, const internal::BucketTable& table, double value,
                                           double amount, std::uint64_t times) {
    if (sum == nullptr) [[unlikely]]
      return false;
    const std::size_t bucket = table.find(value);
    if (bucket == internal::BucketTable::kOutside) [[unlikely]]
      return false;
    internal::bump(sum[1 + bucket], times);
    internal::bump(*sum, amount);
    return true;
  }

  internal::Target target_;
  Buckets buckets_ = Buckets::kNone;
};

}  // namespace vigil::metrics
