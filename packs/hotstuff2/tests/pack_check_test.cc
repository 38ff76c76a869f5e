// The whole pack on the real engine in virtual time: every rule and panel against the
// catalogue, every scenario against its alerts.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "packs/hotstuff2/pack.h"
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
  if (std::getenv("VIGIL_MATRIX") != nullptr) std::cout << lab::matrix(pack(), report);
}

TEST(Pack, AQuarterOfAHealthyDayFiresNothing) {
  const auto outcome = lab::run_healthy(pack(), 6 * kHour);
  ASSERT_TRUE(outcome) << outcome.error().message();
  for (const lab::FiredAlert& alert : outcome->alerts) ADD_FAILURE() << alert.labels.to_string();
  EXPECT_TRUE(outcome->rule_errors.empty());
  // HS-170: less than 100 MB for 24 hours.
  EXPECT_LT(outcome->bytes_on_disk * 4, 100U << 20);
  RecordProperty("bytes_on_disk", std::to_string(outcome->bytes_on_disk));
  RecordProperty("series", std::to_string(outcome->series));
}

}  // namespace
}  // namespace vigil::packs::hotstuff2
