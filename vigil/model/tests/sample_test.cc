#include "vigil/model/sample.h"

#include <cmath>

#include <gtest/gtest.h>

#include "vigil/model/native_histogram.h"

namespace vigil {
namespace {

TEST(Sample, StaleMarkerIsToldApartByItsBits) {
  EXPECT_TRUE(is_stale_nan(stale_nan()));
  EXPECT_TRUE(std::isnan(stale_nan()));
  EXPECT_TRUE(std::isnan(normal_nan()));
  EXPECT_FALSE(is_stale_nan(normal_nan()));
  EXPECT_FALSE(is_stale_nan(std::nan("")));
  EXPECT_FALSE(is_stale_nan(0));
  const double copy = stale_nan();
  EXPECT_TRUE(is_stale_nan(copy));
}

TEST(Sample, MetricTypeNames) {
  EXPECT_EQ(to_string(MetricType::kUnknown), "unknown");
  EXPECT_EQ(to_string(MetricType::kGaugeHistogram), "gaugehistogram");
  EXPECT_EQ(to_string(MetricType::kStateSet), "stateset");
}

TEST(NativeHistogram, NotationOfTheTestFiles) {
  NativeHistogram histogram;
  EXPECT_EQ(to_string(histogram), "{{}}");
  histogram.schema = 1;
  histogram.count = 4;
  histogram.sum = -2.5;
  histogram.zero_count = 1;
  histogram.zero_threshold = 0.001;
  histogram.reset_hint = NativeHistogram::ResetHint::kGauge;
  histogram.positive_spans = {{-2, 1}, {2, 2}};
  histogram.positive_buckets = {1, 2, 0.5};
  histogram.negative_spans = {{0, 1}};
  histogram.negative_buckets = {3};
  EXPECT_EQ(to_string(histogram),
            "{{schema:1 count:4 sum:-2.5 z_bucket:1 z_bucket_w:0.001 counter_reset_hint:gauge "
            "offset:-2 buckets:[1 0 0 2 0.5] n_buckets:[3]}}");
  NativeHistogram custom;
  custom.schema = NativeHistogram::kCustomBucketsSchema;
  custom.custom_values = {1, 2.5};
  custom.positive_spans = {{0, 0}, {1, 2}};
  custom.positive_buckets = {7, 8};
  EXPECT_EQ(to_string(custom), "{{schema:-53 custom_values:[1 2.5] buckets:[0 7 8]}}");
}

// Spans come from outside: they may lie.
TEST(NativeHistogram, PrintsNonsenseShortly) {
  NativeHistogram histogram;
  histogram.positive_buckets = {1};
  EXPECT_EQ(to_string(histogram), "{{}}");
  histogram.positive_spans = {{0, 4'000'000'000U}};
  EXPECT_EQ(to_string(histogram), "{{buckets:[1]}}");
  histogram.positive_spans = {{0, 1}, {2'000'000'000, 1}};
  histogram.positive_buckets = {1, 2};
  EXPECT_LT(to_string(histogram).size(), 100'000U);
}

}  // namespace
}  // namespace vigil
