#include "vigil/config/relabel_config.h"

#include <string>
#include <utility>
#include <vector>

namespace vigil::config {
namespace {

// nullopt-like: problems are reported at the place of the rule.
bool read_rule(const yaml::Node& node, const std::string& path, yaml::Problems& problems, RelabelRule& rule) {
  const std::size_t before = problems.errors().size();
  yaml::read_mapping(
      node, "relabel_config", problems,
      [&](yaml::Fields& fields) {
        fields.optional("source_labels", rule.source_labels);
        fields.optional("separator", rule.separator);
        fields.optional("regex", rule.regex);
        fields.optional("modulus", rule.modulus);
        fields.optional("target_label", rule.target_label);
        fields.optional("replacement", rule.replacement);
        fields.converted("action", rule.action, parse_relabel_action);
        // The regular expression is checked here and not when all rules are compiled, to have its place.
        if (auto regex = AnchoredRegex::compile(rule.regex); !regex) {
          fields.fail("regex", "error parsing regexp: " + regex.error().message());
        }
        if (auto valid = validate(rule); !valid) fields.fail(valid.error().message());
      },
      path);
  return problems.errors().size() == before;
}

}  // namespace

void read_relabel_configs(yaml::Fields& fields, std::string_view key, std::string_view what, Relabeler& out) {
  fields.with(key, [&](const yaml::Node& list) -> Result<void> {
    if (!list.is_sequence()) return std::unexpected(list.error("expected a list of relabelling rules"));
    std::vector<RelabelRule> rules;
    bool good = true;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i].is_null()) {
        return std::unexpected(list.error("empty or null " + std::string(what) + " relabeling rule"));
      }
      std::string path = fields.path().empty() ? std::string(key) : fields.path() + "." + std::string(key);
      path += "[" + std::to_string(i) + "]";
      good = read_rule(list[i], path, fields.problems(), rules.emplace_back()) && good;
    }
    if (!good) return {};  // reported already
    auto compiled = Relabeler::compile(std::move(rules));
    if (!compiled) return std::unexpected(list.error(compiled.error().message()));
    out = std::move(*compiled);
    return {};
  });
}

}  // namespace vigil::config
