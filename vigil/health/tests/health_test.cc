#include "vigil/health/health.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <map>
#include <semaphore>
#include <stdexcept>
#include <thread>

#include "vigil/base/fake_clock.h"
#include "vigil/health/node_health.h"

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
    for (const State state : c.components) health.set(std::to_string(i++), Status{state});
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
  health.set("disk", Status::failing("gone"));
  EXPECT_FALSE(health.report().ready);
  health.set("disk", std::nullopt);
  EXPECT_TRUE(health.report().ready);
}

TEST(Health, ChecksAreAskedWhileTheirHandleLives) {
  FakeClock clock(1000);
  HealthChecker health(clock, nullptr, {.cache = 0});
  Status answer;
  auto handle = health.add("storage", [&] { return answer; });
  clock.advance(500);
  EXPECT_EQ(health.component("storage")->state, State::kHealthy);
  answer = Status::failing("gone");
  EXPECT_EQ(health.report().components.at(0).since, 1500);
  clock.advance(500);
  EXPECT_EQ(health.report().components.at(0).since, 1500);  // since when, not when last seen
  auto second = health.add("storage", []() -> Status { throw std::runtime_error("bad"); });
  handle.reset();  // the older one: nothing to take away
  EXPECT_EQ(health.report().components.at(0).issues.at(0).message, "the check threw: bad");
  health.set("storage", Status::warning("told"));  // from now on it is told
  EXPECT_EQ(health.component("storage")->state, State::kWarning);
  second.reset();
  EXPECT_EQ(health.component("storage")->state, State::kWarning);
  health.set("storage", std::nullopt);
  EXPECT_EQ(health.component("storage"), std::nullopt);
}

TEST(Health, AnswersAreCached) {
  FakeClock clock;
  HealthChecker health(clock, nullptr, {.cache = 2 * kSecond});
  std::atomic<int> asked = 0;
  const auto handle = health.add("a", [&] { return ++asked, Status(); });
  const auto eager = health.add("b", [&] { return ++asked, Status(); }, {.cache = 0});
  const struct {
    Duration pass;
    int asked;
  } cases[] = {{0, 2}, {0, 3}, {1999, 4}, {1, 6}, {5 * kSecond, 8}};
  for (const auto& c : cases) {
    clock.advance(c.pass);
    health.report();
    EXPECT_EQ(asked, c.asked) << "after " << c.pass;
  }
}

TEST(Health, IssuesRememberSinceWhen) {
  FakeClock clock(1000);
  HealthChecker health(clock);
  const auto say = [&](std::vector<std::string> issues) {
    health.set("disk", Status{State::kWarning, std::move(issues)});
    clock.advance(10);
    return health.component("disk")->issues;
  };
  EXPECT_EQ(say({"a"}), (std::vector<HealthIssue>{{"disk", "a", 1000}}));
  EXPECT_EQ(say({"a", "b"}), (std::vector<HealthIssue>{{"disk", "a", 1000}, {"disk", "b", 1010}}));
  EXPECT_EQ(say({"b"}), (std::vector<HealthIssue>{{"disk", "b", 1010}}));
  EXPECT_EQ(say({"a"}), (std::vector<HealthIssue>{{"disk", "a", 1030}}));
  EXPECT_EQ(health.component("disk")->since, 1000);
}

// What a registry shows of a family, by label text; a histogram by its count.
std::map<std::string, double> shown(const metrics::Registry& registry, std::string_view name) {
  struct Find final : metrics::Visitor {
    explicit Find(std::string_view of) : name(of) {}
    void begin_family(const metrics::FamilyView& family) override { here = family.name == name; }
    void point(std::string_view labels, const metrics::PointView& value) override {
      if (here) seen[std::string(labels)] = value.value;
    }
    void histogram(std::string_view labels, const metrics::HistogramView& value) override {
      if (here) seen[std::string(labels)] = static_cast<double>(value.count);
    }
    std::string_view name;
    bool here = false;
    std::map<std::string, double> seen;
  } find(name);
  registry.visit(find);
  return find.seen;
}

using Shown = std::map<std::string, double>;

// A check that hangs until it is let go, once.
struct Hanging {
  std::binary_semaphore entered{0};
  std::binary_semaphore go{0};
  std::atomic<bool> hang{true};
  std::atomic<int> asked{0};
  Status check() {
    ++asked;
    if (!hang) return Status::healthy();
    entered.release();
    go.acquire();
    return Status::warning("slow");
  }
};

TEST(Health, AHungCheckTimesOutAndMayComeBack) {
  FakeClock clock;
  metrics::Registry registry;
  HealthChecker health(clock, registry, {.timeout = 3 * kSecond, .cache = 0});
  const auto hanging = std::make_shared<Hanging>();
  const auto handle = health.add("disk", [hanging] { return hanging->check(); });
  const auto good = health.add("net", [] { return Status(); });
  EXPECT_EQ(shown(registry, "vigil_health_check_timeouts_total"),
            (Shown{{"component=\"disk\"", 0}, {"component=\"net\"", 0}}));

  auto report = std::async(std::launch::async, [&] { return health.report(true); });
  hanging->entered.acquire();
  EXPECT_EQ(health.component("net")->state, State::kHealthy);  // this one has answered
  clock.advance(3 * kSecond);
  const Report late = report.get();
  EXPECT_EQ(late.state, State::kFailing);
  EXPECT_FALSE(late.ready);
  ASSERT_EQ(late.components.size(), 2U);
  EXPECT_EQ(late.components[0].issues,
            (std::vector<HealthIssue>{{"disk", "the check has not answered within 3s", 3 * kSecond}}));
  EXPECT_EQ(late.components[1].state, State::kHealthy);

  // Nobody waits for it again, it is not asked twice, and it counts once.
  clock.advance(kMinute);
  EXPECT_EQ(health.report(true), late);
  EXPECT_EQ(health.component("disk")->state, State::kFailing);
  EXPECT_EQ(hanging->asked, 1);
  EXPECT_EQ(shown(registry, "vigil_health_check_timeouts_total").at("component=\"disk\""), 1);
  EXPECT_EQ(shown(registry, "vigil_health_state").at("component=\"disk\""), 3);

  // Back: its late answer counts, then it is asked as before.
  hanging->hang = false;
  hanging->go.release();
  while (health.component("disk")->state != State::kHealthy) std::this_thread::yield();
  EXPECT_EQ(health.report().state, State::kHealthy);
  EXPECT_GE(hanging->asked, 2);
  EXPECT_EQ(shown(registry, "vigil_health_check_timeouts_total").at("component=\"disk\""), 1);
  EXPECT_GE(shown(registry, "vigil_health_check_duration_seconds").at("component=\"disk\""), 2);
}

TEST(Health, EndsWithoutWaitingForAHungCheck) {
  FakeClock clock;
  const auto hanging = std::make_shared<Hanging>();
  std::shared_ptr<void> handle;
  std::promise<Report> promise;
  {
    HealthChecker health(clock, nullptr, {.timeout = 20});
    handle = health.add("disk", [hanging] { return hanging->check(); });
    health.report_async(true, [&promise](Report report) { promise.set_value(std::move(report)); });
    hanging->entered.acquire();
  }  // the callback of report_async() comes first, though time stands still
  EXPECT_TRUE(promise.get_future().get().components.empty());
  handle.reset();  // 20 ms at most
  hanging->go.release();
}

TEST(Health, DroppingTheHandleWaitsForTheCheck) {
  const FakeClock clock;
  HealthChecker health(clock, nullptr, {.timeout = kMinute});
  std::latch entered(1);
  std::latch leave(1);
  std::atomic<bool> left = false;
  auto handle = health.add("disk", [&] {
    entered.count_down();
    leave.wait();
    left = true;
    return Status();
  });
  health.report_async(true, [](const Report&) {});
  entered.wait();
  std::thread dropper([&] {
    handle.reset();
    EXPECT_TRUE(left);
  });
  leave.count_down();
  dropper.join();
  EXPECT_TRUE(health.report().components.empty());
}

TEST(Health, AsyncAnswersAtOnceWhenNothingIsDue) {
  const FakeClock clock;
  HealthChecker health(clock);
  health.set("disk", Status());
  bool here = false;
  health.report_async(true, [&](const Report& report) { here = report.ready; });
  EXPECT_TRUE(here);
}

TEST(Health, ShowsItsStates) {
  const FakeClock clock;
  metrics::Registry registry;
  HealthChecker health(clock, registry);
  health.set("disk", Status::critical("x"));
  const auto handle = health.add("net", [] { return Status::warning("y"); });
  health.report();
  EXPECT_EQ(shown(registry, "vigil_health_state"), (Shown{{"component=\"disk\"", 2}, {"component=\"net\"", 1}}));
  EXPECT_EQ(shown(registry, "vigil_health_check_duration_seconds"), (Shown{{"component=\"net\"", 1}}));
  EXPECT_TRUE(registry.problems().empty());
}

TEST(Health, ManyThreadsAskAndTell) {
  metrics::Registry registry;
  HealthChecker health(Clock::system(), registry, {.timeout = kMinute, .cache = 0});
  const auto kept = health.add("kept", [] { return Status::warning("w"); });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 30; ++i) {
        const auto mine =
            health.add("c" + std::to_string(t), [i] { return i % 2 == 0 ? Status() : Status::warning(""); });
        EXPECT_EQ(health.report(true).state, State::kWarning);
        health.set("told" + std::to_string(t), Status());
        shown(registry, "vigil_health_state");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(health.report().components.size(), 5U);
}

// --- reports ---

TEST(Status, ScoresAndMerges) {
  const Status good;
  const Status warning = Status::warning("w");
  const Status critical = Status::critical("c");
  const Status failing = Status::failing("f");
  const struct {
    std::vector<Status> parts;
    State state;
    std::size_t issues;
    double score;
  } cases[] = {
      {{}, State::kHealthy, 0, 1},
      {{good, good}, State::kHealthy, 0, 1},
      {{warning}, State::kWarning, 1, 0.5},
      {{good, warning, good, good}, State::kWarning, 1, 0.6875},
      {{critical, good}, State::kCritical, 1, 0.25},
      {{critical, warning}, State::kCritical, 2, 0},
      {{good, good, good, failing}, State::kFailing, 1, 0},
  };
  for (const auto& c : cases) {
    const Status all = Status::all_of(c.parts);
    EXPECT_EQ(all.state, c.state);
    EXPECT_EQ(all.issues.size(), c.issues);
    EXPECT_DOUBLE_EQ(score(all), c.score);
    // C-80: from 0.8 HEALTHY, from 0.5 DEGRADED, below CRITICAL.
    EXPECT_EQ(score(all) >= 0.8, c.state == State::kHealthy);
    EXPECT_EQ(score(all) >= 0.5, c.state <= State::kWarning);
  }
}

TEST(Report, JsonRoundTrips) {
  FakeClock clock(1'767'323'045'000);
  HealthChecker health(clock);
  EXPECT_EQ(to_json(health.report(true)), "{\"status\":\"healthy\",\"ready\":true,\"components\":[]}\n");
  health.set("con\"sensus", Status{State::kCritical, {"a\n", "b"}});
  health.set("disk", Status());
  const Report report = health.report();
  EXPECT_EQ(to_json(report),
            "{\"status\":\"critical\",\"ready\":false,\"reason\":\"not initialised yet\",\"components\":["
            "{\"name\":\"con\\\"sensus\",\"status\":\"critical\",\"score\":0,\"since\":\"2026-01-02T03:04:05Z\","
            "\"issues\":[{\"message\":\"a\\n\",\"since\":\"2026-01-02T03:04:05Z\"},"
            "{\"message\":\"b\",\"since\":\"2026-01-02T03:04:05Z\"}]},"
            "{\"name\":\"disk\",\"status\":\"healthy\",\"score\":1,\"since\":\"2026-01-02T03:04:05Z\","
            "\"issues\":[]}]}\n");
  for (const State state : {State::kHealthy, State::kWarning, State::kCritical, State::kFailing}) {
    health.set("disk", Status{state, {"one", "two"}});
    const Report before = health.report(true);
    const auto after = parse_report(to_json(before));
    ASSERT_TRUE(after.has_value()) << after.error().message();
    EXPECT_EQ(*after, before);
  }
}

TEST(Report, BadJsonSaysWhere) {
  const struct {
    const char* json;
    const char* message;
  } cases[] = {
      {"", "not JSON"},
      {"[]", "status: expected a string"},
      {R"({"status":"fine"})", "status: expected healthy, warning, critical or failing"},
      {R"({"status":"healthy"})", "ready: expected true or false"},
      {R"({"status":"healthy","ready":false})", "reason: expected a string"},
      {R"({"status":"healthy","ready":true})", "components: expected a list"},
      {R"({"status":"healthy","ready":true,"components":[1]})", "components[0].name: expected a string"},
      {R"({"status":"healthy","ready":true,"components":[{"name":"a","status":"failing","since":"x"}]})",
       "components[0].since: expected a time"},
      {R"({"status":"healthy","ready":true,"components":[{"name":"a","status":"failing",
           "since":"2026-01-02T03:04:05Z","score":0,"issues":[{"message":1}]}]})",
       "components[0].issues[0].message: expected a string"},
  };
  for (const auto& c : cases) {
    const auto report = parse_report(c.json);
    ASSERT_FALSE(report.has_value()) << c.json;
    EXPECT_NE(report.error().message().find(c.message), std::string::npos) << report.error().message();
  }
}

// --- NodeHealth (HS-133…137) ---

template <class Interface>
struct Double final : Interface {
  Status answer;
  Status check() override { return answer; }
};

TEST(NodeHealth, AsksThePluggedCheckers) {
  FakeClock clock(1000);
  HealthChecker health(clock, nullptr, {.cache = 0});
  const auto consensus = std::make_shared<Double<ConsensusHealthChecker>>();
  const auto network = std::make_shared<Double<NetworkHealthChecker>>();
  const auto storage = std::make_shared<Double<StorageHealthChecker>>();
  NodeHealth node(health, {consensus, network, storage});
  health.set("mempool", Status::failing("not one of the three"));
  EXPECT_EQ(node.overall_health_status(), OverallHealth());

  network->answer = Status::warning("2 of 4 peers");
  storage->answer = Status::all_of(std::vector{Status(), Status::critical("read-only")});
  const OverallHealth overall = node.overall_health_status();
  EXPECT_EQ(overall.state, State::kCritical);
  EXPECT_DOUBLE_EQ(overall.score, 0.25);
  EXPECT_EQ(overall.issues,
            (std::vector<HealthIssue>{{"network", "2 of 4 peers", 1000}, {"storage", "read-only", 1000}}));
  EXPECT_EQ(node.component_health(ComponentType::kConsensus).state, State::kHealthy);
  EXPECT_EQ(node.component_health(ComponentType::kNetwork).state, State::kWarning);
  std::vector<std::string> names;
  const Report report = node.detailed_health_report();
  for (const Component& component : report.components) names.push_back(component.name);
  EXPECT_EQ(names, (std::vector<std::string>{"consensus", "mempool", "network", "storage"}));
}

}  // namespace
}  // namespace vigil::health
