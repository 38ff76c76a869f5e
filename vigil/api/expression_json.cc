// The tree of an expression in the shape of Prometheus' /api/v1/parse_query
// (web/api/v1/translate_ast.go).
#include <array>
#include <type_traits>
#include <variant>

#include "vigil/api/query_json.h"
#include "vigil/base/strings.h"
#include "vigil/promql/functions.h"

namespace vigil::api {
namespace {

using namespace promql;

std::string_view short_name(ValueType type) {
  switch (type) {
    case ValueType::kScalar: return "scalar";
    case ValueType::kVector: return "vector";
    case ValueType::kMatrix: return "matrix";
    case ValueType::kString: return "string";
    case ValueType::kNone: break;
  }
  return "none";
}

std::string_view cardinality(MatchCardinality card) {
  switch (card) {
    case MatchCardinality::kManyToOne: return "many-to-one";
    case MatchCardinality::kOneToMany: return "one-to-many";
    case MatchCardinality::kManyToMany: return "many-to-many";
    case MatchCardinality::kOneToOne: break;
  }
  return "one-to-one";
}

void write_strings(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name);
  json.begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
}

void write_child(JsonWriter& json, std::string_view name, const ExprPtr& expr) {
  json.key(name);
  if (expr == nullptr) {
    json.null();
  } else {
    write_expression(json, *expr);
  }
}

void write_duration(JsonWriter& json, std::string_view name, const DurationExpr& duration) {
  json.member(name, duration.constant);
  if (duration.expr) json.member(std::string(name) + "Expr", promql::to_string(*duration.expr));
}

void write_at(JsonWriter& json, AtKind at, Timestamp timestamp) {
  json.key("timestamp");
  if (at == AtKind::kTimestamp) {
    json.value(timestamp);
  } else {
    json.null();
  }
  json.key("startOrEnd");
  if (at == AtKind::kStart) {
    json.value("start");
  } else if (at == AtKind::kEnd) {
    json.value("end");
  } else {
    json.null();
  }
}

void write_selector(JsonWriter& json, const VectorSelector& selector) {
  json.member("name", selector.name);
  write_duration(json, "offset", selector.offset);
  json.key("matchers");
  json.begin_array();
  for (const Matcher& matcher : selector.matchers) {
    json.begin_object();
    json.member("name", matcher.name());
    json.member("value", matcher.value());
    json.member("type", to_string(matcher.type()));
    json.end_object();
  }
  json.end_array();
  write_at(json, selector.at, selector.at_timestamp);
  if (selector.mode == RangeMode::kAnchored) json.member("anchored", true);
  if (selector.mode == RangeMode::kSmoothed) json.member("smoothed", true);
}

void write_fill(JsonWriter& json, std::string_view name, const std::optional<double>& value) {
  json.key(name);
  if (value) {
    json.value(*value);
  } else {
    json.null();
  }
}

struct NodeWriter {
  JsonWriter& json;

  void operator()(const NumberLiteral& node) const {
    json.member("type", "numberLiteral");
    json.key("val");
    json.sample(node.value);
  }
  void operator()(const StringLiteral& node) const {
    json.member("type", "stringLiteral");
    json.member("val", node.value);
  }
  void operator()(const VectorSelector& node) const {
    json.member("type", "vectorSelector");
    write_selector(json, node);
  }
  void operator()(const MatrixSelector& node) const {
    json.member("type", "matrixSelector");
    write_duration(json, "range", node.range);
    write_selector(json, *as<VectorSelector>(*node.selector));
  }
  void operator()(const Subquery& node) const {
    json.member("type", "subquery");
    write_child(json, "expr", node.expr);
    write_duration(json, "range", node.range);
    write_duration(json, "offset", node.offset);
    write_duration(json, "step", node.step.value_or(DurationExpr()));
    write_at(json, node.at, node.at_timestamp);
  }
  void operator()(const Unary& node) const {
    json.member("type", "unaryExpr");
    json.member("op", node.op == UnaryOp::kMinus ? "-" : "+");
    write_child(json, "expr", node.expr);
  }
  void operator()(const Binary& node) const {
    json.member("type", "binaryExpr");
    json.member("op", promql::to_string(node.op));
    write_child(json, "lhs", node.lhs);
    write_child(json, "rhs", node.rhs);
    json.key("matching");
    if (!node.matching) {
      json.null();
    } else {
      json.begin_object();
      json.member("card", cardinality(node.matching->cardinality));
      write_strings(json, "labels", node.matching->labels);
      json.member("on", node.matching->on);
      write_strings(json, "include", node.matching->include);
      json.key("fillValues");
      json.begin_object();
      write_fill(json, "lhs", node.matching->fill_left);
      write_fill(json, "rhs", node.matching->fill_right);
      json.end_object();
      json.end_object();
    }
    json.member("bool", node.return_bool);
  }
  void operator()(const Aggregate& node) const {
    json.member("type", "aggregation");
    json.member("op", promql::to_string(node.op));
    write_child(json, "expr", node.expr);
    write_child(json, "param", node.param);
    write_strings(json, "grouping", node.grouping);
    json.member("without", node.without);
  }
  void operator()(const Call& node) const {
    json.member("type", "call");
    json.key("func");
    json.begin_object();
    json.member("name", node.function->name);
    json.key("argTypes");
    json.begin_array();
    for (const ValueType type : node.function->args) json.value(short_name(type));
    json.end_array();
    json.member("variadic", node.function->variadic);
    json.member("returnType", short_name(node.function->returns));
    json.end_object();
    json.key("args");
    json.begin_array();
    for (const ExprPtr& arg : node.args) write_expression(json, *arg);
    json.end_array();
  }
  void operator()(const Paren& node) const {
    json.member("type", "parenExpr");
    write_child(json, "expr", node.expr);
  }
};

void collect(const Expr& expr, std::vector<const VectorSelector*>& out) {
  const auto into = [&out](const ExprPtr& child) {
    if (child) collect(*child, out);
  };
  std::visit(
      [&](const auto& node) {
        using T = std::decay_t<decltype(node)>;
        if constexpr (std::is_same_v<T, VectorSelector>) {
          out.push_back(&node);
        } else if constexpr (std::is_same_v<T, MatrixSelector>) {
          into(node.selector);
        } else if constexpr (std::is_same_v<T, Binary>) {
          into(node.lhs);
          into(node.rhs);
        } else if constexpr (std::is_same_v<T, Aggregate>) {
          into(node.param);
          into(node.expr);
        } else if constexpr (std::is_same_v<T, Call>) {
          for (const ExprPtr& arg : node.args) into(arg);
        } else if constexpr (std::is_same_v<T, Subquery> || std::is_same_v<T, Unary> || std::is_same_v<T, Paren>) {
          into(node.expr);
        }
      },
      expr.node);
}

}  // namespace

void write_expression(JsonWriter& json, const Expr& expr) {
  json.begin_object();
  std::visit(NodeWriter{json}, expr.node);
  json.end_object();
}

std::vector<const VectorSelector*> selectors_of(const Expr& expr) {
  std::vector<const VectorSelector*> out;
  collect(expr, out);
  return out;
}

}  // namespace vigil::api
