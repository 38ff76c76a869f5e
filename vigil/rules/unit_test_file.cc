#include "vigil/rules/unit_test_file.h"

#include <algorithm>
#include <set>

#include "vigil/yaml/document.h"
#include "vigil/yaml/fields.h"

namespace vigil::rules {
namespace {

Labels read_labels(yaml::Fields& fields, std::string_view key) {
  std::vector<std::pair<std::string, std::string>> pairs;
  fields.optional(key, pairs);
  LabelsBuilder builder;
  for (const auto& [name, value] : pairs) builder.set(name, value);
  return builder.build();
}

void read_alert_test(yaml::Fields& fields, AlertTest& test) {
  fields.duration("eval_time", test.eval_time);
  fields.optional("alertname", test.alertname);
  if (test.alertname.empty()) fields.fail("an item under alert_rule_test misses required attribute alertname");
  fields.objects("exp_alerts", "exp_alerts", [&](yaml::Fields& alert) {
    LabelsBuilder labels(read_labels(alert, "exp_labels"));
    labels.set(kAlertNameLabel, test.alertname);
    Labels annotations = read_labels(alert, "exp_annotations");
    test.expected.push_back(ExpectedAlert{labels.build(), std::move(annotations)});
  });
}

void read_expression_test(yaml::Fields& fields, ExpressionTest& test) {
  fields.optional("expr", test.expression);
  fields.duration("eval_time", test.eval_time);
  fields.objects("exp_samples", "exp_samples", [&](yaml::Fields& sample) {
    ExpectedSample& expected = test.expected.emplace_back();
    sample.optional("labels", expected.labels);
    sample.optional("value", expected.value);
    sample.optional("histogram", expected.histogram);
  });
}

void read_test(yaml::Fields& fields, TestGroup& test) {
  fields.optional("name", test.name);
  fields.duration("interval", test.interval);
  fields.objects("input_series", "input_series", [&](yaml::Fields& series) {
    InputSeries& input = test.input.emplace_back();
    series.optional("series", input.series);
    series.optional("values", input.values);
  });
  fields.objects("alert_rule_test", "alert_rule_test",
                 [&](yaml::Fields& alert) { read_alert_test(alert, test.alerts.emplace_back()); });
  fields.objects("promql_expr_test", "promql_expr_test",
                 [&](yaml::Fields& expression) { read_expression_test(expression, test.expressions.emplace_back()); });
  test.external_labels = read_labels(fields, "external_labels");
  fields.optional("external_url", test.external_url);
  fields.unsupported("start_timestamp");
}

}  // namespace

Duration TestGroup::last_eval_time() const {
  Duration last = 0;
  for (const AlertTest& each : alerts) last = std::max(last, each.eval_time);
  for (const ExpressionTest& each : expressions) last = std::max(last, each.eval_time);
  return last;
}

Result<UnitTestFile> parse_unit_test_file(std::string_view text, const std::string& name, bool ignore_unknown_fields) {
  VIGIL_TRY(const yaml::Document document, yaml::Document::parse(text, name));
  UnitTestFile out;
  yaml::Problems problems;
  if (ignore_unknown_fields) problems.ignore_unknown_keys();
  yaml::read_mapping(document.root(), "unit test file", problems, [&](yaml::Fields& root) {
    root.optional("rule_files", out.rule_files);
    root.duration("evaluation_interval", out.evaluation_interval);
    if (out.evaluation_interval <= 0) out.evaluation_interval = kMinute;
    root.optional("group_eval_order", out.group_eval_order);
    root.optional("fuzzy_compare", out.fuzzy_compare);
    root.objects("tests", "test", [&](yaml::Fields& test) { read_test(test, out.tests.emplace_back()); });
    std::set<std::string> seen;
    for (const std::string& group : out.group_eval_order) {
      if (!seen.insert(group).second) {
        root.fail("group_eval_order", "group name repeated in evaluation order: " + group);
      }
    }
  });
  VIGIL_TRY_VOID(problems.result());
  for (TestGroup& test : out.tests) {
    if (test.interval == 0) test.interval = out.evaluation_interval;
  }
  return out;
}

}  // namespace vigil::rules
