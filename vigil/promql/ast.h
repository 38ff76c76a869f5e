// The typed syntax tree of a PromQL expression.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/model/matcher.h"

namespace vigil::promql {

enum class ValueType { kNone, kScalar, kVector, kMatrix, kString };
std::string_view to_string(ValueType type);  // "scalar", "instant vector", "range vector", "string"

// Byte range [start, end) in the query text. Errors and annotations print its start as
// line:column; what each kind of node covers is Prometheus' PositionRange:
//   number, string     the literal, a sign before it included
//   selector           name and braces, with the modifiers written after them
//   range, subquery    from the start of the operand to `]`, or to the modifiers after it;
//                      a range's own `selector` ends before the `[`
//   unary, binary      from the sign or left operand to the end of the right operand
//   call               from the name to `)`
//   aggregation        from the operator to `)`: of the arguments or of a trailing by/without
//   parentheses        both included
struct Position {
  std::size_t start = 0;
  std::size_t end = 0;
};

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

// A duration written as arithmetic: `[5m*2]`, `offset -(1h/2)`, `[step()+1m]`. It is
// an Expr of numbers, unary and binary operators and calls of step() range() min_of()
// max_of(); evaluated when the query's start, end and step are known.
struct DurationExpr {
  Duration constant = 0;  // used when `expr` is null
  // Numbers in it are seconds.
  std::shared_ptr<const Expr> expr;
};

enum class AtKind { kNone, kTimestamp, kStart, kEnd };
enum class RangeMode { kPlain, kAnchored, kSmoothed };

struct NumberLiteral {
  double value = 0;
  bool is_duration = false;  // written as 5m; printed back that way
};

struct StringLiteral {
  std::string value;
};

struct VectorSelector {
  std::string name;               // written before the braces, or ""
  std::vector<Matcher> matchers;  // includes the __name__ matcher for `name`, as the last one
  DurationExpr offset;            // as written; positive looks into the past
  AtKind at = AtKind::kNone;
  Timestamp at_timestamp = 0;
  RangeMode mode = RangeMode::kPlain;
};

struct MatrixSelector {
  ExprPtr selector;  // a VectorSelector; carries offset and @
  DurationExpr range;
};

struct Subquery {
  ExprPtr expr;
  DurationExpr range;
  std::optional<DurationExpr> step;  // absent: the engine's default
  DurationExpr offset;
  AtKind at = AtKind::kNone;
  Timestamp at_timestamp = 0;
};

enum class UnaryOp { kPlus, kMinus };
struct Unary {
  UnaryOp op = UnaryOp::kMinus;
  ExprPtr expr;
};

enum class BinaryOp {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,
  kPow,
  kAtan2,
  kEqual,
  kNotEqual,
  kGreater,
  kLess,
  kGreaterEqual,
  kLessEqual,
  kAnd,
  kOr,
  kUnless,
  kTrimUpper,
  kTrimLower,  // `</` and `>/`
};
std::string_view to_string(BinaryOp op);
inline bool is_comparison(BinaryOp op) { return op >= BinaryOp::kEqual && op <= BinaryOp::kLessEqual; }
inline bool is_set_operator(BinaryOp op) { return op >= BinaryOp::kAnd && op <= BinaryOp::kUnless; }

enum class MatchCardinality { kOneToOne, kManyToOne, kOneToMany, kManyToMany };
struct VectorMatching {
  MatchCardinality cardinality = MatchCardinality::kOneToOne;
  bool on = false;                   // on(...) rather than ignoring(...)
  std::vector<std::string> labels;   // of on/ignoring
  std::vector<std::string> include;  // of group_left/group_right
  std::optional<double> fill_left;   // E
  std::optional<double> fill_right;  // E
};

struct Binary {
  BinaryOp op = BinaryOp::kAdd;
  ExprPtr lhs;
  ExprPtr rhs;
  bool return_bool = false;
  // Set when both sides are vectors.
  std::optional<VectorMatching> matching;
};

enum class AggregateOp {
  kSum,
  kAvg,
  kMin,
  kMax,
  kCount,
  kGroup,
  kStddev,
  kStdvar,
  kTopK,
  kBottomK,
  kQuantile,
  kCountValues,
  kLimitK,
  kLimitRatio,
};
std::string_view to_string(AggregateOp op);

struct Aggregate {
  AggregateOp op = AggregateOp::kSum;
  ExprPtr expr;
  ExprPtr param;  // topk, bottomk, quantile, count_values, limitk, limit_ratio
  bool without = false;
  std::vector<std::string> grouping;
};

struct Function;  // functions.h: signature, type, experimental flag

struct Call {
  const Function* function = nullptr;  // an entry of the function table, lives for ever
  std::vector<ExprPtr> args;
};

struct Paren {
  ExprPtr expr;
};

struct Expr {
  Position position;
  ValueType type = ValueType::kNone;
  std::variant<NumberLiteral, StringLiteral, VectorSelector, MatrixSelector, Subquery, Unary, Binary, Aggregate, Call,
               Paren>
      node;
};

template <class T>
const T* as(const Expr& expr) {
  return std::get_if<T>(&expr.node);
}

// The expression as canonical one-line text (Prometheus' String()).
std::string to_string(const Expr& expr);
// As format_query prints it: broken into lines where it is long.
std::string pretty(const Expr& expr);
ExprPtr clone(const Expr& expr);

}  // namespace vigil::promql
