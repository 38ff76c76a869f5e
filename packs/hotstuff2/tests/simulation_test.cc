// The simulated network by itself: repeatable, and each fault moves the numbers that its
// alert reads.
#include "packs/hotstuff2/simulation.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "packs/hotstuff2/faults.h"
#include "packs/testing/catalog_check.h"
#include "vigil/base/log.h"
#include "vigil/base/virtual_scheduler.h"

namespace vigil::packs::hotstuff2 {
namespace {

using testing::page;
using testing::value;

struct World {
  explicit World(std::uint64_t seed = 1) {
    log::set_sink([](log::Level, std::string_view) {});
    simulation = simulate({.scheduler = &scheduler, .nodes = 0, .seed = seed, .load = 1});
    simulation->start();
  }
  ~World() { log::set_sink({}); }
  const metrics::Registry& replica(int number) {
    return *simulation->processes()[static_cast<std::size_t>(number - 1)].registry;
  }
  double operator()(int number, const std::string& series) { return value(replica(number), "hotstuff_" + series); }

  VirtualScheduler scheduler{1'772'445'600'000};
  std::unique_ptr<pack::Simulation> simulation;
};

TEST(Simulation, OneSeedGivesOneRun) {
  World a, b, other(2);
  for (World* const world : {&a, &b, &other}) {
    world->scheduler.advance(2 * kMinute);
    ASSERT_TRUE(world->simulation->inject("leader_failure"));
    world->scheduler.advance(kMinute);
  }
  EXPECT_EQ(page(a.replica(1)), page(b.replica(1)));
  EXPECT_NE(page(a.replica(1)), page(other.replica(1)));
}

TEST(Simulation, HealthyReplicasCommitTwoBlocksASecond) {
  World world;
  world.scheduler.advance(10 * kMinute);
  for (int number = 1; number <= kUsualReplicas; ++number) {
    EXPECT_NEAR(world(number, "blocks_committed_total"), 1200, 30) << number;
    EXPECT_EQ(world(number, "liveness_timeouts_total"), 0) << number;
    EXPECT_EQ(world(number, "validators_participating"), 4) << number;
    EXPECT_TRUE(world.replica(number).problems().empty());
  }
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

// The number behind an alert, over the last five minutes of ten, on replica `number`.
struct Case {
  const char* fault;
  int number;
  std::function<double(World&, int)> read;
  bool increase;  // of a counter over the five minutes
  double above;
};
auto series(const char* name) {
  return [name](World& world, int number) { return world(number, name); };
}

TEST(Simulation, FaultsMoveWhatTheirAlertsRead) {
  const auto share = [](const char* used, const char* limit) {
    return [=](World& world, int number) { return world(number, used) / world(number, limit); };
  };
  const Case cases[] = {
      {"slow_blocks", 1,
       [](World& world, int number) {
         return world(number, "block_interval_seconds_bucket{le=\"3\"}") -
                world(number, "block_interval_seconds_bucket{le=\"2\"}");
       },
       true, 100},
      {"view_change_storm", 1, series("liveness_timeouts_total"), true, 30},
      {"leader_failure", 1, series("view_changes_total{reason=\"timeout\"}"), true, 30},
      {"mute_leader", 2, series("liveness_timeouts_total"), true, 30},
      {"isolated_replica", 4, series("liveness_timeouts_total"), true, 10},
      {"flapping_links", 4, series("peer_disconnections_total{reason=\"error\"}"), true, 30},
      {"busy_cpu", 4, series("cpu_usage_ratio"), false, 0.9},
      {"memory_leak", 4, share("memory_usage_bytes", "memory_limit_bytes"), false, 0.85},
      {"disk_fills", 4, share("disk_usage_bytes", "disk_limit_bytes"), false, 0.85},
      {"equivocation", 1,
       series("byzantine_behavior_detected_total{behavior_type=\"equivocation\",validator=\"validator-4\"}"), true, 3},
      {"safety_violation", 1, series("safety_violations_total{violation_type=\"conflicting_commit\"}"), true, 3},
      {"diverged_state", 1, series("commit_digest_mismatch"), false, 0.5},
      {"transaction_flood", 1, series("mempool_size"), false, 800'000},
      {"slow_link", 4, series("peer_round_trip_seconds{peer=\"validator-1\"}"), false, 0.5},
      {"slow_disk", 4,
       [](World& world, int number) {
         return world(1, "last_committed_height") - world(number, "last_committed_height");
       },
       false, 10},
      {"packet_loss", 4, [](World& world, int number) { return 1 - world(number, "message_delivery_rate"); }, false,
       0.05},
      {"silent_validator", 1, [](World& world, int number) { return 4 - world(number, "validators_participating"); },
       false, 0.5},
  };
  for (const Case& c : cases) {
    World world;
    world.scheduler.advance(5 * kMinute);
    const auto read = [&] {
      if (!c.increase) return c.read(world, c.number);
      const double before = c.read(world, c.number);
      world.scheduler.advance(5 * kMinute);
      return c.read(world, c.number) - before;
    };
    EXPECT_LE(read(), c.above) << c.fault << " in healthy life";
    ASSERT_TRUE(world.simulation->inject(c.fault));
    world.scheduler.advance(7 * kMinute);
    EXPECT_GT(read(), c.above) << c.fault;
    world.simulation->clear();
    world.scheduler.advance(10 * kMinute);
    EXPECT_LE(read(), c.above) << c.fault << " after it";
  }
}

TEST(Simulation, WithoutAQuorumNothingIsCommittedAndAfterwardsAllCatchUp) {
  for (const char* const fault : {"quorum_lost", "partition"}) {
    World world;
    world.scheduler.advance(5 * kMinute);
    ASSERT_TRUE(world.simulation->inject(fault));
    world.scheduler.advance(kMinute);
    const double height = world(1, "last_committed_height");
    world.scheduler.advance(9 * kMinute);
    EXPECT_EQ(world(1, "last_committed_height"), height) << fault;
    EXPECT_EQ(world(1, "network_partitions_total"), 1) << fault;
    world.simulation->clear();
    world.scheduler.advance(5 * kMinute);
    EXPECT_GT(world(1, "last_committed_height"), height + 400) << fault;
    EXPECT_NEAR(world(4, "last_committed_height"), world(1, "last_committed_height"), 2) << fault;
  }
}

}  // namespace
}  // namespace vigil::packs::hotstuff2
