// /api/v1/rules, alerts and alertmanagers.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string>
#include <utility>

#include "vigil/api/handlers.h"
#include "vigil/api/parameters.h"
#include "vigil/api/times.h"
#include "vigil/base/hash.h"
#include "vigil/base/strings.h"
#include "vigil/rules/alerting_rule.h"

namespace vigil::api {
namespace {

using rules::AlertView;
using rules::GroupView;
using rules::RuleView;

double seconds(Duration duration) { return static_cast<double>(duration) / 1000; }

// Go's strconv.FormatFloat(v, 'e', -1, 64): "1e+00".
std::string scientific(double value) {
  if (!(value - value == 0)) return format_float(value);  // NaN and infinities
  std::array<char, 32> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::scientific).ptr;
  return {digits.data(), end};
}

void write_alert(JsonWriter& json, const AlertView& alert) {
  json.begin_object();
  json.member("labels", alert.labels);
  json.member("annotations", alert.annotations);
  json.member("state", to_string(alert.state));
  json.member("activeAt", time_text(alert.active_at));
  if (alert.keep_firing_since != rules::kNever) json.member("keepFiringSince", time_text(alert.keep_firing_since));
  json.member("value", scientific(alert.value));
  json.end_object();
}

void write_rule(JsonWriter& json, const RuleView& rule, bool with_alerts) {
  json.begin_object();
  if (rule.alerting) json.member("state", to_string(rule.state));
  json.member("name", rule.name);
  json.member("query", rule.query);
  if (rule.alerting) {
    json.member("duration", seconds(rule.hold));
    json.member("keepFiringFor", seconds(rule.keep_firing_for));
  }
  json.member("labels", rule.labels);
  if (rule.alerting) {
    json.member("annotations", rule.annotations);
    json.key("alerts");
    json.begin_array();
    if (with_alerts) {
      for (const AlertView& alert : rule.alerts) write_alert(json, alert);
    }
    json.end_array();
  }
  json.member("health", to_string(rule.health));
  if (!rule.last_error.empty()) json.member("lastError", rule.last_error);
  json.member("evaluationTime", rule.evaluation_seconds);
  json.member("lastEvaluation", time_text(rule.last_evaluation));
  json.member("type", rule.alerting ? "alerting" : "recording");
  json.end_object();
}

void write_group(JsonWriter& json, const GroupView& group, bool with_alerts) {
  json.begin_object();
  json.member("name", group.name);
  json.member("file", group.file);
  json.key("rules");
  json.begin_array();
  for (const RuleView& rule : group.rules) write_rule(json, rule, with_alerts);
  json.end_array();
  json.member("interval", seconds(group.interval));
  json.member("limit", group.limit);
  json.member("evaluationTime", group.evaluation_seconds);
  json.member("lastEvaluation", time_text(group.last_evaluation));
  json.end_object();
}

// What the parameters of /rules let through.
struct Filter {
  bool alerting = true;
  bool recording = true;
  bool with_alerts = true;
  std::set<std::string_view> names, groups, files;
  MatcherSets matchers;

  bool keeps(const GroupView& group) const {
    return (groups.empty() || groups.contains(group.name)) && (files.empty() || files.contains(group.file));
  }
  bool keeps(const RuleView& rule) const {
    if (!(rule.alerting ? alerting : recording)) return false;
    if (!names.empty() && !names.contains(rule.name)) return false;
    const auto all_match = [&rule](const std::vector<Matcher>& set) {
      return std::all_of(set.begin(), set.end(), [&rule](const Matcher& m) { return m.matches(rule.labels); });
    };
    return matchers.empty() || std::any_of(matchers.begin(), matchers.end(), all_match);
  }
};

std::set<std::string_view> values_of(const net::Params& params, std::string_view name) {
  const auto all = params.all(name);
  return {all.begin(), all.end()};
}

Result<Filter> read_filter(const net::Params& params) {
  Filter filter;
  const std::string_view type = params.get("type");
  if (!type.empty() && type != "alert" && type != "record") {
    return std::unexpected(invalid_parameter("type", "not supported value " + go_quote(type)));
  }
  filter.alerting = type != "record";
  filter.recording = type != "alert";
  if (const std::string_view exclude = params.get("exclude_alerts"); !exclude.empty()) {
    if (exclude != "true" && exclude != "false" && exclude != "1" && exclude != "0") {
      return std::unexpected(invalid_parameter("exclude_alerts", "not a boolean: " + go_quote(exclude)));
    }
    filter.with_alerts = exclude == "false" || exclude == "0";
  }
  filter.names = values_of(params, "rule_name[]");
  filter.groups = values_of(params, "rule_group[]");
  filter.files = values_of(params, "file[]");
  VIGIL_TRY(filter.matchers, match_parameters(params));
  return filter;
}

// Names a group for paging without showing paths in URLs.
std::string page_token(const GroupView& group) {
  return fmt::format("{:016x}", fnv1a64(group.file + ";" + group.name));
}

// Drops the groups before the page and after it; returns the token of the next page.
Result<std::string> cut_page(std::vector<GroupView>& groups, const net::Params& params) {
  const std::string_view token = params.get("group_next_token");
  VIGIL_TRY(const std::size_t limit, limit_parameter(params, "group_limit"));
  if (limit == 0 && params.has("group_limit"))
    return std::unexpected(invalid_parameter("group_limit", "must be positive"));
  if (!token.empty()) {
    if (limit == 0) {
      return std::unexpected(
          invalid_parameter("group_limit", "group_limit needs to be present in order to paginate over the groups"));
    }
    const auto at =
        std::find_if(groups.begin(), groups.end(), [token](const GroupView& g) { return page_token(g) == token; });
    if (at == groups.end()) {
      return std::unexpected(
          invalid_parameter("group_next_token", "invalid group_next_token, were rule groups changed?"));
    }
    groups.erase(groups.begin(), at);
  }
  if (limit == 0 || groups.size() <= limit) return std::string();
  std::string next = page_token(groups[limit]);
  groups.resize(limit);
  return next;
}

Result<Data> list_rules(const Dependencies& deps, const net::Request& request) {
  VIGIL_TRY(const Filter filter, read_filter(request.query));
  std::vector<GroupView> groups;
  if (deps.rule_groups) groups = deps.rule_groups();
  std::erase_if(groups, [&filter](GroupView& group) {
    if (!filter.keeps(group)) return true;
    std::erase_if(group.rules, [&filter](const RuleView& rule) { return !filter.keeps(rule); });
    return group.rules.empty();
  });
  VIGIL_TRY(const std::string next, cut_page(groups, request.query));
  return [groups = std::move(groups), next, with_alerts = filter.with_alerts](JsonWriter& json) {
    json.begin_object();
    json.key("groups");
    json.begin_array();
    for (const GroupView& group : groups) write_group(json, group, with_alerts);
    json.end_array();
    if (!next.empty()) json.member("groupNextToken", next);
    json.end_object();
  };
}

Result<Data> list_alerts(const Dependencies& deps) {
  std::vector<GroupView> groups;
  if (deps.rule_groups) groups = deps.rule_groups();
  return [groups = std::move(groups)](JsonWriter& json) {
    json.begin_object();
    json.key("alerts");
    json.begin_array();
    for (const GroupView& group : groups) {
      for (const RuleView& rule : group.rules) {
        for (const AlertView& alert : rule.alerts) write_alert(json, alert);
      }
    }
    json.end_array();
    json.end_object();
  };
}

Result<Data> list_alertmanagers(const Dependencies& deps) {
  std::vector<std::string> urls;
  if (deps.alertmanagers) urls = deps.alertmanagers();
  return [urls = std::move(urls)](JsonWriter& json) {
    json.begin_object();
    json.key("activeAlertmanagers");
    json.begin_array();
    for (const std::string& url : urls) {
      json.begin_object();
      json.member("url", url);
      json.end_object();
    }
    json.end_array();
    json.key("droppedAlertmanagers");
    json.begin_array();
    json.end_array();
    json.end_object();
  };
}

}  // namespace

void add_rule_routes(net::Router& router, const Shared& deps) {
  router.get("/api/v1/rules",
             [deps](const net::Request& request, Writer out) { send(std::move(out), list_rules(*deps, request)); });
  router.get("/api/v1/alerts", [deps](const net::Request&, Writer out) { send(std::move(out), list_alerts(*deps)); });
  router.get("/api/v1/alertmanagers",
             [deps](const net::Request&, Writer out) { send(std::move(out), list_alertmanagers(*deps)); });
}

}  // namespace vigil::api
