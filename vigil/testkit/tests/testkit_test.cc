#include <gtest/gtest.h>

#include <string>

#include "packs/hotstuff2/catalog.h"
#include "packs/hotstuff2/network_metrics.h"
#include "vigil/metrics/metrics.h"
#include "vigil/testkit/framework.h"

namespace vigil::testkit {
namespace {

TEST(TestMetricsCollector, ReadsBack) {  // HS-155
  TestMetricsCollector metrics = create_test_metrics_collector();
  metrics.increment_counter("a", {{"k", "v"}});
  metrics.set_gauge("b", 2);
  metrics.time_operation("c_seconds", {}, [&] { metrics.advance(500); });
  metrics::Counter<> typed{metrics.registry(), "typed_total", "T."};
  typed.inc(7);
  EXPECT_EQ(metrics.value("a_total", {{"k", "v"}}), 1);
  EXPECT_EQ(metrics.value("b"), 2);
  EXPECT_EQ(metrics.value("typed_total"), 7);
  EXPECT_EQ(metrics.value("none"), std::nullopt);
  EXPECT_EQ(metrics.count("c_seconds"), 1U);
  EXPECT_DOUBLE_EQ(metrics.sum("c_seconds"), 0.5);
  EXPECT_EQ(metrics.count("none"), 0U);
  TestMetricsCollector moved = std::move(metrics);
  EXPECT_EQ(moved.value("b"), 2);
}

TEST(AssertMetricsRecorded, MeetsOrSaysWhatIsThere) {  // HS-158
  TestMetricsCollector metrics = create_test_metrics_collector();
  metrics.increment_counter_by("votes", 3, {{"type", "prepare"}, {"peer", "a"}});
  metrics.record_histogram("rtt_seconds", 0.25);
  metrics.set_gauge("peers", 4);
  EXPECT_TRUE(assert_metrics_recorded(metrics, {}));
  EXPECT_TRUE(assert_metrics_recorded(
      metrics, {{.name = "votes_total", .labels = {{"peer", "a"}, {"type", "prepare"}}, .value = 3},
                {.name = "rtt_seconds"},
                {.name = "rtt_seconds_count", .value = 1},
                {.name = "rtt_seconds_sum", .value = 0.3, .tolerance = 0.06},
                {.name = "peers", .at_least = 4}}));
  const struct {
    ExpectedMetric expected;
    const char* message;
  } cases[] = {
      {{.name = "absent", .value = 1},
       "metrics are not as expected:\n  expected absent = 1\n    found nothing of that name"},
      {{.name = "peers", .value = 5}, "\n  expected peers = 5\n    found peers = 4"},
      {{.name = "peers", .at_least = 4.5}, "\n  expected peers >= 4.5\n    found peers = 4"},
      {{.name = "peers", .value = 4.2, .tolerance = 0.1}, "expected peers = 4.2 ± 0.1\n    found peers = 4"},
      {{.name = "votes_total", .labels = {{"type", "commit"}}},
       "\n  expected votes_total{type=\"commit\"}\n"
       "    found votes_total{type=\"prepare\",peer=\"a\"} = 3  (other labels)"},
      {{.name = "rtt_seconds_sum", .value = 9}, "found rtt_seconds_sum = 0.25"},
  };
  for (const auto& c : cases) {
    const testing::AssertionResult result = assert_metrics_recorded(metrics, {c.expected});
    EXPECT_FALSE(result);
    EXPECT_NE(std::string(result.message()).find(c.message), std::string::npos)
        << result.message() << "\nexpected: " << c.message;
  }
}

TEST(Load, ConsensusIsCountedAndRepeatable) {  // HS-156
  TestMetricsCollector first = create_test_metrics_collector();
  TestMetricsCollector second = create_test_metrics_collector();
  const ConsensusCounts counts = simulate_consensus_load(first, kMinute);
  EXPECT_EQ(counts, simulate_consensus_load(second, kMinute));
  EXPECT_EQ(counts.views, 600U);
  EXPECT_GT(counts.timeouts, 0U);
  EXPECT_EQ(counts.blocks_committed + counts.timeouts, counts.views);
  EXPECT_GT(counts.blocks_proposed, 100U);
  EXPECT_EQ(first.value("hotstuff_blocks_committed_total"), static_cast<double>(counts.blocks_committed));
  EXPECT_EQ(first.value("hotstuff_votes_received_total", {{"vote_type", "commit"}, {"validator", "validator-2"}}),
            static_cast<double>(counts.blocks_proposed));
  EXPECT_EQ(simulate_consensus_load(first, 0), ConsensusCounts());
  // The names are those of the catalogue.
  const auto snapshot = second.snapshot().value();
  for (const telemetry::SnapshotFamily& family : snapshot.families()) {
    if (family.name.starts_with("vigil_")) continue;
    const auto& all = packs::hotstuff2::catalog::kAll;
    const auto found = std::ranges::find(all, family.name, &metrics::Description::name);
    ASSERT_NE(found, all.end()) << family.name;
    EXPECT_EQ(found->type, family.type) << family.name;
    EXPECT_EQ(found->labels.size(), family.labels.size()) << family.name;
  }
}

TEST(Load, NetworkConditionsAreVisible) {  // HS-157
  const struct {
    NetworkConditions conditions;
    double delivery_low, delivery_high;
    double partitions;
    double peers;
  } cases[] = {
      {{}, 1, 1, 0, 3},
      {{.message_loss = 0.2}, 0.75, 0.85, 0, 3},
      {{.message_loss = 1}, 0, 0, 0, 3},
      {{.jitter = 30, .partitioned = 1}, 0.66, 0.67, 0, 2},  // 3 of 4 are a quorum
      {{.partitioned = 2}, 0.33, 0.34, 1, 1},
      {{.peers = 9, .partitioned = 9}, 0, 0, 1, 0},
  };
  for (const auto& c : cases) {
    TestMetricsCollector metrics = create_test_metrics_collector();
    packs::hotstuff2::NetworkMetrics network(metrics.registry());
    const NetworkCounts counts = simulate_network_conditions(network, c.conditions);
    EXPECT_EQ(counts.sent, c.conditions.messages);
    EXPECT_EQ(counts.received + counts.lost, counts.sent);
    const double delivery = metrics.value("hotstuff_message_delivery_rate").value_or(-1);
    EXPECT_GE(delivery, c.delivery_low);
    EXPECT_LE(delivery, c.delivery_high);
    EXPECT_EQ(metrics.value("hotstuff_network_partitions_total"), c.partitions);
    EXPECT_EQ(metrics.value("hotstuff_active_peers"), c.peers);
    EXPECT_TRUE(assert_metrics_recorded(
        metrics,
        {{.name = "hotstuff_messages_sent_total",
          .labels = {{"message_type", "vote"}},
          .value = static_cast<double>(counts.sent)},
         {.name = "hotstuff_bytes_received_total",
          .labels = {{"message_type", "vote"}},
          .value = static_cast<double>(counts.received * c.conditions.message_bytes)},
         {.name = "hotstuff_peer_latency_seconds_count", .value = static_cast<double>(counts.received)},
         {.name = "hotstuff_peer_latency_seconds_sum", .at_least = static_cast<double>(counts.received) * 0.0199}}));
  }
}

TEST(ScenarioRunner, RunsInVirtualTime) {  // HS-159
  TestMetricsCollector metrics = create_test_metrics_collector();
  ScenarioRunner runner(metrics.scheduler());
  const Timestamp start = metrics.clock().now();
  std::string order;
  runner.at(2 * kSecond, [&] { order += "b"; });
  runner.at(kSecond, [&] { order += "a"; });
  runner.at(2 * kSecond, [&] { order += "c"; });
  runner.every(kMinute, [&] { metrics.increment_counter("ticks"); });
  runner.expect(5 * kMinute, "five ticks",
                [&] { return assert_metrics_recorded(metrics, {{.name = "ticks_total", .value = 5}}); });
  EXPECT_TRUE(runner.run(kHour));
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(metrics.value("ticks_total"), 60);
  EXPECT_EQ(metrics.clock().now(), start + kHour);
  EXPECT_TRUE(runner.run(2 * kHour));
  EXPECT_EQ(metrics.value("ticks_total"), 120);
}

TEST(ScenarioRunner, SaysWhatWentWrongAndWhen) {
  TestMetricsCollector metrics = create_test_metrics_collector();
  {
    ScenarioRunner runner(metrics.scheduler());
    runner.every(kSecond, [&] { metrics.increment_counter("ticks"); });
    runner.expect(2 * kSecond, "no ticks",
                  [&] { return assert_metrics_recorded(metrics, {{.name = "ticks_total", .value = 0}}); });
    runner.expect(kHour, "the end", [] { return testing::AssertionSuccess(); });
    const testing::AssertionResult result = runner.run(kMinute);
    EXPECT_FALSE(result);
    const std::string message = result.message();
    EXPECT_NE(message.find("at 2s, no ticks: metrics are not as expected:"), std::string::npos) << message;
    EXPECT_NE(message.find("at 1h, the end: not reached by the end at 1m"), std::string::npos) << message;
  }
  metrics.advance(kMinute);  // what the runner left on the scheduler does nothing
  EXPECT_EQ(metrics.value("ticks_total"), 60);
}

TEST(MetricsTestFramework, ItsTestsPassOnAGoodSystem) {  // HS-160, HS-161, HS-163…165
  MetricsTestFramework framework;
  EXPECT_TRUE(framework.test_high_throughput_metrics(5000, 5 * kSecond));
  EXPECT_TRUE(framework.test_high_throughput_metrics(333, 2500));  // again, with a rest
  EXPECT_TRUE(framework.test_large_scale_network_metrics(10));
  EXPECT_TRUE(framework.test_large_scale_network_metrics(10'000));
  EXPECT_TRUE(framework.test_metrics_accuracy({.duration = 10 * kMinute, .validators = 7, .seed = 3}));
  EXPECT_TRUE(framework.test_prometheus_export());
  EXPECT_TRUE(framework.test_grafana_dashboard_generation());
  framework.scenario_runner.at(kSecond, [&] { framework.collector.increment_counter("later"); });
  EXPECT_TRUE(framework.scenario_runner.run(kMinute));
  EXPECT_EQ(framework.collector.value("later_total"), 1);
}

TEST(MetricsTestFramework, ItsTestsFailOnABadOne) {
  MetricsTestFramework framework;
  EXPECT_FALSE(framework.test_metrics_accuracy({.duration = 50}));   // not a single view
  framework.collector.set_gauge("throughput_test_events_total", 1);  // the name is taken
  EXPECT_FALSE(framework.test_high_throughput_metrics(10, kSecond));
  framework.collector.set_gauge("scale_test_messages", 1);
  EXPECT_FALSE(framework.test_large_scale_network_metrics(10));
}

TEST(CheckGrafanaDashboard, FindsWhatIsWrong) {
  constexpr metrics::CounterDef<> kVotes{"votes_total", "Votes."};
  constexpr metrics::HistogramDef<> kRtt{"rtt_seconds", "Round trip."};
  const std::array catalog{kVotes.describe(), kRtt.describe()};
  const auto board = [](const std::string& expr) {
    return R"({"uid":"u","title":"t","panels":[{"title":"row","panels":[{"title":"p","targets":[{"expr":")" + expr +
           R"("}]}]}]})";
  };
  const struct {
    std::string json;
    const char* message;  // null: good
  } cases[] = {
      {board("sum(rate(votes_total{a=~\\\"$a\\\"}[$__rate_interval]))"), nullptr},
      {board("histogram_quantile(0.5, rate(rtt_seconds_bucket[${window}])) / (rtt_seconds_sum > 1)"), nullptr},
      {board("max_over_time((-topk(3, votes))[5m:1m])"), "panel \"p\": no metric \"votes\" in the catalogue"},
      {board("rate(votes_total)"), "panel \"p\": rate(votes_total): "},
      {R"({"title":"t","panels":[]})", "uid is missing"},
      {R"({"uid":"u","title":"t"})", "no panel has a query"},
      {"[1]", "not a JSON object"},
      {"{", "not a JSON object"},
  };
  for (const auto& c : cases) {
    const testing::AssertionResult result = check_grafana_dashboard(c.json, catalog);
    EXPECT_EQ(static_cast<bool>(result), c.message == nullptr) << c.json << "\n" << result.message();
    if (c.message != nullptr) {
      EXPECT_NE(std::string(result.message()).find(c.message), std::string::npos) << result.message();
    }
  }
}

TEST(Overhead, IsMeasured) {  // HS-162
  int calls = 0;
  const BenchmarkResults small = benchmark_metrics_collection_overhead(
      {.updates = 2000, .blocks = 2, .updates_per_block = 10, .work = [&] { ++calls; }});
  EXPECT_EQ(calls, 10);  // 5 rounds of 2
  for (const double ns : {small.counter_ns, small.gauge_ns, small.histogram_ns, small.by_name_ns, small.updates_us}) {
    EXPECT_GT(ns, 0);
  }
  const BenchmarkResults reference = MetricsTestFramework().benchmark_metrics_collection_overhead({.updates = 20'000});
  EXPECT_GT(reference.block_us, 50);
  EXPECT_LT(reference.overhead, 0.01) << to_string(reference);
  RecordProperty("overhead", to_string(reference));
}

}  // namespace
}  // namespace vigil::testkit
