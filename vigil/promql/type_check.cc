#include "vigil/promql/type_check.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "vigil/base/strings.h"
#include "vigil/promql/functions.h"

namespace vigil::promql {
namespace {

class TypeChecker {
 public:
  explicit TypeChecker(std::string_view text) : text_(text) {}

  // Each returns false once there is a failure.
  bool check(Expr& expr) {
    return std::visit([&](auto& node) { return check_node(expr, node); }, expr.node);
  }
  std::optional<ParseFailure> failure;

 private:
  bool fail(Position position, std::string message) {
    failure = ParseFailure{position, std::move(message)};
    return false;
  }

  bool expect(Expr& expr, ValueType want, std::string_view context) {
    if (!check(expr)) return false;
    if (expr.type == want) return true;
    return fail(expr.position,
                fmt::format("expected type {} in {}, got {}", to_string(want), context, to_string(expr.type)));
  }

  bool check_node(Expr&, NumberLiteral&) { return true; }
  bool check_node(Expr&, StringLiteral&) { return true; }
  bool check_node(Expr&, MatrixSelector& node) { return check(*node.selector); }
  bool check_node(Expr&, Paren& node) { return check(*node.expr); }

  bool check_node(Expr& expr, VectorSelector& node) {
    if (!node.name.empty()) {
      // The matcher for the name written before the braces is the last one.
      for (std::size_t i = 0; i + 1 < node.matchers.size(); ++i) {
        const Matcher& matcher = node.matchers[i];
        if (matcher.name() == kMetricName) {
          return fail(expr.position, fmt::format("metric name must not be set twice: {} or {}", go_quote(node.name),
                                                 go_quote(matcher.value())));
        }
      }
      return true;
    }
    // Else a typo would select everything there is.
    if (std::ranges::all_of(node.matchers, [](const Matcher& matcher) { return matcher.matches_empty(); })) {
      return fail(expr.position, "vector selector must contain at least one non-empty matcher");
    }
    return true;
  }

  bool check_node(Expr& expr, Subquery& node) {
    if (!check(*node.expr)) return false;
    if (node.expr->type == ValueType::kVector) return true;
    return fail(expr.position,
                fmt::format("subquery is only allowed on instant vector, got {} instead", to_string(node.expr->type)));
  }

  bool check_node(Expr& expr, Unary& node) {
    if (!check(*node.expr)) return false;
    const ValueType type = node.expr->type;
    if (type == ValueType::kScalar || type == ValueType::kVector) return true;
    return fail(expr.position,
                fmt::format("unary expression only allowed on expressions of type scalar or instant vector, got {}",
                            go_quote(to_string(type))));
  }

  bool check_node(Expr&, Aggregate& node) {
    if (!expect(*node.expr, ValueType::kVector, "aggregation expression")) return false;
    if (node.param == nullptr) return true;
    const ValueType want = node.op == AggregateOp::kCountValues ? ValueType::kString : ValueType::kScalar;
    return expect(*node.param, want, "aggregation parameter");
  }

  bool check_node(Expr& expr, Binary& node);
  bool check_node(Expr& expr, Call& node);
  bool check_info(Call& node);
  Position operator_position(const Binary& node) const;

  std::string_view text_;
};

Position TypeChecker::operator_position(const Binary& node) const {
  constexpr std::string_view kSpaces = " \t\r\n";
  const std::size_t start = text_.find_first_not_of(kSpaces, node.lhs->position.end);
  const std::size_t end = text_.find_last_not_of(kSpaces, node.rhs->position.start - 1);
  return {start, end + 1};
}

bool TypeChecker::check_node(Expr& expr, Binary& node) {
  if (!check(*node.lhs) || !check(*node.rhs)) return false;
  const ValueType left = node.lhs->type;
  const ValueType right = node.rhs->type;
  if (node.return_bool && !is_comparison(node.op)) {
    return fail(operator_position(node), "bool modifier can only be used on comparison operators");
  }
  if (is_comparison(node.op) && !node.return_bool && left == ValueType::kScalar && right == ValueType::kScalar) {
    return fail(operator_position(node), "comparisons between scalars must use BOOL modifier");
  }
  VectorMatching& matching = *node.matching;
  if (matching.on) {
    for (const std::string& label : matching.labels) {
      if (std::ranges::find(matching.include, label) == matching.include.end()) continue;
      return fail(operator_position(node),
                  fmt::format("label {} must not occur in ON and GROUP clause at once", go_quote(label)));
    }
  }
  for (const Expr* side : {node.lhs.get(), node.rhs.get()}) {
    if (side->type != ValueType::kScalar && side->type != ValueType::kVector) {
      return fail(side->position, "binary expression must contain only scalar and instant vector types");
    }
  }
  const bool fills = matching.fill_left || matching.fill_right;
  if (left != ValueType::kVector || right != ValueType::kVector) {
    if (!matching.labels.empty()) return fail(expr.position, "vector matching only allowed between instant vectors");
    if (fills) return fail(expr.position, "filling in missing series only allowed between instant vectors");
    if (is_set_operator(node.op)) {
      return fail(expr.position,
                  fmt::format("set operator {} not allowed in binary scalar expression", go_quote(to_string(node.op))));
    }
    node.matching.reset();
    return true;
  }
  if (is_set_operator(node.op)) {
    if (matching.cardinality != MatchCardinality::kOneToOne) {
      return fail(expr.position, fmt::format("no grouping allowed for {} operation", go_quote(to_string(node.op))));
    }
    if (fills) return fail(expr.position, "filling in missing series not allowed for set operators");
    matching.cardinality = MatchCardinality::kManyToMany;
  }
  return true;
}

bool TypeChecker::check_node(Expr& expr, Call& node) {
  const Function& function = *node.function;
  const std::size_t declared = function.args.size();
  const std::size_t given = node.args.size();
  const auto wrong_count = [&](std::string_view bound, std::size_t count) {
    return fail(expr.position, fmt::format("expected {}{} argument(s) in call to {}, got {}", bound, count,
                                           go_quote(function.name), given));
  };
  if (function.variadic == 0) {
    if (given != declared) return wrong_count("", declared);
  } else {
    const std::size_t least = declared - static_cast<std::size_t>(function.variadic < 0 ? 1 : function.variadic);
    if (given < least) return wrong_count("at least ", least);
    if (function.variadic > 0 && given > declared) return wrong_count("at most ", declared);
  }
  const bool info = function.name == "info" && given > 1;
  if (info && !check_info(node)) return false;
  for (std::size_t i = 0; i < given; ++i) {
    Expr& arg = *node.args[i];
    // info()'s selector may match everything: it selects labels, not series.
    if (!(info && i == 1) && !check(arg)) return false;
    const ValueType want = function.args[std::min(i, declared - 1)];
    if (arg.type != want) {
      return fail(arg.position, fmt::format("expected type {} in call to function {}, got {}", to_string(want),
                                            go_quote(function.name), to_string(arg.type)));
    }
  }
  return true;
}

bool TypeChecker::check_info(Call& node) {
  const Expr& labels = *node.args[1];
  if (labels.type != ValueType::kVector) return true;  // refused with the other arguments
  const auto* selector = as<VectorSelector>(labels);
  if (selector == nullptr) return fail(labels.position, "expected label selectors only");
  if (!selector->name.empty()) {
    return fail(labels.position, "expected label selectors only, got vector selector instead");
  }
  return true;
}

}  // namespace

std::optional<ParseFailure> check_types(Expr& root, std::string_view text) {
  TypeChecker checker(text);
  checker.check(root);
  return std::move(checker.failure);
}

}  // namespace vigil::promql
