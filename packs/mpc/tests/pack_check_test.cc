// The pack's rules and dashboards over its simulated wallet, in virtual time.
#include <gtest/gtest.h>

#include <string>

#include "packs/mpc/pack.h"
#include "packs/testing/healthy_day.h"
#include "vigil/lab/pack_check.h"

namespace vigil::packs::mpc {
namespace {

// MPC-124 to MPC-140: each fault fires exactly its alerts, and every panel has data.
TEST(MpcScenarios, FireExactlyTheirAlerts) {
  const lab::PackReport report = lab::check_pack(pack());
  for (const std::string& problem : report.problems) ADD_FAILURE() << problem;
  EXPECT_EQ(report.alerts, 28U + 2 * pack().slos.size());
  EXPECT_EQ(report.panels, 57U);
  EXPECT_EQ(report.queries, 95U);
  EXPECT_EQ(report.scenarios.size(), pack().scenarios.size());
}

TEST(MpcScenarios, HealthyLifeOfADayIsSilent) { testing::check_healthy_day(pack()); }

}  // namespace
}  // namespace vigil::packs::mpc
