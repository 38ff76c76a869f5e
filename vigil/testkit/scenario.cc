#include "vigil/testkit/scenario.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "vigil/base/error.h"

namespace vigil::testkit {

struct ScenarioRunner::State {
  explicit State(VirtualScheduler& of) : scheduler(of), start(of.clock().now()) {}
  struct Expectation {
    Duration when;
    std::string what;
    bool reached = false;
  };
  VirtualScheduler& scheduler;
  const Timestamp start;
  bool ended = false;
  std::vector<Expectation> expectations;
  std::string failures;
};

namespace {

// The scheduler may outlive the runner: what is still scheduled then does nothing.
template <class State>
void repeat(const std::shared_ptr<State>& state, Timestamp when, Duration interval,
            const std::shared_ptr<ScenarioRunner::Action>& action) {
  state->scheduler.run_at(when, [state, when, interval, action] {
    if (state->ended) return;
    (*action)();
    repeat(state, when + interval, interval, action);
  });
}

}  // namespace

ScenarioRunner::ScenarioRunner(VirtualScheduler& scheduler) : state_(std::make_shared<State>(scheduler)) {}
ScenarioRunner::ScenarioRunner(ScenarioRunner&&) noexcept = default;
ScenarioRunner::~ScenarioRunner() {
  if (state_ != nullptr) state_->ended = true;
}

void ScenarioRunner::at(Duration when, Action action) {
  state_->scheduler.run_at(state_->start + when, [state = state_, action = std::move(action)] {
    if (!state->ended) action();
  });
}

void ScenarioRunner::every(Duration interval, Action action) {
  VIGIL_CHECK(interval > 0);
  repeat(state_, state_->start + interval, interval, std::make_shared<Action>(std::move(action)));
}

void ScenarioRunner::expect(Duration when, std::string what, Check check) {
  const std::size_t index = state_->expectations.size();
  state_->expectations.push_back({.when = when, .what = std::move(what)});
  auto verify = [state = state_, index, check = std::move(check)] {
    if (state->ended) return;
    State::Expectation& expectation = state->expectations[index];
    expectation.reached = true;
    if (const testing::AssertionResult result = check(); !result) {
      state->failures +=
          "\nat " + format_duration(expectation.when) + ", " + expectation.what + ": " + result.message();
    }
  };
  // Queued again when its time has come: behind everything else that happens then.
  at(when, [state = state_.get(), verify = std::move(verify)] { state->scheduler.run(verify); });
}

testing::AssertionResult ScenarioRunner::run(Duration until) {
  state_->scheduler.advance_to(state_->start + until);
  std::string failures = state_->failures;
  for (const State::Expectation& expectation : state_->expectations) {
    if (!expectation.reached) {
      failures += "\nat " + format_duration(expectation.when) + ", " + expectation.what +
                  ": not reached by the end at " + format_duration(until);
    }
  }
  if (failures.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "the scenario did not go as expected:" << failures;
}

}  // namespace vigil::testkit
