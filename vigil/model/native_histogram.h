// Native histograms as values (Prometheus' FloatHistogram): stored, copied and
// compared here; arithmetic on them lives in promql.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace vigil {

// Exponential buckets (schema -4..8) or custom bounds (schema -53). Counts are
// absolute floats, one per bucket of the spans.
struct NativeHistogram {
  enum class ResetHint : std::uint8_t { kUnknown, kReset, kNotReset, kGauge };
  static constexpr std::int32_t kCustomBucketsSchema = -53;

  struct Span {
    std::int32_t offset = 0;   // gap to the previous span, or the first bucket's index
    std::uint32_t length = 0;  // number of consecutive buckets
    friend bool operator==(const Span&, const Span&) = default;
  };

  ResetHint reset_hint = ResetHint::kUnknown;
  std::int32_t schema = 0;
  double zero_threshold = 0;
  double zero_count = 0;
  double count = 0;  // a stale NaN in `sum` marks the end of the series
  double sum = 0;
  std::vector<Span> positive_spans;
  std::vector<Span> negative_spans;
  std::vector<double> positive_buckets;
  std::vector<double> negative_buckets;
  std::vector<double> custom_values;  // upper bounds, schema -53 only; +Inf implied

  friend bool operator==(const NativeHistogram&, const NativeHistogram&) = default;
};

// Shared because a query, the head and a notification may hold the same one.
using HistogramPtr = std::shared_ptr<const NativeHistogram>;

// The notation of Prometheus' test files: `{{schema:0 count:3 sum:4 buckets:[1 2]}}`.
std::string to_string(const NativeHistogram& histogram);

}  // namespace vigil
