#include "vigil/testkit/test_collector.h"

#include <cmath>

#include "vigil/base/strings.h"

namespace vigil::testkit {
namespace {

using telemetry::LabelList;
using telemetry::MetricsSnapshot;

constexpr Timestamp kStart = 1'700'000'000'000;

std::string series_name(std::string_view name, std::string_view labels) {
  std::string out(name);
  if (!labels.empty()) out += "{" + std::string(labels) + "}";
  return out;
}

// Every sample of one name, as a scrape would store it, by label text.
using Samples = std::vector<std::pair<std::string, double>>;

Samples samples_of(const MetricsSnapshot& snapshot, std::string_view name) {
  Samples out;
  if (const telemetry::SnapshotFamily* const family = snapshot.family(name)) {
    for (const telemetry::SnapshotPoint& point : family->points) out.emplace_back(point.labels, point.value);
    for (const telemetry::SnapshotHistogram& histogram : family->histograms) {
      out.emplace_back(histogram.labels, static_cast<double>(histogram.count));
    }
    return out;
  }
  const bool is_count = name.ends_with("_count");
  if (!is_count && !name.ends_with("_sum")) return out;
  const telemetry::SnapshotFamily* const family = snapshot.family(name.substr(0, name.rfind('_')));
  if (family == nullptr) return out;
  for (const telemetry::SnapshotHistogram& histogram : family->histograms) {
    out.emplace_back(histogram.labels, is_count ? static_cast<double>(histogram.count) : histogram.sum);
  }
  return out;
}

std::string describe(const ExpectedMetric& expected) {
  std::string labels;
  for (const auto& [name, value] : expected.labels) metrics::append_label(labels, name, value);
  std::string out = series_name(expected.name, labels);
  if (expected.value.has_value()) {
    out += " = " + format_float(*expected.value);
    if (expected.tolerance > 0) out += " ± " + format_float(expected.tolerance);
  }
  if (expected.at_least.has_value()) out += " >= " + format_float(*expected.at_least);
  return out;
}

bool meets(double found, const ExpectedMetric& expected) {
  if (expected.value.has_value() && !(std::abs(found - *expected.value) <= expected.tolerance)) return false;
  return !expected.at_least.has_value() || found >= *expected.at_least;
}

}  // namespace

struct TestMetricsCollector::Parts {
  explicit Parts(telemetry::CollectorOptions options)
      : registry({.clock = &scheduler.clock(), .prefix = {}}),
        collector(registry, scheduler.clock(), std::move(options)) {}
  VirtualScheduler scheduler{kStart};
  metrics::Registry registry;
  telemetry::RegistryCollector collector;
};

TestMetricsCollector::TestMetricsCollector(telemetry::CollectorOptions options)
    : parts_(std::make_unique<Parts>(std::move(options))) {}
TestMetricsCollector::~TestMetricsCollector() = default;
TestMetricsCollector::TestMetricsCollector(TestMetricsCollector&&) noexcept = default;

metrics::Registry& TestMetricsCollector::registry() { return parts_->registry; }
VirtualScheduler& TestMetricsCollector::scheduler() { return parts_->scheduler; }
const Clock& TestMetricsCollector::clock() const { return parts_->collector.clock(); }

void TestMetricsCollector::increment_counter_by(std::string_view name, std::uint64_t value, LabelList labels) {
  parts_->collector.increment_counter_by(name, value, labels);
}
void TestMetricsCollector::set_gauge(std::string_view name, double value, LabelList labels) {
  parts_->collector.set_gauge(name, value, labels);
}
void TestMetricsCollector::increment_gauge(std::string_view name, double delta, LabelList labels) {
  parts_->collector.increment_gauge(name, delta, labels);
}
void TestMetricsCollector::record_histogram(std::string_view name, double value, LabelList labels) {
  parts_->collector.record_histogram(name, value, labels);
}
Result<void> TestMetricsCollector::record_custom_metric(const telemetry::CustomMetric& metric) {
  return parts_->collector.record_custom_metric(metric);
}
Result<void> TestMetricsCollector::flush_metrics() { return parts_->collector.flush_metrics(); }
void TestMetricsCollector::visit(metrics::Visitor& visitor) const { parts_->collector.visit(visitor); }

std::optional<double> TestMetricsCollector::value(std::string_view name, Labels labels) {
  const auto all = snapshot();
  return all.has_value() ? all->value(name, labels) : std::nullopt;
}
std::uint64_t TestMetricsCollector::count(std::string_view name, Labels labels) {
  const auto all = snapshot();
  const auto* const histogram = all.has_value() ? all->histogram(name, labels) : nullptr;
  return histogram == nullptr ? 0 : histogram->count;
}
double TestMetricsCollector::sum(std::string_view name, Labels labels) {
  const auto all = snapshot();
  const auto* const histogram = all.has_value() ? all->histogram(name, labels) : nullptr;
  return histogram == nullptr ? 0 : histogram->sum;
}

TestMetricsCollector create_test_metrics_collector() { return TestMetricsCollector(); }

testing::AssertionResult assert_metrics_recorded(telemetry::MetricsCollector& collector,
                                                 std::span<const ExpectedMetric> expected) {
  const auto snapshot = collector.snapshot();
  if (!snapshot) return testing::AssertionFailure() << "no snapshot: " << snapshot.error().message();
  std::string differences;
  for (const ExpectedMetric& each : expected) {
    const Samples samples = samples_of(*snapshot, each.name);
    bool met = false;
    std::string there;
    for (const auto& [labels, value] : samples) {
      const bool this_one = telemetry::same_labels(labels, each.labels);
      met = met || (this_one && meets(value, each));
      there += "\n    found " + series_name(each.name, labels) + " = " + format_float(value);
      if (!this_one) there += "  (other labels)";
    }
    if (met) continue;
    differences += "\n  expected " + describe(each);
    differences += samples.empty() ? "\n    found nothing of that name" : there;
  }
  if (differences.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "metrics are not as expected:" << differences;
}

testing::AssertionResult assert_metrics_recorded(telemetry::MetricsCollector& collector,
                                                 std::initializer_list<ExpectedMetric> expected) {
  return assert_metrics_recorded(collector, std::span<const ExpectedMetric>(expected.begin(), expected.size()));
}

}  // namespace vigil::testkit
