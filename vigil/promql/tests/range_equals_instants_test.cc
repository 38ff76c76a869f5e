// A range query is nothing but its instant queries: whatever is computed for all steps
// at once must be what each step gives by itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

#include "vigil/base/clock.h"
#include "vigil/model/sample.h"
#include "vigil/promql/engine.h"
#include "vigil/promql/memory_storage.h"

namespace vigil::promql {
namespace {

constexpr const char* kQueries[] = {
    "g",
    "g offset 90s",
    "g @ 600",
    "timestamp(g)",
    "rate(c_total[5m])",
    "increase(c_total[90s])",
    "irate(c_total[2m])",
    "delta(g[5m])",
    "idelta(g[5m])",
    "resets(c_total[10m])",
    "changes(g[10m])",
    "sum_over_time(g[20m])",
    "avg_over_time(g[20m])",
    "min_over_time(g[7m])",
    "max_over_time(g[7m])",
    "count_over_time(g[3m])",
    "stddev_over_time(g[5m])",
    "quantile_over_time(0.9, g[10m])",
    "last_over_time(g[1m])",
    "first_over_time(g[5m])",
    "present_over_time(g[15s])",
    "absent_over_time(g{i=\"3\"}[30s])",
    "deriv(g[20m])",
    "predict_linear(g[20m], 600)",
    "ts_of_max_over_time(g[7m])",
    "mad_over_time(g[5m])",
    "double_exponential_smoothing(g[5m], 0.5, 0.1)",
    "sum(g)",
    "sum by (half) (rate(c_total[5m]))",
    "avg without (i) (g)",
    "min(g) - max(g)",
    "stddev by (half) (g)",
    "quantile by (half) (0.3, g)",
    "count_values(\"v\", round(g, 50))",
    "topk(2, g)",
    "bottomk by (half) (1, g)",
    "g > 0",
    "g > bool on (i) g offset 1m",
    "c_total / on (i) group_left sum by (i) (c_total)",
    "g and on (i) (c_total > 300)",
    "g > 0 or c_total",
    "g unless g < 20",
    "scalar(g{i=\"1\"})",
    "absent(g{i=\"4\"})",
    "max_over_time(sum(g)[5m:20s])",
    "sum_over_time(g[3m:45s] offset 30s)",
    "histogram_quantile(0.7, sum by (le) (rate(b_bucket[5m])))",
    "histogram_fraction(0.1, 2, b_bucket)",
    "label_replace(g, \"i\", \"x$1\", \"i\", \"(.)\")",
    "hour() + minute()",
    "clamp(g, -10, 10)",
    "time() % 7",
};

// Gappy, with resets, staleness markers and a few NaN and infinities.
void fill(MemoryStorage& storage, unsigned seed) {
  std::mt19937 random(seed);
  const auto chance = [&](int percent) { return static_cast<int>(random() % 100) < percent; };
  const auto appender = storage.appender();
  for (int i = 0; i < 6; ++i) {
    const std::string number = std::to_string(i);
    const char* half = i < 3 ? "a" : "b";
    const SeriesRef gauge = *appender->resolve(Labels{{kMetricName, "g"}, {"i", number}, {"half", half}});
    const SeriesRef counter = *appender->resolve(Labels{{kMetricName, "c_total"}, {"i", number}, {"half", half}});
    double total = static_cast<double>(random() % 50);
    bool silent = false;
    for (Timestamp at = static_cast<Timestamp>(random() % 15'000); at < 50 * kMinute; at += 15 * kSecond) {
      if (chance(2)) silent = !silent;
      if (silent) continue;
      const Timestamp jittered = at + static_cast<Timestamp>(random() % 50);
      double value = static_cast<double>(static_cast<int>(random() % 2000) - 1000) / 7;
      if (chance(2)) value = stale_nan();
      if (i == 5 && chance(3)) value = NAN;
      if (i == 4 && chance(2)) value = INFINITY;
      ASSERT_TRUE(appender->append(gauge, jittered, value).has_value());
      total = chance(2) ? 0 : total + static_cast<double>(random() % 10);
      ASSERT_TRUE(appender->append(counter, jittered, total).has_value());
    }
  }
  for (const char* le : {"0.1", "1", "5", "+Inf"}) {
    const SeriesRef bucket = *appender->resolve(Labels{{kMetricName, "b_bucket"}, {"le", le}});
    double total = 0;
    for (Timestamp at = 0; at < 50 * kMinute; at += 15 * kSecond) {
      total += static_cast<double>(random() % 5) * (le[0] == '+' ? 9 : le[0] - '0' + 1);
      ASSERT_TRUE(appender->append(bucket, at, total).has_value());
    }
  }
  ASSERT_TRUE(appender->commit().has_value());
}

bool same(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  // Running sums and sums of one window round differently, and a line through two points
  // close to each other, drawn far out, makes much of it.
  return std::abs(a - b) <= 1e-10 * std::max({1.0, std::abs(a), std::abs(b)});
}

TEST(RangeQuery, EqualsItsInstantQueries) {
  EngineOptions options;
  options.experimental_functions = true;
  Engine engine(options, Clock::system());
  for (unsigned seed = 1; seed <= 4; ++seed) {
    MemoryStorage storage;
    fill(storage, seed);
    const Timestamp start = 5 * kMinute + seed * 777;
    const Timestamp end = 45 * kMinute;
    const Duration step = 7 * kSecond * static_cast<Duration>(seed);
    for (const char* query : kQueries) {
      SCOPED_TRACE(std::string(query) + " seed " + std::to_string(seed));
      const auto range = engine.range(storage, query, start, end, step);
      ASSERT_TRUE(range.has_value()) << range.error().message();
      const auto& matrix = std::get<Matrix>(range->value);
      // Every 7th step is enough, and the steps at both ends.
      for (Timestamp at = start; at <= end; at += 7 * step) {
        const auto instant = engine.instant(storage, query, at);
        ASSERT_TRUE(instant.has_value()) << instant.error().message();
        Vector expected;
        if (const auto* scalar = std::get_if<Scalar>(&instant->value)) {
          expected.push_back(InstantSample{{}, Point{at, scalar->value, nullptr}});
        } else {
          expected = std::get<Vector>(instant->value);
        }
        std::size_t found = 0;
        for (const SeriesResult& series : matrix) {
          const auto point = std::ranges::find(series.points, at, &Point::timestamp);
          if (point == series.points.end()) continue;
          ++found;
          const auto match = std::ranges::find(expected, series.labels, &InstantSample::labels);
          ASSERT_NE(match, expected.end()) << series.labels.to_string() << " at " << at;
          EXPECT_TRUE(same(point->value, match->point.value))
              << series.labels.to_string() << " at " << at << ": " << point->value << " vs " << match->point.value;
        }
        ASSERT_EQ(found, expected.size()) << "at " << at;
      }
    }
  }
}

}  // namespace
}  // namespace vigil::promql
