// Samples, exemplars, metadata and the staleness marker.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <string>

#include "vigil/base/time.h"
#include "vigil/model/labels.h"

namespace vigil {

struct Sample {
  Timestamp timestamp = 0;
  double value = 0;
};

// "This series ended here": a NaN told apart from data by its bits.
inline constexpr std::uint64_t kStaleNaNBits = 0x7ff0000000000002ULL;
inline double stale_nan() { return std::bit_cast<double>(kStaleNaNBits); }
inline bool is_stale_nan(double value) { return std::bit_cast<std::uint64_t>(value) == kStaleNaNBits; }
// The bits Prometheus stores for any other NaN.
inline double normal_nan() { return std::bit_cast<double>(std::uint64_t{0x7ff8000000000001ULL}); }

// A single observation attached to a counter or bucket (OpenMetrics 1.0, "Exemplars").
struct Exemplar {
  Labels labels;
  double value = 0;
  Timestamp timestamp = 0;
  bool has_timestamp = false;
};

enum class MetricType { kUnknown, kCounter, kGauge, kHistogram, kGaugeHistogram, kSummary, kInfo, kStateSet };
std::string_view to_string(MetricType type);  // "counter", "gaugehistogram", …

struct MetricMetadata {
  MetricType type = MetricType::kUnknown;
  std::string help;
  std::string unit;
  friend bool operator==(const MetricMetadata&, const MetricMetadata&) = default;
};

}  // namespace vigil
