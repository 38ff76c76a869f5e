// From an observed value to its bucket in constant time: classic buckets with given
// bounds, and the exponential ones of native histograms.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace vigil::metrics::internal {

// Where values fall among ascending bounds, by a look into a table.
//
// Doubles above 0 are in the order of their bits, whose upper ones cut each octave into
// equal parts. No part holds two bounds: the number of bounds below the part and one
// comparison with the bound in it give the bucket.
class BucketTable {
 public:
  // Covers nothing.
  BucketTable() = default;
  // Covers the parts `first` to `first + parts - 1`; the part of a value is its bits, shifted
  // right by `shift`. `bounds` are the bits of positive doubles, ascending, no two in a part; `below` is what
  // values up to the first of them get. `parts` is at most kMaxParts.
  BucketTable(std::uint64_t first, std::uint64_t parts, int shift, std::span<const std::uint64_t> bounds,
              std::uint16_t below);

  static constexpr std::uint64_t kMaxParts = 2048;
  static constexpr std::size_t kOutside = ~std::size_t{0};

  // `below` and the number of bounds < value; kOutside for a value that is not covered,
  // as 0, infinities, NaN and what is below 0 never are.
  [[gnu::always_inline]] std::size_t find(double value) const {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const std::uint64_t part = (bits >> shift_) - first_;
    if (part >= parts_) [[unlikely]]
      return kOutside;
    return std::size_t{start_[part]} + (bound_[part] < bits ? 1U : 0U);
  }

  // Somebody else has a copy: they share what they look into.
  bool shared() const { return bound_.use_count() > 1; }

 private:
  std::uint64_t first_ = 0;
  std::uint64_t parts_ = 0;
  int shift_ = 0;
  std::shared_ptr<const std::uint64_t[]> bound_;  // of each part; above all values if it has none
  std::shared_ptr<const std::uint16_t[]> start_;
};

// Upper bounds of classic buckets.
class BucketIndex {
 public:
  explicit BucketIndex(std::span<const double> bounds);

  // The first bucket whose bound is >= value; size() for the +Inf bucket, also for NaN.
  std::size_t find(double value) const {
    const std::size_t at = table_.find(value);
    return at != BucketTable::kOutside ? at : search(value);
  }
  // For what is observed most; empty where bounds are too close together.
  const BucketTable& table() const { return table_; }

  std::uint32_t size() const { return static_cast<std::uint32_t>(bounds_.size()); }
  std::span<const double> bounds() const { return bounds_; }

 private:
  std::size_t search(double value) const;

  std::vector<double> bounds_;
  BucketTable table_;
};

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
    // Bounds are upper-inclusive: the index of the largest value that is smaller.
    const std::uint64_t bits = std::bit_cast<std::uint64_t>(value) - 1;
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
