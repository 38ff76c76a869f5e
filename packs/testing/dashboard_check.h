// For tests of packs: boards in C++ against the committed JSON, the shared catalogue, and
// the PromQL parser.
//
//   check_dashboards("zk", dashboards(), VIGIL_SOURCE_DIR "/packs/zk/dashboards");
//
// With VIGIL_REWRITE=1 in the environment the committed files are written anew.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "vigil/base/file_system.h"
#include "vigil/dashboards/dashboard.h"
#include "vigil/promql/parser.h"

namespace vigil::packs::testing {

// What the pack adds to the catalogue's expressions, taken away again.
using Simplify = std::function<std::string(std::string)>;

inline void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// Grafana's variables as PromQL would get them.
inline std::string with_values(std::string text, const dashboards::Dashboard& board) {
  for (const std::string_view name : {"$__range", "$__rate_interval", "$__interval"}) replace_all(text, name, "5m");
  for (const dashboards::Variable& variable : board.variables) {
    replace_all(text, "$" + variable.name, variable.interval ? "5m" : ".*");
  }
  return text;
}

inline dashboards::Kind kind_of(const std::string& word) {
  using dashboards::Kind;
  static const std::map<std::string, Kind> kKinds{
      {"stat", Kind::kStat},
      {"gauge", Kind::kGauge},
      {"timeseries", Kind::kTimeseries},
      {"timeseries, dual axis", Kind::kTimeseries},
      {"stacked area", Kind::kStacked},
      {"stacked", Kind::kStacked},
      {"pie", Kind::kPie},
      {"table", Kind::kTable},
      {"bar", Kind::kBar},
      {"bar gauge", Kind::kBarGauge},
      {"histogram", Kind::kHistogram},
      {"state timeline", Kind::kStateTimeline},
      {"timeline", Kind::kStateTimeline},
      {"table (state timeline over the range)", Kind::kStateTimeline},
      {"stat with sparkline", Kind::kStatWithSparkline},
      {"heatmap", Kind::kHeatmap},
      {"logs", Kind::kLogs},
  };
  const auto found = kKinds.find(word);
  EXPECT_NE(found, kKinds.end()) << word;
  return found == kKinds.end() ? Kind::kTimeseries : found->second;
}

inline void check_board_itself(const dashboards::Dashboard& board, const std::set<std::string>& uids) {
  EXPECT_FALSE(board.description.empty());
  for (const dashboards::Link& link : board.links) EXPECT_TRUE(uids.contains(link.uid)) << link.uid;
  for (const dashboards::Row& row : board.rows) {
    for (const dashboards::Panel& panel : row.panels) {
      EXPECT_FALSE(panel.description.empty()) << panel.title;
      if (panel.kind == dashboards::Kind::kLogs) continue;  // LogQL
      for (const dashboards::Query& query : panel.queries) {
        const auto parsed = promql::parse(with_values(query.expr, board));
        EXPECT_TRUE(parsed) << panel.title << ": " << query.expr << ": " << parsed.error().message();
      }
    }
  }
}

inline void check_against_file(const dashboards::Dashboard& board, const std::string& file) {
  const std::string json = dashboards::to_grafana_json(board);
  if (std::getenv("VIGIL_REWRITE") != nullptr) {
    const auto written = FileSystem::real().write_file_atomically(file, json);
    ASSERT_TRUE(written) << written.error().message();
  }
  const auto committed = FileSystem::real().read_file(file);
  ASSERT_TRUE(committed) << committed.error().message();
  EXPECT_TRUE(*committed == json) << file << " is not what the code gives: run this test with VIGIL_REWRITE=1";
}

// One panel of the catalogue against the board that should have it.
inline void check_panel(const nlohmann::json& wanted, const dashboards::Dashboard& board, const Simplify& simplify) {
  const std::string title = wanted["panel"];
  const std::string in_row = wanted["row"];  // empty: wherever
  SCOPED_TRACE(board.uid + " / " + title);
  for (const dashboards::Row& row : board.rows) {
    for (const dashboards::Panel& panel : row.panels) {
      if (panel.title != title || (!in_row.empty() && row.title != in_row)) continue;
      const bool stacked = wanted.value("note", "").starts_with("stacked");
      EXPECT_EQ(panel.kind, stacked ? dashboards::Kind::kStacked : kind_of(wanted["kind"]));
      ASSERT_EQ(panel.queries.size(), wanted["queries"].size());
      for (std::size_t i = 0; i < panel.queries.size(); ++i) {
        EXPECT_EQ(simplify(panel.queries[i].expr), wanted["queries"][i]["expr"].get<std::string>());
        const std::string legend = wanted["queries"][i]["legend"];
        // Ours may say more: which paymaster, which host.
        EXPECT_TRUE(panel.queries[i].legend.contains(legend)) << panel.queries[i].legend;
      }
      return;
    }
  }
  ADD_FAILURE() << "is not in row \"" << in_row << "\"";
}

inline void check_against_catalogue(const std::string& system, std::span<const dashboards::Dashboard> boards,
                                    const Simplify& simplify) {
  const char* const shared = std::getenv("VIGIL_SHARED");
  if (shared == nullptr) GTEST_SKIP() << "VIGIL_SHARED does not name the folder of domain-scripts/catalog.json";
  const auto text = FileSystem::real().read_file(std::string(shared) + "/domain-scripts/catalog.json");
  if (!text) GTEST_SKIP() << text.error().message();
  const nlohmann::json wanted = nlohmann::json::parse(*text)[system];
  EXPECT_EQ(boards.size(), wanted["dashboards"].size());
  for (const auto& dashboard : wanted["dashboards"]) {
    const auto board = std::ranges::find(boards, dashboard["uid"].get<std::string>(), &dashboards::Dashboard::uid);
    ASSERT_NE(board, boards.end()) << dashboard["uid"];
    EXPECT_EQ(board->title, dashboard["title"].get<std::string>());
    std::size_t panels = 0;
    for (const dashboards::Row& row : board->rows) panels += row.panels.size();
    std::size_t listed = 0;
    for (const auto& panel : wanted["panels"]) {
      if (panel["dashboard"] != board->uid) continue;
      ++listed;
      check_panel(panel, *board, simplify);
    }
    EXPECT_EQ(panels, listed) << board->uid;
  }
}

inline void check_dashboards(
    const std::string& system, std::span<const dashboards::Dashboard> boards, const std::string& folder,
    const Simplify& simplify = [](std::string text) { return text; }) {
  std::set<std::string> uids;
  for (const dashboards::Dashboard& board : boards) {
    EXPECT_TRUE(uids.insert(board.uid).second) << board.uid << " is there twice";
  }
  for (const dashboards::Dashboard& board : boards) {
    SCOPED_TRACE(board.uid);
    check_board_itself(board, uids);
    check_against_file(board, folder + "/" + board.uid + ".json");
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_TRUE(uids.contains(entry.path().stem())) << entry.path() << " belongs to no dashboard";
  }
  check_against_catalogue(system, boards, simplify);
}

}  // namespace vigil::packs::testing
