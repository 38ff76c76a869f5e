// Chooses the peers that have series of their own: a network has thousands, a family
// shows 10 and "other".
//
// Scores: the 10 best at the time of the page; "other" is the mean of the rest.
// Tasks: the 10 busiest. A peer gets in when it has finished a tenth more tasks than
// the least of the ten, so that peers of equal rank do not change places at every task.
// A peer's counter is all its tasks; "other" counts tasks of peers at times when they
// had no series. So no counter ever goes down, and the rates add up.
//
// At most `max_tracked` peers are known; beyond it the one not heard of for longest is
// forgotten (one of the ten never is), and starts anew when it comes back. An id that
// cannot be a label (empty, over 128 bytes, not UTF-8, "other") has no score and its
// tasks are other's.
//
// Thread-safety: any thread; each call takes the lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "packs/zerostate/catalog/economic.h"
#include "vigil/base/mutex.h"
#include "vigil/metrics/registry.h"

namespace vigil::packs::zerostate {

inline constexpr std::size_t kDefaultTrackedPeers = 1024;

class PeerRanking {
 public:
  // `max_tracked` is at least twice the number of peers shown.
  explicit PeerRanking(std::size_t max_tracked = kDefaultTrackedPeers);

  void record_score(std::string_view peer, double score);
  // A finished task of `peer`, and what it cost.
  void record_task(std::string_view peer, bool success, double cost);

  // The three families, in the order of their labels in catalog/economic.h.
  void collect_scores(metrics::CollectorSink& sink) const;
  void collect_tasks(metrics::CollectorSink& sink) const;
  void collect_costs(metrics::CollectorSink& sink) const;

  std::size_t tracked() const;

 private:
  struct Tasks {
    std::uint64_t success = 0;
    std::uint64_t failure = 0;
    double cost = 0;

    std::uint64_t count() const { return success + failure; }
    void add(bool ok, double tokens) {
      (ok ? success : failure) += 1;
      cost += tokens;
    }
  };
  struct Peer {
    std::string id;
    std::optional<double> score;
    Tasks tasks;
    bool shown = false;  // one of the busiest
  };
  using Peers = std::list<Peer>;

  // The peer, moved to the front; another one is forgotten if it is new and there is no room.
  Peer& touch(std::string_view id) REQUIRES(mutex_);
  // Gives `peer` a series of its own if it is busy enough.
  void promote(Peer& peer) REQUIRES(mutex_);

  const std::size_t max_tracked_;
  mutable Mutex mutex_;
  Peers peers_ GUARDED_BY(mutex_);                                                  // the last heard of first
  std::unordered_map<std::string_view, Peers::iterator> index_ GUARDED_BY(mutex_);  // keys live in peers_
  std::list<Peer*> shown_ GUARDED_BY(mutex_);
  Tasks others_ GUARDED_BY(mutex_);
};

}  // namespace vigil::packs::zerostate
