#include "vigil/template/template.h"

#include <gtest/gtest.h>

#include <string>

#include "vigil/template/rule_functions.h"
#include "vigil/template/time_value.h"

namespace vigil::templates {
namespace {

Value test_data() {
  return Value::structure({{"Name", "n"},
                           {"Empty", ""},
                           {"N", 3},
                           {"F", 2.5},
                           {"T", true},
                           {"List", Value::list({"a", "b", "c"})},
                           {"None", Value::list({})},
                           {"Map", Value::labels(Labels{{"k1", "v1"}, {"k2", "v2"}})},
                           {"Deep", Value::map({{"x", Value::map({{"y", 7}})}})},
                           {"When", time_value(1'767'322'845'678)}},
                          "main.data");
}

std::string run(std::string_view text, const Limits& limits = {}) {
  const auto set = TemplateSet::parse("t", text, builtin_functions());
  if (!set) return set.error().message();
  const auto result = set->execute("t", test_data(), nullptr, limits);
  return result ? *result : result.error().message();
}

struct Case {
  const char* text;
  const char* expected;
};

TEST(Template, Actions) {
  const Case cases[] = {
      {"", ""},
      {"plain } text {", "plain } text {"},
      {"{{ .Name }}", "n"},
      {"a{{/* comment */}}b", "ab"},
      {"a {{- /* c */ -}} b", "ab"},
      {"a {{- .Name -}} b", "anb"},
      {"a\n\n{{- .N}} \t{{.N -}}\n b", "a3 \t3b"},
      {"{{3 -}} x", "3x"},
      {"{{-3}}", "-3"},
      {"{{.Map.k1}}{{.Map.nope}}|", "v1|"},
      {"{{.Deep.x.y}} {{.Deep.q}} {{.Deep.q.r}}", "7 <no value> <no value>"},
      {"{{.Map}} {{.List}} {{.T}} {{.F}} {{.N}}", "map[k1:v1 k2:v2] [a b c] true 2.5 3"},
      {"{{$}}|{{$.Name}}",
       "{n  3 2.5 true [a b c] [] map[k1:v1 k2:v2] map[x:map[y:7]] 2026-01-02 03:00:45.678 +0000 UTC}|n"},
      {"{{\"q\\\"\\n\\t\\x41\\u00e9\\101\"}}{{`raw\\n`}}",
       "q\"\n\tA\xC3\xA9"
       "Araw\\n"},
      {"{{'a'}} {{0x10}} {{1_000}} {{1e3}} {{-2.50}} {{0b11}} {{017}}", "97 16 1000 1000 -2.5 3 15"},
      {"{{true}} {{false}} {{nil}}", "template: t:1:21: executing \"t\" at <nil>: nil is not a command"},
      {"{{print (len .List) .Name}}", "3n"},
      {"{{(index .List 1)}}{{(.Deep).x.y}}", "b7"},
      {"{{.When.Year}} {{.When.Month}} {{(.When).Format \"2006-01-02T15:04:05Z07:00\"}}",
       "2026 January 2026-01-02T03:00:45Z"},
      {"{{ if .T }}y{{ end }}{{ if .Empty }}y{{ else }}n{{ end }}", "yn"},
      {"{{ if .Empty }}1{{ else if .None }}2{{ else if .N }}3{{ else }}4{{ end }}", "3"},
      {"{{ with .Name }}{{ . }}{{ end }}{{ with .Empty }}x{{ else }}-{{ end }}", "n-"},
      {"{{ with .Empty }}x{{ else with .Name }}{{ . }}!{{ end }}", "n!"},
      {"{{ with $x := .N }}{{ $x }}{{ end }}", "3"},
      {"{{ range .List }}{{ . }},{{ end }}", "a,b,c,"},
      {"{{ range $i, $v := .List }}{{ $i }}={{ $v }} {{ end }}", "0=a 1=b 2=c "},
      {"{{ range $v := .List }}{{ $v }}{{ end }}", "abc"},
      {"{{ range $k, $v := .Map }}{{ $k }}:{{ $v }};{{ end }}", "k1:v1;k2:v2;"},
      {"{{ range .None }}x{{ else }}none{{ end }}", "none"},
      {"{{ range 3 }}{{ . }}{{ end }}", "012"},
      {"{{ range .List }}{{ if eq . \"b\" }}{{ continue }}{{ end }}{{ . }}{{ end }}", "ac"},
      {"{{ range .List }}{{ if eq . \"b\" }}{{ break }}{{ end }}{{ . }}{{ end }}", "a"},
      {"{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"},
      {"{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}", "1"},
      {"{{ $x := 0 }}{{ range .List }}{{ $x = . }}{{ end }}{{ $x }}", "c"},
      {"{{ define \"T\" }}<{{ . }}>{{ end }}{{ template \"T\" .Name }}{{ template \"T\" }}", "<n><<no value>>"},
      {"{{ block \"B\" .N }}[{{ . }}]{{ end }}", "[3]"},
      {"{{ .Name | printf \"%s-%s\" \"a\" | len }}", "3"},
      {"{{ range $x }}{{end}}", "template: t:1: undefined variable \"$x\""},
      {"{{ if true }}{{ $y := 1 }}{{ end }}{{ $y }}", "template: t:1: undefined variable \"$y\""},
      {"{{ if }}{{ end }}", "template: t:1: missing value for if"},
      {"{{ .Name", "template: t:1: unclosed action"},
      {"a\n{{ if .T }}b", "template: t:2: unexpected EOF in input: {{end}} is missing"},
      {"{{ end }}", "template: t:1: unexpected {{end}}"},
      {"{{ else }}", "template: t:1: unexpected {{else}}"},
      {"{{ (print 1 }}", "template: t:1: unclosed left paren"},
      {"{{ print 1) }}", "template: t:1: unexpected right paren"},
      {"{{ \"abc }}", "template: t:1: unterminated quoted string"},
      {"{{ break }}", "template: t:1: {{break}} outside {{range}}"},
      {"{{ 1 | 2 }}", "template: t:1: non executable command in pipeline stage 2"},
      {"{{ 3x }}", "template: t:1: bad number syntax: \"3x\""},
      {"{{/* a }}", "template: t:1: unclosed comment"},
      {"{{ .Name | }}", "template: t:1: missing value for command"},
      {"{{ .Name.X }}", "template: t:1:8: executing \"t\" at <.Name.X>: can't evaluate field X in type string"},
      {"\n{{ template \"no\" }}",
       "template: t:2:3: executing \"t\" at <{{template \"no\"}}>: template \"no\" not defined"},
      {"{{ range .T }}{{ end }}", "template: t:1:9: executing \"t\" at <.T>: range can't iterate over true"},
      {"{{ .Name 1 }}", "template: t:1:3: executing \"t\" at <.Name>: Name is not a method but has arguments"},
      {"{{ 1 2 }}", "template: t:1:3: executing \"t\" at <1>: can't give argument to non-function 1"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(run(c.text), c.expected);
  }
}

TEST(Template, Builtins) {
  const Case cases[] = {
      {"{{ and 1 0 2 }}{{ and 1 2 }}{{ or 0 \"\" 3 }}{{ or 0 0 }}", "0230"},
      {"{{ and false (index .List 9) }}{{ or true (index .List 9) }}", "falsetrue"},
      {"{{ not 0 }} {{ not .Name }}", "true false"},
      {"{{ eq 1 1 }} {{ eq 1 2 3 1 }} {{ ne \"a\" \"b\" }} {{ eq .T true }}", "true true true true"},
      {"{{ lt 1 2 }}{{ le 2 2 }}{{ gt 1.5 1.0 }}{{ ge \"a\" \"b\" }}", "truetruetruefalse"},
      {"{{ eq 1 \"1\" }}",
       "template: t:1:3: executing \"t\" at <eq 1 \"1\">: error calling eq: incompatible types for comparison"},
      {"{{ eq .F 1 }}",
       "template: t:1:3: executing \"t\" at <eq .F 1>: error calling eq: incompatible types for comparison"},
      {"{{ eq 1 }}", "template: t:1:3: executing \"t\" at <eq 1>: error calling eq: missing argument for comparison"},
      {"{{ lt true false }}",
       "template: t:1:3: executing \"t\" at <lt true false>: error calling lt: invalid type for comparison"},
      {"{{ len \"h\xC3\xA9\" }} {{ len .Map }} {{ len .List }}", "3 2 3"},
      {"{{ len 3 }}", "template: t:1:3: executing \"t\" at <len 3>: error calling len: len of type int"},
      {"{{ index .Map \"k2\" }}{{ index .Map \"zz\" }}{{ index .List 0 }}{{ index \"abc\" 1 }}", "v2a98"},
      {"{{ index .Deep \"x\" \"y\" }}", "7"},
      {"{{ index .List 3 }}",
       "template: t:1:3: executing \"t\" at <index .List 3>: error calling index: index out of range: 3"},
      {"{{ slice .List 1 }} {{ slice .List 0 2 }} {{ slice \"abcd\" 1 3 }}", "[b c] [a b] bc"},
      {"{{ slice \"abc\" 2 1 }}",
       "template: t:1:3: executing \"t\" at <slice \"abc\" 2 1>: error calling slice: invalid slice index: 2 > 1"},
      {"{{ print 1 2 \"a\" \"b\" 3 }}", "1 2ab3"},
      {"{{ println \"a\" 1 }}", "a 1\n"},
      {"{{ html \"<a href='x'>&\" }}", "&lt;a href=&#39;x&#39;&gt;&amp;"},
      {"{{ js \"it's <b>\\n\" }}", "it\\'s \\u003Cb\\u003E\\u000A"},
      {"{{ urlquery \"a b&c\" \"/\" }}", "a+b%26c%2F"},
      {"{{ printf }}",
       "template: t:1:3: executing \"t\" at <printf>: wrong number of args for printf: want at least 1 got 0"},
      {"{{ not 1 2 }}", "template: t:1:3: executing \"t\" at <not>: wrong number of args for not: want 1 got 2"},
      {"{{ printf 5 }}", "template: t:1:10: executing \"t\" at <5>: expected string; found 5"},
      {"{{ printf .N }}", "template: t:1:10: executing \"t\" at <.N>: wrong type for value; expected string; got int"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(run(c.text), c.expected);
  }
}

TEST(Template, Printf) {
  const Case cases[] = {
      {"{{ printf \"%d|%5d|%-5d|%05d|%+d|%x|%X|%o|%b|%c\" 42 42 42 42 42 255 255 8 5 'a' }}",
       "42|   42|42   |00042|+42|ff|FF|10|101|a"},
      {"{{ printf \"%05d|% d|%#x|%U\" -42 7 255 8364 }}", "-0042| 7|0xff|U+20AC"},
      {"{{ printf \"%s|%10s|%-10s|%.2s|%q|%x\" \"abc\" \"abc\" \"abc\" \"abc\" \"a\\\"b\" \"hi\" }}",
       "abc|       abc|abc       |ab|\"a\\\"b\"|6869"},
      {"{{ printf \"%f|%.1f|%8.3f|%-8.1f|%e|%g|%G\" 1.5 2.25 3.14159 1.0 12345.678 1e21 1e-7 }}",
       "1.500000|2.2|   3.142|1.0     |1.234568e+04|1e+21|1E-07"},
      {"{{ printf \"%t|%v|%T|%v\" true .List 1.5 nil }}", "true|[a b c]|float64|<nil>"},
      {"{{ printf \"%d\" \"x\" }} {{ printf \"%s\" 1 }} {{ printf \"%d\" 1.5 }}",
       "%!d(string=x) %!s(int=1) %!d(float64=1.5)"},
      {"{{ printf \"%d %d\" 1 }} {{ printf \"%d\" 1 2 }} {{ printf \"%\" }} {{ printf \"100%%\" }}",
       "1 %!d(MISSING) 1%!(EXTRA int=2) %!(NOVERB) 100%"},
      {"{{ printf \"%[2]s %[1]s\" \"a\" \"b\" }} {{ printf \"%*d\" 5 42 }} {{ printf \"%[5]d\" 1 }}",
       "b a    42 %!d(BADINDEX)"},
      {"{{ printf \"%v %v %v %v\" 1e6 123456.0 0.0001 0.00001 }}", "1e+06 123456 0.0001 1e-05"},
      {"{{ printf \"%s %v\" .Map .Map }}", "map[k1:v1 k2:v2] map[k1:v1 k2:v2]"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(run(c.text), c.expected);
  }
}

TEST(Template, Limits) {
  const Limits limits{.max_output_bytes = 1000, .max_steps = 500, .max_depth = 10};
  struct LimitCase {
    const char* name;
    std::string text;
    const char* message;
  };
  std::string nested;
  for (int i = 0; i < 5000; ++i) nested += "{{if true}}";
  const LimitCase cases[] = {
      {"endless range", "{{ range 1000000000 }}{{ end }}", "more than 500 steps"},
      {"output", "{{ range 400 }}abcdef{{ end }}", "more than 1000 bytes of output"},
      {"growing text", "{{ $x := \"ab\" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}",
       "more than 1000 bytes of output"},
      {"wide verb", "{{ printf \"%9999999d\" 1 }}", "more than 1000 bytes of output"},
      {"recursion", "{{ define \"r\" }}{{ template \"r\" }}{{ end }}{{ template \"r\" }}",
       "exceeded maximum template depth (10)"},
      {"nested blocks", nested, "nested deeper than 100 levels"},
      {"nested parentheses", "{{" + std::string(100000, '(') + "}}", "nested deeper than 100 levels"},
  };
  for (const LimitCase& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_NE(run(c.text, limits).find(c.message), std::string::npos) << run(c.text, limits).substr(0, 200);
  }
}

TEST(TemplateSet, FilesSeeEachOther) {
  TemplateSet set(builtin_functions());
  ASSERT_TRUE(set.add("a", "{{ define \"x\" }}1{{ end }}{{ template \"x\" }}").has_value());
  EXPECT_EQ(set.execute("a", Value(), nullptr).value(), "1");
  ASSERT_TRUE(set.add("b", "{{ define \"x\" }}2{{ end }}").has_value());
  EXPECT_EQ(set.execute("a", Value(), nullptr).value(), "2");
  EXPECT_EQ(set.execute("c", Value(), nullptr).error().code(), ErrorCode::kNotFound);
}

TEST(RuleFunctions, Table) {
  const Case cases[] = {
      {"{{ humanize 0.0000123 }} {{ humanize 1234567.0 }} {{ humanize \"12\" }} {{ humanize -0.5 }}",
       "12.3u 1.235M 12 -500m"},
      {"{{ humanizeDuration 0 }} {{ humanizeDuration 90061.5 }} {{ humanizeDuration -61 }} {{ humanizeDuration 59.9 }}",
       "0s 1d 1h 1m 1s -1m 1s 59.9s"},
      {"{{ humanizeTimestamp 1435065584.128 }}", "2015-06-23 13:19:44.128 +0000 UTC"},
      {"{{ toDuration 90.5 }} {{ (toDuration 7200).Hours }} {{ now }}", "1m30.5s 2 1000.5"},
      {"{{ reReplaceAll \"(a)(b)?\" \"<$1|${2}>\" \"ab a c\" }}", "<a|b> <a|> c"},
      {"{{ reReplaceAll \"x*\" \"-\" \"abc\" }}", "-a-b-c-"},
      {"{{ reReplaceAll \"a\" \"$1W\" \"xax\" }}", "xx"},
      {"{{ \"host.example.org:9100\" | stripPort }} {{ \"[::1]:80\" | stripPort }} {{ \"a:b:c\" | stripPort }}",
       "host.example.org ::1 a:b:c"},
      {"{{ \"host.example.org:9100\" | stripDomain }} {{ \"10.0.0.1:80\" | stripDomain }} {{ \"a.b\" | stripDomain }}",
       "host:9100 10.0.0.1:80 a"},
      {"{{ graphLink \"up == 0\" }} {{ tableLink \"up\" }}",
       "/graph?g0.expr=up+%3D%3D+0&g0.tab=0 /graph?g0.expr=up&g0.tab=1"},
      {"{{ \"\xC3\xA9t\xC3\xA9 \xC3\x9F\" | toUpper }} {{ \"\xC3\x89\" | toLower }}",
       "\xC3\x89T\xC3\x89 \xC3\x9F \xC3\xA9"},
      {"{{ range query \"q\" | sortByLabel \"job\" }}{{ .Labels.job }}={{ .Value }} {{ end }}", "a=2 b=1 "},
      {"{{ query \"q\" | first | strvalue }}|{{ urlQueryEscape \"a b\" }}", "|a+b"},
      {"{{ match \"(\" \"x\" }}",
       "<error expanding template: error executing template t: template: t:1:115: executing \"t\" at <match \"(\" "
       "\"x\">: "
       "error calling match: error parsing regexp: missing ): (: `(`>"},
      {"{{ humanize .Labels }}",
       "<error expanding template: error executing template t: template: t:1:115: executing \"t\" at <humanize "
       ".Labels>: "
       "error calling humanize: can't convert map[string]string to float>"},
      {"{{ $externalLabels.dc }}{{ .ExternalURL }}{{ pathPrefix }}",
       "eu"
       "http://h:1/a/a"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto parsed = RuleTemplate::parse("t", c.text);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
    RuleData data;
    data.labels = Labels{{"job", "x"}};
    data.value = 1.0;
    data.external_labels = Labels{{"dc", "eu"}};
    data.external_url = "http://h:1/a";
    data.now = 1'000'500;
    data.query = [](const std::string&) -> Result<std::vector<QuerySample>> {
      return std::vector<QuerySample>{{Labels{{"job", "b"}}, 1}, {Labels{{"job", "a"}}, 2}};
    };
    EXPECT_EQ(parsed->expand_or_error(data), c.expected);
  }
}

TEST(TimeValue, Formats) {
  struct TimeCase {
    Timestamp time;
    const char* layout;
    const char* expected;
  };
  const TimeCase cases[] = {
      {0, "2006-01-02 15:04:05.000 -0700 MST", "1970-01-01 00:00:00.000 +0000 UTC"},
      {1'709'210'096'007, "Mon Jan _2 3:04:05.999 PM 2006", "Thu Feb 29 12:34:56.007 PM 2024"},
      {1'709'210'096'000, "Monday, 02-Jan-06 15:04:05.999 002", "Thursday, 29-Feb-24 12:34:56 060"},
      {-1, "2006-01-02T15:04:05.000Z07:00", "1969-12-31T23:59:59.999Z"},
      {-62'135'596'800'000, "2006-01-02", "0001-01-01"},
  };
  for (const TimeCase& c : cases) EXPECT_EQ(format_go_time(c.time, c.layout), c.expected);
  EXPECT_EQ(format_go_duration(600'000'000'000), "10m0s");
  EXPECT_EQ(format_go_duration(1'500'000), "1.5ms");
  EXPECT_EQ(format_go_duration(-3'661'000'000'000), "-1h1m1s");
}

}  // namespace
}  // namespace vigil::templates
