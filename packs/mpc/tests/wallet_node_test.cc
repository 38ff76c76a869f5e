// Five wallet nodes in one process and in virtual time.
#include "packs/mpc/wallet_node.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "vigil/base/virtual_scheduler.h"
#include "vigil/exposition/page_writer.h"
#include "vigil/sim/memory_network.h"

namespace vigil::packs::mpc {
namespace {

constexpr Timestamp kStart = 1'700'000'000'000;

class Wallet {
 public:
  explicit Wallet(std::uint64_t seed = 1, int nodes = 5) : nodes_(nodes), seed_(seed) {
    for (int id = 1; id <= nodes; ++id) start(id);
  }

  void start(int id) {
    Process& process = processes_[id];
    process = {};
    process.registry = std::make_unique<metrics::Registry>();
    process.metrics = std::make_unique<MpcMetrics>(*process.registry);
    WalletOptions options;
    options.self = id;
    options.nodes = nodes_;
    options.threshold = nodes_ - 1;
    options.seed = seed_;
    process.node =
        std::make_unique<WalletNode>(options, scheduler_, scheduler_.clock(), network_.endpoint(id), *process.metrics);
    network_.join(id, *process.node);
    process.node->start();
  }
  void kill(int id) {
    network_.leave(id);
    processes_[id].node.reset();
  }
  void run(Duration time) { scheduler_.advance(time); }
  WalletNode& node(int id) { return *processes_.at(id).node; }

  // Sum over nodes (0: all) of the series whose text contains every part.
  double sum(const std::string& name, const std::vector<std::string>& parts = {}, int node = 0) {
    struct Sum final : metrics::Visitor {
      void begin_family(const metrics::FamilyView& family) override { here = family.name == *name; }
      void point(std::string_view labels, const metrics::PointView& value) override { add(labels, value.value); }
      void histogram(std::string_view labels, const metrics::HistogramView& value) override {
        add(labels, static_cast<double>(value.count));
      }
      void add(std::string_view labels, double value) {
        if (!here) return;
        for (const auto& part : *parts) {
          if (labels.find(part) == std::string_view::npos) return;
        }
        total += value;
      }
      const std::string* name = nullptr;
      const std::vector<std::string>* parts = nullptr;
      bool here = false;
      double total = 0;
    } sum;
    sum.name = &name;
    sum.parts = &parts;
    for (const auto& [id, process] : processes_) {
      if (node == 0 || node == id) process.registry->visit(sum);
    }
    return sum.total;
  }
  std::string page(int id) { return exposition::page_text(*processes_.at(id).registry, exposition::Format::kText); }

 private:
  struct Process {
    std::unique_ptr<metrics::Registry> registry;
    std::unique_ptr<MpcMetrics> metrics;
    std::unique_ptr<WalletNode> node;
  };
  const int nodes_;
  const std::uint64_t seed_;
  VirtualScheduler scheduler_{kStart};
  sim::MemoryNetwork network_{scheduler_, 2};
  std::map<int, Process> processes_;
};

const std::string kTx = "mpc_transactions_total";

void expect_conserved(Wallet& wallet) {
  for (int id = 1; id <= 5; ++id) {
    EXPECT_EQ(wallet.sum(kTx, {"pending"}, id), wallet.sum(kTx, {"approved"}, id) + wallet.sum(kTx, {"rejected"}, id) +
                                                    wallet.sum(kTx, {"failed"}, id) +
                                                    wallet.sum("mpc_transaction_queue_size", {}, id))
        << id;
    for (const char* protocol : {"cggmp24", "frost"}) {
      EXPECT_EQ(wallet.sum("mpc_presignatures_generated_total", {protocol}, id),
                wallet.sum("mpc_presignatures_consumed_total", {protocol}, id) +
                    wallet.sum("mpc_presignature_pool_size", {protocol}, id))
          << id << protocol;
    }
  }
}

TEST(Wallet, Healthy) {
  Wallet wallet;
  wallet.run(21 * kMinute);
  expect_conserved(wallet);
  const double pending = wallet.sum(kTx, {"pending"});
  EXPECT_NEAR(pending, 5 * 630, 200);  // one in two seconds and node
  EXPECT_EQ(wallet.sum(kTx, {"failed"}), 0);
  EXPECT_NEAR(wallet.sum(kTx, {"rejected"}) / pending, 0.04, 0.01);
  // Every node votes once on every proposal, but for those on their way.
  EXPECT_NEAR(wallet.sum("mpc_votes_total"), 5 * pending, 25);
  EXPECT_EQ(wallet.sum("mpc_signatures_total", {"success"}), wallet.sum(kTx, {"approved"}));
  EXPECT_EQ(wallet.sum("mpc_signatures_total", {"failure"}), 0);
  EXPECT_EQ(wallet.sum("mpc_byzantine_violations_total"), 0);
  EXPECT_EQ(wallet.sum("mpc_presignature_reuse_blocked_total"), 0);
  EXPECT_EQ(wallet.sum("mpc_connected_peers"), 20);
  EXPECT_EQ(wallet.sum("mpc_dkg_ceremonies_total", {"success"}), 2);
  EXPECT_EQ(wallet.sum("mpc_key_refresh_total", {"success"}), 4);
  EXPECT_EQ(wallet.sum("mpc_key_epoch", {}, 3), 3);
  EXPECT_EQ(wallet.sum("mpc_last_backup_epoch", {}, 3), 3);
}

TEST(Wallet, ASeedRepeatsExactly) {
  Wallet a(7), b(7), c(8);
  for (Wallet* wallet : {&a, &b, &c}) wallet->run(2 * kMinute);
  EXPECT_EQ(a.page(3), b.page(3));
  EXPECT_NE(a.page(3), c.page(3));
}

TEST(Wallet, OneNodeDownStillSigns) {
  Wallet wallet;
  wallet.run(5 * kMinute);
  wallet.kill(2);
  const double before = wallet.sum(kTx, {"approved"}, 1);
  wallet.run(2 * kMinute);
  EXPECT_EQ(wallet.sum("mpc_connected_peers", {}, 1), 3);
  EXPECT_EQ(wallet.sum("mpc_active_nodes", {}, 1), 4);
  EXPECT_EQ(wallet.sum("mpc_peer_connected", {"peer=\"2\""}, 1), 0);
  EXPECT_GT(wallet.sum(kTx, {"approved"}, 1), before + 20);
  EXPECT_GT(wallet.sum("mpc_presignatures_offline", {}, 1), 0);
}

TEST(Wallet, TwoNodesDownQueueAndRecover) {
  Wallet wallet;
  wallet.run(5 * kMinute);
  wallet.kill(2);
  wallet.kill(3);
  wallet.run(kMinute);
  const double before = wallet.sum(kTx, {"approved"}, 1);
  wallet.run(6 * kMinute);
  EXPECT_EQ(wallet.sum(kTx, {"approved"}, 1), before);
  EXPECT_GT(wallet.sum("mpc_transaction_queue_size", {}, 1), 100);
  EXPECT_GT(wallet.sum("mpc_open_proposal_oldest_age_seconds", {}, 1), 300);  // MPCProposalOpenTooLong
  wallet.start(2);
  wallet.start(3);
  wallet.run(5 * kMinute);
  EXPECT_LT(wallet.sum("mpc_transaction_queue_size", {}, 1), 30);
  EXPECT_LT(wallet.sum("mpc_open_proposal_oldest_age_seconds", {}, 1), 10);
  EXPECT_GE(wallet.sum("mpc_key_epoch", {}, 2), 1);  // learnt from its peers
  EXPECT_EQ(wallet.sum("mpc_presignature_reuse_blocked_total"), 0);
}

TEST(Wallet, DoubleVoteIsSeenByAllAndAttributed) {
  Wallet wallet;
  wallet.run(2 * kMinute);
  wallet.node(4).set_fault("double_vote");
  wallet.run(kMinute);
  for (const int id : {1, 2, 3, 5}) {
    EXPECT_GT(wallet.sum("mpc_byzantine_violations_total", {"double_vote"}, id), 10) << id;
    EXPECT_EQ(wallet.sum("mpc_byzantine_violations_by_culprit_total", {"double_vote", "culprit=\"4\""}, id),
              wallet.sum("mpc_byzantine_violations_total", {}, id));
  }
  wallet.node(4).clear_faults();
  wallet.run(20 * kSecond);
  const double seen = wallet.sum("mpc_byzantine_violations_total");
  wallet.run(kMinute);
  EXPECT_EQ(wallet.sum("mpc_byzantine_violations_total"), seen);
  expect_conserved(wallet);
}

TEST(Wallet, SlowSignaturesAreSlowerThanTheAlertsBound) {
  Wallet wallet;
  wallet.run(2 * kMinute);
  const double under = wallet.sum("mpc_signature_duration_seconds", {}, 0);
  wallet.node(2).set_fault("slow_signatures");
  wallet.run(5 * kMinute);
  EXPECT_GT(wallet.sum("mpc_signature_duration_seconds"), under);
  const std::string page = wallet.page(1);
  const auto at = [&](const std::string& line) {
    const std::size_t found = page.find(line);
    return found == std::string::npos ? -1.0 : std::stod(page.substr(found + line.size()));
  };
  const std::string series = "mpc_signature_duration_seconds_bucket{protocol=\"cggmp24\",node_id=\"1\",le=";
  EXPECT_LT(at(series + "\"10\"}"), 0.95 * at(series + "\"+Inf\"}"));
  expect_conserved(wallet);
}

TEST(Wallet, PoolDepletedFailsAndRecovers) {
  Wallet wallet;
  wallet.run(2 * kMinute);
  EXPECT_NEAR(wallet.sum("mpc_presignature_pool_size", {"frost"}, 2), 40, 8);
  wallet.node(2).set_fault("pool_depleted");
  wallet.run(5 * kMinute);
  EXPECT_EQ(wallet.sum("mpc_presignature_pool_size", {}, 2), 0);
  EXPECT_GT(wallet.sum("mpc_signature_failures_total", {"not_enough_presignatures"}, 2), 10);
  EXPECT_EQ(wallet.sum("mpc_signature_failures_total", {}, 1), 0);
  wallet.node(2).clear_faults();
  wallet.run(5 * kMinute);
  EXPECT_NEAR(wallet.sum("mpc_presignature_pool_size", {"frost"}, 2), 40, 8);
  EXPECT_LT(wallet.sum("mpc_transaction_queue_size", {}, 2), 10);
}

TEST(Wallet, NoPeersIsAlone) {
  Wallet wallet;
  wallet.run(2 * kMinute);
  wallet.node(5).set_fault("no_peers");
  wallet.run(kMinute);
  EXPECT_EQ(wallet.sum("mpc_connected_peers", {}, 5), 0);
  EXPECT_EQ(wallet.sum("mpc_connected_peers", {}, 1), 3);
  wallet.node(5).clear_faults();
  wallet.run(kMinute);
  EXPECT_EQ(wallet.sum("mpc_connected_peers"), 20);
  expect_conserved(wallet);
}

TEST(Wallet, GaugesAreAbsentAtStart) {
  Wallet wallet;
  for (const char* gauge : {"mpc_connected_peers{", "mpc_presignature_pool_size{", "mpc_key_epoch{"}) {
    EXPECT_EQ(wallet.page(1).find(gauge), std::string::npos) << gauge;
  }
}

TEST(Wallet, NonsenseFromPeersIsIgnored) {
  Wallet wallet;
  wallet.run(kMinute);
  const double votes = wallet.sum("mpc_byzantine_violations_total");
  for (const char* text :
       {"", " ", "vote", "vote x", "vote 1", "vote 1 7", "prop 99999999999999999999999 0", "prop 1 0", "sign 1 2 3",
        "sign 1 1 1 5 1", "share", "presign 1 9", "epoch 99999999", "done", "keyed 0", "presigned 0", "??? 1 2"}) {
    wallet.node(1).received(2, text);
  }
  wallet.run(kMinute);
  EXPECT_EQ(wallet.sum("mpc_byzantine_violations_total"), votes);
  EXPECT_LT(wallet.sum("mpc_key_epoch", {}, 1), 10);
  expect_conserved(wallet);
}

}  // namespace
}  // namespace vigil::packs::mpc
