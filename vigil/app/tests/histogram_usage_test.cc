#include "vigil/app/histogram_usage.h"

#include <nlohmann/json.hpp>
#include <string>

#include <gtest/gtest.h>

namespace vigil::app {
namespace {

using Json = nlohmann::json;

void expect_spread(const Spread& spread, double min, double mean, double max) {
  EXPECT_DOUBLE_EQ(spread.min, min);
  EXPECT_DOUBLE_EQ(spread.mean, mean);
  EXPECT_DOUBLE_EQ(spread.max, max);
}

TEST(HistogramUsage, Classic) {
  // Bounds out of order; the third sample lacks one bucket and does not count.
  const auto found = analyze_histograms(Json::parse(R"({"resultType": "matrix", "result": [
    {"metric": {"__name__": "h_bucket", "job": "a", "le": "+Inf"}, "values": [[1, "5"], [2, "9"], [3, "9"], [4, "9"]]},
    {"metric": {"__name__": "h_bucket", "job": "a", "le": "1"}, "values": [[1, "0"], [2, "0"], [3, "0"], [4, "0"]]},
    {"metric": {"__name__": "h_bucket", "job": "a", "le": "5.0"}, "values": [[1, "4"], [2, "6"], [4, "6"]]},
    {"metric": {"__name__": "other", "job": "a"}, "values": [[1, "5"], [2, "9"]]}]})"));
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->size(), 1U);
  const HistogramUsage& usage = (*found)[0];
  EXPECT_FALSE(usage.native);
  EXPECT_EQ(usage.labels, (Labels{{"__name__", "h_bucket"}, {"job", "a"}}));
  EXPECT_EQ(usage.samples, 3U);
  EXPECT_EQ(usage.buckets, 3U);
  expect_spread(usage.populated, 2, 2, 2);
  expect_spread(usage.changed, 0, 1, 2);
  expect_spread(usage.delta, 0, 2, 4);
  const Json shown = to_json(usage);
  EXPECT_EQ(shown["type"], "classic");
  EXPECT_EQ(shown["changed"]["avg"], 1.0);
}

TEST(HistogramUsage, Native) {
  const auto found = analyze_histograms(Json::parse(R"({"resultType": "matrix", "result": [
    {"metric": {"__name__": "h"}, "histograms": [
      [1, {"count": "3", "sum": "1", "buckets": [[0, "1", "2", "1"], [0, "2", "4", "2"]]}],
      [2, {"count": "6", "sum": "1", "buckets": [[0, "2", "4", "3"], [0, "4", "8", "3"]]}],
      [3, {"count": "6", "sum": "1"}]]},
    {"metric": {"__name__": "h", "once": "1"}, "histograms": [[1, {"count": "0", "sum": "0"}]]}]})"));
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->size(), 1U);
  const HistogramUsage& usage = (*found)[0];
  EXPECT_TRUE(usage.native);
  EXPECT_EQ(usage.samples, 3U);
  EXPECT_EQ(usage.buckets, 3U);
  expect_spread(usage.populated, 0, 1, 2);
  expect_spread(usage.changed, 2, 2.5, 3);  // 1->0, 2->3, 0->3; then 3->0 twice
  expect_spread(usage.delta, 5, 5.5, 6);
}

TEST(HistogramUsage, OtherAnswersAreErrors) {
  for (const char* text : {R"({"resultType": "vector", "result": []})", R"({"resultType": "matrix"})",
                           R"({"resultType": "matrix", "result": [{}]})",
                           R"({"resultType": "matrix", "result": [{"metric": {"le": "1"}, "values": [[1]]}]})"}) {
    EXPECT_FALSE(analyze_histograms(Json::parse(text)).has_value()) << text;
  }
}

TEST(HistogramUsage, BucketSelector) {
  const struct {
    const char* selector;
    const char* expected;
  } cases[] = {
      {"h_sum", "h_bucket"},
      {"h_sum{job=\"a_sum\"}", "h_bucket{job=\"a_sum\"}"},
      {"h_bucket{le=\"1\"}", "h_bucket{le=\"1\"}"},
      {"native", "native"},
      {"{__name__=\"a_sum\"}", "{__name__=\"a_sum\"}"},
  };
  for (const auto& c : cases) EXPECT_EQ(bucket_selector(c.selector), c.expected);
}

}  // namespace
}  // namespace vigil::app
