// The parts of the Sentry client that are values: DSN, rate limits, envelope.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "vigil/errors/sentry_dsn.h"
#include "vigil/errors/sentry_event.h"
#include "vigil/errors/sentry_rate_limits.h"

namespace vigil::errors {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

TEST(SentryDsn, Parses) {
  struct Case {
    std::string_view dsn, url, auth;
  };
  const Case cases[] = {
      {"https://abc123@o1.ingest.sentry.io/42", "https://o1.ingest.sentry.io/api/42/envelope/", "sentry_key=abc123"},
      {"http://k:s@localhost:9000/7", "http://localhost:9000/api/7/envelope/", "sentry_key=k, sentry_secret=s"},
      {"https://k:@host/a/b/7", "https://host/a/b/api/7/envelope/", "sentry_key=k"},
      {"HTTPS://k@[::1]:8/7/", "https://[::1]:8/api/7/envelope/", "sentry_key=k"},
      {"https://k@host/7?x=y#z", "https://host/api/7/envelope/", "sentry_key=k"},
      {"https://k@host/my-project", "https://host/api/my-project/envelope/", "sentry_key=k"},
  };
  for (const Case& c : cases) {
    const auto dsn = SentryDsn::parse(c.dsn);
    ASSERT_TRUE(dsn) << c.dsn << ": " << dsn.error().message();
    EXPECT_EQ(dsn->envelope_url(), c.url) << c.dsn;
    EXPECT_EQ(dsn->auth_header("vigil/1"), "Sentry sentry_version=7, sentry_client=vigil/1, " + std::string(c.auth));
  }
}

TEST(SentryDsn, RefusesWithoutRepeatingTheKey) {
  struct Case {
    std::string_view dsn, expected;
  };
  const Case cases[] = {
      {"", "not an http or https URL"},
      {"TOPSECRET", "not an http or https URL"},
      {"ftp://TOPSECRET@host/1", "not an http or https URL"},
      {"https://TOPSECRET@host:99999/1", "not an http or https URL"},
      {"https://TOPSECRET/1", "public key is missing"},
      {"https://TOPSECRET,x@host/1", "other than"},
      {"https://k:TOP\"SECRET@host/1", "secret key has"},
      {"https://TOPSECRET@host", "project id"},
      {"https://TOPSECRET@host/", "project id"},
      {"https://TOPSECRET@host/a b", "not an http or https URL"},
      {"https://TOPSECRET@host/a%20b", "project id"},
  };
  for (const Case& c : cases) {
    const auto dsn = SentryDsn::parse(c.dsn);
    ASSERT_FALSE(dsn) << c.dsn;
    EXPECT_THAT(dsn.error().message(), HasSubstr(c.expected)) << c.dsn;
    EXPECT_THAT(dsn.error().message(), Not(HasSubstr("SECRET"))) << c.dsn;
  }
}

TEST(SentryRateLimits, ParsesTheHeader) {
  struct Case {
    std::string_view header;
    Duration everything, errors;
  };
  const Case cases[] = {
      {"", 0, 0},
      {"60:error:key", 0, 60000},
      {"60::organization, 2700::organization", 2700000, 0},
      {" 60 : error ; default : key ", 0, 60000},
      {"60:transaction:key, 2700:default;error;security:organization", 0, 2700000},
      {"2700:metric_bucket:organization:quota_exceeded:custom", 0, 0},
      {"60:something_new:key", 0, 0},
      {"1.5:error", 0, 1500},
      {"10:error,5:error", 0, 10000},
      {"10", 10000, 0},
      {"soon:error", 0, 60000},
      {"-5:error", 0, 60000},
      {"nan:error,inf:error", 0, kMaxSentrySilence},
      {"1e300:error", 0, kMaxSentrySilence},
      {",,;:,", 60000, 0},
      {"0:error", 0, 0},
      {"5:error:more:to:come", 0, 5000},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(parse_sentry_rate_limits(c.header), (SentryRateLimit{c.everything, c.errors})) << c.header;
  }
}

TEST(SentryRateLimits, ParsesRetryAfter) {
  const Timestamp now = parse_rfc3339("1994-11-06T08:49:07Z").value();
  struct Case {
    std::string_view header;
    std::optional<Duration> expected;
  };
  const Case cases[] = {
      {"120", 120000},
      {" 0 ", 0},
      {"Sun, 06 Nov 1994 08:49:37 GMT", 30000},
      {"Sun, 06 Nov 1994 08:00:00 GMT", 0},
      {"Sun, 06 Nov 2994 08:49:37 GMT", kMaxSentrySilence},
      {"Sun, 31 Feb 1994 08:49:37 GMT", std::nullopt},
      {"Sun, 06 Foo 1994 08:49:37 GMT", std::nullopt},
      {"Sunday, 06-Nov-94 08:49:37 GMT", std::nullopt},
      {"", std::nullopt},
      {"soon", std::nullopt},
  };
  for (const Case& c : cases) EXPECT_EQ(parse_retry_after(c.header, now), c.expected) << c.header;
}

TEST(SentryRateLimits, KeepsTheLonger) {
  constexpr Timestamp kNow = 1'000'000;
  struct Case {
    std::string_view name;
    int status;
    std::vector<std::pair<std::string_view, std::string_view>> headers;
    Timestamp events, everything;
  };
  const Case cases[] = {
      {"nothing", 200, {}, 0, 0},
      {"limits of an accepted event", 200, {{"x-sentry-rate-limits", "5:error"}}, kNow + 5000, 0},
      {"Retry-After is not looked at", 200, {{"Retry-After", "5"}}, 0, 0},
      {"limits go before Retry-After", 429, {{"X-Sentry-Rate-Limits", "5:span"}, {"Retry-After", "9"}}, 0, 0},
      {"Retry-After", 429, {{"Retry-After", "9"}}, kNow + 9000, kNow + 9000},
      {"a bare 429", 429, {}, kNow + 60000, kNow + 60000},
      {"several lines",
       429,
       {{"X-Sentry-Rate-Limits", "5:error"}, {"X-Sentry-Rate-Limits", "7::key"}},
       kNow + 7000,
       kNow + 7000},
      {"503", 503, {{"Retry-After", "9"}}, 0, 0},
  };
  for (const Case& c : cases) {
    net::Headers headers;
    for (const auto& [name, value] : c.headers) headers.add(name, value);
    SentryRateLimits limits;
    limits.update(c.status, headers, kNow);
    EXPECT_EQ(limits.events_until(), c.events) << c.name;
    EXPECT_EQ(limits.everything_until(), c.everything) << c.name;
  }
  SentryRateLimits limits;
  net::Headers long_one;
  long_one.set("X-Sentry-Rate-Limits", "60:error");
  limits.update(200, long_one, kNow);
  net::Headers short_one;
  short_one.set("X-Sentry-Rate-Limits", "5:error");
  limits.update(200, short_one, kNow);
  EXPECT_EQ(limits.events_until(), kNow + 60000);
}

[[gnu::noinline]] StackTrace capture_here() { return StackTrace::capture(); }

TEST(SentryEvent, HasWhatTheProtocolAsksFor) {
  const std::string id = new_event_id();
  EXPECT_THAT(id, testing::MatchesRegex("[0-9a-f]{32}"));
  ErrorReport report{.system = "zk",
                     .error = {.category = "verification",
                               .message = "invalid \xff input",
                               .severity = ErrorSeverity::kCritical,
                               .context = {.operation_id = "op", .proof_type = "plonk", .custom_fields = {{"a", "b"}}},
                               .stack_trace = capture_here()},
                     .timestamp = 1767323045678,
                     .fingerprint = "00ff",
                     .repeated = 4};
  const SentryOrigin origin{.release = "prover@1", .server_name = "host-1", .tags = {{"shard", "3"}, {"bad", "a\nb"}}};
  const json event = json::parse(sentry_event_json(report, origin, id));
  EXPECT_EQ(event["event_id"], id);
  EXPECT_EQ(event["timestamp"], "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(event["platform"], "native");
  EXPECT_EQ(event["level"], "fatal");
  EXPECT_EQ(event["logger"], "zk");
  EXPECT_EQ(event["environment"], "production");
  EXPECT_EQ(event["release"], "prover@1");
  EXPECT_EQ(event["server_name"], "host-1");
  EXPECT_EQ(event["fingerprint"], json({"zk", "00ff"}));
  EXPECT_EQ(event["tags"],
            json({{"shard", "3"}, {"category", "verification"}, {"severity", "critical"}, {"proof_type", "plonk"}}));
  EXPECT_EQ(event["contexts"]["error"],
            json({{"operation_id", "op"}, {"proof_type", "plonk"}, {"custom_fields", {{"a", "b"}}}}));
  EXPECT_EQ(event["contexts"]["repetition"]["repeated"], 4);
  const json& exception = event["exception"]["values"][0];
  EXPECT_EQ(exception["type"], "verification");
  EXPECT_EQ(exception["value"], "invalid � input");
  EXPECT_EQ(exception["mechanism"], json({{"type", "vigil"}, {"handled", true}}));
  const json& frames = exception["stacktrace"]["frames"];
  ASSERT_FALSE(frames.empty());
  EXPECT_THAT(std::string(frames.back()["function"]), HasSubstr("capture_here"));  // the innermost last
  EXPECT_EQ(frames.back()["in_app"], true);
  EXPECT_THAT(std::string(frames.back()["instruction_addr"]), testing::StartsWith("0x"));

  report.error = {.category = "timeout", .message = "m", .stack_trace = StackTrace("text")};
  report.repeated = 0;
  const json plain = json::parse(sentry_event_json(report, {}, id));
  EXPECT_EQ(plain["contexts"], json({{"stack_trace", {{"text", "text"}}}}));
  EXPECT_EQ(plain["level"], "error");
  EXPECT_FALSE(plain.contains("release"));
  EXPECT_FALSE(plain["exception"]["values"][0].contains("stacktrace"));
}

// The grammar of the protocol, step by step: headers of one line, items by their length.
TEST(SentryEnvelope, FollowsTheGrammar) {
  struct Case {
    std::string_view id, event;
    DiscardedEvents discarded;
    std::vector<std::string> types;
  };
  const Case cases[] = {
      {"0123", R"({"a":"line\nbreak"})", {}, {"event"}},
      {"0123", R"({"a":1})", {{"queue_overflow", 3}}, {"event", "client_report"}},
      {"", "", {{"network_error", 1}, {"send_error", 2}}, {"client_report"}},
  };
  for (const Case& c : cases) {
    const std::string envelope = sentry_envelope(c.id, c.event, c.discarded, 1767323045678);
    std::string_view rest = envelope;
    const auto line = [&rest] {
      const std::size_t end = rest.find('\n');
      const std::string_view text = rest.substr(0, end);
      rest.remove_prefix(end + 1);
      return json::parse(text);
    };
    const json header = line();
    EXPECT_EQ(header.value("event_id", ""), c.id);
    EXPECT_EQ(header["sent_at"], "2026-01-02T03:04:05.678Z");
    EXPECT_EQ(header["sdk"]["name"], "vigil.cpp");
    EXPECT_FALSE(header.contains("dsn"));
    std::vector<std::string> types;
    while (!rest.empty()) {
      const json item = line();
      types.push_back(item["type"]);
      const std::size_t length = item["length"];
      ASSERT_EQ(rest.at(length), '\n');
      const json payload = json::parse(rest.substr(0, length));
      rest.remove_prefix(length + 1);
      if (item["type"] == "client_report") {
        EXPECT_EQ(payload["discarded_events"].size(), c.discarded.size());
        EXPECT_EQ(payload["discarded_events"][0]["category"], "error");
      }
    }
    EXPECT_EQ(types, c.types);
  }
}

}  // namespace
}  // namespace vigil::errors
