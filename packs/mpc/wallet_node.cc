#include "packs/mpc/wallet_node.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace vigil::packs::mpc {
namespace {

struct Protocol {
  std::string_view name;
  int rounds;          // after presigning
  double share_ms;     // computing a share
  double presign_ms;   // computing its part of a batch
  double ceremony_ms;  // computing its part of a key generation
};
constexpr std::array<Protocol, 2> kProtocols{{
    {"cggmp24", 3, 60, 900, 2500},
    {"frost", 2, 15, 120, 1200},
}};
constexpr double kPolicyCheckMs = 4;
constexpr double kFrostShare = 0.3;  // of all transactions

constexpr int kNodeShift = 56;  // of the numbers nodes give
constexpr Duration kTick = 100;
constexpr Duration kKeepBallot = 10 * kSecond;  // after the decision, for late votes
constexpr Duration kShowPeersAfter = 5 * kSecond;
constexpr Duration kSlowShare = 6 * kSecond;
constexpr Duration kWaitForPresignature = 60 * kSecond;
constexpr std::size_t kMaxBallots = 100'000;
constexpr std::size_t kMaxUsed = 100'000;
constexpr std::array<std::string_view, 4> kFaults{"double_vote", "slow_signatures", "pool_depleted", "no_peers"};

Seconds seconds(std::chrono::nanoseconds duration) { return duration; }

// Words of a message: a verb and numbers.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}
  std::string_view word() {
    const std::size_t end = std::min(text_.find(' '), text_.size());
    const std::string_view word = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    return word;
  }
  std::uint64_t number() {
    const std::string_view digits = word();
    std::uint64_t value = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    good_ = good_ && result.ec == std::errc() && result.ptr == digits.data() + digits.size();
    return value;
  }
  int small(int limit) {
    const std::uint64_t value = number();
    good_ = good_ && value < static_cast<std::uint64_t>(limit);
    return good_ ? static_cast<int>(value) : 0;
  }
  bool good() const { return good_; }

 private:
  std::string_view text_;
  bool good_ = true;
};

template <class... N>
std::string message(std::string_view verb, N... numbers) {
  std::string text(verb);
  ((text += ' ', text += std::to_string(numbers)), ...);
  return text;
}

}  // namespace

WalletNode::WalletNode(WalletOptions options, Scheduler& scheduler, const Clock& wall, sim::Network& network,
                       MpcMetrics& metrics)
    : options_(options),
      wall_(wall),
      network_(network),
      metrics_(metrics),
      name_(std::to_string(options.self)),
      clients_(options.seed, 1000 + static_cast<std::uint64_t>(options.self)),
      random_(options.seed, static_cast<std::uint64_t>(options.self)),
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

std::string_view WalletNode::protocol_name(int protocol) const {
  return kProtocols[static_cast<std::size_t>(protocol)].name;
}

Duration WalletNode::compute(double mean_ms) {
  return static_cast<Duration>(mean_ms * hardware_ * random_.between(0.85, 1.25));
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
  std::vector<TransactionId> expired;
  for (auto& [id, transaction] : own_) {
    if (transaction.phase == Phase::kVoting && now - transaction.created > options_.proposal_timeout)
      expired.push_back(id);
  }
  for (const TransactionId id : expired) finish(id, "failed");

  std::vector<TransactionId> late;
  const auto steady = tasks_.clock().steady();
  for (const auto& [id, transaction] : own_) {
    if (transaction.phase == Phase::kSigning &&
        steady - transaction.round_since > std::chrono::milliseconds(options_.round_timeout)) {
      late.push_back(id);
    }
  }
  for (const TransactionId id : late) {
    Transaction& transaction = own_.at(id);
    for (const int peer : transaction.missing) {
      if (peer != options_.self) metrics_.record_byzantine_violation(name_, "timeout", std::to_string(peer));
    }
    signature_failed(id, transaction, "timeout");
  }
  std::erase_if(ballots_, [&](const auto& entry) { return now - entry.second.seen > 2 * options_.proposal_timeout; });

  if (ceremony_.id != 0 && now - ceremony_.started > options_.round_timeout) {
    const std::string_view protocol = protocol_name(ceremony_.protocol);
    if (ceremony_.refresh) {
      metrics_.record_key_refresh(protocol, "failure");
    } else {
      metrics_.record_dkg(name_, protocol, "failure", seconds(steady - ceremony_.since));
    }
    ceremony_ = {};
  }
  for (Pool& pool : pools_) {
    if (pool.batch != 0 && now - pool.started > options_.round_timeout) pool.batch = 0;
  }
  lead_ceremony();
  generate();
  sign_waiting();
  show_queue();
  tasks_.after(kTick, [this] { tick(); });
}

void WalletNode::arrive() {
  const auto delay = static_cast<Duration>(clients_.exponential(static_cast<double>(options_.mean_arrival)));
  tasks_.after(std::max<Duration>(delay, 1), [this] {
    submit();
    arrive();
  });
}

void WalletNode::submit() {
  // Drawn in any case, so that a fault does not change what clients do later.
  const bool frost = clients_.chance(kFrostShare);
  const bool bad = clients_.chance(options_.bad_transactions);
  if (epoch_ == 0 || own_.size() >= options_.max_queue) return;
  const TransactionId id = new_id();
  Transaction transaction;
  transaction.protocol = frost ? 1 : 0;
  transaction.bad = bad;
  transaction.created = tasks_.clock().now();
  transaction.proposed = tasks_.clock().steady();
  own_.emplace(id, std::move(transaction));
  metrics_.record_transaction(name_, "pending");
  broadcast(message("prop", id, bad ? 1 : 0));
  see_proposal(id, bad);
}

void WalletNode::finish(TransactionId id, std::string_view state) {
  metrics_.record_transaction(name_, state);
  own_.erase(id);
  tasks_.after(kKeepBallot, [this, id] { ballots_.erase(id); });
  broadcast(message("done", id));
  show_queue();
}

// --- consensus ---

void WalletNode::see_proposal(TransactionId id, bool bad) {
  if (ballots_.size() >= kMaxBallots && !ballots_.contains(id)) return;
  Ballot& ballot = ballots_[id];
  ballot.seen = tasks_.clock().now();
  ballot.bad = bad;
  if (std::exchange(ballot.voted, true)) {
    // Sent again, because the proposer lost the connection: so it may have lost the vote.
    const auto mine = ballot.votes.find(options_.self);
    if (mine != ballot.votes.end()) broadcast(message("vote", id, mine->second ? 1 : 0));
    return;
  }
  const auto started = tasks_.clock().steady();
  tasks_.after(compute(kPolicyCheckMs), [this, id, started] {
    if (!ballots_.contains(id)) return;
    cast_vote(id);
    metrics_.record_vote_processing(name_, seconds(tasks_.clock().steady() - started));
  });
}

void WalletNode::cast_vote(TransactionId id) {
  const bool approve = !ballots_.at(id).bad;
  metrics_.record_vote(name_, approve ? "approve" : "reject");
  broadcast(message("vote", id, approve ? 1 : 0));
  if (double_vote_) {
    metrics_.record_vote(name_, approve ? "reject" : "approve");
    broadcast(message("vote", id, approve ? 0 : 1));
  }
  see_vote(options_.self, id, approve);
}

void WalletNode::see_vote(int voter, TransactionId id, bool approve) {
  if (ballots_.size() >= kMaxBallots && !ballots_.contains(id)) return;
  Ballot& ballot = ballots_[id];
  if (ballot.seen == 0) ballot.seen = tasks_.clock().now();
  const auto [known, first] = ballot.votes.emplace(voter, approve);
  if (!first && known->second != approve && ballot.accused.insert(voter).second) {
    metrics_.record_byzantine_violation(name_, "double_vote", std::to_string(voter));
  }
  const auto found = own_.find(id);
  if (!first || found == own_.end() || found->second.phase != Phase::kVoting) return;
  found->second.votes.emplace(voter, approve);
  decide(id, found->second);
}

void WalletNode::decide(TransactionId id, Transaction& transaction) {
  const auto approvals = std::ranges::count_if(transaction.votes, [](const auto& vote) { return vote.second; });
  const auto rejections = static_cast<std::ptrdiff_t>(transaction.votes.size()) - approvals;
  if (approvals >= options_.threshold) {
    metrics_.record_consensus_round(name_, seconds(tasks_.clock().steady() - transaction.proposed));
    transaction.phase = Phase::kWaiting;
    transaction.waiting_since = tasks_.clock().now();
    sign_waiting();
  } else if (rejections > options_.nodes - options_.threshold) {
    metrics_.record_consensus_round(name_, seconds(tasks_.clock().steady() - transaction.proposed));
    finish(id, "rejected");
  }
}

// --- signing ---

void WalletNode::sign_waiting() {
  const Timestamp now = tasks_.clock().now();
  std::size_t running = 0;
  bool consumed = false;
  for (const auto& [id, transaction] : own_) running += transaction.phase == Phase::kSigning ? 1U : 0U;
  std::vector<TransactionId> starved;
  for (auto& [id, transaction] : own_) {
    if (transaction.phase != Phase::kWaiting || running >= options_.parallel_signatures) continue;
    auto& stock = pools_[transaction.protocol].stock;
    const auto usable = std::ranges::find_if(stock, [this](const Presignature& p) { return online(p.members); });
    if (usable == stock.end()) {
      if (now - transaction.waiting_since > kWaitForPresignature) starved.push_back(id);
      continue;
    }
    transaction.presignature = usable->id;
    transaction.signers = usable->members;
    stock.erase(usable);
    consumed = true;
    metrics_.record_presignatures_consumed(name_, protocol_name(transaction.protocol));
    transaction.phase = Phase::kSigning;
    transaction.round = 1;
    transaction.signing_since = tasks_.clock().steady();
    ++running;
    begin_round(id, transaction);
  }
  for (const TransactionId id : starved) {
    Transaction& transaction = own_.at(id);
    transaction.signing_since = tasks_.clock().steady() - std::chrono::milliseconds(now - transaction.waiting_since);
    signature_failed(id, transaction, "not_enough_presignatures");
  }
  if (consumed) show_pools();
}

void WalletNode::begin_round(TransactionId id, Transaction& transaction) {
  transaction.round_since = tasks_.clock().steady();
  transaction.missing = transaction.signers;
  transaction.missing.insert(options_.self);
  for (const int peer : transaction.signers) {
    network_.send(peer, message("sign", id, transaction.attempt, transaction.round, transaction.protocol,
                                transaction.presignature));
  }
  answer_share(options_.self, id, transaction.attempt, transaction.round, transaction.protocol,
               transaction.presignature);
}

void WalletNode::answer_share(int from, TransactionId id, int attempt, int round, int protocol,
                              PresignatureId presignature) {
  if (round == 1) {
    // The one rule that must never break: a nonce signs once.
    if (!used_.insert(presignature).second) {
      metrics_.record_presignature_reuse_blocked(name_, protocol_name(protocol));
      return;
    }
    used_order_.push_back(presignature);
    if (used_order_.size() > kMaxUsed) {
      used_.erase(used_order_.front());
      used_order_.pop_front();
    }
  }
  const Duration delay = compute(kProtocols[static_cast<std::size_t>(protocol)].share_ms) + (slow_ ? kSlowShare : 0);
  tasks_.after(delay, [this, from, id, attempt, round] {
    if (from == options_.self) return share_received(from, id, attempt, round);
    network_.send(from, message("share", id, attempt, round));
  });
}

void WalletNode::share_received(int from, TransactionId id, int attempt, int round) {
  const auto found = own_.find(id);
  if (found == own_.end()) return;
  Transaction& transaction = found->second;
  if (transaction.phase != Phase::kSigning || transaction.attempt != attempt || transaction.round != round) return;
  transaction.missing.erase(from);
  if (transaction.missing.empty()) round_done(id, transaction);
}

void WalletNode::round_done(TransactionId id, Transaction& transaction) {
  const auto now = tasks_.clock().steady();
  const std::string_view protocol = protocol_name(transaction.protocol);
  metrics_.record_signature_round(protocol, transaction.round, seconds(now - transaction.round_since));
  if (transaction.round < kProtocols[static_cast<std::size_t>(transaction.protocol)].rounds) {
    ++transaction.round;
    return begin_round(id, transaction);
  }
  metrics_.record_signature(name_, protocol, "success", seconds(now - transaction.signing_since));
  finish(id, "approved");
}

void WalletNode::signature_failed(TransactionId id, Transaction& transaction, std::string_view reason) {
  const std::string_view protocol = protocol_name(transaction.protocol);
  metrics_.record_signature(name_, protocol, "failure", seconds(tasks_.clock().steady() - transaction.signing_since));
  metrics_.record_signature_failure(protocol, reason);
  if (++transaction.attempt >= options_.max_attempts) return finish(id, "failed");
  transaction.phase = Phase::kWaiting;
  transaction.waiting_since = tasks_.clock().now();
}

// --- presignatures ---

void WalletNode::generate() {
  if (epoch_ == 0 || depleted_) return;
  const auto others = static_cast<std::size_t>(options_.threshold - 1);
  for (int protocol = 0; protocol < 2; ++protocol) {
    Pool& pool = pools_[protocol];
    if (pool.batch != 0 || pool.stock.size() >= static_cast<std::size_t>(options_.pool_target)) continue;
    if (network_.connected().size() < others) continue;
    std::vector<int> candidates(network_.connected().begin(), network_.connected().end());
    while (candidates.size() > others) {
      candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(random_.below(candidates.size())));
    }
    pool.batch = new_id();
    pool.members = std::set<int>(candidates.begin(), candidates.end());
    pool.missing = pool.members;
    pool.missing.insert(options_.self);
    pool.since = tasks_.clock().steady();
    pool.started = tasks_.clock().now();
    for (const int peer : pool.members) network_.send(peer, message("presign", pool.batch, protocol));
    tasks_.after(compute(kProtocols[static_cast<std::size_t>(protocol)].presign_ms),
                 [this, batch = pool.batch] { batch_received(options_.self, batch); });
  }
}

void WalletNode::batch_received(int from, std::uint64_t batch) {
  for (int protocol = 0; protocol < 2; ++protocol) {
    Pool& pool = pools_[protocol];
    if (pool.batch != batch || batch == 0) continue;
    pool.missing.erase(from);
    if (!pool.missing.empty()) return;
    for (int i = 0; i < options_.batch; ++i) {
      pool.stock.push_back({new_id(), pool.members});
    }
    pool.batch = 0;
    pool.shown = true;
    metrics_.record_presignatures_generated(name_, protocol_name(protocol), options_.batch,
                                            seconds(tasks_.clock().steady() - pool.since));
    show_pools();
  }
}

// --- keys ---

// The first node leads; every node takes part.
void WalletNode::lead_ceremony() {
  const Timestamp now = tasks_.clock().now();
  if (options_.self != 1 || ceremony_.id != 0) return;
  if (static_cast<int>(network_.connected().size()) != options_.nodes - 1) return;
  const bool refresh = epoch_ > 0;
  if (refresh && now < next_refresh_) return;
  ceremony_.id = new_id();
  ceremony_.refresh = refresh;
  ceremony_.missing = network_.connected();
  ceremony_.missing.insert(options_.self);
  ceremony_.since = tasks_.clock().steady();
  ceremony_.started = now;
  broadcast(message("keys", ceremony_.id, ceremony_.protocol));
  tasks_.after(compute(kProtocols[static_cast<std::size_t>(ceremony_.protocol)].ceremony_ms),
               [this, id = ceremony_.id] { ceremony_received(options_.self, id); });
}

void WalletNode::ceremony_received(int from, std::uint64_t id) {
  if (id == 0 || ceremony_.id != id) return;
  ceremony_.missing.erase(from);
  if (ceremony_.missing.empty()) ceremony_done();
}

void WalletNode::ceremony_done() {
  const std::string_view protocol = protocol_name(ceremony_.protocol);
  if (ceremony_.refresh) {
    metrics_.record_key_refresh(protocol, "success");
  } else {
    metrics_.record_dkg(name_, protocol, "success", seconds(tasks_.clock().steady() - ceremony_.since));
  }
  const bool last = ceremony_.protocol == 1;
  ceremony_ = {.id = 0, .refresh = false, .protocol = last ? 0 : 1, .missing = {}, .since = {}, .started = 0};
  if (!last) return;
  adopt_epoch(epoch_ + 1);
  next_refresh_ = tasks_.clock().now() + options_.refresh_interval;
  broadcast(message("epoch", epoch_));
}

void WalletNode::adopt_epoch(std::int64_t epoch) {
  if (epoch <= epoch_) return;
  epoch_ = epoch;
  if (next_refresh_ == 0) next_refresh_ = tasks_.clock().now() + options_.refresh_interval;
  metrics_.update_key_epoch(name_, epoch_);
  tasks_.after(options_.backup_delay, [this, epoch] {
    metrics_.update_last_backup(name_, epoch, Seconds(static_cast<double>(wall_.now()) / 1000));
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
  } else if (verb == "presign") {
    const int protocol = words.small(2);
    if (!words.good()) return;
    tasks_.after(compute(kProtocols[static_cast<std::size_t>(protocol)].presign_ms),
                 [this, from, id] { network_.send(from, message("presigned", id)); });
  } else if (verb == "presigned") {
    if (words.good()) batch_received(from, id);
  } else if (verb == "keys") {
    const int protocol = words.small(2);
    if (!words.good()) return;
    tasks_.after(compute(kProtocols[static_cast<std::size_t>(protocol)].ceremony_ms),
                 [this, from, id] { network_.send(from, message("keyed", id)); });
  } else if (verb == "keyed") {
    if (words.good()) ceremony_received(from, id);
  } else if (verb == "epoch") {
    if (words.good() && id < 1'000'000) adopt_epoch(static_cast<std::int64_t>(id));
  } else if (verb == "done") {
    if (words.good()) tasks_.after(kKeepBallot, [this, id] { ballots_.erase(id); });
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
}

// --- faults ---

bool WalletNode::is_fault(std::string_view name) { return std::ranges::find(kFaults, name) != kFaults.end(); }

bool WalletNode::set_fault(std::string_view name) {
  if (name == "double_vote") {
    double_vote_ = true;
  } else if (name == "slow_signatures") {
    slow_ = true;
  } else if (name == "pool_depleted") {
    depleted_ = true;
    for (Pool& pool : pools_) {
      pool.stock.clear();
      pool.batch = 0;
    }
    show_pools();
  } else if (name == "no_peers") {
    cut_off_ = true;
    network_.isolate(true);
  } else {
    return false;
  }
  return true;
}

void WalletNode::clear_faults() {
  double_vote_ = slow_ = depleted_ = false;
  if (std::exchange(cut_off_, false)) network_.isolate(false);
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
