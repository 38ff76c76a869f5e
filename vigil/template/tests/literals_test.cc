#include "vigil/template/literals.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace vigil::templates {
namespace {

TEST(Literals, Unquote) {
  const struct {
    const char* literal;
    std::optional<std::string> expected;
  } cases[] = {
      {R"("")", ""},
      {R"("a b")", "a b"},
      {R"("\a\b\f\n\r\t\v\\\"")", "\a\b\f\n\r\t\v\\\""},
      {R"('\'')", "'"},
      {R"("\'")", std::nullopt},
      {R"('\"')", std::nullopt},
      {R"("\101\x42\u0043\U00000044")", "ABCD"},
      {R"("\xff")", "\xff"},
      {R"("\377")", "\xff"},
      {R"("\400")", std::nullopt},
      {R"("\u00e9")", "\u00e9"},
      {R"("\U0001F600")", "\U0001F600"},
      {R"("\ud800")", std::nullopt},
      {R"("\U00110000")", std::nullopt},
      {R"("\x4")", std::nullopt},
      {R"("\xg0")", std::nullopt},
      {R"("\18")", std::nullopt},
      {R"("\q")", std::nullopt},
      {R"("\")", std::nullopt},
      {R"(`a\n"b"`)", R"(a\n"b")"},
  };
  for (const auto& c : cases) EXPECT_EQ(unquote(c.literal), c.expected) << c.literal;
}

TEST(Literals, Number) {
  const struct {
    const char* literal;
    const char* expected;  // as text; empty: refused
  } cases[] = {
      {"0", "int 0"},
      {"42", "int 42"},
      {"-7", "int -7"},
      {"+7", "int 7"},
      {"1_000", "int 1000"},
      {"0x1F", "int 31"},
      {"0b101", "int 5"},
      {"0o17", "int 15"},
      {"017", "int 15"},
      {"9223372036854775807", "int 9223372036854775807"},
      {"-9223372036854775808", "int -9223372036854775808"},
      {"9223372036854775808", ""},
      {"1.5", "float64 1.5"},
      {"-2e3", "float64 -2000"},
      {".5", "float64 0.5"},
      {"1e400", ""},
      {"1x", ""},
      {"-", ""},
      {"0x", ""},
  };
  for (const auto& c : cases) {
    const auto value = parse_number(c.literal);
    const std::string shown = value ? sprintf("%T %v", std::array{*value, *value}, 1000) : "";
    EXPECT_EQ(shown, c.expected) << c.literal;
  }
}

TEST(Literals, SingleCodePoint) {
  const struct {
    std::string_view text;
    std::optional<std::uint32_t> expected;
  } cases[] = {
      {"a", 'a'},         {"\u00e9", 0xE9},     {"\u20ac", 0x20AC},        {"\U0001F600", 0x1F600},
      {"", std::nullopt}, {"ab", std::nullopt}, {"e\u0301", std::nullopt}, {"\xff", std::nullopt},
  };
  for (const auto& c : cases) EXPECT_EQ(single_code_point(c.text), c.expected) << c.text;
}

}  // namespace
}  // namespace vigil::templates
