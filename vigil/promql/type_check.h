// The rules of PromQL that are about types rather than syntax. Internal to the parser.
#pragma once

#include <optional>
#include <string_view>

#include "vigil/promql/ast.h"
#include "vigil/promql/grammar.h"

namespace vigil::promql {

// The first violation, depth first; or none. Settles `matching` of binary
// operators: absent unless both sides are vectors, many-to-many for set operators.
std::optional<ParseFailure> check_types(Expr& root, std::string_view text);

}  // namespace vigil::promql
