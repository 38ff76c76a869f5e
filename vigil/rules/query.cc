#include "vigil/rules/query.h"

#include <utility>
#include <variant>

#include "vigil/model/native_histogram.h"
#include "vigil/promql/engine.h"
#include "vigil/promql/parser.h"

namespace vigil::rules {

Query engine_query(promql::Engine& engine, Queryable& storage) {
  return [&engine, &storage](const promql::Expr& expression, Timestamp at,
                             const std::string& origin) -> Result<promql::Vector> {
    promql::QueryOptions options;
    options.origin = origin;
    VIGIL_TRY(promql::QueryResult result, engine.instant(storage, expression, at, options));
    if (auto* vector = std::get_if<promql::Vector>(&result.value)) return std::move(*vector);
    if (const auto* scalar = std::get_if<promql::Scalar>(&result.value)) {
      return promql::Vector{{Labels(), promql::Point{scalar->timestamp, scalar->value, nullptr}}};
    }
    return fail(ErrorCode::kExecution, "rule result is not a vector or scalar");
  };
}

templates::QueryFunction template_query(const Query& query, Timestamp at, const std::string& origin) {
  return [&query, at, origin](const std::string& text) -> Result<std::vector<templates::QuerySample>> {
    VIGIL_TRY(const promql::ExprPtr expression, promql::parse(text));
    VIGIL_TRY(const promql::Vector vector, query(*expression, at, origin));
    std::vector<templates::QuerySample> out;
    out.reserve(vector.size());
    for (const promql::InstantSample& sample : vector) {
      out.push_back(templates::QuerySample{sample.labels, sample.point.value});
    }
    return out;
  };
}

}  // namespace vigil::rules
