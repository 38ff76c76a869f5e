#include "vigil/tuning/overrides.h"

#include <algorithm>
#include <set>

#include "vigil/promql/ast.h"
#include "vigil/tuning/links.h"
#include "vigil/tuning/slo.h"
#include "vigil/yaml/document.h"
#include "vigil/yaml/fields.h"

namespace vigil::tuning {
namespace {

// Comparisons with a number that decide whether the alert fires: those at the top, and on
// both sides of its `and`, `or` and `unless`.
void find_thresholds(promql::Expr& expr, std::vector<promql::NumberLiteral*>& found) {
  if (auto* const paren = std::get_if<promql::Paren>(&expr.node)) return find_thresholds(*paren->expr, found);
  auto* const binary = std::get_if<promql::Binary>(&expr.node);
  if (binary == nullptr) return;
  if (promql::is_set_operator(binary->op)) {
    find_thresholds(*binary->lhs, found);
    find_thresholds(*binary->rhs, found);
  } else if (promql::is_comparison(binary->op)) {
    if (auto* const number = std::get_if<promql::NumberLiteral>(&binary->rhs->node)) found.push_back(number);
  }
}

Result<void> change(rules::RuleDefinition& rule, const AlertOverride& wanted) {
  if (wanted.hold.has_value()) rule.hold = *wanted.hold;
  if (wanted.threshold.has_value()) {
    auto expr = promql::clone(*rule.expr);
    std::vector<promql::NumberLiteral*> numbers;
    find_thresholds(*expr, numbers);
    if (numbers.size() != 1) {
      return fail(ErrorCode::kInvalidArgument,
                  wanted.where + ": the alert " + rule.name + " compares with " +
                      (numbers.empty() ? "no number" : std::to_string(numbers.size()) + " numbers") +
                      ": write a rule of your own and switch this one off with enabled: false");
    }
    numbers.front()->value = *wanted.threshold;
    numbers.front()->is_duration = false;
    rule.expression = promql::to_string(*expr);
    rule.expr = std::move(expr);
  }
  if (wanted.severity.has_value()) {
    const auto label = std::ranges::find(rule.labels, "severity", &rules::TemplatedText::name);
    const auto text = templates::RuleTemplate::verbatim(*wanted.severity);
    if (label != rule.labels.end()) {
      label->value = text;
    } else {
      rule.labels.push_back({"severity", text});
    }
  }
  return {};
}

// Links of the pack lead to the base URLs.
void change_links(rules::RuleDefinition& rule, std::string_view pack, const PackOverrides& overrides) {
  for (rules::TemplatedText& annotation : rule.annotations) {
    if (annotation.name == "runbook_url" && !overrides.runbook_base_url.empty()) {
      const std::string name(runbook_of(pack, annotation.value.text()));
      if (name.empty()) continue;
      annotation.value = templates::RuleTemplate::verbatim(overrides.runbook_base_url + "/" + name);
    } else if (annotation.name == "dashboard_url" && !overrides.dashboard_base_url.empty()) {
      const std::string uid(dashboard_of(annotation.value.text()));
      if (uid.empty()) continue;
      annotation.value = templates::RuleTemplate::verbatim(overrides.dashboard_base_url + "/d/" + uid);
    }
  }
}

void read_base_url(yaml::Fields& fields, const char* key, std::string& url) {
  if (!fields.optional(key, url)) return;
  while (url.ends_with('/')) url.pop_back();
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    fields.fail(key, "must be a URL, as https://wiki.example/runbooks");
  }
}

// The entries of a mapping; anything else that is written there is a problem.
std::vector<yaml::Entry> entries_of(const yaml::Node& node, yaml::Problems& problems) {
  if (!node.is_null() && !node.is_mapping()) problems.add(node, "expected a mapping, with a name before each entry");
  return node.entries();
}

}  // namespace

Result<Overrides> parse_overrides(std::string_view text, const std::string& file_name) {
  VIGIL_TRY(const yaml::Document document, yaml::Document::parse(text, file_name));
  yaml::Problems problems;
  Overrides all;
  for (const auto& [pack, body] : entries_of(document.root(), problems)) {
    PackOverrides& out = all[std::string(pack.text())];
    yaml::read_mapping(body, "pack", problems, [&](yaml::Fields& fields) {
      for (const auto& [name, value] : entries_of(fields.take("alerts"), problems)) {
        AlertOverride& alert = out.alerts[std::string(name.text())];
        alert.where = name.where();
        yaml::read_mapping(value, "alert", problems, [&](yaml::Fields& keys) {
          keys.optional("enabled", alert.enabled);
          double threshold = 0;
          if (keys.optional("threshold", threshold)) alert.threshold = threshold;
          Duration hold = 0;
          if (keys.duration("for", hold)) alert.hold = hold;
          std::string severity;
          if (keys.optional("severity", severity)) alert.severity = severity;
        });
      }
      for (const auto& [name, value] : entries_of(fields.take("slos"), problems)) {
        yaml::read_mapping(value, "SLO", problems, [&](yaml::Fields& keys) {
          double objective = 0;
          if (keys.optional("objective", objective)) {
            if (!(objective > 0 && objective < 1)) keys.fail("objective", "must lie between 0 and 1, as in 0.999");
            out.objectives[std::string(name.text())] = objective;
          }
        });
      }
      read_base_url(fields, "runbook_base_url", out.runbook_base_url);
      read_base_url(fields, "dashboard_base_url", out.dashboard_base_url);
    });
  }
  VIGIL_TRY_VOID(problems.result());
  return all;
}

Result<std::vector<rules::GroupDefinition>> rule_groups(const pack::Pack& pack, const PackOverrides& overrides,
                                                        const rules::RuleFileOptions& options) {
  std::vector<rules::GroupDefinition> groups;
  const auto add_file = [&](std::string_view text, const std::string& name) -> Result<void> {
    VIGIL_TRY(auto file, rules::parse_rule_file(text, "pack:" + std::string(pack.name) + "/" + name, options));
    std::ranges::move(file.groups, std::back_inserter(groups));
    return {};
  };
  for (const pack::File& file : pack.rules) VIGIL_TRY_VOID(add_file(file.text, std::string(file.name)));

  std::vector<pack::Slo> slos(pack.slos.begin(), pack.slos.end());
  for (const auto& [name, objective] : overrides.objectives) {
    const auto slo = std::ranges::find(slos, name, &pack::Slo::name);
    if (slo == slos.end()) {
      return fail(ErrorCode::kInvalidArgument, "the pack " + std::string(pack.name) + " has no SLO \"" + name + "\"");
    }
    slo->objective = objective;
  }
  if (!slos.empty()) VIGIL_TRY_VOID(add_file(slo_rules(pack.name, slos), "slo.yml"));

  std::set<std::string, std::less<>> seen;
  for (auto& group : groups) {
    for (auto& rule : group.rules) {
      change_links(rule, pack.name, overrides);
      const auto wanted = overrides.alerts.find(rule.name);
      if (!rule.alerting || wanted == overrides.alerts.end()) continue;
      seen.insert(rule.name);
      VIGIL_TRY_VOID(change(rule, wanted->second));
    }
    std::erase_if(group.rules, [&](const rules::RuleDefinition& rule) {
      const auto wanted = overrides.alerts.find(rule.name);
      return rule.alerting && wanted != overrides.alerts.end() && !wanted->second.enabled;
    });
  }
  for (const auto& [name, wanted] : overrides.alerts) {
    if (!seen.contains(name)) {
      return fail(ErrorCode::kInvalidArgument,
                  wanted.where + ": the pack " + std::string(pack.name) + " has no alert \"" + name + "\"");
    }
  }
  return groups;
}

}  // namespace vigil::tuning
