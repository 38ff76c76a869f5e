#include "vigil/promql/eval/classic_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vigil::promql {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// Relative difference that rounding in rate() and sum() explains.
constexpr double kTolerance = 1e-12;

bool almost_equal(double a, double b) {
  constexpr double kMinNormal = std::numeric_limits<double>::min();
  const double total = std::abs(a) + std::abs(b);
  const double difference = std::abs(a - b);
  if (a == 0 || b == 0 || total < kMinNormal) return difference < kTolerance * kMinNormal;
  return difference / std::min(total, std::numeric_limits<double>::max()) < kTolerance;
}

// Scrapes, rules and federation race each other, so counts of one histogram may be of
// different times. The search below needs them to rise.
void make_monotonic(std::span<Bucket> buckets, BucketQuantile& report) {
  double previous = buckets[0].count;
  for (Bucket& bucket : buckets.subspan(1)) {
    if (bucket.count == previous) continue;
    if (almost_equal(previous, bucket.count)) {
      bucket.count = previous;
    } else if (bucket.count < previous) {
      if (!report.forced_monotonic) {
        report.forced_monotonic = true;
        report.min_bucket = bucket.upper_bound;
      }
      report.max_bucket = bucket.upper_bound;
      report.max_difference = std::max(report.max_difference, previous - bucket.count);
      bucket.count = previous;
    } else {
      previous = bucket.count;
    }
  }
}

}  // namespace

BucketQuantile bucket_quantile(double phi, std::span<Bucket> buckets) {
  BucketQuantile result;
  const auto only = [&](double value) {
    result.value = value;
    return result;
  };
  if (std::isnan(phi)) return only(kNaN);
  if (phi < 0) return only(-kInfinity);
  if (phi > 1) return only(kInfinity);
  if (buckets.back().upper_bound != kInfinity) return only(kNaN);
  make_monotonic(buckets, result);
  if (buckets.size() < 2) return only(kNaN);
  const double observations = buckets.back().count;
  if (observations == 0) return only(kNaN);

  double rank = phi * observations;
  const auto finite = buckets.first(buckets.size() - 1);
  const auto found = std::ranges::find_if(finite, [rank](const Bucket& bucket) { return bucket.count >= rank; });
  if (found == finite.end()) return only(finite.back().upper_bound);
  double start = 0;
  double count = found->count;
  if (found == finite.begin()) {
    if (found->upper_bound <= 0) return only(found->upper_bound);
  } else {
    const Bucket& before = *std::prev(found);
    start = before.upper_bound;
    count -= before.count;
    rank -= before.count;
  }
  return only(start + (found->upper_bound - start) * (rank / count));
}

double bucket_fraction(double lower, double upper, std::span<Bucket> buckets) {
  if (buckets.back().upper_bound != kInfinity) return kNaN;
  const double count = buckets.back().count;
  if (count == 0 || std::isnan(lower) || std::isnan(upper)) return kNaN;
  if (lower >= upper) return 0;

  // How many observations lie at or below `bound`. Inside an infinitely wide bucket
  // there is nothing to interpolate with: its observations count as outside of the
  // range asked for, whichever end `bound` is.
  const auto rank_of = [&](double bound, bool is_lower) {
    double before = 0;
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      const double end = buckets[i].upper_bound;
      const double start = i > 0 ? buckets[i - 1].upper_bound : end > 0 ? 0 : -kInfinity;
      if (start >= bound) return before;
      if (end > bound) {
        if (start == -kInfinity) return is_lower ? buckets[i].count : before;
        if (end == kInfinity) return before;
        return before + (buckets[i].count - before) * (bound - start) / (end - start);
      }
      before = buckets[i].count;
    }
    return count;
  };
  const double from = std::min(rank_of(lower, true), count);
  const double to = std::min(rank_of(upper, false), count);
  return std::max(0.0, to - from) / count;
}

}  // namespace vigil::promql
