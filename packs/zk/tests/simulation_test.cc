// The simulated proof system by itself: repeatable, and each fault moves the numbers that
// its alert reads.
#include "packs/zk/simulation.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <sstream>
#include <string>

#include "packs/testing/catalog_check.h"
#include "packs/zk/faults.h"
#include "vigil/base/log.h"
#include "vigil/base/virtual_scheduler.h"

namespace vigil::packs::zk {
namespace {

struct World {
  explicit World(std::uint64_t seed = 1) {
    log::set_sink([](log::Level, std::string_view) {});
    simulation = simulate({.scheduler = &scheduler, .nodes = 0, .seed = seed, .load = 1});
    simulation->start();
  }
  ~World() { log::set_sink({}); }
  const metrics::Registry& prover(int number) {
    return *simulation->processes()[static_cast<std::size_t>(number - 1)].registry;
  }
  // Of the first prover.
  double operator()(const std::string& series) { return testing::value(prover(1), "zk_" + series); }
  // Over all series of all provers whose text contains `part`.
  double total(std::string_view family, std::string_view part) {
    double sum = 0;
    for (int number = 1; number <= kUsualProvers; ++number) {
      std::istringstream lines(testing::page(prover(number)));
      for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("zk_" + std::string(family) + "{") && line.find(part) != std::string::npos) {
          sum += std::stod(line.substr(line.rfind(' ')));
        }
      }
    }
    return sum;
  }

  VirtualScheduler scheduler{1'772'445'600'000};
  std::unique_ptr<pack::Simulation> simulation;
};

TEST(Simulation, OneSeedGivesOneRun) {
  World a, b, other(2);
  for (World* const world : {&a, &b, &other}) {
    world->scheduler.advance(2 * kMinute);
    ASSERT_TRUE(world->simulation->inject("bad_keys"));
    world->scheduler.advance(kMinute);
  }
  EXPECT_EQ(testing::page(a.prover(1)), testing::page(b.prover(1)));
  EXPECT_NE(testing::page(a.prover(1)), testing::page(other.prover(1)));
}

TEST(Simulation, UnknownFaultsAreRefused) {
  World world;
  const auto answer = world.simulation->inject("earthquake");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kNotFound);
}

TEST(Simulation, EveryScenarioIsAFaultAndEveryFaultAScenario) {
  std::set<std::string_view> names{"healthy"};
  for (const Fault& fault : faults()) names.insert(fault.name);
  std::set<std::string_view> played;
  for (const pack::Scenario& scenario : scenarios()) played.insert(scenario.name);
  EXPECT_EQ(names, played);
}

// The number behind an alert on the first prover: an increase over ten minutes, or a value
// at their end.
struct Case {
  const char* fault;
  std::function<double(World&)> read;
  bool increase;
  double above;
};

TEST(Simulation, FaultsMoveWhatTheirAlertsRead) {
  const auto series = [](std::string name) { return [=](World& world) { return world(name); }; };
  const auto total = [](std::string family, std::string part) {
    return [=](World& world) { return world.total(family, part); };
  };
  // Observations above a bucket's bound.
  const auto slower = [](std::string family, std::string bound) {
    return [=](World& world) {
      return world.total(family + "_bucket", "le=\"+Inf\"") - world.total(family + "_bucket", "le=\"" + bound + "\"");
    };
  };
  const Case cases[] = {
      {"slow_proofs", slower("proof_generation_duration_seconds", "5"), true, 50},
      {"large_circuits", slower("proof_generation_duration_seconds", "5"), true, 10},
      {"bad_keys", total("proofs_generated_total", "status=\"failure\""), true, 30},
      {"slow_verifier", slower("verification_duration_seconds", "0.5"), true, 500},
      {"invalid_proofs", total("verifications_total", "status=\"failure\""), true, 50},
      {"slow_compilation", slower("circuit_compilation_duration_seconds", "30"), true, 5},
      {"cold_cache", series("circuit_cache_misses_total"), true, 200},
      {"upstream_timeouts", total("errors_total", "severity=\"error\""), true, 100},
      {"failed_self_check", total("errors_total", "severity=\"critical\""), true, 3},
      {"weak_parameters", total("errors_total", "category=\"security_violation\""), true, 1},
      {"prover_out_of_memory", total("errors_total", "category=\"memory_error\""), true, 1},
      {"poisoned_job", total("proof_jobs_requeued_total", "reason=\"error\""), true, 5},
      {"too_many_at_once", series("concurrent_operations{operation_type=\"proof_generation\"}"), false, 5},
      {"memory_leak", [](World& world) { return world("memory_usage_bytes{operation=\"proof_generation\"}"); }, false,
       52e9},
      {"queue_stuck", series("proof_queue_oldest_age_seconds"), false, 550},
      {"lost_workers", series("proof_queue_oldest_age_seconds"), false, 60},
  };
  for (const Case& c : cases) {
    World world;
    const auto read = [&] {
      const double before = c.read(world);
      world.scheduler.advance(10 * kMinute);
      return c.increase ? c.read(world) - before : c.read(world);
    };
    EXPECT_LE(read(), c.above) << c.fault << " in healthy life";
    ASSERT_TRUE(world.simulation->inject(c.fault));
    EXPECT_GT(read(), c.above) << c.fault;
    world.simulation->clear();
    world.scheduler.advance(20 * kMinute);
    EXPECT_LE(read(), c.above) << c.fault << " after it";
  }
}

TEST(Simulation, AProverThatIsDownLeavesItsWorkToTheOther) {
  World world;
  world.scheduler.advance(5 * kMinute);
  ASSERT_TRUE(world.simulation->inject("prover_down"));
  world.scheduler.advance(10 * kMinute);
  EXPECT_FALSE(world.simulation->processes()[1].up);
  EXPECT_TRUE(world.simulation->processes()[0].up);
  EXPECT_LT(world("proof_queue_oldest_age_seconds"), 60);
  world.simulation->clear();
  world.scheduler.advance(5 * kSecond);
  EXPECT_TRUE(world.simulation->processes()[1].up);
}

}  // namespace
}  // namespace vigil::packs::zk
