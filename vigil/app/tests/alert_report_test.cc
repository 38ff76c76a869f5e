#include "vigil/app/alert_report.h"

#include <nlohmann/json.hpp>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vigil::app {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const char* const kRules = R"({"groups": [{"name": "g", "file": "r.yml", "rules": [
  {"type": "recording", "name": "a:b", "query": "x", "health": "ok"},
  {"type": "alerting", "name": "Down", "query": "up == 0", "duration": 300, "keepFiringFor": 0, "health": "ok", "alerts": [
    {"labels": {"alertname": "Down", "job": "a"}, "annotations": {}, "state": "pending",
     "activeAt": "2026-01-02T00:00:00Z", "value": "0e+00"}]},
  {"type": "alerting", "name": "Slow", "query": "s > 1", "duration": 0, "keepFiringFor": 600, "health": "err",
   "lastError": "boom", "alerts": [
    {"labels": {"alertname": "Slow"}, "annotations": {}, "state": "firing", "activeAt": "2026-01-02T00:00:30Z",
     "keepFiringSince": "2026-01-02T00:01:00Z", "value": "1.5e+00"}]}]}]})";

constexpr const char* kNow = "2026-01-02T00:02:00Z";

std::vector<std::string> why(std::string_view alert, const char* alertmanagers, std::string_view metrics) {
  auto alerts = *read_alerts(Json::parse(kRules));
  const auto paths = read_paths(Json::parse(alertmanagers), metrics);
  for (auto& each : alerts) {
    if (each.name != alert) continue;
    explain(each, paths, *parse_rfc3339(kNow));
    return each.why;
  }
  return {};
}

TEST(AlertReport, ReadsAlertsWithTheirRulesTheWorstFirst) {
  const auto alerts = *read_alerts(Json::parse(kRules));
  ASSERT_EQ(alerts.size(), 2U);
  EXPECT_EQ(alerts[0].name, "Slow");
  EXPECT_EQ(alerts[0].state, "firing");
  EXPECT_EQ(alerts[0].value, "1.5");
  EXPECT_EQ(alerts[0].keep_firing_for, 10 * kMinute);
  EXPECT_EQ(alerts[1].name, "Down");
  EXPECT_EQ(alerts[1].query, "up == 0");
  EXPECT_EQ(alerts[1].hold, 5 * kMinute);
  EXPECT_EQ(alerts[1].labels.get("job"), "a");
  const Json shown = to_json(alerts[1]);
  EXPECT_EQ(shown["rule"]["file"], "r.yml");
  EXPECT_EQ(shown["labels"]["job"], "a");
  EXPECT_FALSE(shown.contains("why"));
}

TEST(AlertReport, OtherShapesAreErrors) {
  for (const char* text : {"[]", "{}", R"({"groups": [{}]})", R"({"groups": [{"rules": [{"alerts": [{}]}]}]})"}) {
    EXPECT_FALSE(read_alerts(Json::parse(text)).has_value()) << text;
  }
}

TEST(AlertReport, APendingAlertWaits) {
  EXPECT_THAT(why("Down", R"({"activeAlertmanagers": [{"url": "http://am/api/v2/alerts"}]})", ""),
              ElementsAre("no page was sent: the condition holds for 2m of 5m, firing at 2026-01-02T00:05:00Z"));
}

TEST(AlertReport, NobodyToTell) {
  EXPECT_THAT(why("Slow", R"({"activeAlertmanagers": []})", "vigil_http_requests_total 3\n"),
              ElementsAre("the rule fails, so its state is that of its last good evaluation: boom",
                          "the condition is gone for 1m, keep_firing_for holds the alert for 10m",
                          HasSubstr("no page was sent: the server has neither")));
}

TEST(AlertReport, TheOwnNotifierAndItsOutcome) {
  const auto sentences =
      why("Slow", "{}",
          "vigil_alerting_alerts 1\n"
          "vigil_alerting_notifications_total{integration=\"webhook\"} 5\n"
          "vigil_alerting_notifications_failed_total{integration=\"webhook\",reason=\"other\"} 1\n"
          "vigil_alerting_notifications_failed_total{integration=\"webhook\",reason=\"serverError\"} 1\n"
          "vigil_alerting_notification_requests_total{integration=\"webhook\"} 9\n"
          "vigil_alerting_notification_requests_failed_total{integration=\"webhook\"} 7\n"
          "vigil_alerting_record_failures_total 2\n");
  ASSERT_EQ(sentences.size(), 5U);
  EXPECT_EQ(sentences[2], "handed to the server's own notifier");
  EXPECT_EQ(sentences[3], "webhook: 2 of 9 requests since the start were accepted; of 5 messages 2 were given up");
  EXPECT_THAT(sentences[4], HasSubstr("2 changes could not be written to disk"));
}

TEST(AlertReport, ExternalAlertmanagersOfVigilAndPrometheus) {
  for (const std::string prefix : {"vigil", "prometheus"}) {
    const auto sentences = why("Slow", R"({"activeAlertmanagers": [{"url": "http://am/x"}]})",
                               prefix + "_notifications_sent_total{alertmanager=\"http://am/x\"} 4\n" + prefix +
                                   "_notifications_errors_total{alertmanager=\"http://am/x\"} 2\n" + prefix +
                                   "_notifications_queue_length 9\n");
    ASSERT_EQ(sentences.size(), 4U) << prefix;
    EXPECT_EQ(sentences[2],
              "handed to the Alertmanager http://am/x: 4 alerts since the start were sent, 2 failed, 0 dropped");
    EXPECT_EQ(sentences[3], "9 alerts wait in the queue to Alertmanagers");
  }
}

}  // namespace
}  // namespace vigil::app
