// Prometheus rule files: groups of recording and alerting rules.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/model/labels.h"
#include "vigil/promql/ast.h"
#include "vigil/promql/parser.h"
#include "vigil/template/rule_functions.h"

namespace vigil::rules {

// A label or annotation of an alert, in the order of its name.
struct TemplatedText {
  std::string name;
  templates::RuleTemplate value;
  friend bool operator==(const TemplatedText& a, const TemplatedText& b) {
    return a.name == b.name && a.value.text() == b.value.text();
  }
};

struct RuleDefinition {
  bool alerting = false;
  std::string name;        // of the alert, or of the recorded metric
  std::string expression;  // as Prometheus prints it
  std::shared_ptr<const promql::Expr> expr;
  Duration hold = 0;  // for
  Duration keep_firing_for = 0;
  std::vector<TemplatedText> labels;  // group labels included
  std::vector<TemplatedText> annotations;
  int line = 0;  // in the file

  // The labels as written, templates not expanded.
  Labels label_texts() const;
  friend bool operator==(const RuleDefinition& a, const RuleDefinition& b);
};

struct GroupDefinition {
  std::string file;
  std::string name;
  Duration interval = 0;                 // 0: the server's evaluation interval
  std::optional<Duration> query_offset;  // absent: the server's
  int limit = 0;                         // series or alerts per rule; 0 = no limit
  Labels labels;
  std::vector<RuleDefinition> rules;

  std::string key() const { return file + ";" + name; }
  friend bool operator==(const GroupDefinition& a, const GroupDefinition& b);
};

struct RuleFile {
  std::string name;
  std::vector<GroupDefinition> groups;
  bool more_documents = false;  // a second YAML document follows and is not read
};

struct RuleFileOptions {
  promql::ParserOptions parser;
  bool ignore_unknown_fields = false;
};

// Parses and validates. Every problem is one line of the error:
// `file:7:15: group "g", rule 2, "Alert": could not parse expression: 1:8: parse error: …`,
// with the place in the file, also of an error inside an expression.
Result<RuleFile> parse_rule_file(std::string_view text, const std::string& file_name,
                                 const RuleFileOptions& options = {});

}  // namespace vigil::rules
