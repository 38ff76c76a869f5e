// Label sets that come, go and come back; what handles of them do meanwhile.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "vigil/base/fake_clock.h"
#include "vigil/metrics/metrics.h"

namespace vigil::metrics {
namespace {

// Label text -> value, of one family.
class Values final : public Visitor {
 public:
  Values(const Registry& registry, std::string_view name) : name_(name) { registry.visit(*this); }
  void begin_family(const FamilyView& family) override { here_ = family.name == name_; }
  void point(std::string_view labels, const PointView& value) override {
    if (!here_) return;
    all[std::string(labels)] = value.value;
    created[std::string(labels)] = value.created;
  }
  void histogram(std::string_view labels, const HistogramView& value) override {
    if (here_) all[std::string(labels)] = static_cast<double>(value.count);
  }
  std::map<std::string, double> all;
  std::map<std::string, Timestamp> created;

 private:
  std::string_view name_;
  bool here_ = false;
};
using Map = std::map<std::string, double>;

class Lifecycle : public testing::Test {
 protected:
  Map page(std::string_view name = "c_total") { return Values(registry_, name).all; }

  FakeClock clock_;
  Registry registry_{{.clock = &clock_, .prefix = {}}};
};

TEST_F(Lifecycle, RemovedLabelSetStartsAgainWhenItsHandleIsUsed) {
  Counter<"a"> c{registry_, "c_total", "C."};
  const auto x = c.with("x");
  x.inc(5);
  c.with("y").inc();
  const Timestamp first = Values(registry_, "c_total").created.at("a=\"x\"");
  EXPECT_TRUE(c.remove("x"));
  EXPECT_FALSE(c.remove("x"));
  EXPECT_FALSE(c.remove("never"));
  EXPECT_EQ(page(), (Map{{"a=\"y\"", 1}}));
  EXPECT_EQ(c.size(), 1U);
  EXPECT_EQ(x.value(), 0);
  clock_.advance(1000);
  x.inc(2);
  EXPECT_EQ(page(), (Map{{"a=\"x\"", 2}, {"a=\"y\"", 1}}));
  EXPECT_EQ(Values(registry_, "c_total").created.at("a=\"x\""), first + 1000);
}

TEST_F(Lifecycle, GaugesAndHistogramsAreRemovedToo) {
  Gauge<"a"> g{registry_, "g", "G."};
  Histogram<"a"> h{registry_, "h", "H.", buckets<1.0>.with_native()};
  const auto gauge = g.with("x");
  const auto histogram = h.with("x");
  gauge.set(3);
  histogram.observe(0.5);
  EXPECT_TRUE(g.remove("x"));
  EXPECT_TRUE(h.remove("x"));
  EXPECT_EQ(page("g"), Map{});
  EXPECT_EQ(page("h"), Map{});
  gauge.add(1);
  histogram.observe(0.5);
  histogram.observe(0.25);
  EXPECT_EQ(page("g"), (Map{{"a=\"x\"", 1}}));
  EXPECT_EQ(page("h"), (Map{{"a=\"x\"", 2}}));
}

TEST_F(Lifecycle, IdleLabelSetsExpire) {
  Counter<"a"> c{registry_, "c_total", "C.", {.expire_after = kMinute}};
  Gauge<"a"> g{registry_, "g", "G.", {.expire_after = kMinute}};
  Histogram<"a"> h{registry_, "h", "H.", native(), {.expire_after = kMinute}};
  const auto busy = c.with("busy");
  const auto idle = c.with("idle");
  busy.inc();
  idle.inc(7);
  const auto level = g.with("same value");
  level.set(1);
  g.with("idle").set(1);
  h.with("busy").observe(1);
  h.with("idle").observe(1);
  for (int i = 0; i < 4; ++i) {
    page();
    clock_.advance(20 * kSecond);
    busy.inc(0.5);
    level.set(1);  // told again, though it did not change
    h.with("busy").observe(1);
  }
  page();
  EXPECT_EQ(page(), (Map{{"a=\"busy\"", 3}}));
  EXPECT_EQ(page("g"), (Map{{"a=\"same value\"", 1}}));
  EXPECT_EQ(page("h"), (Map{{"a=\"busy\"", 5}}));
  EXPECT_EQ(page("vigil_metrics_expired_label_sets_total"), (Map{{"", 3}}));
  idle.inc();
  EXPECT_EQ(page(), (Map{{"a=\"busy\"", 3}, {"a=\"idle\"", 1}}));
}

TEST_F(Lifecycle, ExpiryMakesRoomUnderTheCap) {
  Counter<"peer"> c{registry_, "c_total", "C.", {.max_label_sets = 11, .expire_after = kMinute}};
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 10; ++i) c.with(std::to_string(round * 10 + i)).inc();
    page();
    clock_.advance(2 * kMinute);
  }
  EXPECT_EQ(page("vigil_metrics_overflowed_label_sets_total"), (Map{{"", 0}}));
  EXPECT_LE(c.size(), 10U);
}

TEST_F(Lifecycle, AHandleOfALongGoneLabelSetCountsAsOther) {
  Counter<"peer"> c{registry_, "c_total", "C.", {.max_label_sets = 5, .expire_after = kMinute}};
  const auto old = c.with("old");
  old.inc();
  page();
  for (int i = 0; i < 100; ++i) {
    clock_.advance(2 * kMinute);
    c.with("p" + std::to_string(i)).inc();
    page();
  }
  old.inc(3);
  EXPECT_EQ(page().at("peer=\"other\""), 3);
  EXPECT_EQ(page().count("peer=\"old\""), 0U);
}

TEST_F(Lifecycle, ChurnDoesNotGrowTheFamily) {
  Counter<"peer"> c{registry_, "c_total", "C.", {.max_label_sets = 50}};
  Registry limited({.clock = &clock_, .prefix = {}, .max_bytes = 20'000});
  Counter<"peer"> bounded{limited, "c_total", "C.", {.max_label_sets = 1'000'000}};
  for (int i = 0; i < 5000; ++i) {
    const std::string name = std::to_string(100'000 + i);
    c.with(name).inc();
    bounded.with(name).inc();
    EXPECT_TRUE(c.remove(name));
    if (i % 100 == 0) page();
  }
  EXPECT_EQ(page(), Map{});
  EXPECT_LT(bounded.size(), 250U);
  EXPECT_GT(bounded.size(), 50U);
  const Map all = Values(limited, "c_total").all;
  double sum = 0;
  for (const auto& [labels, value] : all) sum += value;
  EXPECT_EQ(sum, 5000);
}

TEST_F(Lifecycle, PrefixGoesBeforeEveryName) {
  Registry registry({.clock = &clock_, .prefix = "app_"});
  Counter<> c{registry, "c_total", "C."};
  StateSet<"on", "off"> s{registry, "power", "P."};
  Collector collector{registry, MetricType::kGauge, "g", "G.", {}, [](CollectorSink& sink) { sink.point(1); }};
  EXPECT_TRUE(s.set("on"));
  EXPECT_FALSE(s.set("broken"));
  EXPECT_EQ(Values(registry, "app_c_total").all, (Map{{"", 0}}));
  EXPECT_EQ(Values(registry, "app_g").all, (Map{{"", 1}}));
  EXPECT_EQ(Values(registry, "app_power").all, (Map{{"app_power=\"on\"", 1}, {"app_power=\"off\"", 0}}));
  EXPECT_EQ(Values(registry, "app_vigil_metrics_expired_label_sets_total").all, (Map{{"", 0}}));
  EXPECT_TRUE(registry.problems().empty());
}

TEST_F(Lifecycle, DisabledRegistryRecordsNothing) {
  Registry off({.clock = &clock_, .prefix = {}, .enabled = false});
  Counter<> c{off, "c_total", "C."};
  Counter<"a"> labelled{off, "l_total", "L.", {.closed = {closed<"a", "x">}}};
  Histogram<> h{off, "h", "H."};
  c.inc();
  labelled.with("x").inc();
  h.observe(1);
  EXPECT_FALSE(c.with().valid());
  EXPECT_EQ(c.value(), 0);
  EXPECT_EQ(Values(off, "c_total").all, Map{});
  EXPECT_EQ(Values(off, "l_total").all, Map{});
}

TEST_F(Lifecycle, InfoHasOneLabelSet) {
  Info<"version", "revision"> build{registry_, "build_info", "Build."};
  EXPECT_EQ(page("build_info"), Map{});
  build.set("1", "a");
  build.set("2", "b");
  EXPECT_EQ(page("build_info"), (Map{{"version=\"2\",revision=\"b\"", 1}}));
  build.set("1", "a");
  EXPECT_EQ(page("build_info"), (Map{{"version=\"1\",revision=\"a\"", 1}}));
}

TEST_F(Lifecycle, StateSetShowsEveryState) {
  StateSet<"leader", "follower", "candidate"> role{registry_, "role", "Role."};
  EXPECT_EQ(page("role"), Map{});
  role.set("leader");
  EXPECT_EQ(page("role"), (Map{{"role=\"leader\"", 1}, {"role=\"follower\"", 0}, {"role=\"candidate\"", 0}}));
  role.set("candidate", true);
  role.set("leader", false);
  EXPECT_EQ(page("role"), (Map{{"role=\"leader\"", 0}, {"role=\"follower\"", 0}, {"role=\"candidate\"", 1}}));
}

enum class Color { kRed, kBlue };
std::string_view to_string(Color color) { return color == Color::kRed ? "red" : "blue"; }

TEST_F(Lifecycle, EnumerationsAreLabelValues) {
  Counter<"color"> c{registry_, "c_total", "C.", {.closed = {closed<"color", "red", "blue">}}};
  c.with(Color::kBlue).inc();
  EXPECT_EQ(page(), (Map{{"color=\"red\"", 0}, {"color=\"blue\"", 1}}));
}

// Updates, look-ups, removal, expiry and pages at once. What is counted for label sets
// that nobody removes is exact; what is removed never shows up under another name.
TEST_F(Lifecycle, ManyThreadsWhileLabelSetsComeAndGo) {
  Counter<"peer"> c{registry_, "c_total", "C.", {.max_label_sets = 40, .expire_after = 2 * kSecond}};
  Histogram<"peer"> h{registry_, "h", "H.", buckets<1.0>.with_native(), {.max_label_sets = 40}};
  Histogram<"peer"> n{registry_, "n", "N.", native(), {.max_label_sets = 40}};
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop) {
      page();
      clock_.advance(500);
    }
  });
  std::thread remover([&] {
    for (int i = 0; !stop; ++i) {
      c.remove("churn" + std::to_string(i % 20));
      h.remove("churn" + std::to_string(i % 20));
      n.remove("churn" + std::to_string(i % 20));
    }
  });
  constexpr int kThreads = 3, kEach = 20'000;
  const auto kept = h.with("kept");
  const auto kept_native = n.with("kept");
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      auto handle = c.with("first");
      for (int i = 0; i < kEach; ++i) {
        kept.observe(i % 2 == 0 ? 0.5 : 3);
        kept_native.observe(i % 2 == 0 ? 0.5 : 3);
        const std::string name = "churn" + std::to_string((i + t) % 20);
        handle.inc();  // perhaps removed meanwhile
        handle = c.with(name);
        h.with(name).observe(2);
        const auto native = n.with(name);
        native.observe(i);
        EXPECT_GE(i % 8 == 0 ? native.sum() : 0, 0);  // perhaps removed meanwhile
      }
    });
  }
  for (auto& thread : threads) thread.join();
  stop = true;
  reader.join();
  remover.join();
  EXPECT_EQ(kept.count(), static_cast<std::uint64_t>(kThreads * kEach));
  EXPECT_EQ(kept.sum(), kThreads * kEach * 1.75);
  EXPECT_EQ(kept_native.count(), static_cast<std::uint64_t>(kThreads * kEach));
  EXPECT_EQ(kept_native.sum(), kThreads * kEach * 1.75);
  EXPECT_TRUE(registry_.problems().empty());
}

}  // namespace
}  // namespace vigil::metrics
