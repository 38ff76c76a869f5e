// One metric family: its description and its series, found by label values
// without a lock. Behind the typed instruments of metrics.h; not for callers.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/mutex.h"
#include "vigil/metrics/cells.h"
#include "vigil/metrics/schema.h"
#include "vigil/model/sample.h"

namespace vigil::metrics {
class Visitor;
}

namespace vigil::metrics::internal {

// How often a registry's families refused a label set. Shared with the families.
struct Refusals {
  std::atomic<std::uint64_t> overflowed{0};  // counted under "other" instead
  std::atomic<std::uint64_t> rejected{0};    // not a value of a closed label: not counted at all
};

// Upper bounds and the way from a value to its bucket in constant time.
class BucketIndex {
 public:
  explicit BucketIndex(std::span<const double> bounds);

  // The first bucket whose bound is >= value; size() for the +Inf bucket, also for NaN.
  std::uint32_t find(double value) const;
  std::uint32_t size() const { return size_; }
  std::span<const double> bounds() const { return {bounds_.data(), size_}; }

 private:
  std::uint32_t size_ = 0;
  std::vector<double> bounds_;  // and two of +Inf behind them
  // The first bound of each octave, from the one below the first bound to the one above
  // the last. Empty if some octave has more than two bounds or one is not positive.
  std::vector<std::uint16_t> start_;
  std::int64_t first_octave_ = 0;
  std::int64_t last_octave_ = 0;
};

inline std::uint32_t BucketIndex::find(double value) const {
  if (std::isnan(value)) [[unlikely]]
    return size_;
  if (!start_.empty()) [[likely]] {
    // The sign bit makes the exponent of negative values negative: below all bounds.
    const std::int64_t exponent = std::bit_cast<std::int64_t>(value) >> 52;
    const std::int64_t octave = std::clamp(exponent, first_octave_, last_octave_);
    std::uint32_t at = start_[static_cast<std::size_t>(octave - first_octave_)];
    at += bounds_[at] < value ? 1U : 0U;
    at += bounds_[at] < value ? 1U : 0U;
    return at;
  }
  std::uint32_t low = 0;
  std::uint32_t length = size_;
  while (length > 0) {
    const std::uint32_t half = length / 2;
    const bool above = bounds_[low + half] < value;
    low = above ? low + half + 1 : low;
    length = above ? length - half - 1 : half;
  }
  return low;
}

// One label set of a family, at a fixed address while the family lives. The
// escaped label text `a="x",b="y"` follows it in memory.
struct Series {
  std::uint64_t hash = 0;
  std::atomic<Series*> next{nullptr};   // in order of creation
  std::atomic<std::uint64_t> gauge{0};  // bits of a double; kUnset before the first set
  CellId cells = kNoCell;               // counter: integer part, float part; histogram: sum, buckets
  std::uint32_t text_size : 31 = 0;
  std::uint32_t escaped : 1 = 0;  // the text differs from the raw values

  std::string_view text() const { return {reinterpret_cast<const char*>(this + 1), text_size}; }
};

inline constexpr std::uint64_t kUnset = 0x7ff8'0000'7669'6769ULL;  // a NaN of our own

// Thread-safety: any thread. find() never locks; creating takes the family's lock.
class Family {
 public:
  Family(const Description& description, std::shared_ptr<Refusals> refusals);
  ~Family();
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  // The series of these label values (as many as labels). At the cap: the overflow
  // series. Null for a value that a closed label does not have.
  Series* get(std::span<const std::string_view> values) {
    Series* const found = find(values, hash(values));
    return found != nullptr ? found : create(values);
  }

  // Creates each series with these values; nullopt stands for every value of a closed label.
  void prepare(std::span<const std::optional<std::string_view>> values);

  // The one series of a family without labels.
  Series* only() const { return only_; }

  bool same_schema(const Description& description) const;
  void visit(Visitor& visitor, const CellReader& reader) const;
  const BucketIndex& buckets() const { return buckets_; }
  const std::string& name() const { return name_; }
  MetricType type() const { return type_; }
  std::size_t size() const { return count_.load(std::memory_order_relaxed); }

 private:
  struct Table {
    explicit Table(std::size_t slots) : mask(slots - 1), slot(new std::atomic<Series*>[slots]()) {}
    std::size_t mask;
    std::unique_ptr<std::atomic<Series*>[]> slot;
  };

  static std::uint64_t hash(std::span<const std::string_view> values);
  Series* find(std::span<const std::string_view> values, std::uint64_t hash) const;
  bool matches(const Series& series, std::span<const std::string_view> values) const;
  Series* create(std::span<const std::string_view> values);
  Series* overflow(std::span<const std::string_view> values);
  Series* insert(std::span<const std::string_view> values, std::uint64_t hash) REQUIRES(mutex_);
  void put(Table& table, Series* series) const;
  bool allowed(std::span<const std::string_view> values) const;
  char* take(std::size_t bytes) REQUIRES(mutex_);
  std::uint32_t cells_each() const;

  const MetricType type_;
  const std::string name_, help_, unit_;
  std::vector<std::string> labels_;
  std::vector<std::vector<std::string>> closed_;  // by label; empty = open
  std::size_t cap_ = 0;                           // of ordinary series; the overflow series come on top
  const BucketIndex buckets_;
  const std::shared_ptr<Refusals> refusals_;

  Series* only_ = nullptr;
  std::atomic<Table*> table_{nullptr};
  std::atomic<Series*> first_{nullptr};
  std::atomic<std::size_t> count_{0};

  Mutex mutex_;
  Series* last_ GUARDED_BY(mutex_) = nullptr;
  // Tables are outgrown, not freed, while a reader may look at them: together at most
  // as large as the one in use.
  std::vector<std::unique_ptr<Table>> tables_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<char[]>> blocks_ GUARDED_BY(mutex_);
  char* block_end_ GUARDED_BY(mutex_) = nullptr;
  std::size_t block_left_ GUARDED_BY(mutex_) = 0;
  bool warned_ GUARDED_BY(mutex_) = false;
};

// The value of a series, summed over all threads.
double counter_value(const Series& series, const CellReader& reader);

}  // namespace vigil::metrics::internal
