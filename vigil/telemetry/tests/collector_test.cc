#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <stdexcept>
#include <thread>

#include "vigil/base/fake_clock.h"
#include "vigil/metrics/metrics.h"
#include "vigil/telemetry/registry_collector.h"

namespace vigil::telemetry {
namespace {

struct Fixture {
  explicit Fixture(CollectorOptions options = {}) : collector(registry, clock, std::move(options)) {}

  MetricsSnapshot snapshot() { return collector.snapshot().value(); }
  double dropped(std::string_view reason) {
    return snapshot().value("vigil_collector_dropped_total", {{"reason", reason}}).value_or(-1);
  }

  FakeClock clock{1000};
  metrics::Registry registry;
  RegistryCollector collector;
};

TEST(RegistryCollector, RecordsByName) {  // HS-17…22, HS-26
  Fixture f;
  MetricsCollector& collector = f.collector;
  collector.increment_counter("blocks");
  collector.increment_counter_by("blocks_total", 4);  // the same series
  collector.increment_counter("votes", {{"type", "prepare"}, {"peer", "a"}});
  collector.increment_counter("votes", {{"peer", "a"}, {"type", "prepare"}});  // order is no difference
  collector.increment_counter("votes", {{"type", "commit"}});                  // a label may be left out
  collector.set_gauge("peers", 4);
  collector.increment_gauge("peers", -1);
  collector.increment_gauge("queue", 2.5);
  collector.record_histogram("latency_seconds", 0.3);
  collector.record_histogram("latency_seconds", 0.5);

  const MetricsSnapshot snapshot = f.snapshot();
  EXPECT_EQ(snapshot.time(), 1000);
  EXPECT_EQ(snapshot.value("blocks_total"), 5);
  EXPECT_EQ(snapshot.value("votes_total", {{"type", "prepare"}, {"peer", "a"}}), 2);
  EXPECT_EQ(snapshot.value("votes_total", {{"type", "commit"}}), 1);
  EXPECT_EQ(snapshot.value("votes_total", {{"type", "commit"}, {"peer", "b"}}), std::nullopt);
  EXPECT_EQ(snapshot.value("peers"), 3);
  EXPECT_EQ(snapshot.value("queue"), 2.5);
  const SnapshotHistogram* const latency = snapshot.histogram("latency_seconds");
  ASSERT_NE(latency, nullptr);
  EXPECT_EQ(latency->count, 2U);
  EXPECT_DOUBLE_EQ(latency->sum, 0.8);
  EXPECT_TRUE(f.registry.problems().empty());
}

TEST(RegistryCollector, TimesOperations) {  // HS-23
  Fixture f;
  MetricsCollector& collector = f.collector;
  const int result = collector.time_operation("work_seconds", {{"kind", "a"}}, [&] {
    f.clock.advance(250);
    return 7;
  });
  EXPECT_EQ(result, 7);
  EXPECT_THROW(collector.time_operation("work_seconds", {{"kind", "a"}},
                                        [&] {
                                          f.clock.advance(500);
                                          throw std::runtime_error("no");
                                        }),
               std::runtime_error);
  const MetricsSnapshot snapshot = f.snapshot();
  const SnapshotHistogram* const work = snapshot.histogram("work_seconds", {{"kind", "a"}});
  ASSERT_NE(work, nullptr);
  EXPECT_EQ(work->count, 2U);
  EXPECT_DOUBLE_EQ(work->sum, 0.75);
}

TEST(RegistryCollector, CustomMetrics) {  // HS-24, HS-29
  Fixture f({.prefix = "hotstuff2"});
  const CustomMetric weight{.name = "stake_bytes",
                            .type = MetricType::kHistogram,
                            .help = "Stake.",
                            .unit = "bytes",
                            .labels = {{"pool", "x"}},
                            .value = 15,
                            .bounds = {10, 20}};
  ASSERT_TRUE(f.collector.record_custom_metric(weight).has_value());
  ASSERT_TRUE(f.collector.record_custom_metric({.name = "score", .help = "Score.", .value = -2}).has_value());
  ASSERT_TRUE(
      f.collector.record_custom_metric({.name = "hits", .type = MetricType::kCounter, .value = 0.5}).has_value());
  const MetricsSnapshot snapshot = f.snapshot();
  const SnapshotFamily* const family = snapshot.family("hotstuff2_stake_bytes");
  ASSERT_NE(family, nullptr);
  EXPECT_EQ(family->help, "Stake.");
  EXPECT_EQ(family->unit, "bytes");
  EXPECT_EQ(family->bounds, (std::vector<double>{10, 20}));
  EXPECT_EQ(family->histograms.at(0).counts, (std::vector<std::uint64_t>{0, 1, 0}));
  EXPECT_EQ(snapshot.value("hotstuff2_score"), -2);
  EXPECT_EQ(snapshot.value("hotstuff2_hits_total"), 0.5);

  const struct {
    CustomMetric metric;
    const char* message;
  } cases[] = {
      {{.name = "a-b"}, "not a valid metric name"},
      {{.name = "a", .type = MetricType::kSummary}, "not summary"},
      {{.name = "a", .type = MetricType::kCounter, .value = -1}, "cannot go down"},
      {{.name = "a", .labels = {{"__b", ""}}}, "\"__b\" is not a label"},
      {{.name = "a", .labels = {{"b", "1"}, {"b", "2"}}}, "\"b\" is not a label"},
      {{.name = "a", .type = MetricType::kHistogram, .labels = {{"le", "1"}}}, "\"le\" is not a label"},
      {{.name = "a", .unit = "bytes"}, "does not end in its unit"},
      {{.name = "score", .labels = {{"new", "1"}}}, "has no label \"new\""},
      {{.name = "score", .type = MetricType::kHistogram}, "is a gauge"},
  };
  for (const auto& c : cases) {
    const auto recorded = f.collector.record_custom_metric(c.metric);
    ASSERT_FALSE(recorded.has_value()) << c.message;
    EXPECT_NE(recorded.error().message().find(c.message), std::string::npos) << recorded.error().message();
  }
}

TEST(RegistryCollector, WhatCannotBeRecordedIsCounted) {
  Fixture f({.max_families = 3, .max_label_sets = 4});
  MetricsCollector& collector = f.collector;
  collector.increment_counter("a b");
  collector.set_gauge("a", 1);
  collector.increment_counter("a");
  collector.set_gauge("a", 1, {{"new", "1"}});
  EXPECT_EQ(f.dropped("invalid"), 2);
  EXPECT_EQ(f.dropped("type"), 1);
  for (int i = 0; i < 10; ++i) collector.increment_counter("many", {{"id", std::to_string(i)}});
  EXPECT_EQ(f.snapshot().value("many_total", {{"id", "2"}}), 1);
  EXPECT_EQ(f.snapshot().value("many_total", {{"id", "other"}}), 7);  // 99 label sets: `other` is one of them
  collector.set_gauge("b", 1);
  collector.set_gauge("c", 1);
  EXPECT_EQ(f.dropped("family_limit"), 1);
}

TEST(RegistryCollector, StaysWithinItsMemory) {  // HS-177
  Fixture f({.max_memory = 20'000, .max_label_sets = 100'000});
  for (int i = 0; i < 1000; ++i) f.collector.increment_counter("many", {{"id", std::to_string(i)}});
  const double dropped = f.dropped("memory_limit");
  EXPECT_GT(dropped, 500);
  const MetricsSnapshot snapshot = f.snapshot();
  EXPECT_EQ(static_cast<double>(snapshot.family("many_total")->points.size()) + dropped, 1000);
  const double used = snapshot.value("vigil_collector_memory_bytes").value_or(0);
  EXPECT_LE(used, 20'000);
  EXPECT_GT(used, 10'000);
  f.collector.increment_counter("many", {{"id", "0"}});  // what is known goes on
  EXPECT_EQ(f.snapshot().value("many_total", {{"id", "0"}}), 2);
}

TEST(RegistryCollector, DisabledRecordsNothing) {  // HS-175
  Fixture f({.enabled = false});
  f.collector.increment_counter("a");
  f.collector.record_histogram("b", 1);
  EXPECT_TRUE(f.collector.record_custom_metric({.name = "c"}).has_value());
  EXPECT_EQ(f.snapshot().family("a_total"), nullptr);
  EXPECT_EQ(f.snapshot().family("b"), nullptr);
  EXPECT_EQ(f.snapshot().family("c"), nullptr);
}

TEST(RegistryCollector, SamplesHistogramsOnly) {  // HS-172, C-74
  const struct {
    double rate;
    double low, high;
  } cases[] = {{1, 10'000, 10'000}, {0.1, 850, 1150}, {0, 0, 0}};
  for (const auto& c : cases) {
    Fixture f({.sampling_rate = c.rate});
    for (int i = 0; i < 10'000; ++i) {
      f.collector.increment_counter("events");
      f.collector.record_histogram("size", 1);
    }
    const MetricsSnapshot snapshot = f.snapshot();
    EXPECT_EQ(snapshot.value("events_total"), 10'000);
    const SnapshotHistogram* const size = snapshot.histogram("size");
    const double recorded = size == nullptr ? 0 : static_cast<double>(size->count);
    EXPECT_GE(recorded, c.low);
    EXPECT_LE(recorded, c.high);
    EXPECT_EQ(recorded + f.dropped("sampled"), 10'000);
  }
}

TEST(RegistryCollector, BatchesAreFlushed) {  // HS-171, HS-25
  const struct {
    std::size_t batch_size;
    double flushes;  // by 100 updates, then by flush_metrics()
    double after;
  } cases[] = {{1, 0, 0}, {10, 10, 10}, {30, 3, 4}, {1000, 0, 1}};
  for (const auto& c : cases) {
    Fixture f({.batch_size = c.batch_size});
    const metrics::Registry& registry = f.registry;
    for (int i = 0; i < 50; ++i) {
      f.collector.increment_counter("events");
      f.collector.set_gauge("last", i);
    }
    const auto before = MetricsSnapshot::of(registry, 0);
    EXPECT_EQ(before.value("vigil_collector_flushes_total"), c.flushes) << c.batch_size;
    EXPECT_EQ(before.value("events_total").value_or(0), c.batch_size == 30 ? 45 : c.batch_size > 100 ? 0 : 50);
    ASSERT_TRUE(f.collector.flush_metrics().has_value());
    const auto after = MetricsSnapshot::of(registry, 0);
    EXPECT_EQ(after.value("vigil_collector_flushes_total"), c.after) << c.batch_size;
    EXPECT_EQ(after.value("events_total"), 50);
    EXPECT_EQ(after.value("last"), 49);
  }
}

TEST(RegistryCollector, ManyThreadsThatEnd) {
  Fixture f({.batch_size = 7});
  constexpr int kThreads = 4;
  constexpr int kEach = 3000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        f.collector.increment_counter("events", {{"shard", std::to_string(i % 20)}});
        f.collector.increment_gauge("balance", t % 2 == 0 ? 1 : -1);
        f.collector.record_histogram("size", i);
        if (i % 500 == 0) {
          EXPECT_TRUE(f.collector.snapshot().has_value());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const MetricsSnapshot snapshot = f.snapshot();
  double events = 0;
  for (const SnapshotPoint& point : snapshot.family("events_total")->points) events += point.value;
  EXPECT_EQ(events, kThreads * kEach);
  EXPECT_EQ(snapshot.value("balance"), 0);
  EXPECT_EQ(snapshot.histogram("size")->count, static_cast<std::uint64_t>(kThreads * kEach));
}

TEST(RegistryCollector, StandsBesideTypedInstruments) {
  Fixture f;
  metrics::Counter<"type"> votes{f.registry, "votes_total", "Votes."};
  votes.with("prepare").inc(2);
  f.collector.increment_counter("votes", {{"type", "prepare"}});
  EXPECT_EQ(f.snapshot().value("votes_total", {{"type", "prepare"}}), 3);
  metrics::Gauge<> typed{f.registry, "typed", "T."};
  f.collector.record_histogram("typed", 1);
  f.collector.record_histogram("typed", 1);
  EXPECT_EQ(f.dropped("invalid"), 2);           // taken by another kind of metric
  EXPECT_EQ(f.registry.problems().size(), 1U);  // and said once
}

TEST(Snapshot, ReplaysWhatItSaw) {
  struct Source final {
    static void show(metrics::Visitor& visitor) {
      const std::vector<std::string> labels{"a"};
      const std::vector<double> bounds{1, 2};
      const metrics::ExemplarView exemplar{"trace_id=\"x\"", 1.5, 7};
      visitor.begin_family({MetricType::kCounter, "c_total", "C.", "", labels, {}});
      visitor.point("a=\"1\"", {.value = 3, .created = 5, .exemplar = &exemplar});
      visitor.point("a=\"2\"", {.value = 4});
      visitor.end_family();
      visitor.begin_family({MetricType::kHistogram, "h_seconds", "H.", "seconds", {}, bounds});
      const std::vector<std::uint64_t> counts{1, 0, 2};
      const std::vector<metrics::NativeHistogramView::Bucket> positive{{-1, 1}, {3, 2}};
      const metrics::NativeHistogramView native{
          .schema = 3, .zero_threshold = 0.1, .positive = positive, .negative = {}};
      const std::vector<metrics::ExemplarView> exemplars{exemplar, exemplar};
      visitor.histogram(
          "", {.counts = counts, .count = 3, .sum = 9, .created = 6, .exemplars = exemplars, .native = &native});
      visitor.end_family();
    }
  };
  // Writes down everything a visitor is told.
  struct Transcript final : metrics::Visitor {
    void begin_family(const metrics::FamilyView& family) override {
      text += "{" + std::string(family.name) + "|" + std::string(family.help) + "|" + std::string(family.unit) + "|" +
              std::to_string(family.labels.size()) + "|" + std::to_string(family.bounds.size());
    }
    void exemplar(const metrics::ExemplarView& e) {
      text += " #" + std::string(e.labels) + std::to_string(e.value) + "@" + std::to_string(e.time);
    }
    void point(std::string_view labels, const metrics::PointView& value) override {
      text += "(" + std::string(labels) + "=" + std::to_string(value.value) + "@" + std::to_string(value.created);
      if (value.exemplar != nullptr) exemplar(*value.exemplar);
      text += ")";
    }
    void histogram(std::string_view labels, const metrics::HistogramView& value) override {
      text += "[" + std::string(labels) + std::to_string(value.sum) + "@" + std::to_string(value.created);
      for (const auto count : value.counts) text += " " + std::to_string(count);
      for (const auto& e : value.exemplars) exemplar(e);
      if (value.native != nullptr) {
        text += " native " + std::to_string(value.native->schema) + " " + std::to_string(value.native->zero_threshold);
        for (const auto& bucket : value.native->positive)
          text += " " + std::to_string(bucket.index) + ":" + std::to_string(bucket.count);
      }
      text += "]";
    }
    void end_family() override { text += "}"; }
    std::string text;
  };
  Transcript direct;
  Source::show(direct);
  MetricsSnapshot copy;
  {
    const MetricsSnapshot snapshot = MetricsSnapshot::of(&Source::show, 42);
    EXPECT_EQ(snapshot.series(), 3U);
    copy = snapshot;
  }
  Transcript replayed;
  copy.visit(replayed);
  EXPECT_EQ(replayed.text, direct.text);
  EXPECT_EQ(copy.time(), 42);
  EXPECT_EQ(copy.value("c_total", {{"a", "2"}}), 4);
  EXPECT_EQ(copy.value("none"), std::nullopt);
  EXPECT_EQ(copy.histogram("c_total"), nullptr);
  EXPECT_EQ(copy.histogram("h_seconds")->native->positive.size(), 2U);
}

}  // namespace
}  // namespace vigil::telemetry
