#include "vigil/check/dashboard_check.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace vigil::check {
namespace {

std::string board(const std::string& panels) { return R"({"uid":"u","title":"T","panels":[)" + panels + "]}"; }
std::string panel(const std::string& title, const std::string& place, const std::string& expr) {
  return R"({"title":")" + title + R"(","type":"timeseries","gridPos":)" + place + R"(,"targets":[{"expr":)" +
         nlohmann::json(expr).dump() + "}]}";
}

TEST(DashboardCheck, SaysWhatIsWrong) {
  struct Case {
    const char* name;
    std::string text;
    std::vector<std::string> problems;
  };
  const std::string left = R"({"x":0,"y":0,"w":12,"h":8})";
  const std::string right = R"({"x":12,"y":0,"w":12,"h":8})";
  const Case cases[] = {
      {"good", board(panel("A", left, "up") + "," + panel("B", right, "rate(x[$__rate_interval])")), {}},
      {"variables",
       board(panel("A", left, R"-(sum by (node) (increase(x{node=~"$node", job="${job:regex}"}[${range}:$step])))-")),
       {}},
      {"label_replace keeps its $1", board(panel("A", left, R"-(label_replace(up, "a", "$1", "b", "(.*)"))-")), {}},
      {"a row",
       board(R"({"title":"R","type":"row","gridPos":{"x":0,"y":0,"w":24,"h":1},"panels":[)" + panel("A", left, "up(") +
             "]}"),
       {R"(f: panel "A": 1:4: parse error: unclosed left parenthesis in up()"}},
      {"logs",
       board(R"({"title":"L","type":"logs","gridPos":)" + left +
             R"(,"targets":[{"datasource":{"type":"loki"},"expr":"{a=\"b\"} |= 1"}]})"),
       {}},
      {"overlap", board(panel("A", left, "up") + "," + panel("B", left, "up")), {R"(f: panel "B" lies over "A")"}},
      {"off the grid",
       board(panel("A", R"({"x":20,"y":0,"w":12,"h":8})", "up")),
       {R"(f: panel "A" is not on the grid of 24 columns)"}},
      {"huge",
       board(panel("A", R"({"x":0,"y":0,"w":1,"h":2000000000})", "up")),
       {R"(f: panel "A" is not on the grid of 24 columns)"}},
      {"no place", board(R"({"title":"A","type":"text"})"), {R"(f: panel "A" has no gridPos)"}},
      {"empty query", board(panel("A", left, "")), {R"(f: panel "A" has an empty query)"}},
      {"no uid, no title", "{}", {"f: has no title", "f: has no uid: links to it break with every import"}},
      {"not JSON", "{\"a\":", {"f: not JSON, at byte 6"}},
      {"a number that no double holds", R"({"a":1e999})", {"f: has a number that is out of range"}},
      {"far to the right",
       board(panel("A", R"({"x":2147483647,"y":0,"w":2,"h":1})", "up")),
       {R"(f: panel "A" is not on the grid of 24 columns)"}},
      {"a row in a row",
       board(R"({"title":"R","type":"row","gridPos":{"x":0,"y":0,"w":24,"h":1},"panels":[)"
             R"({"title":"S","type":"row","gridPos":{"x":0,"y":1,"w":24,"h":1},"panels":[]}]})"),
       {R"(f: row "S" is inside a row)"}},
      {"a list", "[]", {"f: not a dashboard: its top is no object"}},
      {"panels of the wrong kind", R"({"uid":"u","title":"T","panels":3})", {"f: \"panels\" is no list"}},
      {"a panel of the wrong kind", board("7"), {"f: a panel is no object"}},
  };
  for (const Case& c : cases) {
    const DashboardFile file{"f", c.text};
    EXPECT_EQ(check_dashboards({&file, 1}), c.problems) << c.name;
  }
}

TEST(DashboardCheck, UidsAreUnique) {
  const DashboardFile files[] = {{"a", board("")}, {"b", board("")}};
  EXPECT_EQ(check_dashboards(files), std::vector<std::string>{"b: has the uid of a, \"u\""});
}

}  // namespace
}  // namespace vigil::check
