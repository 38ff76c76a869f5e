// Families whose names come from outside.
#include "vigil/metrics/dynamic.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "vigil/metrics/metrics.h"

namespace vigil::metrics {
namespace {

using Labels = std::vector<std::string_view>;

TEST(DynamicFamily, IsLikeATypedOne) {
  Registry registry({.prefix = "app_"});
  const Labels labels{"method", "code"};
  auto counted = DynamicFamily::make(
      registry, {.type = MetricType::kCounter, .name = "calls_total", .help = "Calls.", .labels = labels});
  ASSERT_TRUE(counted.has_value()) << counted.error().message();
  const CounterHandle handle = counted->with({"get", "200"}).counter();
  handle.inc(3);
  EXPECT_EQ(counted->name(), "app_calls_total");
  EXPECT_EQ(counted->size(), 1U);

  // The same series by the typed door.
  const Counter<"method", "code"> typed{registry, "calls_total", "Calls."};
  typed.with("get", "200").inc();
  EXPECT_EQ(handle.value(), 4);

  EXPECT_FALSE(counted->with({"get", "200"}).gauge().valid());
  EXPECT_FALSE(counted->with({"get", "200"}).histogram().valid());
  EXPECT_FALSE(counted->with({"get"}).valid());
  EXPECT_FALSE(counted->with({"get"}).overflow());
  EXPECT_TRUE(counted->remove(Labels{"get", "200"}));
  EXPECT_FALSE(counted->remove(Labels{"get", "200"}));
  EXPECT_FALSE(counted->remove(Labels{"get"}));
  EXPECT_EQ(counted->size(), 0U);

  auto set = DynamicFamily::make(registry, {.type = MetricType::kGauge, .name = "depth", .help = "Depth."});
  ASSERT_TRUE(set.has_value());
  set->with({}).gauge().set(7);
  EXPECT_EQ(set->with({}).gauge().value(), 7);

  const std::array bounds{1.0, 2.0};
  auto observed = DynamicFamily::make(
      nullptr, {.type = MetricType::kHistogram, .name = "sizes", .help = "Sizes.", .layout = {.bounds = bounds}});
  ASSERT_TRUE(observed.has_value());
  observed->with({}).histogram().observe(1.5);
  EXPECT_EQ(observed->with({}).histogram().count(), 1U);
}

TEST(DynamicFamily, SaysWhatIsOverflow) {
  const Labels labels{"peer"};
  auto family = DynamicFamily::make(nullptr, {.type = MetricType::kCounter,
                                              .name = "calls_total",
                                              .help = "Calls.",
                                              .labels = labels,
                                              .options = {.max_label_sets = 3}});
  ASSERT_TRUE(family.has_value());
  EXPECT_FALSE(family->with({"a"}).overflow());
  EXPECT_FALSE(family->with({"b"}).overflow());
  EXPECT_TRUE(family->with({"c"}).overflow());
  EXPECT_TRUE(family->with({"d"}).overflow());
  EXPECT_FALSE(family->with({"a"}).overflow());
}

TEST(DynamicFamily, RefusesWhatIsNoMetric) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  struct Case {
    MetricType type;
    std::string name;
    Labels labels;
    std::vector<double> bounds;
    std::string_view says;
  };
  const Case cases[] = {
      {MetricType::kCounter, "calls", {}, {}, "does not end in _total"},
      {MetricType::kCounter, "1_total", {}, {}, "is not a valid metric name"},
      {MetricType::kGauge, "", {}, {}, "is not a valid metric name"},
      {MetricType::kGauge, "a b", {}, {}, "is not a valid metric name"},
      {MetricType::kGauge, "g", {"a-b"}, {}, "which is not a label name"},
      {MetricType::kGauge, "g", {"__name__"}, {}, "which is not a label name"},
      {MetricType::kGauge, "g", {"a", "a"}, {}, "has the label a twice"},
      {MetricType::kGauge, "g", Labels(33, "a"), {}, "more than 32 labels"},
      {MetricType::kHistogram, "h", {"le"}, {}, "the label of the buckets"},
      {MetricType::kHistogram, "h", {}, {1, 1}, "do not ascend"},
      {MetricType::kHistogram, "h", {}, {2, 1}, "do not ascend"},
      {MetricType::kHistogram, "h", {}, {std::nan("")}, "do not ascend"},
      {MetricType::kHistogram, "h", {}, {1, kInfinity}, "is implied"},
      {MetricType::kHistogram, "h", {}, std::vector<double>(501, 1), "more than 500 buckets"},
      {MetricType::kInfo, "x_info", {}, {}, "is of type info, not a counter, gauge or histogram"},
      {MetricType::kGauge, "taken", {}, {}, "is taken by another kind of metric"},
  };
  Registry registry;
  const Gauge<"a"> taken{registry, "taken", "Taken."};
  for (const Case& c : cases) {
    const auto made = DynamicFamily::make(
        registry,
        {.type = c.type, .name = c.name, .help = "Help.", .labels = c.labels, .layout = {.bounds = c.bounds}});
    ASSERT_FALSE(made.has_value()) << c.name << " " << c.says;
    EXPECT_EQ(made.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_TRUE(made.error().message().contains(c.says)) << made.error().message();
  }
}

}  // namespace
}  // namespace vigil::metrics
