#include <nlohmann/json.hpp>

#include "vigil/api/tests/fixture.h"

namespace vigil::api {
namespace {

using testing::ApiTest;
using testing::EndpointCase;
using testing::kNow;

class StatusApiTest : public ApiTest {
 protected:
  Dependencies full() {
    Dependencies deps = dependencies();
    deps.targets = [] {
      TargetsView view;
      view.pools = {"node", "empty"};
      view.active = {{.discovered = {{"__address__", "localhost:9100"}},
                      .labels = {{"instance", "localhost:9100"}, {"job", "node"}},
                      .pool = "node",
                      .url = "http://user:secret@localhost:9100/metrics",
                      .health = "up",
                      .last_error = "",
                      .last_scrape = kNow,
                      .last_scrape_seconds = 0.25,
                      .interval = 15'000,
                      .timeout = 10'000}};
      view.dropped = {{.discovered = {{"__address__", "x"}}, .pool = "node"}};
      view.dropped_counts = {{"node", 1}};
      return view;
    };
    deps.rule_groups = [] {
      rules::RuleView recording;
      recording.name = "job:up:sum";
      recording.query = "sum(up)";
      recording.health = rules::Health::kOk;
      recording.last_evaluation = kNow;
      recording.evaluation_seconds = 0.5;
      rules::RuleView alerting;
      alerting.alerting = true;
      alerting.name = "Down";
      alerting.query = "up == 0";
      alerting.hold = 90'000;
      alerting.labels = {{"severity", "page"}};
      alerting.annotations = {{"summary", "down"}};
      alerting.state = rules::AlertState::kFiring;
      alerting.health = rules::Health::kBad;
      alerting.last_error = "boom";
      rules::AlertView alert;
      alert.labels = {{"alertname", "Down"}};
      alert.state = rules::AlertState::kFiring;
      alert.active_at = kNow;
      alert.value = 1;
      alerting.alerts = {alert};
      rules::GroupView group;
      group.name = "g";
      group.file = "/f.yml";
      group.interval = 60'000;
      group.rules = {recording, alerting};
      rules::GroupView second = group;
      second.name = "h";
      second.rules = {recording};
      return std::vector<rules::GroupView>{group, second};
    };
    deps.metadata = [](std::string_view metric) {
      std::vector<std::pair<std::string, MetricMetadata>> all = {{"a_total", {MetricType::kCounter, "Help.", ""}},
                                                                 {"b_seconds", {MetricType::kGauge, "B.", "seconds"}}};
      if (!metric.empty()) std::erase_if(all, [metric](const auto& family) { return family.first != metric; });
      return all;
    };
    deps.storage_stats = [](std::size_t) {
      storage::Stats stats;
      stats.series = 2;
      stats.min_time = 1;
      stats.max_time = 2;
      stats.index.series_by_metric = {{"up", 2}};
      return stats;
    };
    deps.config_text = [] { return std::string("global: {}\n"); };
    deps.flags = [] { return std::map<std::string, std::string>{{"web.listen-address", ":9090"}}; };
    deps.build.version = "3.0.0";
    deps.external_url = "http://vigil.example:9090/";
    deps.alertmanagers = [] { return std::vector<std::string>{"http://am:9093/api/v2/alerts"}; };
    return deps;
  }
};

constexpr const char* kActive =
    R"({"discoveredLabels":{"__address__":"localhost:9100"},"labels":{"instance":"localhost:9100","job":"node"},"scrapePool":"node","scrapeUrl":"http://xxxxx@localhost:9100/metrics","globalUrl":"http://xxxxx@vigil.example:9100/metrics","lastError":"","lastScrape":"2015-07-01T20:11:00Z","lastScrapeDuration":0.25,"health":"up","scrapeInterval":"15s","scrapeTimeout":"10s"})";
constexpr const char* kRecording =
    R"json({"name":"job:up:sum","query":"sum(up)","labels":{},"health":"ok","evaluationTime":0.5,"lastEvaluation":"2015-07-01T20:11:00Z","type":"recording"})json";
constexpr const char* kAlert =
    R"({"labels":{"alertname":"Down"},"annotations":{},"state":"firing","activeAt":"2015-07-01T20:11:00Z","value":"1e+00"})";

std::string success(const std::string& data) { return R"(200 {"status":"success","data":)" + data + "}"; }

TEST_F(StatusApiTest, Answers) {
  mount(full());
  const std::string alerting =
      std::string(
          R"({"state":"firing","name":"Down","query":"up == 0","duration":90,"keepFiringFor":0,"labels":{"severity":"page"},"annotations":{"summary":"down"},"alerts":[)") +
      kAlert +
      R"(],"health":"err","lastError":"boom","evaluationTime":0,"lastEvaluation":"0001-01-01T00:00:00Z","type":"alerting"})";
  const auto group = [](const std::string& name, const std::string& rules) {
    return R"({"name":")" + name + R"(","file":"/f.yml","rules":[)" + rules +
           R"(],"interval":60,"limit":0,"evaluationTime":0,"lastEvaluation":"0001-01-01T00:00:00Z"})";
  };
  const std::string dropped = R"([{"discoveredLabels":{"__address__":"x"},"scrapePool":"node"}])";
  struct Case {
    const char* target;
    std::string expected;
  };
  const Case kCases[] = {
      {"/api/v1/targets", success(R"({"activeTargets":[)" + std::string(kActive) + R"(],"droppedTargets":)" + dropped +
                                  R"(,"droppedTargetCounts":{"node":1}})")},
      {"/api/v1/targets?state=Active", success(R"({"activeTargets":[)" + std::string(kActive) +
                                               R"(],"droppedTargets":[],"droppedTargetCounts":null})")},
      {"/api/v1/targets?state=dropped",
       success(R"({"activeTargets":[],"droppedTargets":)" + dropped + R"(,"droppedTargetCounts":{"node":1}})")},
      {"/api/v1/targets?scrapePool=empty",
       success(R"({"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{}})")},
      {"/api/v1/scrape_pools", success(R"({"scrapePools":["empty","node"]})")},
      {"/api/v1/rules", success(R"({"groups":[)" + group("g", std::string(kRecording) + "," + alerting) + "," +
                                group("h", kRecording) + "]}")},
      {"/api/v1/rules?type=record&rule_group[]=g", success(R"({"groups":[)" + group("g", kRecording) + "]}")},
      {"/api/v1/rules?rule_name[]=Down", success(R"({"groups":[)" + group("g", alerting) + "]}")},
      {"/api/v1/rules?file[]=other", success(R"({"groups":[]})")},
      {"/api/v1/rules?match[]=%7Bseverity%3D%22page%22%7D", success(R"({"groups":[)" + group("g", alerting) + "]}")},
      {"/api/v1/alerts", success(R"({"alerts":[)" + std::string(kAlert) + "]}")},
      {"/api/v1/alertmanagers",
       success(R"({"activeAlertmanagers":[{"url":"http://am:9093/api/v2/alerts"}],"droppedAlertmanagers":[]})")},
      {"/api/v1/metadata?metric=b_seconds",
       success(R"({"b_seconds":[{"type":"gauge","unit":"seconds","help":"B."}]})")},
      {"/api/v1/metadata?limit=1", success(R"({"a_total":[{"type":"counter","unit":"","help":"Help."}]})")},
      {"/api/v1/status/config", success(R"({"yaml":"global: {}\n"})")},
      {"/api/v1/status/flags", success(R"({"web.listen-address":":9090"})")},
      {"/api/v1/status/buildinfo",
       success(R"({"version":"3.0.0","revision":"","branch":"","buildUser":"","buildDate":"","goVersion":""})")},
  };
  for (const Case& c : kCases) EXPECT_EQ(get(c.target), c.expected) << c.target;
}

TEST_F(StatusApiTest, RulePages) {
  mount(full());
  const auto first = nlohmann::json::parse(call("GET", "/api/v1/rules?group_limit=1").body)["data"];
  ASSERT_EQ(first["groups"].size(), 1U);
  EXPECT_EQ(first["groups"][0]["name"], "g");
  const std::string token = first["groupNextToken"];
  const auto second =
      nlohmann::json::parse(call("GET", "/api/v1/rules?group_limit=1&group_next_token=" + token).body)["data"];
  EXPECT_EQ(second["groups"][0]["name"], "h");
  EXPECT_FALSE(second.contains("groupNextToken"));
  for (const char* bad : {"?type=x", "?group_next_token=x", "?group_limit=1&group_next_token=x", "?group_limit=-1",
                          "?group_limit=0", "?exclude_alerts=maybe"}) {
    EXPECT_EQ(call("GET", std::string("/api/v1/rules") + bad).status, 400) << bad;
  }
  const auto without = nlohmann::json::parse(call("GET", "/api/v1/rules?exclude_alerts=true&type=alert").body)["data"];
  EXPECT_TRUE(without["groups"][0]["rules"][0]["alerts"].empty());
}

TEST_F(StatusApiTest, StorageAndRuntime) {
  mount(full());
  const auto tsdb = nlohmann::json::parse(call("GET", "/api/v1/status/tsdb").body)["data"];
  EXPECT_EQ(tsdb["headStats"]["numSeries"], 2);
  EXPECT_EQ(tsdb["headStats"]["minTime"], 1);
  EXPECT_EQ(tsdb["seriesCountByMetricName"][0]["name"], "up");
  EXPECT_EQ(tsdb["seriesCountByMetricName"][0]["value"], 2);
  EXPECT_TRUE(tsdb["vigil"].contains("bytesPerSample"));
  EXPECT_EQ(call("GET", "/api/v1/status/tsdb?limit=0").status, 400);
  const auto runtime = nlohmann::json::parse(call("GET", "/api/v1/status/runtimeinfo").body)["data"];
  for (const char* key : {"startTime", "CWD", "hostname", "serverTime", "reloadConfigSuccess", "lastConfigTime",
                          "corruptionCount", "goroutineCount", "storageRetention"}) {
    EXPECT_TRUE(runtime.contains(key)) << key;
  }
}

TEST_F(StatusApiTest, WithoutProviders) {
  mount(dependencies());
  constexpr EndpointCase kCases[] = {
      {"targets", "/api/v1/targets",
       R"(200 {"status":"success","data":{"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{}}})"},
      {"rules", "/api/v1/rules", R"(200 {"status":"success","data":{"groups":[]}})"},
      {"alerts", "/api/v1/alerts", R"(200 {"status":"success","data":{"alerts":[]}})"},
      {"tsdb", "/api/v1/status/tsdb",
       R"(503 {"status":"error","errorType":"unavailable","error":"this server has no storage of its own"})"},
      {"ready", "/-/ready", "200 vigil is ready.\n"},
  };
  for (const EndpointCase& c : kCases) EXPECT_EQ(get(c.target), c.expected) << c.name;
  EXPECT_EQ(call("POST", "/-/reload").status, 403);
  EXPECT_EQ(call("POST", "/-/quit").status, 403);
  EXPECT_EQ(call("POST", "/api/v1/write").status, 404);
}

TEST_F(StatusApiTest, Lifecycle) {
  bool ready = false;
  int quits = 0;
  Result<void> reloaded = {};
  metrics::Registry registry;
  health::HealthChecker health(clock_);
  Dependencies deps = dependencies();
  deps.ready = [&] { return ready; };
  deps.reload = [&] { return reloaded; };
  deps.quit = [&] { ++quits; };
  deps.registry = &registry;
  deps.health = &health;
  mount(std::move(deps));

  EXPECT_EQ(call("HEAD", "/-/healthy").status, 200);
  EXPECT_EQ(call("GET", "/-/ready").status, 503);
  ready = true;
  EXPECT_EQ(call("HEAD", "/-/ready").status, 200);
  EXPECT_EQ(call("POST", "/-/reload").status, 200);
  reloaded = fail(ErrorCode::kInvalidArgument, "prometheus.yml:3:5: unknown key");
  const net::Response refused = call("PUT", "/-/reload");
  EXPECT_EQ(refused.status, 500);
  EXPECT_EQ(refused.body, "failed to reload config: prometheus.yml:3:5: unknown key\n");
  EXPECT_EQ(call("GET", "/-/reload").status, 405);
  EXPECT_EQ(call("GET", "/-/quit").status, 405);
  EXPECT_EQ(quits, 0);
  EXPECT_EQ(call("POST", "/-/quit").status, 200);
  EXPECT_EQ(quits, 1);
  EXPECT_EQ(call("GET", "/metrics").status, 200);
  EXPECT_EQ(call("GET", "/health").status, 200);
  EXPECT_EQ(call("GET", "/none/such").status, 404);
}

TEST_F(StatusApiTest, Federate) {
  append({{"__name__", "up"}, {"instance", "x:1"}, {"job", "a"}}, kNow - 60'000, 1);
  append({{"__name__", "up"}, {"instance", "x:1"}, {"job", "a"}}, kNow - 1'000, 2);
  append({{"__name__", "gone"}, {"job", "a"}}, kNow - 2'000, 7);
  append({{"__name__", "gone"}, {"job", "a"}}, kNow - 1'000, stale_nan());
  append({{"__name__", "old"}, {"job", "a"}}, kNow - 300'000, 7);
  append({{"__name__", "a.b"}, {"path", "c:\\\n\""}}, kNow, 1e21);
  Dependencies deps = dependencies();
  deps.external_labels = [] { return Labels{{"cluster", "mpc"}, {"job", "ignored"}}; };
  mount(std::move(deps));
  EXPECT_EQ(get("/federate?match[]=up&match[]=%7Bjob%3D%22a%22%7D"),
            "200 # TYPE up untyped\nup{instance=\"x:1\",job=\"a\",cluster=\"mpc\"} 2 1435781459000\n");
  EXPECT_EQ(get("/federate?match[]=%7B%22a.b%22%7D"),
            "200 # TYPE a_b untyped\na_b{path=\"c:\\\\\\n\\\"\",cluster=\"mpc\",job=\"ignored\",instance=\"\"} 1e+21 "
            "1435781460000\n");
  EXPECT_EQ(get("/federate"), "200 ");
  EXPECT_TRUE(get("/federate?match[]=up%7B").starts_with("400 "));
  net::Request utf8 = net::make_request("GET", "/federate?match[]=%7B%22a.b%22%7D");
  utf8.headers.set("Accept", "text/plain;version=1.0.0;escaping=allow-utf-8");
  EXPECT_TRUE(net::call(router_.handler(), utf8).body.starts_with("# TYPE \"a.b\" untyped\n{\"a.b\",path="));
}

TEST_F(StatusApiTest, RunbooksOfTheLoadedPacks) {
  Dependencies deps = dependencies();
  deps.runbooks = {{"mpc", "NodeDown", "# NodeDown\n\n`up == 0`"}, {"zk", "NodeDown", "# Other"}};
  mount(std::move(deps));
  constexpr EndpointCase kCases[] = {
      {"list", "/api/v1/vigil/runbooks",
       R"(200 {"status":"success","data":[{"pack":"mpc","name":"NodeDown"},{"pack":"zk","name":"NodeDown"}]})"},
      {"one", "/api/v1/vigil/runbooks/mpc/NodeDown",
       R"(200 {"status":"success","data":{"pack":"mpc","name":"NodeDown","markdown":"# NodeDown\n\n`up == 0`"}})"},
      {"of another pack", "/api/v1/vigil/runbooks/zk/NodeDown",
       R"(200 {"status":"success","data":{"pack":"zk","name":"NodeDown","markdown":"# Other"}})"},
      {"none of that name", "/api/v1/vigil/runbooks/mpc/NodeUp",
       R"(404 {"status":"error","errorType":"not_found","error":"there is no runbook mpc/NodeUp among those of the packs that this server has loaded"})"},
      {"no such pack", "/api/v1/vigil/runbooks/l2/NodeDown",
       R"(404 {"status":"error","errorType":"not_found","error":"there is no runbook l2/NodeDown among those of the packs that this server has loaded"})"},
  };
  for (const EndpointCase& c : kCases) EXPECT_EQ(get(c.target), c.expected) << c.name;
}

}  // namespace
}  // namespace vigil::api
