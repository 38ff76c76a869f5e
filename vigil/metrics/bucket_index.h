// From an observed value to its bucket in constant time: classic buckets with given
// bounds, and the exponential ones of native histograms.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace vigil::metrics::internal {

// Upper bounds of classic buckets.
//
// An octave is cut into 16 equal parts by the upper bits of the mantissa. Where no part
// holds two bounds, a look into a table and one comparison find the bucket.
class BucketIndex {
 public:
  explicit BucketIndex(std::span<const double> bounds);

  // The first bucket whose bound is >= value; size() for the +Inf bucket, also for NaN.
  std::uint32_t find(double value) const { return indexed() ? find_indexed(value) : search(value); }

  // False if two bounds are within 6 % of each other, one is not a normal number above 0,
  // or they span more than 256 octaves.
  bool indexed() const { return !start_.empty(); }
  // The same as find() where indexed().
  std::uint32_t find_indexed(double value) const {
    // In this order and form NaN becomes the highest, and each line is one instruction.
    const double below = value < highest_ ? value : highest_;
    const double within = below > lowest_ ? below : lowest_;
    const std::int64_t part = part_of(within);
    const std::uint32_t at = start_[static_cast<std::size_t>(part - first_part_)];
    return at + (bounds_[at] < value ? 1U : 0U);
  }

  std::uint32_t size() const { return size_; }
  std::span<const double> bounds() const { return {bounds_.data(), size_}; }

 private:
  static constexpr int kPartShift = 48;
  static std::int64_t part_of(double value) { return std::bit_cast<std::int64_t>(value) >> kPartShift; }
  std::uint32_t search(double value) const;

  std::uint32_t size_ = 0;
  std::vector<double> bounds_;  // and +Inf behind them
  std::vector<std::uint16_t>
      start_;           // the first bound of each part from the first bound's to the one behind the last's
  double lowest_ = 0;   // in the first of these parts
  double highest_ = 0;  // in the last
  std::int64_t first_part_ = 0;
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
    return lookup().find(std::bit_cast<std::uint64_t>(value));
  }
  // What find() needs of a schema for the bits of normal values above 0; to be copied.
  struct Lookup {
    std::int32_t schema = 0;
    int guess_shift = 52;
    const std::uint16_t* first = nullptr;
    const std::uint64_t* bounds = nullptr;

    std::int32_t find(std::uint64_t value) const {
      // Bounds are upper-inclusive: the index of the largest value that is smaller.
      const std::uint64_t bits = value - 1;
      const auto exponent = static_cast<std::int32_t>(bits >> 52) - 1023;
      if (schema <= 0) [[unlikely]]
        return (exponent >> -schema) + 1;
      const std::uint64_t mantissa = bits & kMantissa;
      const std::uint32_t guess = first[mantissa >> guess_shift];
      const std::uint32_t in_octave = guess + (mantissa >= bounds[guess + 1] ? 1U : 0U);
      return exponent * (1 << schema) + static_cast<std::int32_t>(in_octave) + 1;
    }
  };
  Lookup lookup() const { return {schema_, guess_shift_, first_.data(), bounds_.data()}; }
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
