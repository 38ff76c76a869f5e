// The pack's rules and dashboards over its simulated stack, in virtual time.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "packs/l2/pack.h"
#include "vigil/lab/pack_check.h"

namespace vigil::packs::l2 {
namespace {

// L2-50 to L2-57: each fault fires exactly its alerts, 24 healthy hours fire none.
TEST(L2Scenarios, FireExactlyTheirAlerts) {
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
  EXPECT_EQ(report.panels, 25U);
  EXPECT_EQ(report.queries, 60U);
  EXPECT_EQ(report.scenarios.size(), pack().scenarios.size());
  if (std::getenv("VIGIL_SHOW") != nullptr) std::cout << lab::matrix(pack(), report);
}

}  // namespace
}  // namespace vigil::packs::l2
