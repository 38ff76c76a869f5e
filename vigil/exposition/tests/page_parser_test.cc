#include "vigil/exposition/page_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "vigil/base/strings.h"
#include "vigil/exposition/scan.h"

namespace vigil::exposition {
namespace {

// One line per event: `series value[@timestamp][ # exemplar]`, `TYPE name type`, … or the error.
std::string describe(std::string_view page, Format format) {
  PageParser parser(page, format);
  std::string out;
  while (true) {
    switch (parser.next()) {
      case PageParser::Event::kEnd: return out;
      case PageParser::Event::kError: return out + "error " + parser.error().message() + "\n";
      case PageParser::Event::kSample: {
        const SampleView& sample = parser.sample();
        out += std::string(sample.series) + " " + format_float(sample.value);
        if (sample.has_timestamp) out += "@" + std::to_string(sample.timestamp);
        if (sample.has_exemplar) {
          out += " # " + std::string(sample.exemplar.labels) + " " + format_float(sample.exemplar.value);
          if (sample.exemplar.has_timestamp) out += "@" + std::to_string(sample.exemplar.timestamp);
        }
        out += "\n";
        break;
      }
      case PageParser::Event::kType:
        out += "TYPE " + unquote_name(parser.metadata().name) + " " + std::string(to_string(parser.metadata().type)) +
               "\n";
        break;
      case PageParser::Event::kHelp:
        out +=
            "HELP " + unquote_name(parser.metadata().name) + " " + unescape_help(parser.metadata().text, format) + "\n";
        break;
      case PageParser::Event::kUnit:
        out += "UNIT " + unquote_name(parser.metadata().name) + " " + std::string(parser.metadata().text) + "\n";
        break;
    }
  }
}

struct Case {
  const char* name;
  std::string input;
  std::string expected;
};

TEST(PageParser, PrometheusText) {
  const Case cases[] = {
      {"empty", "", ""},
      {"plain", "a 1\n", "a 1\n"},
      {"no final newline", "a 1", "a 1\n"},
      {"timestamp", "a 1 1700000000123\n", "a 1@1700000000123\n"},
      {"negative timestamp", "a -1 -2\n", "a -1@-2\n"},
      {"blanks everywhere", " \t a{ b = \"c\" , }\t 1 \t 5 \n\n", "a{ b = \"c\" , } 1@5\n"},
      {"blank before labels", "a {b=\"c\"} 1\n", "a {b=\"c\"} 1\n"},
      {"empty labels", "a{} 1\n", "a{} 1\n"},
      {"no blank before value", "a{}1\n", "a{} 1\n"},
      {"brace in value", "a{b=\"}\"} 1\n", "a{b=\"}\"} 1\n"},
      {"escaped quote", "a{b=\"\\\"}\"} 1\n", "a{b=\"\\\"}\"} 1\n"},
      {"escaped backslash ends the value", "a{b=\"\\\\\"} 1\n", "a{b=\"\\\\\"} 1\n"},
      {"hash in value", "a{b=\"x # y\"} 1\n", "a{b=\"x # y\"} 1\n"},
      {"line break in value, as Prometheus", "a{b=\"x\ny\"} 1\n", "a{b=\"x\ny\"} 1\n"},
      {"utf-8 name", "{\"my.metric\",b=\"c\"} 1\n", "{\"my.metric\",b=\"c\"} 1\n"},
      {"special values", "a NaN\nb +Inf\nc -inf\nd 1e3\ne .5\nf 5.\n", "a NaN\nb +Inf\nc -Inf\nd 1000\ne 0.5\nf 5\n"},
      {"comment", "# just this\n#\n# \n#HELPa\na 1\n", "a 1\n"},
      {"metadata", "# HELP a Some\\nhelp \\\\ \\\"x\n# TYPE a counter\n#TYPE \t b \t untyped \na 1\n",
       "HELP a Some\nhelp \\ \\\"x\nTYPE a counter\nTYPE b unknown\na 1\n"},
      {"quoted metadata", "# TYPE \"my.metric\" gauge\n# HELP \"my \\\" metric\" x y\n",
       "TYPE my.metric gauge\nHELP my \" metric x y\n"},
      {"incomplete metadata is a comment", "# HELP\n# HELP \n# TYPE\n# TYPE a\na 1\n", "a 1\n"},
      {"units are comments", "# UNIT a_seconds seconds\na 1\n", "a 1\n"},
      {"unknown type", "# TYPE a info\n",
       "error line 1, column 10: unknown metric type \"info\" near \"# TYPE a info\"\n"},
      {"bad name in metadata", "# TYPE met-ric gauge\n",
       "error line 1, column 8: invalid metric name \"met-ric\" near \"# TYPE met-ric gauge\"\n"},
      {"no value", "a 1\na\n", "a 1\nerror line 2, column 2: expected a value after the series near \"a\"\n"},
      {"bad value", "a 1\nb{c=\"d\"} x\n",
       "a 1\nerror line 2, column 10: expected a number as value near \"b{c=\\\"d\\\"} x\"\n"},
      {"hexadecimal value", "a 0x1p3\n", "error line 1, column 3: expected a number as value near \"a 0x1p3\"\n"},
      {"underscore", "a 1_000\n", "error line 1, column 3: expected a number as value near \"a 1_000\"\n"},
      {"windows line ends", "a 1\r\n", "error line 1, column 3: expected a number as value near \"a 1\\r\"\n"},
      {"fractional timestamp", "a 1 1.5\n",
       "error line 1, column 5: expected a timestamp in whole milliseconds or the end of the line near \"a 1 1.5\"\n"},
      {"text after timestamp", "a 1 2 3\n",
       "error line 1, column 7: expected the end of the line after the timestamp near \"a 1 2 3\"\n"},
      {"exemplar", "a 1 # {b=\"c\"} 1\n",
       "error line 1, column 5: expected a timestamp in whole milliseconds or the end of the line near \"a 1 # "
       "{b=\\\"c\\\"} 1\"\n"},
      {"unclosed labels", "a{b=\"c\n", "error line 1, column 1: the label block is not closed near \"a{b=\\\"c\"\n"},
      {"value alone", "= 1\n", "= 1\n"},  // SeriesParser refuses the name
  };
  for (const Case& c : cases) EXPECT_EQ(describe(c.input, Format::kText), c.expected) << c.name;
}

TEST(PageParser, OpenMetrics) {
  const Case cases[] = {
      {"only the end", "# EOF", ""},
      {"end with newline", "# EOF\n", ""},
      {"plain", "a 1\n# EOF\n", "a 1\n"},
      {"timestamps", "a 1 1.5\nb 1 0.0005\nc 1 -1\nd 1 1e3\ne 1 8.2\n# EOF\n",
       "a 1@1500\nb 1@1\nc 1@-1000\nd 1@1000000\ne 1@8200\n"},
      {"metadata", "# TYPE a_s info\n# UNIT a_s s\n# HELP a_s x \\\"y\\\"\n# EOF\n",
       "TYPE a_s info\nUNIT a_s s\nHELP a_s x \"y\"\n"},
      {"exemplars", "a_total 1 # {x=\"} # {\"} 2\nb 1 2 # {} 3 4.5\n# EOF\n",
       "a_total 1 # {x=\"} # {\"} 2\nb 1@2000 # {} 3@4500\n"},
      {"no end", "a 1\n", "a 1\nerror line 2, column 1: data does not end with # EOF near \"\"\n"},
      {"text after the end", "# EOF\na 1\n", "error line 2, column 1: unexpected data after # EOF near \"a 1\"\n"},
      {"blank line", "a 1\n\n# EOF\n", "a 1\nerror line 2, column 1: blank lines are not allowed near \"\"\n"},
      {"comment", "# x\n# EOF\n", "error line 1, column 1: expected # HELP, # TYPE, # UNIT or # EOF near \"# x\"\n"},
      {"two blanks", "a  1\n# EOF\n", "error line 1, column 3: expected a number as value near \"a  1\"\n"},
      {"blank at the end", "a 1 \n# EOF\n",
       "error line 1, column 5: expected a timestamp in seconds, an exemplar or the end of the line near \"a 1 \"\n"},
      {"infinite timestamp", "a 1 Inf\n# EOF\n",
       "error line 1, column 5: expected a timestamp in seconds, an exemplar or the end of the line near \"a 1 "
       "Inf\"\n"},
      {"huge timestamp", "a 1 1e30\n# EOF\n",
       "error line 1, column 5: expected a timestamp in seconds, an exemplar or the end of the line near \"a 1 "
       "1e30\"\n"},
      {"wrong unit", "# UNIT a_s m\n# EOF\n",
       "error line 1, column 12: the unit is not a suffix of the metric name near \"# UNIT a_s m\"\n"},
      {"cut in a sample", "a 1", "error line 1, column 4: expected the end of the line near \"a 1\"\n"},
      {"cut in metadata", "# TYPE a gauge",
       "error line 1, column 1: the last line is not complete: data does not end with # EOF near \"# TYPE a gauge\"\n"},
      {"cut in an exemplar", "a 1 # {",
       "error line 1, column 7: the exemplar's label block is not closed near \"a 1 # {\"\n"},
  };
  for (const Case& c : cases) EXPECT_EQ(describe(c.input, Format::kOpenMetrics), c.expected) << c.name;
}

TEST(PageParser, NoTargetWritesStalenessMarkers) {
  PageParser parser("a NaN\n", Format::kText);
  ASSERT_EQ(parser.next(), PageParser::Event::kSample);
  EXPECT_TRUE(std::isnan(parser.sample().value));
  EXPECT_FALSE(is_stale_nan(parser.sample().value));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(parser.sample().value), std::bit_cast<std::uint64_t>(normal_nan()));
}

TEST(PageParser, ErrorStays) {
  PageParser parser("a\n", Format::kText);
  EXPECT_EQ(parser.next(), PageParser::Event::kError);
  EXPECT_EQ(parser.next(), PageParser::Event::kError);
}

TEST(PageParser, ExcerptOfALongLineIsShort) {
  const std::string page = "a{b=\"" + std::string(100000, 'x') + "\"} oops " + std::string(100000, 'y');
  const std::string error = describe(page, Format::kText);
  EXPECT_LT(error.size(), 200U) << error;
}

TEST(PageParser, ContentTypes) {
  EXPECT_EQ(format_of_content_type("text/plain; version=0.0.4; charset=utf-8"), Format::kText);
  EXPECT_EQ(format_of_content_type("Text/Plain"), Format::kText);
  EXPECT_EQ(format_of_content_type("application/openmetrics-text; version=1.0.0"), Format::kOpenMetrics);
  EXPECT_FALSE(format_of_content_type(""));
  EXPECT_FALSE(format_of_content_type("text/html"));
}

// The block-wise search agrees with a byte-wise one, wherever the block borders fall.
TEST(Scan, ClosingBraceAtEveryOffset) {
  const std::string pieces[] = {"a=\"b\",", "c=\"}\",", "d=\"\\\"}\",", "e=\"\\\\\",",
                                std::string(70, 'x') + "=\"y\","};
  for (std::size_t seed = 0; seed < 625; ++seed) {
    std::string text;
    for (std::size_t i = 0, s = seed; i < 4; ++i, s /= 5) text += pieces[s % 5];
    const std::size_t expected = text.size();
    text += "} 1\n}" + std::string(64, '"');
    const char* found = internal::find_closing_brace(text.data(), text.data() + text.size());
    ASSERT_EQ(found - text.data(), static_cast<std::ptrdiff_t>(expected)) << text;
  }
  EXPECT_EQ(internal::find_closing_brace("", ""), nullptr);
}

}  // namespace
}  // namespace vigil::exposition
