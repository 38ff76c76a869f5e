// The pack's rules and dashboards over its simulated stack, in virtual time.
#include <gtest/gtest.h>

#include <string>

#include "packs/l2/pack.h"
#include "packs/testing/healthy_day.h"
#include "vigil/lab/pack_check.h"

namespace vigil::packs::l2 {
namespace {

// L2-50 to L2-57: each fault fires exactly its alerts.
TEST(L2Scenarios, FireExactlyTheirAlerts) {
  const lab::PackReport report = lab::check_pack(pack(), {.run_scenarios = true, .seed = 1, .progress = {}});
  for (const std::string& problem : report.problems) ADD_FAILURE() << problem;
  EXPECT_EQ(report.panels, 25U);
  EXPECT_EQ(report.queries, 60U);
  EXPECT_EQ(report.scenarios.size(), pack().scenarios.size());
}

TEST(L2Scenarios, HealthyLifeOfADayFiresNothing) { testing::check_healthy_day(pack()); }

}  // namespace
}  // namespace vigil::packs::l2
