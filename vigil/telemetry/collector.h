// Recording by names that are only known at run time, behind one interface that code
// can be handed and tests can replace. Names known when compiling are better served by
// the typed instruments of vigil/metrics.
//
//   void commit(MetricsCollector& metrics) {
//     metrics.increment_counter("blocks_committed", {{"path", "responsive"}});
//     const auto result = metrics.time_operation("execution_seconds", {}, [&] { return execute(); });
//   }
//
// Thread-safety: any thread. Recording never waits for an export, a page or a disk. What
// cannot be recorded (a bad name, a name used for another kind of metric, a limit) is
// counted, not reported to the caller.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/base/error.h"
#include "vigil/metrics/registry.h"
#include "vigil/model/labels.h"
#include "vigil/telemetry/snapshot.h"

namespace vigil::telemetry {

// Labels of one call, in any order. A view: valid for the call.
class LabelList {
 public:
  LabelList() = default;
  LabelList(std::initializer_list<LabelView> labels)  // NOLINT(google-explicit-constructor)
      : labels_(labels.begin(), labels.size()) {}
  LabelList(std::span<const LabelView> labels) : labels_(labels) {}  // NOLINT(google-explicit-constructor)
  const LabelView* begin() const { return labels_.data(); }
  const LabelView* end() const { return labels_.data() + labels_.size(); }
  std::size_t size() const { return labels_.size(); }
  const LabelView& operator[](std::size_t i) const { return labels_[i]; }

 private:
  std::span<const LabelView> labels_;
};

// A metric with all that describes it. Recording it again adds to the same series; help,
// unit and bounds count the first time.
struct CustomMetric {
  std::string name;
  MetricType type = MetricType::kGauge;  // kCounter, kGauge or kHistogram
  std::string help = {};
  std::string unit = {};  // the name ends in it, e.g. "seconds"
  std::vector<std::pair<std::string, std::string>> labels = {};
  double value = 0;                 // counter: the increase; gauge: the value; histogram: one observation
  std::vector<double> bounds = {};  // of a histogram; empty: kDefaultBuckets
};

class MetricsCollector {
 public:
  virtual ~MetricsCollector() = default;

  // A counter's name is shown with "_total" at its end, whether given with it or not.
  void increment_counter(std::string_view name, LabelList labels = {}) { increment_counter_by(name, 1, labels); }
  virtual void increment_counter_by(std::string_view name, std::uint64_t value, LabelList labels = {}) = 0;
  virtual void set_gauge(std::string_view name, double value, LabelList labels = {}) = 0;
  virtual void increment_gauge(std::string_view name, double delta, LabelList labels = {}) = 0;
  virtual void record_histogram(std::string_view name, double value, LabelList labels = {}) = 0;

  // Observes how long `operation` takes, in seconds, also when it throws; returns its result.
  template <class Operation>
  std::invoke_result_t<Operation> time_operation(std::string_view name, LabelList labels, Operation&& operation) {
    const Timing timing(*this, name, labels);
    return std::forward<Operation>(operation)();
  }

  // Fails if the metric cannot be recorded.
  virtual Result<void> record_custom_metric(const CustomMetric& metric) = 0;

  // When it returns, everything recorded before by any thread is visible.
  virtual Result<void> flush_metrics() = 0;

  // Shows all families, as Registry::visit(). What batches hold is not in it before a flush.
  virtual void visit(metrics::Visitor& visitor) const = 0;
  // Flushes, and copies everything.
  Result<MetricsSnapshot> snapshot();

  virtual const Clock& clock() const = 0;

 private:
  class Timing {
   public:
    Timing(MetricsCollector& collector, std::string_view name, LabelList labels)
        : collector_(collector), name_(name), labels_(labels), start_(collector.clock().steady()) {}
    ~Timing() {
      const std::chrono::duration<double> elapsed = collector_.clock().steady() - start_;
      collector_.record_histogram(name_, elapsed.count(), labels_);
    }
    Timing(const Timing&) = delete;
    Timing& operator=(const Timing&) = delete;

   private:
    MetricsCollector& collector_;
    const std::string_view name_;
    const LabelList labels_;
    const std::chrono::nanoseconds start_;
  };
};

}  // namespace vigil::telemetry
