#include "vigil/base/strings.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace vigil {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(Strings, FormatFloat) {
  const struct {
    double value;
    std::string_view expected;
  } cases[] = {
      {0, "0"},
      {-0.0, "-0"},
      {1, "1"},
      {-1.5, "-1.5"},
      {0.1, "0.1"},
      {1e-6, "0.000001"},
      {9.9e-7, "9.9e-07"},
      {1.2345678901234567e-6, "0.0000012345678901234567"},
      {1e20, "100000000000000000000"},
      {999999999999999900000.0, "999999999999999900000"},
      {1e21, "1e+21"},
      {-1e21, "-1e+21"},
      {1e-300, "1e-300"},
      {std::numeric_limits<double>::max(), "1.7976931348623157e+308"},
      {std::numeric_limits<double>::denorm_min(), "5e-324"},
      {1e100, "1e+100"},
      {kInf, "+Inf"},
      {-kInf, "-Inf"},
      {std::nan(""), "NaN"},
      {1435781430.781, "1435781430.781"},
  };
  for (const auto& c : cases) EXPECT_EQ(format_float(c.value), c.expected);
}

TEST(Strings, FixedFloatHasNoExponent) {
  const struct {
    double value;
    std::string_view expected;
  } cases[] = {
      {0, "0"},
      {1e-7, "0.0000001"},
      {1e21, "1000000000000000000000"},
      {-1.5e22, "-15000000000000000000000"},
      {9007199254740993.0, "9007199254740992"},
      {1.2345678901234568e20, "123456789012345680000"},
      {kInf, "+Inf"},
  };
  for (const auto& c : cases) {
    std::string out;
    append_float_fixed(out, c.value);
    EXPECT_EQ(out, c.expected);
  }
  std::string longest;
  append_float_fixed(longest, -std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(longest, "-0." + std::string(323, '0') + "5");
  EXPECT_EQ(parse_float(longest), -std::numeric_limits<double>::denorm_min());
}

TEST(Strings, ParseFloat) {
  const struct {
    std::string_view text;
    std::optional<double> expected;
  } cases[] = {
      {"0", 0},
      {"1", 1},
      {"+1", 1},
      {"-1.5", -1.5},
      {".5", 0.5},
      {"5.", 5},
      {"1e3", 1000},
      {"1E+3", 1000},
      {"1e-3", 0.001},
      {"0x1f", 31},
      {"0X1F", 31},
      {"0x1p-2", 0.25},
      {"0x1.8p1", 3},
      {"-0x10", -16},
      {"Inf", kInf},
      {"+inf", kInf},
      {"-INF", -kInf},
      {"infinity", kInf},
      {"-Infinity", -kInf},
      {"1.7976931348623157e308", std::numeric_limits<double>::max()},
      {"5e-324", 5e-324},
      // Too small is zero, too large is an error.
      {"1e-400", 0},
      {"-1e-400", -0.0},
      {"1e400", std::nullopt},
      {"-1e400", std::nullopt},
      {"1e999999999999", std::nullopt},
      {"1e-999999999999", 0},
      {"", std::nullopt},
      {"-", std::nullopt},
      {"+-1", std::nullopt},
      {"--1", std::nullopt},
      {".", std::nullopt},
      {"e5", std::nullopt},
      {"1e", std::nullopt},
      {"1_000", std::nullopt},
      {"1 ", std::nullopt},
      {" 1", std::nullopt},
      {"1x", std::nullopt},
      {"0x", std::nullopt},
      {"0xg", std::nullopt},
      {"infinit", std::nullopt},
      {"nan(1)", std::nullopt},
      {"1,5", std::nullopt},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_float(c.text);
    ASSERT_EQ(parsed.has_value(), c.expected.has_value()) << c.text;
    if (parsed) {
      EXPECT_EQ(*parsed, *c.expected) << c.text;
    }
  }
  for (const std::string_view text : {"NaN", "nan", "-nan", "+NAN"}) {
    ASSERT_TRUE(parse_float(text).has_value()) << text;
    EXPECT_TRUE(std::isnan(*parse_float(text))) << text;
  }
  const std::string zeros(400, '0');
  EXPECT_EQ(parse_float("0." + zeros + "1"), 0.0);
  EXPECT_EQ(parse_float("1" + zeros), std::nullopt);
  EXPECT_EQ(parse_float("0." + zeros + "1e401"), 1.0);
  EXPECT_EQ(parse_float("1" + zeros + "e-400"), 1.0);
  EXPECT_EQ(parse_float("1" + zeros + "e-5"), std::nullopt);
  EXPECT_EQ(parse_float("0." + zeros + "1e5"), 0.0);
  EXPECT_EQ(parse_float("0x1p-2000"), 0.0);
  EXPECT_EQ(parse_float("0x1p2000"), std::nullopt);
}

TEST(Strings, FloatsSurviveTheirText) {
  for (const double value :
       {1.0 / 3, 1e-7, 123456789.123456789, 4.9e-324, 1.7976931348623157e308, 0.30000000000000004}) {
    EXPECT_EQ(parse_float(format_float(value)), value);
    EXPECT_EQ(parse_float(format_float(-value)), -value);
  }
}

TEST(Strings, Utf8) {
  const struct {
    std::string_view text;
    bool valid;
  } cases[] = {
      {"", true},
      {"abc", true},
      {std::string_view("a\0b", 3), true},
      {"\xC3\xA9", true},
      {"\xE2\x82\xAC", true},
      {"\xF0\x9F\x98\x80", true},
      {"\xF4\x8F\xBF\xBF", true},
      {"\xEF\xBF\xBD", true},       // U+FFFD itself
      {"\x80", false},              // continuation alone
      {"\xC3", false},              // cut off
      {"\xC3\x28", false},          // wrong continuation
      {"\xC0\xAF", false},          // overlong
      {"\xE0\x80\xAF", false},      // overlong
      {"\xF0\x80\x80\xAF", false},  // overlong
      {"\xED\xA0\x80", false},      // surrogate
      {"\xF4\x90\x80\x80", false},  // beyond U+10FFFF
      {"\xFF", false},
  };
  for (const auto& c : cases) EXPECT_EQ(is_valid_utf8(c.text), c.valid) << go_quote(c.text);
}

TEST(Strings, GoQuote) {
  const struct {
    std::string_view text;
    std::string_view expected;
  } cases[] = {
      {"", R"("")"},
      {"abc", R"("abc")"},
      {"a\"b\\c", R"("a\"b\\c")"},
      {"it's", R"("it's")"},
      {"\a\b\f\n\r\t\v", R"("\a\b\f\n\r\t\v")"},
      {std::string_view("\0\x01\x7f", 3), R"("\x00\x01\x7f")"},
      {"\xC3\xA9 \xF0\x9F\x98\x80", "\"\xC3\xA9 \xF0\x9F\x98\x80\""},
      {"\xFFz", R"("\xffz")"},
      {"\xC3", R"("\xc3")"},
      {"\xC2\x80", R"("\u0080")"},
      {"\xC2\xA0", R"("\u00a0")"},  // no-break space
      {"\xE2\x80\xA8", R"("\u2028")"},
      {"\xE2\x80\x8B", R"("\u200b")"},  // zero-width space
      {"\xEF\xBB\xBF", R"("\ufeff")"},
      {"\xEE\x80\x80", R"("\ue000")"},  // private use
      {"\xF3\xB0\x80\x80", R"("\U000f0000")"},
      {"\xEF\xBF\xBD", "\"\xEF\xBF\xBD\""},
  };
  for (const auto& c : cases) EXPECT_EQ(go_quote(c.text), c.expected);
}

TEST(Strings, JsonEscapes) {
  const struct {
    std::string_view text;
    std::string_view expected;
  } cases[] = {
      {"", ""},
      {"plain", "plain"},
      {"a\"b\\c/", R"(a\"b\\c/)"},
      {"\n\r\t\b\f", R"(\n\r\t\u0008\u000c)"},
      {std::string_view("\0", 1), R"(\u0000)"},
      {"\x7f", "\x7f"},
      {"\xC3\xA9", "\xC3\xA9"},
      {"a\xFF"
       "b",
       "a\xEF\xBF\xBD"
       "b"},
  };
  for (const auto& c : cases) {
    std::string out;
    append_json_string(out, c.text);
    EXPECT_EQ(out, c.expected);
  }
}

TEST(Strings, HumanBytes) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1024), "1.0 KiB");
  EXPECT_EQ(human_bytes(4.2 * 1024 * 1024 * 1024), "4.2 GiB");
  EXPECT_EQ(human_bytes(-2048), "-2.0 KiB");
  EXPECT_EQ(human_bytes(1e30), "888178419700125.2 PiB");
}

}  // namespace
}  // namespace vigil
