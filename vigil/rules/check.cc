#include "vigil/rules/check.h"

#include <fmt/format.h>

#include <map>

namespace vigil::rules {

Result<RuleCheck> check_rules(std::string_view text, const std::string& file_name, const RuleFileOptions& options) {
  VIGIL_TRY(const RuleFile file, parse_rule_file(text, file_name, options));
  RuleCheck out;
  out.groups = file.groups.size();
  // As promtool: the same name and labels are a duplicate, whatever the expression.
  std::map<std::string, std::vector<int>> lines;
  for (const GroupDefinition& group : file.groups) {
    out.rules += group.rules.size();
    for (const RuleDefinition& rule : group.rules) {
      LabelsBuilder identity(rule.label_texts());
      identity.set(kMetricName, rule.name);
      lines[(rule.alerting ? "alert " : "record ") + identity.build().to_string()].push_back(rule.line);
    }
  }
  for (const auto& [identity, places] : lines) {
    if (places.size() < 2) continue;
    std::string text_places;
    for (const int line : places) text_places += (text_places.empty() ? "" : ", ") + std::to_string(line);
    out.lint.push_back(fmt::format("{}: duplicate rule: {} (lines {})", file_name, identity, text_places));
  }
  if (file.more_documents) {
    out.lint.push_back(fmt::format("{}: only the first of several YAML documents is read", file_name));
  }
  return out;
}

}  // namespace vigil::rules
