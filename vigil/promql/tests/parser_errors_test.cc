// What is refused, where, and in which words: upstream's, as far as they are known.
#include <span>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "vigil/promql/parser.h"

namespace vigil::promql {
namespace {

constexpr ParserOptions kEverything{.experimental_functions = true,
                                    .extended_range_selectors = true,
                                    .binop_fill_modifiers = true,
                                    .duration_expressions = true};

struct Case {
  std::string_view input;
  std::string_view expected;  // "line:column: message", without "parse error: "
};

std::string without_prefix(std::string message) {
  const std::string prefix = "parse error: ";
  if (const std::size_t at = message.find(prefix); at != std::string::npos) message.erase(at, prefix.size());
  return message;
}

void expect_errors(std::span<const Case> cases, const ParserOptions& options) {
  for (const Case& c : cases) {
    const auto result = parse(c.input, options);
    if (result) {
      ADD_FAILURE() << c.input << " parsed as " << to_string(**result) << ", expected " << c.expected;
      continue;
    }
    EXPECT_EQ(result.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(without_prefix(result.error().message()), c.expected) << c.input;
  }
}

TEST(ParserErrors, Syntax) {
  const Case cases[] = {
      {"", "unknown position: no expression found in input"},
      {"  ", "1:1: no expression found in input"},
      {"# only a comment", "1:1: no expression found in input"},
      {"1 1", "1:3: unexpected number \"1\""},
      {"1 +", "1:4: unexpected end of input"},
      {"* 1", "1:1: unexpected <op:*>"},
      {"foo bar", "1:5: unexpected identifier \"bar\""},
      {"foo a:b", "1:5: unexpected metric identifier \"a:b\""},
      {"foo 5m", "1:5: unexpected duration \"5m\""},
      {"foo 'a long enough string'", "1:5: unexpected string \"'a long en\"..."},
      {"\n\n1 @@ 2", "3:4: unexpected <op:@> in @, expected timestamp"},
      {"(1", "1:3: unclosed left parenthesis"},
      {"1)", "1:2: unexpected right parenthesis ')'"},
      {"()", "1:2: unexpected \")\""},
      {"(,)", "1:2: unexpected \",\""},
      {"1 + bool", "1:9: unexpected end of input"},
      {"bool", "1:1: unexpected <bool>"},
      {"group_left", "1:1: unexpected <group_left>"},
      {"1 = 1", "1:3: unexpected \"=\""},
      {"foo =~ 'a'", "1:5: unexpected character after '=': '~'"},
      {"1 ! 2", "1:3: unexpected character after '!': ' '"},
      {"1 !", "1:3: unexpected end of input after '!'"},
      {"1 ~ 2", "1:3: unexpected character: '~'"},
      {"\x01", "1:1: unexpected character: '\\x01'"},
      {"1 + é", "1:5: unexpected character: 'é'"},
      {"\xff", "1:1: unexpected character: '\\xff'"},
      {"foo ; bar", "1:5: unexpected character: ';'"},
      // Numbers and strings.
      {"1.2.3", "1:1: bad number or duration syntax: \"1.2\""},
      {"1e", "1:1: bad number or duration syntax: \"1\""},
      {"0x", "1:1: bad number or duration syntax: \"0x\""},
      {"0b101", "1:1: bad number or duration syntax: \"0\""},
      {"1__0", "1:1: bad number or duration syntax: \"1\""},
      {"1_", "1:1: bad number or duration syntax: \"1\""},
      {"5x", "1:1: bad number or duration syntax: \"5\""},
      {"1e400", "1:1: error parsing number: strconv.ParseFloat: parsing \"1e400\": value out of range"},
      {"5m5m", "1:1: not a valid duration string: \"5m5m\""},
      {"5s5m", "1:1: not a valid duration string: \"5s5m\""},
      {"0.5m", "1:1: not a valid duration string: \"0.5m\""},
      {"99999999999999999999d", "1:1: duration out of range"},
      {"'a", "1:1: unterminated quoted string"},
      {"\"a\nb\"", "1:1: unterminated quoted string"},
      {"`a", "1:1: unterminated raw string"},
      {"'a\\", "1:1: escape sequence not terminated"},
      {"'\\q'", "1:1: unknown escape sequence 'q'"},
      {"\"\\'\"", "1:1: unknown escape sequence '\\''"},
      {"'\\xg0'", "1:1: illegal character 'g' in escape sequence"},
      {"'\\400'", "1:1: escape sequence is an invalid Unicode code point"},
      {"'\\ud800'", "1:1: escape sequence is an invalid Unicode code point"},
      {"'\\U00110000'", "1:1: escape sequence is an invalid Unicode code point"},
      {"'\xff'", "1:1: invalid UTF-8 rune"},
      {"`\xc3`", "1:1: invalid UTF-8 rune"},
      // Selectors.
      {"{", "1:2: unexpected end of input inside braces"},
      {"foo{", "1:5: unexpected end of input inside braces"},
      {"foo}", "1:4: unexpected character: '}'"},
      {"foo{{", "1:5: unexpected left brace '{'"},
      {"foo{a}", "1:6: unexpected \"}\" in label matching, expected label matching operator"},
      {"foo{a=}", "1:7: unexpected \"}\" in label matching, expected string"},
      {"foo{a=b}", "1:7: unexpected identifier \"b\" in label matching, expected string"},
      {"foo{a='b' c='d'}", "1:11: unexpected identifier \"c\" in label matching, expected \",\" or \"}\""},
      {"foo{,}", "1:5: unexpected \",\" in label matching, expected identifier or \"}\""},
      {"foo{a='b',,}", "1:11: unexpected \",\" in label matching, expected identifier or \"}\""},
      {"foo{a>'b'}", "1:6: unexpected character inside braces: '>'"},
      {"foo{a!'b'}", "1:6: unexpected character after '!' inside braces: '\\''"},
      {"foo{1='b'}", "1:5: unexpected character inside braces: '1'"},
      {"foo{a:b='c'}", "1:6: unexpected character inside braces: ':'"},
      {"foo{a=~'('}", "1:5: invalid regular expression \"(\": missing ): ("},
      // Modifiers.
      {"foo offset", "1:11: unexpected end of input in offset, expected number, duration, step(), or range()"},
      {"foo offset bar",
       "1:12: unexpected identifier \"bar\" in offset, expected number, duration, step(), or range()"},
      {"foo offset - bar",
       "1:14: unexpected identifier \"bar\" in offset, expected number, duration, step(), or range()"},
      {"foo offset 1m offset 2m", "1:1: offset may not be set multiple times"},
      {"1 offset 1m",
       "1:1: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery"},
      {"(foo) offset 1m",
       "1:1: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery"},
      {"sum(foo) offset 1m",
       "1:1: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery"},
      {"foo offset 1e30", "1:12: duration out of range"},
      {"foo @", "1:6: unexpected end of input in @, expected timestamp"},
      {"foo @ bar", "1:7: unexpected identifier \"bar\" in @, expected timestamp"},
      {"foo @ start", "1:12: unexpected end of input in @, expected timestamp"},
      {"foo @ 1 @ 2", "1:1: @ <timestamp> may not be set multiple times"},
      {"foo @ 1 @ start()", "1:1: @ <timestamp> may not be set multiple times"},
      {"foo @ NaN", "1:1: timestamp out of bounds for @ modifier: nan"},
      {"foo @ -Inf", "1:1: timestamp out of bounds for @ modifier: -inf"},
      {"1 @ 2",
       "1:1: @ modifier must be preceded by an instant vector selector or range vector selector or a subquery"},
      {"foo[", "1:5: unexpected end of input in duration expression"},
      {"foo[5m", "1:7: unclosed left bracket"},
      {"sum(foo[5m", "1:11: unclosed left parenthesis"},
      {"foo[]", "1:5: unexpected \"]\" in subquery or range selector, expected number, duration, step(), or range()"},
      {"foo]", "1:4: unexpected right bracket ']'"},
      {"foo[5m 5m]", "1:8: unexpected duration \"5m\" in subquery or range, expected \":\" or \"]\""},
      {"foo[:1m]", "1:5: unexpected colon before duration in duration expression"},
      {"foo[5m:1m:1m]", "1:10: unexpected repeated colon in duration expression"},
      {"foo[5m:1m 2]", "1:11: unexpected number \"2\" in subquery selector, expected \"]\""},
      {"foo[5m:*]",
       "1:8: unexpected <op:*> in subquery selector, expected number, duration, step(), range(), or \"]\""},
      {"foo[x]", "1:5: unexpected character in duration expression: 'x'"},
      {"foo['5m']", "1:5: unexpected character in duration expression: '\\''"},
      {"foo[0]", "1:5: duration must be greater than 0"},
      {"foo[-5m]", "1:5: duration must be greater than 0"},
      {"foo[(0s)]", "1:5: duration must be greater than 0"},
      {"foo[5m:0]", "1:8: duration must be greater than 0"},
      {"foo[0.0001]", "1:5: duration must be greater than 0"},
      {"foo[1e30]", "1:5: duration out of range"},
      {"foo[5m/0]", "1:7: division by zero"},
      {"foo[5m%0]", "1:7: modulo by zero"},
      {"foo[min_of(1m)]",
       "1:14: unexpected \")\" in subquery or range selector, expected number, duration, step(), or range()"},
      {"foo[step]",
       "1:5: unexpected identifier \"step\" in subquery or range selector, expected number, duration, step(), or "
       "range()"},
      {"1[5m]", "1:2: ranges only allowed for vector selectors"},
      {"(foo)[5m]", "1:6: ranges only allowed for vector selectors"},
      {"foo[5m][5m]", "1:8: ranges only allowed for vector selectors"},
      {"foo offset 1m[5m]", "1:14: no offset modifiers allowed before range"},
      {"foo @ 1[5m]", "1:8: no @ modifiers allowed before range"},
      {"foo[5m:] anchored", "1:1: anchored modifier is not supported for subqueries"},
      {"sum(foo) smoothed", "1:1: smoothed modifier not implemented"},
      {"foo anchored smoothed", "1:1: anchored and smoothed modifiers cannot be used together"},
      // Calls and aggregations.
      {"nope(foo)", "1:1: unknown function with name \"nope\""},
      {"Rate(foo[5m])", "1:1: unknown function with name \"Rate\""},
      {"a:b(foo)", "1:4: unexpected \"(\""},
      {"rate(", "1:6: unclosed left parenthesis"},
      {"rate(foo[5m] 1)", "1:14: unexpected number \"1\""},
      {"rate(,)", "1:6: unexpected \",\""},
      {"sum 1", "1:5: unexpected number \"1\" in aggregation"},
      {"sum()", "1:1: no arguments for aggregate expression provided"},
      {"sum(a, b)", "1:1: wrong number of arguments for aggregate expression provided, expected 1, got 2"},
      {"topk(foo)", "1:1: wrong number of arguments for aggregate expression provided, expected 2, got 1"},
      {"sum by (a)", "1:11: unexpected end of input in aggregation"},
      {"sum by a (foo)", "1:8: unexpected identifier \"a\" in grouping opts, expected \"(\""},
      {"sum by (1) (foo)", "1:9: unexpected number \"1\" in grouping opts, expected label"},
      {"sum by (a b) (foo)", "1:11: unexpected identifier \"b\" in grouping opts, expected \",\" or \")\""},
      {"sum by (,) (foo)", "1:9: unexpected \",\" in grouping opts, expected label"},
      {"sum by ('') (foo)", "1:9: invalid label name for grouping: \"\""},
      {"sum(foo) by (a) by (b)", "1:17: unexpected <by>"},
      {"sum by (a) (foo) by (b)", "1:18: unexpected <by>"},
      {"sum(rate(foo bar))", "1:14: unexpected identifier \"bar\" in aggregation"},
      {"foo by (a)", "1:5: unexpected <by>"},
      {"a + on b", "1:8: unexpected identifier \"b\" in grouping opts, expected \"(\""},
      {"a + group_left b", "1:5: unexpected <group_left>"},
      {"a + on(x) group_left(sum(b)) c", "1:25: unexpected \"(\" in grouping opts, expected \",\" or \")\""},
      {"a + fill(b) c", "1:10: unexpected identifier \"b\""},
  };
  expect_errors(cases, kEverything);
}

TEST(ParserErrors, Types) {
  const Case cases[] = {
      {"{}", "1:1: vector selector must contain at least one non-empty matcher"},
      {"{a=''}", "1:1: vector selector must contain at least one non-empty matcher"},
      {"{__name__=~'.*'}", "1:1: vector selector must contain at least one non-empty matcher"},
      {"{a!~'.+',b!='c'}", "1:1: vector selector must contain at least one non-empty matcher"},
      {"foo{__name__='bar'}", "1:1: metric name must not be set twice: \"foo\" or \"bar\""},
      {"foo{'bar'}", "1:1: metric name must not be set twice: \"foo\" or \"bar\""},
      {"foo + {}", "1:7: vector selector must contain at least one non-empty matcher"},
      {"1 == 2", "1:3: comparisons between scalars must use BOOL modifier"},
      {"(1) \n >= (2)", "2:2: comparisons between scalars must use BOOL modifier"},
      {"foo + bool bar", "1:5: bool modifier can only be used on comparison operators"},
      {"foo </ bool 1", "1:5: bool modifier can only be used on comparison operators"},
      {"1 or 2", "1:1: set operator \"or\" not allowed in binary scalar expression"},
      {"1 and foo", "1:1: set operator \"and\" not allowed in binary scalar expression"},
      {"foo or 1", "1:1: set operator \"or\" not allowed in binary scalar expression"},
      {"1 + on(a) foo", "1:1: vector matching only allowed between instant vectors"},
      {"foo + on(a) 1", "1:1: vector matching only allowed between instant vectors"},
      {"foo + fill(1) 2", "1:1: filling in missing series only allowed between instant vectors"},
      {"foo or fill(1) bar", "1:1: filling in missing series not allowed for set operators"},
      {"foo and on(a) group_left bar", "1:1: no grouping allowed for \"and\" operation"},
      {"foo * on(a) group_left(a) bar", "1:5: label \"a\" must not occur in ON and GROUP clause at once"},
      {"foo + 'a'", "1:7: binary expression must contain only scalar and instant vector types"},
      {"foo[5m] * 2", "1:1: binary expression must contain only scalar and instant vector types"},
      {"-'a'", "1:1: unary expression only allowed on expressions of type scalar or instant vector, got \"string\""},
      {"-foo[5m]",
       "1:1: unary expression only allowed on expressions of type scalar or instant vector, got \"range vector\""},
      {"rate(foo)", "1:6: expected type range vector in call to function \"rate\", got instant vector"},
      {"abs(foo[5m])", "1:5: expected type instant vector in call to function \"abs\", got range vector"},
      {"abs(1)", "1:5: expected type instant vector in call to function \"abs\", got scalar"},
      {"label_join(foo, 'a', 'b', 3)", "1:27: expected type string in call to function \"label_join\", got scalar"},
      {"label_join(foo, 'a', 'b', 'c', 4)",
       "1:32: expected type string in call to function \"label_join\", got scalar"},
      {"rate()", "1:1: expected 1 argument(s) in call to \"rate\", got 0"},
      {"abs(foo, bar)", "1:1: expected 1 argument(s) in call to \"abs\", got 2"},
      {"time(1)", "1:1: expected 0 argument(s) in call to \"time\", got 1"},
      {"round()", "1:1: expected at least 1 argument(s) in call to \"round\", got 0"},
      {"round(foo, 1, 2)", "1:1: expected at most 2 argument(s) in call to \"round\", got 3"},
      {"hour(foo, bar)", "1:1: expected at most 1 argument(s) in call to \"hour\", got 2"},
      {"label_join(foo, 'a')", "1:1: expected at least 3 argument(s) in call to \"label_join\", got 2"},
      {"histogram_quantiles(foo, 'q')",
       "1:1: expected at least 3 argument(s) in call to \"histogram_quantiles\", got 2"},
      {"info(foo, bar)", "1:11: expected label selectors only, got vector selector instead"},
      {"info(foo, sum(bar))", "1:11: expected label selectors only"},
      {"info(foo, 1)", "1:11: expected type instant vector in call to function \"info\", got scalar"},
      {"sum(1)", "1:5: expected type instant vector in aggregation expression, got scalar"},
      {"sum(foo[5m])", "1:5: expected type instant vector in aggregation expression, got range vector"},
      {"topk(foo, bar)", "1:6: expected type scalar in aggregation parameter, got instant vector"},
      {"count_values(1, foo)", "1:14: expected type string in aggregation parameter, got scalar"},
      {"1[5m:]", "1:1: subquery is only allowed on instant vector, got scalar instead"},
      {"foo[5m][5m:]", "1:1: subquery is only allowed on instant vector, got range vector instead"},
      {"foo[1m:][1m:]", "1:1: subquery is only allowed on instant vector, got range vector instead"},
      // A syntax error anywhere goes before a type error.
      {"rate(foo) +", "1:12: unexpected end of input"},
  };
  expect_errors(cases, kEverything);
}

TEST(ParserErrors, ExperimentalSyntaxIsRefusedByDefault) {
  const std::string flag = " is experimental and must be enabled with --enable-feature=promql-experimental-functions";
  const std::string info = "1:1: info()" + flag, start = "1:5: start()" + flag, limitk = "1:1: limitk()" + flag,
                    max_of = "1:1: max_of()" + flag;
  const Case cases[] = {
      {"info(foo)", info},
      {"1 + start()", start},
      {"max_of(1, 2)", max_of},
      {"limitk(1, foo)", limitk},
      {"foo anchored", "1:1: anchored modifier is experimental and not enabled"},
      {"rate(foo[5m] smoothed)", "1:6: smoothed modifier is experimental and not enabled"},
      {"a + fill(0) b", "1:1: binop fill modifiers are experimental and not enabled"},
  };
  expect_errors(cases, ParserOptions{});
  // Stable since Prometheus 3.14.
  EXPECT_TRUE(parse("first_over_time(foo[5m * 2])").has_value());
  EXPECT_TRUE(parse("foo offset -(step() + 1m)").has_value());
  // Names are no use of the feature.
  EXPECT_TRUE(parse("fill + start + limitk + anchored").has_value());
  const Case durations[] = {
      {"foo[5m*2]", "1:5: experimental duration expression is not enabled"},
      {"foo[step()]", "1:5: experimental duration expression is not enabled"},
      {"foo offset (5m)", "1:12: experimental duration expression is not enabled"},
  };
  ParserOptions without;
  without.duration_expressions = false;
  expect_errors(durations, without);
}

TEST(ParserErrors, SelectorsAndLabelSets) {
  const Case selectors[] = {
      {"", "unknown position: unexpected end of input"},
      {"1", "1:1: unexpected number \"1\""},
      {"foo + bar", "1:5: unexpected <op:+>"},
      {"foo[5m]", "1:4: unexpected \"[\""},
      {"sum(foo)", "1:4: unexpected \"(\""},
  };
  for (const Case& c : selectors) {
    const auto result = parse_selector(c.input);
    ASSERT_FALSE(result.has_value()) << c.input;
    EXPECT_EQ(without_prefix(result.error().message()), c.expected) << c.input;
  }
  const Case labels[] = {
      {"1", "1:1: unexpected number \"1\""},
      {"up{a!='b'}", "1:5: unexpected <op:!=> in label set, expected \"=\""},
      {"up{a=}", "1:6: unexpected \"}\" in label set, expected string"},
      {"up{a='b' c='d'}", "1:10: unexpected identifier \"c\" in label set, expected \",\" or \"}\""},
      {"up{=}", "1:4: unexpected \"=\" in label set, expected identifier or \"}\""},
      {"up{a='b'} 1", "1:11: unexpected number \"1\""},
  };
  for (const Case& c : labels) {
    const auto result = parse_labels(c.input);
    ASSERT_FALSE(result.has_value()) << c.input;
    EXPECT_EQ(without_prefix(result.error().message()), c.expected) << c.input;
  }
}

std::string repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(ParserErrors, LimitsOfDepthAndLength) {
  const int many = 20'000;
  const std::pair<std::string, std::string> bombs[] = {
      {repeat("(", many), repeat(")", many)},
      {repeat("-", many), "foo"},
      {repeat("sum(", many), repeat(")", many)},
      {repeat("1+", many), "1"},
      {repeat("1^", many), "1"},
      {"foo", repeat("[1m:]", many)},
      {"foo[" + repeat("(", many), "1" + repeat(")", many) + "]"},
      {"foo[" + repeat("-", many), "step()]"},
      {"foo[" + repeat("1+", many), "1]"},
      {"foo offset " + repeat("min_of(", many), "1"},
  };
  for (const auto& [head, tail] : bombs) {
    const auto result = parse(head + "1" + tail, kEverything);
    ASSERT_FALSE(result.has_value()) << head.substr(0, 20);
  }
  // Deep, but within the limit: parses, prints and is copied without trouble.
  for (const auto& [head, tail] :
       {std::pair{repeat("(", 990), repeat(")", 990)}, std::pair{repeat("1+", 990), std::string()},
        std::pair{repeat("abs(", 400), repeat(")", 400)}}) {
    const auto result = parse(head + (head.starts_with("abs") ? "foo" : "1") + tail);
    ASSERT_TRUE(result.has_value()) << result.error().message();
    const std::string printed = to_string(**result);
    EXPECT_EQ(to_string(*clone(**result)), printed);
    EXPECT_TRUE(parse(pretty(**result)).has_value());
  }
  EXPECT_EQ(parse(repeat("(", 2000) + "1").error().message(), "1:1001: parse error: expression is nested too deeply");
  const auto too_long = parse(std::string(kMaxLength + 1, ' '));
  EXPECT_EQ(too_long.error().message(),
            "parse error: expression of 1048577 bytes is too long, at most 1048576 are allowed");
}

// Quadratic work would take minutes on these.
TEST(ParserErrors, LongTextsTakeLinearTime) {
  const std::string texts[] = {
      "label_join(foo, 'a', " + repeat("'b',", 60'000) + "'c')",
      "sum by (" + repeat("a,", 120'000) + ") (foo)",
      "foo{" + repeat("a='b',", 40'000) + "}",
      "'" + std::string(250'000, 'x') + "'",
      std::string(250'000, 'x'),
      "1" + repeat(" #\n", 80'000),
      repeat("fill ", 50'000),
      repeat("sum #\n", 40'000),
  };
  for (const std::string& text : texts) {
    const auto result = parse(text);
    if (result) {
      EXPECT_FALSE(pretty(**result).empty());
    }
  }
}

}  // namespace
}  // namespace vigil::promql
