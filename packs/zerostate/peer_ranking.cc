#include "packs/zerostate/peer_ranking.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "vigil/base/strings.h"

namespace vigil::packs::zerostate {
namespace {

constexpr std::size_t kShown = catalog::kShownPeers;
constexpr std::string_view kOther = "other";
constexpr std::string_view kSuccess = catalog::kEconomicResults.values[0];
constexpr std::string_view kFailure = catalog::kEconomicResults.values[1];

constexpr std::size_t kMaxIdBytes = 128;

// Ids come from the network: one that reads "other", or that would not look the same
// on the page, must not stand for two series.
bool is_label(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdBytes && id != kOther && is_valid_utf8(id);
}

double average(double sum, std::uint64_t count) { return sum / static_cast<double>(count); }

}  // namespace

PeerRanking::PeerRanking(std::size_t max_tracked) : max_tracked_(std::max(max_tracked, 2 * kShown)) {}

PeerRanking::Peer& PeerRanking::touch(std::string_view id) {
  if (const auto found = index_.find(id); found != index_.end()) {
    peers_.splice(peers_.begin(), peers_, found->second);
    return peers_.front();
  }
  if (peers_.size() >= max_tracked_) {
    // Few are shown, so the search is short.
    const auto oldest = std::find_if(peers_.rbegin(), peers_.rend(), [](const Peer& peer) { return !peer.shown; });
    index_.erase(oldest->id);
    peers_.erase(std::next(oldest).base());
  }
  peers_.push_front({std::string(id), {}, {}, false});
  index_.emplace(peers_.front().id, peers_.begin());
  return peers_.front();
}

void PeerRanking::promote(Peer& peer) {
  if (shown_.size() >= kShown) {
    const auto least = std::ranges::min_element(shown_, {}, [](const Peer* p) { return p->tasks.count(); });
    if (10 * peer.tasks.count() <= 11 * (*least)->tasks.count()) return;
    (*least)->shown = false;
    shown_.erase(least);
  }
  peer.shown = true;
  shown_.push_back(&peer);
}

void PeerRanking::record_score(std::string_view id, double score) {
  if (!is_label(id)) return;
  MutexLock lock(mutex_);
  touch(id).score = score;
}

void PeerRanking::record_task(std::string_view id, bool success, double cost) {
  MutexLock lock(mutex_);
  if (!is_label(id)) {
    others_.add(success, cost);
    return;
  }
  Peer& peer = touch(id);
  peer.tasks.add(success, cost);
  if (!peer.shown) promote(peer);
  if (!peer.shown) others_.add(success, cost);
}

void PeerRanking::collect_scores(metrics::CollectorSink& sink) const {
  MutexLock lock(mutex_);
  std::vector<const Peer*> scored;
  for (const Peer& peer : peers_) {
    if (peer.score.has_value()) scored.push_back(&peer);
  }
  const auto shown = scored.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, scored.size()));
  // Equal scores in order of id: the same ten at every page.
  std::ranges::partial_sort(scored, shown, [](const Peer* a, const Peer* b) {
    return *a->score != *b->score ? *a->score > *b->score : a->id < b->id;
  });
  for (auto peer = scored.begin(); peer != shown; ++peer) sink.point({(*peer)->id}, *(*peer)->score);
  if (shown == scored.end()) return;
  double sum = 0;
  for (auto peer = shown; peer != scored.end(); ++peer) sum += *(*peer)->score;
  sink.point({kOther}, average(sum, static_cast<std::uint64_t>(scored.end() - shown)));
}

void PeerRanking::collect_tasks(metrics::CollectorSink& sink) const {
  MutexLock lock(mutex_);
  const auto show = [&sink](std::string_view peer, const Tasks& tasks) {
    sink.point({peer, kSuccess}, static_cast<double>(tasks.success));
    sink.point({peer, kFailure}, static_cast<double>(tasks.failure));
  };
  show(kOther, others_);
  for (const Peer* peer : shown_) show(peer->id, peer->tasks);
}

void PeerRanking::collect_costs(metrics::CollectorSink& sink) const {
  MutexLock lock(mutex_);
  for (const Peer* peer : shown_) sink.point({peer->id}, average(peer->tasks.cost, peer->tasks.count()));
  if (others_.count() > 0) sink.point({kOther}, average(others_.cost, others_.count()));
}

std::size_t PeerRanking::tracked() const {
  MutexLock lock(mutex_);
  return peers_.size();
}

}  // namespace vigil::packs::zerostate
