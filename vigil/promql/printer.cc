// Syntax tree to text: the canonical line, and the broken one of format_query.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "vigil/base/strings.h"
#include "vigil/promql/ast.h"
#include "vigil/promql/functions.h"

namespace vigil::promql {
namespace {

constexpr std::size_t kMaxLine = 100;
constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

// Prints on one line; gives up soon after `limit` bytes, so that asking whether an
// expression fits on a line costs no more than the line.
class LinePrinter {
 public:
  explicit LinePrinter(std::size_t limit = kNoLimit) : limit_(limit) {}

  void print(const Expr& expr) {
    if (full()) return;
    std::visit([this](const auto& node) { print_node(node); }, expr.node);
  }
  void print_operator(const Binary& node);
  void print_operator(const Aggregate& node);
  void print_brackets(const Subquery& node);

  bool full() const { return out_.size() > limit_; }
  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  void put(std::string_view text) { out_ += text; }
  void put_quoted(std::string_view text) {
    if (text.size() > limit_) {
      out_.append(limit_ + 1, ' ');  // too long for sure: its looks do not matter
    } else {
      out_ += go_quote(text);
    }
  }
  void put_labels(const std::vector<std::string>& labels);
  void put_time_modifiers(AtKind at, Timestamp timestamp, RangeMode mode, const DurationExpr& offset);
  void put_at(AtKind at, Timestamp timestamp);
  void put_mode(RangeMode mode);
  void put_offset(const DurationExpr& offset);
  void put_duration(const DurationExpr& duration);
  void put_selector(const VectorSelector& node);

  void print_node(const NumberLiteral& node);
  void print_node(const StringLiteral& node) { put_quoted(node.value); }
  void print_node(const VectorSelector& node);
  void print_node(const MatrixSelector& node);
  void print_node(const Subquery& node) {
    print(*node.expr);
    print_brackets(node);
  }
  void print_node(const Unary& node) {
    put(node.op == UnaryOp::kMinus ? "-" : "+");
    print(*node.expr);
  }
  void print_node(const Binary& node);
  void print_node(const Aggregate& node);
  void print_node(const Call& node);
  void print_node(const Paren& node) {
    put("(");
    print(*node.expr);
    put(")");
  }

  std::string out_;
  std::size_t limit_;
};

// Seconds that read back as `timestamp`: far from 1970 the nearest double may not.
double seconds_of(Timestamp timestamp) {
  const double nearest = static_cast<double>(timestamp) / 1000;
  for (const double seconds : {nearest, std::nextafter(nearest, -HUGE_VAL), std::nextafter(nearest, HUGE_VAL)}) {
    if (std::llround(seconds * 1000) == timestamp) return seconds;
  }
  return nearest;
}

void LinePrinter::put_labels(const std::vector<std::string>& labels) {
  put("(");
  for (std::size_t i = 0; i < labels.size() && !full(); ++i) {
    if (i > 0) put(", ");
    if (is_legacy_label_name(labels[i])) {
      put(labels[i]);
    } else {
      put_quoted(labels[i]);
    }
  }
  put(")");
}

void LinePrinter::put_at(AtKind at, Timestamp timestamp) {
  switch (at) {
    case AtKind::kNone: return;
    case AtKind::kTimestamp: out_ += fmt::format(" @ {:.3f}", seconds_of(timestamp)); return;
    case AtKind::kStart: put(" @ start()"); return;
    case AtKind::kEnd: put(" @ end()"); return;
  }
}

void LinePrinter::put_mode(RangeMode mode) {
  if (mode == RangeMode::kAnchored) put(" anchored");
  if (mode == RangeMode::kSmoothed) put(" smoothed");
}

void LinePrinter::put_offset(const DurationExpr& offset) {
  if (offset.constant == 0 && offset.expr == nullptr) return;
  put(" offset ");
  put_duration(offset);
}

void LinePrinter::put_duration(const DurationExpr& duration) {
  if (duration.expr != nullptr) {
    print(*duration.expr);
  } else {
    put(format_duration(duration.constant));
  }
}

void LinePrinter::print_node(const NumberLiteral& node) {
  if (node.is_duration) {
    put(format_duration(std::llround(node.value * 1000)));
  } else {
    append_float_fixed(out_, node.value);
  }
}

void LinePrinter::put_selector(const VectorSelector& node) {
  put(node.name);
  std::vector<const Matcher*> shown;
  for (const Matcher& matcher : node.matchers) {
    const bool is_name = !node.name.empty() && matcher.name() == kMetricName &&
                         matcher.type() == Matcher::Type::kEqual && matcher.value() == node.name;
    if (!is_name) shown.push_back(&matcher);
  }
  if (shown.empty()) {
    if (node.name.empty()) put("{}");
    return;
  }
  // Sorted as printed: equal selectors read equal.
  std::vector<std::string> texts;
  std::size_t length = 0;
  for (const Matcher* matcher : shown) {
    length += matcher->name().size() + matcher->value().size();
    if (length > limit_) {
      out_.append(limit_ + 1, ' ');
      return;
    }
    texts.push_back(matcher->to_string());
  }
  std::ranges::sort(texts);
  out_ += fmt::format("{{{}}}", fmt::join(texts, ","));
}

void LinePrinter::print_node(const VectorSelector& node) {
  put_selector(node);
  put_at(node.at, node.at_timestamp);
  put_mode(node.mode);
  put_offset(node.offset);
}

void LinePrinter::print_node(const MatrixSelector& node) {
  const auto& selector = std::get<VectorSelector>(node.selector->node);
  put_selector(selector);
  put("[");
  put_duration(node.range);
  put("]");
  put_mode(selector.mode);
  put_at(selector.at, selector.at_timestamp);
  put_offset(selector.offset);
}

void LinePrinter::print_brackets(const Subquery& node) {
  put("[");
  put_duration(node.range);
  put(":");
  if (node.step) put_duration(*node.step);
  put("]");
  put_at(node.at, node.at_timestamp);
  put_offset(node.offset);
}

void LinePrinter::print_operator(const Binary& node) {
  put(to_string(node.op));
  if (node.return_bool) put(" bool");
  if (!node.matching) return;
  const VectorMatching& matching = *node.matching;
  const bool grouped =
      matching.cardinality == MatchCardinality::kManyToOne || matching.cardinality == MatchCardinality::kOneToMany;
  if (!matching.labels.empty() || matching.on || grouped) {
    put(matching.on ? " on " : " ignoring ");
    put_labels(matching.labels);
  }
  if (grouped) {
    put(matching.cardinality == MatchCardinality::kManyToOne ? " group_left " : " group_right ");
    put_labels(matching.include);
  }
  const auto fill = [this](std::string_view name, double value) {
    out_ += fmt::format(" {} ({})", name, format_float(value));
  };
  // NaN is not equal to itself, but it is the same filling.
  const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  if (matching.fill_left && matching.fill_right && same(*matching.fill_left, *matching.fill_right)) {
    fill("fill", *matching.fill_left);
    return;
  }
  if (matching.fill_left) fill("fill_left", *matching.fill_left);
  if (matching.fill_right) fill("fill_right", *matching.fill_right);
}

void LinePrinter::print_node(const Binary& node) {
  const auto* base = as<NumberLiteral>(*node.lhs);
  if (node.op == BinaryOp::kPow && base != nullptr && std::isinf(base->value) && base->value > 0) {
    put("Inf");  // `+Inf ^ 2` would read back as +(Inf ^ 2)
  } else {
    print(*node.lhs);
  }
  put(" ");
  print_operator(node);
  put(" ");
  print(*node.rhs);
}

void LinePrinter::print_operator(const Aggregate& node) {
  put(to_string(node.op));
  if (!node.without && node.grouping.empty()) return;
  put(node.without ? " without " : " by ");
  put_labels(node.grouping);
  put(" ");
}

void LinePrinter::print_node(const Aggregate& node) {
  print_operator(node);
  put("(");
  if (node.param != nullptr) {
    print(*node.param);
    put(", ");
  }
  print(*node.expr);
  put(")");
}

void LinePrinter::print_node(const Call& node) {
  put(node.function->name);
  put("(");
  for (std::size_t i = 0; i < node.args.size() && !full(); ++i) {
    if (i > 0) put(", ");
    print(*node.args[i]);
  }
  put(")");
}

// Breaks what does not fit on a line at the outermost place, then looks again.
class Formatter {
 public:
  void format(const Expr& expr, std::size_t level) {
    indent(level);
    format_here(expr, level);
  }
  std::string take() { return std::move(out_); }

 private:
  // As format(), where the indentation is written already.
  void format_here(const Expr& expr, std::size_t level) {
    LinePrinter line(kMaxLine);
    line.print(expr);
    if (!line.full()) {
      out_ += line.text();
      return;
    }
    std::visit([&](const auto& node) { format_node(expr, node, level); }, expr.node);
  }

  // Bounded, or many short lines deep inside would multiply the text.
  void indent(std::size_t level) { out_.append(2 * std::min<std::size_t>(level, 64), ' '); }
  void end_line() { out_ += '\n'; }
  template <class Node>
  void put_operator(const Node& node) {
    LinePrinter line;
    line.print_operator(node);
    out_ += line.text();
  }

  // Nothing to break in the rest.
  template <class Leaf>
  void format_node(const Expr& expr, const Leaf&, std::size_t) {
    LinePrinter line;
    line.print(expr);
    out_ += line.text();
  }
  void format_node(const Expr&, const Subquery& node, std::size_t level) {
    format_here(*node.expr, level);
    LinePrinter line;
    line.print_brackets(node);
    out_ += line.text();
  }
  void format_node(const Expr&, const Unary& node, std::size_t level) {
    out_ += node.op == UnaryOp::kMinus ? '-' : '+';
    unpadded_at_ = out_.size();
    format_here(*node.expr, level);
  }
  void format_node(const Expr& expr, const Binary& node, std::size_t level);
  void format_node(const Expr&, const Aggregate& node, std::size_t level) {
    put_operator(node);
    out_ += "(\n";
    if (node.param != nullptr) {
      format(*node.param, level + 1);
      out_ += ",\n";
    }
    format(*node.expr, level + 1);
    end_line();
    indent(level);
    out_ += ')';
  }
  void format_node(const Expr&, const Call& node, std::size_t level) {
    out_ += node.function->name;
    out_ += "(\n";
    for (std::size_t i = 0; i < node.args.size(); ++i) {
      if (i > 0) out_ += ",\n";
      format(*node.args[i], level + 1);
    }
    end_line();
    indent(level);
    out_ += ')';
  }
  void format_node(const Expr&, const Paren& node, std::size_t level) {
    out_ += "(\n";
    format(*node.expr, level + 1);
    end_line();
    indent(level);
    out_ += ')';
  }

  std::string out_;
  std::size_t unpadded_at_ = kNoLimit;
};

void Formatter::format_node(const Expr&, const Binary& node, std::size_t level) {
  // The left side is indented one level deeper, unless a sign stands before it.
  if (out_.size() != unpadded_at_) out_ += "  ";
  format_here(*node.lhs, level + 1);
  end_line();
  indent(level);
  put_operator(node);
  end_line();
  format(*node.rhs, level + 1);
}

}  // namespace

std::string to_string(const Expr& expr) {
  LinePrinter printer;
  printer.print(expr);
  return printer.take();
}

std::string pretty(const Expr& expr) {
  Formatter formatter;
  formatter.format(expr, 0);
  return formatter.take();
}

}  // namespace vigil::promql
