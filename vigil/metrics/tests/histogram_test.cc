// Native histograms, exemplars, timers with traces, local accumulators.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "vigil/base/fake_clock.h"
#include "vigil/metrics/local.h"
#include "vigil/metrics/metrics.h"

namespace vigil::metrics {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

using internal::ExponentialIndex;

// The definition, without tricks: the first bucket whose upper bound is >= value.
std::int32_t slow_index(int schema, double value) {
  // Bounds among the denormals are not exact: compare octaves further up.
  if (schema > 0 && value < 1e-300) return slow_index(schema, value * 0x1p128) - 128 * (1 << schema);
  int octave = 0;
  std::frexp(value, &octave);  // value <= 2^octave
  std::int32_t index = schema >= 0 ? (octave + 1) * (1 << schema)
                                   : static_cast<std::int32_t>(std::ceil((octave + 1.0) / (1 << -schema)));
  while (ExponentialIndex::upper_bound(schema, index - 1) >= value) --index;
  return index;
}

TEST(ExponentialIndex, AgreesWithTheDefinition) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> exponent(-300, 300);
  for (int schema = internal::kMinSchema; schema <= internal::kMaxSchema; ++schema) {
    const ExponentialIndex& index = ExponentialIndex::of(schema);
    std::vector<double> values{1,
                               2,
                               0.5,
                               3,
                               1e-300,
                               1e300,
                               std::numeric_limits<double>::max(),
                               0.001,
                               1e-310,
                               5e-324,
                               1.5e-323,
                               std::numeric_limits<double>::min()};
    for (int i = 0; i < 300; ++i) values.push_back(std::exp2(exponent(random)));
    for (std::int32_t i = -40; i < 40; ++i) {
      const double bound = ExponentialIndex::upper_bound(schema, i);
      if (bound < 1e-300 || bound > 1e300) continue;
      for (const double v : {bound, std::nextafter(bound, 0.0), std::nextafter(bound, kInfinity)}) values.push_back(v);
    }
    for (const double v : values) EXPECT_EQ(index.find(v), slow_index(schema, v)) << schema << " " << v;
    EXPECT_EQ(index.find(kInfinity), index.find(std::numeric_limits<double>::max()) + 1);
  }
}

struct Seen {
  std::vector<std::uint64_t> counts;
  std::uint64_t count = 0;
  double sum = 0;
  std::optional<int> schema;
  std::uint64_t zero = 0;
  std::vector<std::pair<int, std::uint64_t>> positive, negative;
  std::vector<std::string> exemplars;
};

Seen look(const Registry& registry, std::string_view name) {
  struct Look final : Visitor {
    void begin_family(const FamilyView& family) override { here = family.name == wanted; }
    void point(std::string_view, const PointView& value) override {
      if (here && value.exemplar != nullptr) seen.exemplars.emplace_back(value.exemplar->labels);
    }
    void histogram(std::string_view, const HistogramView& view) override {
      if (!here) return;
      seen.counts.assign(view.counts.begin(), view.counts.end());
      seen.count = view.count;
      seen.sum = view.sum;
      for (const auto& e : view.exemplars)
        seen.exemplars.push_back(std::string(e.labels) + " " + std::to_string(e.value) + " " + std::to_string(e.time));
      if (view.native == nullptr) return;
      seen.schema = view.native->schema;
      seen.zero = view.native->zero_count;
      for (const auto& b : view.native->positive) seen.positive.emplace_back(b.index, b.count);
      for (const auto& b : view.native->negative) seen.negative.emplace_back(b.index, b.count);
    }
    std::string_view wanted;
    bool here = false;
    Seen seen;
  } visitor;
  visitor.wanted = name;
  registry.visit(visitor);
  return visitor.seen;
}

using Buckets = std::vector<std::pair<int, std::uint64_t>>;

TEST(NativeHistogram, CountsWhereTheSpecificationSays) {
  Registry registry;
  Histogram<> h{registry, "h", "H.", native(0)};
  for (const double v : {1.0, 1.5, 2.0, 2.1, 4.0, -1.0, -3.0, 0.0, 1e-40, std::nan(""), kInfinity}) h.observe(v);
  const Seen seen = look(registry, "h");
  EXPECT_EQ(seen.schema, 0);
  EXPECT_EQ(seen.positive, (Buckets{{0, 1}, {1, 2}, {2, 2}, {1025, 1}}));
  EXPECT_EQ(seen.negative, (Buckets{{0, 1}, {2, 1}}));
  EXPECT_EQ(seen.zero, 2U);
  EXPECT_EQ(seen.count, 11U);  // NaN is counted, in no bucket
  EXPECT_EQ(seen.counts, std::vector<std::uint64_t>{11});
  EXPECT_EQ(h.with().count(), 11U);
}

TEST(NativeHistogram, BothKindsFromOneInstrument) {
  Registry registry;
  Histogram<> h{registry, "h", "H.", buckets<1.0, 10.0>.with_native({.schema = 2})};
  h.observe(0.5);
  h.with().observe_n(5, 3);
  h.observe(100);
  h.observe(std::nan(""));
  const Seen seen = look(registry, "h");
  EXPECT_EQ(seen.counts, (std::vector<std::uint64_t>{1, 3, 2}));
  EXPECT_EQ(seen.count, 6U);
  EXPECT_EQ(seen.positive, (Buckets{{-4, 1}, {10, 3}, {27, 1}}));
}

TEST(NativeHistogram, ResolutionGivesWayToTheLimit) {
  Registry registry;
  Histogram<> h{registry, "h", "H.", Layout{}.with_native({.schema = 8, .max_buckets = 64})};
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> exponent(-40, 40);
  std::vector<double> values;
  for (int i = 0; i < 5000; ++i) values.push_back(std::exp2(exponent(random)) * (i % 3 == 0 ? -1 : 1));
  for (const double v : values) h.observe(v);
  const Seen seen = look(registry, "h");
  ASSERT_TRUE(seen.schema.has_value());
  EXPECT_LT(*seen.schema, 8);
  std::map<int, std::uint64_t> positive, negative;
  for (const double v : values) ++(v < 0 ? negative : positive)[slow_index(*seen.schema, std::abs(v))];
  EXPECT_EQ(seen.positive, Buckets(positive.begin(), positive.end()));
  EXPECT_EQ(seen.negative, Buckets(negative.begin(), negative.end()));
  EXPECT_LE(seen.positive.size() + seen.negative.size(), 64U);
  EXPECT_EQ(seen.count, values.size());
}

// Whatever the order in which a window grows, buckets are those of the definition.
TEST(NativeHistogram, WindowsGrowWithWhatIsObserved) {
  struct Case {
    const char* name;
    int schema;
    double zero_threshold;
    std::vector<double> values;
    int shown_schema;
  };
  std::vector<double> upward, downward, about_one;
  for (int i = 0; i < 500; ++i) {
    upward.push_back(std::exp2(i * 0.03));
    downward.push_back(std::exp2(-i * 0.03));
    about_one.push_back(1 + i * 1e-4);
  }
  std::vector<double> with_outliers(upward.begin(), upward.begin() + 300);
  for (const double v : {1e-200, 1e200, -1.0}) with_outliers.push_back(v);
  std::vector<double> powers;
  for (int i = 40; i < 56; ++i) powers.insert(powers.end(), {std::ldexp(1, i), std::ldexp(1, -i + 96)});
  const Case cases[] = {
      {"upward", 3, 0x1p-128, upward, 3},
      {"downward", 3, 0x1p-128, downward, 3},
      {"finest", 8, 0x1p-128, about_one, 8},
      {"outliers cost no resolution", 3, 0x1p-128, with_outliers, 3},
      {"exact bounds", 3, 0x1p-128, powers, 3},
      {"coarse", -2, 0x1p-128, powers, -2},
      {"beside the zero bucket", 3, 1, upward, 3},
      {"beside the denormals", 3, 0, {3e-308, 4e-308, 1e-307, 1e-310, 5e-324}, 3},
      {"beside infinity", 3, 0, {1.7e308, 1e308, 8e307, std::numeric_limits<double>::max(), kInfinity}, 3},
  };
  for (const Case& c : cases) {
    Registry registry;
    Histogram<> h{registry, "h", "H.", Layout{}.with_native({.schema = c.schema, .zero_threshold = c.zero_threshold})};
    double sum = 0;
    std::uint64_t zero = 0;
    std::map<int, std::uint64_t> positive, negative;
    for (int round = 0; round < 2; ++round) {
      for (const double v : c.values) {
        h.observe(v);
        sum += v;
        if (std::abs(v) <= c.zero_threshold) {
          ++zero;
        } else {
          const int index = v == kInfinity ? slow_index(c.schema, std::numeric_limits<double>::max()) + 1
                                           : slow_index(c.schema, std::abs(v));
          ++(v < 0 ? negative : positive)[index];
        }
      }
    }
    const Seen seen = look(registry, "h");
    EXPECT_EQ(seen.schema, c.shown_schema) << c.name;
    EXPECT_EQ(seen.positive, Buckets(positive.begin(), positive.end())) << c.name;
    EXPECT_EQ(seen.negative, Buckets(negative.begin(), negative.end())) << c.name;
    EXPECT_EQ(seen.zero, zero) << c.name;
    EXPECT_EQ(seen.count, 2 * c.values.size()) << c.name;
    EXPECT_TRUE(seen.sum == sum || std::abs(seen.sum - sum) < std::abs(sum) * 1e-9) << c.name << " " << seen.sum;
    EXPECT_EQ(h.with().sum(), seen.sum) << c.name;
  }
}

// Far from each other, and each across the edge of a coarser page.
TEST(NativeHistogram, PagesOfACoarserSchemaFitToo) {
  Registry registry;
  Histogram<> h{registry, "h", "H.", Layout{}.with_native({.schema = 8, .max_buckets = 512})};
  std::vector<double> values;
  for (std::int32_t page = 1; page < 200; page += 4) {
    for (const std::int32_t index : {16 * page, 16 * page + 15}) {
      values.push_back(-ExponentialIndex::upper_bound(8, index));
    }
  }
  for (const double v : values) h.observe(v);
  const Seen seen = look(registry, "h");
  ASSERT_TRUE(seen.schema.has_value());
  std::map<int, std::uint64_t> negative;
  for (const double v : values) ++negative[slow_index(*seen.schema, -v)];
  EXPECT_EQ(seen.negative, Buckets(negative.begin(), negative.end()));
  EXPECT_EQ(seen.count, values.size());
}

// Clusters of values anywhere, of either sign, at any resolution and limit.
TEST(NativeHistogram, AgreesWithTheDefinitionWhateverComes) {
  std::mt19937_64 random(11);
  const auto pick = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  for (int round = 0; round < 150; ++round) {
    const NativeLayout layout{.schema = pick(-4, 8), .max_buckets = static_cast<std::uint32_t>(pick(1, 32) * 16)};
    Registry registry;
    Histogram<> h{registry, "h", "H.", Layout{}.with_native(layout)};
    std::vector<double> values;
    for (int cluster = pick(1, 6); cluster > 0; --cluster) {
      const double center = std::exp2(pick(-100, 300));
      const double width = pick(1, 400) / 50.0;
      for (int i = pick(1, 80); i > 0; --i) {
        values.push_back(center * std::exp2(width * pick(-100, 100) / 100.0) * (cluster % 3 == 2 ? -1 : 1));
      }
    }
    std::ranges::shuffle(values, random);
    for (const double v : values) h.observe(v);
    const Seen seen = look(registry, "h");
    ASSERT_TRUE(seen.schema.has_value());
    std::map<int, std::uint64_t> positive, negative;
    for (const double v : values) ++(v < 0 ? negative : positive)[slow_index(*seen.schema, std::abs(v))];
    ASSERT_EQ(seen.positive, Buckets(positive.begin(), positive.end())) << round;
    ASSERT_EQ(seen.negative, Buckets(negative.begin(), negative.end())) << round;
    ASSERT_EQ(seen.count, values.size()) << round;
    if (*seen.schema > internal::kMinSchema) {
      ASSERT_LE(seen.positive.size() + seen.negative.size(), layout.max_buckets) << round;
    }
  }
}

// Threads observe while windows grow, resolution gives way and pages are read.
TEST(NativeHistogram, ManyThreadsLoseNothing) {
  Registry registry;
  Histogram<> h{registry, "h", "H.", Layout{}.with_native({.schema = 8, .max_buckets = 64})};
  constexpr int kThreads = 4;
  constexpr int kEach = 20'000;
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    std::uint64_t last = 0;
    while (!stop) {
      const Seen seen = look(registry, "h");
      EXPECT_GE(seen.count, last);
      last = seen.count;
    }
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const HistogramHandle handle = h.with();
      for (int i = 0; i < kEach; ++i) handle.observe(std::exp2((i % 97) * i * (t % 2 == 0 ? 1e-5 : -1e-5)));
    });
  }
  for (auto& thread : threads) thread.join();
  stop = true;
  reader.join();
  const Seen seen = look(registry, "h");
  EXPECT_EQ(seen.count, std::uint64_t{kThreads} * kEach);
  EXPECT_LE(seen.positive.size(), 64U);
}

TEST(NativeHistogram, CoarsestSchemaHoldsEveryDouble) {
  Registry registry;
  Histogram<> h{registry, "h", "H.", Layout{}.with_native({.schema = 8, .zero_threshold = 0, .max_buckets = 16})};
  std::uint64_t count = 0;
  for (double v = 5e-324; v < 1e308; v *= 7) {
    h.observe(v);
    h.observe(-v);
    count += 2;
  }
  const Seen seen = look(registry, "h");
  EXPECT_EQ(seen.schema, -4);
  EXPECT_EQ(seen.count, count);
}

const TraceContext kTrace = *TraceContext::parse("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");

TEST(Trace, ParsesAndPrints) {
  std::string text;
  append_labels(text, kTrace);
  EXPECT_EQ(text, "trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\",span_id=\"00f067aa0ba902b7\"");
  text.clear();
  append_labels(text, {0, 255, 0});
  EXPECT_EQ(text, "trace_id=\"000000000000000000000000000000ff\"");
  for (const char* bad : {"", "4bf9", "4BF92F3577B34DA6A3CE929D0E0E4736", "4bf92f3577b34da6a3ce929d0e0e473g"})
    EXPECT_FALSE(TraceContext::parse(bad).has_value()) << bad;
  EXPECT_FALSE(TraceContext::parse("4bf92f3577b34da6a3ce929d0e0e4736", "12").has_value());
}

TEST(Exemplars, LatestOfEachBucket) {
  FakeClock clock;
  Registry registry({.clock = &clock, .prefix = {}});
  Histogram<> h{registry, "h", "H.", buckets<1.0, 10.0>};
  Counter<> c{registry, "c_total", "C."};
  h.observe(0.5, {0, 1, 0});
  h.observe(0.7, {0, 2, 0});
  h.observe(50, {0, 3, 0});
  h.observe(5, TraceContext{});
  {
    auto timer = h.with().time(clock);
    timer.exemplar({0, 4, 0});
    clock.advance(2000);
  }
  c.with().inc(1, kTrace);
  c.with().inc(-1, {0, 9, 0});
  const std::string zeros(31, '0');
  const std::string at = std::to_string(clock.now() - 2000);
  EXPECT_EQ(look(registry, "h").exemplars,
            (std::vector<std::string>{"trace_id=\"" + zeros + "2\" 0.700000 " + at,
                                      "trace_id=\"" + zeros + "4\" 2.000000 " + std::to_string(clock.now()),
                                      "trace_id=\"" + zeros + "3\" 50.000000 " + at}));
  EXPECT_EQ(h.with().count(), 5U);
  EXPECT_EQ(c.value(), 1);
  EXPECT_EQ(look(registry, "c_total").exemplars.size(), 1U);
}

TEST(Local, FlushesIntoTheInstrument) {
  Registry registry;
  Counter<> c{registry, "c_total", "C."};
  Histogram<> classic{registry, "classic", "H.", buckets<1.0, 10.0>};
  Histogram<> sparse{registry, "sparse", "H.", native(0)};
  {
    LocalCounter counter(c.with());
    LocalHistogram in_classic(classic.with());
    LocalHistogram in_sparse(sparse.with());
    LocalHistogram nowhere{HistogramHandle()};
    for (int i = 0; i < 1000; ++i) {
      counter.inc();
      in_classic.observe(i);
      in_sparse.observe(i);
      nowhere.observe(i);
    }
    EXPECT_EQ(c.value(), 0);
    EXPECT_EQ(counter.unflushed(), 1000U);
    in_classic.flush();
    EXPECT_EQ(look(registry, "classic").counts, (std::vector<std::uint64_t>{2, 9, 989}));
  }
  EXPECT_EQ(c.value(), 1000);
  EXPECT_EQ(look(registry, "classic").sum, 499500);
  EXPECT_EQ(look(registry, "sparse").count, 1000U);
}

}  // namespace
}  // namespace vigil::metrics
