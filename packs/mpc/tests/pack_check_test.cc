// The pack's rules and dashboards over its simulated wallet, in virtual time.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "packs/mpc/pack.h"
#include "vigil/lab/pack_check.h"

namespace vigil::packs::mpc {
namespace {

// MPC-124 to MPC-140: each fault fires exactly its alerts, and every panel has data.
TEST(MpcScenarios, FireExactlyTheirAlerts) {
  // VIGIL_SCENARIO picks one while working on it.
  const char* const only = std::getenv("VIGIL_SCENARIO");
  if (only != nullptr) {
    for (const pack::Scenario& scenario : pack().scenarios) {
      if (scenario.name != only) continue;
      const auto outcome = lab::run(pack(), scenario);
      ASSERT_TRUE(outcome.has_value()) << outcome.error().message();
      for (const auto& alert : outcome->alerts) {
        std::cout << alert.labels.to_string() << " after " << (alert.fired_at - outcome->injected_at) / 1000
                  << " s, resolved " << (alert.resolved_at - outcome->cleared_at) / 1000 << " s after clear\n";
      }
      for (const auto& complaint : lab::judge(scenario, *outcome)) ADD_FAILURE() << complaint;
    }
    return;
  }
  const lab::PackReport report = lab::check_pack(pack());
  for (const std::string& problem : report.problems) ADD_FAILURE() << problem;
  EXPECT_EQ(report.alerts, 28U + 2 * pack().slos.size());
  EXPECT_EQ(report.panels, 57U);
  EXPECT_EQ(report.queries, 95U);
  EXPECT_EQ(report.scenarios.size(), pack().scenarios.size());
}

TEST(MpcScenarios, ADayOfHealthyLifeIsSilent) {
  if (std::getenv("VIGIL_SCENARIO") != nullptr) GTEST_SKIP() << "VIGIL_SCENARIO picks one scenario";
  const auto day = lab::run_healthy(pack(), kDay);
  ASSERT_TRUE(day.has_value()) << day.error().message();
  for (const auto& alert : day->alerts) ADD_FAILURE() << alert.labels.to_string();
  EXPECT_TRUE(day->rule_errors.empty());
  std::cout << day->series << " series, " << day->samples << " samples, " << day->bytes_on_disk << " bytes\n";
  EXPECT_LT(day->bytes_on_disk, 100U << 20);  // HS-170
}

}  // namespace
}  // namespace vigil::packs::mpc
