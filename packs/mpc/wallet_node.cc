#include "packs/mpc/wallet_node.h"

#include <algorithm>
#include <utility>

#include "packs/mpc/protocols.h"
#include "packs/mpc/wire.h"

namespace vigil::packs::mpc {
namespace {

constexpr int kNodeShift = 56;  // of the numbers nodes give
constexpr Duration kShowPeersAfter = 5 * kSecond;
constexpr double kMessageCpu = 0.0003;           // TLS and decoding, seconds
constexpr double kIdleCpu = 0.02;                // of a core
constexpr double kSpinningCpu = 0.95;            // of a core, by busy_cpu
constexpr double kBusySlowdown = 3;              // of everything else meanwhile
constexpr double kBaseMemory = 180 << 20;        // program, key shares, caches
constexpr double kTransactionMemory = 16 << 10;  // with its proofs
constexpr double kBallotMemory = 2 << 10;
constexpr double kPresignatureMemory = 256 << 10;

}  // namespace

WalletNode::WalletNode(WalletOptions options, Scheduler& scheduler, const Clock& wall, sim::Network& network,
                       MpcMetrics& metrics)
    : options_(std::move(options)),
      wall_(wall),
      network_(network),
      metrics_(metrics),
      name_(std::to_string(options_.self)),
      clients_(options_.seed, 1000 + static_cast<std::uint64_t>(options_.self)),
      random_(options_.seed, static_cast<std::uint64_t>(options_.self)),
      hardware_(random_.between(0.8, 1.3)),
      tasks_(scheduler) {}

void WalletNode::start() {
  metrics_.initialize(name_, options_.threshold, options_.nodes);
  const double today = static_cast<double>(wall_.now()) / 1000;
  metrics_.update_tls_certificate_expiry(name_, "own", Seconds(today + 90.0 * 86400));
  metrics_.update_tls_certificate_expiry(name_, "peer", Seconds(today + 90.0 * 86400));
  metrics_.update_tls_certificate_expiry(name_, "ca", Seconds(today + 1825.0 * 86400));
  // A restarted node must not repeat the numbers of its former life.
  next_id_ = static_cast<std::uint64_t>(tasks_.clock().now()) << 12;
  tasks_.after(kShowPeersAfter, [this] {
    had_peer_ = true;
    show_peers();
  });
  tasks_.run([this] { tick(); });
  arrive();
}

// Numbered by its maker, so that no two nodes make the same.
std::uint64_t WalletNode::new_id() {
  return static_cast<std::uint64_t>(options_.self) << kNodeShift | (++next_id_ & ((1ULL << kNodeShift) - 1));
}

std::string_view WalletNode::protocol_name(int protocol) const { return protocol_of(protocol).name; }

Duration WalletNode::compute(double mean_ms) {
  const double time = mean_ms * hardware_ * random_.between(0.85, 1.25);
  usage_.cpu_seconds += time / 1000;
  return static_cast<Duration>(faults_.busy_cpu ? time * kBusySlowdown : time);
}

bool WalletNode::online(const std::set<int>& members) const {
  return std::ranges::includes(network_.connected(), members);
}

void WalletNode::broadcast(const std::string& text) {
  for (const int peer : network_.connected()) network_.send(peer, text);
}

// --- the node's life ---

void WalletNode::tick() {
  const Timestamp now = tasks_.clock().now();
  expire_proposals(now);
  expire_rounds();
  expire_batches(now);
  expire_ceremony(now);
  lead_ceremony();
  generate();
  sign_waiting();
  show_queue();
  replay_presignature(now);
  account(options_.tick);
  tasks_.after(options_.tick, [this] { tick(); });
}

void WalletNode::account(Duration passed) {
  const double seconds = static_cast<double>(passed) / 1000;
  usage_.cpu_seconds += seconds * (faults_.busy_cpu ? kSpinningCpu : kIdleCpu);
  const std::size_t stock = pools_[0].stock.size() + pools_[1].stock.size();
  usage_.memory_bytes = kBaseMemory + static_cast<double>(own_.size()) * kTransactionMemory +
                        static_cast<double>(ballots_.size()) * kBallotMemory +
                        static_cast<double>(stock) * kPresignatureMemory;
}

void WalletNode::arrive() {
  const double busy = options_.load ? options_.load(tasks_.clock().now()) : 1;
  const auto delay = static_cast<Duration>(clients_.exponential(static_cast<double>(options_.mean_arrival)) / busy);
  tasks_.after(std::max<Duration>(delay, 1), [this] {
    submit();
    arrive();
  });
}

// --- network ---

void WalletNode::peer_up(int peer) {
  had_peer_ = true;
  metrics_.update_peer_connected(name_, std::to_string(peer), true);
  show_peers();
  if (epoch_ > 0) network_.send(peer, message("epoch", epoch_));
  for (const auto& [id, transaction] : own_) {
    if (transaction.phase == Phase::kVoting) network_.send(peer, message("prop", id, transaction.bad ? 1 : 0));
  }
}

void WalletNode::peer_down(int peer) {
  metrics_.update_peer_connected(name_, std::to_string(peer), false);
  show_peers();
  std::vector<TransactionId> broken;
  for (const auto& [id, transaction] : own_) {
    if (transaction.phase == Phase::kSigning && transaction.missing.contains(peer)) broken.push_back(id);
  }
  for (const TransactionId id : broken) signature_failed(id, own_.at(id), "peer_offline");
  for (Pool& pool : pools_) {
    if (pool.missing.contains(peer)) pool.batch = 0;
  }
  show_pools();
}

void WalletNode::received(int from, std::string_view text) {
  Words words(text);
  const std::string_view verb = words.word();
  const std::uint64_t id = words.number();
  if (verb == "vote") {
    const int approve = words.small(2);
    if (words.good()) see_vote(from, id, approve == 1);
  } else if (verb == "prop") {
    const int bad = words.small(2);
    if (words.good() && id >> kNodeShift == static_cast<std::uint64_t>(from)) see_proposal(id, bad == 1);
  } else if (verb == "share") {
    const int attempt = words.small(1000);
    const int round = words.small(7);
    if (words.good()) share_received(from, id, attempt, round);
  } else if (verb == "sign") {
    const int attempt = words.small(1000);
    const int round = words.small(7);
    const int protocol = words.small(2);
    const PresignatureId presignature = words.number();
    if (words.good()) answer_share(from, id, attempt, round, protocol, presignature);
  } else if (verb == "refuse" || verb == "bad") {
    const int attempt = words.small(1000);
    if (words.good()) share_failed(from, id, attempt, verb == "bad" ? "invalid_share" : "abort");
  } else if (verb == "presign") {
    const int protocol = words.small(2);
    if (!words.good()) return;
    tasks_.after(compute(protocol_of(protocol).presign_ms),
                 [this, from, id] { network_.send(from, message("presigned", id)); });
  } else if (verb == "presigned") {
    if (words.good()) batch_received(from, id);
  } else if (verb == "keys") {
    const int protocol = words.small(2);
    if (!words.good()) return;
    tasks_.after(compute(protocol_of(protocol).ceremony_ms),
                 [this, from, id] { network_.send(from, message("keyed", id)); });
  } else if (verb == "keyed") {
    if (words.good()) ceremony_received(from, id);
  } else if (verb == "epoch") {
    if (words.good() && id < 1'000'000) adopt_epoch(static_cast<std::int64_t>(id));
  } else if (verb == "done") {
    if (words.good()) forget_ballot(id);
  }
}

void WalletNode::network_error(sim::NetworkError error) {
  switch (error) {
    case sim::NetworkError::kConnection: metrics_.record_network_error(name_, "connection"); return;
    case sim::NetworkError::kTimeout: metrics_.record_network_error(name_, "timeout"); return;
    case sim::NetworkError::kHandshake: metrics_.record_network_error(name_, "handshake"); return;
  }
}

void WalletNode::round_trip(int, double time) { metrics_.record_peer_rtt(name_, Seconds(time)); }

void WalletNode::traffic(std::uint64_t received_bytes, std::uint64_t sent_bytes) {
  metrics_.record_network_bytes(name_, "rx", received_bytes);
  metrics_.record_network_bytes(name_, "tx", sent_bytes);
  usage_.received_bytes += received_bytes;
  usage_.sent_bytes += sent_bytes;
  usage_.received_messages += received_bytes > 0 ? 1U : 0U;
  usage_.sent_messages += sent_bytes > 0 ? 1U : 0U;
  usage_.cpu_seconds += kMessageCpu;
}

// --- faults ---

bool WalletNode::is_fault(std::string_view name) {
  return std::ranges::find(kWalletFaults, name, &NamedWalletFault::name) != kWalletFaults.end();
}

bool WalletNode::set_fault(std::string_view name) {
  const auto* const found = std::ranges::find(kWalletFaults, name, &NamedWalletFault::name);
  if (found == kWalletFaults.end()) return false;
  faults_.*found->flag = true;
  if (name == "pool_depleted" || name == "pool_low") discard_presignatures();
  if (name == "no_peers") network_.isolate(true);
  if (name == "backup_outdated") show_backup(1, 2 * kDay);
  return true;
}

void WalletNode::clear_faults() {
  const WalletFaults past = std::exchange(faults_, {});
  if (past.no_peers) network_.isolate(false);
  if (past.silent_voter) cast_missing_votes();
  if (past.backup_fails || past.backup_outdated) back_up();
}

// --- gauges ---

void WalletNode::show_peers() {
  if (!had_peer_) return;
  const auto peers = static_cast<int>(network_.connected().size());
  metrics_.update_connected_peers(name_, peers);
  metrics_.update_active_nodes(peers + 1);
}

void WalletNode::show_pools() {
  for (int protocol = 0; protocol < 2; ++protocol) {
    const Pool& pool = pools_[protocol];
    if (!pool.shown) continue;
    const auto offline =
        std::ranges::count_if(pool.stock, [this](const Presignature& p) { return !online(p.members); });
    metrics_.update_presignature_pool_size(name_, protocol_name(protocol),
                                           static_cast<std::int64_t>(pool.stock.size()));
    metrics_.update_presignatures_offline(name_, protocol_name(protocol), offline);
  }
}

void WalletNode::show_queue() {
  std::int64_t open = 0;
  Timestamp oldest = tasks_.clock().now();
  for (const auto& [id, transaction] : own_) {
    if (transaction.phase != Phase::kVoting) continue;
    ++open;
    oldest = std::min(oldest, transaction.created);
  }
  metrics_.update_transaction_queue_size(name_, static_cast<std::int64_t>(own_.size()));
  metrics_.update_open_proposals(name_, open, Seconds(static_cast<double>(tasks_.clock().now() - oldest) / 1000));
}

}  // namespace vigil::packs::mpc
