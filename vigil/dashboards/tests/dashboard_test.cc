#include "vigil/dashboards/dashboard.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "vigil/dashboards/layout.h"
#include "vigil/dashboards/shapes.h"

namespace vigil::dashboards {
namespace {

constexpr metrics::CounterDef<"result"> kVotes{"votes_total", "Votes cast."};
constexpr metrics::HistogramDef<> kRound{"round_seconds", "Round time.", metrics::buckets<1.0>};
constexpr metrics::GaugeDef<"node"> kPeers{"peers", "Peers."};

TEST(Dashboard, MetricsStandForTheirNames) {
  EXPECT_EQ(query("", "sum(rate(#1{result=\"yes\"}[5m])) / sum(rate(#1[5m]))", kVotes).expr,
            "sum(rate(votes_total{result=\"yes\"}[5m])) / sum(rate(votes_total[5m]))");
  EXPECT_EQ(query("", "rate(#2_bucket[5m]) > on () #1", "up", kRound).expr,
            "rate(round_seconds_bucket[5m]) > on () up");
  EXPECT_DEATH(query("", "max(#2)", kPeers), "");
  EXPECT_DEATH(query("", "max(#)", kPeers), "");
}

TEST(Shapes, Percentiles) {
  struct Case {
    std::vector<Query> queries;
    std::vector<std::pair<std::string, std::string>> expected;  // legend and expression
  };
  const Case cases[] = {
      {percentiles(kRound),
       {{"p50", "histogram_quantile(0.5, sum by (le) (rate(round_seconds_bucket[5m])))"},
        {"p95", "histogram_quantile(0.95, sum by (le) (rate(round_seconds_bucket[5m])))"},
        {"p99", "histogram_quantile(0.99, sum by (le) (rate(round_seconds_bucket[5m])))"}}},
      {percentiles("foreign", {.matchers = "chain=\"l2\"", .by = "instance, To", .window = "1h"}, {"p90"}),
       {{"p90 {{instance}} {{To}}",
         "histogram_quantile(0.9, sum by (le, instance, To) (rate(foreign_bucket{chain=\"l2\"}[1h])))"}}},
      {{named("read", percentile("p999", kRound))},
       {{"read", "histogram_quantile(0.999, sum by (le) (rate(round_seconds_bucket[5m])))"}}},
  };
  for (const Case& c : cases) {
    ASSERT_EQ(c.queries.size(), c.expected.size());
    for (std::size_t i = 0; i < c.queries.size(); ++i) {
      EXPECT_EQ(c.queries[i].legend, c.expected[i].first);
      EXPECT_EQ(c.queries[i].expr, c.expected[i].second);
    }
  }
  EXPECT_DEATH(percentile("95", kRound), "");
}

TEST(Shapes, BoardsLinkToEachOther) {
  const std::vector<Dashboard> boards =
      linked({{.uid = "a", .title = "A"}, {.uid = "b", .title = "B"}, {.uid = "c", .title = "C"}});
  std::string links;
  for (const Dashboard& board : boards) {
    for (const Link& link : board.links) links += board.uid + "->" + link.uid + ":" + link.title + " ";
  }
  EXPECT_EQ(links, "a->b:B a->c:C b->a:A b->c:C c->a:A c->b:B ");
}

Panel panel(Kind kind) { return {.title = "t", .kind = kind, .queries = {}}; }

TEST(Layout, FillsLinesWithoutOverlap) {
  struct Case {
    const char* name;
    std::vector<Panel> panels;
  };
  std::vector<Panel> mixed;
  for (const Kind kind : {Kind::kStat, Kind::kStat, Kind::kGauge, Kind::kStat, Kind::kStat, Kind::kTimeseries,
                          Kind::kTimeseries, Kind::kPie, Kind::kTimeseries, Kind::kTable, Kind::kStat}) {
    mixed.push_back(panel(kind));
  }
  std::vector<Panel> wide{panel(Kind::kStat)};
  wide[0].width = 30;
  const Case cases[] = {{"none", {}},
                        {"one", {panel(Kind::kTimeseries)}},
                        {"seven stats", std::vector<Panel>(7, panel(Kind::kStat))},
                        {"mixed", mixed},
                        {"wider than the grid", wide}};
  for (const Case& c : cases) {
    int bottom = 0;
    const std::vector<Place> places = place(c.panels, 3, bottom);
    std::set<std::pair<int, int>> taken;
    for (const Place& p : places) {
      EXPECT_LE(p.x + p.width, 24) << c.name;
      EXPECT_GE(p.y, 3) << c.name;
      EXPECT_LE(p.y + p.height, bottom) << c.name;
      for (int x = p.x; x < p.x + p.width; ++x) {
        for (int y = p.y; y < p.y + p.height; ++y) EXPECT_TRUE(taken.emplace(x, y).second) << c.name;
      }
    }
    EXPECT_EQ(taken.size(), static_cast<std::size_t>(24 * (bottom - 3))) << c.name;
  }
}

TEST(Grafana, ClassicModel) {
  const Dashboard board{
      .uid = "u",
      .title = "T",
      .alerts = "mpc",
      .variables = {{.name = "node", .label = "Node", .query = "label_values(up, node)"},
                    {.name = "interval", .label = "Interval", .query = "1m,5m", .interval = true}},
      .links = {{"Other", "o"}},
      .rows = {
          {"",
           {{.title = "Peers",
             .kind = Kind::kStat,
             .queries = {query("{{node}}", "#1", kPeers)},
             .thresholds = {{Color::kRed}, {Color::kGreen, 3}},
             .mappings = {{0, "none", Color::kRed}}}}},
          {"Details",
           {{.title = "Rounds",
             .queries = {query("p95", "histogram_quantile(0.95, rate(#1_bucket[5m]))", kRound)},
             .unit = "s"},
            {.title = "Votes", .kind = Kind::kTable, .queries = {query("a", "#1", kVotes), query("b", "#1", kVotes)}}},
           true}}};
  const auto json = nlohmann::json::parse(to_grafana_json(board));
  EXPECT_EQ(json["uid"], "u");
  EXPECT_EQ(json["templating"]["list"].size(), 3U);  // with the data source
  EXPECT_EQ(json["annotations"]["list"][0]["expr"], "ALERTS{alertstate=\"firing\",stack=\"mpc\"}");
  EXPECT_EQ(json["links"][0]["url"], "/d/o");
  ASSERT_EQ(json["panels"].size(), 2U);  // a stat and a collapsed row that holds the rest
  const auto& stat = json["panels"][0];
  EXPECT_EQ(stat["type"], "stat");
  EXPECT_TRUE(stat["targets"][0]["instant"].get<bool>());
  EXPECT_TRUE(stat["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["value"].is_null());
  EXPECT_EQ(stat["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"], 3);
  EXPECT_EQ(stat["fieldConfig"]["defaults"]["mappings"][0]["options"]["0"]["text"], "none");
  const auto& row = json["panels"][1];
  EXPECT_EQ(row["type"], "row");
  ASSERT_EQ(row["panels"].size(), 2U);
  EXPECT_EQ(row["panels"][0]["fieldConfig"]["defaults"]["unit"], "s");
  EXPECT_EQ(row["panels"][1]["transformations"][0]["id"], "merge");
  EXPECT_EQ(row["panels"][1]["fieldConfig"]["overrides"][1]["matcher"]["options"], "Value #B");
  std::set<int> ids{stat["id"], row["id"], row["panels"][0]["id"], row["panels"][1]["id"]};
  EXPECT_EQ(ids.size(), 4U);
}

TEST(Generate, OnePanelAMetric) {
  const std::array catalog{kVotes.describe(), kRound.describe(), kPeers.describe()};
  const Dashboard board = dashboard_for("g", "G", catalog, "{stack=\"x\"}");
  std::vector<std::string> expressions;
  for (const Row& row : board.rows) {
    for (const Panel& p : row.panels) expressions.push_back(p.queries.back().expr);
  }
  EXPECT_EQ(expressions, (std::vector<std::string>{
                             "sum by (result) (rate(votes_total{stack=\"x\"}[5m]))",
                             "histogram_quantile(0.99, sum by (le) (rate(round_seconds_bucket{stack=\"x\"}[5m])))",
                             "peers{stack=\"x\"}"}));
}

}  // namespace
}  // namespace vigil::dashboards
