#include "packs/hotstuff2/alert_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "vigil/base/file_system.h"
#include "vigil/base/log.h"
#include "vigil/base/memory_file_system.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/engine/engine.h"

namespace vigil::packs::hotstuff2 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::set<std::string> names(const std::vector<Alert>& alerts) {
  std::set<std::string> all;
  for (const Alert& alert : alerts) all.emplace(alert.labels.get("alertname"));
  return all;
}

// HS-115 to HS-126: the committed file is what the default limits give.
TEST(AlertRules, AreTheCommittedFile) {
  const std::string file = VIGIL_SOURCE_DIR "/packs/hotstuff2/rules/hotstuff2-alerts.yml";
  const auto committed = FileSystem::real().read_file(file);
  ASSERT_TRUE(committed) << committed.error().message();
  EXPECT_EQ(alert_rules({}), *committed);
}

TEST(AlertRules, CarryTheLimitsOfTheConfiguration) {
  AlertConfig config;
  config.max_block_time = 5 * kSecond;
  config.max_network_latency = 250;
  config.max_cpu_usage = 0.55;
  config.max_liveness_timeouts = 3;
  const std::string yaml = alert_rules(config);
  for (const char* const part : {"[5m]))) > 5'", "[5m]))) > 0.25'", "hotstuff_cpu_usage_ratio > 0.55'", "(limit 55%)",
                                 "hotstuff_liveness_timeouts_total[5m])) > 3'"}) {
    EXPECT_NE(yaml.find(part), std::string::npos) << part;
  }
}

class Replica : public ::testing::Test {
 protected:
  void SetUp() override {
    log::set_sink([](log::Level, std::string_view) {});
    metrics.set_validators(std::vector<ValidatorId>{"validator-1", "validator-2", "validator-3", "validator-4"});
  }
  void TearDown() override { log::set_sink({}); }

  static metrics::RegistryOptions on(const Clock& clock) {
    metrics::RegistryOptions options;
    options.clock = &clock;
    return options;
  }
  std::vector<Alert> check(AlertManager& manager) {
    auto all = manager.check_consensus_health(metrics.consensus, &metrics.performance, &metrics.mempool);
    for (auto& alert : manager.check_network_health(metrics.network)) all.push_back(std::move(alert));
    for (auto& alert : manager.check_system_health(metrics.performance)) all.push_back(std::move(alert));
    return all;
  }

  VirtualScheduler scheduler{1'772'445'600'000};
  metrics::Registry registry{on(scheduler.clock())};
  HotStuffMetrics metrics{registry, {.max_validators = 200, .clock = &scheduler.clock()}};
  AlertManagerOptions options{.instance = "replica-1:9464", .clock = &scheduler.clock()};
};

// What happens each second of ten minutes, and the alerts it must give.
struct Case {
  const char* what;
  std::function<void(HotStuffMetrics&, int second)> live;
  std::set<std::string> alerts;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"nothing recorded", [](auto&, int) {}, {}},
      {"healthy",
       [](HotStuffMetrics& m, int t) {
         const auto height = static_cast<std::uint64_t>(t + 1);
         m.consensus.record_view_change(height, height + 1, ViewChangeReason::kQc);
         m.consensus.record_block_committed(height, height, milliseconds(300), BlockContents{500, 1000});
         m.performance.update_transaction_throughput(500);
         m.performance.update_cpu_usage(0.4);
         m.performance.update_memory_usage(400);
         m.performance.update_memory_limit(1000);
         m.performance.update_disk_usage(300);
         m.performance.update_disk_limit(1000);
         m.mempool.update_mempool_size(100, 1000);
         m.network.record_peer_latency("validator-2", milliseconds(20));
         m.network.update_message_delivery_rate(0.99);
         if (t % 60 == 0) m.network.record_peer_disconnected("validator-2", DisconnectionReason::kTimeout);
         if (t % 2 == 0) m.network.record_peer_disconnected("validator-2", DisconnectionReason::kShutdown);
         if (t % 60 == 30) m.consensus.record_liveness_timeout();
       },
       {}},
      {"blocks every three seconds",
       [](HotStuffMetrics& m, int t) {
         if (t % 3 == 0) m.consensus.record_block_committed(static_cast<std::uint64_t>(t), 1, milliseconds(300));
       },
       {"HotStuffBlockTimeHigh"}},
      {"view changes",
       [](HotStuffMetrics& m, int t) {
         const auto view = static_cast<std::uint64_t>(t + 1);
         if (t % 5 == 0) m.consensus.record_view_change(view, view + 1, ViewChangeReason::kTimeoutCertificate);
       },
       {"HotStuffViewChangeFrequencyHigh"}},
      {"little throughput while some wait",
       [](HotStuffMetrics& m, int t) {
         m.consensus.record_block_committed(static_cast<std::uint64_t>(t), 1, milliseconds(300), BlockContents{50, 1});
         m.performance.update_transaction_throughput(50);
         m.mempool.update_mempool_size(100, 1000);
       },
       {"HotStuffThroughputLow"}},
      {"little throughput while nothing waits",
       [](HotStuffMetrics& m, int t) {
         m.consensus.record_block_committed(static_cast<std::uint64_t>(t), 1, milliseconds(300), BlockContents{50, 1});
         m.performance.update_transaction_throughput(50);
         m.mempool.update_mempool_size(0, 0);
       },
       {}},
      {"disconnections",
       [](HotStuffMetrics& m, int t) {
         if (t % 5 == 0) m.network.record_peer_disconnected("validator-2", DisconnectionReason::kError);
       },
       {"HotStuffPeerDisconnectionRateHigh"}},
      {"loss",
       [](HotStuffMetrics& m, int) { m.network.update_message_delivery_rate(0.9); },
       {"HotStuffMessageLossHigh"}},
      {"latency",
       [](HotStuffMetrics& m, int) { m.network.record_peer_latency("validator-2", milliseconds(700)); },
       {"HotStuffNetworkLatencyHigh"}},
      {"cpu", [](HotStuffMetrics& m, int) { m.performance.update_cpu_usage(0.95); }, {"HotStuffCpuUsageHigh"}},
      {"memory and disk",
       [](HotStuffMetrics& m, int) {
         m.performance.update_memory_usage(900);
         m.performance.update_memory_limit(1000);
         m.performance.update_disk_usage(900);
         m.performance.update_disk_limit(1000);
       },
       {"HotStuffMemoryUsageHigh", "HotStuffDiskUsageHigh"}},
      {"memory without a limit", [](HotStuffMetrics& m, int) { m.performance.update_memory_usage(900); }, {}},
      {"one Byzantine act",
       [](HotStuffMetrics& m, int t) {
         if (t == 400) m.consensus.record_byzantine_behavior(ByzantineBehaviorType::kEquivocation, "validator-3");
       },
       {"HotStuffByzantineBehavior"}},
      {"a Byzantine act long ago",
       [](HotStuffMetrics& m, int t) {
         if (t == 100) m.consensus.record_byzantine_behavior(ByzantineBehaviorType::kEquivocation, "validator-3");
       },
       {}},
      {"one safety violation",
       [](HotStuffMetrics& m, int t) {
         if (t == 400) m.consensus.record_safety_violation(SafetyViolationType::kConflictingCommit, 7);
       },
       {"HotStuffSafetyViolation"}},
      {"liveness timeouts",
       [](HotStuffMetrics& m, int t) {
         if (t % 10 == 0) m.consensus.record_liveness_timeout();
       },
       {"HotStuffLivenessTimeouts"}},
  };
  return all;
}

// HS-128 to HS-130 and the rules: same numbers, same verdicts, same values in the texts.
class Verdicts : public Replica, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(Verdicts, AreThoseOfTheRules) {
  const Case& c = cases()[GetParam()];
  SCOPED_TRACE(c.what);
  MemoryFileSystem files;
  engine::Options engine_options{.sinks = {}, .scheduler = &scheduler, .files = files};
  engine_options.storage.directory = "data";
  auto engine = engine::Engine::open(std::move(engine_options));
  ASSERT_TRUE(engine) << engine.error().message();
  const Labels target({{"instance", "replica-1:9464"}});
  ASSERT_TRUE((*engine)->attach(registry, {.interval = 5 * kSecond, .labels = target}));

  AlertManager manager({}, {}, options);
  std::vector<Alert> in_process;
  for (int second = 0; second < 600; ++second) {
    c.live(metrics, second);
    in_process = check(manager);
    scheduler.advance(kSecond);
  }
  EXPECT_EQ(names(in_process), c.alerts);

  std::set<std::string> by_rules;
  for (const Limit& limit : limits()) {
    const auto result = (*engine)->query(with_limit(limit, {}, limit.expr, false));
    ASSERT_TRUE(result) << limit.alert << ": " << result.error().message();
    if (!std::get<promql::Vector>(result->value).empty()) by_rules.emplace(limit.alert);
  }
  EXPECT_EQ(by_rules, c.alerts);
  static_cast<void>((*engine)->stop());
}
INSTANTIATE_TEST_SUITE_P(AlertManager, Verdicts, ::testing::Range(std::size_t{0}, cases().size()));

TEST_F(Replica, TheFirstCheckSeesWhatTheProcessCountedSoFar) {
  metrics.consensus.record_safety_violation(SafetyViolationType::kDoubleVote, 3);
  options.external_url = "https://vigil.example";
  AlertManager manager({}, {}, options);
  const auto alerts = manager.check_consensus_health(metrics.consensus);
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].labels, Labels({{"alertname", "HotStuffSafetyViolation"},
                                      {"component", "consensus"},
                                      {"severity", "critical"},
                                      {"stack", "hotstuff2"},
                                      {"violation_type", "double_vote"}}));
  EXPECT_EQ(alerts[0].annotations.get("summary"), "Safety violation: double_vote");
  EXPECT_EQ(alerts[0].annotations.get("description"),
            "1 safety violations of type double_vote in 5 minutes (limit 0): the chain may fork. Stop withdrawals and "
            "bridges before anything else.");
  EXPECT_EQ(alerts[0].annotations.get("runbook_url"),
            "https://vigil.example/runbooks/hotstuff2/HotStuffSafetyViolation");
}

TEST_F(Replica, WhatAnOldProcessCountedLongAgoIsNotNews) {
  metrics.consensus.record_safety_violation(SafetyViolationType::kDoubleVote, 3);
  scheduler.advance(10 * kMinute);
  AlertManager manager({}, {}, options);
  EXPECT_TRUE(manager.check_consensus_health(metrics.consensus).empty());
  metrics.consensus.record_safety_violation(SafetyViolationType::kDoubleVote, 4);
  EXPECT_EQ(manager.check_consensus_health(metrics.consensus).size(), 1U);
}

TEST_F(Replica, LimitsAreTheConfigurations) {
  AlertConfig config;
  config.max_safety_violations = 2;
  config.max_cpu_usage = 0.3;
  AlertManager manager(config, {}, options);
  metrics.consensus.record_safety_violation(SafetyViolationType::kDoubleVote, 3);
  metrics.performance.update_cpu_usage(0.4);
  EXPECT_EQ(names(check(manager)), std::set<std::string>{"HotStuffCpuUsageHigh"});
}

// Notes what it is told; may fail.
struct Told {
  std::vector<std::string> fired, resolved;
};
class Handler final : public AlertHandler {
 public:
  enum class Manner { kWell, kFails, kThrows };
  Handler(Told& told, Manner manner) : told_(told), manner_(manner) {}
  Result<void> fired(const Alert& alert) override { return note(told_.fired, alert); }
  Result<void> resolved(const Alert& alert) override { return note(told_.resolved, alert); }

 private:
  Result<void> note(std::vector<std::string>& list, const Alert& alert) {
    list.emplace_back(alert.labels.get("alertname"));
    if (manner_ == Manner::kThrows) throw std::runtime_error("no line");
    if (manner_ == Manner::kFails) return fail(ErrorCode::kUnavailable, "busy");
    return {};
  }
  Told& told_;
  const Manner manner_;
};

// HS-131, HS-132.
TEST_F(Replica, EveryHandlerIsCalledOnceAndFailuresDoNotStopTheOthers) {
  Told a, b, c;
  std::vector<std::unique_ptr<AlertHandler>> handlers;
  handlers.push_back(std::make_unique<Handler>(a, Handler::Manner::kThrows));
  handlers.push_back(std::make_unique<Handler>(b, Handler::Manner::kFails));
  handlers.push_back(std::make_unique<Handler>(c, Handler::Manner::kWell));
  AlertManager manager({}, std::move(handlers), options);
  metrics.performance.update_cpu_usage(0.95);
  const auto alerts = manager.check_system_health(metrics.performance);
  ASSERT_EQ(alerts.size(), 1U);
  manager.send_alert(alerts[0]);
  manager.resolve_alert("{alertname=\"NeverHeardOf\"}");
  for (const Told* const told : {&a, &b, &c}) {
    EXPECT_EQ(told->fired, std::vector<std::string>{"HotStuffCpuUsageHigh"});
    EXPECT_TRUE(told->resolved.empty());
  }
  EXPECT_EQ(manager.handler_failures(), 2U);
  manager.resolve_alert(alert_id(alerts[0]));
  manager.resolve_alert(alert_id(alerts[0]));
  for (const Told* const told : {&a, &b, &c}) EXPECT_EQ(told->resolved.size(), 1U);
}

// HS-169: critical ones at once, the others after their `for`, each once.
TEST_F(Replica, UpdateHoldsSendsAndResolves) {
  Told told;
  std::vector<std::unique_ptr<AlertHandler>> handlers;
  handlers.push_back(std::make_unique<Handler>(told, Handler::Manner::kWell));
  AlertManager manager({}, std::move(handlers), options);
  const auto live = [&](Duration time, double cpu) {
    for (Duration passed = 0; passed < time; passed += kSecond) {
      metrics.performance.update_cpu_usage(cpu);
      static_cast<void>(manager.update(metrics));
      scheduler.advance(kSecond);
    }
  };
  live(5 * kSecond, 0.4);
  metrics.consensus.record_safety_violation(SafetyViolationType::kInvalidQc, 3);
  live(kSecond, 0.95);
  EXPECT_EQ(told.fired, std::vector<std::string>{"HotStuffSafetyViolation"});
  live(4 * kMinute + 58 * kSecond, 0.95);
  EXPECT_EQ(told.fired.size(), 1U);
  live(3 * kSecond, 0.95);
  EXPECT_EQ(told.fired, (std::vector<std::string>{"HotStuffSafetyViolation", "HotStuffCpuUsageHigh"}));
  live(kMinute, 0.95);
  EXPECT_EQ(told.fired.size(), 2U);
  EXPECT_EQ(told.resolved, std::vector<std::string>{"HotStuffSafetyViolation"});  // five minutes old
  live(kSecond, 0.4);
  EXPECT_EQ(told.resolved, (std::vector<std::string>{"HotStuffSafetyViolation", "HotStuffCpuUsageHigh"}));
  EXPECT_TRUE(manager.update(metrics).empty());
}

TEST_F(Replica, AnAlertSinkGetsBeginningAndEnd) {
  struct Sink final : AlertSink {
    void send(std::span<const Alert> alerts) override { got.insert(got.end(), alerts.begin(), alerts.end()); }
    std::vector<Alert> got;
  } sink;
  std::vector<std::unique_ptr<AlertHandler>> handlers;
  handlers.push_back(std::make_unique<SinkAlertHandler>(sink));
  handlers.push_back(std::make_unique<LogAlertHandler>());
  AlertManager manager({}, std::move(handlers), options);
  metrics.consensus.record_safety_violation(SafetyViolationType::kInvalidQc, 3);
  static_cast<void>(manager.update(metrics));
  scheduler.advance(6 * kMinute);
  static_cast<void>(manager.update(metrics));
  ASSERT_EQ(sink.got.size(), 2U);
  EXPECT_EQ(sink.got[0].ends_at, 0);
  EXPECT_EQ(sink.got[1].ends_at, scheduler.clock().now());
  EXPECT_EQ(sink.got[0].labels, sink.got[1].labels);
}

}  // namespace
}  // namespace vigil::packs::hotstuff2
