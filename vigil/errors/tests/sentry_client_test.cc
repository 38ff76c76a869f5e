#include "vigil/errors/sentry_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "vigil/base/log.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/errors/error_tracker.h"
#include "vigil/net/fake_http.h"
#include "vigil/net/gzip.h"

namespace vigil::errors {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

constexpr std::string_view kDsn = "https://TOPSECRET@sentry.test/42";
constexpr std::string_view kUrl = "https://sentry.test/api/42/envelope/";
constexpr Timestamp kStart = 1767323045678;

struct Envelope {
  json header;
  std::map<std::string, json> items;  // by type
};

Envelope read(const net::ClientRequest& request) {
  const std::string text = net::gzip_decompress(request.body, 1U << 20).value();
  std::vector<json> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(json::parse(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  Envelope envelope{lines.at(0), {}};
  for (std::size_t i = 1; i + 1 < lines.size(); i += 2) envelope.items[lines[i]["type"]] = lines[i + 1];
  return envelope;
}

std::map<std::string, int> discarded(const Envelope& envelope) {
  std::map<std::string, int> out;
  if (!envelope.items.contains("client_report")) return out;
  for (const json& item : envelope.items.at("client_report")["discarded_events"])
    out[item["reason"]] = item["quantity"];
  return out;
}

// A client in virtual time whose Sentry answers as told.
class SentryClientTest : public testing::Test {
 protected:
  SentryClientTest() {
    log::set_sink([this](log::Level, std::string_view line) { log_ += std::string(line) + "\n"; });
    answer(200);
  }
  ~SentryClientTest() override {
    log::set_sink({});
    EXPECT_THAT(log_, Not(HasSubstr("TOPSECRET")));
    EXPECT_THAT(registry_.problems(), testing::IsEmpty());
  }

  void open(SentryOptions options = {}) {
    options.dsn = kDsn;
    options.http = &http_;
    options.scheduler = &scheduler_;
    options.registry = registry_;
    client_ = SentryClient::open(std::move(options)).value();
  }
  void answer(int status, std::string_view header = {}, std::string_view value = {}, Duration latency = 10) {
    net::ClientResponse response;
    response.status = status;
    if (!header.empty()) response.headers.set(header, value);
    http_.on(kUrl, [response](const net::ClientRequest&) -> Result<net::ClientResponse> { return response; }, latency);
  }
  void refuse() { http_.remove(kUrl); }
  void capture(const std::string& message) {
    client_->capture({.system = "zk", .error = {.category = "timeout", .message = message}, .timestamp = kStart},
                     [this, message] { lost_.push_back(message); });
  }
  std::size_t requests() const { return http_.requests().size(); }
  std::string message(std::size_t request) {
    return read(http_.requests().at(request)).items.at("event")["exception"]["values"][0]["value"];
  }
  double metric(std::string_view reason) {
    const metrics::Counter<"reason"> dropped{
        registry_,
        "vigil_sentry_events_dropped_total",
        "Events that did not reach Sentry.",
        {.closed = {metrics::closed<"reason", "queue_overflow", "ratelimit_backoff", "network_error", "send_error",
                                    "rate_limited", "stopped">}}};
    return dropped.with(reason).value();
  }

  VirtualScheduler scheduler_{kStart};
  net::FakeHttpClient http_{&scheduler_};
  metrics::Registry registry_;
  std::vector<std::string> lost_;
  std::string log_;
  std::unique_ptr<SentryClient> client_;
};

TEST_F(SentryClientTest, SendsAnEvent) {
  open({.origin = {.release = "prover@1"}});
  capture("hello");
  EXPECT_EQ(requests(), 0U);  // the caller has not sent it
  scheduler_.advance(kSecond);
  ASSERT_EQ(requests(), 1U);
  const net::ClientRequest request = http_.requests()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, kUrl);
  EXPECT_EQ(request.headers.get("Content-Type"), "application/x-sentry-envelope");
  EXPECT_EQ(request.headers.get("Content-Encoding"), "gzip");
  EXPECT_THAT(std::string(request.headers.get("X-Sentry-Auth")),
              testing::MatchesRegex("Sentry sentry_version=7, sentry_client=vigil/[0-9.]+, sentry_key=TOPSECRET"));
  EXPECT_FALSE(request.follow_redirects);
  const Envelope envelope = read(request);
  EXPECT_EQ(envelope.header["event_id"], envelope.items.at("event")["event_id"]);
  EXPECT_EQ(envelope.header["sent_at"], "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(envelope.items.size(), 1U);
  EXPECT_TRUE(lost_.empty());
}

TEST_F(SentryClientTest, WithoutADsnNothingIsSent) {
  EXPECT_EQ(SentryClient::from_environment({}).value(), nullptr);
  EXPECT_FALSE(SentryClient::open({}));
  const auto bad = SentryClient::open({.dsn = "https://TOPSECRET@/1"});
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message(), Not(HasSubstr("TOPSECRET")));
}

TEST_F(SentryClientTest, TheQueueIsBounded) {
  open({.max_queue = 3});
  for (int i = 0; i < 10; ++i) capture(std::to_string(i));
  EXPECT_EQ(lost_.size(), 7U);
  EXPECT_EQ(metric("queue_overflow"), 7);
  scheduler_.advance(kSecond);
  ASSERT_EQ(requests(), 3U);  // the first, in their order; the report goes with the first
  EXPECT_EQ(message(0), "0");
  EXPECT_EQ(message(2), "2");
  EXPECT_THAT(discarded(read(http_.requests()[0])), ElementsAre(Pair("queue_overflow", 7)));
  EXPECT_THAT(discarded(read(http_.requests()[1])), testing::IsEmpty());
}

TEST_F(SentryClientTest, AnAbsentSentryIsTriedAgainThenGivenUp) {
  open({.max_attempts = 3, .min_backoff = kSecond, .max_backoff = 3 * kSecond});
  refuse();
  capture("first");
  scheduler_.advance(0);
  EXPECT_EQ(requests(), 1U);
  scheduler_.advance(999);
  EXPECT_EQ(requests(), 1U);
  scheduler_.advance(1);
  EXPECT_EQ(requests(), 2U);  // after 1 s
  scheduler_.advance(1999);
  EXPECT_EQ(requests(), 2U);
  scheduler_.advance(1);
  EXPECT_EQ(requests(), 3U);  // after 2 s more
  EXPECT_THAT(lost_, ElementsAre("first"));
  EXPECT_EQ(metric("network_error"), 1);
  EXPECT_THAT(log_, HasSubstr("cannot send events to Sentry"));

  capture("second");
  scheduler_.advance(2999);
  EXPECT_EQ(requests(), 3U);
  answer(200);
  scheduler_.advance(kSecond);
  ASSERT_EQ(requests(), 4U);  // after 3 s, the longest
  EXPECT_EQ(message(3), "second");
  EXPECT_THAT(discarded(read(http_.requests()[3])), ElementsAre(Pair("network_error", 1)));
  EXPECT_THAT(log_, HasSubstr("takes events again"));
  EXPECT_THAT(lost_, ElementsAre("first"));
}

TEST_F(SentryClientTest, ASlowSentryHoldsNobodyUp) {
  open({.max_queue = 2, .timeout = 5 * kSecond, .max_attempts = 1});
  http_.hang(kUrl);
  for (int i = 0; i < 4; ++i) {
    capture(std::to_string(i));
    scheduler_.advance(1);
  }
  EXPECT_EQ(requests(), 1U);             // one at a time
  EXPECT_THAT(lost_, ElementsAre("3"));  // 0 is on its way, 1 and 2 wait
  scheduler_.advance(5 * kSecond);
  EXPECT_THAT(lost_, ElementsAre("3", "0"));
  EXPECT_THAT(log_, HasSubstr("no answer within 5s"));
}

TEST_F(SentryClientTest, RefusedEventsAreDropped) {
  struct Case {
    int status;
    std::string_view reason;
    int reported;  // Sentry itself counts what it answers 429
  };
  for (const Case& c : {Case{400, "send_error", 1}, Case{401, "send_error", 1}, Case{413, "send_error", 1},
                        Case{500, "send_error", 1}, Case{429, "rate_limited", 0}}) {
    http_.clear_requests();
    lost_.clear();
    const double before = metric(c.reason);
    open();
    answer(c.status);
    capture("refused");
    scheduler_.advance(100);
    EXPECT_THAT(lost_, ElementsAre("refused")) << c.status;
    EXPECT_EQ(metric(c.reason), before + 1) << c.status;
    answer(200);
    scheduler_.advance(2 * kMinute);
    ASSERT_EQ(requests(), c.reported ? 2U : 1U) << c.status;  // the report alone, after its interval
    if (c.reported) {
      EXPECT_THAT(discarded(read(http_.requests()[1])), ElementsAre(Pair(c.reason, 1)));
      EXPECT_FALSE(read(http_.requests()[1]).items.contains("event"));
    }
  }
}

TEST_F(SentryClientTest, IsSilentAsLongAsSentryAsks) {
  struct Case {
    std::string_view name;
    int status;
    std::string_view header, value;
    Duration silence;
  };
  const Case cases[] = {
      {"accepted, then silence", 200, "X-Sentry-Rate-Limits", "30:error:key", 30 * kSecond},
      {"everything", 429, "X-Sentry-Rate-Limits", "20::organization", 20 * kSecond},
      {"Retry-After", 429, "Retry-After", "15", 15 * kSecond},
      {"a bare 429", 429, "", "", 60 * kSecond},
      {"of other categories", 200, "X-Sentry-Rate-Limits", "30:transaction;span", 0},
  };
  for (const Case& c : cases) {
    open({.report_interval = kHour});
    answer(c.status, c.header, c.value, 0);
    capture("first");
    capture("waiting");  // dropped when the answer to the first comes
    scheduler_.advance(0);
    answer(200);
    http_.clear_requests();
    lost_.clear();
    if (c.silence > 0) {
      capture("during");
      scheduler_.advance(c.silence - 1);
      capture("until the end");
      EXPECT_EQ(requests(), 0U) << c.name;
      EXPECT_EQ(lost_.size(), 2U) << c.name;
    }
    scheduler_.advance(1);
    capture("after");
    scheduler_.advance(kSecond);
    ASSERT_EQ(requests(), 1U) << c.name;
    EXPECT_EQ(message(0), "after");
    if (c.silence > 0) {
      EXPECT_THAT(discarded(read(http_.requests()[0])), ElementsAre(Pair("ratelimit_backoff", 3))) << c.name;
    }
  }
}

TEST_F(SentryClientTest, FlushSendsWhatWaits) {
  open();
  refuse();
  capture("a");
  capture("b");
  scheduler_.advance(0);
  answer(200);
  std::optional<bool> done;
  client_->flush(10 * kSecond, [&](bool result) { done = result; });  // does not wait for the back-off
  EXPECT_FALSE(done);
  scheduler_.advance(100);
  EXPECT_EQ(done, true);
  EXPECT_EQ(requests(), 3U);

  done.reset();
  client_->flush(kSecond, [&](bool result) { done = result; });
  EXPECT_EQ(done, true);  // nothing waits

  done.reset();
  http_.hang(kUrl);
  capture("c");
  client_->flush(kSecond, [&](bool result) { done = result; });
  scheduler_.advance(999);
  EXPECT_FALSE(done);
  scheduler_.advance(1);
  EXPECT_EQ(done, false);
  client_->flush(kHour, [&](bool result) { done = result; });
  done.reset();
  client_.reset();  // the one on its way is lost with the client
  EXPECT_EQ(done, false);
  scheduler_.advance(kMinute);
  EXPECT_THAT(lost_, ElementsAre("c"));
}

TEST_F(SentryClientTest, FlushDoesNotWaitForTheEndOfASilence) {
  struct Case {
    std::string_view limits;
    std::size_t requests;
  };
  for (const Case& c : {Case{"60:error", 2}, Case{"60:", 1}}) {  // the report is not an error event
    open();
    http_.clear_requests();
    answer(429, "X-Sentry-Rate-Limits", c.limits);
    capture("refused");
    capture("dropped");
    std::optional<bool> done;
    client_->flush(kMinute, [&](bool result) { done = result; });
    scheduler_.advance(kSecond);
    EXPECT_EQ(done, true) << c.limits;
    EXPECT_EQ(requests(), c.requests) << c.limits;
  }
}

TEST_F(SentryClientTest, TrackerReportsWhatItHeldBackAndLost) {
  open({.max_attempts = 1, .report_interval = kHour});
  std::vector<std::string> failed;
  int repeated = 0;
  auto tracker = std::make_unique<ErrorTracker>(
      ErrorTrackerOptions{.hooks = {.repeated = [&](std::string_view) { ++repeated; },
                                    .export_failed = [&](std::string_view sink) { failed.emplace_back(sink); }},
                          .limits = {.per_group = {.burst = 2, .per_second = 0.001}},
                          .sentry = std::shared_ptr<SentryClient>(std::move(client_)),
                          .clock = &scheduler_.clock()});
  for (int i = 0; i < 5; ++i) tracker->track_error({.category = "timeout", .message = "slow"});
  scheduler_.advance(kSecond);
  EXPECT_EQ(requests(), 2U);  // ZK-13: an event per error, until one repeats too often
  EXPECT_EQ(repeated, 3);
  EXPECT_THAT(discarded(read(http_.requests()[0])), ElementsAre(Pair("event_processor", 3)));
  refuse();
  tracker->track_error({.category = "timeout", .message = "other"});
  scheduler_.advance(kSecond);
  EXPECT_THAT(failed, ElementsAre("sentry"));  // ZK-47: known, and nobody is hurt
  tracker->track_error({.category = "timeout", .message = "third"});
  tracker.reset();  // nothing is called any more
  scheduler_.advance(kMinute);
  EXPECT_EQ(failed.size(), 1U);
}

// For ThreadSanitizer: tracking, sending and flushing at once, on real threads.
TEST(SentryClientThreads, ManyTrackOneSends) {
  log::set_sink([](log::Level, std::string_view) {});
  const auto scheduler = make_thread_scheduler(2);
  net::FakeHttpClient http(scheduler.get());
  http.on(kUrl, 200, "{}");
  metrics::Registry registry;
  std::shared_ptr<SentryClient> sentry = SentryClient::open({.dsn = std::string(kDsn),
                                                             .max_queue = 50,
                                                             .http = &http,
                                                             .scheduler = scheduler.get(),
                                                             .registry = registry})
                                             .value();
  std::atomic<int> lost = 0;
  {
    ErrorTracker tracker({.hooks = {.export_failed = [&](std::string_view) { ++lost; }},
                          .limits = {.per_group = {.burst = 1e9}, .all = {.burst = 1e9}},
                          .sentry = sentry,
                          .registry = registry});
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i) {
          tracker.track_error({.category = "timeout", .message = "m", .stack_trace = StackTrace::capture()});
        }
      });
    }
    threads.clear();
    EXPECT_TRUE(tracker.flush(kMinute));
  }
  int sent = 0;
  for (const net::ClientRequest& request : http.requests()) sent += read(request).items.contains("event") ? 1 : 0;
  EXPECT_EQ(sent + lost, 600);
  EXPECT_GT(sent, 0);
  sentry.reset();
  log::set_sink({});
}

}  // namespace
}  // namespace vigil::errors
