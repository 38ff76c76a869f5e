// What parses, shown by how it prints, what type it has and where its parts stand.
#include <limits>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "vigil/promql/functions.h"
#include "vigil/promql/parser.h"

namespace vigil::promql {
namespace {

constexpr ParserOptions kEverything{.experimental_functions = true,
                                    .extended_range_selectors = true,
                                    .binop_fill_modifiers = true,
                                    .duration_expressions = true};

ExprPtr parsed(std::string_view text) {
  auto result = parse(text, kEverything);
  EXPECT_TRUE(result.has_value()) << text << "\n" << (result ? "" : result.error().message());
  return result ? std::move(*result) : nullptr;
}

// The tree with every operator in brackets: shows precedence.
std::string shape(const Expr& expr) {
  if (const auto* node = as<Binary>(expr)) {
    return "[" + shape(*node->lhs) + " " + std::string(to_string(node->op)) + " " + shape(*node->rhs) + "]";
  }
  if (const auto* node = as<Unary>(expr)) return (node->op == UnaryOp::kMinus ? "[-" : "[+") + shape(*node->expr) + "]";
  return to_string(expr);
}

struct Case {
  std::string_view input;
  std::string_view expected;
};

TEST(ParserValid, CanonicalText) {
  const Case cases[] = {
      // Numbers.
      {"1", "1"},
      {"+1", "1"},
      {"-1", "-1"},
      {"- -1", "1"},
      {".5", "0.5"},
      {"5.", "5"},
      {"1e3", "1000"},
      {"1E-3", "0.001"},
      {"1_000_000", "1000000"},
      {"1_0.5_0e1_0", "105000000000"},
      {"0x1f", "31"},
      {"0X_1F", "31"},
      {"0x1_f", "31"},
      {"0755", "493"},
      {"08", "8"},
      {"0", "0"},
      {"1e-400", "0"},
      {"1e21", "1000000000000000000000"},
      {"Inf", "+Inf"},
      {"+iNf", "+Inf"},
      {"-inf", "-Inf"},
      {"NaN", "NaN"},
      {"nan", "NaN"},
      {"5m", "5m"},
      {"1h30m", "1h30m"},
      {"90m", "1h30m"},
      {"-5m", "-5m"},
      {"365d", "1y"},
      {"0s", "0s"},
      {"1s1ms", "1s1ms"},
      // Strings: all quotes, all escapes.
      {R"("a")", R"("a")"},
      {R"('a"b\'c')", R"("a\"b'c")"},
      {R"("\a\b\f\n\r\t\v\\\"")", R"("\a\b\f\n\r\t\v\\\"")"},
      {R"("\101\x41\u0041\U00000041")", R"("AAAA")"},
      {R"("\u00e9\U0001F600")", "\"\u00e9\U0001F600\""},
      {R"("\xff")", R"("\xff")"},
      {"`a\\n\"b'\nc`", R"("a\\n\"b'\nc")"},
      {"'\u00e9'", "\"\u00e9\""},
      {"`a\rb`", R"("ab")"},
      // Spaces and comments.
      {" \t\r\n1 # one\n", "1"},
      {"# first\nsum # c\n(\n# inside\nfoo) # end", "sum(foo)"},
      {"rate # c\n(foo[5m])", "rate(foo[5m])"},
      {"foo{ # c\n a = 'b' # d\n }", R"(foo{a="b"})"},
      {"foo[ # c\n 5m # d\n ]", "foo[5m]"},
      // Selectors.
      {"foo", "foo"},
      {"foo:bar", "foo:bar"},
      {":x", ":x"},
      {"foo{}", "foo"},
      {"foo{a='b',}", R"(foo{a="b"})"},
      {"foo{z='1',a!='2',m=~'3|4',b!~`5.*`}", R"(foo{a!="2",b!~"5.*",m=~"3|4",z="1"})"},
      {"{__name__='foo'}", R"({__name__="foo"})"},
      {R"({"my.metric"})", R"({__name__="my.metric"})"},
      {R"({"my.metric", "a.b"="c", d='e'})", R"({"a.b"="c",__name__="my.metric",d="e"})"},
      {R"(foo{"a"="b"})", R"(foo{a="b"})"},
      {"{a!=''}", R"({a!=""})"},
      {"{a=~'.+'}", R"({a=~".+"})"},
      {"foo{by='1',sum='2',offset='3',inf='4',bool='5'}", R"(foo{bool="5",by="1",inf="4",offset="3",sum="2"})"},
      // Keywords as metric names.
      {"sum", "sum"},
      {"sum{a='b'}", R"(sum{a="b"})"},
      {"sum(sum)", "sum(sum)"},
      {"SUM{}", "SUM"},
      {"sum + avg", "sum + avg"},
      {"count[5m]", "count[5m]"},
      {"offset offset 5m", "offset offset 5m"},
      {"by", "by"},
      {"and and or", "and and or"},
      {"start", "start"},
      {"end[5m]", "end[5m]"},
      {"step{a='b'} + range", R"(step{a="b"} + range)"},
      {"min_of + max_of", "min_of + max_of"},
      {"anchored + smoothed", "anchored + smoothed"},
      {"fill + fill_left", "fill + fill_left"},
      {"limitk + limit_ratio", "limitk + limit_ratio"},
      // Offset and @.
      {"foo offset 5m", "foo offset 5m"},
      {"foo offset -5m", "foo offset -5m"},
      {"foo offset 300", "foo offset 5m"},
      {"foo offset 0.5", "foo offset 500ms"},
      {"foo offset 0", "foo"},
      {"foo @ 100", "foo @ 100.000"},
      {"foo @ -1.5", "foo @ -1.500"},
      {"foo @ 1h", "foo @ 3600.000"},
      {"foo @ -0x10", "foo @ -16.000"},
      {"foo @ start()", "foo @ start()"},
      {"foo @ END ( )", "foo @ end()"},
      {"foo offset 5m @ 10", "foo @ 10.000 offset 5m"},
      {"foo @ 10 offset 5m", "foo @ 10.000 offset 5m"},
      {"foo[5m] offset 1h @ start()", "foo[5m] @ start() offset 1h"},
      {"foo[5m] @ 1e10", "foo[5m] @ 10000000000.000"},
      {"foo @ 9223372036854774", "foo @ 9223372036854774.000"},
      {"foo anchored", "foo anchored"},
      {"foo[5m] smoothed offset 1m", "foo[5m] smoothed offset 1m"},
      {"foo offset 1m anchored @ 1", "foo @ 1.000 anchored offset 1m"},
      // Ranges, subqueries, durations as arithmetic.
      {"foo[5m]", "foo[5m]"},
      {"foo[ 300 ]", "foo[5m]"},
      {"foo[1.5]", "foo[1s500ms]"},
      {"foo[5m:1m]", "foo[5m:1m]"},
      {"foo[5m:]", "foo[5m:]"},
      {"foo[5m : 30]", "foo[5m:30s]"},
      {"(foo)[5m:1m] offset 1h @ end()", "(foo)[5m:1m] @ end() offset 1h"},
      {"sum(foo @ 1)[5m:]", "sum(foo @ 1.000)[5m:]"},
      {"foo @ start()[1h:1m] offset 1m16s", "foo @ start()[1h:1m] offset 1m16s"},
      {"foo[5m*2]", "foo[5m * 2]"},
      {"foo[(5m+1m)*2]", "foo[(5m + 1m) * 2]"},
      {"foo[step()+1m]", "foo[step() + 1m]"},
      {"foo[STEP()]", "foo[step()]"},
      {"foo[range()]", "foo[range()]"},
      {"foo[min_of(step(),5m):max_of(1s,2s)]", "foo[min_of(step(), 5m):max_of(1s, 2s)]"},
      {"foo[(30m)]", "foo[(30m)]"},
      {"foo[-5m+10m]", "foo[-5m + 10m]"},
      {"foo offset -(1h/2)", "foo offset -(1h / 2)"},
      {"foo offset (1h)", "foo offset (1h)"},
      {"foo offset -step()", "foo offset -step()"},
      {"foo offset +range()", "foo offset range()"},
      {"foo offset -min_of(step(), 1s)", "foo offset -min_of(step(), 1s)"},
      // Calls.
      {"time()", "time()"},
      {"rate(foo[5m],)", "rate(foo[5m])"},
      {"round(foo)", "round(foo)"},
      {"round(foo, 5)", "round(foo, 5)"},
      {"hour()", "hour()"},
      {"label_join(foo, 'a', 'b')", R"(label_join(foo, "a", "b"))"},
      {"label_join(foo, 'a', 'b', 'c', 'd',)", R"(label_join(foo, "a", "b", "c", "d"))"},
      {"sort_by_label(foo)", "sort_by_label(foo)"},
      {"info(foo)", "info(foo)"},
      {"info(foo, {})", "info(foo, {})"},
      {"info(foo, {a=~'.*'})", R"(info(foo, {a=~".*"}))"},
      {"histogram_quantiles(foo, 'q', 0.5, 0.9)", R"(histogram_quantiles(foo, "q", 0.5, 0.9))"},
      {"start() + end() + step() + range()", "start() + end() + step() + range()"},
      {"max_of(1, min_of(2, 3))", "max_of(1, min_of(2, 3))"},
      // Aggregations.
      {"sum by (a,b) (foo)", "sum by (a, b) (foo)"},
      {"sum(foo) by (a,b,)", "sum by (a, b) (foo)"},
      {"SUM(foo) WITHOUT ()", "sum without () (foo)"},
      {"sum by () (foo)", "sum(foo)"},
      {"sum by (by, without, sum, offset, on, bool, atan2, and, group_left) (foo)",
       "sum by (by, without, sum, offset, on, bool, atan2, and, group_left) (foo)"},
      {R"(sum by ("a.b", "c") (foo))", R"(sum by ("a.b", c) (foo))"},
      {"sum(foo,)", "sum(foo)"},
      {"topk(5, foo)", "topk(5, foo)"},
      {"topk by (a) (5, foo)", "topk by (a) (5, foo)"},
      {"quantile(0.9, foo) without (a)", "quantile without (a) (0.9, foo)"},
      {"count_values('v', foo)", R"(count_values("v", foo))"},
      {"limitk(2, foo)", "limitk(2, foo)"},
      {"limit_ratio(-0.5, foo)", "limit_ratio(-0.5, foo)"},
      // Operators and matching.
      {"1 == bool 2", "1 == bool 2"},
      {"foo > bool 1", "foo > bool 1"},
      {"foo</1", "foo </ 1"},
      {"foo >/ 1", "foo >/ 1"},
      {"foo ATAN2 bar", "foo atan2 bar"},
      {"foo * on(a,b) bar", "foo * on (a, b) bar"},
      {"foo * on() bar", "foo * on () bar"},
      {"foo * ignoring() bar", "foo * bar"},
      {"foo / on(a) group_left bar", "foo / on (a) group_left () bar"},
      {"foo / ignoring(a) group_right(b,\"c d\",) bar", "foo / ignoring (a) group_right (b, \"c d\") bar"},
      {"foo / on(a) group_left (b) (bar)", "foo / on (a) group_left (b) (bar)"},
      {"foo == bool on(a) bar", "foo == bool on (a) bar"},
      {"foo + fill(0) bar", "foo + fill (0) bar"},
      {"foo + on(a) fill_left(-1) fill_right(+Inf) bar", "foo + on (a) fill_left (-1) fill_right (+Inf) bar"},
      {"foo + fill_right(1) fill_left(1) bar", "foo + fill (1) bar"},
      {"foo + on(a) group_left fill(5m) bar", "foo + on (a) group_left () fill (300) bar"},
      {"foo and on(a) bar", "foo and on (a) bar"},
      {"foo unless bar", "foo unless bar"},
      // Signs that must survive printing.
      {"-foo", "-foo"},
      {"+foo", "+foo"},
      {"--foo", "--foo"},
      {"-(1)", "-(1)"},
      {"Inf ^ 2", "Inf ^ 2"},
      {"-Inf ^ 2", "-Inf ^ 2"},
      {"2 ^ Inf", "2 ^ +Inf"},
  };
  for (const Case& c : cases) {
    const ExprPtr expr = parsed(c.input);
    if (expr == nullptr) continue;
    EXPECT_EQ(to_string(*expr), c.expected) << c.input;
    const ExprPtr again = parsed(c.expected);
    if (again != nullptr) {
      EXPECT_EQ(to_string(*again), c.expected);
    }
    EXPECT_EQ(to_string(*clone(*expr)), c.expected);
  }
}

TEST(ParserValid, Precedence) {
  const Case cases[] = {
      {"1 + 2 * 3", "[1 + [2 * 3]]"},
      {"1 * 2 + 3", "[[1 * 2] + 3]"},
      {"1 - 2 - 3", "[[1 - 2] - 3]"},
      {"2 ^ 3 ^ 2", "[2 ^ [3 ^ 2]]"},
      {"-1 ^ 2", "[-[1 ^ 2]]"},
      {"2 ^ -1 ^ 2", "[2 ^ [-[1 ^ 2]]]"},
      {"2 ^ -1 * 3", "[[2 ^ -1] * 3]"},
      {"-1 * 2", "[-1 * 2]"},
      {"-foo * bar", "[[-foo] * bar]"},
      {"-foo ^ bar", "[-[foo ^ bar]]"},
      {"a % b / c * d", "[[[a % b] / c] * d]"},
      {"a atan2 b * c", "[[a atan2 b] * c]"},
      {"a == b + c", "[a == [b + c]]"},
      {"a == b > c", "[[a == b] > c]"},
      {"a </ b == c", "[[a </ b] == c]"},
      {"a and b or c unless d", "[[a and b] or [c unless d]]"},
      {"a or b and c > d", "[a or [b and [c > d]]]"},
      {"a unless b and c", "[[a unless b] and c]"},
      {"a + b offset 5m", "[a + b offset 5m]"},
      {"-foo offset 5m", "[-foo offset 5m]"},
      {"foo offset 1m + 2", "[foo offset 1m + 2]"},
      {"foo offset -2 ^ 2", "[foo offset -2s ^ 2]"},
      {"foo offset step() * 2", "[foo offset step() * 2]"},
      {"foo @ 10 ^ 2", "[foo @ 10.000 ^ 2]"},
  };
  for (const Case& c : cases) {
    const ExprPtr expr = parsed(c.input);
    if (expr != nullptr) {
      EXPECT_EQ(shape(*expr), c.expected) << c.input;
    }
  }
}

TEST(ParserValid, Types) {
  const std::pair<std::string_view, ValueType> cases[] = {
      {"1", ValueType::kScalar},         {"'a'", ValueType::kString},      {"foo", ValueType::kVector},
      {"foo[5m]", ValueType::kMatrix},   {"foo[5m:]", ValueType::kMatrix}, {"(foo[5m])", ValueType::kMatrix},
      {"1 + 2", ValueType::kScalar},     {"1 + foo", ValueType::kVector},  {"foo + 1", ValueType::kVector},
      {"foo + bar", ValueType::kVector}, {"-foo", ValueType::kVector},     {"-(1)", ValueType::kScalar},
      {"time()", ValueType::kScalar},    {"sum(foo)", ValueType::kVector}, {"scalar(foo)", ValueType::kScalar},
      {"vector(1)", ValueType::kVector}, {"('a')", ValueType::kString},    {"1 == bool 2", ValueType::kScalar},
  };
  for (const auto& [input, type] : cases) {
    const ExprPtr expr = parsed(input);
    if (expr != nullptr) {
      EXPECT_EQ(expr->type, type) << input;
    }
  }
}

TEST(ParserValid, MatchingOnlyBetweenVectors) {
  EXPECT_FALSE(as<Binary>(*parsed("1 + foo"))->matching.has_value());
  EXPECT_FALSE(as<Binary>(*parsed("1 + 1"))->matching.has_value());
  EXPECT_EQ(as<Binary>(*parsed("a + b"))->matching->cardinality, MatchCardinality::kOneToOne);
  EXPECT_EQ(as<Binary>(*parsed("a or b"))->matching->cardinality, MatchCardinality::kManyToMany);
  EXPECT_EQ(as<Binary>(*parsed("a * on(x) group_left b"))->matching->cardinality, MatchCardinality::kManyToOne);
  EXPECT_EQ(as<Binary>(*parsed("a * on(x) group_right b"))->matching->cardinality, MatchCardinality::kOneToMany);
}

TEST(ParserValid, DurationsInMilliseconds) {
  const ExprPtr plain = parsed("foo[1.5] offset -250ms");
  const auto* matrix = as<MatrixSelector>(*plain);
  EXPECT_EQ(matrix->range.constant, 1500);
  EXPECT_EQ(as<VectorSelector>(*matrix->selector)->offset.constant, -250);
  const ExprPtr computed = parsed("foo[5m * 2]");
  const auto& range = as<MatrixSelector>(*computed)->range;
  ASSERT_NE(range.expr, nullptr);
  EXPECT_EQ(as<NumberLiteral>(*as<Binary>(*range.expr)->lhs)->value, 300);
  EXPECT_EQ(as<VectorSelector>(*parsed("foo @ 1.0005"))->at_timestamp, 1001);
}

// Where a part stands in the text, as annotations and errors report it.
TEST(ParserValid, Positions) {
  const auto text_of = [](std::string_view text, const Expr& expr) {
    return std::string(text.substr(expr.position.start, expr.position.end - expr.position.start));
  };
  const Case roots[] = {
      {" foo{a='b'} ", "foo{a='b'}"},
      {" foo{a='b'} offset 5m ", "foo{a='b'} offset 5m"},
      {" foo @ start ( ) ", "foo @ start ( )"},
      {" foo [5m] offset 1m ", "foo [5m] offset 1m"},
      {" (foo)[5m: ] @ 5 ", "(foo)[5m: ] @ 5"},
      {" - foo ", "- foo"},
      {" - 1 ", "- 1"},
      {" ( foo ) ", "( foo )"},
      {" rate( foo[5m] ) ", "rate( foo[5m] )"},
      {" sum by (a) ( foo ) ", "sum by (a) ( foo )"},
      {" sum ( foo ) by ( a ) ", "sum ( foo ) by ( a )"},
      {" a + on ( x ) b ", "a + on ( x ) b"},
      {" 'é' ", "'é'"},
  };
  for (const Case& c : roots) {
    const ExprPtr expr = parsed(c.input);
    if (expr != nullptr) {
      EXPECT_EQ(text_of(c.input, *expr), c.expected);
    }
  }
  const std::string_view text = "sum(rate(foo[5m] offset 1m)) / topk(2, bar)";
  const ExprPtr expr = parsed(text);
  const auto* division = as<Binary>(*expr);
  const auto* sum = as<Aggregate>(*division->lhs);
  const auto* rate = as<Call>(*sum->expr);
  EXPECT_EQ(text_of(text, *division->lhs), "sum(rate(foo[5m] offset 1m))");
  EXPECT_EQ(text_of(text, *sum->expr), "rate(foo[5m] offset 1m)");
  EXPECT_EQ(text_of(text, *rate->args[0]), "foo[5m] offset 1m");
  EXPECT_EQ(text_of(text, *as<MatrixSelector>(*rate->args[0])->selector), "foo");
  EXPECT_EQ(text_of(text, *as<Aggregate>(*division->rhs)->param), "2");
  EXPECT_EQ(text_of(text, *as<Aggregate>(*division->rhs)->expr), "bar");
}

TEST(ParserValid, Selectors) {
  const auto matchers = parse_selector(R"( up{job="a", x!~"b.*"} )");
  ASSERT_TRUE(matchers.has_value());
  ASSERT_EQ(matchers->size(), 3U);
  EXPECT_EQ((*matchers)[0].to_string(), R"(job="a")");
  EXPECT_EQ((*matchers)[1].to_string(), R"(x!~"b.*")");
  EXPECT_EQ((*matchers)[2].to_string(), R"(__name__="up")");
  EXPECT_EQ(parse_selector(R"({"a.b"})")->front().to_string(), R"(__name__="a.b")");
  EXPECT_TRUE(parse_selector("sum")->size() == 1);
  EXPECT_TRUE(parse_selector("{}")->empty());
}

TEST(ParserValid, LabelSets) {
  const Case cases[] = {
      {"up", "up"},
      {R"(up{job="a",instance='b',})", R"(up{instance="b", job="a"})"},
      {R"({job="a"})", R"({job="a"})"},
      {R"({"a.b", "c d"="e"})", R"({"a.b", "c d"="e"})"},
      {"{}", "{}"},
      {"", "{}"},
      {R"(sum{by="1",empty=""})", R"(sum{by="1"})"},
  };
  for (const Case& c : cases) {
    const auto labels = parse_labels(c.input);
    ASSERT_TRUE(labels.has_value()) << c.input << "\n" << labels.error().message();
    EXPECT_EQ(labels->to_string(), c.expected) << c.input;
  }
}

TEST(ParserValid, LineAndColumn) {
  const auto place = [](std::string_view text, std::size_t offset) {
    const LineColumn at = line_column(text, offset);
    return std::to_string(at.line) + ":" + std::to_string(at.column);
  };
  EXPECT_EQ(place("abc", 0), "1:1");
  EXPECT_EQ(place("abc", 2), "1:3");
  EXPECT_EQ(place("abc", 99), "1:4");
  EXPECT_EQ(place("a\nbc", 2), "2:1");
  EXPECT_EQ(place("a\nbc", 3), "2:2");
  EXPECT_EQ(place("'é' x", 5), "1:5");
}

TEST(ParserValid, FunctionTable) {
  EXPECT_EQ(all_functions().size(), 90U);
  std::set<std::string_view> names;
  for (const Function& function : all_functions()) {
    names.insert(function.name);
    EXPECT_EQ(find_function(function.name), &function) << function.name;
    EXPECT_LE(function.variadic, static_cast<int>(function.args.size())) << function.name;
  }
  EXPECT_EQ(names.size(), 90U);
  EXPECT_EQ(find_function(""), nullptr);
  EXPECT_EQ(find_function("Rate"), nullptr);
  EXPECT_EQ(find_function("zzz"), nullptr);
}

}  // namespace
}  // namespace vigil::promql
