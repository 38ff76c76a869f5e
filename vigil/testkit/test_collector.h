// A collector for tests: its own registry, its own virtual time, values to read back.
//
//   auto metrics = create_test_metrics_collector();
//   MyNode node(metrics);                    // or: MyInstruments instruments(metrics.registry());
//   node.commit_block();
//   EXPECT_TRUE(assert_metrics_recorded(metrics, {{.name = "blocks_committed_total", .value = 1},
//                                                 {.name = "votes_total", .labels = {{"type", "prepare"}}, .at_least =
//                                                 3}}));
//
// Thread-safety: recording from any thread; advance() and the scheduler from one.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/base/virtual_scheduler.h"
#include "vigil/metrics/registry.h"
#include "vigil/telemetry/registry_collector.h"

namespace vigil::testkit {

class TestMetricsCollector final : public telemetry::MetricsCollector {
 public:
  explicit TestMetricsCollector(telemetry::CollectorOptions options = {});
  ~TestMetricsCollector() override;
  TestMetricsCollector(TestMetricsCollector&&) noexcept;
  TestMetricsCollector& operator=(TestMetricsCollector&&) = delete;

  // For typed instruments and the recording APIs of packs; on the same clock.
  metrics::Registry& registry();
  VirtualScheduler& scheduler();
  const Clock& clock() const override;
  // Moves time on, and runs what was scheduled.
  void advance(Duration by) { scheduler().advance(by); }

  void increment_counter_by(std::string_view name, std::uint64_t value, telemetry::LabelList labels = {}) override;
  void set_gauge(std::string_view name, double value, telemetry::LabelList labels = {}) override;
  void increment_gauge(std::string_view name, double delta, telemetry::LabelList labels = {}) override;
  void record_histogram(std::string_view name, double value, telemetry::LabelList labels = {}) override;
  Result<void> record_custom_metric(const telemetry::CustomMetric& metric) override;
  Result<void> flush_metrics() override;
  void visit(metrics::Visitor& visitor) const override;

  using Labels = telemetry::MetricsSnapshot::Labels;
  // Of a counter or gauge; nullopt if it was never recorded.
  std::optional<double> value(std::string_view name, Labels labels = {});
  // Of a histogram; 0 if it was never recorded.
  std::uint64_t count(std::string_view name, Labels labels = {});
  double sum(std::string_view name, Labels labels = {});

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// Time starts at 2023-11-14T22:13:20Z.
TestMetricsCollector create_test_metrics_collector();

// A counter, a gauge, or `<histogram>_count` or `<histogram>_sum`. Without value and
// at_least it is enough that the series is there.
struct ExpectedMetric {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels = {};  // all of them
  std::optional<double> value = std::nullopt;
  std::optional<double> at_least = std::nullopt;
  double tolerance = 0;  // of value, absolute
};

// Fails with a line for each expectation that is not met: what was expected, and what is
// there under that name.
testing::AssertionResult assert_metrics_recorded(telemetry::MetricsCollector& collector,
                                                 std::span<const ExpectedMetric> expected);
testing::AssertionResult assert_metrics_recorded(telemetry::MetricsCollector& collector,
                                                 std::initializer_list<ExpectedMetric> expected);

}  // namespace vigil::testkit
