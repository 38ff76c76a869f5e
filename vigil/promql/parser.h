// Text to syntax tree.
#pragma once

#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/model/labels.h"
#include "vigil/model/matcher.h"
#include "vigil/promql/ast.h"

namespace vigil::promql {

// Which experimental syntax is accepted; the fields mean what they mean in EngineOptions.
struct ParserOptions {
  bool experimental_functions = false;
  bool extended_range_selectors = false;
  bool binop_fill_modifiers = false;
  bool duration_expressions = true;
};

// Parses and type-checks. Errors read like Prometheus': "1:5: parse error: unexpected …",
// with line:column (1-based, column in characters) of the offending place.
// Input is limited in length (kMaxLength) and in the height of the tree (kMaxDepth, which
// also bounds chains such as a or b or …), so that every walk over a tree may recurse.
Result<ExprPtr> parse(std::string_view text, const ParserOptions& options = {});

inline constexpr int kMaxDepth = 1000;
inline constexpr std::size_t kMaxLength = 1 << 20;

// `up{job="a"}`: for match[] parameters and rules. A selector that matches everything,
// such as {}, is not refused here: callers say what they allow.
Result<std::vector<Matcher>> parse_selector(std::string_view text);
// `up{job="a"}` as the identity of a series: for unit-test files.
Result<Labels> parse_labels(std::string_view text);

// 1-based line and column of a byte offset.
struct LineColumn {
  std::size_t line = 1;
  std::size_t column = 1;
};
LineColumn line_column(std::string_view text, std::size_t offset);

}  // namespace vigil::promql
