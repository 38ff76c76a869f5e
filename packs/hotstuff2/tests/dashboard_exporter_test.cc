#include "packs/hotstuff2/dashboard_exporter.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "packs/hotstuff2/catalog.h"
#include "vigil/base/file_system.h"
#include "vigil/net/fake_http.h"

namespace vigil::packs::hotstuff2 {
namespace {

std::set<std::string> titles(const std::string& json) {
  std::set<std::string> all;
  const nlohmann::json document = nlohmann::json::parse(json);
  for (const auto& panel : document["panels"]) {
    if (panel["type"] != "row") all.insert(panel["title"]);
  }
  return all;
}

// HS-143, HS-144.
TEST(DashboardExporter, ExportsTheCommittedBoards) {
  const DashboardExporter exporter;
  const std::pair<Result<std::string>, const char*> boards[] = {
      {exporter.export_consensus_dashboard(), "hotstuff2-consensus"},
      {exporter.export_network_dashboard(), "hotstuff2-network"},
      {exporter.export_system_dashboard(), "hotstuff2-system"}};
  for (const auto& [json, uid] : boards) {
    ASSERT_TRUE(json);
    const auto committed =
        FileSystem::real().read_file(std::string(VIGIL_SOURCE_DIR "/packs/hotstuff2/dashboards/") + uid + ".json");
    ASSERT_TRUE(committed) << committed.error().message();
    EXPECT_EQ(*json, *committed);
  }
}

// HS-141.
TEST(DashboardExporter, ConfigurationGivesOneBoardEach) {
  DashboardConfig config;
  config.network_dashboard.refresh = "1m";
  config.custom_dashboards = {{.uid = "votes", .title = "Votes", .metrics = {"hotstuff_votes_sent_total"}},
                              {.uid = "all", .title = "All"}};
  const auto boards = DashboardExporter(config).export_dashboards();
  ASSERT_TRUE(boards) << boards.error().message();
  ASSERT_EQ(boards->size(), 5U);
  EXPECT_EQ(nlohmann::json::parse((*boards)[1])["refresh"], "1m");
  EXPECT_EQ(titles((*boards)[3]), std::set<std::string>{"hotstuff_votes_sent_total"});
  EXPECT_EQ(titles((*boards)[4]).size(), catalog::kAll.size());
}

// HS-145.
TEST(DashboardExporter, CreatesCustomBoardsInGrafana) {
  net::FakeHttpClient http;
  http.on("http://grafana:3000/api/dashboards/db", 200, R"({"uid":"votes","status":"success","version":1})");
  http.on("http://prometheus:9090/api/v1/metadata", 200,
          R"({"status":"success","data":{"node_load1":[{"type":"gauge","help":"1m load.","unit":""}]}})");
  HttpGrafanaClient grafana(http, "http://grafana:3000/");
  HttpPrometheusClient prometheus(http, "http://prometheus:9090");
  const DashboardExporter exporter({}, &prometheus, &grafana);
  const auto json = exporter.create_custom_dashboard({.uid = "votes",
                                                      .title = "Votes",
                                                      .metrics = {"hotstuff_votes_received_total", "node_load1"},
                                                      .selector = "{instance=\"replica-1:9464\"}"});
  ASSERT_TRUE(json) << json.error().message();
  EXPECT_EQ(titles(*json), (std::set<std::string>{"hotstuff_votes_received_total", "node_load1"}));
  EXPECT_NE(json->find("rate(hotstuff_votes_received_total{instance=\\\"replica-1:9464\\\"}[5m])"), std::string::npos);
  const auto requests = http.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[1].method, "POST");
  const auto sent = nlohmann::json::parse(requests[1].body);
  EXPECT_EQ(sent["dashboard"], nlohmann::json::parse(*json));
  EXPECT_EQ(sent["overwrite"], true);
}

// HS-145. One panel of each type of metric; the end-to-end suite holds the file against
// Grafana's schemas. With VIGIL_REWRITE=1 in the environment it is written anew.
TEST(DashboardExporter, DrawsCustomBoardsAsTheCommittedOne) {
  const std::string file = VIGIL_SOURCE_DIR "/packs/hotstuff2/tests/testdata/custom_board.json";
  net::FakeHttpClient http;
  http.on("http://prometheus:9090/api/v1/metadata", 200,
          R"({"status":"success","data":{"node_load1":[{"type":"gauge","help":"1m load.","unit":""}]}})");
  HttpPrometheusClient prometheus(http, "http://prometheus:9090");
  CustomDashboardConfig config{.uid = "each-type",
                               .title = "A metric of each type",
                               .metrics = {"node_load1"},
                               .selector = "{instance=\"replica-1:9464\"}"};
  std::set<MetricType> types;
  for (const metrics::Description& metric : catalog::kAll) {
    if (types.insert(metric.type).second) config.metrics.emplace_back(metric.name);
  }
  ASSERT_GE(types.size(), 3U);
  const auto json = DashboardExporter({}, &prometheus).create_custom_dashboard(config);
  ASSERT_TRUE(json) << json.error().message();
  if (std::getenv("VIGIL_REWRITE") != nullptr) {
    ASSERT_TRUE(FileSystem::real().create_directories(std::filesystem::path(file).parent_path()));
    ASSERT_TRUE(FileSystem::real().write_file_atomically(file, *json));
  }
  const auto committed = FileSystem::real().read_file(file);
  ASSERT_TRUE(committed) << committed.error().message();
  EXPECT_TRUE(*committed == *json) << file << " is not what the code gives: run this test with VIGIL_REWRITE=1";
}

TEST(DashboardExporter, SaysWhatIsWrong) {
  net::FakeHttpClient http;
  http.on("http://broken:3000/api/dashboards/db", 500, "oops");
  http.on("http://prometheus:9090/api/v1/metadata", 200, R"({"status":"success","data":{}})");
  HttpGrafanaClient broken(http, "http://broken:3000");
  HttpPrometheusClient prometheus(http, "http://prometheus:9090");
  struct Case {
    CustomDashboardConfig config;
    PrometheusClient* prometheus;
    GrafanaClient* grafana;
    ErrorCode code;
    const char* text;
  };
  const Case cases[] = {
      {{.uid = "", .title = "T"}, nullptr, nullptr, ErrorCode::kInvalidArgument, "dashboard uid \"\""},
      {{.uid = "a b", .title = "T"}, nullptr, nullptr, ErrorCode::kInvalidArgument, "dashboard uid \"a b\""},
      {{.uid = std::string(41, 'x'), .title = "T"}, nullptr, nullptr, ErrorCode::kInvalidArgument, "1 to 40"},
      {{.uid = "u", .title = ""}, nullptr, nullptr, ErrorCode::kInvalidArgument, "has no title"},
      {{.uid = "u", .title = "T", .metrics = {"nope"}}, nullptr, nullptr, ErrorCode::kNotFound, "has no metric nope"},
      {{.uid = "u", .title = "T", .metrics = {"nope"}}, &prometheus, nullptr, ErrorCode::kNotFound, "knows no metric"},
      {{.uid = "u", .title = "T"}, nullptr, &broken, ErrorCode::kUnavailable, "HTTP 500"},
  };
  for (const Case& c : cases) {
    const auto answer = DashboardExporter({}, c.prometheus, c.grafana).create_custom_dashboard(c.config);
    ASSERT_FALSE(answer) << c.text;
    EXPECT_EQ(answer.error().code(), c.code) << answer.error().message();
    EXPECT_NE(answer.error().message().find(c.text), std::string::npos) << answer.error().message();
  }
}

}  // namespace
}  // namespace vigil::packs::hotstuff2
