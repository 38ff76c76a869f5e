// Quantiles and fractions of classic histograms: cumulative counts by upper bound.
#pragma once

#include <span>
#include <vector>

namespace vigil::promql {

struct Bucket {
  double upper_bound = 0;
  double count = 0;  // cumulative
};

struct BucketQuantile {
  double value = 0;
  // Counts that fell from one bucket to the next by more than rounding explains were
  // raised; over which bounds, and by how much at most.
  bool forced_monotonic = false;
  double min_bucket = 0;
  double max_bucket = 0;
  double max_difference = 0;
};

// Both expect `buckets` (not empty) sorted by strictly ascending bound, and may change
// the counts. NaN without a +Inf bucket or without observations; quantile also with
// fewer than two buckets. The lowest bucket starts at 0 if its bound is positive; in
// the +Inf bucket nothing can be interpolated.
BucketQuantile bucket_quantile(double phi, std::span<Bucket> buckets);
double bucket_fraction(double lower, double upper, std::span<Bucket> buckets);

}  // namespace vigil::promql
