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

Json field_config(const Panel& panel) {
  Json defaults = {{"unit", panel.unit}, {"thresholds", threshold_steps(panel.thresholds)}};
  if (panel.min.has_value()) defaults["min"] = *panel.min;
  if (panel.max.has_value()) defaults["max"] = *panel.max;
  if (panel.decimals.has_value()) defaults["decimals"] = *panel.decimals;
  const bool by_threshold =
      !panel.thresholds.empty() && panel.kind != Kind::kTimeseries && panel.kind != Kind::kStacked;
  defaults["color"] = {{"mode", by_threshold ? "thresholds" : "palette-classic"}};
  Json mappings = Json::array();
  for (std::size_t i = 0; i < panel.mappings.size(); ++i) {
    const Mapping& mapping = panel.mappings[i];
    const std::string value = Json(mapping.value).dump();
    const std::string key = value.ends_with(".0") ? value.substr(0, value.size() - 2) : value;
    mappings.push_back(
        {{"type", "value"},
         {"options", {{key, {{"text", mapping.text}, {"color", name_of(mapping.color)}, {"index", i}}}}}});
  }
  defaults["mappings"] = std::move(mappings);
  if (panel.kind == Kind::kTimeseries || panel.kind == Kind::kStacked) defaults["custom"] = graph_style(panel);

  Json overrides = Json::array();
  for (std::size_t i = 0; i < panel.queries.size(); ++i) {
    const Query& query = panel.queries[i];
    Json properties = Json::array();
    if (query.right_axis) properties.push_back({{"id", "custom.axisPlacement"}, {"value", "right"}});
    if (!query.unit.empty()) properties.push_back({{"id", "unit"}, {"value", query.unit}});
    if (!query.thresholds.empty()) {
      properties.push_back({{"id", "thresholds"}, {"value", threshold_steps(query.thresholds)}});
      properties.push_back({{"id", "color"}, {"value", {{"mode", "thresholds"}}}});
    }
    if (panel.kind == Kind::kTable && panel.queries.size() > 1 && !panel.row_per_query) {
      overrides.push_back({{"matcher", {{"id", "byName"}, {"options", "Value #" + reference(i)}}},
                           {"properties", Json::array({{{"id", "displayName"}, {"value", query.legend}}})}});
      for (const Json& property : properties) overrides.back()["properties"].push_back(property);
      continue;
    }
    if (properties.empty()) continue;
    overrides.push_back({{"matcher", {{"id", "byFrameRefID"}, {"options", reference(i)}}}, {"properties", properties}});
  }
  return {{"defaults", std::move(defaults)}, {"overrides", std::move(overrides)}};
}

Json options(const Panel& panel) {
  const Json reduce = {{"calcs", {"lastNotNull"}}, {"fields", ""}, {"values", false}};
  switch (panel.kind) {
    case Kind::kStat:
    case Kind::kStatWithSparkline:
      return {{"reduceOptions", reduce},
              {"colorMode", panel.thresholds.empty() && panel.mappings.empty() ? "value" : "background"},
              {"graphMode", panel.kind == Kind::kStatWithSparkline ? "area" : "none"},
              {"textMode", "auto"}};
    case Kind::kGauge: return {{"reduceOptions", reduce}, {"showThresholdMarkers", true}};
    case Kind::kBarGauge:
      return {{"reduceOptions", reduce}, {"displayMode", "gradient"}, {"orientation", "horizontal"}};
    case Kind::kPie:
      return {
          {"reduceOptions", reduce},
          {"pieType", "pie"},
          {"legend",
           {{"displayMode", "table"}, {"placement", "right"}, {"showLegend", true}, {"values", {"value", "percent"}}}}};
    case Kind::kBar:
      return {{"orientation", "horizontal"},
              {"showValue", "auto"},
              {"legend", {{"displayMode", "list"}, {"placement", "bottom"}, {"showLegend", true}}}};
    case Kind::kTable: return {{"showHeader", true}};
    case Kind::kHeatmap:
      return {{"calculate", false},
              {"yAxis", {{"unit", panel.unit}}},
              {"color", {{"mode", "scheme"}, {"scheme", "Oranges"}}}};
    case Kind::kHistogram: return {{"combine", false}};
    case Kind::kStateTimeline: return {{"mergeValues", true}, {"showValue", "never"}, {"rowHeight", 0.8}};
    case Kind::kLogs: return {{"showTime", true}, {"wrapLogMessage", true}, {"sortOrder", "Descending"}};
    case Kind::kTimeseries:
    case Kind::kStacked:
      return {{"legend",
               {{"displayMode", "list"}, {"placement", "bottom"}, {"showLegend", true}, {"calcs", Json::array()}}},
              {"tooltip", {{"mode", "multi"}, {"sort", "desc"}}}};
  }
  return Json::object();
}

// A table of several instant queries is joined into one row a label set, or has one row
// a query.
Json transformations(const Panel& panel) {
  Json all = Json::array();
  if (panel.kind == Kind::kTable && panel.row_per_query) {
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
  return {{"type", "datasource"},
          {"name", name},
          {"label", label},
          {"query", type},
          {"hide", 0},
          {"current", Json::object()},
          {"options", Json::array()},
          {"refresh", 1},
          {"regex", ""}};
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
                 {"current", variable.include_all ? Json{{"text", "All"}, {"value", "$__all"}} : Json::object()},
                 {"options", Json::array()}};
    if (variable.include_all) json["allValue"] = ".*";
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
