#include "vigil/metrics/bucket_index.h"

#include <limits>

#include "vigil/metrics/schema.h"

namespace vigil::metrics::internal {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

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
  const auto octave = [](double value) { return std::bit_cast<std::int64_t>(value) >> 52; };
  bool indexable = size_ > 0 && bounds_.front() >= std::numeric_limits<double>::min();
  for (std::size_t i = 2; i < size_ && indexable; ++i) indexable = octave(bounds_[i]) != octave(bounds_[i - 2]);
  if (indexable) {
    first_octave_ = octave(bounds_.front()) - 1;
    const std::int64_t last_octave = octave(bounds_[size_ - 1]) + 1;
    lowest_ = std::bit_cast<double>(first_octave_ << 52);
    highest_ = std::bit_cast<double>(last_octave << 52);
    std::size_t at = 0;
    for (std::int64_t o = first_octave_; o <= last_octave; ++o) {
      while (at < size_ && octave(bounds_[at]) < o) ++at;
      start_.push_back(static_cast<std::uint16_t>(at));
    }
  }
  bounds_.insert(bounds_.end(), 2, kInfinity);
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
