// From an observed value to its bucket in constant time: classic buckets with given
// bounds, and the exponential ones of native histograms.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace vigil::metrics::internal {

// Upper bounds of classic buckets.
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
  // the last. Empty if some octave has more than two bounds or one is not a normal number above 0.
  std::vector<std::uint16_t> start_;
  double lowest_ = 0;   // in the first of these octaves
  double highest_ = 0;  // in the last
  std::int64_t first_octave_ = 0;
};

inline std::uint32_t BucketIndex::find(double value) const {
  if (!start_.empty()) [[likely]] {
    // In this order and form NaN becomes the highest, and each line is one instruction.
    const double below = value < highest_ ? value : highest_;
    const double within = below > lowest_ ? below : lowest_;
    const std::int64_t octave = std::bit_cast<std::int64_t>(within) >> 52;
    std::uint32_t at = start_[static_cast<std::size_t>(octave - first_octave_)];
    at += bounds_[at] < value ? 1U : 0U;
    at += bounds_[at] < value ? 1U : 0U;
    return at;
  }
  if (std::isnan(value)) return size_;
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

inline constexpr int kMinSchema = -4;
inline constexpr int kMaxSchema = 8;

// Buckets of schema s: bucket i holds (2^((i-1)/2^s), 2^(i/2^s)], for s in -4..8
// (Prometheus, "Native Histograms" specification).
class ExponentialIndex {
 public:
  // The one of a schema; lives for ever.
  static const ExponentialIndex& of(int schema);

  int schema() const { return schema_; }
  // Of a finite value above 0 or of +Inf, which has the bucket behind the largest finite one.
  std::int32_t find(double value) const {
    if (value < std::numeric_limits<double>::min()) [[unlikely]]
      return find_subnormal(value);
    if (value > std::numeric_limits<double>::max()) [[unlikely]]
      return after_largest_;
    return find_normal(std::bit_cast<std::uint64_t>(value));
  }
  // The same of the bits of a normal value above 0.
  std::int32_t find_normal(std::uint64_t value) const {
    // Bounds are upper-inclusive: the index of the largest value that is smaller.
    const std::uint64_t bits = value - 1;
    const auto exponent = static_cast<std::int32_t>(bits >> 52) - 1023;
    if (schema_ <= 0) return (exponent >> -schema_) + 1;
    const std::uint64_t mantissa = bits & kMantissa;
    const std::uint32_t guess = first_[mantissa >> guess_shift_];
    const std::uint32_t in_octave = guess + (mantissa >= bounds_[guess + 1] ? 1U : 0U);
    return exponent * (1 << schema_) + static_cast<std::int32_t>(in_octave) + 1;
  }
  // Inclusive upper bound of bucket `index`; +Inf behind the largest.
  static double upper_bound(int schema, std::int32_t index);

 private:
  explicit ExponentialIndex(int schema);
  static constexpr std::uint64_t kMantissa = (std::uint64_t{1} << 52) - 1;
  std::int32_t find_subnormal(double value) const;

  int schema_;
  std::int32_t after_largest_;
  // An octave is cut into twice as many equal parts as it has buckets: each part meets
  // one bound at most, so a look into the table and one comparison are enough.
  int guess_shift_ = 52;
  std::vector<std::uint64_t> bounds_;  // mantissas of the buckets' lower bounds, then one above all
  std::vector<std::uint16_t> first_;   // the bucket of each part's start
};

}  // namespace vigil::metrics::internal
