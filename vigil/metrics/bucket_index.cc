#include "vigil/metrics/bucket_index.h"

#include <cmath>
#include <limits>

#include "vigil/metrics/schema.h"

namespace vigil::metrics::internal {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kMaxParts = 4096;

std::vector<double> clean_bounds(std::span<const double> bounds) {
  std::vector<double> clean;
  for (const double bound : bounds) {
    if (bound > -kInfinity && bound < kInfinity) clean.push_back(bound);
  }
  std::ranges::sort(clean);
  clean.erase(std::ranges::unique(clean).begin(), clean.end());
  if (clean.size() > kMaxBounds) clean.resize(kMaxBounds);
  return clean;
}

}  // namespace

BucketIndex::BucketIndex(std::span<const double> bounds) : bounds_(clean_bounds(bounds)) {
  size_ = static_cast<std::uint32_t>(bounds_.size());
  bool indexable = size_ > 0 && bounds_.front() >= std::numeric_limits<double>::min() &&
                   part_of(bounds_.back()) - part_of(bounds_.front()) < kMaxParts;
  for (std::size_t i = 1; i < size_ && indexable; ++i) indexable = part_of(bounds_[i]) != part_of(bounds_[i - 1]);
  if (indexable) {
    first_part_ = part_of(bounds_.front());
    const std::int64_t behind = part_of(bounds_.back()) + 1;
    lowest_ = std::bit_cast<double>(first_part_ << kPartShift);
    highest_ = std::bit_cast<double>(behind << kPartShift);
    std::size_t at = 0;
    for (std::int64_t part = first_part_; part <= behind; ++part) {
      while (at < size_ && part_of(bounds_[at]) < part) ++at;
      start_.push_back(static_cast<std::uint16_t>(at));
    }
  }
  bounds_.push_back(kInfinity);
}

std::uint32_t BucketIndex::search(double value) const {
  if (std::isnan(value)) return size_;
  return static_cast<std::uint32_t>(std::ranges::lower_bound(bounds(), value) - bounds().begin());
}

const ExponentialIndex& ExponentialIndex::of(int schema) {
  static const auto* const all = [] {
    auto* const made = new std::vector<ExponentialIndex>;
    for (int each = kMinSchema; each <= kMaxSchema; ++each) made->push_back(ExponentialIndex(each));
    return made;
  }();
  return (*all)[static_cast<std::size_t>(std::clamp(schema, kMinSchema, kMaxSchema) - kMinSchema)];
}

ExponentialIndex::ExponentialIndex(int schema) : schema_(schema) {
  after_largest_ = schema_ > 0 ? 1024 * (1 << schema_) + 1 : (1024 >> -schema_) + 1;
  if (schema_ <= 0) return;
  const std::uint32_t buckets = 1U << schema_;
  for (std::uint32_t i = 0; i < buckets; ++i) {
    const double bound = std::exp2(static_cast<double>(i) / buckets);
    bounds_.push_back(std::bit_cast<std::uint64_t>(bound) & kMantissa);
  }
  bounds_.push_back(kMantissa + 1);
  guess_shift_ = 52 - (schema_ + 1);
  std::uint16_t bucket = 0;
  for (std::uint64_t part = 0; part < 2U * buckets; ++part) {
    const std::uint64_t start = part << guess_shift_;
    while (bounds_[bucket + 1U] <= start) ++bucket;
    first_.push_back(bucket);
  }
}

std::int32_t ExponentialIndex::find_subnormal(double value) const {
  // Scaled up by whole octaves, which any schema's bounds follow; below schema 0 a bucket
  // is several octaves wide, so there the exponent itself is scaled back.
  constexpr int kOctaves = 64;
  const double scaled = value * 0x1p64;
  if (schema_ >= 0) return find(scaled) - kOctaves * (1 << schema_);
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(scaled) - 1;
  const std::int32_t exponent = static_cast<std::int32_t>(bits >> 52) - 1023 - kOctaves;
  return (exponent >> -schema_) + 1;
}

double ExponentialIndex::upper_bound(int schema, std::int32_t index) {
  if (schema <= 0) return std::ldexp(1.0, index * (1 << -schema));
  const std::int32_t buckets = 1 << schema;
  const std::int32_t octave = index >> schema;
  return std::ldexp(std::exp2(static_cast<double>(index - octave * buckets) / buckets), octave);
}

}  // namespace vigil::metrics::internal
