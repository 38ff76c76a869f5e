// The simulated wallet by what its registries show: deterministic, coherent, and moved by
// each fault past the threshold of its alert.
#include "packs/mpc/simulation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <sstream>
#include <string>

#include "vigil/base/virtual_scheduler.h"
#include "vigil/exposition/page_writer.h"

namespace vigil::packs::mpc {
namespace {

constexpr Timestamp kStart = 1'772'445'600'000;  // 2026-03-02T10:00:00Z

struct World {
  explicit World(std::uint64_t seed = 1, double load = 1)
      : scheduler(kStart),
        simulation(simulate_in_process({.scheduler = &scheduler, .nodes = 0, .seed = seed, .load = load})) {
    simulation->start();
  }
  void live(Duration time) { scheduler.advance(time); }
  void inject(std::string_view fault) { ASSERT_TRUE(simulation->inject(fault).has_value()) << fault; }

  // The pages of all processes that are up.
  std::string pages() const {
    std::string all;
    for (const pack::Process& process : simulation->processes()) {
      if (process.up) all += exposition::page_text(*process.registry, exposition::Format::kText);
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
  int up(std::string_view job) const {
    int count = 0;
    for (const pack::Process& process : simulation->processes()) count += process.job == job && process.up ? 1 : 0;
    return count;
  }

  VirtualScheduler scheduler;
  std::unique_ptr<pack::Simulation> simulation;
};

TEST(MpcSimulation, OneSeedGivesOneRun) {
  World a(7);
  World b(7);
  World c(8);
  for (World* const world : {&a, &b, &c}) {
    world->live(5 * kMinute);
    world->inject("node_down");
    world->live(5 * kMinute);
  }
  EXPECT_EQ(a.pages(), b.pages());
  EXPECT_NE(a.pages(), c.pages());
}

// What the nodes do is what etcd, PostgreSQL and the containers show.
TEST(MpcSimulation, HangsTogether) {
  World calm;
  World busy(1, 3);
  for (World* const world : {&calm, &busy}) {
    world->live(30 * kMinute);
    for (const pack::Process& process : world->simulation->processes())
      EXPECT_TRUE(process.registry->problems().empty());
    const double transactions = world->sum("mpc_transactions_total{state=\"pending\"");
    const double votes = world->sum("mpc_votes_total");
    EXPECT_NEAR(votes, 5 * transactions, 10);
    EXPECT_EQ(world->sum("mpc_etcd_lock_wait_seconds_count"), transactions);
    // Two proposals a lock on every member, and one a second.
    EXPECT_NEAR(world->sum("etcd_server_proposals_committed_total"), 3 * (2 * transactions + 1800), 10);
    EXPECT_EQ(world->sum("pg_stat_database_tup_inserted"), transactions + votes);
    EXPECT_NEAR(world->sum("pg_stat_activity_count{datname=\"mpc_wallet\",state=\"idle\"}"), 20, 1);
    EXPECT_GT(world->sum("container_network_transmit_bytes_total"),
              world->sum("mpc_network_bytes_total{node_id=\"1\",direction=\"tx\"}"));
  }
  for (const char* const metric : {"mpc_transactions_total", "mpc_signatures_total", "mpc_network_bytes_total",
                                   "container_network_transmit_packets_total", "pg_stat_database_xact_commit"}) {
    EXPECT_GT(busy.sum(metric), 2 * calm.sum(metric)) << metric;
  }
  EXPECT_GT(busy.sum("container_cpu_usage_seconds_total"), calm.sum("container_cpu_usage_seconds_total") + 60);
}

TEST(MpcSimulation, RefusesAnUnknownFault) {
  World world;
  const auto refused = world.simulation->inject("no_such_fault");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kNotFound);
}

TEST(MpcSimulation, AFaultMovesWhatItsAlertReads) {
  struct Case {
    const char* fault;
    Duration hold;
    std::function<bool(const World&)> seen;
  };
  const auto above = [](const char* metric, double limit) {
    return [metric, limit](const World& world) { return world.sum(metric) > limit; };
  };
  const auto is = [](const char* metric, double value) {
    return [metric, value](const World& world) { return world.shows(metric) && world.sum(metric) == value; };
  };
  const Case cases[] = {
      {"node_down", kMinute, [](const World& w) { return w.up("mpc-nodes") == 4; }},
      {"quorum_lost", kMinute, [](const World& w) { return w.up("mpc-nodes") == 3; }},
      {"partition", kMinute, is("mpc_connected_peers{node_id=\"1\"}", 2)},
      {"no_peers", kMinute, is("mpc_connected_peers{node_id=\"4\"}", 0)},
      {"double_vote", kMinute, above("mpc_byzantine_violations_total{type=\"double_vote\"", 0)},
      {"silent_voters", 6 * kMinute, above("mpc_open_proposal_oldest_age_seconds{node_id=\"1\"}", 300)},
      {"lost_proposals", 9 * kMinute, above("mpc_open_proposal_oldest_age_seconds{node_id=\"4\"}", 300)},
      {"signing_refused", 5 * kMinute, above("mpc_signature_failures_total{protocol=\"cggmp24\",reason=\"abort\"", 5)},
      {"invalid_shares", 5 * kMinute, above("mpc_byzantine_violations_total{type=\"invalid_signature\"", 5)},
      {"nonce_reuse", 2 * kMinute, above("mpc_presignature_reuse_blocked_total", 0)},
      {"pool_depleted", kMinute, is("mpc_presignature_pool_size{node_id=\"2\"", 0)},
      {"backup_outdated", kMinute,
       [](const World& w) {
         return static_cast<double>(kStart) / 1000 - w.sum("mpc_last_backup_timestamp_seconds{node_id=\"3\"}") > 86400;
       }},
      {"stranger", kMinute, above("mpc_tls_handshake_failures_total{node_id=\"1\"}", 50)},
      {"certificate_expires", kMinute,
       [](const World& w) {
         return w.sum("mpc_tls_certificate_expiry_timestamp_seconds{node_id=\"3\",certificate=\"own\"}") -
                    static_cast<double>(kStart) / 1000 <
                14 * 86400;
       }},
      {"certificate_expired", kMinute, is("mpc_connected_peers{node_id=\"3\"}", 0)},
      {"memory_leak", 5 * kMinute, above("container_memory_usage_bytes{name=\"mpc-node-4\"", 0.85 * (512 << 20))},
      {"no_leader", 2 * kSecond, is("etcd_server_has_leader", 0)},
      {"flapping_leader", 10 * kMinute, above("etcd_server_leader_changes_seen_total", 3 * 5)},
      {"database_down", 2 * kSecond, is("pg_up", 0)},
      {"exporter_down", 2 * kSecond, [](const World& w) { return w.up("postgres") == 0; }},
      {"leaking_connections", 5 * kMinute, above("pg_stat_activity_count", 80)},
      {"deadlocks", 5 * kMinute, above("pg_stat_database_deadlocks", 25)},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.fault);
    World world;
    world.live(5 * kMinute);
    EXPECT_FALSE(each.seen(world)) << "before the fault";
    world.inject(each.fault);
    world.live(each.hold);
    EXPECT_TRUE(each.seen(world));
    world.simulation->clear();
    world.live(12 * kMinute);
    EXPECT_EQ(world.up("mpc-nodes"), 5);
    EXPECT_EQ(world.sum("mpc_connected_peers"), 20);
    EXPECT_EQ(world.sum("etcd_server_has_leader"), 3);
    EXPECT_EQ(world.sum("pg_up"), 1);
    EXPECT_LT(world.sum("mpc_transaction_queue_size"), 25);
    EXPECT_EQ(world.sum("mpc_last_backup_epoch"), world.sum("mpc_key_epoch"));
  }
}

}  // namespace
}  // namespace vigil::packs::mpc
