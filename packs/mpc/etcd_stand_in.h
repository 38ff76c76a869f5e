// A cluster of three etcd members as their /metrics show it: locks of the wallet become
// proposals, proposals cost an fsync on every member and a round trip between them.
//
// Not thread-safe, but for visits of the registries.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "packs/mpc/mpc_metrics.h"
#include "vigil/base/time.h"
#include "vigil/metrics/metrics.h"
#include "vigil/sim/random.h"

namespace vigil::packs::mpc {

class EtcdCluster {
 public:
  static constexpr int kMembers = 3;

  struct Conditions {
    bool slow_disks = false;       // two members share a disk with somebody busy
    bool slow_network = false;     // the members are far from each other
    bool flapping_leader = false;  // loses its term every 90 seconds
    bool quorum_lost = false;      // only the first member is left
  };

  EtcdCluster(std::array<metrics::Registry*, kMembers> registries, sim::Random random);

  void set(Conditions conditions, Timestamp now);
  // One second passes.
  void tick(Timestamp now);
  // A lock for the wallet: two proposals. Nothing without a leader.
  std::optional<Seconds> lock(Timestamp now);
  bool is_up(int member) const { return member == 0 || !conditions_.quorum_lost; }

 private:
  struct Member {
    Member(metrics::Registry& registry, EtcdCluster& cluster);
    std::atomic<bool> has_leader = true;
    metrics::Histogram<> fsync, commit;
    metrics::Histogram<"To"> round_trip;
    metrics::Collector leader, changes, committed, failed, size, quota;
  };

  bool has_leader(Timestamp now) const { return !conditions_.quorum_lost && now >= leaderless_until_; }
  void elect(Timestamp now);
  // Proposed, written and acknowledged by the quorum.
  Seconds propose();
  Seconds draw_fsync(int member);
  Seconds draw_round_trip();

  sim::Random random_;
  Conditions conditions_;
  Timestamp leaderless_until_ = 0, next_election_ = 0, next_probe_ = 0;
  std::atomic<double> changes_ = 1, committed_ = 0, failed_ = 0;  // read by who visits the registries
  std::vector<std::unique_ptr<Member>> members_;                  // they read the above, so they go first
};

}  // namespace vigil::packs::mpc
