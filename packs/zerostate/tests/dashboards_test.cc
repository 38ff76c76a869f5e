// The dashboards against the shared catalogue, the committed JSON and the parser.
#include "packs/zerostate/dashboards.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "packs/testing/dashboard_check.h"

namespace vigil::packs::zerostate {
namespace {

using dashboards::Dashboard;
using dashboards::Panel;

std::vector<Panel> panels_of(const Dashboard& dashboard) {
  std::vector<Panel> all;
  for (const auto& row : dashboard.rows) all.insert(all.end(), row.panels.begin(), row.panels.end());
  return all;
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

TEST(ZeroStateDashboards, AreTheCataloguesAndTheCommittedOnes) {
  const auto boards = all_dashboards();
  testing::check_dashboards("zerostate", boards, VIGIL_SOURCE_DIR "/packs/zerostate/dashboards");
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

}  // namespace
}  // namespace vigil::packs::zerostate
