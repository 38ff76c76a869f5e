#include "vigil/model/relabel.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace vigil {
namespace {

using Action = RelabelAction;

std::optional<Labels> apply(std::vector<RelabelRule> rules, const Labels& labels) {
  const auto relabeler = Relabeler::compile(std::move(rules));
  EXPECT_TRUE(relabeler.has_value()) << (relabeler ? "" : relabeler.error().message());
  if (!relabeler) return std::nullopt;
  LabelsBuilder builder(labels);
  if (!relabeler->apply(builder)) return std::nullopt;
  return builder.build();
}

TEST(Relabel, Actions) {
  const Labels base{{"a", "foo"}, {"b", "bar"}, {"c", "baz"}};
  const struct {
    std::string_view name;
    std::vector<RelabelRule> rules;
    Labels labels;
    std::optional<Labels> expected;
  } cases[] = {
      {"replace",
       {{.source_labels = {"a"}, .regex = "f(.*)", .target_label = "d", .replacement = "ch${1}-ch${1}"}},
       base,
       Labels{{"a", "foo"}, {"b", "bar"}, {"c", "baz"}, {"d", "choo-choo"}}},
      {"replace joins with the separator",
       {{.source_labels = {"a", "b", "nope"}, .separator = "-", .target_label = "d"}},
       base,
       Labels{{"a", "foo"}, {"b", "bar"}, {"c", "baz"}, {"d", "foo-bar-"}}},
      {"replace without a match changes nothing",
       {{.source_labels = {"a"}, .regex = "x.*", .target_label = "d", .replacement = "1"}},
       base,
       base},
      {"the regex is anchored",
       {{.source_labels = {"a"}, .regex = "o", .target_label = "d", .replacement = "1"}},
       base,
       base},
      {"an empty replacement deletes",
       {{.source_labels = {"a"}, .regex = "(x?).*", .target_label = "b"}},
       base,
       Labels{{"a", "foo"}, {"c", "baz"}}},
      {"replace with a computed target",
       {{.source_labels = {"a", "b"}, .regex = "(.*);(.*)", .target_label = "${1}", .replacement = "${2}"}},
       base,
       Labels{{"a", "foo"}, {"b", "bar"}, {"c", "baz"}, {"foo", "bar"}}},
      {"a computed empty target is skipped",
       {{.source_labels = {"a"}, .regex = "(x?).*", .target_label = "${1}", .replacement = "y"}},
       base,
       base},
      {"replace without sources sets a constant",
       {{.regex = "", .target_label = "d", .replacement = "const"}},
       base,
       Labels{{"a", "foo"}, {"b", "bar"}, {"c", "baz"}, {"d", "const"}}},
      {"rules see what earlier ones did",
       {{.source_labels = {"a"}, .target_label = "d", .replacement = "x$1"},
        {.source_labels = {"d"}, .regex = "xfoo", .target_label = "e", .replacement = "yes"}},
       base,
       Labels{{"a", "foo"}, {"b", "bar"}, {"c", "baz"}, {"d", "xfoo"}, {"e", "yes"}}},
      {"drop", {{.source_labels = {"a"}, .regex = "f.*", .action = Action::kDrop}}, base, std::nullopt},
      {"drop not", {{.source_labels = {"a"}, .regex = "f", .action = Action::kDrop}}, base, base},
      {"keep", {{.source_labels = {"a", "b"}, .regex = "foo;bar", .action = Action::kKeep}}, base, base},
      {"keep not", {{.source_labels = {"a"}, .regex = "bar", .action = Action::kKeep}}, base, std::nullopt},
      {"dropequal",
       {{.source_labels = {"a"}, .target_label = "b", .action = Action::kDropEqual}},
       Labels{{"a", "1"}, {"b", "1"}},
       std::nullopt},
      {"dropequal not", {{.source_labels = {"a"}, .target_label = "b", .action = Action::kDropEqual}}, base, base},
      {"keepequal",
       {{.source_labels = {"a"}, .target_label = "b", .action = Action::kKeepEqual}},
       Labels{{"a", "1"}, {"b", "1"}},
       Labels{{"a", "1"}, {"b", "1"}}},
      {"keepequal not",
       {{.source_labels = {"a"}, .target_label = "b", .action = Action::kKeepEqual}},
       base,
       std::nullopt},
      // Vectors of Prometheus' own tests: MD5, last eight bytes, big endian.
      {"hashmod",
       {{.source_labels = {"c"}, .modulus = 1000, .target_label = "d", .action = Action::kHashMod}},
       base,
       Labels{{"a", "foo"}, {"b", "bar"}, {"c", "baz"}, {"d", "976"}}},
      {"hashmod of a text with a newline",
       {{.source_labels = {"a"}, .modulus = 1000, .target_label = "b", .action = Action::kHashMod}},
       Labels{{"a", "foo\nbar"}},
       Labels{{"a", "foo\nbar"}, {"b", "734"}}},
      {"hashmod 1",
       {{.source_labels = {"a"}, .modulus = 1, .target_label = "d", .action = Action::kHashMod}},
       Labels{{"a", "x"}},
       Labels{{"a", "x"}, {"d", "0"}}},
      {"labelmap",
       {{.regex = "(b.*)", .replacement = "bar_${1}", .action = Action::kLabelMap}},
       Labels{{"a", "foo"}, {"b1", "bar"}, {"b2", "baz"}},
       Labels{{"a", "foo"}, {"b1", "bar"}, {"b2", "baz"}, {"bar_b1", "bar"}, {"bar_b2", "baz"}}},
      {"labelmap of meta labels",
       {{.regex = "__meta_(my_.*)", .action = Action::kLabelMap}},
       Labels{{"__meta_my_bar", "aaa"}, {"__meta_other", "ccc"}},
       Labels{{"__meta_my_bar", "aaa"}, {"__meta_other", "ccc"}, {"my_bar", "aaa"}}},
      {"labelmap to nothing", {{.regex = "(x?)a", .action = Action::kLabelMap}}, base, base},
      {"labeldrop", {{.regex = "(b|c)", .action = Action::kLabelDrop}}, base, Labels{{"a", "foo"}}},
      {"labeldrop is anchored",
       {{.regex = "b", .action = Action::kLabelDrop}},
       Labels{{"bb", "1"}},
       Labels{{"bb", "1"}}},
      {"labelkeep", {{.regex = "a", .action = Action::kLabelKeep}}, base, Labels{{"a", "foo"}}},
      {"lowercase",
       {{.source_labels = {"a"}, .target_label = "b", .action = Action::kLowercase}},
       Labels{{"a", "FoO-1"}},
       Labels{{"a", "FoO-1"}, {"b", "foo-1"}}},
      {"uppercase",
       {{.source_labels = {"a"}, .target_label = "a", .action = Action::kUppercase}},
       Labels{{"a", "FoO-1"}},
       Labels{{"a", "FOO-1"}}},
      {"no rules", {}, base, base},
      {"a drop ends it",
       {{.source_labels = {"a"}, .regex = "foo", .action = Action::kDrop}, {.target_label = "d", .replacement = "x"}},
       base,
       std::nullopt},
      {"utf-8 names",
       {{.source_labels = {"a.b"}, .target_label = "c.d", .replacement = "${1}!"}},
       Labels{{"a.b", "x"}},
       Labels{{"a.b", "x"}, {"c.d", "x!"}}},
  };
  for (const auto& c : cases) {
    const auto result = apply(c.rules, c.labels);
    ASSERT_EQ(result.has_value(), c.expected.has_value()) << c.name;
    if (result) {
      EXPECT_EQ(*result, *c.expected) << c.name << ": " << result->to_string();
    }
  }
}

TEST(Relabel, Validation) {
  const struct {
    RelabelRule rule;
    std::string_view message;
  } cases[] = {
      {{.target_label = "b", .action = Action::kHashMod},
       "relabel configuration for hashmod requires non-zero modulus"},
      {{.modulus = 5, .action = Action::kHashMod},
       "relabel configuration for hashmod action requires 'target_label' value"},
      {{.source_labels = {"a"}}, "relabel configuration for replace action requires 'target_label' value"},
      {{.action = Action::kLowercase}, "relabel configuration for lowercase action requires 'target_label' value"},
      {{.action = Action::kKeepEqual}, "relabel configuration for keepequal action requires 'target_label' value"},
      {{.target_label = "a", .replacement = "x", .action = Action::kUppercase},
       "'replacement' can not be set for uppercase action"},
      {{.regex = "x", .target_label = "a", .action = Action::kDropEqual},
       "dropequal action requires only 'source_labels' and `target_label`, and no other fields"},
      {{.source_labels = {"a"}, .regex = "x", .action = Action::kLabelDrop},
       "labeldrop action requires only 'regex', and no other fields"},
      {{.regex = "x", .replacement = "y", .action = Action::kLabelKeep},
       "labelkeep action requires only 'regex', and no other fields"},
      {{.target_label = "\xFF"}, "\"\\xff\" is invalid 'target_label' for replace action"},
      {{.regex = "x", .replacement = "\xFF", .action = Action::kLabelMap},
       "\"\\xff\" is invalid 'replacement' for labelmap action"},
  };
  for (const auto& c : cases) {
    const auto valid = validate(c.rule);
    ASSERT_FALSE(valid.has_value()) << c.message;
    EXPECT_EQ(valid.error().message(), c.message);
  }
  const auto second = Relabeler::compile({{.target_label = "a"}, {.regex = "(", .target_label = "a"}});
  EXPECT_EQ(second.error().message(), "relabel rule 2: invalid regular expression \"(\": missing ): (");
}

TEST(Relabel, ActionNames) {
  EXPECT_EQ(parse_relabel_action("replace"), Action::kReplace);
  EXPECT_EQ(parse_relabel_action("LabelMap"), Action::kLabelMap);
  EXPECT_EQ(parse_relabel_action("DROPEQUAL"), Action::kDropEqual);
  EXPECT_EQ(parse_relabel_action("explode").error().message(), "unknown relabel action \"explode\"");
  EXPECT_FALSE(parse_relabel_action("").has_value());
}

}  // namespace
}  // namespace vigil
