#include "vigil/promql/eval/binary.h"

#include <algorithm>

#include "vigil/promql/eval/arithmetic.h"
#include "vigil/promql/eval/evaluator.h"
#include "vigil/promql/eval/labels.h"

namespace vigil::promql {
namespace {

Scalars scalar_operation(const Binary& binary, const Scalars& left, const Scalars& right) {
  Scalars result;
  const std::size_t count = std::max(left.values.size(), right.values.size());
  result.values.reserve(count);
  visit_operator(binary.op, [&](auto compute) {
    for (std::size_t i = 0; i < count; ++i) {
      result.values.push_back(static_cast<double>(compute(left.at(i), right.at(i))));
    }
  });
  return result;
}

// In place. `swapped`: the scalar is on the left.
Result<Table> vector_scalar(QueryContext& context, const Binary& binary, const Position& position, Table table,
                            const Scalars& scalars, bool swapped) {
  const bool comparison = is_comparison(binary.op);
  const bool drops_name = !comparison || binary.return_bool;
  if (table.has_histograms()) {
    for (std::size_t i = 0; i < table.size(); ++i) {
      if (table.row(i).histograms.empty()) continue;
      VIGIL_TRY_VOID(histogram_operand(context, binary.op, !swapped, swapped, position));
    }
    // A comparison with bool of things that do not compare is 0.
    for (std::size_t i = 0; i < table.size() && binary.return_bool; ++i) {
      for (const auto& [step, histogram] : table.row(i).histograms) table.values(i)[step] = normal_nan();
    }
    table.drop_histograms();
  }
  if (is_trim(binary.op)) {
    if (!table.empty()) note_incompatible(context, binary.op, "float", "float", position);
    table.clear();
    return table;
  }
  const auto computed_all = visit_operator(binary.op, [&](auto compute) -> Result<void> {
    for (std::size_t i = 0; i < table.size(); ++i) {
      VIGIL_TRY_VOID(context.work(table.steps()));
      if (drops_name) mark_name_dropped(table.row(i));
      const auto values = table.values(i);
      for (std::size_t step = 0; step < values.size(); ++step) {
        const double value = values[step];
        if (is_absent(value)) continue;
        const double scalar = scalars.at(step);
        const auto computed = swapped ? compute(scalar, value) : compute(value, scalar);
        if constexpr (std::is_same_v<decltype(computed), const bool>) {
          // A filter keeps the vector's value, on whichever side it stands.
          values[step] = binary.return_bool ? static_cast<double>(computed) : computed ? value : absent();
        } else {
          values[step] = computed;
        }
      }
    }
    return {};
  });
  if (!computed_all) return std::unexpected(computed_all.error());
  table.compact();
  if (drops_name) VIGIL_TRY_VOID(check_unique_after_drop(context, table));
  return table;
}

}  // namespace

void note_incompatible(QueryContext& context, BinaryOp op, std::string_view left, std::string_view right,
                       const Position& position) {
  const std::string name(to_string(op));
  context.info("incompatible sample types encountered for binary operator \"" + name + "\": " + std::string(left) +
                   " " + name + " " + std::string(right),
               position);
}

Result<void> histogram_operand(QueryContext& context, BinaryOp op, bool left, bool right, const Position& position) {
  const bool both = left && right;
  const bool computable =
      both   ? op == BinaryOp::kAdd || op == BinaryOp::kSub || op == BinaryOp::kEqual || op == BinaryOp::kNotEqual
      : left ? op == BinaryOp::kMul || op == BinaryOp::kDiv || is_trim(op)
             : op == BinaryOp::kMul;
  if (computable) {
    return fail(ErrorCode::kNotSupported,
                "operator " + std::string(to_string(op)) + " on native histograms is not supported yet");
  }
  note_incompatible(context, op, left ? "histogram" : "float", right ? "histogram" : "float", position);
  return {};
}

Result<Evaluated> evaluate_binary(QueryContext& context, const Expr& expr, const Binary& binary, const StepGrid& grid) {
  VIGIL_TRY(Evaluated left, evaluate(context, *binary.lhs, grid));
  VIGIL_TRY(Evaluated right, evaluate(context, *binary.rhs, grid));
  auto* left_scalars = std::get_if<Scalars>(&left);
  auto* right_scalars = std::get_if<Scalars>(&right);
  if (left_scalars != nullptr && right_scalars != nullptr) {
    return scalar_operation(binary, *left_scalars, *right_scalars);
  }
  if (left_scalars != nullptr) {
    return vector_scalar(context, binary, expr.position, std::move(std::get<Table>(right)), *left_scalars, true);
  }
  if (right_scalars != nullptr) {
    return vector_scalar(context, binary, expr.position, std::move(std::get<Table>(left)), *right_scalars, false);
  }
  const VectorMatching matching = binary.matching.value_or(VectorMatching{});
  if (is_set_operator(binary.op)) {
    return set_operation(context, binary.op, matching, std::move(std::get<Table>(left)),
                         std::move(std::get<Table>(right)));
  }
  return match_vectors(context, binary, expr.position, std::get<Table>(left), std::get<Table>(right));
}

}  // namespace vigil::promql
