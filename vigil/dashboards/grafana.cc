// Field names and values are Grafana's classic dashboard model:
// https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
#include <nlohmann/json.hpp>

#include "vigil/base/error.h"
#include "vigil/dashboards/dashboard.h"
#include "vigil/dashboards/layout.h"

namespace vigil::dashboards {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchemaVersion = 39;

std::string_view name_of(Color color) {
  switch (color) {
    case Color::kGreen: return "green";
    case Color::kYellow: return "yellow";
    case Color::kOrange: return "orange";
    case Color::kRed: return "red";
    case Color::kBlue: return "blue";
    case Color::kText: return "text";
  }
  return "text";
}

std::string_view type_of(Kind kind) {
  switch (kind) {
    case Kind::kStat:
    case Kind::kStatWithSparkline: return "stat";
    case Kind::kGauge: return "gauge";
    case Kind::kTimeseries:
    case Kind::kStacked: return "timeseries";
    case Kind::kPie: return "piechart";
    case Kind::kBar: return "barchart";
    case Kind::kBarGauge: return "bargauge";
    case Kind::kTable: return "table";
    case Kind::kHeatmap: return "heatmap";
    case Kind::kHistogram: return "histogram";
    case Kind::kStateTimeline: return "state-timeline";
    case Kind::kLogs: return "logs";
  }
  return "timeseries";
}

bool over_time(Kind kind) {
  return kind == Kind::kTimeseries || kind == Kind::kStacked || kind == Kind::kHeatmap || kind == Kind::kHistogram ||
         kind == Kind::kStateTimeline || kind == Kind::kStatWithSparkline || kind == Kind::kLogs;
}

Json datasource(bool logs) {
  return {{"type", logs ? "loki" : "prometheus"}, {"uid", logs ? "${loki}" : "${datasource}"}};
}

std::string reference(std::size_t index) {
  std::string id(1, static_cast<char>('A' + index % 26));
  return index < 26 ? id : reference(index / 26 - 1) + id;
}

Json targets(const Panel& panel) {
  Json all = Json::array();
  for (std::size_t i = 0; i < panel.queries.size(); ++i) {
    const Query& query = panel.queries[i];
    Json target = {{"datasource", datasource(panel.kind == Kind::kLogs)},
                   {"editorMode", "code"},
                   {"expr", query.expr},
                   {"legendFormat", query.legend.empty() ? "__auto" : query.legend},
                   {"range", over_time(panel.kind)},
                   {"instant", !over_time(panel.kind)},
                   {"refId", reference(i)}};
    if (panel.kind == Kind::kTable && !panel.row_per_query) target["format"] = "table";
    if (panel.kind == Kind::kHeatmap) target["format"] = "heatmap";
    all.push_back(std::move(target));
  }
  return all;
}

Json threshold_steps(const std::vector<Threshold>& thresholds) {
  Json steps = Json::array();
  if (thresholds.empty()) steps.push_back({{"color", "green"}, {"value", nullptr}});
  for (const Threshold& threshold : thresholds) {
    Json step = {{"color", name_of(threshold.color)}};
    if (steps.empty()) {
      step["value"] = nullptr;
    } else {
      step["value"] = threshold.from;
    }
    steps.push_back(std::move(step));
  }
  return {{"mode", "absolute"}, {"steps", std::move(steps)}};
}

Json graph_style(const Panel& panel) {
  const bool stacked = panel.kind == Kind::kStacked;
  return {{"drawStyle", "line"},
          {"lineWidth", 1},
          {"fillOpacity", stacked ? 30 : 8},
          {"showPoints", "never"},
          {"spanNulls", false},
          {"stacking", {{"mode", stacked ? "normal" : "none"}, {"group", "A"}}},
          {"thresholdsStyle", {{"mode", panel.thresholds.empty() ? "off" : "line"}}}};
}

Json mappings(const std::vector<Mapping>& of) {
  Json all = Json::array();
  for (std::size_t i = 0; i < of.size(); ++i) {
    const std::string value = Json(of[i].value).dump();
    const std::string key = value.ends_with(".0") ? value.substr(0, value.size() - 2) : value;
    all.push_back({{"type", "value"},
                   {"options", {{key, {{"text", of[i].text}, {"color", name_of(of[i].color)}, {"index", i}}}}}});
  }
  return all;
}

Json property(std::string_view id, Json value) { return {{"id", id}, {"value", std::move(value)}}; }

// The name that Prometheus' table format gives to the values of a query.
std::string value_field(const Panel& panel, std::size_t query) {
  return panel.queries.size() == 1 ? "Value" : "Value #" + reference(query);
}
// And what its column is called: one that stands alone by the panel, several by their legends.
std::string value_column(const Panel& panel, std::size_t query) {
  return panel.queries.size() == 1 ? panel.title : panel.queries[query].legend;
}

Json overrides(const Panel& panel) {
  const bool columns = panel.kind == Kind::kTable && !panel.row_per_query;
  Json all = Json::array();
  for (std::size_t i = 0; i < panel.queries.size(); ++i) {
    const Query& query = panel.queries[i];
    Json properties = Json::array();
    if (columns) properties.push_back(property("displayName", value_column(panel, i)));
    if (query.right_axis) properties.push_back(property("custom.axisPlacement", "right"));
    if (!query.unit.empty()) properties.push_back(property("unit", query.unit));
    if (!query.thresholds.empty()) {
      properties.push_back(property("thresholds", threshold_steps(query.thresholds)));
      properties.push_back(property("color", {{"mode", "thresholds"}}));
    }
    if (!query.mappings.empty()) properties.push_back(property("mappings", mappings(query.mappings)));
    if (properties.empty()) continue;
    const Json matcher = columns ? Json{{"id", "byName"}, {"options", value_field(panel, i)}}
                                 : Json{{"id", "byFrameRefID"}, {"options", reference(i)}};
    all.push_back({{"matcher", matcher}, {"properties", std::move(properties)}});
  }
  // Thresholds color nothing in a table unless its cells say so; labels are to stay plain.
  if (panel.kind == Kind::kTable && !panel.thresholds.empty()) {
    all.push_back({{"matcher", {{"id", "byType"}, {"options", "number"}}},
                   {"properties",
                    Json::array({property("custom.cellOptions", {{"type", "color-background"}, {"mode", "basic"}})})}});
  }
  return all;
}

Json field_config(const Panel& panel) {
  Json defaults = {{"unit", panel.unit}, {"thresholds", threshold_steps(panel.thresholds)}};
  if (panel.min.has_value()) defaults["min"] = *panel.min;
  if (panel.max.has_value()) defaults["max"] = *panel.max;
  if (panel.decimals.has_value()) defaults["decimals"] = *panel.decimals;
  const bool by_threshold =
      !panel.thresholds.empty() && panel.kind != Kind::kTimeseries && panel.kind != Kind::kStacked;
  defaults["color"] = {{"mode", by_threshold ? "thresholds" : "palette-classic"}};
  defaults["mappings"] = mappings(panel.mappings);
  if (panel.kind == Kind::kTimeseries || panel.kind == Kind::kStacked) defaults["custom"] = graph_style(panel);
  return {{"defaults", std::move(defaults)}, {"overrides", overrides(panel)}};
}

Json legend(bool shown = true) {
  return {{"displayMode", "list"}, {"placement", "bottom"}, {"showLegend", shown}, {"calcs", Json::array()}};
}

// Complete: what the schema of a panel's plugin requires is there, at Grafana's own
// defaults where the boards have no wish.
Json options(const Panel& panel) {
  const Json reduce = {{"calcs", {"lastNotNull"}}, {"fields", ""}, {"values", false}};
  const Json tooltip = {{"mode", "single"}, {"sort", "none"}};
  switch (panel.kind) {
    case Kind::kStat:
    case Kind::kStatWithSparkline:
      return {{"reduceOptions", reduce},
              {"colorMode", panel.thresholds.empty() && panel.mappings.empty() ? "value" : "background"},
              {"graphMode", panel.kind == Kind::kStatWithSparkline ? "area" : "none"},
              {"textMode", "auto"},
              {"justifyMode", "auto"},
              {"orientation", "auto"},
              {"wideLayout", true},
              {"showPercentChange", false},
              {"percentChangeColorMode", "standard"}};
    case Kind::kGauge:
      return {{"reduceOptions", reduce},
              {"showThresholdMarkers", true},
              {"showThresholdLabels", false},
              {"orientation", "auto"},
              {"sizing", "auto"},
              {"minVizWidth", 75},
              {"minVizHeight", 75}};
    case Kind::kBarGauge:
      return {{"reduceOptions", reduce}, {"displayMode", "gradient"}, {"orientation", "horizontal"},
              {"valueMode", "color"},    {"namePlacement", "auto"},   {"showUnfilled", true},
              {"sizing", "auto"},        {"minVizWidth", 8},          {"minVizHeight", 16},
              {"maxVizHeight", 300},     {"legend", legend(false)}};
    case Kind::kPie:
      return {{"reduceOptions", reduce},
              {"pieType", "pie"},
              {"orientation", "auto"},
              {"legend",
               {{"displayMode", "table"},
                {"placement", "right"},
                {"showLegend", true},
                {"calcs", Json::array()},
                {"values", {"value", "percent"}}}},
              {"tooltip", tooltip}};
    case Kind::kBar:
      return {{"orientation", "horizontal"}, {"showValue", "auto"},
              {"stacking", "none"},          {"barWidth", 0.97},
              {"groupWidth", 0.7},           {"xTickLabelRotation", 0},
              {"xTickLabelMaxLength", 0},    {"fullHighlight", false},
              {"legend", legend(false)},  // the axis names the bars
              {"tooltip", tooltip}};
    case Kind::kTable: {
      Json table = {{"frameIndex", 0}, {"showHeader", true}};
      if (panel.queries.size() == 1) {
        table["sortBy"] = Json::array({{{"displayName", value_column(panel, 0)}, {"desc", true}}});
      }
      return table;
    }
    case Kind::kHeatmap:
      return {{"calculate", false},
              {"yAxis", {{"unit", panel.unit}}},
              {"color",
               {{"mode", "scheme"},
                {"scheme", "Oranges"},
                {"fill", "dark-orange"},
                {"exponent", 0.5},
                {"steps", 64},
                {"reverse", false}}},
              {"showValue", "never"},
              {"legend", {{"show", true}}},
              {"tooltip", {{"mode", "single"}}},
              {"exemplars", {{"color", "rgba(255,0,255,0.7)"}}}};
    case Kind::kHistogram: return {{"combine", false}, {"legend", legend()}, {"tooltip", tooltip}};
    case Kind::kStateTimeline:
      return {
          {"mergeValues", true}, {"showValue", "auto"}, {"rowHeight", 0.8}, {"legend", legend()}, {"tooltip", tooltip}};
    case Kind::kLogs:
      return {{"showTime", true},          {"showLabels", false},
              {"showCommonLabels", false}, {"showLogContextToggle", false},
              {"wrapLogMessage", true},    {"prettifyLogMessage", false},
              {"enableLogDetails", true},  {"sortOrder", "Descending"},
              {"dedupStrategy", "none"}};
    case Kind::kTimeseries:
    case Kind::kStacked: return {{"legend", legend()}, {"tooltip", {{"mode", "multi"}, {"sort", "desc"}}}};
  }
  return Json::object();
}

// A table of several instant queries is joined into one row a label set, or has one row
// a query. Bars are named by their axis, which needs a row each as well.
Json transformations(const Panel& panel) {
  Json all = Json::array();
  if (panel.row_per_query || panel.kind == Kind::kBar) {
    all.push_back(
        {{"id", "reduce"}, {"options", {{"mode", "seriesToRows"}, {"reducers", Json::array({"lastNotNull"})}}}});
  } else if (panel.kind == Kind::kTable) {
    if (panel.queries.size() > 1) all.push_back({{"id", "merge"}, {"options", Json::object()}});
    all.push_back(
        {{"id", "organize"},
         {"options",
          {{"excludeByName", {{"Time", true}}}, {"indexByName", Json::object()}, {"renameByName", Json::object()}}}});
  }
  return all;
}

Json panel_json(const Panel& panel, const Place& place, int id) {
  Json json = {{"id", id},
               {"type", type_of(panel.kind)},
               {"title", panel.title},
               {"description", panel.description},
               {"gridPos", {{"x", place.x}, {"y", place.y}, {"w", place.width}, {"h", place.height}}},
               {"datasource", datasource(panel.kind == Kind::kLogs)},
               {"targets", targets(panel)},
               {"fieldConfig", field_config(panel)},
               {"options", options(panel)}};
  if (!panel.time_from.empty()) json["timeFrom"] = panel.time_from;
  Json changed = transformations(panel);
  if (!changed.empty()) json["transformations"] = std::move(changed);
  return json;
}

Json panels_of(const Dashboard& dashboard) {
  Json all = Json::array();
  int id = 1;
  int top = 0;
  for (const Row& row : dashboard.rows) {
    Json heading;
    if (!row.title.empty()) {
      heading = {{"id", id++},
                 {"type", "row"},
                 {"title", row.title},
                 {"collapsed", row.collapsed},
                 {"gridPos", {{"x", 0}, {"y", top++}, {"w", 24}, {"h", 1}}},
                 {"panels", Json::array()}};
    }
    int bottom = top;
    const std::vector<Place> places = place(row.panels, top, bottom);
    Json inside = Json::array();
    for (std::size_t i = 0; i < row.panels.size(); ++i) inside.push_back(panel_json(row.panels[i], places[i], id++));
    if (!heading.is_null() && row.collapsed) {
      heading["panels"] = std::move(inside);
      all.push_back(std::move(heading));
      continue;  // takes no room until opened
    }
    top = bottom;
    if (!heading.is_null()) all.push_back(std::move(heading));
    for (Json& panel : inside) all.push_back(std::move(panel));
  }
  return all;
}

bool has_logs(const Dashboard& dashboard) {
  for (const Row& row : dashboard.rows) {
    for (const Panel& panel : row.panels) {
      if (panel.kind == Kind::kLogs) return true;
    }
  }
  return false;
}

Json data_source_variable(std::string_view name, std::string_view label, std::string_view type) {
  return {{"type", "datasource"},     {"name", name}, {"label", label}, {"query", type}, {"hide", 0},
          {"options", Json::array()}, {"refresh", 1}, {"regex", ""}};
}

Json templating(const Dashboard& dashboard) {
  Json list = Json::array({data_source_variable("datasource", "Data source", "prometheus")});
  if (has_logs(dashboard)) list.push_back(data_source_variable("loki", "Logs", "loki"));
  for (const Variable& variable : dashboard.variables) {
    if (variable.interval) {
      list.push_back({{"type", "interval"},
                      {"name", variable.name},
                      {"label", variable.label},
                      {"query", variable.query},
                      {"auto", false},
                      {"hide", 0},
                      {"current",
                       {{"text", variable.query.substr(0, variable.query.find(','))},
                        {"value", variable.query.substr(0, variable.query.find(','))}}}});
      continue;
    }
    Json json = {{"type", "query"},
                 {"name", variable.name},
                 {"label", variable.label},
                 {"datasource", datasource(false)},
                 {"definition", variable.query},
                 {"query", {{"query", variable.query}, {"refId", "StandardVariableQuery"}}},
                 {"refresh", 2},
                 {"sort", 1},
                 {"hide", 0},
                 {"multi", variable.multi},
                 {"includeAll", variable.include_all},
                 {"options", Json::array()}};
    if (variable.include_all) {
      json["current"] = {{"text", "All"}, {"value", "$__all"}};
      json["allValue"] = ".*";
    }
    list.push_back(std::move(json));
  }
  return {{"list", std::move(list)}};
}

Json annotations(const Dashboard& dashboard) {
  Json list = Json::array();
  if (!dashboard.alerts.empty()) {
    list.push_back({{"name", "Alerts"},
                    {"datasource", datasource(false)},
                    {"enable", true},
                    {"hide", false},
                    {"iconColor", "red"},
                    {"expr", "ALERTS{alertstate=\"firing\",stack=\"" + dashboard.alerts + "\"}"},
                    {"titleFormat", "{{alertname}}"},
                    {"textFormat", "{{severity}}"},
                    {"step", "60s"}});
  }
  return {{"list", std::move(list)}};
}

Json links(const Dashboard& dashboard) {
  Json all = Json::array();
  for (const Link& link : dashboard.links) {
    all.push_back({{"type", "link"},
                   {"title", link.title},
                   {"url", "/d/" + link.uid},
                   {"icon", "dashboard"},
                   {"includeVars", true},
                   {"keepTime", true},
                   {"targetBlank", false},
                   {"asDropdown", false},
                   {"tags", Json::array()},
                   {"tooltip", ""}});
  }
  return all;
}

}  // namespace

std::string fill_in(std::string_view expr, std::initializer_list<std::string_view> names) {
  std::string filled;
  for (std::size_t i = 0; i < expr.size(); ++i) {
    if (expr[i] != '#') {
      filled += expr[i];
      continue;
    }
    ++i;
    VIGIL_CHECK(i < expr.size() && expr[i] >= '1' && expr[i] <= '9');
    const auto nth = static_cast<std::size_t>(expr[i] - '1');
    VIGIL_CHECK(nth < names.size());
    filled += names.begin()[nth];
  }
  return filled;
}

std::string to_grafana_json(const Dashboard& dashboard) {
  const Json json = {{"uid", dashboard.uid},
                     {"title", dashboard.title},
                     {"description", dashboard.description},
                     {"tags", dashboard.tags},
                     {"schemaVersion", kSchemaVersion},
                     {"version", 1},
                     {"editable", true},
                     {"graphTooltip", 1},
                     {"refresh", dashboard.refresh},
                     {"time", {{"from", dashboard.from}, {"to", "now"}}},
                     {"timezone", "browser"},
                     {"timepicker", Json::object()},
                     {"templating", templating(dashboard)},
                     {"annotations", annotations(dashboard)},
                     {"links", links(dashboard)},
                     {"panels", panels_of(dashboard)}};
  return json.dump(2) + "\n";
}

}  // namespace vigil::dashboards
