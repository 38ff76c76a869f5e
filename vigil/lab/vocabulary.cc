#include "vigil/lab/vocabulary.h"

#include <algorithm>

#include "vigil/promql/functions.h"
#include "vigil/promql/parser.h"

namespace vigil::lab {
namespace {

constexpr std::string_view kOfEveryTarget[] = {"job", "instance", "stack"};

// The values a matcher names one by one: a, or a|b|c; none for other expressions.
std::vector<std::string> named_values(const Matcher& matcher) {
  if (matcher.type() == Matcher::Type::kEqual || matcher.type() == Matcher::Type::kNotEqual) return {matcher.value()};
  return matcher.alternatives();
}

bool counts_up(std::string_view function) {
  return function == "rate" || function == "irate" || function == "increase" || function == "resets";
}
bool moves_both_ways(std::string_view function) {
  return function == "delta" || function == "idelta" || function == "deriv" || function == "predict_linear";
}

}  // namespace

// Looks at one expression. What a node yields is not needed, only what it names.
class Vocabulary::Walk {
 public:
  explicit Walk(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {}

  void expression(const promql::Expr& expr) {
    std::visit([&](const auto& node) { visit(node); }, expr.node);
  }
  std::vector<std::string> problems;

 private:
  // What the expressions below an aggregation can be grouped by.
  struct Names {
    std::set<std::string, std::less<>> labels;
    bool any = false;
  };

  void visit(const promql::NumberLiteral&) {}
  void visit(const promql::StringLiteral&) {}
  void visit(const promql::Paren& node) { expression(*node.expr); }
  void visit(const promql::Unary& node) { expression(*node.expr); }
  void visit(const promql::MatrixSelector& node) { expression(*node.selector); }
  void visit(const promql::Subquery& node) { expression(*node.expr); }

  void visit(const promql::VectorSelector& node) {
    const Metric* const metric = find(node);
    if (metric == nullptr) {
      problems.push_back("unknown metric " + name_of(node));
      return;
    }
    for (const Matcher& matcher : node.matchers) {
      if (matcher.name() == "__name__") continue;
      if (!has(*metric, matcher.name())) {
        problems.push_back(name_of(node) + " has no label " + matcher.name());
        continue;
      }
      const auto closed = metric->closed.find(matcher.name());
      if (closed == metric->closed.end()) continue;
      for (const std::string& value : named_values(matcher)) {
        if (!value.empty() && !closed->second.contains(value)) {
          problems.push_back("label " + matcher.name() + " of " + name_of(node) + " is never \"" + value + "\"");
        }
      }
    }
  }

  void visit(const promql::Call& node) {
    const std::string_view function = node.function->name;
    for (const auto& argument : node.args) expression(*argument);
    if (node.args.empty()) return;
    const auto* const range = promql::as<promql::MatrixSelector>(*node.args.front());
    if (range == nullptr) return;
    const auto* const selector = promql::as<promql::VectorSelector>(*range->selector);
    const Metric* const metric = selector == nullptr ? nullptr : find(*selector);
    if (metric == nullptr) return;
    // etcd declares some counters as gauges and says so by their names.
    const bool named_counter = name_of(*selector).ends_with("_total");
    if (counts_up(function) && metric->type == MetricType::kGauge && !named_counter) {
      problems.push_back(std::string(function) + "() of the gauge " + name_of(*selector));
    }
    if (moves_both_ways(function) && metric->type == MetricType::kCounter) {
      problems.push_back(std::string(function) + "() of the counter " + name_of(*selector));
    }
  }

  void visit(const promql::Aggregate& node) {
    if (node.param != nullptr) expression(*node.param);
    expression(*node.expr);
    Names known;
    collect(*node.expr, known);
    if (known.any) return;
    for (const std::string& label : node.grouping) {
      if (!known.labels.contains(label)) problems.push_back("nothing below has the label " + label + " to group by");
    }
  }

  void visit(const promql::Binary& node) {
    expression(*node.lhs);
    expression(*node.rhs);
    if (!promql::is_comparison(node.op)) return;
    compare(*node.lhs, *node.rhs);
    compare(*node.rhs, *node.lhs);
  }

  // `quantile <op> number`: the number must be a bound of the quantile's buckets.
  void compare(const promql::Expr& quantile, const promql::Expr& number) {
    const auto* const limit = promql::as<promql::NumberLiteral>(inside(number));
    const auto* const call = promql::as<promql::Call>(inside(quantile));
    if (limit == nullptr || call == nullptr || call->function->name != "histogram_quantile") return;
    std::vector<const promql::VectorSelector*> selectors;
    find_selectors(*call->args.at(1), selectors);
    for (const auto* const selector : selectors) {
      const Metric* const metric = find(*selector);
      if (metric == nullptr || metric->bounds.empty()) continue;
      if (std::ranges::find(metric->bounds, limit->value) == metric->bounds.end()) {
        problems.push_back("the threshold " + promql::to_string(number) + " is no bucket bound of " +
                           name_of(*selector));
      }
    }
  }

  static const promql::Expr& inside(const promql::Expr& expr) {
    const auto* const paren = promql::as<promql::Paren>(expr);
    return paren == nullptr ? expr : inside(*paren->expr);
  }

  static std::vector<const promql::Expr*> children(const promql::Expr& expr) {
    std::vector<const promql::Expr*> all;
    if (const auto* const paren = promql::as<promql::Paren>(expr)) all = {paren->expr.get()};
    if (const auto* const unary = promql::as<promql::Unary>(expr)) all = {unary->expr.get()};
    if (const auto* const range = promql::as<promql::MatrixSelector>(expr)) all = {range->selector.get()};
    if (const auto* const subquery = promql::as<promql::Subquery>(expr)) all = {subquery->expr.get()};
    if (const auto* const aggregate = promql::as<promql::Aggregate>(expr)) all = {aggregate->expr.get()};
    if (const auto* const binary = promql::as<promql::Binary>(expr)) all = {binary->lhs.get(), binary->rhs.get()};
    if (const auto* const call = promql::as<promql::Call>(expr)) {
      for (const auto& argument : call->args) all.push_back(argument.get());
    }
    return all;
  }

  static void find_selectors(const promql::Expr& expr, std::vector<const promql::VectorSelector*>& found) {
    if (const auto* const selector = promql::as<promql::VectorSelector>(expr)) found.push_back(selector);
    for (const promql::Expr* const child : children(expr)) find_selectors(*child, found);
  }

  void collect(const promql::Expr& expr, Names& names) const {
    if (const auto* const selector = promql::as<promql::VectorSelector>(expr)) {
      const Metric* const metric = find(*selector);
      if (metric == nullptr || metric->any_labels) {
        names.any = true;
        return;
      }
      names.labels.insert(metric->labels.begin(), metric->labels.end());
      names.labels.insert(std::begin(kOfEveryTarget), std::end(kOfEveryTarget));
    }
    if (const auto* const call = promql::as<promql::Call>(expr)) {
      const std::string_view function = call->function->name;
      if ((function == "label_replace" || function == "label_join") && call->args.size() > 1) {
        if (const auto* const made = promql::as<promql::StringLiteral>(*call->args[1]))
          names.labels.insert(made->value);
      }
      // absent() has the labels of its matchers.
      if (function == "absent" || function == "absent_over_time") names.any = true;
    }
    for (const promql::Expr* const child : children(expr)) collect(*child, names);
  }

  static std::string name_of(const promql::VectorSelector& selector) {
    if (!selector.name.empty()) return selector.name;
    for (const Matcher& matcher : selector.matchers) {
      if (matcher.name() == "__name__" && matcher.type() == Matcher::Type::kEqual) return matcher.value();
    }
    return "{…}";
  }
  const Metric* find(const promql::VectorSelector& selector) const {
    const auto found = vocabulary_.metrics_.find(name_of(selector));
    return found == vocabulary_.metrics_.end() ? nullptr : &found->second;
  }
  static bool has(const Metric& metric, std::string_view label) {
    return metric.any_labels || metric.labels.contains(label) ||
           std::ranges::find(kOfEveryTarget, label) != std::end(kOfEveryTarget);
  }

  const Vocabulary& vocabulary_;
};

Vocabulary::Vocabulary(const pack::Pack& pack) {
  // The engine's own. A pack whose targets have more labels declares `up` with them.
  constexpr std::string_view kOfAlerts[] = {"alertname", "alertstate", "severity", "component"};
  add("up", MetricType::kGauge, {}, {}, {});
  add("ALERTS", MetricType::kGauge, kOfAlerts, {}, {});
  for (const metrics::Description& metric : pack.catalog) {
    add(metric.name, metric.type, metric.labels, metric.layout.bounds, metric.options.closed);
  }
  for (const pack::ForeignMetric& metric : pack.foreign) {
    add(metric.name, metric.type, metric.labels, metric.bounds, {});
  }
  // What a target is labelled with, everything it shows is.
  const auto of_targets = metrics_.at("up").labels;
  for (auto& [name, metric] : metrics_) metric.labels.insert(of_targets.begin(), of_targets.end());
}

void Vocabulary::add(std::string_view name, MetricType type, std::span<const std::string_view> labels,
                     std::span<const double> bounds, std::span<const metrics::ClosedLabel> closed) {
  Metric metric;
  metric.type = type;
  for (const std::string_view label : labels) metric.labels.emplace(label);
  for (const metrics::ClosedLabel& each : closed) {
    if (!each.values.empty()) metric.closed[std::string(each.name)] = {each.values.begin(), each.values.end()};
  }
  if (type != MetricType::kHistogram) {
    metrics_.insert_or_assign(std::string(name), metric);
    return;
  }
  metric.type = MetricType::kCounter;
  metrics_.insert_or_assign(std::string(name) + "_sum", metric);
  metrics_.insert_or_assign(std::string(name) + "_count", metric);
  metric.labels.emplace("le");
  metric.bounds.assign(bounds.begin(), bounds.end());
  metrics_.insert_or_assign(std::string(name) + "_bucket", metric);
}

void Vocabulary::add_recorded(std::string_view name) {
  Metric metric;
  metric.any_labels = true;
  metrics_.emplace(std::string(name), metric);
}

std::vector<std::string> Vocabulary::check(std::string_view text) const {
  const auto parsed = promql::parse(text);
  if (!parsed) return {"does not parse: " + parsed.error().message()};
  Walk walk(*this);
  walk.expression(**parsed);
  return std::move(walk.problems);
}

}  // namespace vigil::lab
