#include "vigil/promql/ast.h"

#include <type_traits>

namespace vigil::promql {

std::string_view to_string(ValueType type) {
  switch (type) {
    case ValueType::kNone: return "none";
    case ValueType::kScalar: return "scalar";
    case ValueType::kVector: return "instant vector";
    case ValueType::kMatrix: return "range vector";
    case ValueType::kString: return "string";
  }
  return "none";
}

std::string_view to_string(BinaryOp op) {
  switch (op) {
    case BinaryOp::kAdd: return "+";
    case BinaryOp::kSub: return "-";
    case BinaryOp::kMul: return "*";
    case BinaryOp::kDiv: return "/";
    case BinaryOp::kMod: return "%";
    case BinaryOp::kPow: return "^";
    case BinaryOp::kAtan2: return "atan2";
    case BinaryOp::kEqual: return "==";
    case BinaryOp::kNotEqual: return "!=";
    case BinaryOp::kGreater: return ">";
    case BinaryOp::kLess: return "<";
    case BinaryOp::kGreaterEqual: return ">=";
    case BinaryOp::kLessEqual: return "<=";
    case BinaryOp::kAnd: return "and";
    case BinaryOp::kOr: return "or";
    case BinaryOp::kUnless: return "unless";
    case BinaryOp::kTrimUpper: return "</";
    case BinaryOp::kTrimLower: return ">/";
  }
  return "?";
}

std::string_view to_string(AggregateOp op) {
  switch (op) {
    case AggregateOp::kSum: return "sum";
    case AggregateOp::kAvg: return "avg";
    case AggregateOp::kMin: return "min";
    case AggregateOp::kMax: return "max";
    case AggregateOp::kCount: return "count";
    case AggregateOp::kGroup: return "group";
    case AggregateOp::kStddev: return "stddev";
    case AggregateOp::kStdvar: return "stdvar";
    case AggregateOp::kTopK: return "topk";
    case AggregateOp::kBottomK: return "bottomk";
    case AggregateOp::kQuantile: return "quantile";
    case AggregateOp::kCountValues: return "count_values";
    case AggregateOp::kLimitK: return "limitk";
    case AggregateOp::kLimitRatio: return "limit_ratio";
  }
  return "?";
}

namespace {

ExprPtr clone_or_null(const ExprPtr& expr) { return expr == nullptr ? nullptr : clone(*expr); }

struct Cloner {
  // Leaves own nothing that must not be shared.
  template <class Leaf>
  Leaf operator()(const Leaf& leaf) const {
    static_assert(std::is_copy_constructible_v<Leaf>);
    return leaf;
  }
  MatrixSelector operator()(const MatrixSelector& node) const { return {clone_or_null(node.selector), node.range}; }
  Subquery operator()(const Subquery& node) const {
    return {clone_or_null(node.expr), node.range, node.step, node.offset, node.at, node.at_timestamp};
  }
  Unary operator()(const Unary& node) const { return {node.op, clone_or_null(node.expr)}; }
  Binary operator()(const Binary& node) const {
    return {node.op, clone_or_null(node.lhs), clone_or_null(node.rhs), node.return_bool, node.matching};
  }
  Aggregate operator()(const Aggregate& node) const {
    return {node.op, clone_or_null(node.expr), clone_or_null(node.param), node.without, node.grouping};
  }
  Call operator()(const Call& node) const {
    Call copy;
    copy.function = node.function;
    copy.args.reserve(node.args.size());
    for (const ExprPtr& arg : node.args) copy.args.push_back(clone_or_null(arg));
    return copy;
  }
  Paren operator()(const Paren& node) const { return {clone_or_null(node.expr)}; }
};

}  // namespace

ExprPtr clone(const Expr& expr) {
  auto copy = std::make_unique<Expr>();
  copy->position = expr.position;
  copy->type = expr.type;
  std::visit([&copy](const auto& node) { copy->node = Cloner()(node); }, expr.node);
  return copy;
}

}  // namespace vigil::promql
