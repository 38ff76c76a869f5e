// The dashboards against the shared catalogue, the committed JSON and the parser.
#include "packs/zerostate/dashboards.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "vigil/promql/parser.h"

namespace vigil::packs::zerostate {
namespace {

using dashboards::Dashboard;
using dashboards::Kind;
using dashboards::Panel;

const std::filesystem::path kRepository = VIGIL_SOURCE_DIR;
const std::filesystem::path kJson = kRepository / "packs/zerostate/dashboards";

std::filesystem::path shared() {
  const char* const from_environment = std::getenv("VIGIL_SHARED");
  return from_environment != nullptr ? std::filesystem::path(from_environment) : kRepository / "../shared";
}

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<Panel> panels_of(const Dashboard& dashboard) {
  std::vector<Panel> all;
  for (const auto& row : dashboard.rows) all.insert(all.end(), row.panels.begin(), row.panels.end());
  return all;
}

// Grafana's variables stand for text; any duration will do for the parser.
std::string without_variables(std::string expr) {
  for (const std::string variable : {"$__range", "$__rate_interval", "$__interval"}) {
    for (std::size_t at = 0; (at = expr.find(variable, at)) != std::string::npos;)
      expr.replace(at, variable.size(), "1h");
  }
  return expr;
}

// ZS-03, ZS-13, ZS-23, ZS-39, ZS-165.
TEST(ZeroStateDashboards, HaveTheirNumbersOfPanels) {
  const std::map<std::string, std::size_t> wanted{
      {"network-overview", 12}, {"execution-performance", 13}, {"economic-activity", 16}, {"system-health", 12}};
  std::size_t total = 0;
  for (const Dashboard& dashboard : all_dashboards()) {
    ASSERT_TRUE(wanted.contains(dashboard.uid)) << dashboard.uid;
    EXPECT_EQ(panels_of(dashboard).size(), wanted.at(dashboard.uid)) << dashboard.uid;
    total += panels_of(dashboard).size();
  }
  EXPECT_EQ(all_dashboards().size(), wanted.size());
  EXPECT_EQ(total, 53U);
}

// Titles and queries are the catalogue's, in its order within a panel.
TEST(ZeroStateDashboards, ShowEveryPanelOfTheCatalogue) {
  const auto file = shared() / "domain-scripts/catalog.json";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is missing";
  const nlohmann::json catalog = nlohmann::json::parse(read(file))["zerostate"];
  std::map<std::string, Dashboard> boards;
  for (const Dashboard& dashboard : all_dashboards()) boards[dashboard.uid] = dashboard;
  for (const auto& wanted : catalog["dashboards"]) {
    EXPECT_EQ(boards.at(wanted["uid"]).title, wanted["title"].get<std::string>());
  }
  std::size_t queries = 0;
  for (const auto& wanted : catalog["panels"]) {
    const std::string title = wanted["panel"];
    const std::vector<Panel> panels = panels_of(boards.at(wanted["dashboard"]));
    const auto found = std::ranges::find(panels, title, &Panel::title);
    ASSERT_NE(found, panels.end()) << title;
    ASSERT_EQ(found->queries.size(), wanted["queries"].size()) << title;
    for (std::size_t i = 0; i < found->queries.size(); ++i, ++queries) {
      EXPECT_EQ(found->queries[i].expr, wanted["queries"][i]["expr"].get<std::string>()) << title;
      const std::string legend = wanted["queries"][i]["legend"];
      EXPECT_NE(found->queries[i].legend.find(legend), std::string::npos) << title;
    }
  }
  EXPECT_EQ(queries, 93U);
}

TEST(ZeroStateDashboards, ExpressionsParse) {
  for (const Dashboard& dashboard : all_dashboards()) {
    for (const Panel& panel : panels_of(dashboard)) {
      if (panel.kind == Kind::kLogs) continue;  // LogQL
      for (const auto& query : panel.queries) {
        const auto parsed = promql::parse(without_variables(query.expr));
        EXPECT_TRUE(parsed.has_value()) << panel.title << ": " << query.expr;
      }
    }
  }
}

// ZS-50, ZS-52, ZS-138, ZS-149: refresh, alert annotations, unique titles, words for whoever reads them at night.
TEST(ZeroStateDashboards, AreReadable) {
  const std::set<std::string> refreshes{"10s", "15s", "30s"};
  std::set<std::string> uids;
  for (const Dashboard& dashboard : all_dashboards()) uids.insert(dashboard.uid);
  for (const Dashboard& dashboard : all_dashboards()) {
    EXPECT_TRUE(refreshes.contains(dashboard.refresh)) << dashboard.uid;
    EXPECT_EQ(dashboard.alerts, "zerostate");
    EXPECT_EQ(dashboard.links.size(), 3U) << dashboard.uid;
    for (const auto& link : dashboard.links) EXPECT_TRUE(uids.contains(link.uid) && link.uid != dashboard.uid);
    std::set<std::string> titles;
    for (const Panel& panel : panels_of(dashboard)) {
      EXPECT_TRUE(titles.insert(panel.title).second) << panel.title << " appears twice";
      EXPECT_GT(panel.description.size(), 40U) << panel.title;
    }
  }
}

// ZS-28, ZS-40: a fixed range, and the three words.
TEST(ZeroStateDashboards, SayWhatTheDocumentSays) {
  const nlohmann::json economic = nlohmann::json::parse(to_grafana_json(economic_activity()));
  const nlohmann::json system = nlohmann::json::parse(to_grafana_json(system_health()));
  const auto panel = [](const nlohmann::json& board, const std::string& title) {
    for (const auto& each : board["panels"]) {
      if (each["title"] == title) return each;
    }
    return nlohmann::json();
  };
  EXPECT_EQ(panel(economic, "TVL trend over 24 hours")["timeFrom"], "24h");
  const auto status = panel(system, "Overall system status with 🟢 HEALTHY / 🟡 DEGRADED / 🔴 CRITICAL");
  const auto& mappings = status["fieldConfig"]["defaults"]["mappings"];
  ASSERT_EQ(mappings.size(), 3U);
  EXPECT_EQ(mappings[0]["options"]["2"]["text"], "🟢 HEALTHY");
  EXPECT_EQ(mappings[1]["options"]["1"]["text"], "🟡 DEGRADED");
  EXPECT_EQ(mappings[2]["options"]["0"]["text"], "🔴 CRITICAL");
  const auto summary = panel(system, "Key metrics summary table");
  EXPECT_EQ(summary["transformations"][0]["id"], "reduce");
  EXPECT_EQ(summary["targets"].size(), 9U);
}

// VIGIL_REWRITE=1 writes the files anew.
TEST(ZeroStateDashboards, CommittedJsonIsTheirs) {
  for (const Dashboard& dashboard : all_dashboards()) {
    const auto file = kJson / (dashboard.uid + ".json");
    if (std::getenv("VIGIL_REWRITE") != nullptr) {
      std::filesystem::create_directories(kJson);
      std::ofstream(file) << to_grafana_json(dashboard);
    }
    EXPECT_EQ(read(file), to_grafana_json(dashboard))
        << file << " differs from the code; run this test with VIGIL_REWRITE=1";
  }
}

}  // namespace
}  // namespace vigil::packs::zerostate
