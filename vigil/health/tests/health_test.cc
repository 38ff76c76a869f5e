#include "vigil/health/health.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "vigil/base/fake_clock.h"

namespace vigil::health {
namespace {

TEST(Health, WorstComponentWins) {
  const struct {
    std::vector<State> components;
    State expected;
  } cases[] = {
      {{}, State::kHealthy},
      {{State::kHealthy, State::kHealthy}, State::kHealthy},
      {{State::kWarning, State::kHealthy}, State::kWarning},
      {{State::kWarning, State::kFailing, State::kCritical}, State::kFailing},
  };
  for (const auto& c : cases) {
    const FakeClock clock;
    HealthChecker health(clock);
    int i = 0;
    for (const State state : c.components) health.set(std::to_string(i++), Status{state, {}});
    EXPECT_EQ(health.report().state, c.expected);
  }
}

TEST(Health, ReadyNeedsTheFlagAndAWorkingState) {
  const FakeClock clock;
  HealthChecker health(clock);
  EXPECT_FALSE(health.report().ready);
  EXPECT_EQ(health.report().reason, "not initialised yet");
  EXPECT_TRUE(health.report(true).ready);
  health.set_ready(false, "replaying the log");
  EXPECT_EQ(health.report(true).reason, "replaying the log");
  health.set_ready(true);
  health.set("disk", Status::warning("90% full"));
  EXPECT_TRUE(health.report().ready);
  health.set("disk", Status::critical("read-only"));
  EXPECT_FALSE(health.report().ready);
  EXPECT_EQ(health.report().reason, "the process is critical");
}

TEST(Health, ChecksAreAskedWhileTheirHandleLives) {
  FakeClock clock(1000);
  HealthChecker health(clock);
  Status answer;
  auto handle = health.add("storage", [&] { return answer; });
  clock.advance(500);
  EXPECT_EQ(health.component("storage")->status, Status::healthy());
  answer = Status::failing("gone");
  EXPECT_EQ(health.report().components.at(0).since, 1500);
  clock.advance(500);
  EXPECT_EQ(health.report().components.at(0).since, 1500);  // since when, not when last seen
  auto second = health.add("storage", []() -> Status { throw std::runtime_error("bad"); });
  handle.reset();  // the older one: nothing to take away
  EXPECT_EQ(health.report().components.at(0).status.issues.at(0), "the check threw: bad");
  second.reset();
  EXPECT_TRUE(health.report().components.empty());
  EXPECT_EQ(health.component("storage"), std::nullopt);
}

TEST(Health, HandlesMayOutliveTheChecker) {
  const FakeClock clock;
  std::shared_ptr<void> handle;
  {
    HealthChecker health(clock);
    handle = health.add("a", [] { return Status(); });
  }
  handle.reset();
}

TEST(Health, Json) {
  FakeClock clock(1'767'323'045'000);
  HealthChecker health(clock);
  EXPECT_EQ(to_json(health.report(true)), "{\"status\":\"healthy\",\"ready\":true,\"components\":[]}\n");
  health.set("con\"sensus", Status{State::kCritical, {"a\n", "b"}});
  health.set("disk", Status());
  EXPECT_EQ(to_json(health.report()),
            "{\"status\":\"critical\",\"ready\":false,\"reason\":\"not initialised yet\",\"components\":["
            "{\"name\":\"con\\\"sensus\",\"status\":\"critical\",\"since\":\"2026-01-02T03:04:05Z\",\"issues\":["
            "\"a\\n\",\"b\"]},"
            "{\"name\":\"disk\",\"status\":\"healthy\",\"since\":\"2026-01-02T03:04:05Z\",\"issues\":[]}]}\n");
}

TEST(Health, ShowsItsStates) {
  const FakeClock clock;
  metrics::Registry registry;
  HealthChecker health(clock, registry);
  health.set("disk", Status::critical("x"));
  struct Find final : metrics::Visitor {
    void begin_family(const metrics::FamilyView& family) override { here = family.name == "vigil_health_state"; }
    void point(std::string_view labels, const metrics::PointView& value) override {
      if (here) seen.emplace_back(std::string(labels), value.value);
    }
    void histogram(std::string_view, const metrics::HistogramView&) override {}
    bool here = false;
    std::vector<std::pair<std::string, double>> seen;
  } find;
  registry.visit(find);
  EXPECT_EQ(find.seen, (std::vector<std::pair<std::string, double>>{{"component=\"disk\"", 2}}));
}

}  // namespace
}  // namespace vigil::health
