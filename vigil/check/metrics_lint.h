// What is unidiomatic about a page of metrics: Prometheus' naming rules
// (https://prometheus.io/docs/practices/naming/), as `promtool check metrics` has them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"

namespace vigil::check {

struct LintFinding {
  std::string metric;
  std::string text;  // "counter metrics should have \"_total\" suffix"
};

// Sorted by metric. An error if the page (text format 0.0.4) does not parse.
Result<std::vector<LintFinding>> lint_metrics(std::string_view page);

}  // namespace vigil::check
