#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "fake_store.h"
#include "vigil/base/memory_file_system.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/collect/collection.h"
#include "vigil/exposition/page_writer.h"
#include "vigil/scrape/page_appender.h"
#include "vigil/storage/database.h"

namespace vigil::collect {
namespace {

using metrics::buckets;
using metrics::closed;
using metrics::Collector;
using metrics::CollectorSink;
using metrics::Counter;
using metrics::ExemplarView;
using metrics::FamilyView;
using metrics::Gauge;
using metrics::Histogram;
using metrics::HistogramView;
using metrics::NativeHistogramView;
using metrics::PointView;
using metrics::Registry;
using metrics::Visitor;

// A registry of one family, shown as a test wants it.
using Series = std::vector<std::pair<std::string, PointView>>;
RegistryAppender::Visit points(const Series& series, MetricType type = MetricType::kGauge) {
  return [series, type](Visitor& visitor) {
    FamilyView family;
    family.type = type;
    family.name = "m";
    visitor.begin_family(family);
    for (const auto& [labels, value] : series) visitor.point(labels, value);
    visitor.end_family();
  };
}
RegistryAppender::Visit histogram(std::vector<double> bounds, HistogramView value) {
  return [bounds = std::move(bounds), value](Visitor& visitor) {
    FamilyView family;
    family.type = MetricType::kHistogram;
    family.name = "h";
    family.bounds = bounds;
    visitor.begin_family(family);
    visitor.histogram("", value);
    visitor.end_family();
  };
}

TEST(RegistryAppender, StoresWhatAScrapeOfThePageStores) {
  Registry registry;
  const Counter<"method", "code"> requests{registry, "http_requests_total", "Requests."};
  const Gauge<"job"> depth{registry, "queue_depth", "Waiting."};
  const Gauge<> never_set{registry, "never_set", "Not there."};
  const Histogram<"peer"> rtt{registry, "rtt_seconds", "Round trip.", buckets<0.005, 1.0, 1e6>};
  const Counter<"vote"> votes{registry, "votes_total", "Votes.", {.closed = {closed<"vote", "approve", "reject">}}};
  const Collector temperature{registry,    MetricType::kGauge, "temperature_celsius",
                              "Measured.", {"zone"},           [](CollectorSink& sink) { sink.point({"cpu"}, -2.5); }};
  requests.with("GET", "200").inc(3);
  requests.with("a\"b\\c\nd", "500").inc(0.5);
  depth.with("prover").set(7);
  rtt.with("p1").observe(0.5);
  rtt.with("p1").observe(2e6);

  const Labels target{{"instance", "a:1"}, {"job", "node"}};
  FakeStore scraped;
  scrape::PageAppender pages(1);
  const auto transaction = scraped.appender();
  scrape::PageCounts page_counts;
  ASSERT_TRUE(pages.append(exposition::page_text(registry, exposition::Format::kText), exposition::Format::kText, 1000,
                           std::make_shared<const scrape::ScrapeConfig>(), target, *transaction, page_counts));
  ASSERT_TRUE(transaction->commit());

  FakeStore collected;
  RegistryAppender appender(target);
  const auto counts = appender.record(registry, collected, 1000);
  ASSERT_TRUE(counts) << counts.error().message();
  EXPECT_EQ(collected.samples("up{instance=\"a:1\", job=\"node\"}"), "1@1000");
  EXPECT_EQ(counts->samples, page_counts.samples + 1);
  EXPECT_EQ(counts->added, counts->samples);
  EXPECT_EQ(appender.series(), counts->samples);
  collected.committed.erase("up{instance=\"a:1\", job=\"node\"}");
  EXPECT_EQ(collected.committed, scraped.committed);
  EXPECT_EQ(collected.samples("queue_depth{exported_job=\"prover\", instance=\"a:1\", job=\"node\"}"), "7@1000");
  EXPECT_EQ(collected.samples("rtt_seconds_bucket{instance=\"a:1\", job=\"node\", le=\"1.0\", peer=\"p1\"}"), "1@1000");
  for (const auto& [name, declared] : scraped.metadata) {
    EXPECT_EQ(collected.metadata[name].type, declared.type) << name;
    EXPECT_EQ(collected.metadata[name].help, declared.help) << name;
  }
}

TEST(RegistryAppender, KnownSeriesAreResolvedOnceAndARoundIsOneCommit) {
  Registry registry;
  const Counter<"peer"> messages{registry, "messages_total", "Messages.", {.max_label_sets = 1000}};
  const Histogram<> sizes{registry, "size_bytes", "Sizes."};
  for (int i = 0; i < 500; ++i) messages.with("p" + std::to_string(i)).inc();
  FakeStore store;
  RegistryAppender appender({});
  ASSERT_TRUE(appender.record(registry, store, 1000));
  const std::size_t first = store.resolves;
  for (Timestamp at = 2000; at <= 5000; at += 1000) {
    const auto counts = appender.record(registry, store, at);
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->added, 0U);
    EXPECT_EQ(counts->samples, first);
  }
  EXPECT_EQ(store.resolves, first);
  EXPECT_EQ(store.commits, 5U);

  messages.with("new").inc();
  EXPECT_EQ(appender.record(registry, store, 6000)->added, 1U);
  EXPECT_EQ(store.resolves, first + 1);

  // Series that the store has dropped are found again.
  store.forget_refs();
  EXPECT_EQ(appender.record(registry, store, 7000)->samples, first + 1);
  EXPECT_EQ(store.samples("messages_total{peer=\"p7\"}"), "1@1000 1@2000 1@3000 1@4000 1@5000 1@6000 1@7000");
}

TEST(RegistryAppender, SeriesThatVanishAreEnded) {
  struct Round {
    std::vector<std::string> labels;
    std::size_t added, ended;
  };
  struct Case {
    const char* name;
    std::vector<Round> rounds;
    std::string a, b, c;
  } cases[] = {
      {"the last", {{{"a", "b"}, 2, 0}, {{"a"}, 0, 1}}, "1@1 1@2", "1@1 stale@2", ""},
      {"the first", {{{"a", "b"}, 2, 0}, {{"b"}, 0, 1}}, "1@1 stale@2", "1@1 1@2", ""},
      {"one in the middle", {{{"a", "b", "c"}, 3, 0}, {{"a", "c"}, 0, 1}}, "1@1 1@2", "1@1 stale@2", "1@1 1@2"},
      {"all", {{{"a", "b"}, 2, 0}, {{}, 0, 2}}, "1@1 stale@2", "1@1 stale@2", ""},
      {"comes back", {{{"a"}, 1, 0}, {{}, 0, 1}, {{"a"}, 1, 0}}, "1@1 stale@2 1@3", "", ""},
      {"other order", {{{"a", "b", "c"}, 3, 0}, {{"c", "a", "b"}, 0, 0}}, "1@1 1@2", "1@1 1@2", "1@1 1@2"},
      {"one for another", {{{"a", "b"}, 2, 0}, {{"a", "c"}, 1, 1}}, "1@1 1@2", "1@1 stale@2", "1@2"},
      {"moved and new",
       {{{"a", "b"}, 2, 0}, {{"c", "b"}, 1, 1}, {{"c", "b"}, 0, 0}},
       "1@1 stale@2",
       "1@1 1@2 1@3",
       "1@2 1@3"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    FakeStore store;
    RegistryAppender appender({});
    Timestamp at = 0;
    for (const Round& round : c.rounds) {
      Series series;
      for (const std::string& label : round.labels) series.emplace_back("l=\"" + label + "\"", PointView{.value = 1});
      const auto counts = appender.record(points(series), store, ++at);
      ASSERT_TRUE(counts);
      EXPECT_EQ(counts->added - (at == 1 ? 1 : 0), round.added);  // `up` in the first
      EXPECT_EQ(counts->ended, round.ended);
    }
    EXPECT_EQ(store.samples("m{l=\"a\"}"), c.a);
    EXPECT_EQ(store.samples("m{l=\"b\"}"), c.b);
    EXPECT_EQ(store.samples("m{l=\"c\"}"), c.c);
  }
}

TEST(RegistryAppender, FamiliesThatVanishOrChangeAreEnded) {
  FakeStore store;
  RegistryAppender appender({});
  const std::vector<std::uint64_t> two{1, 0};
  ASSERT_TRUE(appender.record(histogram({0.5}, {.counts = two, .count = 1, .sum = 0.1}), store, 1));
  // The same name with another bound: the series of the old one end.
  ASSERT_TRUE(appender.record(histogram({2}, {.counts = two, .count = 1, .sum = 0.1}), store, 2));
  EXPECT_EQ(store.samples("h_bucket{le=\"0.5\"}"), "1@1 stale@2");
  EXPECT_EQ(store.samples("h_bucket{le=\"2.0\"}"), "1@2");
  EXPECT_EQ(store.samples("h_count"), "1@1 1@2");
  ASSERT_TRUE(appender.record([](Visitor&) {}, store, 3));
  EXPECT_EQ(store.samples("h_bucket{le=\"2.0\"}"), "1@2 stale@3");
  EXPECT_EQ(store.samples("h_count"), "1@1 1@2 stale@3");
  EXPECT_EQ(store.samples("up"), "1@1 1@2 1@3");
  ASSERT_TRUE(appender.end(store, 4));
  EXPECT_EQ(store.samples("up"), "1@1 1@2 1@3 stale@4");
}

TEST(RegistryAppender, CountersBeginAtZeroWhenTheyWereCreated) {
  struct Case {
    const char* name;
    std::vector<std::pair<double, Timestamp>> rounds;  // value, created; at 100, 200, …
    std::string samples;
  } cases[] = {
      {"unknown", {{5, 0}, {6, 0}}, "5@100 6@200"},
      {"before the first round", {{5, 40}, {6, 40}}, "0@40 5@100 6@200"},
      {"at the first round", {{5, 100}, {6, 100}}, "5@100 6@200"},
      {"by a clock that is ahead", {{5, 900}, {6, 900}}, "5@100 6@200"},
      {"again between rounds", {{5, 40}, {1, 150}}, "0@40 5@100 0@150 1@200"},
      {"again, at a time already past", {{5, 40}, {1, 90}}, "0@40 5@100 1@200"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    FakeStore store;
    RegistryAppender appender({});
    Timestamp at = 0;
    for (const auto& [value, created] : c.rounds) {
      ASSERT_TRUE(appender.record(points({{"", {.value = value, .created = created}}}, MetricType::kCounter), store,
                                  at += 100));
    }
    EXPECT_EQ(store.samples("m"), c.samples);
  }
  FakeStore store;
  RegistryAppender appender({});
  const std::vector<std::uint64_t> counts{2, 1};
  ASSERT_TRUE(appender.record(histogram({1}, {.counts = counts, .count = 3, .sum = 4, .created = 40}), store, 100));
  EXPECT_EQ(store.samples("h_bucket{le=\"1.0\"}"), "0@40 2@100");
  EXPECT_EQ(store.samples("h_count"), "0@40 3@100");
  EXPECT_EQ(store.samples("h_sum"), "0@40 4@100");
}

TEST(RegistryAppender, NativeHistogramsAreHistogramSamples) {
  const std::vector<NativeHistogramView::Bucket> positive{{-2, 1}, {-1, 2}, {3, 4}};
  const std::vector<NativeHistogramView::Bucket> negative{{0, 5}};
  const NativeHistogramView native{
      .schema = 3, .zero_threshold = 0.25, .zero_count = 1, .positive = positive, .negative = negative};
  const std::vector<std::uint64_t> counts{6, 7};
  FakeStore store;
  RegistryAppender appender({});
  // Native only, then with classic buckets beside.
  ASSERT_TRUE(appender.record(histogram({}, {.counts = {}, .count = 13, .sum = 2.5, .created = 50, .native = &native}),
                              store, 100));
  EXPECT_EQ(store.series(), "h\n");
  ASSERT_TRUE(
      appender.record(histogram({1}, {.counts = counts, .count = 13, .sum = 2.5, .native = &native}), store, 200));
  NativeHistogram expected;
  expected.schema = 3;
  expected.zero_threshold = 0.25;
  expected.zero_count = 1;
  expected.count = 13;
  expected.sum = 2.5;
  expected.positive_spans = {{-2, 2}, {3, 1}};
  expected.positive_buckets = {1, 2, 4};
  expected.negative_spans = {{0, 1}};
  expected.negative_buckets = {5};
  NativeHistogram zero;
  zero.reset_hint = NativeHistogram::ResetHint::kReset;
  zero.schema = 3;
  zero.zero_threshold = 0.25;
  EXPECT_EQ(store.samples("h"),
            to_string(zero) + "@50 " + to_string(expected) + "@100 " + to_string(expected) + "@200");
  EXPECT_EQ(store.samples("h_bucket{le=\"+Inf\"}"), "13@200");
  ASSERT_TRUE(appender.record([](Visitor&) {}, store, 300));
  EXPECT_TRUE(store.samples("h").ends_with(" stale@300")) << store.samples("h");
}

TEST(RegistryAppender, ExemplarsAreStoredOnce) {
  const ExemplarView first{.labels = "trace_id=\"a\"", .value = 0.5, .time = 90};
  const ExemplarView second{.labels = "trace_id=\"b\"", .value = 3, .time = 150};
  const std::vector<ExemplarView> one{first};
  const std::vector<ExemplarView> both{first, second};
  const std::vector<std::uint64_t> counts{1, 0};
  FakeStore store;
  RegistryAppender appender({});
  const auto round = [&](std::span<const ExemplarView> exemplars, const ExemplarView* of_counter, Timestamp at) {
    const auto visit = [&](Visitor& visitor) {
      histogram({1}, {.counts = counts, .count = 1, .sum = 0.5, .exemplars = exemplars})(visitor);
      points({{"", {.value = 1, .exemplar = of_counter}}}, MetricType::kCounter)(visitor);
    };
    ASSERT_TRUE(appender.record(visit, store, at));
  };
  round(one, nullptr, 100);
  round(both, &second, 200);
  round(both, &second, 300);
  EXPECT_THAT(store.exemplars,
              testing::ElementsAre("h_bucket{le=\"1.0\"} {trace_id=\"a\"} 0.5@90",
                                   "h_bucket{le=\"+Inf\"} {trace_id=\"b\"} 3@150", "m {trace_id=\"b\"} 3@150"));
}

TEST(RegistryAppender, ARoundTheStoreRefusesIsMadeUpFor) {
  FakeStore store;
  RegistryAppender appender({});
  const PointView value{.value = 1, .created = 5};
  ASSERT_TRUE(appender.record(points({{"l=\"a\"", value}}), store, 10));
  store.commit_error = Error(ErrorCode::kUnavailable, "disk full");
  // "a" vanishes and "b" begins in a round that is lost.
  const auto lost = appender.record(points({{"l=\"b\"", {.value = 2, .created = 15}}}), store, 20);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), ErrorCode::kUnavailable);
  store.commit_error.reset();
  ASSERT_TRUE(appender.record(points({{"l=\"b\"", {.value = 3, .created = 15}}}), store, 30));
  EXPECT_EQ(store.samples("m{l=\"a\"}"), "0@5 1@10 stale@30");
  EXPECT_EQ(store.samples("m{l=\"b\"}"), "0@15 3@30");
}

TEST(RegistryAppender, WhatTheStoreRefusesIsCounted) {
  FakeStore store;
  store.max_series = 2;  // `up` comes after the first
  RegistryAppender appender({});
  const auto visit = points({{"l=\"a\"", {.value = 1}}, {"l=\"a\"", {.value = 2}}, {"l=\"b\"", {.value = 3}}});
  auto counts = appender.record(visit, store, 10);
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->duplicates, 1U);
  EXPECT_EQ(counts->refused, 1U);  // `up`
  counts = appender.record(visit, store, 5);
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->samples, 0U);
  EXPECT_EQ(counts->out_of_order, 3U);
  store.max_series = 3;
  EXPECT_EQ(appender.record(visit, store, 20)->refused, 0U);
  // No instrument can write a marker.
  ASSERT_TRUE(appender.record(points({{"l=\"a\"", {.value = stale_nan()}}}), store, 30));
  EXPECT_EQ(store.samples("m{l=\"a\"}"), "1@10 1@20 NaN@30");
}

TEST(Collection, SamplesAtItsSlots) {
  VirtualScheduler scheduler(1'000'100);
  Registry registry;
  const Counter<> blocks{registry, "blocks_total", "Blocks."};
  Registry own;
  const CollectionMetrics metrics(own);
  FakeStore store;
  Collection collection({.registry = registry,
                         .storage = store,
                         .scheduler = scheduler,
                         .metrics = metrics,
                         .interval = 250,
                         .labels = {{"job", "node"}}});
  collection.start();
  blocks.inc(2);
  scheduler.advance(250);
  blocks.inc();
  scheduler.advance(500);
  EXPECT_EQ(store.samples("blocks_total{job=\"node\"}"), "2@1000250 3@1000500 3@1000750");
  EXPECT_GT(metrics.samples.value(), 3.0);

  store.commit_error = Error(ErrorCode::kUnavailable, "disk full");
  scheduler.advance(250);
  store.commit_error.reset();
  scheduler.advance(250);
  EXPECT_EQ(metrics.failures.value(), 1);

  collection.finish();
  scheduler.advance(1000);
  EXPECT_EQ(store.samples("blocks_total{job=\"node\"}"), "2@1000250 3@1000500 3@1000750 3@1001250 stale@1001350");
}

TEST(Collection, SlotsThatPassMeanwhileAreCounted) {
  VirtualScheduler scheduler(1'000'000);
  Registry registry;
  // A collector that takes 600 ms: two slots pass in the first round, as in every other.
  auto& clock = static_cast<FakeClock&>(scheduler.clock());
  const Collector slow{registry, MetricType::kGauge, "slow", "Slow.", {}, [&](CollectorSink& sink) {
                         clock.advance(600);
                         sink.point(1);
                       }};
  const CollectionMetrics metrics(nullptr);
  FakeStore store;
  Collection collection(
      {.registry = registry, .storage = store, .scheduler = scheduler, .metrics = metrics, .interval = 250});
  collection.start();
  scheduler.advance(250);
  scheduler.advance(150);
  EXPECT_EQ(store.samples("slow"), "1@1000250 1@1001000");
  EXPECT_EQ(metrics.missed_slots.value(), 4);
  collection.stop();
  scheduler.advance(5000);
  EXPECT_EQ(store.samples("slow"), "1@1000250 1@1001000");
}

// Through the real store: what is read back is what the instruments said.
TEST(Collection, RoundTripThroughTheStore) {
  VirtualScheduler scheduler(1'700'000'000'000);
  MemoryFileSystem files;
  auto db = storage::Database::open({.directory = "data", .file_system = &files, .scheduler = &scheduler});
  ASSERT_TRUE(db) << db.error().message();
  Registry registry;
  const Counter<"code"> requests{registry, "requests_total", "Requests."};
  const Histogram<> rtt{registry, "rtt_seconds", "Round trip.", buckets<0.1, 1.0>};
  const CollectionMetrics metrics(nullptr);
  {
    const Gauge<> height{registry, "height", "Block height."};
    height.set(41);
    Collection collection({.registry = registry,
                           .storage = **db,
                           .scheduler = scheduler,
                           .metrics = metrics,
                           .interval = 100,
                           .labels = {{"job", "node"}}});
    collection.start();
    for (int i = 0; i < 50; ++i) {
      requests.with("200").inc();
      rtt.observe(0.05 * i);
      scheduler.advance(100);
    }
    collection.finish();
  }
  RegistryAppender native({});
  const std::vector<NativeHistogramView::Bucket> positive{{1, 3}};
  const NativeHistogramView view{
      .schema = 0, .zero_threshold = 0, .zero_count = 0, .positive = positive, .negative = {}};
  ASSERT_TRUE(native.record(histogram({}, {.counts = {}, .count = 3, .sum = 4.5, .native = &view}), **db,
                            scheduler.clock().now()));

  const auto read = [&](std::string_view name, std::string_view bound) {
    SampleColumns columns;
    auto querier = (*db)->querier(0, kMaxTimestamp);
    std::vector<Matcher> matchers{Matcher::equal(kMetricName, name)};
    if (!bound.empty()) matchers.push_back(Matcher::equal(kBucketLabel, bound));
    auto set = (*querier)->select(matchers, {});
    EXPECT_EQ((*set)->size(), 1U) << name;
    if ((*set)->size() == 1) {
      EXPECT_TRUE((*set)->read(0, 0, kMaxTimestamp, columns));
    }
    return columns;
  };
  const SampleColumns counted = read("requests_total", "");
  // The last is the marker; older rounds may have a 0 in front.
  ASSERT_GE(counted.size(), 51U);
  EXPECT_TRUE(is_stale_nan(counted.values.back()));
  EXPECT_EQ(counted.values[counted.size() - 2], 50);
  EXPECT_EQ(counted.timestamps[counted.size() - 2], 1'700'000'005'000);
  EXPECT_EQ(counted.timestamps[counted.size() - 3], 1'700'000'004'900);
  EXPECT_EQ(read("rtt_seconds_bucket", "0.1").values[10], 3);
  EXPECT_EQ(read("height", "").values[0], 41);
  const SampleColumns histograms = read("h", "");
  ASSERT_EQ(histograms.histograms.size(), 1U);
  EXPECT_EQ(histograms.histograms[0].second->sum, 4.5);
  EXPECT_EQ(histograms.histograms[0].second->positive_buckets, (std::vector<double>{3}));
}

}  // namespace
}  // namespace vigil::collect
