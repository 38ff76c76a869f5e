// Ranges, subqueries, offset, @, anchored, smoothed, and the arithmetic of durations.
#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "vigil/promql/functions.h"
#include "vigil/promql/grammar.h"

namespace vigil::promql {
namespace {

// Prometheus holds durations in 64 bits of nanoseconds; what it refuses, we refuse.
bool fits_duration(double seconds) { return std::fabs(seconds) * 1e9 < 9223372036854775808.0; }
Duration to_duration(double seconds) { return static_cast<Duration>(std::llround(seconds * 1e9) / 1'000'000); }

// What `offset` and `@` set: of a selector, a range over one, or a subquery.
struct TimeModifiers {
  DurationExpr* offset = nullptr;
  AtKind* at = nullptr;
  Timestamp* at_timestamp = nullptr;
};

TimeModifiers time_modifiers(Expr& expr) {
  if (auto* vector = std::get_if<VectorSelector>(&expr.node)) {
    return {&vector->offset, &vector->at, &vector->at_timestamp};
  }
  if (auto* matrix = std::get_if<MatrixSelector>(&expr.node)) return time_modifiers(*matrix->selector);
  if (auto* subquery = std::get_if<Subquery>(&expr.node)) {
    return {&subquery->offset, &subquery->at, &subquery->at_timestamp};
  }
  return {};
}

bool is_set(const DurationExpr& duration) { return duration.constant != 0 || duration.expr != nullptr; }

// The literal under parentheses, if that is all there is.
const NumberLiteral* plain_literal(const Expr& expr) {
  if (const auto* paren = as<Paren>(expr)) return plain_literal(*paren->expr);
  return as<NumberLiteral>(expr);
}

int duration_precedence(BinaryOp op) {
  switch (op) {
    case BinaryOp::kAdd:
    case BinaryOp::kSub: return 1;
    case BinaryOp::kMul:
    case BinaryOp::kDiv:
    case BinaryOp::kMod: return 2;
    case BinaryOp::kPow: return 3;
    default: return 0;
  }
}

}  // namespace

// operand[5m], operand[5m:1m], operand[5m:]
Grammar::Node Grammar::range_or_subquery(Node operand) {
  const std::size_t bracket = take().start;
  if (failed()) return {};
  DurationExpr range;
  if (!positive_duration(range)) {
    return unexpected("subquery or range selector", "number, duration, step(), or range()");
  }
  if (accept(TokenKind::kColon)) {
    if (failed()) return {};
    Subquery node;
    if (!at(TokenKind::kRightBracket)) {
      node.step.emplace();
      if (!positive_duration(*node.step)) {
        return unexpected("subquery selector", "number, duration, step(), range(), or \"]\"");
      }
    }
    if (!expect(TokenKind::kRightBracket, "subquery selector", "\"]\"")) return {};
    const Position position{operand.expr->position.start, previous_end_};
    node.expr = std::move(operand.expr);
    node.range = std::move(range);
    return make(std::move(node), position, ValueType::kMatrix, operand.height + 1);
  }
  if (!expect(TokenKind::kRightBracket, "subquery or range", "\":\" or \"]\"")) return {};
  const Position brackets{bracket, previous_end_};
  const auto* selector = as<VectorSelector>(*operand.expr);
  if (selector == nullptr) return fail_at(brackets, "ranges only allowed for vector selectors");
  if (is_set(selector->offset)) return fail_at(brackets, "no offset modifiers allowed before range");
  if (selector->at != AtKind::kNone) return fail_at(brackets, "no @ modifiers allowed before range");
  const Position position{operand.expr->position.start, previous_end_};
  return make(MatrixSelector{std::move(operand.expr), std::move(range)}, position, ValueType::kMatrix, 2);
}

bool Grammar::offset(Expr& selector) {
  take();
  if (failed()) return false;
  // Only one operand: `foo offset 1m + 2` adds 2 to the series, `foo offset (1m + 2)` shifts them.
  const bool sign = at_sign();
  const bool minus = at_operator(BinaryOp::kSub);
  const std::size_t start = token_.start;
  if (sign) take();
  Node node = failed() ? Node{} : duration_primary();
  if (!node) {
    unexpected("offset", "number, duration, step(), or range()");
    return false;
  }
  if (sign) {
    node.expr->position.start = start;
    if (auto* literal = std::get_if<NumberLiteral>(&node.expr->node)) {
      if (minus) literal->value = -literal->value;
    } else if (minus) {
      const Position position = node.expr->position;
      const int height = node.height + 1;
      node = make(Unary{UnaryOp::kMinus, std::move(node.expr)}, position, ValueType::kScalar, height);
      if (!node) return false;
    }
  }
  DurationExpr value;
  if (!duration_value(std::move(node), false, value)) return false;
  const TimeModifiers modifiers = time_modifiers(selector);
  if (modifiers.offset == nullptr) {
    fail_at(selector.position,
            "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery");
    return false;
  }
  if (is_set(*modifiers.offset)) {
    fail_at(selector.position, "offset may not be set multiple times");
    return false;
  }
  *modifiers.offset = std::move(value);
  selector.position.end = previous_end_;
  return true;
}

// @ 1609746000, @ -1h, @ start(), @ end()
bool Grammar::at_modifier(Expr& selector) {
  take();
  if (failed()) return false;
  AtKind kind = AtKind::kTimestamp;
  double seconds = 0;
  const bool start = at_word("start");
  if (start || at_word("end")) {
    take();
    if (!expect(TokenKind::kLeftParen, "@", "timestamp") || !expect(TokenKind::kRightParen, "@", "timestamp"))
      return false;
    kind = start ? AtKind::kStart : AtKind::kEnd;
  } else {
    if (!at_sign() && !at(TokenKind::kNumber) && !at(TokenKind::kDuration)) {
      unexpected("@", "timestamp");
      return false;
    }
    if (!signed_number(seconds)) return false;
    constexpr double kLimit = 9223372036854775808.0 / 1000;  // milliseconds must fit
    if (!(std::fabs(seconds) < kLimit)) {
      fail_at(selector.position, fmt::format("timestamp out of bounds for @ modifier: {:f}", seconds));
      return false;
    }
  }
  const TimeModifiers modifiers = time_modifiers(selector);
  if (modifiers.at == nullptr) {
    fail_at(selector.position,
            "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery");
    return false;
  }
  if (*modifiers.at != AtKind::kNone) {
    fail_at(selector.position, "@ <timestamp> may not be set multiple times");
    return false;
  }
  *modifiers.at = kind;
  if (kind == AtKind::kTimestamp) *modifiers.at_timestamp = std::llround(seconds * 1000);
  selector.position.end = previous_end_;
  return !failed();
}

bool Grammar::range_mode(Expr& selector) {
  const bool anchored = take().kind == TokenKind::kAnchored;
  if (failed()) return false;
  const std::string_view name = anchored ? "anchored" : "smoothed";
  if (!options_.extended_range_selectors) {
    fail_at(selector.position, fmt::format("{} modifier is experimental and not enabled", name));
    return false;
  }
  Expr* target = &selector;
  if (auto* matrix = std::get_if<MatrixSelector>(&selector.node)) target = matrix->selector.get();
  auto* vector = std::get_if<VectorSelector>(&target->node);
  if (vector == nullptr) {
    const bool subquery = as<Subquery>(selector) != nullptr;
    fail_at(selector.position,
            fmt::format("{} modifier {}", name, subquery ? "is not supported for subqueries" : "not implemented"));
    return false;
  }
  const RangeMode mode = anchored ? RangeMode::kAnchored : RangeMode::kSmoothed;
  if (vector->mode != RangeMode::kPlain && vector->mode != mode) {
    fail_at(selector.position, "anchored and smoothed modifiers cannot be used together");
    return false;
  }
  vector->mode = mode;
  return true;
}

// ---- Durations

// False without a failure if there is no duration at all.
bool Grammar::positive_duration(DurationExpr& out) {
  Node node = duration(0);
  return node && duration_value(std::move(node), true, out);
}

bool Grammar::duration_value(Node node, bool positive, DurationExpr& out) {
  if (const NumberLiteral* literal = plain_literal(*node.expr)) {
    const Position position = node.expr->position;
    if (!fits_duration(literal->value)) {
      fail_at(position, "duration out of range");
      return false;
    }
    out.constant = to_duration(literal->value);
    if (positive && out.constant <= 0) {
      fail_at(position, "duration must be greater than 0");
      return false;
    }
    // Written with parentheses, it is printed with them.
    if (as<NumberLiteral>(*node.expr) != nullptr) return true;
  }
  out.expr = std::move(node.expr);
  return true;
}

Grammar::Node Grammar::duration(int least_precedence) {
  if (depth_ >= kMaxDepth) return fail_at(token_.position(), "expression is nested too deeply");
  ++depth_;
  Node lhs;
  if (at_sign()) {
    const Token sign = take();
    lhs = failed() ? Node{} : duration(3);  // binds as * does: -2^2 is -(2^2)
    if (!lhs) return {};
    lhs.expr->position.start = sign.start;
    const bool minus = sign.op == BinaryOp::kSub;
    if (auto* literal = std::get_if<NumberLiteral>(&lhs.expr->node)) {
      if (minus) literal->value = -literal->value;
    } else if (minus) {
      const Position position = lhs.expr->position;
      const int height = lhs.height + 1;
      lhs = make(Unary{UnaryOp::kMinus, std::move(lhs.expr)}, position, ValueType::kScalar, height);
    }
  } else {
    lhs = duration_primary();
  }
  while (lhs && !failed() && at(TokenKind::kOperator)) {
    const BinaryOp op = token_.op;
    const int level = duration_precedence(op);
    if (level == 0 || level < least_precedence) break;
    const Token token = take();
    if (!options_.duration_expressions) {
      return fail_at(lhs.expr->position, "experimental duration expression is not enabled");
    }
    Node rhs = failed() ? Node{} : duration(op == BinaryOp::kPow ? level : level + 1);
    if (!rhs) return {};
    const auto* divisor = as<NumberLiteral>(*rhs.expr);
    if (divisor != nullptr && divisor->value == 0 && (op == BinaryOp::kDiv || op == BinaryOp::kMod)) {
      return fail_at(token.position(), op == BinaryOp::kDiv ? "division by zero" : "modulo by zero");
    }
    const Position position{lhs.expr->position.start, rhs.expr->position.end};
    const int height = 1 + std::max(lhs.height, rhs.height);
    Binary node;
    node.op = op;
    node.lhs = std::move(lhs.expr);
    node.rhs = std::move(rhs.expr);
    lhs = make(std::move(node), position, ValueType::kScalar, height);
  }
  --depth_;
  return failed() ? Node{} : std::move(lhs);
}

// 5m, 300, step(), range(), min_of(a, b), max_of(a, b), (…)
Grammar::Node Grammar::duration_primary() {
  if (at(TokenKind::kNumber) || at(TokenKind::kDuration)) return number();
  if (at(TokenKind::kLeftParen)) {
    const std::size_t start = take().start;
    if (!options_.duration_expressions) {
      return fail_at({start, start + 1}, "experimental duration expression is not enabled");
    }
    Node inner = failed() ? Node{} : duration(0);
    if (!inner || !at(TokenKind::kRightParen)) return {};
    const std::size_t end = take().end;
    const int height = inner.height + 1;
    return make(Paren{std::move(inner.expr)}, {start, end}, ValueType::kScalar, height);
  }
  const Function* function = nullptr;
  for (const std::string_view name : {"step", "range", "min_of", "max_of"}) {
    if (at_word(name) && at_call()) function = find_function(name);
  }
  if (function == nullptr) return {};
  const std::size_t start = take().start;
  if (!options_.duration_expressions) {
    return fail_at({start, previous_end_}, "experimental duration expression is not enabled");
  }
  take();  // (
  Call call;
  call.function = function;
  int height = 0;
  for (std::size_t i = 0; i < function->args.size(); ++i) {
    if (i > 0 && !accept(TokenKind::kComma)) return {};
    Node argument = failed() ? Node{} : duration(0);
    if (!argument) return {};
    height = std::max(height, argument.height);
    call.args.push_back(std::move(argument.expr));
  }
  if (failed() || !accept(TokenKind::kRightParen)) return {};
  return make(std::move(call), {start, previous_end_}, ValueType::kScalar, height + 1);
}

}  // namespace vigil::promql
