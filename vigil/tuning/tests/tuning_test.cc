#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "vigil/base/memory_file_system.h"
#include "vigil/rules/unit_test.h"
#include "vigil/tuning/links.h"
#include "vigil/tuning/overrides.h"
#include "vigil/tuning/slo.h"

namespace vigil::tuning {
namespace {

constexpr pack::Slo kSlos[] = {{"boiler_heat", "BoilerHeat", "Requests for heat that were met.", 0.99,
                                "sum(rate(heat_total{ok=\"no\"}[$window])) / sum(rate(heat_total[$window]))", "burner",
                                "boiler"}};
constexpr std::string_view kRules = R"(
groups:
  - name: boiler
    rules:
      - alert: Hot
        expr: temperature > 90
        for: 1m
        labels: {severity: warning}
        annotations:
          runbook_url: '{{ $externalURL }}/runbooks/boiler/Hot'
          dashboard_url: /d/boiler
          summary: /d/boiler
      - {alert: Cold, expr: '(temperature < 10) and on () heat_wanted', labels: {severity: warning}}
      - {alert: Gone, expr: 'absent(temperature)'}
      - {alert: Odd, expr: 'temperature > 95 or temperature < 5'}
)";
constexpr pack::File kFiles[] = {{"boiler.yml", kRules}};

pack::Pack boiler() {
  pack::Pack pack;
  pack.name = "boiler";
  pack.rules = kFiles;
  pack.slos = kSlos;
  return pack;
}

const rules::RuleDefinition* find(const std::vector<rules::GroupDefinition>& groups, std::string_view name) {
  for (const auto& group : groups) {
    for (const auto& rule : group.rules) {
      if (rule.name == name) return &rule;
    }
  }
  return nullptr;
}

TEST(Overrides, ChangeRulesWithoutEditingThem) {
  const auto overrides = parse_overrides(
      "boiler:\n"
      "  alerts:\n"
      "    Hot: {threshold: 80, for: 2m, severity: critical}\n"
      "    Cold: {threshold: 15.5}\n"
      "    Gone: {enabled: false}\n"
      "    Odd: {severity: info}\n"
      "  slos:\n"
      "    boiler_heat: {objective: 0.95}\n",
      "o.yml");
  ASSERT_TRUE(overrides) << overrides.error().message();
  const auto groups = rule_groups(boiler(), overrides->at("boiler"));
  ASSERT_TRUE(groups) << groups.error().message();
  EXPECT_EQ(find(*groups, "Hot")->expression, "temperature > 80");
  EXPECT_EQ(find(*groups, "Hot")->hold, 2 * kMinute);
  EXPECT_EQ(find(*groups, "Hot")->labels[0].value.text(), "critical");
  EXPECT_EQ(find(*groups, "Cold")->expression, "(temperature < 15.5) and on () heat_wanted");
  EXPECT_EQ(find(*groups, "Gone"), nullptr);
  EXPECT_EQ(find(*groups, "Odd")->labels[0].value.text(), "info");
  EXPECT_NE(find(*groups, "BoilerHeatBudgetBurnFast")->expression.find("14.4 * 0.05"), std::string::npos);
  const auto plain = rule_groups(boiler());
  ASSERT_TRUE(plain);
  EXPECT_EQ(find(*plain, "Hot")->expression, "temperature > 90");
}

TEST(Links, LeadToRunbooksAndDashboards) {
  struct Case {
    const char* link;
    const char* runbook;
    const char* dashboard;
  };
  constexpr Case kCases[] = {
      {"{{ $externalURL }}/runbooks/boiler/Hot", "Hot", ""},
      {"{{ $externalURL }}/runbooks/kettle/Hot", "", ""},
      {"{{ externalURL }}/runbooks/boiler/Hot", "", ""},
      {"/d/boiler", "", "boiler"},
      {"http://grafana:3000/d/boiler", "", ""},
      {"https://wiki.example/runbooks/boiler/Hot", "", ""},
      {"packs/boiler/runbooks/Hot.md", "", ""},
      {"", "", ""},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(runbook_of("boiler", c.link), c.runbook) << c.link;
    EXPECT_EQ(dashboard_of(c.link), c.dashboard) << c.link;
  }
}

std::string annotation(const rules::RuleDefinition& rule, std::string_view name) {
  templates::RuleData data;
  data.external_url = "http://vigil";
  for (const auto& text : rule.annotations) {
    if (text.name == name) return text.value.expand_or_error(data);
  }
  return "(none)";
}

TEST(Overrides, LinksMayLeadElsewhere) {
  struct Case {
    const char* overrides;
    const char* runbook;
    const char* dashboard;
    const char* of_budget;
  };
  constexpr Case kCases[] = {
      {"boiler: {}", "http://vigil/runbooks/boiler/Hot", "/d/boiler",
       "http://vigil/runbooks/boiler/BoilerHeatBudgetBurn"},
      {"boiler: {runbook_base_url: 'https://wiki.example/{{b}}/'}", "https://wiki.example/{{b}}/Hot", "/d/boiler",
       "https://wiki.example/{{b}}/BoilerHeatBudgetBurn"},
      {"boiler: {dashboard_base_url: 'http://grafana:3000'}", "http://vigil/runbooks/boiler/Hot",
       "http://grafana:3000/d/boiler", "http://vigil/runbooks/boiler/BoilerHeatBudgetBurn"},
  };
  for (const Case& c : kCases) {
    const auto overrides = parse_overrides(c.overrides, "o.yml");
    ASSERT_TRUE(overrides) << overrides.error().message();
    const auto groups = rule_groups(boiler(), overrides->at("boiler"));
    ASSERT_TRUE(groups) << groups.error().message();
    EXPECT_EQ(annotation(*find(*groups, "Hot"), "runbook_url"), c.runbook) << c.overrides;
    EXPECT_EQ(annotation(*find(*groups, "Hot"), "dashboard_url"), c.dashboard) << c.overrides;
    EXPECT_EQ(annotation(*find(*groups, "Hot"), "summary"), "/d/boiler") << c.overrides;
    for (const char* const alert : {"BoilerHeatBudgetBurnFast", "BoilerHeatBudgetBurnSlow"}) {
      EXPECT_EQ(annotation(*find(*groups, alert), "runbook_url"), c.of_budget) << c.overrides;
    }
  }
}

TEST(Overrides, SayWhatIsWrongAndWhere) {
  struct Case {
    const char* text;
    const char* error;
  };
  const Case cases[] = {
      {"[]", "o.yml:1:1: expected a mapping, with a name before each entry"},
      {"boiler: {alerts: 3}", "o.yml:1:18: expected a mapping, with a name before each entry"},
      {"boiler: {alarms: {}}", "o.yml:1:10: unknown key \"alarms\" in pack"},
      {"boiler: {alerts: {Hot: {limit: 3}}}", "o.yml:1:25: unknown key \"limit\" in alert"},
      {"boiler: {alerts: {Hot: {for: soon}}}", "o.yml:1:30: not a valid duration string: \"soon\""},
      {"boiler: {slos: {boiler_heat: {objective: 99.9}}}", "o.yml:1:42: must lie between 0 and 1, as in 0.999"},
      {"boiler: {runbook_base_url: /wiki}", "o.yml:1:28: must be a URL, as https://wiki.example/runbooks"},
      {"boiler: {alerts: {Warm: {}}}", "o.yml:1:19: the pack boiler has no alert \"Warm\""},
      {"boiler: {alerts: {Odd: {threshold: 3}}}",
       "o.yml:1:19: the alert Odd compares with 2 numbers: write a rule of your own and switch this one off with "
       "enabled: false"},
      {"boiler: {alerts: {Gone: {threshold: 3}}}",
       "o.yml:1:19: the alert Gone compares with no number: write a rule of your own and switch this one off with "
       "enabled: false"},
      {"boiler: {slos: {boiler_cold: {objective: 0.9}}}", "the pack boiler has no SLO \"boiler_cold\""},
  };
  for (const Case& c : cases) {
    std::string error;
    if (const auto parsed = parse_overrides(c.text, "o.yml"); !parsed) {
      error = parsed.error().message();
    } else if (const auto groups = rule_groups(boiler(), parsed->at("boiler")); !groups) {
      error = groups.error().message();
    }
    EXPECT_EQ(error, c.error) << c.text;
  }
}

TEST(Slo, NothingWithoutObjectives) { EXPECT_EQ(slo_rules("boiler", {}), ""); }

// Half an hour in which everything fails, after six good ones: the hour's ratio passes
// 14.4 times the budget of 1 % in the ninth minute, and the alert ends when the last half
// hour is good again.
TEST(Slo, FastBurnFiresAndEnds) {
  MemoryFileSystem files;
  ASSERT_TRUE(files.create_directories("/t"));
  ASSERT_TRUE(files.write_file_atomically("/t/slo.yml", slo_rules("boiler", kSlos)));
  ASSERT_TRUE(files.write_file_atomically("/t/test.yml", R"(
rule_files: [slo.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'heat_total{ok="yes"}', values: '0+100x360 36000x30 36000+100x60'}
      - {series: 'heat_total{ok="no"}', values: '0x360 0+100x30 3000x60'}
    promql_expr_test:
      - {expr: 'ALERTS{alertname="BoilerHeatBudgetBurnFast"}', eval_time: 368m}
      - expr: 'ALERTS{alertname="BoilerHeatBudgetBurnFast"}'
        eval_time: 375m
        exp_samples:
          - labels: 'ALERTS{alertname="BoilerHeatBudgetBurnFast",alertstate="firing",component="burner",severity="critical",slo="boiler_heat",stack="boiler"}'
            value: 1
      - {expr: 'ALERTS{alertname="BoilerHeatBudgetBurnFast"}', eval_time: 430m}
      - expr: 'ALERTS{alertname="BoilerHeatBudgetBurnSlow",severity="warning"}'
        eval_time: 430m
        exp_samples:
          - labels: 'ALERTS{alertname="BoilerHeatBudgetBurnSlow",alertstate="firing",component="burner",severity="warning",slo="boiler_heat",stack="boiler"}'
            value: 1
      - expr: 'slo:period_error_budget_remaining:ratio < bool 0'
        eval_time: 430m
        exp_samples: [{labels: '{slo="boiler_heat",stack="boiler"}', value: 1}]
)"));
  const rules::UnitTestReport report = rules::run_unit_tests(files, "/t/test.yml");
  EXPECT_TRUE(report.passed()) << report.to_string();
  EXPECT_EQ(report.cases.size(), 1U);
}

}  // namespace
}  // namespace vigil::tuning
