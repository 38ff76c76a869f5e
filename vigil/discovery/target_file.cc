#include "vigil/discovery/target_file.h"

#include "vigil/base/strings.h"
#include "vigil/yaml/document.h"
#include "vigil/yaml/fields.h"

namespace vigil::discovery {
namespace {

Result<void> read_targets(const yaml::Node& list, std::vector<Labels>& targets) {
  if (!list.is_sequence()) return std::unexpected(list.error("expected a list of targets"));
  targets.reserve(list.size());
  for (const yaml::Node& target : list.items()) {
    if (!target.is_scalar() || target.text().empty()) {
      return std::unexpected(target.error("expected a target address such as \"localhost:9100\""));
    }
    if (!is_valid_utf8(target.text())) return std::unexpected(target.error("the target is not valid UTF-8"));
    targets.push_back(Labels{{"__address__", target.text()}});
  }
  return {};
}

Result<void> read_labels(const yaml::Node& mapping, LabelsBuilder& labels) {
  if (!mapping.is_mapping()) return std::unexpected(mapping.error("expected a mapping from label names to values"));
  for (const auto& [name, value] : mapping.entries()) {
    if (name.text().empty() || !is_valid_utf8(name.text())) {
      return std::unexpected(name.error(go_quote(name.text()) + " is not a valid label name"));
    }
    if (!value.is_scalar() && !value.is_null()) return std::unexpected(value.error("expected a string as label value"));
    if (!is_valid_utf8(value.text())) return std::unexpected(value.error("the label value is not valid UTF-8"));
    labels.set(name.text(), value.text());
  }
  return {};
}

}  // namespace

Result<std::vector<TargetGroup>> parse_target_file(std::string_view text, const std::string& path) {
  VIGIL_TRY(const auto document, yaml::Document::parse(text, path));
  const yaml::Node root = document.root();
  std::vector<TargetGroup> groups;
  if (root.is_null()) return groups;
  if (!root.is_sequence()) return std::unexpected(root.error("expected a list of target groups"));
  yaml::Problems problems;
  for (std::size_t i = 0; i < root.size(); ++i) {
    if (root[i].is_null()) return std::unexpected(root[i].error("a target group is empty"));
    TargetGroup group;
    group.source = "file/" + path + ":" + std::to_string(i);
    LabelsBuilder labels;
    labels.set("__meta_filepath", path);
    yaml::read_mapping(root[i], "target group", problems, [&](yaml::Fields& fields) {
      fields.with("targets", [&](const yaml::Node& list) { return read_targets(list, group.targets); });
      fields.with("labels", [&](const yaml::Node& mapping) { return read_labels(mapping, labels); });
    });
    group.labels = labels.build();
    groups.push_back(std::move(group));
  }
  VIGIL_TRY_VOID(problems.result());
  return groups;
}

}  // namespace vigil::discovery
