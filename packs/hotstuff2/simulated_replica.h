// One replica of the simulated network: its state, its machine, and the metrics it
// records. See simulation.h.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "packs/hotstuff2/faults.h"
#include "packs/hotstuff2/hotstuff2_metrics.h"
#include "vigil/base/clock.h"
#include "vigil/sim/random.h"

namespace vigil::packs::hotstuff2 {

struct Block {
  std::uint64_t height = 0;
  std::uint64_t view = 0;
  std::uint64_t transactions = 0;
  Seconds latency{};  // proposal to commit
};

// What a view came to, for everybody who took part.
struct View {
  std::uint64_t number = 0;
  int leader = 0;
  bool committed = false;
  bool delayed = false;  // the leader waited for locks
  Seconds wait{}, build{}, prepare{}, commit{}, timer{};
  std::uint64_t transactions = 0;
  std::vector<int> participants;  // hear the leader, itself included
  std::vector<int> votes;         // … and vote
  std::vector<int> counted;       // … in time for the certificate
};

// One second of the world around a replica.
struct Second {
  double arrivals = 0;  // transactions
  double refused = 0;   // the pool was full
  double pool = 0;
  std::map<int, Seconds> round_trips;  // by reachable replica
  bool quorum = true;                  // is within reach
  bool mismatch = false;               // somebody's digest differs
};

class SimulatedReplica {
 public:
  SimulatedReplica(int number, const std::vector<std::string>& names, std::uint64_t seed, const Clock& clock,
                   metrics::Registry& registry);

  // A decided view: the leader's part, the votes, the block that this replica will execute.
  void take_part(const View& view, const std::vector<std::string>& names);
  void time_out(const View& view, bool certificate, const std::vector<std::string>& names);
  void enqueue(const Block& block);
  // Executes what it has time for.
  void execute();
  void live_through(const Second& second, const std::vector<std::string>& names);
  // Back in contact: it learns the view of the others.
  void synchronise(std::uint64_t view);
  void recover();  // after a fault

  Seconds write_time() { return condition.disk_delay * random_.between(0.8, 1.3); }
  double cpu() const { return cpu_; }

  const int id;
  Condition condition;
  HotStuffMetrics metrics;

 private:
  void follow_peers(const Second& second, const std::vector<std::string>& names);
  void use_resources(const Second& second);
  void gossip(const Second& second);
  void store(const Block& block);
  void check_health(const Second& second);
  void wait_alone(bool quorum);

  const Clock& clock_;
  sim::Random random_;
  std::deque<Block> backlog_;
  double free_at_ = 0;  // seconds: when the executor is done
  std::uint64_t view_ = 1;
  std::map<int, bool> peers_;  // connected now
  bool had_quorum_ = true;
  double alone_timer_ = 3, alone_for_ = 0;
  double cpu_ = 0.2, leaked_ = 0, filled_ = 0;
  double written_ = 250e9;
  double accounts_ = 1.2e6;
  std::uint64_t seconds_ = 0;
  std::uint64_t timeouts_ = 0;  // in the last seconds, for health
};

}  // namespace vigil::packs::hotstuff2
