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

#include "vigil/base/clock.h"
#include "vigil/metrics/family.h"
#include "vigil/metrics/schema.h"
#include "vigil/metrics/views.h"
#include "vigil/model/sample.h"

namespace vigil::metrics {

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
  std::string_view refusal;              // why it is not shown; lives for ever
  std::shared_ptr<Family> family;
};
}  // namespace internal

struct RegistryOptions {
  const Clock* clock = &Clock::system();  // of created times, exemplars and expiry; outlives the registry
  std::string prefix;                     // put before every name, e.g. "myapp_"
  bool enabled = true;                    // false: instruments do nothing, at the cost of one branch
  // Bytes that label sets may take in all: beyond it new ones are counted as "other", as
  // beyond the cap of their family. 0: no limit.
  std::size_t max_bytes = 0;
};

// Thread-safety: any thread. A visit blocks neither updates nor new series.
class Registry {
 public:
  explicit Registry(RegistryOptions options = {});
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // The registry of instruments declared at namespace scope; lives for ever.
  static Registry& global();
  // Makes it with other options; false if it was made already: call it first in main().
  static bool configure_global(RegistryOptions options);

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
