// The whole pack on the real engine in virtual time: every rule and panel against the
// catalogue, every scenario against its alerts.
#include <gtest/gtest.h>

#include "packs/hotstuff2/pack.h"
#include "packs/testing/healthy_day.h"
#include "vigil/lab/pack_check.h"

namespace vigil::packs::hotstuff2 {
namespace {

TEST(Pack, HoldsTogetherAndEachFaultFiresItsAlerts) {
  const lab::PackReport report = lab::check_pack(pack());
  EXPECT_EQ(report.problems, std::vector<std::string>());
  EXPECT_EQ(report.alerts, 23U);  // two objectives' budgets besides
  EXPECT_EQ(report.panels, 49U);
  EXPECT_EQ(report.queries, 104U);
  EXPECT_EQ(report.scenarios.size(), 22U);
}

TEST(Pack, HealthyLifeOfADayFiresNothing) { testing::check_healthy_day(pack()); }

}  // namespace
}  // namespace vigil::packs::hotstuff2
