#include "vigil/rules/rule_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "vigil/base/strings.h"
#include "vigil/yaml/document.h"
#include "vigil/yaml/fields.h"

namespace vigil::rules {
namespace {

using TextPairs = std::vector<std::pair<std::string, std::string>>;

// Prometheus 3 accepts any UTF-8 name; empty is never one.
bool is_valid_name(std::string_view name) { return !name.empty() && is_valid_utf8(name); }

class FileReader {
 public:
  FileReader(std::string_view text, const std::string& file, const RuleFileOptions& options)
      : text_(text), file_(file), options_(options) {}

  Result<RuleFile> read() {
    VIGIL_TRY(const yaml::Document document, yaml::Document::parse(text_, file_));
    RuleFile out;
    out.name = file_;
    out.more_documents = document.more_documents();
    if (options_.ignore_unknown_fields) problems_.ignore_unknown_keys();
    yaml::read_mapping(document.root(), "rule file", problems_, [&](yaml::Fields& root) {
      std::set<std::string> names;
      root.objects("groups", "rule group",
                   [&](yaml::Fields& group) { read_group(group, names, out.groups.emplace_back()); });
    });
    VIGIL_TRY_VOID(problems_.result());
    return out;
  }

 private:
  void read_group(yaml::Fields& fields, std::set<std::string>& names, GroupDefinition& group) {
    group.file = file_;
    fields.optional("name", group.name);
    if (group.name.empty()) {
      fields.fail("Groupname must not be empty");
    } else if (!names.insert(group.name).second) {
      fields.fail("name", fmt::format("groupname: \"{}\" is repeated in the same file", group.name));
    }
    fields.duration("interval", group.interval);
    Duration offset = 0;
    if (fields.duration("query_offset", offset)) group.query_offset = offset;
    fields.optional("limit", group.limit);
    TextPairs labels;
    fields.optional("labels", labels);
    LabelsBuilder builder;
    for (const auto& [name, value] : labels) {
      if (!is_valid_name(name) || name == kMetricName)
        fields.fail("labels", fmt::format("invalid label name: {}", name));
      builder.set(name, value);
    }
    group.labels = builder.build();
    int number = 0;
    fields.objects("rules", "rule",
                   [&](yaml::Fields& rule) { read_rule(rule, group, ++number, group.rules.emplace_back()); });
  }

  void read_rule(yaml::Fields& fields, const GroupDefinition& group, int number, RuleDefinition& rule) {
    std::string record;
    std::string alert;
    TextPairs labels;
    TextPairs annotations;
    fields.optional("record", record);
    fields.optional("alert", alert);
    fields.duration("for", rule.hold);
    fields.duration("keep_firing_for", rule.keep_firing_for);
    fields.optional("labels", labels);
    fields.optional("annotations", annotations);
    const yaml::Node expression = fields.take("expr");

    rule.alerting = !alert.empty();
    rule.name = rule.alerting ? alert : record;
    rule.line = fields.node().line();
    const auto complain = [&](const yaml::Node& at, std::string_view message) {
      problems_.add(at ? at : fields.node(), describe(group, number, rule, message));
    };
    const auto at = [&](std::string_view key) { return fields.node().find(key); };

    if (!record.empty() && !alert.empty()) complain(at("alert"), "only one of 'record' and 'alert' must be set");
    if (record.empty() && alert.empty()) complain(fields.node(), "one of 'record' or 'alert' must be set");
    if (expression.text().empty()) {
      complain(expression, "field 'expr' must be set in rule");
    } else {
      read_expression(expression, group, number, rule);
    }
    if (!record.empty()) {
      if (!annotations.empty()) complain(at("annotations"), "invalid field 'annotations' in recording rule");
      if (rule.hold != 0) complain(at("for"), "invalid field 'for' in recording rule");
      if (rule.keep_firing_for != 0)
        complain(at("keep_firing_for"), "invalid field 'keep_firing_for' in recording rule");
      if (!is_valid_name(record)) complain(at("record"), fmt::format("invalid recording rule name: {}", record));
      if (record.find_first_of("{}") != std::string::npos) {
        complain(at("record"),
                 fmt::format("braces present in the recording rule name; should it be in expr?: {}", record));
      }
    }
    for (const auto& [name, value] : labels) {
      if (!is_valid_name(name) || name == kMetricName)
        complain(at("labels"), fmt::format("invalid label name: {}", name));
    }
    for (const auto& [name, value] : annotations) {
      if (!is_valid_name(name)) complain(at("annotations"), fmt::format("invalid annotation name: {}", name));
    }
    for (const LabelView label : group.labels) {
      if (std::none_of(labels.begin(), labels.end(), [&](const auto& each) { return each.first == label.name; })) {
        labels.emplace_back(label.name, label.value);
      }
    }
    rule.labels =
        read_templates(labels, rule, "label", [&](std::string_view message) { complain(at("labels"), message); });
    rule.annotations = read_templates(annotations, rule, "annotation",
                                      [&](std::string_view message) { complain(at("annotations"), message); });
  }

  template <class Complain>
  static std::vector<TemplatedText> read_templates(TextPairs& pairs, const RuleDefinition& rule, std::string_view what,
                                                   Complain complain) {
    std::sort(pairs.begin(), pairs.end());
    std::vector<TemplatedText> out;
    for (const auto& [name, text] : pairs) {
      // Labels of recording rules are plain text.
      auto parsed = rule.alerting ? templates::RuleTemplate::parse("__alert_" + rule.name, text)
                                  : Result<templates::RuleTemplate>(templates::RuleTemplate::verbatim(text));
      if (!parsed) {
        complain(fmt::format("{} {}: {}", what, go_quote(name), parsed.error().message()));
        continue;
      }
      out.push_back(TemplatedText{name, *std::move(parsed)});
    }
    return out;
  }

  void read_expression(const yaml::Node& node, const GroupDefinition& group, int number, RuleDefinition& rule) {
    auto parsed = promql::parse(node.text(), options_.parser);
    if (parsed) {
      const promql::ValueType type = (*parsed)->type;
      if (type == promql::ValueType::kVector || type == promql::ValueType::kScalar) {
        rule.expr = *std::move(parsed);
        rule.expression = promql::to_string(*rule.expr);
        return;
      }
      problems_.add(node, describe(group, number, rule,
                                   fmt::format("the expression is a {}; a rule needs an instant vector or a scalar",
                                               promql::to_string(type))));
      return;
    }
    const std::string& message = parsed.error().message();
    problems_.add(Error(ErrorCode::kInvalidArgument,
                        fmt::format("{}: {}", place_in_file(node, message),
                                    describe(group, number, rule, "could not parse expression: " + message))));
  }

  // "file:line:column" of an error that starts with the line and column in the expression.
  std::string place_in_file(const yaml::Node& node, std::string_view message) const {
    int line = 0;
    int column = 0;
    const char* end = message.data() + message.size();
    const auto [colon, error] = std::from_chars(message.data(), end, line);
    if (error != std::errc() || colon == end || *colon != ':') return node.where();
    if (std::from_chars(colon + 1, end, column).ec != std::errc()) return node.where();
    if (node.block()) {
      const int at = node.line() + line;
      return fmt::format("{}:{}:{}", file_, at, indentation(node.line() + 1) + column);
    }
    if (line > 1) return node.where();
    return fmt::format("{}:{}:{}", file_, node.line(), node.column() + (node.quoted() ? 1 : 0) + column - 1);
  }

  int indentation(int line) const {
    std::string_view rest = text_;
    for (int i = 1; i < line && !rest.empty(); ++i) {
      const std::size_t newline = rest.find('\n');
      rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
    }
    return static_cast<int>(std::min(rest.find_first_not_of(' '), rest.size()));
  }

  static std::string describe(const GroupDefinition& group, int number, const RuleDefinition& rule,
                              std::string_view message) {
    return fmt::format("group {}, rule {}, {}: {}", go_quote(group.name), number, go_quote(rule.name), message);
  }

  std::string_view text_;
  const std::string& file_;
  const RuleFileOptions& options_;
  yaml::Problems problems_;
};

}  // namespace

Labels RuleDefinition::label_texts() const {
  LabelsBuilder builder;
  for (const TemplatedText& label : labels) builder.set(label.name, label.value.text());
  return builder.build();
}

bool operator==(const RuleDefinition& a, const RuleDefinition& b) {
  return a.alerting == b.alerting && a.name == b.name && a.expression == b.expression && a.hold == b.hold &&
         a.keep_firing_for == b.keep_firing_for && a.labels == b.labels && a.annotations == b.annotations;
}

bool operator==(const GroupDefinition& a, const GroupDefinition& b) {
  return a.file == b.file && a.name == b.name && a.interval == b.interval && a.query_offset == b.query_offset &&
         a.limit == b.limit && a.labels == b.labels && a.rules == b.rules;
}

Result<RuleFile> parse_rule_file(std::string_view text, const std::string& file_name, const RuleFileOptions& options) {
  return FileReader(text, file_name, options).read();
}

}  // namespace vigil::rules
