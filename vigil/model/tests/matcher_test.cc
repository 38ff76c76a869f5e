#include "vigil/model/matcher.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace vigil {
namespace {

TEST(AnchoredRegex, MatchesTheWholeText) {
  const struct {
    std::string_view pattern;
    std::string_view text;
    bool expected;
  } cases[] = {
      {"a", "a", true},         {"a", "ab", false},    {"a", "ba", false},
      {"a|b", "b", true},       {"a|b", "ab", false},  {"ab|c.", "cd", true},
      {"ab|c.", "abd", false},  {"a.c", "a\nc", true},  // dot matches newline
      {".*", "", true},         {".+", "", false},     {"", "", true},
      {"", "a", false},         {"a|", "", true},      {"|", "x", false},
      {"(?i)ABC", "aBc", true}, {"^a$", "a", true},    {"[0-9]{3}", "123", true},
      {"\\.", ".", true},       {"\\.", "x", false},   {"\xC3\xA9.", "\xC3\xA9\xC3\xA9", true},
  };
  for (const auto& c : cases) {
    const auto regex = AnchoredRegex::compile(c.pattern);
    ASSERT_TRUE(regex.has_value()) << c.pattern;
    EXPECT_EQ(regex->matches(c.text), c.expected) << c.pattern << " " << c.text;
    EXPECT_EQ(regex->pattern(), c.pattern);
  }
}

TEST(AnchoredRegex, BadPatternsAreNamed) {
  for (const std::string_view pattern : {"(", "[", "*", "a{2,1}", "(?P<n", "\\", "a**", "(?=a)", "\\1"}) {
    const auto regex = AnchoredRegex::compile(pattern);
    ASSERT_FALSE(regex.has_value()) << pattern;
    EXPECT_EQ(regex.error().code(), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(AnchoredRegex::compile("a(b").error().message(), "invalid regular expression \"a(b\": missing ): a(b");
}

TEST(AnchoredRegex, LiteralAlternatives) {
  const struct {
    std::string_view pattern;
    std::vector<std::string> expected;
  } cases[] = {
      {"a", {"a"}},
      {"a|b|c", {"a", "b", "c"}},
      {"a|", {"a", ""}},
      {"", {}},
      {"a.b|c", {}},
      {"(a|b)", {}},
      {"a\\.b", {}},
      {"^a", {}},
      {"10-20|x y", {"10-20", "x y"}},
  };
  for (const auto& c : cases) EXPECT_EQ(AnchoredRegex::compile(c.pattern)->alternatives(), c.expected) << c.pattern;
}

// Go's Regexp.Expand.
TEST(AnchoredRegex, Expand) {
  const struct {
    std::string_view pattern;
    std::string_view text;
    std::string_view replacement;
    std::string_view expected;
  } cases[] = {
      {"(.*)", "abc", "$1", "abc"},
      {"(.*)", "abc", "x${1}y", "xabcy"},
      {"(.*)", "abc", "x$1y", "x"},  // the group named "1y"
      {"(.*)", "abc", "$1-$1", "abc-abc"},
      {"(.*)", "abc", "$0", "abc"},
      {"(.*)", "abc", "$2", ""},
      {"(.*)", "abc", "$99999999999", ""},
      {"(.*)", "abc", "$$1", "$1"},
      {"(.*)", "abc", "plain", "plain"},
      {"(.*)", "abc", "", ""},
      {"(.*)", "abc", "cost $", "cost $"},
      {"(.*)", "abc", "$-", "$-"},
      {"(.*)", "abc", "${", "${"},
      {"(.*)", "abc", "${1", "${1"},
      {"(.*)", "abc", "${}", "${}"},
      {"(.*)", "abc", "${a b}", "${a b}"},
      {"(a)(b)?(c)", "ac", "$1$2$3", "ac"},
      {"(?P<host>[^:]+):(?P<port>\\d+)", "db:5432", "$port@${host}", "5432@db"},
      {"(?P<host>[^:]+):.*", "db:5432", "$nope", ""},
      {"([^:]+)(?::\\d+)?", "db", "$1:80", "db:80"},
  };
  for (const auto& c : cases) {
    std::string out = ">";
    EXPECT_TRUE(AnchoredRegex::compile(c.pattern)->expand(c.text, c.replacement, out)) << c.pattern;
    EXPECT_EQ(out, ">" + std::string(c.expected)) << c.pattern << " " << c.replacement;
  }
  std::string out;
  EXPECT_FALSE(AnchoredRegex::compile("b")->expand("abc", "$0", out));
  EXPECT_EQ(out, "");
}

// Linear time: a backtracking engine would not come back.
TEST(AnchoredRegex, NoCatastrophicBacktracking) {
  EXPECT_FALSE(AnchoredRegex::compile("(a*)*b")->matches(std::string(50'000, 'a')));
}

TEST(Matcher, FourTypes) {
  const auto make = [](Matcher::Type type, std::string_view value) { return *Matcher::create(type, "l", value); };
  const struct {
    Matcher matcher;
    std::string_view text;
    bool expected;
  } cases[] = {
      {Matcher::equal("l", "a"), "a", true},
      {Matcher::equal("l", "a"), "b", false},
      {Matcher::equal("l", ""), "", true},
      {Matcher::not_equal("l", "a"), "a", false},
      {Matcher::not_equal("l", "a"), "", true},
      {make(Matcher::Type::kEqual, "a"), "a", true},
      {make(Matcher::Type::kRegex, "a.*"), "abc", true},
      {make(Matcher::Type::kRegex, "a.*"), "bc", false},
      {make(Matcher::Type::kRegex, "a|"), "", true},
      {make(Matcher::Type::kNotRegex, "a.*"), "abc", false},
      {make(Matcher::Type::kNotRegex, "a.*"), "", true},
      {make(Matcher::Type::kNotRegex, ".+"), "", true},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(c.matcher.matches(c.text), c.expected) << c.matcher.to_string() << " " << c.text;
    EXPECT_EQ(c.matcher.matches(Labels{{"l", c.text}, {"m", "x"}}), c.expected);
    EXPECT_EQ(c.matcher.matches_empty(), c.matcher.matches(Labels()));
  }
  EXPECT_FALSE(Matcher::create(Matcher::Type::kRegex, "l", "(").has_value());
  EXPECT_TRUE(Matcher::create(Matcher::Type::kEqual, "l", "(").has_value());
}

TEST(Matcher, PrintsAndCompares) {
  const Matcher regex = *Matcher::create(Matcher::Type::kNotRegex, "a.b", "x\"|y");
  EXPECT_EQ(regex.to_string(), R"("a.b"!~"x\"|y")");
  EXPECT_EQ(Matcher::equal("job", "x").to_string(), R"(job="x")");
  EXPECT_EQ(Matcher::equal("a", "b"), *Matcher::create(Matcher::Type::kEqual, "a", "b"));
  EXPECT_FALSE(Matcher::equal("a", "b") == Matcher::not_equal("a", "b"));
  EXPECT_FALSE(Matcher::equal("a", "b") == Matcher::equal("a", "c"));
  EXPECT_TRUE(Matcher::equal("a", "b").alternatives().empty());
  EXPECT_EQ(regex.alternatives(), (std::vector<std::string>{"x\"", "y"}));
}

}  // namespace
}  // namespace vigil
