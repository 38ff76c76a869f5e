#include "vigil/rules/rule_file.h"

#include <gtest/gtest.h>

#include <string>

#include "vigil/rules/check.h"

namespace vigil::rules {
namespace {

TEST(RuleFile, Problems) {
  struct Case {
    const char* name;
    const char* text;
    const char* error;  // "" = good
  };
  const Case cases[] = {
      {"empty", "", ""},
      {"no rules", "groups:\n- name: g", ""},
      {"good",
       "groups:\n- name: g\n  interval: 30s\n  limit: 5\n  query_offset: 1m\n  labels: {a: b}\n  rules:\n"
       "  - record: a:b\n    expr: sum(x)\n    labels: {l: v}\n  - alert: A\n    expr: up == 0\n    for: 5m\n"
       "    keep_firing_for: 1m\n    annotations: {s: '{{ $value }}'}\n",
       ""},
      {"unknown top key", "group: []", "r.yml:1:1: unknown key \"group\" in rule file"},
      {"unknown key of a rule", "groups:\n- name: g\n  rules:\n  - {record: a, expr: b, foo: 1}",
       "r.yml:4:26: unknown key \"foo\" in rule"},
      {"no name", "groups:\n- rules: []", "r.yml:2:3: Groupname must not be empty"},
      {"name twice", "groups:\n- name: g\n- name: g", "r.yml:3:9: groupname: \"g\" is repeated in the same file"},
      {"neither", "groups:\n- name: g\n  rules:\n  - expr: up",
       "r.yml:4:5: group \"g\", rule 1, \"\": one of 'record' or 'alert' must be set"},
      {"both", "groups:\n- name: g\n  rules:\n  - {record: a, alert: b, expr: up}",
       "r.yml:4:24: group \"g\", rule 1, \"b\": only one of 'record' and 'alert' must be set"},
      {"no expr", "groups:\n- name: g\n  rules:\n  - record: a",
       "r.yml:4:5: group \"g\", rule 1, \"a\": field 'expr' must be set in rule"},
      {"range vector", "groups:\n- name: g\n  rules:\n  - {record: a, expr: 'up[5m]'}",
       "r.yml:4:23: group \"g\", rule 1, \"a\": the expression is a range vector; a rule needs an instant vector or a "
       "scalar"},
      {"annotations of a recording rule", "groups:\n- name: g\n  rules:\n  - {record: a, expr: b, annotations: {x: y}}",
       "r.yml:4:39: group \"g\", rule 1, \"a\": invalid field 'annotations' in recording rule"},
      {"label __name__", "groups:\n- name: g\n  rules:\n  - {record: a, expr: b, labels: {__name__: y}}",
       "r.yml:4:34: group \"g\", rule 1, \"a\": invalid label name: __name__"},
      {"bad template", "groups:\n- name: g\n  rules:\n  - {alert: A, expr: b, annotations: {x: '{{ nope }}'}}",
       "r.yml:4:38: group \"g\", rule 1, \"A\": annotation \"x\": template: __alert_A:1: function \"nope\" not "
       "defined"},
      {"two problems", "groups:\n- name: g\n  rules:\n  - record: a\n  - alert: A\n    expr: b\n    for: x",
       "r.yml:4:5: group \"g\", rule 1, \"a\": field 'expr' must be set in rule\n"
       "r.yml:7:10: not a valid duration string: \"x\""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto file = parse_rule_file(c.text, "r.yml");
    EXPECT_EQ(file ? "" : file.error().message(), c.error);
  }
}

// An error inside an expression is shown at its place in the file.
TEST(RuleFile, PlacesOfExpressionErrors) {
  struct Case {
    const char* name;
    const char* expr;
    const char* place;
  };
  const Case cases[] = {
      {"plain", "expr: rate(up)", "r.yml:5:16: "},
      {"quoted", "expr: 'rate(up)'", "r.yml:5:17: "},
      {"block", "expr: |\n      sum(\n        rate(up))", "r.yml:7:14: "},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto file =
        parse_rule_file(std::string("groups:\n- name: g\n  rules:\n  - record: a\n    ") + c.expr, "r.yml");
    ASSERT_FALSE(file.has_value());
    EXPECT_TRUE(file.error().message().starts_with(c.place)) << file.error().message();
  }
}

TEST(RuleFile, ReadsEverything) {
  const auto file = parse_rule_file(
      "groups:\n- name: g\n  interval: 30s\n  limit: 5\n  query_offset: 1m\n  labels: {team: x, l: group}\n  rules:\n"
      "  - alert: A\n    expr: up  ==  0\n    for: 5m\n    keep_firing_for: 1m\n    labels: {l: '{{ $value }}'}\n",
      "r.yml");
  ASSERT_TRUE(file.has_value()) << file.error().message();
  const GroupDefinition& group = file->groups.at(0);
  EXPECT_EQ(group.key(), "r.yml;g");
  EXPECT_EQ(group.interval, 30 * kSecond);
  EXPECT_EQ(group.limit, 5);
  EXPECT_EQ(group.query_offset, kMinute);
  const RuleDefinition& rule = group.rules.at(0);
  EXPECT_TRUE(rule.alerting);
  EXPECT_EQ(rule.expression, "up == 0");
  EXPECT_EQ(rule.hold, 5 * kMinute);
  EXPECT_EQ(rule.keep_firing_for, kMinute);
  EXPECT_EQ(rule.label_texts().to_string(), "{l=\"{{ $value }}\", team=\"x\"}");
  EXPECT_EQ(rule.line, 8);
}

TEST(CheckRules, FindsDuplicates) {
  const auto checked = check_rules(
      "groups:\n- name: g\n  rules:\n  - {record: a, expr: b}\n  - {record: a, expr: c}\n"
      "  - {record: a, expr: c, labels: {x: y}}\n  - {alert: a, expr: c}\n---\nx: 1\n",
      "r.yml");
  ASSERT_TRUE(checked.has_value()) << checked.error().message();
  EXPECT_EQ(checked->rules, 4U);
  ASSERT_EQ(checked->lint.size(), 2U);
  EXPECT_EQ(checked->lint[0], "r.yml: duplicate rule: record a (lines 4, 5)");
  EXPECT_EQ(checked->lint[1], "r.yml: only the first of several YAML documents is read");
}

}  // namespace
}  // namespace vigil::rules
