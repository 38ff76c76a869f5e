// Query results and expressions as Prometheus' API shows them.
#pragma once

#include <vector>

#include "vigil/api/json_writer.h"
#include "vigil/promql/ast.h"
#include "vigil/promql/value.h"

namespace vigil::api {

// {"resultType":…,"result":…[,"stats":…]}
void write_query_data(JsonWriter& json, const promql::QueryResult& result, bool with_stats);

// The tree of /api/v1/parse_query.
void write_expression(JsonWriter& json, const promql::Expr& expr);

// Every selector in the tree, in the order written.
std::vector<const promql::VectorSelector*> selectors_of(const promql::Expr& expr);

}  // namespace vigil::api
