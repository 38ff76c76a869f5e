// What the writers of histograms share. Internal to this module.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "vigil/exposition/label_cursor.h"
#include "vigil/metrics/registry.h"

namespace vigil::exposition::internal {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Calls bucket(upper bound, cumulative count) for every classic bucket, +Inf last.
template <class Bucket>
void for_each_bucket(std::span<const double> bounds, const metrics::HistogramView& value, Bucket bucket) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    below += value.counts[i];
    bucket(bounds[i], below);
  }
  bucket(kInfinity, value.count);
}

// The bound of bucket `index` farther from zero.
inline double native_bound(std::int32_t schema, std::int32_t index) {
  return std::exp2(std::ldexp(static_cast<double>(index), -schema));
}

// Calls bucket(lower bound, upper bound, count) for every native bucket, from -Inf to +Inf.
template <class Bucket>
void for_each_native_bucket(const metrics::NativeHistogramView& native, Bucket bucket) {
  for (std::size_t i = native.negative.size(); i > 0; --i) {
    const auto& b = native.negative[i - 1];
    bucket(-native_bound(native.schema, b.index), -native_bound(native.schema, b.index - 1), b.count);
  }
  if (native.zero_count > 0) bucket(-native.zero_threshold, native.zero_threshold, native.zero_count);
  for (const auto& b : native.positive) {
    bucket(native_bound(native.schema, b.index - 1), native_bound(native.schema, b.index), b.count);
  }
}

// Deals exemplars, ascending by value, out to buckets that are asked for in ascending order.
class BucketExemplars {
 public:
  explicit BucketExemplars(std::span<const metrics::ExemplarView> exemplars) : rest_(exemplars) {}

  // The latest of those above the last bound and up to this one; null if there is none.
  const metrics::ExemplarView* up_to(double bound) {
    const metrics::ExemplarView* latest = nullptr;
    while (!rest_.empty() && (bound == kInfinity || rest_.front().value <= bound)) {
      if (latest == nullptr || rest_.front().time >= latest->time) latest = &rest_.front();
      rest_ = rest_.subspan(1);
    }
    return latest;
  }

 private:
  std::span<const metrics::ExemplarView> rest_;
};

// OpenMetrics' limit on the characters of an exemplar's label names and values; a store
// refuses an exemplar beyond it, so it is left out.
inline bool is_exemplar_allowed(std::string_view labels) {
  constexpr std::size_t kMaxCharacters = 128;
  if (labels.size() <= kMaxCharacters) return true;
  std::size_t characters = 0;
  for (LabelCursor label(labels); label.next();) {
    for (const std::string_view text : {label.name(), label.value()}) {
      for (const char c : text) characters += (c & '\xC0') != '\x80' ? 1 : 0;
    }
  }
  return characters <= kMaxCharacters;
}

}  // namespace vigil::exposition::internal
