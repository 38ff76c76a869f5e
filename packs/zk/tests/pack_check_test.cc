// The whole pack on the real engine in virtual time: every rule and panel against the
// catalogue, every scenario against its alerts.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

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
  if (std::getenv("VIGIL_MATRIX") != nullptr) std::cout << lab::matrix(pack(), report);
}

TEST_F(Pack, AQuarterOfAHealthyDayFiresNothing) {
  const auto outcome = lab::run_healthy(pack(), 6 * kHour);
  ASSERT_TRUE(outcome) << outcome.error().message();
  for (const lab::FiredAlert& alert : outcome->alerts) ADD_FAILURE() << alert.labels.to_string();
  EXPECT_TRUE(outcome->rule_errors.empty());
  RecordProperty("bytes_on_disk", std::to_string(outcome->bytes_on_disk));
}

}  // namespace
}  // namespace vigil::packs::zk
