// One node of a simulated MPC wallet: clients submit transactions, all nodes vote,
// the proposer gathers signature shares from a quorum. Everything it records follows
// from messages and timers; nothing is invented.
//
// A transaction belongs to the node that proposed it, and only that node records its
// states: pending = approved + rejected + failed + queue, always. A signature uses up
// one presignature of its coordinator: generated = consumed + pool (while no fault
// throws a pool away).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "packs/mpc/mpc_metrics.h"
#include "packs/mpc/surroundings.h"
#include "packs/mpc/wallet_faults.h"
#include "vigil/base/scheduler.h"
#include "vigil/sim/network.h"
#include "vigil/sim/random.h"
#include "vigil/sim/tasks.h"

namespace vigil::packs::mpc {

struct WalletOptions {
  int self = 1;
  int nodes = 5;
  int threshold = 4;
  std::uint64_t seed = 1;
  Duration mean_arrival = 2 * kSecond;  // between transactions of this node's clients
  double bad_transactions = 0.04;       // against policy: every honest node rejects them
  std::size_t max_queue = 1000;         // then clients are turned away
  std::size_t parallel_signatures = 4;
  int pool_target = 40;  // presignatures per protocol
  int batch = 8;
  int max_attempts = 3;  // to sign one transaction
  Duration round_timeout = 60 * kSecond;
  Duration proposal_timeout = 10 * kMinute;
  Duration refresh_interval = 10 * kMinute;  // of the key shares; needs every node
  Duration backup_delay = 30 * kSecond;      // after a new epoch
  Duration tick = 100;                       // how often time-outs are looked at
  // How busy the clients are at a time, 1 = as usual; empty: always as usual.
  std::function<double(Timestamp)> load = {};
  Surroundings* surroundings = nullptr;  // outlives the node; null: locks and rows are free
};

// Not thread-safe: everything happens on tasks of the scheduler, one at a time.
class WalletNode final : public sim::NetworkEvents {
 public:
  // `wall` gives the dates on the page (backups, certificates); durations are the scheduler's.
  WalletNode(WalletOptions options, Scheduler& scheduler, const Clock& wall, sim::Network& network,
             MpcMetrics& metrics);

  // Begins to serve. The network's events may come from now on.
  void start();
  // Nothing happens by itself afterwards. Any thread.
  void stop() { tasks_.close(); }

  // One of kWalletFaults; false for another name.
  bool set_fault(std::string_view name);
  void clear_faults();
  static bool is_fault(std::string_view name);

  // What the node has cost the machine, since it was made.
  struct Usage {
    double cpu_seconds = 0;
    double memory_bytes = 0;  // now
    std::uint64_t received_bytes = 0, sent_bytes = 0;
    std::uint64_t received_messages = 0, sent_messages = 0;
  };
  const Usage& usage() const { return usage_; }

  void peer_up(int peer) override;
  void peer_down(int peer) override;
  void received(int from, std::string_view message) override;
  void network_error(sim::NetworkError error) override;
  void round_trip(int peer, double seconds) override;
  void traffic(std::uint64_t received_bytes, std::uint64_t sent_bytes) override;

 private:
  using TransactionId = std::uint64_t;  // the proposer in the upper byte
  using PresignatureId = std::uint64_t;

  enum class Phase { kVoting, kWaiting, kSigning };
  // A transaction of our own clients.
  struct Transaction {
    int protocol = 0;
    bool bad = false;
    Timestamp created = 0;
    Phase phase = Phase::kVoting;
    std::map<int, bool> votes;
    // While signing:
    int attempt = 0;
    int round = 0;
    PresignatureId presignature = 0;
    std::set<int> signers;  // others than us
    std::set<int> missing;  // in this round
    Timestamp waiting_since = 0;
    std::chrono::nanoseconds signing_since{};
    std::chrono::nanoseconds round_since{};
    std::chrono::nanoseconds proposed{};
  };
  // What we know of anybody's proposal.
  struct Ballot {
    std::map<int, bool> votes;
    std::set<int> accused;  // double voters
    bool voted = false;     // we, or we are about to
    bool approve = false;
    bool bad = false;
    Timestamp seen = 0;
  };
  struct Presignature {
    PresignatureId id = 0;
    std::set<int> members;  // others than us
  };
  struct Pool {
    std::deque<Presignature> stock;
    bool shown = false;       // a gauge appears with the first batch
    std::uint64_t batch = 0;  // in the making, 0: none
    std::set<int> members;
    std::set<int> missing;
    std::chrono::nanoseconds since{};
    Timestamp started = 0;
  };
  // A key generation or refresh that we lead.
  struct Ceremony {
    std::uint64_t id = 0;  // 0: none
    bool refresh = false;
    int protocol = 0;
    std::set<int> missing;
    std::chrono::nanoseconds since{};
    Timestamp started = 0;
  };

  void tick();
  void arrive();
  void account(Duration passed);
  std::uint64_t new_id();

  // wallet_consensus.cc
  void submit();
  void propose(bool frost, bool bad);
  bool store(Row row);
  void cast_missing_votes();
  void finish(TransactionId id, std::string_view state);
  void expire_proposals(Timestamp now);
  void forget_ballot(TransactionId id);
  void see_proposal(TransactionId id, bool bad);
  void cast_vote(TransactionId id);
  void see_vote(int voter, TransactionId id, bool approve);
  void decide(TransactionId id, Transaction& transaction);

  // wallet_signing.cc
  void sign_waiting();
  void begin_round(TransactionId id, Transaction& transaction);
  void answer_share(int from, TransactionId id, int attempt, int round, int protocol, PresignatureId presignature);
  void share_received(int from, TransactionId id, int attempt, int round);
  void round_done(TransactionId id, Transaction& transaction);
  void signature_failed(TransactionId id, Transaction& transaction, std::string_view reason);
  void share_failed(int from, TransactionId id, int attempt, std::string_view reason);
  void expire_rounds();
  void replay_presignature(Timestamp now);
  void discard_presignatures();
  void generate();
  void batch_received(int from, std::uint64_t batch);
  void expire_batches(Timestamp now);

  // wallet_keys.cc
  void lead_ceremony();
  void ceremony_received(int from, std::uint64_t id);
  void ceremony_done();
  void adopt_epoch(std::int64_t epoch);
  void expire_ceremony(Timestamp now);
  void back_up();
  void show_backup(std::int64_t epoch, Duration age);

  void show_peers();
  void show_pools();
  void show_queue();
  void broadcast(const std::string& message);
  Duration compute(double mean_ms);
  bool online(const std::set<int>& members) const;
  std::string_view protocol_name(int protocol) const;

  const WalletOptions options_;
  const Clock& wall_;
  sim::Network& network_;
  MpcMetrics& metrics_;
  const std::string name_;
  sim::Random clients_;  // on its own, so that clients do the same whatever the network does
  sim::Random random_;
  double hardware_;  // how slow this node computes, 1 = average

  std::map<TransactionId, Transaction> own_;
  std::map<TransactionId, Ballot> ballots_;
  Pool pools_[2];
  Ceremony ceremony_;
  std::set<PresignatureId> used_;          // shares given away, never again
  std::deque<PresignatureId> used_order_;  // oldest first, to bound them
  std::uint64_t next_id_ = 0;
  std::int64_t epoch_ = 0;
  Timestamp next_refresh_ = 0;
  std::uint64_t submitted_ = 0;
  bool had_peer_ = false;
  WalletFaults faults_;
  Usage usage_;
  // The last signature we led, for nonce_reuse.
  struct {
    TransactionId transaction = 0;  // 0: none yet
    int protocol = 0;
    PresignatureId presignature = 0;
    std::set<int> signers;
  } last_signed_;
  Timestamp next_replay_ = 0;
  sim::TaskScope tasks_;
};

}  // namespace vigil::packs::mpc
