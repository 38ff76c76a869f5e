// The whole pack on the real engine in virtual time: every rule and panel against the
// catalogue, every scenario against its alerts.
#include <gtest/gtest.h>

#include "packs/testing/healthy_day.h"
#include "packs/zk/pack.h"
#include "vigil/base/log.h"
#include "vigil/lab/pack_check.h"

namespace vigil::packs::zk {
namespace {

class Pack : public ::testing::Test {
 protected:
  void SetUp() override {
    log::set_sink([](log::Level, std::string_view) {});
  }
  void TearDown() override { log::set_sink({}); }
};

TEST_F(Pack, HoldsTogetherAndEachFaultFiresItsAlerts) {
  const lab::PackReport report = lab::check_pack(pack());
  EXPECT_EQ(report.problems, std::vector<std::string>());
  EXPECT_EQ(report.alerts, 25U);  // ZkVerificationSLABreach in two groups, and two objectives' budgets
  EXPECT_EQ(report.panels, 12U);
  EXPECT_EQ(report.queries, 20U);
  EXPECT_EQ(report.scenarios.size(), 20U);
}

TEST_F(Pack, HealthyLifeOfADayFiresNothing) { testing::check_healthy_day(pack()); }

}  // namespace
}  // namespace vigil::packs::zk
