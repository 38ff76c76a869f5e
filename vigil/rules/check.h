// `vigil check rules`: is a rule file good, and is anything in it twice?
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/rules/rule_file.h"

namespace vigil::rules {

struct RuleCheck {
  std::size_t groups = 0;
  std::size_t rules = 0;
  // Findings that do not make the file bad: rules that produce the same series twice,
  // and a second YAML document that nobody reads.
  std::vector<std::string> lint;
};

// Errors are those of parse_rule_file().
Result<RuleCheck> check_rules(std::string_view text, const std::string& file_name, const RuleFileOptions& options = {});

}  // namespace vigil::rules
