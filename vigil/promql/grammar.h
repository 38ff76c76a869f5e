// Recursive descent over PromQL's tokens. Internal: callers use parser.h.
//
// Operators are handled by precedence climbing. Every function returns an empty
// node once something failed; the first failure is kept and is the one reported.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/model/labels.h"
#include "vigil/model/matcher.h"
#include "vigil/promql/ast.h"
#include "vigil/promql/lexer.h"
#include "vigil/promql/parser.h"

namespace vigil::promql {

struct ParseFailure {
  Position position;
  std::string message;
};

class Grammar {
 public:
  Grammar(std::string_view text, const ParserOptions& options);

  // Each reads the whole text; on failure the result is empty and failure() is set.
  ExprPtr expression();
  std::vector<Matcher> selector();
  Labels labels();

  const std::optional<ParseFailure>& failure() const { return failure_; }

 private:
  // An expression and the height of its tree: every later walk over the tree is
  // recursive, so the height is bounded, not only the nesting of the text.
  struct Node {
    ExprPtr expr;
    int height = 0;
    explicit operator bool() const { return expr != nullptr; }
  };
  using Arguments = std::vector<ExprPtr>;

  // Tokens.
  bool at(TokenKind kind) const { return token_.kind == kind; }
  bool at_operator(BinaryOp op) const { return at(TokenKind::kOperator) && token_.op == op; }
  bool at_sign() const { return at_operator(BinaryOp::kAdd) || at_operator(BinaryOp::kSub); }
  bool at_word(std::string_view lower) const;
  bool at_call() const { return lexer_.followed_by('('); }
  std::string_view raw(const Token& token) const { return text_.substr(token.start, token.end - token.start); }
  Token take();  // the current token; moves on
  bool accept(TokenKind kind);
  bool expect(TokenKind kind, std::string_view context, std::string_view expected);

  // Failures. All return an empty node or false for `return` to pass on.
  Node fail_at(Position position, std::string message);
  Node unexpected(std::string_view context = {}, std::string_view expected = {});
  bool failed() const { return failure_.has_value(); }

  template <class T>
  Node make(T node, Position position, ValueType type, int height);

  // grammar.cc: expressions.
  Node binary(int least_precedence);
  Node unary();
  Node postfix();
  Node primary();
  Node number();
  Node string();
  Node paren();
  Node aggregate();
  Node call();
  Node vector_selector();
  bool binary_modifiers(Binary& binary, VectorMatching& matching);
  bool fill_modifiers(VectorMatching& matching);
  bool signed_number(double& value);
  bool arguments(Arguments& arguments, int& height);
  bool label_list(std::vector<std::string>& labels);
  bool matchers(std::vector<Matcher>& matchers);
  bool matcher(std::vector<Matcher>& matchers);
  bool label_set(LabelsBuilder& labels);
  bool number_value(const Token& token, double& value);
  bool at_metric_name() const;
  bool ends_operand() const;

  // grammar_modifiers.cc: what follows a selector, and durations.
  Node range_or_subquery(Node operand);
  bool offset(Expr& selector);
  bool at_modifier(Expr& selector);
  bool range_mode(Expr& selector);
  Node duration(int least_precedence);
  Node duration_primary();
  bool positive_duration(DurationExpr& out);
  bool duration_value(Node node, bool positive, DurationExpr& out);

  std::string_view text_;
  ParserOptions options_;
  Lexer lexer_;
  Token token_;
  std::size_t previous_end_ = 0;  // of the last token taken
  int depth_ = 0;                 // of recursion
  int aggregations_ = 0;          // open ones: upstream's errors say "in aggregation"
  std::optional<ParseFailure> failure_;
};

template <class T>
Grammar::Node Grammar::make(T node, Position position, ValueType type, int height) {
  if (height > kMaxDepth) return fail_at(position, "expression is nested too deeply");
  auto expr = std::make_unique<Expr>();
  expr->position = position;
  expr->type = type;
  expr->node = std::move(node);
  return {std::move(expr), height};
}

}  // namespace vigil::promql
