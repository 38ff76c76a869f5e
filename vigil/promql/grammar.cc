#include "vigil/promql/grammar.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "vigil/base/strings.h"
#include "vigil/promql/functions.h"

namespace vigil::promql {
namespace {

constexpr int kUnaryPrecedence = 5;  // of * / %: -1^2 is -(1^2), -1*2 is (-1)*2
constexpr int kPowPrecedence = 6;

int precedence(BinaryOp op) {
  switch (op) {
    case BinaryOp::kOr: return 1;
    case BinaryOp::kAnd:
    case BinaryOp::kUnless: return 2;
    case BinaryOp::kEqual:
    case BinaryOp::kNotEqual:
    case BinaryOp::kGreater:
    case BinaryOp::kLess:
    case BinaryOp::kGreaterEqual:
    case BinaryOp::kLessEqual:
    case BinaryOp::kTrimUpper:
    case BinaryOp::kTrimLower: return 3;
    case BinaryOp::kAdd:
    case BinaryOp::kSub: return 4;
    case BinaryOp::kMul:
    case BinaryOp::kDiv:
    case BinaryOp::kMod:
    case BinaryOp::kAtan2: return kUnaryPrecedence;
    case BinaryOp::kPow: return kPowPrecedence;
  }
  return 0;
}

bool takes_parameter(AggregateOp op) {
  switch (op) {
    case AggregateOp::kTopK:
    case AggregateOp::kBottomK:
    case AggregateOp::kQuantile:
    case AggregateOp::kCountValues:
    case AggregateOp::kLimitK:
    case AggregateOp::kLimitRatio: return true;
    default: return false;
  }
}

std::string experimental(std::string_view name) {
  return fmt::format("{}() is experimental and must be enabled with --enable-feature=promql-experimental-functions",
                     name);
}

}  // namespace

Grammar::Grammar(std::string_view text, const ParserOptions& options) : text_(text), options_(options), lexer_(text) {
  take();
}

// ---- Tokens and failures

Token Grammar::take() {
  Token taken = std::exchange(token_, lexer_.next());
  previous_end_ = taken.end;
  if (at(TokenKind::kError)) fail_at(token_.position(), token_.text);
  return taken;
}

bool Grammar::at_word(std::string_view lower) const {
  return at(TokenKind::kIdentifier) && is_word(raw(token_), lower);
}

bool Grammar::accept(TokenKind kind) {
  if (!at(kind)) return false;
  take();
  return true;
}

bool Grammar::expect(TokenKind kind, std::string_view context, std::string_view expected) {
  if (at(kind)) {
    take();
    return !failed();
  }
  unexpected(context, expected);
  return false;
}

Grammar::Node Grammar::fail_at(Position position, std::string message) {
  if (!failed()) failure_ = ParseFailure{position, std::move(message)};
  return {};
}

Grammar::Node Grammar::unexpected(std::string_view context, std::string_view expected) {
  if (failed()) return {};
  if (context.empty() && aggregations_ > 0) context = "aggregation";
  std::string message = "unexpected " + describe(token_, text_);
  if (!context.empty()) message += fmt::format(" in {}", context);
  if (!expected.empty()) message += fmt::format(", expected {}", expected);
  return fail_at(token_.position(), std::move(message));
}

// ---- Whole texts

ExprPtr Grammar::expression() {
  if (!failed() && at(TokenKind::kEnd)) fail_at({}, "no expression found in input");
  if (failed()) return nullptr;
  Node root = binary(0);
  if (!failed() && !at(TokenKind::kEnd)) unexpected();
  return failed() ? nullptr : std::move(root.expr);
}

std::vector<Matcher> Grammar::selector() {
  if (failed()) return {};
  if (!at_metric_name() && !at(TokenKind::kLeftBrace)) unexpected();
  if (failed()) return {};
  Node node = vector_selector();
  if (!failed() && !at(TokenKind::kEnd)) unexpected();
  if (failed()) return {};
  return std::move(std::get<VectorSelector>(node.expr->node).matchers);
}

Labels Grammar::labels() {
  LabelsBuilder builder;
  std::string name;
  if (at_metric_name()) name = raw(take());
  if (!failed() && at(TokenKind::kLeftBrace) && !label_set(builder)) return {};
  if (!failed() && !at(TokenKind::kEnd)) unexpected();
  if (failed()) return {};
  if (!name.empty()) builder.set(kMetricName, name);
  return builder.build();
}

// ---- Operators

Grammar::Node Grammar::binary(int least_precedence) {
  if (depth_ >= kMaxDepth) return fail_at(token_.position(), "expression is nested too deeply");
  ++depth_;
  Node lhs = unary();
  while (lhs && at(TokenKind::kOperator)) {
    const BinaryOp op = token_.op;
    const int level = precedence(op);
    if (level < least_precedence) break;
    take();
    Binary node;
    node.op = op;
    VectorMatching matching;
    if (failed() || !binary_modifiers(node, matching)) return {};
    // Everything associates to the left but ^.
    Node rhs = binary(op == BinaryOp::kPow ? level : level + 1);
    if (!rhs) return {};
    const Position position{lhs.expr->position.start, rhs.expr->position.end};
    if (!options_.binop_fill_modifiers && (matching.fill_left || matching.fill_right)) {
      return fail_at(position, "binop fill modifiers are experimental and not enabled");
    }
    const bool scalar = lhs.expr->type == ValueType::kScalar && rhs.expr->type == ValueType::kScalar;
    const int height = 1 + std::max(lhs.height, rhs.height);
    node.lhs = std::move(lhs.expr);
    node.rhs = std::move(rhs.expr);
    node.matching = std::move(matching);
    lhs = make(std::move(node), position, scalar ? ValueType::kScalar : ValueType::kVector, height);
  }
  --depth_;
  return failed() ? Node{} : std::move(lhs);
}

Grammar::Node Grammar::unary() {
  if (!at_sign()) return postfix();
  const Token sign = take();
  if (failed()) return {};
  const bool minus = sign.op == BinaryOp::kSub;
  Node operand = binary(kPowPrecedence);
  if (!operand) return {};
  const Position position{sign.start, operand.expr->position.end};
  if (auto* literal = std::get_if<NumberLiteral>(&operand.expr->node)) {
    if (minus) literal->value = -literal->value;
    operand.expr->position = position;
    return operand;
  }
  const ValueType type = operand.expr->type;
  const int height = operand.height + 1;
  return make(Unary{minus ? UnaryOp::kMinus : UnaryOp::kPlus, std::move(operand.expr)}, position, type, height);
}

bool Grammar::binary_modifiers(Binary& binary, VectorMatching& matching) {
  binary.return_bool = accept(TokenKind::kBool);
  if (at(TokenKind::kOn) || at(TokenKind::kIgnoring)) {
    matching.on = take().kind == TokenKind::kOn;
    if (failed() || !label_list(matching.labels)) return false;
    if (at(TokenKind::kGroupLeft) || at(TokenKind::kGroupRight)) {
      matching.cardinality =
          take().kind == TokenKind::kGroupLeft ? MatchCardinality::kManyToOne : MatchCardinality::kOneToMany;
      if (failed()) return false;
      if (at(TokenKind::kLeftParen) && !label_list(matching.include)) return false;
    }
  }
  return fill_modifiers(matching) && !failed();
}

// fill(x), or fill_left(x) and fill_right(x) in any order.
bool Grammar::fill_modifiers(VectorMatching& matching) {
  const auto value = [this](std::optional<double>& out) {
    take();
    double number = 0;
    if (!expect(TokenKind::kLeftParen, "fill modifier", "\"(\"") || !signed_number(number) ||
        !expect(TokenKind::kRightParen, "fill modifier", "\")\"")) {
      return false;
    }
    out = number;
    return true;
  };
  if (at(TokenKind::kFill)) {
    if (!value(matching.fill_left)) return false;
    matching.fill_right = matching.fill_left;
    return true;
  }
  while ((at(TokenKind::kFillLeft) && !matching.fill_left) || (at(TokenKind::kFillRight) && !matching.fill_right)) {
    if (!value(at(TokenKind::kFillLeft) ? matching.fill_left : matching.fill_right)) return false;
  }
  return true;
}

Grammar::Node Grammar::postfix() {
  Node node = primary();
  while (node && !failed()) {
    switch (token_.kind) {
      case TokenKind::kLeftBracket: node = range_or_subquery(std::move(node)); break;
      case TokenKind::kOffset:
        if (!offset(*node.expr)) return {};
        break;
      case TokenKind::kAt:
        if (!at_modifier(*node.expr)) return {};
        break;
      case TokenKind::kAnchored:
      case TokenKind::kSmoothed:
        if (!range_mode(*node.expr)) return {};
        break;
      default: return node;
    }
  }
  return failed() ? Node{} : std::move(node);
}

// ---- Operands

// Keywords that may also name a metric where an operand begins.
bool Grammar::at_metric_name() const {
  switch (token_.kind) {
    case TokenKind::kIdentifier:
    case TokenKind::kMetricIdentifier:
    case TokenKind::kAggregator:
    case TokenKind::kOffset:
    case TokenKind::kAnchored:
    case TokenKind::kSmoothed:
    case TokenKind::kBy:
    case TokenKind::kWithout: return true;
    case TokenKind::kOperator:
      return token_.op == BinaryOp::kAnd || token_.op == BinaryOp::kOr || token_.op == BinaryOp::kUnless;
    default: return false;
  }
}

Grammar::Node Grammar::primary() {
  switch (token_.kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration: return number();
    case TokenKind::kString: return string();
    case TokenKind::kLeftParen: return paren();
    case TokenKind::kLeftBrace: return vector_selector();
    case TokenKind::kAggregator: return aggregate();
    case TokenKind::kIdentifier: return at_call() ? call() : vector_selector();
    default: return at_metric_name() ? vector_selector() : unexpected();
  }
}

Grammar::Node Grammar::number() {
  const Token token = take();
  NumberLiteral literal;
  literal.is_duration = token.kind == TokenKind::kDuration;
  if (failed() || !number_value(token, literal.value)) return {};
  return make(literal, token.position(), ValueType::kScalar, 1);
}

Grammar::Node Grammar::string() {
  Token token = take();
  if (failed()) return {};
  const Position position = token.position();
  return make(StringLiteral{std::move(token.text)}, position, ValueType::kString, 1);
}

Grammar::Node Grammar::paren() {
  const std::size_t start = take().start;
  if (failed()) return {};
  Node inner = binary(0);
  if (!inner) return {};
  if (!at(TokenKind::kRightParen)) return unexpected();
  const std::size_t end = take().end;
  if (failed()) return {};
  const ValueType type = inner.expr->type;
  const int height = inner.height + 1;
  return make(Paren{std::move(inner.expr)}, {start, end}, type, height);
}

// A comma may follow the last argument.
bool Grammar::arguments(Arguments& arguments, int& height) {
  take();  // (
  while (!failed() && !at(TokenKind::kRightParen)) {
    Node argument = binary(0);
    if (!argument) return false;
    height = std::max(height, argument.height);
    arguments.push_back(std::move(argument.expr));
    if (!at(TokenKind::kRightParen) && !at(TokenKind::kComma)) {
      unexpected();
      return false;
    }
    accept(TokenKind::kComma);
  }
  take();  // )
  return !failed();
}

Grammar::Node Grammar::call() {
  const Token name = take();
  Arguments args;
  int height = 0;
  if (failed() || !arguments(args, height)) return {};
  const Function* function = find_function(raw(name));
  if (function == nullptr) {
    return fail_at(name.position(), fmt::format("unknown function with name {}", go_quote(raw(name))));
  }
  if (function->experimental && !options_.experimental_functions) {
    return fail_at(name.position(), experimental(function->name));
  }
  return make(Call{function, std::move(args)}, {name.start, previous_end_}, function->returns, height + 1);
}

// Whether the token may stand right after an operand: then a keyword before it was a name.
bool Grammar::ends_operand() const {
  switch (token_.kind) {
    case TokenKind::kEnd:
    case TokenKind::kOperator:
    case TokenKind::kRightParen:
    case TokenKind::kComma:
    case TokenKind::kLeftBrace:
    case TokenKind::kLeftBracket:
    case TokenKind::kAt:
    case TokenKind::kOffset:
    case TokenKind::kAnchored:
    case TokenKind::kSmoothed: return true;
    default: return false;
  }
}

Grammar::Node Grammar::aggregate() {
  if (!at_call()) {
    // `sum` may be a metric: what follows decides, so look one token ahead.
    Lexer ahead = lexer_;
    const Token following = std::exchange(token_, ahead.next());
    const bool is_name = ends_operand();
    const bool grouping = at(TokenKind::kBy) || at(TokenKind::kWithout);
    token_ = following;
    if (is_name) return vector_selector();
    if (!grouping) {
      take();
      return unexpected("aggregation");
    }
  }
  const Token op = take();
  ++aggregations_;
  Aggregate node;
  node.op = op.aggregate;
  const auto grouping = [&] {
    node.without = take().kind == TokenKind::kWithout;
    return !failed() && label_list(node.grouping);
  };
  const auto at_grouping = [&] { return at(TokenKind::kBy) || at(TokenKind::kWithout); };

  const bool leading = at_grouping();
  if (failed() || (leading && !grouping())) return {};
  Arguments args;
  int height = 0;
  if (!at(TokenKind::kLeftParen)) return unexpected();
  if (!arguments(args, height)) return {};
  if (!leading && at_grouping() && !grouping()) return {};
  --aggregations_;

  const Position position{op.start, previous_end_};
  if (args.empty()) return fail_at(position, "no arguments for aggregate expression provided");
  const bool parameter = takes_parameter(node.op);
  if ((node.op == AggregateOp::kLimitK || node.op == AggregateOp::kLimitRatio) && !options_.experimental_functions) {
    return fail_at(position, experimental(to_string(node.op)));
  }
  const std::size_t desired = parameter ? 2 : 1;
  if (args.size() != desired) {
    return fail_at(position,
                   fmt::format("wrong number of arguments for aggregate expression provided, expected {}, got {}",
                               desired, args.size()));
  }
  if (parameter) node.param = std::move(args.front());
  node.expr = std::move(args.back());
  return make(std::move(node), position, ValueType::kVector, height + 1);
}

// ---- Names, labels, matchers

// ( a, "b.c", by, )
bool Grammar::label_list(std::vector<std::string>& labels) {
  constexpr std::string_view kContext = "grouping opts";
  if (!expect(TokenKind::kLeftParen, kContext, "\"(\"")) return false;
  while (!at(TokenKind::kRightParen)) {
    const bool name = at_metric_name() || at_operator(BinaryOp::kAtan2) || token_.kind >= TokenKind::kOffset;
    if (!name && !at(TokenKind::kString)) {
      unexpected(kContext, "label");
      return false;
    }
    Token token = take();
    if (failed()) return false;
    std::string label = token.kind == TokenKind::kString ? std::move(token.text) : std::string(raw(token));
    if (label.empty() || !is_valid_utf8(label)) {
      fail_at(token.position(), "invalid label name for grouping: " + go_quote(label));
      return false;
    }
    labels.push_back(std::move(label));
    if (!at(TokenKind::kRightParen) && !expect(TokenKind::kComma, kContext, "\",\" or \")\"")) return false;
  }
  take();
  return !failed();
}

Grammar::Node Grammar::vector_selector() {
  VectorSelector selector;
  Position position = token_.position();
  if (!at(TokenKind::kLeftBrace)) selector.name = raw(take());
  if (failed()) return {};
  if (at(TokenKind::kLeftBrace)) {
    if (!matchers(selector.matchers)) return {};
    position.end = previous_end_;
  }
  if (!selector.name.empty()) selector.matchers.push_back(Matcher::equal(kMetricName, selector.name));
  return make(std::move(selector), position, ValueType::kVector, 1);
}

bool Grammar::matchers(std::vector<Matcher>& matchers) {
  take();  // {
  while (!failed() && !at(TokenKind::kRightBrace)) {
    if (!matcher(matchers)) return false;
    if (!at(TokenKind::kRightBrace) && !expect(TokenKind::kComma, "label matching", "\",\" or \"}\"")) return false;
  }
  take();
  return !failed();
}

// a="b", "a.b"=~"c", or "metric.name" alone.
bool Grammar::matcher(std::vector<Matcher>& matchers) {
  constexpr std::string_view kContext = "label matching";
  if (!at(TokenKind::kIdentifier) && !at(TokenKind::kString)) {
    unexpected(kContext, "identifier or \"}\"");
    return false;
  }
  Token name = take();
  if (failed()) return false;
  const bool quoted = name.kind == TokenKind::kString;
  const std::string label = quoted ? std::move(name.text) : std::string(raw(name));
  Matcher::Type type = Matcher::Type::kEqual;
  switch (token_.kind) {
    case TokenKind::kEqual: break;
    case TokenKind::kEqualRegex: type = Matcher::Type::kRegex; break;
    case TokenKind::kNotRegex: type = Matcher::Type::kNotRegex; break;
    case TokenKind::kOperator: type = Matcher::Type::kNotEqual; break;  // only != is lexed inside braces
    default:
      if (!quoted) {
        unexpected(kContext, "label matching operator");
        return false;
      }
      matchers.push_back(Matcher::equal(kMetricName, label));
      return true;
  }
  take();
  if (failed()) return false;
  if (!at(TokenKind::kString)) {
    unexpected(kContext, "string");
    return false;
  }
  const Token value = take();
  if (failed()) return false;
  Result<Matcher> created = Matcher::create(type, label, value.text);
  if (!created) {
    fail_at({name.start, value.end}, created.error().message());
    return false;
  }
  matchers.push_back(std::move(*created));
  return true;
}

// {a="b", "metric.name", "c.d"="e"} as the labels of a series.
bool Grammar::label_set(LabelsBuilder& labels) {
  constexpr std::string_view kContext = "label set";
  take();  // {
  while (!failed() && !at(TokenKind::kRightBrace)) {
    if (!at(TokenKind::kIdentifier) && !at(TokenKind::kString)) {
      unexpected(kContext, "identifier or \"}\"");
      return false;
    }
    Token name = take();
    if (failed()) return false;
    const bool quoted = name.kind == TokenKind::kString;
    const std::string label = quoted ? std::move(name.text) : std::string(raw(name));
    if (quoted && !at(TokenKind::kEqual)) {
      labels.set(kMetricName, label);
    } else {
      if (!expect(TokenKind::kEqual, kContext, "\"=\"")) return false;
      if (!at(TokenKind::kString)) {
        unexpected(kContext, "string");
        return false;
      }
      labels.set(label, take().text);
      if (failed()) return false;
    }
    if (!at(TokenKind::kRightBrace) && !expect(TokenKind::kComma, kContext, "\",\" or \"}\"")) return false;
  }
  take();
  return !failed();
}

// ---- Numbers

// Go's ParseInt with base 0, then ParseFloat: 0x1f, 0755 and 1_000 are integers.
// Durations count in seconds.
bool Grammar::number_value(const Token& token, double& value) {
  if (token.kind == TokenKind::kDuration) {
    const Result<Duration> duration = parse_duration(raw(token));
    if (!duration) {
      fail_at(token.position(), duration.error().message());
      return false;
    }
    value = static_cast<double>(*duration) / 1000;
    return true;
  }
  std::string text(raw(token));
  std::erase(text, '_');
  const bool octal = text.size() > 1 && text.front() == '0' && text.find_first_not_of("01234567") == std::string::npos;
  if (octal && text.size() <= 22) {
    value = 0;
    for (const char c : text) value = value * 8 + (c - '0');
    return true;
  }
  if (const auto parsed = parse_float(text)) {
    value = *parsed;
    return true;
  }
  const bool range = text.find_first_not_of("0123456789.eE+-") == std::string::npos;
  fail_at(token.position(), fmt::format("error parsing number: strconv.ParseFloat: parsing {}: {}",
                                        go_quote(raw(token)), range ? "value out of range" : "invalid syntax"));
  return false;
}

// For @ and fill(): a number or duration with an optional sign.
bool Grammar::signed_number(double& value) {
  const bool minus = at_operator(BinaryOp::kSub);
  if (at_sign()) take();
  if (!at(TokenKind::kNumber) && !at(TokenKind::kDuration)) {
    unexpected();
    return false;
  }
  const Token token = take();
  if (failed() || !number_value(token, value)) return false;
  if (minus) value = -value;
  return true;
}

}  // namespace vigil::promql
