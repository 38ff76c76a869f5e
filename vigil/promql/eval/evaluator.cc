#include "vigil/promql/eval/evaluator.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "vigil/promql/eval/labels.h"
#include "vigil/promql/eval/selector.h"
#include "vigil/promql/functions.h"

namespace vigil::promql {
namespace {

// Calls whose value depends on the evaluation time itself.
constexpr std::array<std::string_view, 3> kTimeDependent = {"time", "timestamp", "predict_linear"};
// Calls that do so when they are given no argument.
constexpr std::array<std::string_view, 8> kDateFunctions = {
    "day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year"};

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Result<Evaluated> negate(QueryContext& context, const Unary& unary, const StepGrid& grid) {
  VIGIL_TRY(Evaluated value, evaluate(context, *unary.expr, grid));
  if (unary.op == UnaryOp::kPlus) return value;
  if (auto* scalars = std::get_if<Scalars>(&value)) {
    for (double& number : scalars->values) number = -number;
    return value;
  }
  Table& table = std::get<Table>(value);
  for (std::size_t i = 0; i < table.size(); ++i) {
    VIGIL_TRY_VOID(context.work(table.steps()));
    if (!table.row(i).histograms.empty()) {
      return fail(ErrorCode::kNotSupported, "negating native histograms is not supported yet");
    }
    mark_name_dropped(table.row(i));
    for (double& number : table.values(i)) {
      if (!is_absent(number)) number = -number;
    }
  }
  if (!context.delayed_names && !table.single_name) VIGIL_TRY_VOID(merge_same_labels(context, table));
  return value;
}

Result<Evaluated> evaluate_node(QueryContext& context, const Expr& expr, const StepGrid& grid) {
  if (const auto* number = as<NumberLiteral>(expr)) return Scalars{{number->value}};
  if (const auto* text = as<StringLiteral>(expr)) return text->value;
  if (const auto* paren = as<Paren>(expr)) return evaluate(context, *paren->expr, grid);
  if (const auto* selector = as<VectorSelector>(expr)) {
    return evaluate_selector(context, *selector, grid, SelectorCell::kSample);
  }
  if (const auto* unary = as<Unary>(expr)) return negate(context, *unary, grid);
  if (const auto* binary = as<Binary>(expr)) return evaluate_binary(context, expr, *binary, grid);
  if (const auto* aggregate = as<Aggregate>(expr)) return evaluate_aggregate(context, expr, *aggregate, grid);
  if (const auto* call = as<Call>(expr)) return evaluate_call(context, expr, *call, grid);
  return fail(ErrorCode::kInternal, "range vector where a value was expected");
}

}  // namespace

const Expr& unparenthesised(const Expr& expr) {
  const Expr* bare = &expr;
  while (const auto* paren = as<Paren>(*bare)) bare = paren->expr.get();
  return *bare;
}

const std::string& string_argument(const Expr& expr) { return as<StringLiteral>(unparenthesised(expr))->value; }

Result<Evaluated> evaluate(QueryContext& context, const Expr& expr, const StepGrid& grid) {
  const bool once =
      grid.count > 1 && as<Paren>(expr) == nullptr && as<VectorSelector>(expr) == nullptr
          ? is_step_invariant(expr)
          : grid.count > 1 && as<VectorSelector>(expr) != nullptr && as<VectorSelector>(expr)->at != AtKind::kNone;
  if (!once) return evaluate_node(context, expr, grid);
  VIGIL_TRY(Evaluated value, evaluate_node(context, expr, StepGrid{grid.start, grid.step, 1}));
  if (auto* table = std::get_if<Table>(&value)) {
    VIGIL_TRY(Table wide, table->repeat(grid.count));
    return Evaluated(std::move(wide));
  }
  return value;
}

Result<Table> evaluate_vector(QueryContext& context, const Expr& expr, const StepGrid& grid) {
  VIGIL_TRY(Evaluated value, evaluate(context, expr, grid));
  if (auto* table = std::get_if<Table>(&value)) return std::move(*table);
  return fail(ErrorCode::kInternal, "instant vector expected");
}

Result<Scalars> evaluate_scalar(QueryContext& context, const Expr& expr, const StepGrid& grid) {
  VIGIL_TRY(Evaluated value, evaluate(context, expr, grid));
  if (auto* scalars = std::get_if<Scalars>(&value)) return std::move(*scalars);
  return fail(ErrorCode::kInternal, "scalar expected");
}

bool is_step_invariant(const Expr& expr) {
  if (as<NumberLiteral>(expr) != nullptr || as<StringLiteral>(expr) != nullptr) return true;
  if (const auto* paren = as<Paren>(expr)) return is_step_invariant(*paren->expr);
  if (const auto* selector = as<VectorSelector>(expr)) return selector->at != AtKind::kNone;
  if (const auto* matrix = as<MatrixSelector>(expr)) return is_step_invariant(*matrix->selector);
  if (const auto* subquery = as<Subquery>(expr)) return subquery->at != AtKind::kNone;
  if (const auto* unary = as<Unary>(expr)) return is_step_invariant(*unary->expr);
  if (const auto* binary = as<Binary>(expr)) {
    return is_step_invariant(*binary->lhs) && is_step_invariant(*binary->rhs);
  }
  if (const auto* aggregate = as<Aggregate>(expr)) {
    return is_step_invariant(*aggregate->expr) && (!aggregate->param || is_step_invariant(*aggregate->param));
  }
  if (const auto* call = as<Call>(expr)) {
    if (contains(kTimeDependent, call->function->name)) return false;
    if (call->args.empty() && contains(kDateFunctions, call->function->name)) return false;
    return std::ranges::all_of(call->args, [](const ExprPtr& arg) { return is_step_invariant(*arg); });
  }
  return false;
}

namespace {

// Seconds; durations are arithmetic of these.
Result<double> duration_seconds(const QueryContext& context, const Expr& expr) {
  if (const auto* number = as<NumberLiteral>(expr)) return number->value;
  if (const auto* paren = as<Paren>(expr)) return duration_seconds(context, *paren->expr);
  if (const auto* unary = as<Unary>(expr)) {
    VIGIL_TRY(const double value, duration_seconds(context, *unary->expr));
    return unary->op == UnaryOp::kMinus ? -value : value;
  }
  if (const auto* binary = as<Binary>(expr)) {
    VIGIL_TRY(const double left, duration_seconds(context, *binary->lhs));
    VIGIL_TRY(const double right, duration_seconds(context, *binary->rhs));
    switch (binary->op) {
      case BinaryOp::kAdd: return left + right;
      case BinaryOp::kSub: return left - right;
      case BinaryOp::kMul: return left * right;
      case BinaryOp::kDiv:
        if (right == 0) return fail(ErrorCode::kInvalidArgument, "division by zero in a duration");
        return left / right;
      case BinaryOp::kMod:
        if (right == 0) return fail(ErrorCode::kInvalidArgument, "modulo by zero in a duration");
        return std::fmod(left, right);
      case BinaryOp::kPow: return std::pow(left, right);
      default: break;
    }
  }
  if (const auto* call = as<Call>(expr)) {
    const std::string_view name = call->function->name;
    if (name == "step") return static_cast<double>(context.is_range ? context.query.step : 0) / 1000;
    if (name == "range") return static_cast<double>(context.query_range()) / 1000;
    if ((name == "min_of" || name == "max_of") && call->args.size() == 2) {
      VIGIL_TRY(const double left, duration_seconds(context, *call->args[0]));
      VIGIL_TRY(const double right, duration_seconds(context, *call->args[1]));
      return name == "min_of" ? std::min(left, right) : std::max(left, right);
    }
  }
  return fail(ErrorCode::kInvalidArgument, "not a duration: " + to_string(expr));
}

}  // namespace

Result<Duration> evaluate_duration(const QueryContext& context, const DurationExpr& duration) {
  if (!duration.expr) return duration.constant;
  VIGIL_TRY(const double seconds, duration_seconds(context, *duration.expr));
  // A little below what a count of milliseconds holds, so that sums of a few stay in range.
  constexpr double kLimit = 1e15;
  if (!(std::abs(seconds) < kLimit)) return fail(ErrorCode::kInvalidArgument, "duration out of range");
  return static_cast<Duration>(std::llround(seconds * 1000));
}

Result<void> add_time_span(const QueryContext& context, const Expr& expr, Timestamp start, Timestamp end,
                           TimeSpan& span) {
  const auto add_window = [&](AtKind at, Timestamp at_time, Duration offset, Duration range) {
    const auto fixed = fixed_time(context, at, at_time);
    span.first = std::min(span.first, (fixed ? *fixed : start) - offset - range + 1);
    span.last = std::max(span.last, (fixed ? *fixed : end) - offset);
  };
  const auto recurse = [&](const Expr& child) { return add_time_span(context, child, start, end, span); };

  if (const auto* selector = as<VectorSelector>(expr)) {
    VIGIL_TRY(const Duration offset, evaluate_duration(context, selector->offset));
    add_window(selector->at, selector->at_timestamp, offset, context.lookback);
  } else if (const auto* matrix = as<MatrixSelector>(expr)) {
    const VectorSelector* inner = find_selector(expr);
    VIGIL_TRY(const Duration offset, evaluate_duration(context, inner->offset));
    VIGIL_TRY(const Duration range, evaluate_duration(context, matrix->range));
    if (range <= 0) return fail(ErrorCode::kInvalidArgument, "duration must be greater than 0");
    add_window(inner->at, inner->at_timestamp, offset, range);
  } else if (const auto* subquery = as<Subquery>(expr)) {
    VIGIL_TRY(const Duration offset, evaluate_duration(context, subquery->offset));
    VIGIL_TRY(const Duration range, evaluate_duration(context, subquery->range));
    if (range <= 0) return fail(ErrorCode::kInvalidArgument, "duration must be greater than 0");
    if (subquery->step && subquery->step->expr) {
      VIGIL_TRY(const Duration step, evaluate_duration(context, *subquery->step));
      if (step <= 0) return fail(ErrorCode::kInvalidArgument, "duration must be greater than 0");
    }
    const auto fixed = fixed_time(context, subquery->at, subquery->at_timestamp);
    return add_time_span(context, *subquery->expr, (fixed ? *fixed : start) - offset - range,
                         (fixed ? *fixed : end) - offset, span);
  } else if (const auto* paren = as<Paren>(expr)) {
    return recurse(*paren->expr);
  } else if (const auto* unary = as<Unary>(expr)) {
    return recurse(*unary->expr);
  } else if (const auto* binary = as<Binary>(expr)) {
    VIGIL_TRY_VOID(recurse(*binary->lhs));
    return recurse(*binary->rhs);
  } else if (const auto* aggregate = as<Aggregate>(expr)) {
    if (aggregate->param) VIGIL_TRY_VOID(recurse(*aggregate->param));
    return recurse(*aggregate->expr);
  } else if (const auto* call = as<Call>(expr)) {
    for (const ExprPtr& arg : call->args) VIGIL_TRY_VOID(recurse(*arg));
  }
  return {};
}

}  // namespace vigil::promql
