// The set of instruments that one page, or one in-process collector, shows.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/base/time.h"
#include "vigil/metrics/family.h"
#include "vigil/metrics/schema.h"
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

// Decodes the label text of a Visitor into names and raw values.
std::vector<std::pair<std::string, std::string>> label_pairs(std::string_view text);
// Appends `name="value"` with the escapes of the text formats, a comma first unless `out` is empty.
void append_label(std::string& out, std::string_view name, std::string_view value);

// Where a Collector hands over its values.
class CollectorSink {
 public:
  virtual ~CollectorSink() = default;
  // `values` in the order of the collector's labels.
  virtual void point(std::initializer_list<std::string_view> values, double value) = 0;
  void point(double value) { point({}, value); }
};

namespace internal {
class RegistryState;
// Keeps a family in a registry while it lives.
struct Attachment {
  Attachment(std::shared_ptr<RegistryState> state, const Description& description);
  ~Attachment();
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;
  std::shared_ptr<RegistryState> state;  // null: shown nowhere
  std::shared_ptr<Family> family;
};
}  // namespace internal

// Thread-safety: any thread. A visit blocks neither updates nor new series.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // The registry of instruments declared at namespace scope; lives for ever.
  static Registry& global();

  // Every family in order of name; series in order of creation. Families without
  // a series (gauges never set) are left out.
  void visit(Visitor& visitor) const;

  // Instruments refused because their name is taken by another kind of metric or is
  // not valid, one sentence each. They work but are shown nowhere. Tests expect none.
  std::vector<std::string> problems() const;

  const std::shared_ptr<internal::RegistryState>& state() const { return state_; }

 private:
  std::shared_ptr<internal::RegistryState> state_;
};

// Where an instrument is shown; null: nowhere, it only counts.
struct RegistryRef {
  RegistryRef(Registry& registry) : pointer(&registry) {}  // NOLINT(google-explicit-constructor)
  RegistryRef(Registry* registry) : pointer(registry) {}   // NOLINT(google-explicit-constructor)
  Registry* pointer;
};

// A family whose values are read when the registry is visited:
//   Collector series{registry, MetricType::kGauge, "vigil_head_series", "Series in the head.", {},
//                    [this](CollectorSink& sink) { sink.point(series_count()); }};
// The function runs on visiting threads, one at a time; the destructor waits for it.
class Collector {
 public:
  using Function = std::move_only_function<void(CollectorSink&)>;
  Collector(RegistryRef registry, MetricType type, Name name, std::string_view help,
            std::initializer_list<std::string_view> labels, Function collect);
  // A counter or gauge of a catalogue. The function keeps to its cap and closed values.
  Collector(RegistryRef registry, const Description& description, Function collect);
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

 private:
  std::shared_ptr<internal::RegistryState> state_;
  std::shared_ptr<void> source_;
};

}  // namespace vigil::metrics
