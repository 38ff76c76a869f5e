// Dashboards in compact form, written as classic Grafana JSON (schema version 39).
//
//   Dashboard board{.uid = "mpc-cluster-overview", .title = "MPC Cluster Overview", …};
//   board.rows = {{"", {
//       {.title = "Active nodes", .kind = Kind::kStat, .queries = {query("", "max(#1)", catalog::kActiveNodes)},
//        .description = "Nodes the reporter sees alive.", .thresholds = {{Color::kRed}, {Color::kGreen, 4}}},
//   }}};
//   std::string json = to_grafana_json(board);
//
// Metrics are named by their catalogue's constants, so that renaming one breaks the
// build. Panels say what they show, not where they are: the layout follows from kinds.
//
// Thread-safety: plain values.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/metrics/schema.h"

namespace vigil::dashboards {

enum class Color : std::uint8_t { kGreen, kYellow, kOrange, kRed, kBlue, kText };

// The color from a value on; the first of a list holds from the bottom.
struct Threshold {
  Color color = Color::kGreen;
  double from = 0;
};

enum class Kind : std::uint8_t {
  kStat,
  kStatWithSparkline,
  kGauge,
  kTimeseries,
  kStacked,
  kPie,
  kBar,
  kBarGauge,
  kTable,
  kHeatmap,
  kHistogram,
  kStateTimeline,
  kLogs,
};

// What a value is shown as: 0 -> "down", red.
struct Mapping {
  double value = 0;
  std::string text;
  Color color = Color::kText;
};

struct Query {
  std::string legend;  // "p95", "{{node_id}}"; empty: Grafana's own
  std::string expr;    // PromQL, or LogQL in a panel of logs
  bool right_axis = false;
  std::string unit = {};                   // of this query alone, where it is not the panel's
  std::vector<Threshold> thresholds = {};  // likewise
  std::vector<Mapping> mappings = {};      // likewise
};

// The name of a metric, from its definition or as text for somebody else's.
inline std::string_view metric_name(std::string_view foreign) { return foreign; }
template <class Definition>
  requires requires(const Definition& d) { d.name.text; }
constexpr std::string_view metric_name(const Definition& definition) {
  return definition.name.text;
}

// Puts metric names in the places #1, #2, … of an expression ('#' starts a comment in
// PromQL, so no expression has one). Aborts on a place without a name.
std::string fill_in(std::string_view expr, std::initializer_list<std::string_view> names);

template <class... M>
Query query(std::string legend, std::string_view expr, const M&... metrics) {
  return {std::move(legend), fill_in(expr, {metric_name(metrics)...})};
}

// The same on a graph's right axis, and in a unit of its own.
inline Query on_right(Query query, std::string unit = {}) {
  query.right_axis = true;
  query.unit = std::move(unit);
  return query;
}
inline Query in_unit(std::string unit, Query query) {
  query.unit = std::move(unit);
  return query;
}
inline Query with_thresholds(Query query, std::vector<Threshold> thresholds) {
  query.thresholds = std::move(thresholds);
  return query;
}
inline Query with_mappings(Query query, std::vector<Mapping> mappings) {
  query.mappings = std::move(mappings);
  return query;
}

struct Panel {
  std::string title;
  Kind kind = Kind::kTimeseries;
  std::vector<Query> queries;
  std::string description = {};            // what it means and what to do about it
  std::string unit = "short";              // Grafana's unit id: "s", "bytes", "percentunit", "ops", …
  std::vector<Threshold> thresholds = {};  // drawn as lines in graphs
  std::optional<double> min = std::nullopt;
  std::optional<double> max = std::nullopt;
  std::optional<int> decimals = std::nullopt;
  std::vector<Mapping> mappings = {};
  std::optional<int> width = std::nullopt;   // of 24 columns; absent: by kind and company
  std::optional<int> height = std::nullopt;  // in rows of 30 pixels
  std::string time_from = {};                // "24h": a range of its own; empty: the page's
  bool row_per_query = false;                // of a table of single values: one row a query, named by its legend
};

struct Row {
  std::string title;  // empty: no heading
  std::vector<Panel> panels;
  bool collapsed = false;
};

// A choice at the top of the page.
struct Variable {
  std::string name;
  std::string label;
  std::string query;  // "label_values(up{stack=\"mpc\"}, instance)"; or "1m,5m,1h" of an interval
  bool interval = false;
  bool multi = true;
  bool include_all = true;
};

struct Link {
  std::string title;
  std::string uid;  // of another dashboard
};

struct Dashboard {
  std::string uid;
  std::string title;
  std::string description = {};
  std::vector<std::string> tags = {};
  std::string refresh = "30s";
  std::string from = "now-1h";
  std::string alerts = {};  // the `stack` whose firing alerts are marked in the graphs; empty: none
  std::vector<Variable> variables = {};
  std::vector<Link> links = {};
  std::vector<Row> rows = {};
};

// Classic Grafana JSON, indented by two spaces, with a newline at the end. The same
// dashboard always gives the same bytes.
std::string to_grafana_json(const Dashboard& dashboard);

// Files that make Grafana load the dashboards of `directory` and ask a Prometheus at `url`.
struct ProvisioningFile {
  std::string path;  // relative to Grafana's provisioning directory
  std::string text;
};
std::vector<ProvisioningFile> provisioning(std::string_view url, std::string_view directory, std::string_view folder);

// Boards for a catalogue nobody has drawn yet: one panel a metric, by its type and unit,
// one row a name prefix. What DashboardExporter gives at run time.
Dashboard dashboard_for(std::string_view uid, std::string_view title, std::span<const metrics::Description> catalog,
                        std::string_view selector = {});

}  // namespace vigil::dashboards
