// A copy of everything a registry or collector shows at one moment.
//
//   const MetricsSnapshot snapshot = MetricsSnapshot::of(registry, clock.now());
//   snapshot.value("votes_total", {{"type", "prepare"}});   // 3
//   snapshot.visit(writer);                                   // any writer of a registry writes a snapshot
//
// Immutable; copies share the data; may be read from any thread. Takes about
// 15 ms for 100,000 series.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/base/time.h"
#include "vigil/metrics/registry.h"
#include "vigil/model/sample.h"

namespace vigil::telemetry {

struct SnapshotExemplar {
  std::string labels;  // escaped text, as ExemplarView
  double value = 0;
  Timestamp time = 0;
};

struct SnapshotPoint {
  std::string_view labels;  // escaped text `a="x",b="y"`; lives as long as the snapshot
  double value = 0;
  Timestamp created = 0;
  std::optional<SnapshotExemplar> exemplar = {};
};

struct SnapshotNativeHistogram {
  std::int32_t schema = 0;
  double zero_threshold = 0;
  std::uint64_t zero_count = 0;
  std::vector<metrics::NativeHistogramView::Bucket> positive;
  std::vector<metrics::NativeHistogramView::Bucket> negative;
};

struct SnapshotHistogram {
  std::string_view labels;
  std::vector<std::uint64_t> counts;  // by bucket, not cumulative; the last is +Inf's
  std::uint64_t count = 0;
  double sum = 0;
  Timestamp created = 0;
  std::vector<SnapshotExemplar> exemplars = {};
  std::optional<SnapshotNativeHistogram> native = {};
};

struct SnapshotFamily {
  MetricType type = MetricType::kUnknown;
  std::string name;
  std::string help;
  std::string unit;
  std::vector<std::string> labels;
  std::vector<double> bounds;
  std::vector<SnapshotPoint> points;          // of all types but histograms
  std::vector<SnapshotHistogram> histograms;  // of histograms
};

class MetricsSnapshot {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  MetricsSnapshot();  // of nothing
  static MetricsSnapshot of(const metrics::Registry& registry, Timestamp time);
  // `source` shows itself to the visitor it is given.
  static MetricsSnapshot of(const std::function<void(metrics::Visitor&)>& source, Timestamp time);

  Timestamp time() const;
  std::size_t series() const;
  const std::vector<SnapshotFamily>& families() const;  // in the order of the visit

  // Null if there is none of that name. Counters have their full name, with "_total".
  const SnapshotFamily* family(std::string_view name) const;
  // Of the series with exactly these labels, in any order; nullopt or null if there is none.
  std::optional<double> value(std::string_view name, Labels labels = {}) const;
  const SnapshotHistogram* histogram(std::string_view name, Labels labels = {}) const;

  // Shows the copy as the registry showed itself.
  void visit(metrics::Visitor& visitor) const;

 private:
  struct Data;
  explicit MetricsSnapshot(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

// True if the label text of a visitor says the same as `labels`; an absent label is as
// good as an empty one.
bool same_labels(std::string_view text, const std::vector<std::pair<std::string, std::string>>& labels);

}  // namespace vigil::telemetry
