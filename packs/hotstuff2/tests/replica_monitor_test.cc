#include "packs/hotstuff2/replica_monitor.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "vigil/base/log.h"
#include "vigil/base/memory_file_system.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/net/fake_http.h"

namespace vigil::packs::hotstuff2 {
namespace {

class Grafana final : public GrafanaClient {
 public:
  Result<std::string> create_dashboard(const std::string& json) override {
    if (failures > 0) {
      --failures;
      return fail(ErrorCode::kUnavailable, "no Grafana here");
    }
    created.insert(nlohmann::json::parse(json)["uid"]);
    return std::string("uid");
  }
  int failures = 0;
  std::multiset<std::string> created;
};

class Monitor : public ::testing::Test {
 protected:
  void SetUp() override {
    log::set_sink([this](log::Level, std::string_view line) { logged += line; });
    http.on("http://pager:9000/alerts", 200, "");
    http.on("http://alertmanager:9093/am/api/v2/alerts", 200, "");
    config.prometheus_enabled = false;
    config.dashboard_auto_generation = false;
  }
  void TearDown() override { log::set_sink({}); }

  static metrics::RegistryOptions on(const Clock& clock) {
    metrics::RegistryOptions options;
    options.clock = &clock;
    return options;
  }
  Result<std::unique_ptr<ReplicaMonitor>> start() {
    return ReplicaMonitor::start(
        config, metrics,
        {.pipeline = {.registry = registry, .scheduler = scheduler, .client = http, .files = files},
         .directory = "/monitor",
         .grafana = grafana,
         .instance = "replica-1:9464",
         .external_url = "https://vigil.example"});
  }
  std::size_t requests_to(std::string_view url) const {
    std::size_t count = 0;
    for (const auto& request : http.requests()) count += request.url == url ? 1U : 0U;
    return count;
  }

  VirtualScheduler scheduler{1'772'445'600'000};
  metrics::Registry registry{on(scheduler.clock())};
  HotStuffMetrics metrics{registry, {.max_validators = 200, .clock = &scheduler.clock()}};
  net::FakeHttpClient http{&scheduler};
  MemoryFileSystem files;
  telemetry::MetricsConfig config;
  Grafana there;
  Grafana* grafana = &there;
  std::string logged;
};

// HS-184 to HS-186, HS-169: each destination is told within two seconds what begins and
// what is over, and an Alertmanager again every minute.
TEST_F(Monitor, TellsEveryDestination) {
  config.alert_config.max_safety_violations = 0;
  config.alert_destinations = {{.name = "log", .type = "log"},
                               {.name = "pager", .type = "webhook", .url = "http://pager:9000/alerts"},
                               {.name = "am", .type = "alertmanager", .url = "http://alertmanager:9093/am"}};
  auto monitor = start();
  ASSERT_TRUE(monitor) << monitor.error().message();
  scheduler.advance(5 * kMinute);
  EXPECT_TRUE((*monitor)->firing().empty());
  ASSERT_TRUE(http.requests().empty());

  metrics.consensus.record_safety_violation(SafetyViolationType::kConflictingCommit, 7);
  scheduler.advance(2 * kSecond);
  ASSERT_EQ((*monitor)->firing().size(), 1U);
  EXPECT_NE(logged.find("HotStuffSafetyViolation"), std::string::npos) << logged;
  ASSERT_EQ(requests_to("http://pager:9000/alerts"), 1U);
  ASSERT_EQ(requests_to("http://alertmanager:9093/am/api/v2/alerts"), 1U);
  for (const auto& request : http.requests()) {
    EXPECT_NE(request.body.find("https://vigil.example/runbooks/hotstuff2/HotStuffSafetyViolation"), std::string::npos)
        << request.body;
  }

  scheduler.advance(3 * kMinute);
  EXPECT_EQ(requests_to("http://pager:9000/alerts"), 1U);
  EXPECT_EQ(requests_to("http://alertmanager:9093/am/api/v2/alerts"), 4U);

  scheduler.advance(3 * kMinute);  // out of the window of five minutes
  EXPECT_TRUE((*monitor)->firing().empty());
  ASSERT_EQ(requests_to("http://pager:9000/alerts"), 2U);
  std::string last;
  for (const auto& request : http.requests()) {
    if (request.url == "http://pager:9000/alerts") last = request.body;
  }
  EXPECT_EQ(nlohmann::json::parse(last)["status"], "resolved");
}

TEST_F(Monitor, AlertingCanBeOff) {
  config.alerting_enabled = false;
  auto monitor = start();
  ASSERT_TRUE(monitor) << monitor.error().message();
  metrics.consensus.record_safety_violation(SafetyViolationType::kConflictingCommit, 7);
  scheduler.advance(kMinute);
  EXPECT_TRUE((*monitor)->firing().empty());
  EXPECT_EQ(logged.find("HotStuffSafetyViolation"), std::string::npos) << logged;
}

TEST_F(Monitor, NothingHappensWithoutCollection) {
  config.collection_enabled = false;
  config.dashboard_auto_generation = true;
  config.grafana_integration = true;
  auto monitor = start();
  ASSERT_TRUE(monitor) << monitor.error().message();
  metrics.consensus.record_safety_violation(SafetyViolationType::kConflictingCommit, 7);
  scheduler.advance(kMinute);
  EXPECT_TRUE((*monitor)->dashboards().empty());
  EXPECT_TRUE(there.created.empty());
  EXPECT_EQ(logged.find("HotStuffSafetyViolation"), std::string::npos) << logged;
}

// HS-181 to HS-183.
TEST_F(Monitor, Dashboards) {
  ASSERT_TRUE(files.create_directories("/boards"));
  ASSERT_TRUE(files.write_file_atomically("/boards/mine.json", R"({"uid": "mine", "title": "Mine"})"));
  ASSERT_TRUE(files.write_file_atomically("/boards/other.json", R"({"uid": "hotstuff2-system", "title": "Ours"})"));
  ASSERT_TRUE(files.write_file_atomically("/boards/bad.json", R"({"title": "No uid"})"));
  struct Case {
    bool generate;
    std::vector<std::string> custom;
    std::vector<std::string> uids;  // empty: refused
  };
  const Case cases[] = {
      {true, {}, {"hotstuff2-consensus", "hotstuff2-network", "hotstuff2-system"}},
      {true, {"/boards/mine.json"}, {"hotstuff2-consensus", "hotstuff2-network", "hotstuff2-system", "mine"}},
      {true, {"/boards/other.json"}, {"hotstuff2-consensus", "hotstuff2-network", "hotstuff2-system"}},
      {false, {"hotstuff2-network", "/boards/mine.json"}, {"hotstuff2-network", "mine"}},
      {false, {"/boards/bad.json"}, {}},
      {false, {"/boards/absent.json"}, {}},
  };
  for (const Case& test : cases) {
    config.dashboard_auto_generation = test.generate;
    config.custom_dashboards = test.custom;
    const auto monitor = start();
    ASSERT_EQ(monitor.has_value(), !test.uids.empty()) << test.custom.front();
    if (!monitor) {
      EXPECT_NE(monitor.error().message().find(test.custom.front()), std::string::npos) << monitor.error().message();
      continue;
    }
    std::vector<std::string> uids;
    for (const std::string& json : (*monitor)->dashboards()) {
      uids.push_back(nlohmann::json::parse(json)["uid"]);
      const auto file = files.read_file("/monitor/dashboards/" + uids.back() + ".json");
      EXPECT_TRUE(file && *file == json) << uids.back();
    }
    EXPECT_EQ(uids, test.uids);
  }
}

TEST_F(Monitor, CreatesDashboardsInGrafana) {
  config.dashboard_auto_generation = true;
  config.grafana_integration = true;
  there.failures = 2;
  const auto monitor = start();
  ASSERT_TRUE(monitor) << monitor.error().message();
  scheduler.advance(kSecond);
  EXPECT_TRUE(there.created.empty());
  EXPECT_NE(logged.find("no Grafana here"), std::string::npos) << logged;
  scheduler.advance(5 * kMinute);
  EXPECT_EQ(there.created,
            (std::multiset<std::string>{"hotstuff2-consensus", "hotstuff2-network", "hotstuff2-system"}));

  grafana = nullptr;
  const auto refused = start();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("grafana_integration"), std::string::npos);
}

TEST_F(Monitor, InvalidConfigurationIsRefused) {
  config.batch_size = 0;
  EXPECT_FALSE(start());
}

}  // namespace
}  // namespace vigil::packs::hotstuff2
