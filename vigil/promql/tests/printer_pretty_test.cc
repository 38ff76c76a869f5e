// format_query's layout: at most 100 characters on a line, two spaces per level.
#include <string>

#include <gtest/gtest.h>

#include "vigil/promql/parser.h"

namespace vigil::promql {
namespace {

struct Case {
  std::string_view input;
  std::string_view expected;
};

TEST(PrinterPretty, BreaksLongExpressions) {
  const Case cases[] = {
      {"sum(rate(foo[5m]))", "sum(rate(foo[5m]))"},
      {"1+2", "1 + 2"},
      // Exactly 100 characters stay on one line.
      {"a23456789012345678901234567890123456789012345678901234567890 + b234567890123456789012345678901234567",
       "a23456789012345678901234567890123456789012345678901234567890 + b234567890123456789012345678901234567"},
      {"a23456789012345678901234567890123456789012345678901234567890 + b2345678901234567890123456789012345678",
       "  a23456789012345678901234567890123456789012345678901234567890\n"
       "+\n"
       "  b2345678901234567890123456789012345678"},
      {"sum by (job, instance) (rate(http_requests_total{job='api-server', handler='/api/v1/query', code=~'5..'}[5m] "
       "offset 1h))",
       "sum by (job, instance) (\n"
       "  rate(http_requests_total{code=~\"5..\",handler=\"/api/v1/query\",job=\"api-server\"}[5m] offset 1h)\n"
       ")"},
      {"topk(5, sum without (instance) (rate(http_requests_total{job='api-server', handler='/api/v1/query'}[5m])))",
       "topk(\n"
       "  5,\n"
       "  sum without (instance) (rate(http_requests_total{handler=\"/api/v1/query\",job=\"api-server\"}[5m]))\n"
       ")"},
      {"histogram_quantile(0.99, sum by (le, job) "
       "(rate(http_request_duration_seconds_bucket{handler='/api/v1/query'}[5m])))",
       "histogram_quantile(\n"
       "  0.99,\n"
       "  sum by (le, job) (rate(http_request_duration_seconds_bucket{handler=\"/api/v1/query\"}[5m]))\n"
       ")"},
      {"rate(errors_total{job='a_rather_long_job_name'}[5m]) / on (job, instance) group_left (version) "
       "rate(requests_total{job='a_rather_long_job_name'}[5m]) > bool 0.05",
       "    rate(errors_total{job=\"a_rather_long_job_name\"}[5m])\n"
       "  / on (job, instance) group_left (version)\n"
       "    rate(requests_total{job=\"a_rather_long_job_name\"}[5m])\n"
       "> bool\n"
       "  0.05"},
      {"-(rate(errors_total{job='a_rather_long_job_name'}[5m]) + "
       "rate(requests_total{job='a_rather_long_job_name'}[5m]))",
       "-(\n"
       "    rate(errors_total{job=\"a_rather_long_job_name\"}[5m])\n"
       "  +\n"
       "    rate(requests_total{job=\"a_rather_long_job_name\"}[5m])\n"
       ")"},
      {"-a23456789012345678901234567890123456789012345678901234567890 ^ b2345678901234567890123456789012345678",
       "-a23456789012345678901234567890123456789012345678901234567890\n"
       "^\n"
       "  b2345678901234567890123456789012345678"},
      {"max_over_time((rate(errors_total{job='a_rather_long_job_name'}[5m]) + "
       "rate(requests_total{job='another_long_job'}[5m]))[1h:1m] offset 5m)",
       "max_over_time(\n"
       "  (\n"
       "      rate(errors_total{job=\"a_rather_long_job_name\"}[5m])\n"
       "    +\n"
       "      rate(requests_total{job=\"another_long_job\"}[5m])\n"
       "  )[1h:1m] offset 5m\n"
       ")"},
      // A selector is never broken.
      {"a_metric_with_a_long_name{a='0123456789012345678901234567890123456789',b='"
       "0123456789012345678901234567890123456789'}",
       "a_metric_with_a_long_name{a=\"0123456789012345678901234567890123456789\",b="
       "\"0123456789012345678901234567890123456789\"}"},
  };
  for (const Case& c : cases) {
    const auto expr = parse(c.input);
    ASSERT_TRUE(expr.has_value()) << c.input << "\n" << expr.error().message();
    const std::string printed = pretty(**expr);
    EXPECT_EQ(printed, c.expected);
    const auto again = parse(printed);
    ASSERT_TRUE(again.has_value()) << printed;
    EXPECT_EQ(to_string(**again), to_string(**expr));
    EXPECT_EQ(pretty(**again), printed);
  }
}

// Whether something fits on a line is asked without printing all of it.
TEST(PrinterPretty, LongLiteralsStayWhole) {
  const std::string digits(300, '7');
  const std::string cases[] = {"'" + digits + "'", "foo{a='" + digits + "'}", "count_values('" + digits + "', foo)",
                               "sum by ('x." + digits + "') (foo)"};
  for (const std::string& text : cases) {
    const auto expr = parse(text);
    ASSERT_TRUE(expr.has_value()) << text;
    EXPECT_NE(pretty(**expr).find(digits), std::string::npos) << pretty(**expr);
    const auto again = parse(pretty(**expr));
    ASSERT_TRUE(again.has_value()) << pretty(**expr);
    EXPECT_EQ(to_string(**again), to_string(**expr));
  }
}

}  // namespace
}  // namespace vigil::promql
