// Accumulators for loops tighter than a microsecond: plain members of one thread,
// added to the instrument block by block.
//
//   LocalCounter muls(field_multiplications.with());
//   LocalHistogram sizes(batch_sizes.with());
//   for (…) { muls.inc(); sizes.observe(n); }      // no atomics, no shared lines
//                                                   // flushed at the end of the scope
//
// What is not flushed yet is not on any page. Thread-safety: one thread each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "vigil/metrics/handles.h"

namespace vigil::metrics {

class LocalCounter {
 public:
  explicit LocalCounter(CounterHandle counter) : counter_(counter) {}
  LocalCounter(const LocalCounter&) = delete;
  LocalCounter& operator=(const LocalCounter&) = delete;
  ~LocalCounter() { flush(); }

  void inc(std::uint64_t amount = 1) { count_ += amount; }
  void flush() { counter_.inc(std::exchange(count_, 0)); }
  std::uint64_t unflushed() const { return count_; }

 private:
  CounterHandle counter_;
  std::uint64_t count_ = 0;
};

class LocalHistogram {
 public:
  explicit LocalHistogram(HistogramHandle histogram);
  LocalHistogram(const LocalHistogram&) = delete;
  LocalHistogram& operator=(const LocalHistogram&) = delete;
  ~LocalHistogram() { flush(); }

  void observe(double value) {
    if (buckets_ == nullptr) {
      keep(value);
      return;
    }
    ++counts_[buckets_->find(value)];
    sum_ += value;
    ++seen_;
  }
  void flush();
  std::uint64_t unflushed() const { return seen_; }

 private:
  static constexpr std::size_t kMaxKept = 256;

  HistogramHandle histogram_;
  // Native buckets have no fixed set of counts: there values are kept, and observed in blocks.
  void keep(double value);

  const internal::BucketIndex* buckets_ = nullptr;  // null: native, or a handle that observes nothing
  std::vector<std::uint64_t> counts_;
  std::vector<double> kept_;
  double sum_ = 0;
  std::uint64_t seen_ = 0;
};

}  // namespace vigil::metrics
