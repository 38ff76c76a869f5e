// What a registry shows to whoever visits it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "vigil/base/time.h"
#include "vigil/model/sample.h"

namespace vigil::metrics {

struct FamilyView {
  MetricType type = MetricType::kUnknown;
  std::string_view name;
  std::string_view help;
  std::string_view unit;
  std::span<const std::string> labels;
  std::span<const double> bounds;  // of a histogram, without +Inf; empty if it has native buckets only
};

// One observation with the trace it belongs to.
struct ExemplarView {
  std::string_view labels;  // escaped text, e.g. trace_id="4bf9…",span_id="00f0…"
  double value = 0;
  Timestamp time = 0;
};

struct PointView {
  double value = 0;
  Timestamp created = 0;                   // when a counter's series began; 0: gauges, and where unknown
  const ExemplarView* exemplar = nullptr;  // of a counter
};

// Sparse exponential buckets of Prometheus' native histograms: bucket i of schema s
// holds (base^(i-1), base^i] with base = 2^(2^-s). Neither side has empty buckets in it.
struct NativeHistogramView {
  struct Bucket {
    std::int32_t index = 0;
    std::uint64_t count = 0;
  };
  std::int32_t schema = 0;
  double zero_threshold = 0;
  std::uint64_t zero_count = 0;
  std::span<const Bucket> positive;  // by index, ascending
  std::span<const Bucket> negative;
};

struct HistogramView {
  std::span<const std::uint64_t> counts;  // by bucket, not cumulative; the last is +Inf's
  std::uint64_t count = 0;
  double sum = 0;                               // may lag behind the counts by observations in flight
  Timestamp created = 0;                        // when the series began; 0: unknown
  std::span<const ExemplarView> exemplars{};    // the latest, at most one a bucket, by value
  const NativeHistogramView* native = nullptr;  // null: classic buckets only
};

// Receives a registry family by family; nothing is materialised. Views live for
// the call. `labels` is the escaped text `a="x",b="y"` (see label_pairs()).
class Visitor {
 public:
  virtual ~Visitor() = default;
  virtual void begin_family(const FamilyView& family) = 0;
  virtual void point(std::string_view labels, const PointView& value) = 0;  // all but histograms
  virtual void histogram(std::string_view labels, const HistogramView& value) = 0;
  virtual void end_family() {}
};

}  // namespace vigil::metrics
