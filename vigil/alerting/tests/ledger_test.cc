#include "vigil/alerting/ledger.h"

#include <gmock/gmock.h>

namespace vigil::alerting {
namespace {

using Set = FingerprintSet;

TEST(NotificationLog, WhenAMessageIsDue) {
  const auto entry = [](std::optional<Message> sent, Set maybe = {}, Timestamp expires = 1'000'000) {
    LogEntry out;
    out.sent = std::move(sent);
    out.maybe_firing = std::move(maybe);
    out.expires_at = expires;
    return out;
  };
  const struct {
    const char* name;
    std::optional<LogEntry> entry;
    Set firing, resolved;
    bool send_resolved;
    Timestamp tick;
    Reason expected;
  } cases[] = {
      // repeat_interval 1000, slack 10
      {"first", {}, {1}, {}, true, 0, Reason::kFirst},
      {"only resolved, never told", {}, {}, {1}, true, 0, Reason::kNone},
      {"nothing new", entry(Message{0, {1}, {}}), {1}, {}, true, 500, Reason::kNone},
      {"a new one", entry(Message{0, {1}, {}}), {1, 2}, {}, true, 500, Reason::kNewAlerts},
      {"fewer firing is no news", entry(Message{0, {1, 2}, {}}), {1}, {}, true, 500, Reason::kNone},
      {"all resolved", entry(Message{0, {1}, {}}), {}, {1}, true, 500, Reason::kAllResolved},
      {"all resolved, told", entry(Message{0, {}, {1}}), {}, {1}, true, 500, Reason::kNone},
      {"all resolved, not wanted: for the log", entry(Message{0, {1}, {}}), {}, {1}, false, 500, Reason::kAllResolved},
      {"some resolved", entry(Message{0, {1, 2}, {}}), {1}, {2}, true, 500, Reason::kSomeResolved},
      {"some resolved, told", entry(Message{0, {1}, {2}}), {1}, {2}, true, 500, Reason::kNone},
      {"some resolved, not wanted", entry(Message{0, {1, 2}, {}}), {1}, {2}, false, 500, Reason::kNone},
      {"fires again", entry(Message{0, {}, {1}}), {1}, {}, true, 500, Reason::kFirst},
      {"repeat", entry(Message{0, {1}, {}}), {1}, {}, true, 1000, Reason::kRepeat},
      {"repeat, a little early", entry(Message{0, {1}, {}}), {1}, {}, true, 990, Reason::kRepeat},
      {"too early", entry(Message{0, {1}, {}}), {1}, {}, true, 989, Reason::kNone},
      {"no repeat of resolved", entry(Message{0, {}, {1}}), {}, {1}, true, 5000, Reason::kNone},
      {"expired", entry(Message{0, {1}, {}}, {}, 500), {1}, {}, true, 500, Reason::kFirst},
      {"maybe told: again", entry({}, {1}), {1}, {}, true, 500, Reason::kFirst},
      {"maybe told: its end", entry({}, {1}), {}, {1}, true, 500, Reason::kAllResolved},
      {"maybe told after the end", entry(Message{0, {}, {1}}, {1}), {}, {1}, true, 500, Reason::kAllResolved},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(reason_to_send(c.entry ? &*c.entry : nullptr, {c.tick, c.firing, c.resolved}, c.send_resolved, 1000, 10),
              c.expected)
        << c.name;
  }
}

TEST(NotificationLog, Outcomes) {
  LogEntry entry;
  entry.end(Outcome::kSent);  // nothing open
  EXPECT_FALSE(entry.sent);
  entry.begin({1, {1}, {}}, 100);
  entry.end(Outcome::kRefused);
  EXPECT_FALSE(entry.sent);
  EXPECT_THAT(entry.maybe_firing, testing::IsEmpty());
  entry.begin({2, {1, 3}, {}}, 50);
  entry.end(Outcome::kUnknown);
  entry.begin({3, {2}, {}}, 60);
  entry.begin({4, {}, {1}}, 60);  // the one before has no known outcome
  EXPECT_THAT(entry.maybe_firing, testing::ElementsAre(1, 2, 3));
  EXPECT_EQ(entry.expires_at, 100);
  entry.end(Outcome::kSent);
  EXPECT_EQ(entry.sent, (Message{4, {}, {1}}));
  EXPECT_THAT(entry.maybe_firing, testing::IsEmpty());
}

Ledger full_ledger() {
  Ledger ledger;
  ledger.apply(AlertPut{{.alert = {.labels = {{"alertname", "A"}, {"b", "c"}},
                                   .annotations = {{"summary", "ü \n"}},
                                   .starts_at = -5,
                                   .ends_at = 1'800'000'000'000,
                                   .generator_url = "http://x"},
                         .updated_at = 1'799'999'000'000,
                         .guessed_end = true,
                         .seen_resolved = false}});
  ledger.apply(GroupOpened{"{}:{a=\"b\"}", 77});
  const LogKey key{"{}:{a=\"b\"}", "std", "webhook[0]"};
  const Fingerprint print = fingerprint({{"alertname", "A"}, {"b", "c"}});
  ledger.apply(Intent{key, {10, {1, 2}, {3}}, 1000});
  ledger.apply(Ended{key, Outcome::kSent});
  ledger.apply(Intent{key, {20, {4}, {}}, 2000});
  ledger.apply(Ended{key, Outcome::kUnknown});
  ledger.apply(Intent{key, {30, {}, {print}}, 3000});
  return ledger;
}

TEST(Ledger, SnapshotBringsBackEverything) {
  const Ledger ledger = full_ledger();
  const std::string bytes = ledger.encode_all();
  auto records = decode_records(bytes);
  ASSERT_TRUE(records);
  Ledger copy;
  for (Record& record : *records) copy.apply(std::move(record));
  EXPECT_EQ(copy.encode_all(), bytes);
  ASSERT_EQ(copy.alerts.size(), 1U);
  const StoredAlert& stored = copy.alerts.begin()->second;
  EXPECT_TRUE(stored.seen_resolved);
  EXPECT_TRUE(stored.guessed_end);
  EXPECT_EQ(stored.alert.starts_at, -5);
  EXPECT_EQ(stored.alert.annotations.get("summary"), "ü \n");
  const LogEntry& entry = copy.log.begin()->second;
  EXPECT_EQ(entry.sent, (Message{10, {1, 2}, {3}}));
  EXPECT_THAT(entry.maybe_firing, testing::ElementsAre(4));
  EXPECT_EQ(entry.open->tick, 30);
  EXPECT_EQ(entry.expires_at, 3000);
  EXPECT_EQ(copy.first_flush.size(), 1U);
}

TEST(Ledger, ForgetsWhatIsOver) {
  Ledger ledger = full_ledger();
  ledger.apply(GroupClosed{"{}:{a=\"b\"}"});
  ledger.apply(AlertGone{ledger.alerts.begin()->first});
  ledger.apply(Ended{ledger.log.begin()->first, Outcome::kSent});
  ledger.expire(2999);
  EXPECT_EQ(ledger.log.size(), 1U);
  ledger.expire(3000);
  EXPECT_TRUE(ledger.encode_all().empty());
}

// The bytes of docs/formats/alerting.md: they are on people's disks.
TEST(Record, GoldenBytes) {
  std::string bytes;
  encode(GroupOpened{"k", 300}, bytes);
  encode(Ended{{"g", "r", "w"}, Outcome::kRefused}, bytes);
  encode(Intent{{"g", "r", "w"}, {-1, {0x0102030405060708}, {}}, 2}, bytes);
  encode(AlertGone{1}, bytes);
  encode(
      AlertPut{
          {.alert = {.labels = {{"a", "b"}}, .annotations = {}, .starts_at = 1, .ends_at = 2, .generator_url = "u"},
           .updated_at = 3,
           .guessed_end = true}},
      bytes);
  encode(GroupClosed{"k"}, bytes);
  const std::string expected(
      "\x03\x01k\xd8\x04"
      "\x06\x01g\x01r\x01w\x01"
      "\x05\x01g\x01r\x01w\x01\x04\x01\x08\x07\x06\x05\x04\x03\x02\x01\x00"
      "\x02\x01\0\0\0\0\0\0\0"
      "\x01\x01\x06\x02\x04\x01\x01"
      "a\x01"
      "b\x00\x01u"
      "\x04\x01k",
      5 + 8 + 19 + 9 + 13 + 3);
  EXPECT_EQ(bytes, expected);
}

TEST(Record, AnyCutOrChangeIsAnErrorOrRecords) {
  const std::string bytes = full_ledger().encode_all();
  int errors = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) errors += !decode_records(bytes.substr(0, size));
  EXPECT_GT(errors, 100);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const char c : {'\0', '\x7f', '\xff'}) {
      std::string changed = bytes;
      changed[i] = c;
      if (auto records = decode_records(changed)) {
        Ledger ledger;
        for (Record& record : *records) ledger.apply(std::move(record));
      }
    }
  }
}

}  // namespace
}  // namespace vigil::alerting
