// The board: committed JSON, shared catalogue, and expressions that parse.
#include "packs/zk/dashboards.h"

#include <gtest/gtest.h>

#include "packs/testing/dashboard_check.h"

namespace vigil::packs::zk {
namespace {

// The catalogue leaves out what people choose at the top of the page.
std::string without_choices(std::string text) {
  for (const std::string_view label : {"job", "environment", "proof_type"}) {
    const std::string matcher = std::string(label) + "=~\"$" + std::string(label) + "\"";
    testing::replace_all(text, ", " + matcher, "");
    testing::replace_all(text, matcher, "");
  }
  testing::replace_all(text, "{}", "");
  testing::replace_all(text, "{, ", "{");
  return text;
}

// ZK-56 to ZK-68.
TEST(Dashboards, AreTheCataloguesAndTheCommittedFile) {
  testing::check_dashboards("zk", dashboards(), VIGIL_SOURCE_DIR "/packs/zk/dashboards", without_choices);
}

// ZK-69 to ZK-72.
TEST(Dashboards, EveryChoiceRestrictsEveryQuery) {
  const auto boards = dashboards();
  ASSERT_EQ(boards.size(), 1U);
  ASSERT_EQ(boards[0].variables.size(), 3U);  // beside `datasource`, which every page has
  for (const dashboards::Row& row : boards[0].rows) {
    for (const dashboards::Panel& panel : row.panels) {
      for (const dashboards::Query& query : panel.queries) {
        EXPECT_NE(query.expr.find(R"(environment=~"$environment")"), std::string::npos) << query.expr;
        const bool own = query.expr.find("zk_") != std::string::npos;
        EXPECT_EQ(query.expr.find(R"(job=~"$job")") != std::string::npos, own) << query.expr;
        const bool typed =
            query.expr.find("zk_proof") != std::string::npos || query.expr.find("zk_verification") != std::string::npos;
        EXPECT_EQ(query.expr.find(R"(proof_type=~"$proof_type")") != std::string::npos, typed) << query.expr;
      }
    }
  }
}

}  // namespace
}  // namespace vigil::packs::zk
