// What happens when, in virtual time: an hour of a network runs in milliseconds.
//
//   ScenarioRunner runner(metrics.scheduler());
//   runner.every(100, [&] { node.commit_block(); });
//   runner.at(kMinute, [&] { network.partition(); });
//   runner.expect(2 * kMinute, "partition is seen", [&] { return assert_metrics_recorded(metrics, {…}); });
//   EXPECT_TRUE(runner.run(5 * kMinute));
//
// Thread-safety: one thread.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "vigil/base/time.h"
#include "vigil/base/virtual_scheduler.h"

namespace vigil::testkit {

class ScenarioRunner {
 public:
  using Action = std::function<void()>;
  using Check = std::function<testing::AssertionResult()>;

  // The scheduler outlives the runner. Times count from now.
  explicit ScenarioRunner(VirtualScheduler& scheduler);
  ~ScenarioRunner();
  ScenarioRunner(ScenarioRunner&&) noexcept;
  ScenarioRunner& operator=(ScenarioRunner&&) = delete;

  // Actions at the same time happen in the order of the calls.
  void at(Duration when, Action action);
  // First after one interval, then again and again while the scenario runs.
  void every(Duration interval, Action action);
  // Checked after all that happens at that time.
  void expect(Duration when, std::string what, Check check);

  // Runs until `until` from the start. Fails with every expectation that was not met, and
  // when; an expectation that is never reached is not met. May be called again to go on.
  testing::AssertionResult run(Duration until);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace vigil::testkit
