#include "vigil/metrics/bucket_index.h"

#include <cmath>
#include <limits>

#include "vigil/base/error.h"
#include "vigil/metrics/schema.h"

namespace vigil::metrics::internal {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::uint64_t kInfinityBits = std::uint64_t{0x7ff} << 52;
constexpr int kMantissaBits = 52;
constexpr int kMaxCuts = 8;  // of an octave, into halves of halves
// What is near the bounds is looked up as well: below the first, above the last.
constexpr std::uint64_t kPartsAround = 24;

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

BucketTable::BucketTable(std::uint64_t first, std::uint64_t parts, int shift, std::span<const std::uint64_t> bounds,
                         std::uint16_t below)
    : first_(first), parts_(parts), shift_(shift) {
  VIGIL_CHECK(parts <= kMaxParts);
  const auto bound = std::make_shared<std::uint64_t[]>(parts, ~std::uint64_t{0});
  const auto start = std::make_shared<std::uint16_t[]>(parts);
  std::size_t at = 0;
  for (std::uint64_t part = 0; part < parts; ++part) {
    while (at < bounds.size() && bounds[at] >> shift < first + part) ++at;
    start[part] = static_cast<std::uint16_t>(below + at);
    if (at < bounds.size() && bounds[at] >> shift == first + part) bound[part] = bounds[at];
  }
  bound_ = bound;
  start_ = start;
}

BucketIndex::BucketIndex(std::span<const double> bounds) : bounds_(clean_bounds(bounds)) {
  std::vector<std::uint64_t> bits;  // of the bounds above 0
  for (const double bound : bounds_) {
    if (bound >= std::numeric_limits<double>::min()) bits.push_back(std::bit_cast<std::uint64_t>(bound));
  }
  if (bits.empty()) return;
  // The coarsest parts that hold one bound each.
  int shift = kMantissaBits;
  const auto shared = [&shift](std::uint64_t a, std::uint64_t b) { return a >> shift == b >> shift; };
  while (shift > kMantissaBits - kMaxCuts && std::ranges::adjacent_find(bits, shared) != bits.end()) --shift;
  if (std::ranges::adjacent_find(bits, shared) != bits.end()) return;
  const std::uint64_t least = std::uint64_t{1} << (kMantissaBits - shift);  // part of the first normal number
  const std::uint64_t most = (kInfinityBits >> shift) - 1;
  const std::uint64_t first = std::max(bits.front() >> shift, least + kPartsAround) - kPartsAround;
  const std::uint64_t last = std::min((bits.back() >> shift) + kPartsAround, most);
  if (last - first >= BucketTable::kMaxParts) return;
  table_ = BucketTable(first, last - first + 1, shift, bits, static_cast<std::uint16_t>(bounds_.size() - bits.size()));
}

std::size_t BucketIndex::search(double value) const {
  if (std::isnan(value)) return size();
  return static_cast<std::size_t>(std::ranges::lower_bound(bounds_, value) - bounds_.begin());
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
