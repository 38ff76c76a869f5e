#include <algorithm>
#include <map>

#include "vigil/dashboards/dashboard.h"
#include "vigil/dashboards/shapes.h"

namespace vigil::dashboards {
namespace {

// Grafana's unit of a metric, by its OpenMetrics unit or the end of its name.
std::string unit_of(const metrics::Description& metric) {
  std::string_view name = metric.name;
  if (name.ends_with("_total")) name.remove_suffix(6);
  if (name.ends_with("_seconds")) return "s";
  if (name.ends_with("_bytes")) return "bytes";
  if (name.ends_with("_ratio")) return "percentunit";
  return "short";
}

std::string by_clause(const metrics::Description& metric, std::string_view extra = {}) {
  std::string labels(extra);
  for (const std::string_view label : metric.labels) {
    if (!labels.empty()) labels += ", ";
    labels += label;
  }
  return labels.empty() ? "sum" : "sum by (" + labels + ")";
}

// "{stack=\"x\"}" without its braces.
std::string_view inside(std::string_view selector) {
  return selector.size() < 2 ? std::string_view() : selector.substr(1, selector.size() - 2);
}

Panel panel_of(const metrics::Description& metric, const std::string& selector) {
  const std::string name(metric.name);
  Panel panel{.title = name, .queries = {}, .description = std::string(metric.help), .unit = unit_of(metric)};
  switch (metric.type) {
    case MetricType::kCounter:
      panel.queries = {{"", by_clause(metric) + " (rate(" + name + selector + "[5m]))"}};
      panel.unit = panel.unit == "bytes" ? "Bps" : panel.unit == "s" ? "percentunit" : "ops";
      break;
    case MetricType::kHistogram: panel.queries = percentiles(metric.name, {.matchers = inside(selector)}); break;
    case MetricType::kInfo:
    case MetricType::kStateSet: panel.kind = Kind::kTable; [[fallthrough]];
    default: panel.queries = {{"", name + selector}};
  }
  return panel;
}

}  // namespace

Dashboard dashboard_for(std::string_view uid, std::string_view title, std::span<const metrics::Description> catalog,
                        std::string_view selector) {
  Dashboard board{.uid = std::string(uid), .title = std::string(title), .tags = {"generated"}};
  std::map<std::string, std::size_t> rows;  // by the first two words of the names
  for (const metrics::Description& metric : catalog) {
    const std::size_t first = metric.name.find('_');
    const std::size_t second = first == std::string_view::npos ? first : metric.name.find('_', first + 1);
    const std::string group(metric.name.substr(0, second));
    const auto [at, added] = rows.emplace(group, board.rows.size());
    if (added) board.rows.push_back({group, {}});
    board.rows[at->second].panels.push_back(panel_of(metric, std::string(selector)));
  }
  return board;
}

}  // namespace vigil::dashboards
