// How rules ask questions: a function, so that tests and the unit-test runner put
// in what they like.
#pragma once

#include <functional>
#include <string>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/promql/ast.h"
#include "vigil/promql/value.h"
#include "vigil/storage_api/queryable.h"
#include "vigil/template/rule_functions.h"

namespace vigil::promql {
class Engine;
}

namespace vigil::rules {

// Evaluates an expression at a time; a scalar comes as one sample without labels.
// `origin` names the asker in the list of running queries: "rule:group;name".
using Query =
    std::function<Result<promql::Vector>(const promql::Expr& expression, Timestamp at, const std::string& origin)>;

// Both must outlive the function.
Query engine_query(promql::Engine& engine, Queryable& storage);

// What `{{ query "…" }}` does in a template evaluated at `at`.
templates::QueryFunction template_query(const Query& query, Timestamp at, const std::string& origin);

}  // namespace vigil::rules
