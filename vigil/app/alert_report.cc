#include "vigil/app/alert_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "vigil/base/strings.h"
#include "vigil/exposition/page_parser.h"
#include "vigil/exposition/series_parser.h"

namespace vigil::app {
namespace {

using Json = nlohmann::json;

Duration duration(const Json& object, const char* name) {
  return static_cast<Duration>(object.value(name, 0.0) * 1000);
}

std::vector<ActiveAlert> alerts_of(const Json& rules) {
  std::vector<ActiveAlert> out;
  for (const auto& group : rules.at("groups")) {
    for (const auto& rule : group.at("rules")) {
      for (const auto& alert : rule.value("alerts", Json::array())) {
        ActiveAlert& one = out.emplace_back();
        one.name = rule.value("name", "");
        one.state = alert.value("state", "");
        one.since = alert.value("activeAt", "");
        const std::string value = alert.value("value", "");
        one.value = value.empty() ? "" : parse_float(value) ? format_float(*parse_float(value)) : value;
        one.keep_firing_since = alert.value("keepFiringSince", "");
        LabelsBuilder labels;
        for (const auto& [name, text] : alert.at("labels").items()) labels.set(name, text.get<std::string>());
        one.labels = labels.build();
        one.group = group.value("name", "");
        one.file = group.value("file", "");
        one.query = rule.value("query", "");
        one.hold = duration(rule, "duration");
        one.keep_firing_for = duration(rule, "keepFiringFor");
        one.health = rule.value("health", "");
        one.last_error = rule.value("lastError", "");
      }
    }
  }
  // The worst first, then the oldest.
  std::ranges::stable_sort(out, {}, [](const ActiveAlert& a) { return std::pair(a.state != "firing", a.since); });
  return out;
}

// The entry of `list` whose `member` is `key`, appended if there is none.
template <class T>
T& entry(std::vector<T>& list, std::string T::* member, std::string_view key) {
  for (T& each : list) {
    if (each.*member == key) return each;
  }
  T& added = list.emplace_back();
  added.*member = key;
  return added;
}

std::string count(double number) { return format_float(number); }

std::string ago(Timestamp then, Timestamp now) {
  return format_duration(std::max<Duration>(0, (now - then) / kSecond * kSecond));
}

}  // namespace

Result<std::vector<ActiveAlert>> read_alerts(const Json& rules) {
  try {
    return alerts_of(rules);
  } catch (const Json::exception& error) {
    return fail(ErrorCode::kInvalidArgument, std::string("unexpected answer: ") + error.what());
  }
}

NotificationPaths read_paths(const Json& alertmanagers, std::string_view metrics) {
  using Receiver = NotificationPaths::Receiver;
  using External = NotificationPaths::External;
  NotificationPaths out;
  if (const auto list = alertmanagers.find("activeAlertmanagers"); list != alertmanagers.end() && list->is_array()) {
    for (const auto& each : *list) entry(out.external, &External::url, each.value("url", ""));
  }
  exposition::PageParser page(metrics, exposition::Format::kText);
  exposition::SeriesParser series;
  using Event = exposition::PageParser::Event;
  for (Event event = page.next(); event != Event::kEnd && event != Event::kError; event = page.next()) {
    if (event != Event::kSample || !series.parse(page.sample().series)) continue;
    std::string_view name = series.name();
    const double value = page.sample().value;
    const auto label = [&](std::string_view key) {
      const auto found = std::ranges::find(series.labels(), key, &LabelView::name);
      return found == series.labels().end() ? std::string_view() : found->value;
    };
    if (name.starts_with("vigil_alerting_")) {
      out.own = true;
      const auto receiver = [&]() -> Receiver& {
        return entry(out.receivers, &Receiver::integration, label("integration"));
      };
      if (name == "vigil_alerting_notifications_total") receiver().messages += value;
      if (name == "vigil_alerting_notifications_failed_total") receiver().given_up += value;
      if (name == "vigil_alerting_notification_requests_total") receiver().requests += value;
      if (name == "vigil_alerting_notification_requests_failed_total") receiver().failed_requests += value;
      if (name == "vigil_alerting_record_failures_total") out.unrecorded += value;
      continue;
    }
    for (const std::string_view prefix : {"vigil_", "prometheus_"}) {
      if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    }
    if (!name.starts_with("notifications_")) continue;
    if (name == "notifications_queue_length") out.queue_length += value;
    // Prometheus drops without saying for whom.
    if (label("alertmanager").empty()) continue;
    External& external = entry(out.external, &External::url, label("alertmanager"));
    if (name == "notifications_sent_total") external.sent += value;
    if (name == "notifications_errors_total") external.errors += value;
    if (name == "notifications_dropped_total") external.dropped += value;
  }
  return out;
}

void explain(ActiveAlert& alert, const NotificationPaths& paths, Timestamp now) {
  auto& why = alert.why;
  why.clear();
  if (alert.health == "err") {
    why.push_back("the rule fails, so its state is that of its last good evaluation: " + alert.last_error);
  }
  const auto since = parse_rfc3339(alert.since);
  if (alert.state == "pending") {
    const std::string wait = since ? fmt::format("for {} of {}, firing at {}", ago(*since, now),
                                                 format_duration(alert.hold), format_rfc3339(*since + alert.hold))
                                   : "for less than " + format_duration(alert.hold);
    why.push_back("no page was sent: the condition holds " + wait);
    return;
  }
  if (!alert.keep_firing_since.empty()) {
    const auto kept = parse_rfc3339(alert.keep_firing_since);
    why.push_back("the condition is gone" + (kept ? " for " + ago(*kept, now) : std::string()) +
                  ", keep_firing_for holds the alert for " + format_duration(alert.keep_firing_for));
  }
  if (!paths.own && paths.external.empty()) {
    why.push_back(
        "no page was sent: the server has neither --alertmanager.config.file nor an Alertmanager in its configuration");
    return;
  }
  if (paths.own) {
    why.push_back("handed to the server's own notifier");
    for (const auto& receiver : paths.receivers) {
      if (receiver.integration.empty()) continue;
      why.push_back(fmt::format("{}: {} of {} requests since the start were accepted; of {} messages {} were given up",
                                receiver.integration, count(receiver.requests - receiver.failed_requests),
                                count(receiver.requests), count(receiver.messages), count(receiver.given_up)));
    }
    if (paths.unrecorded > 0) {
      why.push_back(fmt::format("{} changes could not be written to disk: messages wait until they can",
                                count(paths.unrecorded)));
    }
  }
  for (const auto& external : paths.external) {
    why.push_back(
        fmt::format("handed to the Alertmanager {}: {} alerts since the start were sent, {} failed, {} dropped",
                    external.url, count(external.sent), count(external.errors), count(external.dropped)));
  }
  if (paths.queue_length > 0) {
    why.push_back(fmt::format("{} alerts wait in the queue to Alertmanagers", count(paths.queue_length)));
  }
}

Json to_json(const ActiveAlert& alert) {
  Json labels = Json::object();
  for (const LabelView label : alert.labels) labels[std::string(label.name)] = label.value;
  Json out = {{"labels", std::move(labels)},
              {"state", alert.state},
              {"activeAt", alert.since},
              {"value", alert.value},
              {"rule",
               {{"name", alert.name},
                {"group", alert.group},
                {"file", alert.file},
                {"query", alert.query},
                {"duration", static_cast<double>(alert.hold) / 1000},
                {"keepFiringFor", static_cast<double>(alert.keep_firing_for) / 1000},
                {"health", alert.health},
                {"lastError", alert.last_error}}}};
  if (!alert.keep_firing_since.empty()) out["keepFiringSince"] = alert.keep_firing_since;
  if (!alert.why.empty()) out["why"] = alert.why;
  return out;
}

}  // namespace vigil::app
