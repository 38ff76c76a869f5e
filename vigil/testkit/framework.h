// Ready-made tests of a metrics set-up, to be called from a GoogleTest suite.
//
//   MetricsTestFramework framework;
//   EXPECT_TRUE(framework.test_high_throughput_metrics(10'000, kMinute));
//   EXPECT_TRUE(framework.test_prometheus_export());
//
// Each test uses names of its own, so that they may follow each other on one framework.
//
// Thread-safety: one thread.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "vigil/base/time.h"
#include "vigil/metrics/schema.h"
#include "vigil/testkit/load.h"
#include "vigil/testkit/overhead.h"
#include "vigil/testkit/scenario.h"
#include "vigil/testkit/test_collector.h"

namespace vigil::testkit {

// Grafana JSON that Grafana can load (uid, title, panels with queries), whose every
// expression parses and names only metrics of the catalogue.
testing::AssertionResult check_grafana_dashboard(std::string_view json, std::span<const metrics::Description> catalog);

class MetricsTestFramework {
 public:
  MetricsTestFramework();

  TestMetricsCollector collector;
  ScenarioRunner scenario_runner;  // on the collector's time

  // Every one of `tps` events a second is counted over `duration` of virtual time, and each
  // second's rate is right.
  testing::AssertionResult test_high_throughput_metrics(std::uint64_t tps, Duration duration);
  // With `peer_count` peers as label values the families stay within their caps, the rest
  // is counted as "other", and nothing is lost in total.
  testing::AssertionResult test_large_scale_network_metrics(std::size_t peer_count);
  BenchmarkResults benchmark_metrics_collection_overhead(const OverheadOptions& options = {});
  // What a workload recorded is what it did: exactly for counters and counts.
  testing::AssertionResult test_metrics_accuracy(const TestWorkload& known_workload);
  // The page of a PrometheusExporter, parsed, has the values of the collector, each once.
  testing::AssertionResult test_prometheus_export();
  // Dashboards made from the HotStuff-2 catalogue pass check_grafana_dashboard().
  testing::AssertionResult test_grafana_dashboard_generation();
};

}  // namespace vigil::testkit
