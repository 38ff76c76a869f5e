#include "vigil/exposition/series_parser.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <string>

#include "vigil/base/strings.h"
#include "vigil/exposition/number.h"

namespace vigil::exposition {
namespace {

std::string parse(std::string_view raw, SeriesParser::Mode mode = SeriesParser::Mode::kLax,
                  MetricType type = MetricType::kUnknown) {
  SeriesParser parser;
  if (const auto parsed = parser.parse(raw, mode); !parsed) return parsed.error().message();
  parser.make_canonical(type);
  return parser.build().to_string();
}

struct Case {
  const char* input;
  const char* lax;
  const char* strict;  // nullptr: the same
};

TEST(SeriesParser, Table) {
  const Case cases[] = {
      {"a", "a", nullptr},
      {"a:b", "a:b", nullptr},
      {"a{}", "a", nullptr},
      {"a{b=\"c\"}", "a{b=\"c\"}", nullptr},
      {"a{z=\"1\",b=\"2\"}", "a{b=\"2\", z=\"1\"}", nullptr},
      {"a{b=\"\"}", "a", nullptr},
      {"a{b=\"c\",}", "a{b=\"c\"}", "column 9 of the series: expected a label name"},
      {"a{,}", "column 3 of the series: expected a label name", nullptr},
      {"a { b = \"c\" }", "a{b=\"c\"}", "column 2 of the series: expected '{' after the metric name"},
      {"a{b=\"x\\\\y\\n\\\"\\z\"}", "a{b=\"x\\\\y\\n\\\"\\\\z\"}", nullptr},
      {"{\"my.metric\",\"my label\"=\"c\"}", "{\"my.metric\", \"my label\"=\"c\"}", nullptr},
      {"{b=\"c\",\"m m\"}", "{\"m m\", b=\"c\"}", nullptr},
      {"{\"a\"}", "a", nullptr},
      {"0a", "column 1 of the series: invalid metric name \"0a\"", nullptr},
      {"a-b", "column 1 of the series: invalid metric name \"a-b\"", nullptr},
      {"{b=\"c\"}", "column 1 of the series: no metric name", nullptr},
      {"a{\"b\"}", "column 3 of the series: a second metric name", nullptr},
      {"a{\"\"=\"b\"}", "column 3 of the series: empty name", nullptr},
      {"a{b}", "column 4 of the series: expected '=' after the label name", nullptr},
      {"a{b=c}", "column 5 of the series: expected a quoted label value", nullptr},
      {"a{1=\"c\"}", "column 3 of the series: expected a label name", nullptr},
      {"a{b:c=\"c\"}", "column 4 of the series: expected '=' after the label name", nullptr},
      {"a{b=\"c\"d=\"e\"}", "column 8 of the series: expected ',' or '}' after a label", nullptr},
      {"a{b=\"c\",b=\"d\"}", "column 9 of the series: label \"b\" is given twice", nullptr},
      {"a{__name__=\"b\"}", "column 3 of the series: label name \"__name__\" is reserved", nullptr},
      {"a{b=\"\xff\"}", "column 6 of the series: invalid UTF-8", nullptr},
      {"a{b=\"\xc3\xa4\"}", "a{b=\"\xc3\xa4\"}", nullptr},
      {"a{b=\"x\ny\"}", "a{b=\"x\\ny\"}", "column 7 of the series: a line break inside quotes"},
      {"a{b=\"c", "column 6 of the series: the quotes are not closed", nullptr},
      {"a{b=\"c\\", "column 6 of the series: the quotes are not closed", nullptr},
      {"a{", "column 3 of the series: expected a label name", nullptr},
      {"a{}x", "column 3 of the series: unexpected text after '}'", nullptr},
      {"", "column 1 of the series: no metric name", nullptr},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(parse(c.input), c.lax) << c.input;
    EXPECT_EQ(parse(c.input, SeriesParser::Mode::kStrict), c.strict == nullptr ? c.lax : c.strict) << c.input;
  }
}

TEST(SeriesParser, CanonicalBounds) {
  struct {
    const char* input;
    MetricType type;
    const char* expected;
  } const cases[] = {
      {"a_bucket{le=\"1\"}", MetricType::kHistogram, "a_bucket{le=\"1.0\"}"},
      {"a_bucket{le=\"1\"}", MetricType::kCounter, "a_bucket{le=\"1\"}"},
      {"a_bucket{le=\"1\"}", MetricType::kSummary, "a_bucket{le=\"1\"}"},
      {"a_bucket{le=\"+INF\"}", MetricType::kHistogram, "a_bucket{le=\"+Inf\"}"},
      {"a_bucket{le=\"1e6\"}", MetricType::kHistogram, "a_bucket{le=\"1e+06\"}"},
      {"a_bucket{le=\"x\"}", MetricType::kHistogram, "a_bucket{le=\"x\"}"},
      {"a{quantile=\"0\"}", MetricType::kSummary, "a{quantile=\"0.0\"}"},
      {"a{quantile=\".50\"}", MetricType::kSummary, "a{quantile=\"0.5\"}"},
  };
  for (const auto& c : cases) EXPECT_EQ(parse(c.input, SeriesParser::Mode::kLax, c.type), c.expected);
}

TEST(Number, CanonicalFloat) {
  struct {
    double value;
    const char* expected;
  } const cases[] = {
      {0, "0.0"},           {-0.0, "0.0"},   {1, "1.0"},         {-1, "-1.0"},           {0.1, "0.1"},
      {100000, "100000.0"}, {1e6, "1e+06"},  {1.5e6, "1.5e+06"}, {999999.5, "999999.5"}, {1e-4, "0.0001"},
      {1e-5, "1e-05"},      {1e21, "1e+21"}, {1e100, "1e+100"},  {HUGE_VAL, "+Inf"},     {-HUGE_VAL, "-Inf"},
      {NAN, "NaN"},
  };
  for (const auto& c : cases) EXPECT_EQ(canonical_float(c.value), c.expected);
}

TEST(Number, Values) {
  struct {
    const char* text;
    const char* expected;  // "" where it is refused
  } const cases[] = {
      {"0", "0"},
      {"-0", "-0"},
      {"+1", "1"},
      {"1.", "1"},
      {".5", "0.5"},
      {"1e3", "1000"},
      {"1E-3", "0.001"},
      {"1e+2", "100"},
      {"0000000000000000000000000000000000000000001.2e-1", "0.12"},
      {"9007199254740993", "9007199254740992"},
      {"123456789012345678", "123456789012345680"},
      {"18446744073709551616", "18446744073709552000"},
      {"1e308", "1e+308"},
      {"4.9e-324", "5e-324"},
      {"0.1", "0.1"},
      {"1e22", "1e+22"},
      {"1e23", "1e+23"},
      {"Inf", "+Inf"},
      {"-infinity", "-Inf"},
      {"nan", "NaN"},
      {"", ""},
      {"-", ""},
      {"+", ""},
      {".", ""},
      {"e5", ""},
      {"1e", ""},
      {"1e+", ""},
      {"1e5x", ""},
      {"--1", ""},
      {"1 ", ""},
      {"0x10", ""},
      {"1_0", ""},
      {"1e999", ""},
      {"infinit", ""},
      {"1.2.3", ""},
      {"0b1", ""},
  };
  for (const auto& c : cases) {
    double value = 0;
    const bool ok = parse_value(c.text, value);
    EXPECT_EQ(ok ? format_float(value) : "", c.expected) << c.text;
  }
}

// The fast path rounds as from_chars does.
RC_GTEST_PROP(Number, DecimalsRoundCorrectly, ()) {
  const auto digits = *rc::gen::inRange<std::int64_t>(-(std::int64_t{1} << 60), std::int64_t{1} << 60);
  const int point = *rc::gen::inRange(0, 18);
  const int exponent = *rc::gen::inRange(-40, 40);
  std::string text = std::to_string(digits);
  const std::size_t sign = digits < 0 ? 1 : 0;
  if (static_cast<std::size_t>(point) < text.size() - sign)
    text.insert(text.size() - static_cast<std::size_t>(point), ".");
  if (exponent % 3 != 0) text += "e" + std::to_string(exponent);
  double value = 0;
  RC_ASSERT(parse_value(text, value));
  RC_ASSERT(value == parse_float(text));
}

RC_GTEST_PROP(SeriesParser, ReadsBackWhatLabelsPrint, ()) {
  LabelsBuilder builder;
  builder.set(kMetricName, "m");
  const auto values = *rc::gen::container<std::vector<std::string>>(rc::gen::string<std::string>());
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::string value;  // printable and escaped bytes; invalid UTF-8 is refused anyway
    for (const char c : values[i]) value += (c & '\x80') != 0 ? 'x' : c;
    builder.set("l" + std::to_string(i), value);
  }
  const Labels labels = builder.build();
  std::string raw = "m{";
  for (const LabelView label : labels) {
    if (label.name == kMetricName) continue;
    raw += std::string(label.name) + "=\"";
    for (const char c : label.value) {
      if (c == '\\' || c == '"') raw += '\\';
      if (c == '\n') {
        raw += "\\n";
      } else {
        raw += c;
      }
    }
    raw += "\",";
  }
  raw += "}";
  SeriesParser parser;
  RC_ASSERT(parser.parse(raw).has_value());
  RC_ASSERT(parser.build() == labels);
}

TEST(SeriesParser, Exemplars) {
  const auto labels = parse_exemplar_labels("{trace_id=\"a\", span=\"b\"}");
  ASSERT_TRUE(labels);
  EXPECT_EQ(labels->to_string(), "{span=\"b\", trace_id=\"a\"}");
  EXPECT_TRUE(parse_exemplar_labels("{}")->empty());
  EXPECT_FALSE(parse_exemplar_labels("{\"name\"}"));
  EXPECT_FALSE(parse_exemplar_labels(""));
}

}  // namespace
}  // namespace vigil::exposition
