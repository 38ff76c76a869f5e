#include "vigil/check/metrics_lint.h"

#include <gtest/gtest.h>

namespace vigil::check {
namespace {

std::string findings_of(std::string_view page) {
  const auto findings = lint_metrics(page);
  if (!findings) return "error: " + findings.error().message();
  std::string out;
  for (const auto& finding : *findings) out += finding.metric + ": " + finding.text + "\n";
  return out;
}

TEST(MetricsLint, Findings) {
  const struct {
    const char* name;
    const char* page;
    const char* expected;
  } cases[] = {
      {"good counter", "# HELP a_total A.\n# TYPE a_total counter\na_total 1\n", ""},
      {"good histogram",
       "# HELP h_seconds H.\n# TYPE h_seconds histogram\nh_seconds_bucket{le=\"+Inf\"} 1\nh_seconds_sum "
       "1\nh_seconds_count 1\n",
       ""},
      {"good summary", "# HELP s S.\n# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 1\ns_count 1\n", ""},
      {"no help", "# TYPE a_total counter\na_total 1\n", "a_total: no help text\n"},
      {"counter without suffix", "# HELP a A.\n# TYPE a counter\na 1\n",
       "a: counter metrics should have \"_total\" suffix\n"},
      {"gauge with suffix", "# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n",
       "a_total: non-counter metrics should not have \"_total\" suffix\n"},
      {"unit", "# HELP a_milliseconds A.\n# TYPE a_milliseconds gauge\na_milliseconds 1\n",
       "a_milliseconds: use base unit \"seconds\" instead of \"milliseconds\"\n"},
      {"abbreviation", "# HELP a_ms A.\n# TYPE a_ms gauge\na_ms 1\n",
       "a_ms: metric names should not contain abbreviated units\n"},
      {"camel case", "# HELP fooBar A.\n# TYPE fooBar gauge\nfooBar{labelName=\"x\"} 1\n",
       "fooBar: metric names should be written in 'snake_case' not 'camelCase'\n"
       "fooBar: label names should be written in 'snake_case' not 'camelCase'\n"},
      {"type in name", "# HELP a_gauge A.\n# TYPE a_gauge gauge\na_gauge 1\n",
       "a_gauge: metric name should not include type 'gauge'\n"},
      {"le on a gauge", "# HELP a A.\n# TYPE a gauge\na{le=\"1\"} 1\n",
       "a: non-histogram metrics should not have \"le\" label\n"},
      {"colon", "# HELP a:b A.\n# TYPE a:b gauge\na:b 1\n", "a:b: metric names should not contain ':'\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(findings_of(c.page), c.expected) << c.name;
}

TEST(MetricsLint, PageThatDoesNotParse) {
  EXPECT_TRUE(findings_of("a{ 1\n").starts_with("error: line 1")) << findings_of("a{ 1\n");
}

}  // namespace
}  // namespace vigil::check
