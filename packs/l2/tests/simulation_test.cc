// The simulated stack by what its registries show: deterministic, coherent, and moved by
// each fault past the threshold of its alert.
#include "packs/l2/simulation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "packs/l2/pack.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/exposition/page_writer.h"

namespace vigil::packs::l2 {
namespace {

constexpr Timestamp kStart = 1'772'445'600'000;  // 2026-03-02T10:00:00Z

struct World {
  explicit World(std::uint64_t seed = 1, double load = 1)
      : scheduler(kStart), simulation(simulate({.scheduler = &scheduler, .nodes = 0, .seed = seed, .load = load})) {
    simulation->start();
  }
  void live(Duration time) { scheduler.advance(time); }

  // The pages of all processes.
  std::string pages() const {
    std::string all;
    for (const pack::Process& process : simulation->processes()) {
      all += exposition::page_text(*process.registry, exposition::Format::kText);
    }
    return all;
  }
  // Sum of the samples whose line begins with this.
  double sum(const std::string& prefix) const {
    double total = 0;
    std::istringstream lines(pages());
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(prefix)) total += std::strtod(line.c_str() + line.rfind(' ') + 1, nullptr);
    }
    return total;
  }
  bool shows(const std::string& prefix) const { return pages().find("\n" + prefix) != std::string::npos; }
  double now() { return static_cast<double>(scheduler.clock().now()) / 1000; }

  VirtualScheduler scheduler;
  std::unique_ptr<pack::Simulation> simulation;
};

TEST(L2Simulation, OneSeedGivesOneRun) {
  World a(7);
  World b(7);
  World c(8);
  for (World* const world : {&a, &b, &c}) {
    world->live(10 * kMinute);
    ASSERT_TRUE(world->simulation->inject("reorg").has_value());
    world->live(10 * kMinute);
  }
  EXPECT_EQ(a.pages(), b.pages());
  EXPECT_NE(a.pages(), c.pages());
}

TEST(L2Simulation, HasNoRegistryProblemAndFollowsTheLoad) {
  World calm;
  World busy(1, 3);
  for (World* const world : {&calm, &busy}) {
    world->live(30 * kMinute);
    for (const pack::Process& process : world->simulation->processes())
      EXPECT_TRUE(process.registry->problems().empty());
  }
  for (const char* const metric :
       {"l2_transactions_total{chain=\"l2\"}", "erc4337_user_operations_total", "celestia_submitted_bytes_total",
        "erc4337_sponsored_gas_cost_wei_total", "node_network_receive_bytes_total{device=\"eth0\"}"}) {
    EXPECT_GT(busy.sum(metric), 2 * calm.sum(metric)) << metric;
  }
  EXPECT_NEAR(calm.sum("l2_blocks_total{chain=\"l2\"}"), 900, 2);
  // Nothing gets lost on the way: what paymasters have is what the events add up to.
  EXPECT_EQ(calm.sum("erc4337_paymaster_deposit_mismatch_wei"), 0);
}

TEST(L2Simulation, SaysWhichFaultsThereAre) {
  World world;
  const auto result = world.simulation->inject("flood");
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().message().find("sequencer_halt"), std::string::npos) << result.error().message();
}

TEST(L2Simulation, EachFaultMovesItsMetricAndClearBringsItBack) {
  // How far the metrics an alert reads are above its threshold, 0 at it.
  const std::map<std::string, double (*)(World&)> excess = {
      {"sequencer_halt",
       [](World& w) { return w.now() - w.sum("l2_block_timestamp_seconds{chain=\"l2\",block_tag=\"latest\"}") - 120; }},
      {"txpool_spam", [](World& w) { return w.sum("l2_txpool_transactions{chain=\"l2\",state=\"pending\"}") - 4000; }},
      {"peer_loss", [](World& w) { return 3 - w.sum("l2_peer_count{chain=\"l2\"}"); }},
      {"node_syncing", [](World& w) { return w.sum("l2_syncing{chain=\"l2\"}") - 0.5; }},
      {"rpc_down", [](World& w) { return 0.5 - w.sum("l2_rpc_up{chain=\"l2\",endpoint=\"replica\"}"); }},
      {"prover_stall",
       [](World& w) {
         return w.sum("l2_block_number{chain=\"l2\",block_tag=\"latest\"}") -
                w.sum("l2_block_number{chain=\"l2\",block_tag=\"finalized\"}") - 1000;
       }},
      {"paymaster_drained",
       [](World& w) {
         return 0.01 - w.sum("erc4337_paymaster_deposit_ether{entry_point=\"v0.7\",paymaster=\"main\"}");
       }},
      {"paymaster_withdrawn",
       [](World& w) {
         return 0.1 - w.sum("erc4337_paymaster_deposit_ether{entry_point=\"v0.7\",paymaster=\"main\"}");
       }},
      {"reorg",
       [](World& w) { return w.sum("erc4337_paymaster_deposit_mismatch_wei{paymaster=\"main\"}") > 0 ? 1.0 : -1.0; }},
      {"missed_events",
       [](World& w) { return w.sum("erc4337_paymaster_deposit_mismatch_wei{paymaster=\"main\"}") < 0 ? 1.0 : -1.0; }},
      {"da_outage", [](World& w) { return w.now() - w.sum("celestia_last_success_timestamp_seconds") - 900; }},
      {"batcher_stuck", [](World& w) { return w.now() - w.sum("celestia_last_success_timestamp_seconds") - 900; }},
      {"tia_low", [](World& w) { return 1e6 - w.sum("celestia_account_balance_utia"); }},
      {"celestia_behind",
       [](World& w) { return w.sum("celestia_network_head_height") - w.sum("celestia_local_head_height") - 10; }},
      {"celestia_down", [](World& w) { return 0.5 - w.sum("celestia_rpc_up"); }},
      {"postgres_down", [](World& w) { return 0.5 - w.sum("pg_up"); }},
      {"redis_down", [](World& w) { return 0.5 - w.sum("redis_up"); }},
      {"gateway_down", [](World& w) { return 2.5 - w.sum("probe_success"); }},
      {"memory_leak", [](World& w) { return 16e9 + 0.1 * 32e9 - w.sum("node_memory_MemAvailable_bytes"); }},
      {"disk_low",
       [](World& w) {
         return 620e9 + 0.15e12 -
                w.sum("node_filesystem_avail_bytes{device=\"/dev/nvme0n1p1\",fstype=\"ext4\",mountpoint=\"/data\"}");
       }},
      {"connection_leak", [](World& w) { return w.sum("pg_stat_activity_count") - 160; }},
  };
  for (const auto& [fault, by] : excess) {
    World world;
    world.live(15 * kMinute);
    EXPECT_LT(by(world), 0) << fault << " before";
    ASSERT_TRUE(world.simulation->inject(fault).has_value()) << fault;
    world.live(40 * kMinute);
    EXPECT_GT(by(world), 0) << fault;
    world.simulation->clear();
    world.live(30 * kMinute);
    EXPECT_LT(by(world), 0) << fault << " after";
  }
}

// What follows from what: a halt fills the pool and stops blobs, an outage of Celestia
// stops batches.
TEST(L2Simulation, FaultsSpreadAlongTheChain) {
  World halt;
  halt.live(15 * kMinute);
  const double blobs = halt.sum("celestia_submissions_total");
  const double operations = halt.sum("erc4337_user_operations_total");
  ASSERT_TRUE(halt.simulation->inject("sequencer_halt").has_value());
  halt.live(10 * kMinute);
  EXPECT_GT(halt.sum("l2_txpool_transactions{chain=\"l2\",state=\"pending\"}"), 5000);
  EXPECT_LE(halt.sum("celestia_submissions_total"), blobs + 2);
  EXPECT_EQ(halt.sum("erc4337_user_operations_total"), operations);

  World outage;
  outage.live(15 * kMinute);
  ASSERT_TRUE(outage.simulation->inject("da_outage").has_value());
  outage.live(10 * kMinute);
  EXPECT_GT(outage.sum("l2_batch_backlog"), 5);
  EXPECT_GT(outage.sum("celestia_l2_blocks_without_da"), 250);
  EXPECT_FALSE(outage.shows("l2_peer_count{chain=\"l3\"}"));
}

}  // namespace
}  // namespace vigil::packs::l2
