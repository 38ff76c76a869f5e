// Functions on instant vectors and scalars, one by one.
#pragma once

#include "vigil/promql/eval/evaluator.h"

namespace vigil::promql {

Result<Table> label_replace(QueryContext& context, const Call& call, const StepGrid& grid);
Result<Table> label_join(QueryContext& context, const Call& call, const StepGrid& grid);

enum class SortDirection { kAscending, kDescending };
Result<Table> sort_by_value(QueryContext& context, const Expr& expr, const Call& call, const StepGrid& grid,
                            SortDirection direction);
Result<Table> sort_by_labels(QueryContext& context, const Expr& expr, const Call& call, const StepGrid& grid,
                             SortDirection direction);

Result<Table> histogram_quantile(QueryContext& context, const Call& call, const StepGrid& grid);
Result<Table> histogram_quantiles(QueryContext& context, const Call& call, const StepGrid& grid);
Result<Table> histogram_fraction(QueryContext& context, const Call& call, const StepGrid& grid);

}  // namespace vigil::promql
