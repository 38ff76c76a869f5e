// The bytes of messages, beside those that a real Alertmanager sent.
#include "vigil/alerting/message.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

namespace vigil::alerting {
namespace {

using nlohmann::json;

std::filesystem::path captures() {
  const char* shared = std::getenv("VIGIL_SHARED");
  const std::filesystem::path base = shared != nullptr ? shared : VIGIL_SOURCE_DIR "/../shared";
  return base / "conformance/alertmanager/captures";
}

Labels labels_of(const json& object) {
  LabelsBuilder builder;
  for (const auto& [name, value] : object.items()) builder.set(name, value.get<std::string>());
  return builder.build();
}

// What 0.34 adds to the message of 0.25.
std::string without_new_fields(std::string body) {
  const auto cut = [&](std::string_view from, std::string_view to) {
    const std::size_t begin = body.find(from);
    ASSERT_NE(begin, std::string::npos);
    body.erase(begin, body.find(to, begin) - begin);
  };
  cut(R"("notification_reason":)", R"("groupLabels":)");
  cut(R"("routeLabels":)", R"("externalURL":)");
  return body;
}

TEST(Webhook, EqualsTheCaptures) {
  int compared = 0;
  for (const char* name : {"payloads-0.25.0.jsonl", "timing-0.25.0.jsonl"}) {
    std::ifstream file(captures() / name);
    if (!file) GTEST_SKIP() << "missing: " << captures() / name << " (set VIGIL_SHARED)";
    for (std::string line; std::getline(file, line);) {
      const json request = json::parse(line, nullptr, false);
      if (!request.is_object() || !request.contains("body") || !request["body"].is_string()) continue;
      const std::string expected = request["body"];
      const json body = json::parse(expected, nullptr, false);
      if (!body.is_object() || !body.contains("version") || !body.contains("truncatedAlerts")) continue;

      // From the answer back to the question: the alerts in the message and one more if it was cut.
      std::vector<FlushedAlert> alerts;
      for (const json& one : body["alerts"]) {
        const bool resolved = one["status"] == "resolved";
        Alert alert{.labels = labels_of(one["labels"]),
                    .annotations = labels_of(one["annotations"]),
                    .starts_at = *parse_rfc3339(one["startsAt"].get<std::string>()),
                    .ends_at = resolved ? *parse_rfc3339(one["endsAt"].get<std::string>()) : 0,
                    .generator_url = one["generatorURL"]};
        const Fingerprint print = fingerprint(alert.labels);
        alerts.push_back({.alert = std::move(alert), .fingerprint = print, .resolved = resolved});
      }
      const std::uint64_t truncated = body["truncatedAlerts"];
      for (std::uint64_t i = 0; i < truncated; ++i) alerts.push_back(alerts.front());
      const Labels group = labels_of(body["groupLabels"]);
      const std::string receiver = body["receiver"];
      const std::string url = body["externalURL"];
      const std::string ours = webhook_body({.receiver = receiver,
                                             .group_key = group_key(group),
                                             .external_url = url,
                                             .group_labels = group,
                                             .reason = Reason::kFirst,
                                             .max_alerts = truncated > 0 ? alerts.size() - truncated : 0},
                                            alerts);
      // Child routes of the capture have matchers in their key; ours has only the root.
      if (body["groupKey"] != group_key(group)) continue;
      EXPECT_EQ(without_new_fields(ours), expected);
      ++compared;
    }
  }
  EXPECT_GE(compared, 20);
}

TEST(Webhook, EveryField) {
  FlushedAlert firing{.alert = {.labels = {{"alertname", "A"}, {"i", "1"}},
                                .annotations = {{"s", "x"}},
                                .starts_at = 1'800'000'000'500,
                                .ends_at = 0,
                                .generator_url = "http://g?a&b"},
                      .fingerprint = 0xabc};
  FlushedAlert resolved = firing;
  resolved.resolved = true;
  resolved.alert.ends_at = 1'800'000'001'000;
  resolved.alert.labels = {{"alertname", "A"}, {"i", "2"}};
  EXPECT_EQ(
      webhook_body({.receiver = "web.hook",
                    .group_key = R"({}:{alertname="A"})",
                    .external_url = "http://v",
                    .group_labels = {{"alertname", "A"}},
                    .reason = Reason::kSomeResolved},
                   std::vector{firing, resolved}),
      R"({"receiver":"web\\.hook","status":"firing","alerts":[)"
      R"({"status":"firing","labels":{"alertname":"A","i":"1"},"annotations":{"s":"x"},"startsAt":"2027-01-15T08:00:00.5Z",)"
      R"("endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://g?a\u0026b","fingerprint":"0000000000000abc"},)"
      R"({"status":"resolved","labels":{"alertname":"A","i":"2"},"annotations":{"s":"x"},"startsAt":"2027-01-15T08:00:00.5Z",)"
      R"("endsAt":"2027-01-15T08:00:01Z","generatorURL":"http://g?a\u0026b","fingerprint":"0000000000000abc"}],)"
      R"("notification_reason":"some alerts resolved","groupLabels":{"alertname":"A"},"commonLabels":{"alertname":"A"},)"
      R"("commonAnnotations":{"s":"x"},"routeLabels":{},"externalURL":"http://v","version":"4",)"
      R"("groupKey":"{}:{alertname=\"A\"}","truncatedAlerts":0})"
      "\n");
}

TEST(GoJson, Escapes) {
  const struct {
    std::string_view text, expected;
  } cases[] = {
      {"plain ⚠", R"("plain ⚠")"},
      {"<a> & \"b\"\\", R"("\u003ca\u003e \u0026 \"b\"\\")"},
      {"\n\t\r\x01", R"("\n\t\r\u0001")"},
      {"a\xe2\x80\xa8"
       "b\xe2\x80\xa9",
       R"("a\u2028b\u2029")"},
      {"\xe2\x82\xac", "\"€\""},
  };
  for (const auto& c : cases) {
    std::string out;
    append_go_json(out, c.text);
    EXPECT_EQ(out, c.expected);
  }
}

TEST(Grouping, Keys) {
  const struct {
    Labels labels;
    std::string_view expected;
  } cases[] = {
      {{}, "{}:{}"},
      {{{"alertname", "X"}, {"cluster", "y"}}, R"({}:{alertname="X", cluster="y"})"},
      {{{"a", "q\"\n\\"}}, R"({}:{a="q\"\n\\"})"},
      {{{"a.b", "c"}}, R"({}:{"a.b"="c"})"},
  };
  for (const auto& c : cases) EXPECT_EQ(group_key(c.labels), c.expected);
  EXPECT_EQ(quote_meta("a.b+(c)"), R"(a\.b\+\(c\))");
  EXPECT_EQ(go_time(1'800'000'000'000), "2027-01-15T08:00:00Z");
  EXPECT_EQ(go_time(1'800'000'000'120), "2027-01-15T08:00:00.12Z");
}

TEST(Grouping, Order) {
  const std::vector<Labels> sorted = {
      {{"job", "a"}, {"instance", "1"}},
      {{"job", "a"}, {"instance", "2"}},
      {{"job", "b"}},
      {{"instance", "0"}},
      {{"z", "1"}},
      {{"b", "1"}},
      {{"b", "2"}},
      {{"b", "1"}, {"c", "1"}},
  };
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t j = 0; j < sorted.size(); ++j) {
      EXPECT_EQ(comes_before(sorted[i], sorted[j]), i < j) << sorted[i].to_string() << " " << sorted[j].to_string();
    }
  }
}

TEST(Grouping, Merge) {
  const Labels labels = {{"a", "b"}};
  const auto make = [&](Timestamp starts, Timestamp ends, bool guessed = false) {
    return StoredAlert{
        .alert = {.labels = labels, .annotations = {}, .starts_at = starts, .ends_at = ends, .generator_url = {}},
        .guessed_end = guessed};
  };
  const struct {
    const char* name;
    StoredAlert older, newer;
    Timestamp starts, ends;
  } cases[] = {
      // now is 100
      {"renewed", make(10, 150), make(10, 200), 10, 200},
      {"earliest start", make(10, 150), make(20, 200), 10, 200},
      {"an earlier end in the future does not shorten", make(10, 150), make(10, 120), 10, 150},
      {"but a guess is given up", make(10, 150, true), make(10, 120), 10, 120},
      {"resolved now", make(10, 150), make(10, 100), 10, 100},
      {"the later of two ends", make(10, 99), make(10, 90), 10, 99},
      {"fires anew after its end", make(10, 50), make(60, 200), 60, 200},
  };
  for (const auto& c : cases) {
    const StoredAlert merged = merge(c.older, c.newer, 100);
    EXPECT_EQ(merged.alert.starts_at, c.starts) << c.name;
    EXPECT_EQ(merged.alert.ends_at, c.ends) << c.name;
  }
}

}  // namespace
}  // namespace vigil::alerting
