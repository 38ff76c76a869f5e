// When messages are sent: the scenarios of captures/timing.py in virtual time, with the
// times of an endless fast machine. Where a repeat slips in the capture because of a race
// of milliseconds, ours is punctual; see notification_log.h.
#include <gmock/gmock.h>

#include "vigil/alerting/tests/harness.h"
#include "vigil/base/log.h"
#include "vigil/metrics/metrics.h"

namespace vigil::alerting {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

net::ClientResponse status(int code) {
  net::ClientResponse response;
  response.status = code;
  return response;
}

TEST(Timing, S1_RepeatsAtTheFirstTickThatIsLateEnough) {
  Harness h;
  for (Duration t = 0; t < 32'000; t += 2000) h.at(t, [&] { h.fire("S1"); });
  h.run_until(33'000);
  EXPECT_THAT(h.timeline(), ElementsAre("2 firing a=firing", "14 firing a=firing", "26 firing a=firing"));
}

TEST(Timing, S2_FlapWithinGroupWaitSaysNothing) {
  Harness h;
  h.fire("S2");
  h.at(1000, [&] { h.resolve("S2"); });
  h.run_until(33'000);
  EXPECT_THAT(h.timeline(), IsEmpty());
  EXPECT_THAT(h.alertmanager->alerts(), IsEmpty());
  EXPECT_THAT(h.alertmanager->groups(), IsEmpty());
}

TEST(Timing, S3_ResolveWaitsForTheTick) {
  Harness h;
  h.fire("S3");
  h.at(3000, [&] { h.resolve("S3"); });
  h.run_until(33'000);
  EXPECT_THAT(h.timeline(), ElementsAre("2 firing a=firing", "6 resolved a=resolved"));
}

TEST(Timing, S4_JoinAndPartialResolve) {
  Harness h;
  h.fire("S4", "a");
  h.at(3000, [&] { h.fire("S4", "b"); });
  h.at(7000, [&] { h.resolve("S4", "a"); });
  h.run_until(33'000);
  EXPECT_THAT(h.timeline(),
              ElementsAre("2 firing a=firing", "6 firing a=firing b=firing", "10 firing a=resolved b=firing",
                          "22 firing b=firing", "26 resolved b=resolved"));
  EXPECT_EQ(h.seen[0].reason, "first notification");
  EXPECT_EQ(h.seen[1].reason, "new alerts added");
  EXPECT_EQ(h.seen[2].reason, "some alerts resolved");
  EXPECT_EQ(h.seen[3].reason, "repeat interval elapsed");
  EXPECT_EQ(h.seen[4].reason, "all alerts resolved");
}

TEST(Timing, S5_ResolveAndRefireBetweenTicksSaysNothing) {
  Harness h;
  h.fire("S5");
  h.at(3000, [&] { h.resolve("S5"); });
  h.at(4500, [&] { h.fire("S5"); });
  h.run_until(33'000);
  EXPECT_THAT(h.timeline(), ElementsAre("2 firing a=firing", "14 firing a=firing", "26 resolved a=resolved"));
}

TEST(Timing, S6_OldAlertIsTold_AtOnce) {
  Harness h;
  h.fire("S6", "a", -3'600'000);
  h.run_until(33'000);
  EXPECT_THAT(h.timeline(), ElementsAre("0 firing a=firing", "12 firing a=firing", "20 resolved a=resolved"));
}

TEST(Timing, S8_RetriesUntilItIsTaken) {
  Harness h;
  int failures = 3;
  h.answer = [&](const Seen&) { return status(failures-- > 0 ? 500 : 200); };
  h.fire("S8");
  h.run_until(33'000);
  ASSERT_EQ(h.seen.size(), 6U);
  const Duration expected[][2] = {{2000, 2000}, {2250, 2750}, {2625, 3875}, {3188, 5563}};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_GE(h.seen[i].at, expected[i][0]) << i;
    EXPECT_LE(h.seen[i].at, expected[i][1]) << i;
  }
  EXPECT_EQ(h.seen[3].answered, 200);
  EXPECT_EQ(h.timeline()[4], "14 firing a=firing");  // counted from the tick: the capture slipped to 18
  EXPECT_EQ(h.timeline()[5], "22 resolved a=resolved");
}

TEST(Timing, S9_S11_RefusedOncePerTickAndForgottenWhenOver) {
  for (const int code : {429, 400}) {
    Harness h;
    h.answer = [&](const Seen&) { return status(code); };
    h.fire("S9");
    h.run_until(33'000);
    const std::string line = " " + std::to_string(code) + " firing a=firing";
    EXPECT_THAT(h.timeline(), ElementsAre("2" + line, "6" + line, "10" + line, "14" + line, "18" + line)) << code;
    EXPECT_THAT(h.alertmanager->alerts(), IsEmpty());
  }
}

TEST(Timing, S10_NoResolvedMessageButTheLogForgets) {
  Config config = Harness::config(2000, 4000, 10'000);
  config.receivers[0].webhooks[0].send_resolved = false;
  Harness h(config);
  h.fire("S10");
  h.at(3000, [&] { h.resolve("S10"); });
  h.at(8000, [&] { h.fire("S10"); });
  h.run_until(33'000);
  EXPECT_THAT(h.timeline(), ElementsAre("2 firing a=firing", "10 firing a=firing", "22 firing a=firing"));
}

TEST(Timing, RepeatsArePunctualWhenRepeatIsAMultipleOfTheInterval) {
  Harness h(Harness::config(1000, 3000, 9000));
  h.lifetime = 3'600'000;
  h.fire("R");
  h.run_until(30'000);
  EXPECT_THAT(h.timeline(),
              ElementsAre("1 firing a=firing", "10 firing a=firing", "19 firing a=firing", "28 firing a=firing"));
}

TEST(Timing, RepeatIntervalBeyondRetentionRepeatsAtRetention) {
  Harness h(Harness::config(0, kHour, 500 * kHour));
  h.lifetime = 10'000 * kHour;
  h.fire("R");
  h.run_until(130 * kHour);
  EXPECT_THAT(h.timeline(), ElementsAre("0 firing a=firing", "432000 firing a=firing"));
}

TEST(Timing, RefireAfterTheResolveWasToldWaitsAnew) {
  Harness h;
  h.fire("F");
  h.at(3000, [&] { h.resolve("F"); });
  h.at(7000, [&] { h.fire("F"); });  // told resolved at 6: the group is gone
  h.run_until(10'500);
  EXPECT_THAT(h.timeline(), ElementsAre("2 firing a=firing", "6 resolved a=resolved", "9 firing a=firing"));
}

TEST(Timing, RefireDuringTheResolvedMessageIsNotLost) {
  Harness h;
  h.client.on(
      "http://hook/x",
      [&](const net::ClientRequest&) -> Result<net::ClientResponse> {
        h.seen.push_back({.at = h.now(), .url = {}, .what = "message", .group = {}, .reason = {}});
        return status(200);
      },
      1000);
  h.fire("F");
  h.at(4000, [&] { h.resolve("F"); });
  h.at(6500, [&] { h.fire("F"); });  // while the message of 6 is on its way
  h.run_until(12'000);
  EXPECT_THAT(h.timeline(), ElementsAre("3 message", "7 message", "11 message"));
  ASSERT_EQ(h.alertmanager->alerts().size(), 1U);
  EXPECT_TRUE(h.alertmanager->alerts()[0].firing);
}

TEST(Timing, ASlowReceiverDelaysTheTickNotTheGroup) {
  Harness h;
  h.client.hang("http://hook/x");
  h.fire("H");
  h.run_until(60'000);
  // Deadline of a flush: 10 s at least. A message without answer may have arrived: its resolve is sent.
  std::vector<Duration> timeouts;
  for (const auto& request : h.client.requests()) timeouts.push_back(request.timeout);
  EXPECT_THAT(timeouts, ElementsAre(10'000, 10'000, 10'000, 10'000, 10'000, 10'000));
}

TEST(Timing, ChangedAnnotationsAloneAreNotTold) {
  Harness h;
  h.fire("C");
  h.at(3000, [&] {
    Alert alert = make_alert("C", "a", kStart, kStart + 60'000);
    alert.annotations = {{"summary", "changed"}};
    h.send(alert);
  });
  h.run_until(11'000);
  EXPECT_THAT(h.timeline(), ElementsAre("2 firing a=firing"));
  EXPECT_EQ(h.alertmanager->alerts()[0].alert.annotations.get("summary"), "changed");
}

TEST(Timing, AlertsWithoutEndResolveByTimeout) {
  Harness h;
  h.send(make_alert("T", "a", 0, 0));
  h.run_until(kHour);
  ASSERT_GE(h.seen.size(), 2U);
  EXPECT_EQ(h.timeline().back(), "302 resolved a=resolved");
}

TEST(Timing, GroupByAllMakesAGroupOfEachAlert) {
  Config config = Harness::config(2000, 4000, 10'000);
  config.route.group_by_all = true;
  Harness h(config);
  h.fire("G", "a");
  h.fire("G", "b");
  h.run_until(3000);
  EXPECT_THAT(h.timeline(), ElementsAre("2 firing a=firing", "2 firing b=firing"));
  EXPECT_EQ(h.alertmanager->groups()[0].key, R"({}:{alertname="G", instance="a"})");
}

TEST(Timing, EachIntegrationOnItsOwn) {
  Config config = Harness::config(2000, 4000, 10'000);
  WebhookConfig second;
  second.url = "http://hook/second";
  config.receivers[0].webhooks.push_back(second);
  Harness h(config);
  h.answer = [&](const Seen& seen) { return status(seen.url == kUrl ? 200 : 400); };
  h.fire("E");
  h.at(3000, [&] { h.resolve("E"); });
  h.run_until(7000);
  // The second was never told "firing": it hears nothing of the end. The first is not told twice.
  EXPECT_THAT(h.timeline(), ElementsAre("2 firing a=firing", "2 400 firing a=firing", "6 resolved a=resolved"));
  EXPECT_THAT(h.alertmanager->alerts(), IsEmpty());
}

TEST(Timing, AReceiverWithoutIntegrationsIsASink) {
  Config config = Harness::config(2000, 4000, 10'000);
  config.receivers[0].webhooks.clear();
  Harness h(config);
  h.fire("N");
  h.run_until(60'000);
  EXPECT_THAT(h.seen, IsEmpty());
  EXPECT_THAT(h.alertmanager->alerts(), IsEmpty());
}

TEST(Webhook, UrlFromAFileThatIsReadAtEverySend) {
  Config config = Harness::config(2000, 4000, 10'000);
  config.receivers[0].webhooks[0].url.clear();
  config.receivers[0].webhooks[0].url_file = "/etc/url";
  Harness h(config);
  h.lifetime = kHour;
  h.fire("U");
  h.run_until(3000);
  EXPECT_THAT(h.seen, IsEmpty());
  ASSERT_TRUE(h.disk.write_file_atomically("/etc/url", " http://hook/from-file\n"));
  h.run_until(7000);
  ASSERT_EQ(h.seen.size(), 1U);
  EXPECT_EQ(h.seen[0].url, "http://hook/from-file");
}

TEST(Webhook, UrlsAreNotLogged) {
  std::string logged;
  log::set_sink([&](log::Level, std::string_view line) { logged += line; });
  Config config = Harness::config(2000, 4000, 10'000);
  config.receivers[0].webhooks[0].url = "http://elsewhere/services/TOKEN";
  Harness h(config);
  h.fire("U");
  h.run_until(20'000);
  log::set_sink({});
  EXPECT_THAT(logged, testing::HasSubstr("connection refused"));
  EXPECT_THAT(logged, testing::Not(testing::HasSubstr("TOKEN")));
}

TEST(Metrics, CountWhatHappens) {
  metrics::Registry registry;
  VirtualScheduler scheduler(kStart);
  MemoryFileSystem disk;
  net::FakeHttpClient client(&scheduler);
  client.on(kUrl, 400, "");
  auto alertmanager = *Alertmanager::open(Harness::config(2000, 4000, 10'000), {.directory = "/d",
                                                                                .files = &disk,
                                                                                .client = client,
                                                                                .scheduler = scheduler,
                                                                                .external_url = "",
                                                                                .registry = &registry,
                                                                                .max_alerts = 2});
  const std::vector<Alert> alerts = {make_alert("M", "a", 0, 0),
                                     make_alert("M", "b", 0, 0),
                                     make_alert("M", "c", 0, 0),
                                     {},
                                     make_alert("M", "a", kStart, kStart - 1)};
  alertmanager->send(alerts);
  scheduler.advance(3000);
  struct Values final : metrics::Visitor {
    void begin_family(const metrics::FamilyView& family) override { name = family.name; }
    void point(std::string_view labels, const metrics::PointView& value) override {
      all[name + "{" + std::string(labels) + "}"] = value.value;
    }
    void histogram(std::string_view, const metrics::HistogramView&) override {}
    std::string name;
    std::map<std::string, double> all;
  } values;
  registry.visit(values);
  const std::map<std::string, double> expected = {
      {"vigil_alerting_alerts{}", 2},
      {"vigil_alerting_aggregation_groups{}", 1},
      {"vigil_alerting_alerts_received_total{status=\"firing\"}", 4},
      {"vigil_alerting_alerts_received_total{status=\"resolved\"}", 1},
      {"vigil_alerting_alerts_invalid_total{reason=\"too_many\"}", 1},
      {"vigil_alerting_alerts_invalid_total{reason=\"no_labels\"}", 1},
      {"vigil_alerting_alerts_invalid_total{reason=\"ends_before_start\"}", 1},
      {"vigil_alerting_notifications_total{integration=\"webhook\"}", 1},
      {"vigil_alerting_notifications_failed_total{integration=\"webhook\",reason=\"clientError\"}", 1},
      {"vigil_alerting_notification_requests_total{integration=\"webhook\"}", 1},
  };
  for (const auto& [name, value] : expected) EXPECT_EQ(values.all[name], value) << name;
}

TEST(Reload, RegroupsAtOnceAndDoesNotTellAgain) {
  Harness h(Harness::config(2000, 4000, 100'000));
  h.lifetime = 3'600'000;
  h.fire("A");
  h.run_until(5000);
  Config config = Harness::config(2000, 4000, 100'000);
  WebhookConfig second;
  second.url = "http://hook/second";
  config.receivers[0].webhooks.push_back(second);
  ASSERT_TRUE(h.alertmanager->apply(config));
  h.run_until(30'000);
  ASSERT_EQ(h.seen.size(), 2U);
  EXPECT_EQ(h.seen[1].at, 5000);  // the new integration hears of the old alert at once
  EXPECT_EQ(h.seen[1].url, "http://hook/second");

  config.route.receiver = "nobody";
  const auto refused = h.alertmanager->apply(config);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("nobody"));
}

TEST(Reload, AMessageOnItsWayStaysTheOnlyOne) {
  Harness h;
  h.lifetime = 3'600'000;
  h.client.on(
      "http://hook/x", [&](const net::ClientRequest&) -> Result<net::ClientResponse> { return status(200); }, 2000);
  h.fire("A");
  h.at(3000, [&] { ASSERT_TRUE(h.alertmanager->apply(Harness::config(2000, 4000, 100'000))); });
  h.run_until(20'000);
  EXPECT_EQ(h.client.requests().size(), 1U);
}

TEST(Reload, AnotherGroupingStartsAnew) {
  Harness h;
  h.lifetime = 3'600'000;
  h.fire("A", "a");
  h.fire("A", "b");
  h.run_until(5000);
  Config config = Harness::config(2000, 4000, 100'000);
  config.route.group_by = {"instance"};
  ASSERT_TRUE(h.alertmanager->apply(config));
  h.run_until(20'000);
  EXPECT_THAT(h.timeline(),
              UnorderedElementsAre("2 firing a=firing b=firing", "5 firing a=firing", "5 firing b=firing"));
}

TEST(Stop, NothingIsSentAfterwards) {
  Harness h;
  h.fire("A");
  h.alertmanager->stop();
  h.alertmanager->stop();
  h.fire("A", "b");
  EXPECT_FALSE(h.alertmanager->apply(Harness::config(1, 1, 1)));
  h.run_until(30'000);
  EXPECT_THAT(h.seen, IsEmpty());
}

}  // namespace
}  // namespace vigil::alerting
