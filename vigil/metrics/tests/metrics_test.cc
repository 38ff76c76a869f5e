#include "vigil/metrics/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "vigil/base/fake_clock.h"
#include "vigil/metrics/label_text.h"

namespace vigil::metrics {
namespace {

inline constinit Counter<"method", "code"> requests{"test_requests_total", "Requests."};

// Renders a registry, one line a point, for comparisons.
class Lines final : public Visitor {
 public:
  void begin_family(const FamilyView& family) override { name_ = std::string(family.name); }
  void point(std::string_view labels, const PointView& value) override {
    add(labels, std::to_string(static_cast<long long>(value.value)));
  }
  void histogram(std::string_view labels, const HistogramView& value) override {
    std::string counts;
    for (const auto count : value.counts) counts += (counts.empty() ? "" : " ") + std::to_string(count);
    add(labels, "[" + counts + "] n=" + std::to_string(value.count));
  }
  std::vector<std::string> lines;

 private:
  void add(std::string_view labels, const std::string& value) {
    if (name_.starts_with("vigil_metrics_")) return;
    lines.push_back(name_ + "{" + std::string(labels) + "} " + value);
  }
  std::string name_;
};

std::vector<std::string> lines_of(const Registry& registry) {
  Lines lines;
  registry.visit(lines);
  return lines.lines;
}

double self_metric(const Registry& registry, std::string_view name) {
  struct Find final : Visitor {
    explicit Find(std::string_view n) : wanted(n) {}
    void begin_family(const FamilyView& family) override { here = family.name == wanted; }
    void point(std::string_view, const PointView& v) override {
      if (here) value = v.value;
    }
    void histogram(std::string_view, const HistogramView&) override {}
    std::string_view wanted;
    bool here = false;
    double value = -1;
  } find(name);
  registry.visit(find);
  return find.value;
}

using Strings = std::vector<std::string>;

TEST(Metrics, GlobalInstrumentJoinsAtFirstUse) {
  const auto ok = requests.with("GET", "200");
  ok.inc();
  ok.inc(2);
  requests.with("GET", std::string("500")).inc(0.5);
  EXPECT_EQ(ok.value(), 3);
  EXPECT_EQ(lines_of(Registry::global()), (Strings{R"(test_requests_total{method="GET",code="200"} 3)",
                                                   R"(test_requests_total{method="GET",code="500"} 0)"}));
}

TEST(Metrics, CounterIgnoresWhatWouldLowerIt) {
  Registry registry;
  Counter<> counter{registry, "a_total", "A."};
  counter.inc(2);
  counter.inc(-5);
  counter.inc(std::numeric_limits<double>::quiet_NaN());
  counter.inc(0.25);
  EXPECT_EQ(counter.value(), 2.25);
}

TEST(Metrics, GaugeAppearsAtItsFirstSet) {
  Registry registry;
  Gauge<> plain{registry, "a", "A."};
  Gauge<"x"> labelled{registry, "b", "B."};
  EXPECT_EQ(lines_of(registry), Strings{});
  plain.dec();
  const auto one = labelled.with("1");
  EXPECT_EQ(lines_of(registry), Strings{"a{} -1"});
  one.set(7);
  EXPECT_EQ(lines_of(registry), (Strings{"a{} -1", R"(b{x="1"} 7)"}));
  one.clear();
  EXPECT_EQ(lines_of(registry), Strings{"a{} -1"});
}

TEST(Metrics, ClosedLabelsStartAtZeroAndRefuseOthers) {
  Registry registry;
  Counter<"result"> votes{registry, "votes_total", "Votes.", {.closed = {closed<"result", "approve", "reject">}}};
  EXPECT_EQ(lines_of(registry), (Strings{R"(votes_total{result="approve"} 0)", R"(votes_total{result="reject"} 0)"}));
  const auto bad = votes.with("abstain");
  EXPECT_FALSE(bad.valid());
  bad.inc();
  bad.inc(0.5);
  EXPECT_EQ(bad.value(), 0);
  EXPECT_EQ(votes.size(), 2U);
  EXPECT_EQ(self_metric(registry, "vigil_metrics_rejected_label_sets_total"), 1);
}

TEST(Metrics, PrepareExpandsClosedLabels) {
  Registry registry;
  Counter<"result", "node_id"> votes{
      registry, "votes_total", "Votes.", {.closed = {closed<"result", "approve", "reject">}}};
  EXPECT_EQ(lines_of(registry), Strings{});
  votes.prepare(each, "1");
  EXPECT_EQ(lines_of(registry), (Strings{R"(votes_total{result="approve",node_id="1"} 0)",
                                         R"(votes_total{result="reject",node_id="1"} 0)"}));
}

TEST(Metrics, CapSendsTheRestToOther) {
  Registry registry;
  Counter<"result", "peer"> c{
      registry, "c_total", "C.", {.closed = {closed<"result", "ok", "bad">}, .max_label_sets = 5}};
  for (int i = 0; i < 10; ++i) c.with("ok", std::to_string(i)).inc();
  c.with("bad", "x").inc();
  EXPECT_EQ(lines_of(registry), (Strings{R"(c_total{result="ok",peer="0"} 1)", R"(c_total{result="ok",peer="1"} 1)",
                                         R"(c_total{result="ok",peer="2"} 1)", R"(c_total{result="ok",peer="other"} 7)",
                                         R"(c_total{result="bad",peer="other"} 1)"}));
  EXPECT_EQ(self_metric(registry, "vigil_metrics_overflowed_label_sets_total"), 8);
}

TEST(Metrics, DefaultCapIsNinetyNineWithOther) {
  Registry registry;
  Counter<"peer"> c{registry, "c_total", "C."};
  for (int i = 0; i < 500; ++i) c.with(std::to_string(i)).inc();
  EXPECT_EQ(c.size(), 99U);
  EXPECT_EQ(c.with("other").value(), 402);
}

TEST(Metrics, LabelValuesOfAnyBytes) {
  Registry registry;
  Counter<"a", "b"> c{registry, "c_total", "C.", {.max_label_sets = 1000}};
  const std::string values[] = {"", "x", "\"", "\\", "\n", "x\",b=\"y", "\\n", "a\\\"b", "ü", std::string(1000, 'z')};
  for (const auto& a : values) {
    for (const auto& b : values) c.with(a, b).inc();
  }
  for (const auto& a : values) {
    for (const auto& b : values) EXPECT_EQ(c.with(a, b).value(), 1) << a << "|" << b;
  }
}

TEST(Metrics, InvalidUtf8AndHugeValues) {
  Registry registry;
  Counter<"a"> c{registry, "c_total", "C."};
  c.with("x\xFF").inc();
  c.with("x\xFF").inc();
  c.with(std::string(2000, 'x')).inc();
  EXPECT_EQ(lines_of(registry), (Strings{"c_total{a=\"x\xEF\xBF\xBD\"} 2", R"(c_total{a="other"} 1)"}));
}

TEST(Metrics, LabelPairsDecode) {
  std::string text;
  append_label(text, "a", "x\"\\\n");
  append_label(text, "b", "");
  append_label(text, "c", "=,");
  EXPECT_EQ(text, R"(a="x\"\\\n",b="",c="=,")");
  const std::vector<std::pair<std::string, std::string>> expected{{"a", "x\"\\\n"}, {"b", ""}, {"c", "=,"}};
  EXPECT_EQ(label_pairs(text), expected);
  EXPECT_TRUE(label_pairs("").empty());
}

TEST(Metrics, SameSchemaShares) {
  Registry registry;
  Counter<"a"> first{registry, "c_total", "C."};
  {
    Counter<"a"> second{registry, "c_total", "C."};
    second.with("1").inc();
  }
  first.with("1").inc();
  EXPECT_EQ(lines_of(registry), Strings{R"(c_total{a="1"} 2)"});
  EXPECT_TRUE(registry.problems().empty());
}

TEST(Metrics, OtherSchemaIsRefusedButCounts) {
  Registry registry;
  Counter<"a"> first{registry, "c_total", "C."};
  Counter<"b"> second{registry, "c_total", "C."};
  Gauge<> third{registry, "c_total", "C."};
  second.with("1").inc();
  third.set(1);
  EXPECT_EQ(second.with("1").value(), 1);
  EXPECT_EQ(lines_of(registry), Strings{});
  EXPECT_EQ(registry.problems(), (Strings(2, "c_total is taken by another kind of metric")));
}

TEST(Metrics, UnitMustEndTheName) {
  Registry registry;
  Gauge<> good{registry, "x_seconds", "X.", {.unit = "seconds"}};
  Counter<> also{registry, "y_bytes_total", "Y.", {.unit = "bytes"}};
  EXPECT_TRUE(registry.problems().empty());
  Gauge<> bad{registry, "xseconds", "X.", {.unit = "seconds"}};
  EXPECT_EQ(registry.problems(), Strings{"xseconds does not end in its unit"});
}

TEST(Metrics, InstrumentsLeaveWithTheirOwner) {
  Registry registry;
  auto counter = std::make_unique<Counter<>>(registry, CounterName("c_total"), "C.");
  counter->inc(5);
  EXPECT_EQ(lines_of(registry), Strings{"c_total{} 5"});
  counter.reset();
  EXPECT_EQ(lines_of(registry), Strings{});
  Counter<> again{registry, "c_total", "C."};  // on the same cells: starts at 0
  EXPECT_EQ(again.value(), 0);
}

TEST(Metrics, InstrumentsSurviveTheirRegistry) {
  auto registry = std::make_unique<Registry>();
  Counter<> c{*registry, "c_total", "C."};
  registry.reset();
  c.inc();
  EXPECT_EQ(c.value(), 1);
  Counter<> none{nullptr, "c_total", "C."};
  none.inc();
  EXPECT_EQ(none.value(), 1);
}

TEST(Metrics, CollectorReadsWhenVisited) {
  Registry registry;
  int series = 3;
  {
    Collector collector{registry, MetricType::kGauge, "head_series", "S.", {"kind"}, [&](CollectorSink& sink) {
                          sink.point({"a\""}, series);
                          sink.point({"b"}, 1);
                          sink.point({"wrong", "arity"}, 1);
                        }};
    series = 4;
    EXPECT_EQ(lines_of(registry), (Strings{R"(head_series{kind="a\""} 4)", R"(head_series{kind="b"} 1)"}));
    Collector twin{registry, MetricType::kGauge, "head_series", "S.", {}, [](CollectorSink& sink) { sink.point(1); }};
    EXPECT_EQ(registry.problems().size(), 1U);
  }
  EXPECT_EQ(lines_of(registry), Strings{});
}

TEST(Metrics, HistogramBuckets) {
  Registry registry;
  Histogram<"p"> h{registry, "h", "H.", buckets<0.1, 1.0, 10.0>};
  const auto one = h.with("x");
  const double inf = std::numeric_limits<double>::infinity();
  for (const double v : {-1.0, 0.0, 0.1, 0.100001, 1.0, 9.0, 10.0, 11.0, inf}) one.observe(v);
  one.observe_n(5, 3);
  one.observe_n(inf, 0);
  EXPECT_EQ(lines_of(registry), Strings{R"(h{p="x"} [3 2 5 2] n=12)"});
  EXPECT_EQ(one.count(), 12U);
  EXPECT_EQ(one.sum(), inf);
  one.observe(std::nan(""));
  one.observe(-std::nan(""));
  EXPECT_EQ(lines_of(registry), Strings{R"(h{p="x"} [3 2 5 4] n=14)"});
}

TEST(Metrics, TimerObservesOnce) {
  Registry registry;
  Histogram<> h{registry, "h_seconds", "H.", buckets<1.0, 10.0>};
  FakeClock clock;
  {
    auto timer = h.with().time(clock);
    clock.advance(2500);
    EXPECT_EQ(timer.stop(), 2.5);
    clock.advance(1000);
    auto moved = h.with().time(clock);
    clock.advance(500);
    const HistogramTimer owner = std::move(moved);
    auto cancelled = h.time();
    cancelled.cancel();
  }
  EXPECT_EQ(h.with().count(), 2U);
  EXPECT_EQ(h.with().sum(), 3.0);
  {
    const auto real = h.time();
  }
  EXPECT_EQ(h.with().count(), 3U);
  EXPECT_GE(h.with().sum(), 3.0);
  EXPECT_LT(h.with().sum(), 4.0);
}

inline constexpr CounterDef<"result"> kVotes{"votes_total", "Votes.", {.closed = {closed<"result", "yes", "no">}}};
inline constexpr HistogramDef<> kSizes{"sizes", "Sizes.", buckets<1.0, 2.0>};
inline constexpr std::array kCatalog{kVotes.describe(), kSizes.describe()};

TEST(Metrics, DefinitionsServeManyRegistries) {
  static_assert(kCatalog[0].labels[0] == "result" && kCatalog[1].type == MetricType::kHistogram);
  Registry a, b;
  InstrumentOf<kVotes> in_a{a, kVotes};
  InstrumentOf<kVotes> in_b{b, kVotes};
  InstrumentOf<kSizes> sizes{b, kSizes};
  in_a.with("yes").inc();
  EXPECT_EQ(lines_of(a), (Strings{R"(votes_total{result="yes"} 1)", R"(votes_total{result="no"} 0)"}));
  EXPECT_EQ(lines_of(b),
            (Strings{"sizes{} [0 0 0] n=0", R"(votes_total{result="yes"} 0)", R"(votes_total{result="no"} 0)"}));
}

struct IndexCase {
  const char* name;
  bool indexed;
  std::vector<double> bounds;
};

TEST(BucketIndex, AgreesWithLinearSearch) {
  const double inf = std::numeric_limits<double>::infinity();
  std::vector<double> thirty;
  for (double b = 1e-6; thirty.size() < 30; b *= 1.7) thirty.push_back(b);
  const IndexCase cases[] = {
      {"empty", false, {}},
      {"one", true, {1}},
      {"seconds", true, {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}},
      {"two in an octave", true, {2, 3, 5, 7.5, 10, 15}},
      {"many in an octave", true, {4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8}},
      {"linear", true, {10, 20, 30, 40, 50, 60, 70, 80, 90}},
      {"two of a part, but for the finest", true, {1.06, 1.0625}},
      {"closer together", false, {1, 1.001}},
      {"negative", true, {-2, -1, 0, 1, 2}},
      {"negative only", false, {-2, -1, 0}},
      {"zero", true, {0, 1, 2}},
      {"denormal", true, {5e-324, 1e-310, 1}},
      {"nearly all octaves", true, {1e-300, 1, 1e300}},
      {"many octaves, some cut into many parts", false, {1, 1.01, 1e77}},
      {"the smallest", true, {std::numeric_limits<double>::min(), 1}},
      {"the largest", true, {1e300, std::numeric_limits<double>::max()}},
      {"unsorted, with what is no bound", true, {3, 1, inf, 2, -inf, std::nan(""), 3}},
      {"thirty", true, thirty},
  };
  for (const auto& c : cases) {
    const internal::BucketIndex index(c.bounds);
    const std::vector<double> all(index.bounds().begin(), index.bounds().end());
    EXPECT_EQ(!all.empty() && index.table().find(all.back()) == all.size() - 1, c.indexed) << c.name;
    std::vector<double> values{0.0, -0.0, -1.0, -5.0, 5e-324, 1e300, inf, -inf, std::numeric_limits<double>::max()};
    for (const double b : index.bounds()) {
      for (const double v : {b, std::nextafter(b, inf), std::nextafter(b, -inf), b * 1.5, b * 2, b / 2})
        values.push_back(v);
    }
    for (const double v : values) {
      std::size_t expected = 0;
      while (expected < index.size() && index.bounds()[expected] < v) ++expected;
      EXPECT_EQ(index.find(v), expected) << c.name << " " << v;
    }
    EXPECT_EQ(index.find(std::nan("")), index.size()) << c.name;
    EXPECT_EQ(index.find(-std::nan("")), index.size()) << c.name;
  }
}

// Lookups compare values with the label text, where quotes stand between them.
TEST(Metrics, ValuesThatLookLikeTheTextBetweenThem) {
  Registry registry;
  Counter<"m", "p"> c{registry, "c_total", "C.", {.max_label_sets = 100}};
  const std::pair<std::string, std::string> pairs[] = {
      {"ab", "c"},          {"a", "\"c"},         {"", "abc"},          {"abc", ""},
      {"a", "bc"},          {"ab\",p=\"c", ""},   {"abcdefgh", "i"},    {"abcdefghi", ""},
      {"abcdefghij", "kl"}, {"abcdefgh", "ijkl"}, {"abcdefghi", "jkl"}, {"abcdefgX", "ijkl"},
  };
  for (const auto& [m, p] : pairs) c.with(m, p).inc();
  for (const auto& [m, p] : pairs) EXPECT_EQ(c.with(m, p).value(), 1) << m << "|" << p;
  EXPECT_EQ(c.size(), std::size(pairs));
}

// Threads that come and go, count, look up and are read meanwhile: nothing is lost.
TEST(Metrics, ManyThreadsLoseNothing) {
  Registry registry;
  Counter<"t"> c{registry, "c_total", "C.", {.max_label_sets = 10'000}};
  Gauge<> g{registry, "g", "G."};
  Histogram<> h{registry, "h", "H.", buckets<1.0, 2.0>};
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    double last = 0;
    while (!stop) {
      lines_of(registry);
      const double now = c.with("all").value();
      EXPECT_GE(now, last);
      last = now;
    }
  });
  constexpr int kRounds = 10, kThreads = 4, kEach = 2000;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        const auto all = c.with("all");
        for (int i = 0; i < kEach; ++i) {
          all.inc();
          c.with(std::to_string((i * 7 + t) % 500)).inc();
          h.observe(i % 3);
          g.add(1);
        }
      });
    }
    for (auto& thread : threads) thread.join();
  }
  stop = true;
  reader.join();
  constexpr double kTotal = kRounds * kThreads * kEach;
  EXPECT_EQ(c.with("all").value(), kTotal);
  EXPECT_EQ(g.value(), kTotal);
  EXPECT_EQ(h.with().count(), kTotal);
  double sum = 0;
  for (int i = 0; i < 500; ++i) sum += c.with(std::to_string(i)).value();
  EXPECT_EQ(sum, kTotal);
  EXPECT_EQ(c.size(), 501U);
}

// A thread's last updates, from destructors that run after its cells were given back.
TEST(Metrics, UpdatesWhileAThreadEnds) {
  Registry registry;
  Counter<> c{registry, "c_total", "C."};
  struct AtExit {
    Counter<>* counter = nullptr;
    ~AtExit() {
      if (counter != nullptr) counter->inc();
    }
  };
  for (int i = 0; i < 3; ++i) {
    std::thread([&] {
      static thread_local AtExit at_exit;  // before the cells: destroyed after them
      at_exit.counter = &c;
      c.inc();
    }).join();
  }
  EXPECT_EQ(c.value(), 6);
}

}  // namespace
}  // namespace vigil::metrics
