// The pack's rules and dashboards over its simulated network, in virtual time.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "packs/zerostate/pack.h"
#include "vigil/lab/pack_check.h"

namespace vigil::packs::zerostate {
namespace {

// ZS-58 to ZS-88: each fault fires exactly its alerts, every panel has data.
TEST(ZeroStateScenarios, FireExactlyTheirAlerts) {
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
  const lab::PackReport report = lab::check_pack(pack(), {.run_scenarios = true, .seed = 1, .progress = {}});
  for (const std::string& problem : report.problems) ADD_FAILURE() << problem;
  EXPECT_EQ(report.panels, 53U);
  EXPECT_EQ(report.queries, 92U);  // and one of logs
  EXPECT_EQ(report.scenarios.size(), pack().scenarios.size());
}

// ZS-134: a quiet night and a busy afternoon without an alert.
TEST(ZeroStateScenarios, HealthyDayFiresNothing) {
  const auto outcome = lab::run_healthy(pack(), kDay);
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message();
  for (const auto& alert : outcome->alerts) ADD_FAILURE() << alert.labels.to_string();
  std::cout << outcome->series << " series, " << outcome->samples << " samples, " << outcome->bytes_on_disk
            << " bytes\n";
  EXPECT_LT(outcome->bytes_on_disk, 100'000'000U);  // ZS-126
}

}  // namespace
}  // namespace vigil::packs::zerostate
