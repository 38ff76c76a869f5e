// One process of the simulated network, in the three layers of the software. Each layer
// knows only those below it: tasks travel over links, money over links and tasks.
//
// Not thread-safe; step() once a simulated second.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "packs/zerostate/conditions.h"
#include "packs/zerostate/zerostate_metrics.h"
#include "vigil/sim/random.h"

namespace vigil::packs::zerostate {

enum class Role : std::uint8_t { kBootnode, kEdge, kRelay };

// The world as one node finds it in one second.
struct Moment {
  std::int64_t second = 0;
  double load = 1;          // of the usual traffic
  int neighbours_down = 0;  // watched nodes that are away
  bool cut_off = false;     // this node
  bool eclipsed = false;    // this node
  bool refuses_inbound = false;
  bool first_edge = false;  // faults of a single node happen here
  const Conditions* conditions = nullptr;
};

// Draws that the layers share.
class Dice : public sim::Random {
 public:
  using Random::Random;
  // How many of events with this expectation happen.
  int count(double expected) {
    const double whole = std::floor(expected);
    return static_cast<int>(whole) + (chance(expected - whole) ? 1 : 0);
  }
  // Lognormal: a median and the spread of its logarithm.
  double lognormal(double median, double sigma) {
    // The sum of 12 uniform numbers less 6 is normal enough, and the same everywhere.
    double normal = -6;
    for (int i = 0; i < 12; ++i) normal += unit();
    return median * std::exp(sigma * normal);
  }
};

// What became of a message that is repeated until it is answered.
struct Exchange {
  bool answered = false;
  int attempts = 0;
  double seconds = 0;
};

// The p2p layer: peers, messages, gossip, DHT, relay.
class Links {
 public:
  Links(ZeroStateMetrics& metrics, Role role, Dice& dice) : metrics_(metrics), role_(role), dice_(dice) {}

  void step(const Moment& now, double banned_share, int banned);
  Exchange exchange(const Moment& now, int attempts);
  // Sessions end a few seconds after the peers fall silent.
  bool in_touch() const { return peers_ > 0 && silent_for_ < 5; }
  int peers() const { return peers_; }
  void forget() { peers_ = 0; }  // the process died

 private:
  void keep_peers(const Moment& now, double banned_share);
  void chatter(const Moment& now);
  void check_peers(const Moment& now);
  void gossip(const Moment& now);
  void search(const Moment& now);
  void relay(const Moment& now);
  int wanted(const Moment& now) const;
  double round_trip(const Moment& now) { return dice_.lognormal(0.04 * (0.7 + 0.5 * now.load), 0.5); }

  ZeroStateMetrics& metrics_;
  Role role_;
  Dice& dice_;
  int peers_ = 0;
  int silent_for_ = 0;  // seconds without an uplink
  double bytes_ = 0;    // of this second
};

// A task that has ended, for whoever pays.
struct FinishedTask {
  std::size_t peer = 0;
  bool success = false;
  double cost = 0;
};

// The execution layer of an edge node: a queue before slots, and guilds.
class Tasks {
 public:
  Tasks(ZeroStateMetrics& metrics, Links& links, Dice& dice) : metrics_(metrics), links_(links), dice_(dice) {}

  // The tasks that ended in this second.
  const std::vector<FinishedTask>& step(const Moment& now);
  double escrow() const { return escrow_; }

 private:
  struct Running {
    double ends = 0;
    double duration = 0;
    double waited = 0;
    TaskResult result = TaskResult::kSuccess;
    FinishedTask outcome;
  };
  void start(const Moment& now, double waited);
  void finish(const Running& task);
  void keep_guilds(const Moment& now);

  ZeroStateMetrics& metrics_;
  Links& links_;
  Dice& dice_;
  std::deque<std::int64_t> queue_;  // when they came
  std::vector<Running> running_;
  std::vector<FinishedTask> finished_;
  double escrow_ = 0;
  int guilds_ = 2;
};

// The economic layer of an edge node: channels, payments, settlements, disputes, peers.
class Money {
 public:
  Money(ZeroStateMetrics& metrics, Links& links, Dice& dice);

  void step(const Moment& now, const std::vector<FinishedTask>& finished, double escrow);
  double banned_share() const { return static_cast<double>(banned_) / kKnownPeers; }
  int banned() const { return banned_; }

  static constexpr int kKnownPeers = 200;

 private:
  struct Dispute {
    std::int64_t opened = 0;
    std::int64_t answered = 0;  // when the watchtower has won it
    std::int64_t deadline = 0;
  };
  struct Pending {
    double ends = 0;
    double tokens = 0;
    double duration = 0;
  };
  void pay(const Moment& now, double tokens);
  void keep_channels(const Moment& now);
  void settle(const Moment& now);
  void dispute(const Moment& now);
  void judge_peers(const Moment& now, const std::vector<FinishedTask>& finished);
  void show(const Moment& now, double escrow);
  double per_channel() const { return locked_ / std::max(1, active_ + closing_ + disputed_); }

  ZeroStateMetrics& metrics_;
  Links& links_;
  Dice& dice_;
  int opening_ = 0, active_ = 0, closing_ = 0, closed_ = 0, disputed_ = 0;
  bool reviving_ = false;  // channels that were to close stay open after all
  double locked_ = 0;
  double highest_locked_ = 0;
  std::deque<Dispute> disputes_;
  bool trapped_ = false;  // a dispute nobody answers is among them
  std::vector<Pending> pending_;
  std::vector<double> reputation_;
  std::vector<std::string> names_;
  int banned_ = 0;
};

class SimulatedNode {
 public:
  SimulatedNode(metrics::Registry& registry, Role role, std::uint64_t seed, std::uint64_t number);

  void step(const Moment& now);
  void forget() { links_.forget(); }

 private:
  void check_health(const Moment& now);

  Role role_;
  Dice dice_;
  ZeroStateMetrics metrics_;
  Links links_;
  Tasks tasks_;
  Money money_;
};

}  // namespace vigil::packs::zerostate
