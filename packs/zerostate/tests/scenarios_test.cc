// The pack's rules and dashboards over its simulated network, in virtual time.
#include <gtest/gtest.h>

#include <string>

#include "packs/testing/healthy_day.h"
#include "packs/zerostate/pack.h"
#include "vigil/lab/pack_check.h"

namespace vigil::packs::zerostate {
namespace {

// ZS-58 to ZS-88: each fault fires exactly its alerts, every panel has data.
TEST(ZeroStateScenarios, FireExactlyTheirAlerts) {
  const lab::PackReport report = lab::check_pack(pack(), {.run_scenarios = true, .seed = 1, .progress = {}});
  for (const std::string& problem : report.problems) ADD_FAILURE() << problem;
  EXPECT_EQ(report.panels, 53U);
  EXPECT_EQ(report.queries, 92U);  // and one of logs
  EXPECT_EQ(report.scenarios.size(), pack().scenarios.size());
}

// ZS-134: a quiet night and a busy afternoon without an alert.
TEST(ZeroStateScenarios, HealthyLifeOfADayFiresNothing) { testing::check_healthy_day(pack()); }

}  // namespace
}  // namespace vigil::packs::zerostate
