#include "vigil/alerting/external.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "vigil/alerting/fan_out.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/net/fake_http.h"

namespace vigil::alerting {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr std::string_view kOne = "http://one:9093/api/v2/alerts";
constexpr std::string_view kTwo = "https://two:9093/am/api/v2/alerts";

class External : public testing::Test {
 protected:
  External() {
    client.on(kOne, 200, "");
    client.on(kTwo, 200, "");
  }
  ExternalSettings settings() {
    ExternalConfig one;
    one.targets = {"one:9093"};
    ExternalConfig two;
    two.scheme = "https";
    two.path_prefix = "/am";
    two.targets = {"two:9093"};
    two.timeout = 3 * kSecond;
    two.http.authorization = "token";
    return {.alertmanagers = {one, two}, .alert_relabel = {}};
  }
  static Alert alert(std::string_view instance) {
    return {.labels = {{"alertname", "A"}, {"instance", instance}},
            .annotations = {{"summary", "<s>"}},
            .starts_at = 1'800'000'000'000,
            .ends_at = 1'800'000'240'500,
            .generator_url = "http://v/graph"};
  }
  static Relabeler relabel(RelabelRule rule) { return *Relabeler::compile({std::move(rule)}); }
  std::vector<net::ClientRequest> to(std::string_view url) const {
    auto all = client.requests();
    std::erase_if(all, [&](const net::ClientRequest& request) { return request.url != url; });
    return all;
  }

  VirtualScheduler scheduler{1'800'000'000'000};
  net::FakeHttpClient client{&scheduler};
};

TEST_F(External, SendsToAllWithExternalLabels) {
  ExternalSender sender({.client = client, .scheduler = scheduler});
  sender.send(std::vector{alert("a")});  // nobody there
  sender.apply(settings(), {{"cluster", "c"}, {"instance", "not this"}});
  sender.send(std::vector{alert("a")});
  scheduler.run_due();
  ASSERT_EQ(to(kOne).size(), 1U);
  ASSERT_EQ(to(kTwo).size(), 1U);
  EXPECT_EQ(
      to(kOne)[0].body,
      R"([{"annotations":{"summary":"\u003cs\u003e"},"endsAt":"2027-01-15T08:04:00.5Z","startsAt":"2027-01-15T08:00:00Z",)"
      R"("generatorURL":"http://v/graph","labels":{"alertname":"A","cluster":"c","instance":"a"}}])");
  EXPECT_EQ(to(kOne)[0].method, "POST");
  EXPECT_EQ(to(kOne)[0].headers.get("Content-Type"), "application/json");
  EXPECT_EQ(to(kTwo)[0].timeout, 3 * kSecond);
  EXPECT_EQ(to(kTwo)[0].authorization, "token");
  EXPECT_EQ(sender.status()[0].url, kOne);
  EXPECT_EQ(sender.status()[1].sent, 1U);
}

TEST_F(External, Relabels) {
  ExternalSettings own = settings();
  own.alert_relabel = relabel({.source_labels = {"instance"}, .regex = "drop", .action = RelabelAction::kDrop});
  own.alertmanagers[1].alert_relabel =
      relabel({.source_labels = {"instance"}, .regex = "one-only", .action = RelabelAction::kDrop});
  ExternalSender sender({.client = client, .scheduler = scheduler});
  sender.apply(own, {});
  sender.send(std::vector{alert("drop"), alert("one-only"), alert("x")});
  scheduler.run_due();
  EXPECT_EQ(json::parse(to(kOne)[0].body).size(), 2U);
  EXPECT_EQ(json::parse(to(kTwo)[0].body).size(), 1U);
}

TEST_F(External, BatchesAndQueue) {
  ExternalSender sender({.client = client, .scheduler = scheduler, .queue_capacity = 10, .batch_size = 4});
  sender.apply(settings(), {});
  std::vector<Alert> alerts;
  for (int i = 0; i < 15; ++i) alerts.push_back(alert("i" + std::to_string(i)));
  sender.send(alerts);
  scheduler.run_due();
  const auto requests = to(kOne);
  ASSERT_EQ(requests.size(), 3U);  // 4 + 4 + 2; the oldest five are gone
  EXPECT_EQ(json::parse(requests[0].body)[0]["labels"]["instance"], "i5");
  EXPECT_EQ(json::parse(requests[2].body).size(), 2U);
  EXPECT_EQ(sender.status()[0].dropped, 5U);
}

TEST_F(External, ASlowOneDelaysNoOther) {
  client.hang(kTwo);
  ExternalSender sender({.client = client, .scheduler = scheduler, .batch_size = 1});
  sender.apply(settings(), {});
  sender.send(std::vector{alert("a"), alert("b")});
  scheduler.run_due();
  EXPECT_EQ(to(kOne).size(), 2U);
  EXPECT_EQ(to(kTwo).size(), 1U);
  EXPECT_EQ(sender.status()[1].queued, 1U);
  scheduler.advance(3 * kSecond);
  EXPECT_EQ(to(kTwo).size(), 2U);  // the first is given up, the next one tried
  EXPECT_EQ(sender.status()[1].dropped, 1U);
  EXPECT_THAT(sender.status()[1].last_error, HasSubstr("no answer"));
}

TEST_F(External, RefusalsAreCountedAndForgotten) {
  client.on(kOne, 400, "bad");
  ExternalSender sender({.client = client, .scheduler = scheduler});
  sender.apply(settings(), {});
  sender.send(std::vector{alert("a")});
  scheduler.run_due();
  EXPECT_EQ(sender.status()[0].last_error, "status 400");
  EXPECT_EQ(sender.status()[0].dropped, 1U);
  client.on(kOne, 200, "");
  sender.send(std::vector{alert("a")});
  scheduler.run_due();
  EXPECT_EQ(sender.status()[0].last_error, "");
}

TEST_F(External, ReloadKeepsTheQueueOfThoseWhoStay) {
  client.hang(kOne);
  ExternalSender sender({.client = client, .scheduler = scheduler, .batch_size = 1});
  sender.apply(settings(), {});
  sender.send(std::vector{alert("a"), alert("b"), alert("c")});
  ExternalSettings less = settings();
  less.alertmanagers.pop_back();
  sender.apply(less, {});
  ASSERT_EQ(sender.status().size(), 1U);
  EXPECT_EQ(sender.status()[0].queued, 2U);
  sender.stop();
  scheduler.advance(kMinute);
  EXPECT_EQ(to(kOne).size(), 1U);
}

TEST_F(External, AnswersAfterItsEndAreIgnored) {
  client.hang(kOne);
  {
    ExternalSender sender({.client = client, .scheduler = scheduler});
    sender.apply(settings(), {});
    sender.send(std::vector{alert("a")});
  }
  scheduler.advance(kMinute);
}

TEST(FanOut, PassesOn) {
  struct Counting final : AlertSink {
    void send(std::span<const Alert> alerts) override { count += alerts.size(); }
    std::size_t count = 0;
  } first, second;
  FanOut both({&first, &second});
  both.send(std::vector<Alert>(3));
  EXPECT_EQ(first.count, 3U);
  EXPECT_EQ(second.count, 3U);
}

}  // namespace
}  // namespace vigil::alerting
