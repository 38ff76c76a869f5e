// Computes an expression for all steps at once.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/model/labels.h"
#include "vigil/promql/ast.h"
#include "vigil/promql/eval/context.h"
#include "vigil/promql/eval/steps.h"
#include "vigil/promql/eval/table.h"

namespace vigil::promql {

using Evaluated = std::variant<Scalars, Table, std::string>;

// The tree as it is, without the parentheses around it.
const Expr& unparenthesised(const Expr& expr);

// `expr` at every step of `grid`. Range vectors have no value of their own here: see
// RangeInput and evaluate_matrix().
Result<Evaluated> evaluate(QueryContext& context, const Expr& expr, const StepGrid& grid);
// The same for expressions the parser has typed as such.
Result<Table> evaluate_vector(QueryContext& context, const Expr& expr, const StepGrid& grid);
Result<Scalars> evaluate_scalar(QueryContext& context, const Expr& expr, const StepGrid& grid);
// A string argument.
const std::string& string_argument(const Expr& expr);

// What absent() and absent_over_time() can say of the series that is not there: the
// labels its selector demands by =, each name once.
Labels absent_labels(const Expr& expr);

// A range vector as the result of an instant query at `at`.
Result<std::vector<SeriesResult>> evaluate_matrix(QueryContext& context, const Expr& expr, Timestamp at);

// The same value at every step of the query: selectors all fixed by @, no call that
// looks at the evaluation time.
bool is_step_invariant(const Expr& expr);

// A duration, where it is an expression worked out for this query.
Result<Duration> evaluate_duration(const QueryContext& context, const DurationExpr& duration);

// The first and last time (inclusive) of samples that evaluating `expr` over `grid` may need.
struct TimeSpan {
  Timestamp first = kMaxTimestamp;
  Timestamp last = kMinTimestamp;
};
Result<void> add_time_span(const QueryContext& context, const Expr& expr, Timestamp start, Timestamp end,
                           TimeSpan& span);

// --- the parts, one file each ---
// What a selector's cells hold.
enum class SelectorCell { kSample, kTimestamp };
Result<Table> evaluate_selector(QueryContext& context, const VectorSelector& selector, const StepGrid& grid,
                                SelectorCell cell);
Result<Evaluated> evaluate_call(QueryContext& context, const Expr& expr, const Call& call, const StepGrid& grid);
Result<Table> evaluate_range_call(QueryContext& context, const Call& call, const StepGrid& grid);
Result<Table> evaluate_aggregate(QueryContext& context, const Expr& expr, const Aggregate& aggregate,
                                 const StepGrid& grid);
Result<Evaluated> evaluate_binary(QueryContext& context, const Expr& expr, const Binary& binary, const StepGrid& grid);

}  // namespace vigil::promql
