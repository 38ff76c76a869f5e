// What a kill at any moment may do: at most one message twice, and no resolve lost.
#include <gmock/gmock.h>

#include <algorithm>

#include "vigil/alerting/tests/harness.h"

namespace vigil::alerting {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// group_wait 2 s, group_interval 4 s, repeat_interval 100 s.
Config slow_repeats() { return Harness::config(2000, 4000, 100'000); }

TEST(Restart, WhatWasToldIsNotToldAgain) {
  Harness h(slow_repeats());
  h.lifetime = 60'000;
  h.fire("A");
  h.run_until(3000);
  h.kill();
  h.run_until(10'000);
  h.open();
  h.fire("A");  // the rule again, with its old start: the group would flush at once
  h.run_until(50'000);
  EXPECT_THAT(h.timeline(), ElementsAre("2 firing a=firing"));
  h.resolve("A");
  h.run_until(60'000);
  EXPECT_THAT(h.timeline(), ElementsAre("2 firing a=firing", "54 resolved a=resolved"));
}

TEST(Restart, RepeatsKeepTheirTime) {
  Harness h(slow_repeats());
  h.lifetime = kHour;
  h.fire("A");
  h.run_until(3000);
  h.kill();
  h.open();
  h.run_until(120'000);
  EXPECT_THAT(h.timeline(), ElementsAre("2 firing a=firing", "103 firing a=firing"));
}

TEST(Restart, AGroupThatWaitsGoesOnWaiting) {
  Harness h(Harness::config(30'000, 300'000, kHour));
  h.lifetime = kHour;
  h.fire("A");
  h.run_until(20'000);
  h.kill();
  h.run_until(25'000);
  h.open();
  h.run_until(40'000);
  EXPECT_THAT(h.timeline(), ElementsAre("30 firing a=firing"));
}

TEST(Restart, ARuleThatIsGoneResolvesByTimeout) {
  Harness h(Harness::config(2000, 4000, kHour));
  h.fire("A");  // lives 20 s
  h.run_until(3000);
  h.kill();
  h.run_until(1'000'000);  // long past its end: nobody could renew it
  h.open();
  h.run_until(1'019'000);
  EXPECT_THAT(h.timeline(), ElementsAre("2 firing a=firing"));
  h.run_until(1'100'000);
  EXPECT_THAT(h.timeline(), ElementsAre("2 firing a=firing", "1020 resolved a=resolved"));
  EXPECT_THAT(h.alertmanager->alerts(), IsEmpty());
}

TEST(Restart, ResolvedWhileAMessageWasOpenIsTold) {
  // The first message leaves, and the process dies before the answer.
  Harness h(slow_repeats());
  h.client.on(
      "http://hook/x", [](const net::ClientRequest&) { return Result<net::ClientResponse>(net::ClientResponse()); },
      kHour);
  h.fire("A");
  h.run_until(3000);
  ASSERT_EQ(h.client.requests().size(), 1U);
  h.kill();
  h.client.remove("http://hook/x");
  h.open();
  ASSERT_EQ(h.alertmanager->notifications().size(), 1U);
  EXPECT_TRUE(h.alertmanager->notifications()[0].uncertain);
  h.resolve("A");  // before anything else happens
  h.run_until(10'000);
  EXPECT_THAT(h.timeline(), ElementsAre("3 resolved a=resolved"));
  EXPECT_FALSE(h.alertmanager->notifications()[0].uncertain);
}

TEST(Restart, RefusedMessagesLeaveNothingToResolve) {
  Harness h(slow_repeats());
  h.answer = [](const Seen&) {
    net::ClientResponse response;
    response.status = 400;
    return response;
  };
  h.fire("A");
  h.run_until(3000);
  h.kill();
  h.open();
  h.answer = nullptr;
  h.resolve("A");
  h.run_until(10'000);
  EXPECT_THAT(h.timeline(), ElementsAre("2 400 firing a=firing"));
}

TEST(Restart, DamageIsSkipped) {
  for (const std::uint64_t offset : {0U, 9U, 30U, 60U, 100U}) {
    Harness h(slow_repeats());
    h.fire("A");
    h.run_until(3000);
    h.kill();
    h.disk.corrupt("/data/alerting/snapshot", std::min<std::uint64_t>(offset, 19));
    const auto names = *h.disk.list("/data/alerting/log");
    for (const auto& name : names) {
      const auto path = std::filesystem::path("/data/alerting/log") / name;
      if (*h.disk.file_size(path) > offset) h.disk.corrupt(path, offset);
    }
    h.open();
    h.fire("A");
    h.run_until(30'000);
    EXPECT_GE(h.seen.size(), 1U);
  }
}

TEST(Restart, AnAnswerAfterStopIsStillRecorded) {
  Harness h(slow_repeats());
  h.client.on(
      "http://hook/x",
      [](const net::ClientRequest&) {
        net::ClientResponse response;
        response.status = 200;
        return Result<net::ClientResponse>(response);
      },
      1000);
  h.lifetime = kHour;
  h.fire("A");
  h.run_until(2500);
  h.alertmanager->stop();
  h.run_until(4000);
  h.kill();
  h.open();
  h.run_until(20'000);
  EXPECT_EQ(h.client.requests().size(), 1U);
}

TEST(Disk, AFullDiskStopsNoMessageAndIsCaughtUpWith) {
  Harness h(slow_repeats());
  h.lifetime = kHour;
  h.disk.set_capacity(0);
  h.fire("A");
  h.run_until(3000);
  EXPECT_THAT(h.timeline(), ElementsAre("2 firing a=firing"));
  h.disk.recover();
  h.run_until(20'000);
  h.fire("A", "b");  // the next change writes everything
  h.run_until(23'000);
  h.kill();
  h.open();
  h.run_until(60'000);
  EXPECT_THAT(h.timeline(), ElementsAre("2 firing a=firing", "22 firing a=firing b=firing"));
}

TEST(Disk, CompactionKeepsTheLogSmall) {
  Harness h(slow_repeats());
  h.kill();
  h.compact_bytes = 4096;
  h.open();
  h.lifetime = kHour;
  for (Duration t = 0; t < 1'000'000; t += 1000) h.at(t, [&] { h.fire("A"); });
  h.run_until(1'000'000);
  std::uint64_t bytes = 0;
  const auto names = *h.disk.list("/data/alerting/log");
  for (const auto& name : names) {
    bytes += *h.disk.file_size(std::filesystem::path("/data/alerting/log") / name);
  }
  EXPECT_LT(bytes, 8192U);
  const std::size_t told = h.seen.size();
  h.kill();
  h.open();
  h.run_until(1'001'000);
  EXPECT_EQ(h.seen.size(), told);
}

// The story: a fires, b joins, a resolves, a fires again, both resolve; a receiver that
// needs 300 ms and once says 500. The process dies at disk operation `crash`, and another
// one starts two seconds later; rules go on sending the state of the world.
struct Outcome {
  std::uint64_t operations = 0;
  bool crashed = false;
  std::vector<Seen> seen;
  std::size_t left = 0;  // alerts kept at the end
};

Outcome play(std::uint64_t crash, bool torn) {
  Harness h(slow_repeats());
  h.kill();
  h.compact_bytes = 400;  // compacts now and then
  if (crash > 0) h.disk.crash_at(crash - 1, torn);
  int requests = 0;
  Outcome outcome;
  const auto dead = [&] { return crash > 0 && !outcome.crashed && h.disk.operations() > crash - 1; };
  h.client.on(
      "http://hook/x",
      [&](const net::ClientRequest& request) -> Result<net::ClientResponse> {
        net::ClientResponse response;
        response.status = ++requests == 2 ? 500 : 200;
        if (response.status == 200) {
          h.seen.push_back({.at = h.now(), .url = {}, .what = request.body, .group = {}, .reason = {}});
        }
        return response;
      },
      300);

  bool a = false;
  bool b = false;
  h.at(0, [&] { a = true; });
  h.at(3500, [&] { b = true; });
  h.at(9500, [&] { a = false; });
  h.at(16'500, [&] { a = true; });
  h.at(25'500, [&] { a = b = false; });

  Duration down_until = -1;
  bool sent_a = false;
  bool sent_b = false;
  const auto open = [&] {
    auto opened = Alertmanager::open(slow_repeats(), {.directory = "/data/alerting",
                                                      .files = &h.disk,
                                                      .client = h.client,
                                                      .scheduler = h.scheduler,
                                                      .external_url = "http://vigil",
                                                      .compact_bytes = h.compact_bytes});
    if (opened) h.alertmanager = std::move(*opened);
  };
  open();
  for (Duration t = 0; t <= 80'000; t += 100) {
    h.run_until(t);
    if (dead()) {
      h.kill();
      outcome.crashed = true;
      down_until = t + 2000;
    }
    if (outcome.crashed && down_until >= 0 && t >= down_until) {
      down_until = -1;
      h.disk.recover();
      open();
    }
    if (h.alertmanager == nullptr || t % 500 != 0) continue;
    // Rules send firing alerts again and again, and resolved ones for a while.
    for (const auto& [name, firing, sent] : {std::tuple("a", a, &sent_a), std::tuple("b", b, &sent_b)}) {
      if (firing) {
        h.fire("X", name);
        *sent = true;
      } else if (*sent) {
        h.resolve("X", name);
        if (!dead()) *sent = false;
      }
    }
    if (dead()) {
      h.kill();
      outcome.crashed = true;
      down_until = t + 2000;
    }
  }
  outcome.operations = h.disk.operations();
  outcome.seen = h.seen;
  outcome.left = h.alertmanager == nullptr ? 99 : h.alertmanager->alerts().size();
  return outcome;
}

std::string states(const Seen& seen) {
  const auto body = nlohmann::json::parse(seen.what);
  std::string text = body["status"];
  for (const auto& alert : body["alerts"]) {
    text += " " + alert["labels"]["instance"].get<std::string>() + "=" + alert["status"].get<std::string>();
  }
  return text;
}

TEST(Crash, AtEveryDiskOperation) {
  const Outcome good = play(0, false);
  ASSERT_GT(good.operations, 50U);
  std::vector<std::string> told;
  for (const Seen& one : good.seen) told.push_back(states(one));
  ASSERT_THAT(told, ElementsAre("firing a=firing", "firing a=firing b=firing", "firing a=resolved b=firing",
                                "firing a=firing b=firing", "resolved a=resolved b=resolved"));
  for (std::uint64_t crash = 1; crash <= good.operations; ++crash) {
    for (const bool torn : {false, true}) {
      const Outcome outcome = play(crash, torn);
      SCOPED_TRACE("crash at operation " + std::to_string(crash) + (torn ? ", torn" : ""));
      EXPECT_TRUE(outcome.crashed);
      std::vector<std::string> lines;
      for (const Seen& one : outcome.seen) lines.push_back(states(one));
      // Everybody who was told "firing" is told "resolved", last.
      ASSERT_FALSE(lines.empty());
      EXPECT_THAT(lines.back(), testing::StartsWith("resolved")) << testing::PrintToString(lines);
      EXPECT_EQ(outcome.left, 0U);
      const auto duplicates = std::ranges::distance(lines.begin(), std::unique(lines.begin(), lines.end()));
      EXPECT_LE(outcome.seen.size() - static_cast<std::size_t>(duplicates), 1U)
          << testing::PrintToString(outcome.seen.size());
    }
  }
}

}  // namespace
}  // namespace vigil::alerting
