// The embedded form, in virtual time.
#include "vigil/engine/engine.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "vigil/base/memory_file_system.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/metrics/metrics.h"
#include "vigil/net/fake_http.h"
#include "vigil/rules/rule_file.h"

namespace vigil::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Timestamp kStart = 1'700'000'000'000;

class RecordingSink final : public AlertSink {
 public:
  explicit RecordingSink(const Clock& clock) : clock_(clock) {}
  void send(std::span<const Alert> alerts) override {
    for (const Alert& alert : alerts) {
      const Timestamp now = clock_.now();
      seen.push_back(fmt::format("{} {}", alert.resolved_at(now) ? "resolved" : "firing", alert.labels.to_string()));
      if (seen.size() == 1) first = now;
    }
  }
  std::vector<std::string> seen;
  Timestamp first = 0;

 private:
  const Clock& clock_;
};

class EmbeddedTest : public testing::Test {
 protected:
  std::unique_ptr<Engine> open() {
    auto engine = Engine::open({.storage = {.directory = "data"},
                                .sinks = {&sink_},
                                .scheduler = &scheduler_,
                                .client = &client_,
                                .files = files_,
                                .registry = &own_});
    EXPECT_TRUE(engine) << engine.error().message();
    return std::move(*engine);
  }
  static std::string ask(Engine& engine, std::string_view expression) {
    const auto result = engine.query(expression);
    if (!result) return result.error().message();
    std::string out;
    for (const auto& sample : std::get<promql::Vector>(result->value))
      out += fmt::format("{} {};", sample.labels.to_string(), sample.point.value);
    return out;
  }

  VirtualScheduler scheduler_{kStart};
  net::FakeHttpClient client_;
  MemoryFileSystem files_;
  metrics::Registry own_;
  metrics::Registry registry_;
  RecordingSink sink_{scheduler_.clock()};
};

TEST_F(EmbeddedTest, SamplesAreStoredQueriedAndAlertedOn) {
  const metrics::Gauge<> peers{registry_, "peers", "Peers."};
  const auto engine = open();
  const auto rules = rules::parse_rule_file(R"(
groups:
  - name: node
    rules:
      - {record: 'job:peers', expr: 'sum by (job) (peers)'}
      - {alert: NoPeers, expr: 'job:peers < 1', for: 1s, labels: {severity: critical}}
)",
                                            "rules.yml");
  ASSERT_TRUE(rules) << rules.error().message();
  ASSERT_TRUE(engine->apply(
      {.external_labels = Labels{{"cluster", "test"}}, .evaluation_interval = 250, .rule_groups = rules->groups}));
  ASSERT_TRUE(engine->attach(registry_, {.interval = 250, .labels = {{"job", "node"}}}));
  peers.set(3);
  scheduler_.advance(10 * kSecond);
  EXPECT_EQ(ask(*engine, "peers"), "peers{job=\"node\"} 3;");
  EXPECT_EQ(ask(*engine, "job:peers"), "job:peers{job=\"node\"} 3;");
  EXPECT_EQ(ask(*engine, "count_over_time(peers[5s])"), "{job=\"node\"} 20;");
  EXPECT_EQ(ask(*engine, "up"), "up{job=\"node\"} 1;");
  EXPECT_THAT(sink_.seen, IsEmpty());

  peers.set(0);
  const Timestamp lost = scheduler_.clock().now();
  scheduler_.advance(5 * kSecond);
  const std::string labels = "{alertname=\"NoPeers\", cluster=\"test\", job=\"node\", severity=\"critical\"}";
  EXPECT_THAT(sink_.seen, ElementsAre("firing " + labels));
  // Sampled and evaluated within 250 ms each, after the second of `for`.
  EXPECT_GE(sink_.first - lost, kSecond);
  EXPECT_LE(sink_.first - lost, kSecond + 750);

  peers.set(2);
  scheduler_.advance(5 * kSecond);
  EXPECT_THAT(sink_.seen, ElementsAre("firing " + labels, "resolved " + labels));
}

TEST_F(EmbeddedTest, DetachEndsTheSeriesAndStopDoesNot) {
  const metrics::Counter<> blocks{registry_, "blocks_total", "Blocks."};
  metrics::Registry other;
  const metrics::Gauge<> height{other, "height", "Height."};
  height.set(7);
  auto engine = open();
  ASSERT_TRUE(engine->attach(registry_, {.interval = 500, .labels = {{"job", "a"}}}));
  ASSERT_TRUE(engine->attach(other, {.interval = 500, .labels = {{"job", "b"}}}));
  blocks.inc(2);
  scheduler_.advance(kSecond);
  EXPECT_EQ(ask(*engine, "blocks_total + ignoring(job) height"), "{} 9;");
  ASSERT_TRUE(engine->detach(other));
  scheduler_.advance(kSecond);
  EXPECT_EQ(ask(*engine, "height"), "");
  EXPECT_EQ(ask(*engine, "blocks_total"), "blocks_total{job=\"a\"} 2;");

  // The next process goes on where this one stopped.
  ASSERT_TRUE(engine->stop());
  scheduler_.advance(kSecond);
  EXPECT_EQ(engine->attach(other).error().code(), ErrorCode::kUnavailable);
  engine.reset();
  engine = open();
  EXPECT_EQ(ask(*engine, "blocks_total"), "blocks_total{job=\"a\"} 2;");
  EXPECT_EQ(ask(*engine, "height"), "");
}

TEST_F(EmbeddedTest, WhatCannotBeAttachedIsRefused) {
  const auto engine = open();
  EXPECT_EQ(engine->attach(registry_, {.interval = 0}).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(engine->detach(registry_).error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE(engine->attach(registry_));
  EXPECT_EQ(engine->attach(registry_).error().code(), ErrorCode::kAlreadyExists);
  ASSERT_TRUE(engine->detach(registry_));
  EXPECT_TRUE(engine->attach(registry_));
  EXPECT_THAT(own_.problems(), IsEmpty());
}

TEST_F(EmbeddedTest, TheEngineWatchesItself) {
  const auto engine = open();
  ASSERT_TRUE(engine->attach(own_, {.interval = kSecond, .labels = {{"job", "vigil"}}}));
  scheduler_.advance(5 * kSecond);
  EXPECT_EQ(ask(*engine, "vigil_collect_failures_total"), "vigil_collect_failures_total{job=\"vigil\"} 0;");
  EXPECT_EQ(ask(*engine, "vigil_collect_samples_total > bool 50"), "{job=\"vigil\"} 1;");
}

// Threads and HTTP client of its own, on the real clock: opens, collects and closes.
TEST(Engine, BringsWhatTheOptionsLeaveOut) {
  MemoryFileSystem files;
  auto engine = Engine::open({.storage = {.directory = "data"}, .files = files});
  ASSERT_TRUE(engine) << engine.error().message();
  metrics::Registry registry;
  const metrics::Counter<> blocks{registry, "blocks_total", "Blocks."};
  ASSERT_TRUE((*engine)->attach(registry, {.interval = 1}));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE((*engine)->query("blocks_total"));
  EXPECT_TRUE((*engine)->stop());
}

}  // namespace
}  // namespace vigil::engine
