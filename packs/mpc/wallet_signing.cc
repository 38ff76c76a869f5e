// Threshold signing in rounds, and the presignatures that it uses up.
#include <algorithm>
#include <string>

#include "packs/mpc/protocols.h"
#include "packs/mpc/wallet_node.h"
#include "packs/mpc/wire.h"

namespace vigil::packs::mpc {
namespace {

constexpr Duration kSlowShare = 6 * kSecond;
constexpr Duration kWaitForPresignature = 60 * kSecond;
constexpr Duration kReplayInterval = 30 * kSecond;
constexpr std::size_t kMaxUsed = 100'000;
constexpr std::size_t kLowPool = 2;

}  // namespace

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
    last_signed_ = {id, transaction.protocol, transaction.presignature, transaction.signers};
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
  const Duration delay = compute(protocol_of(protocol).share_ms) + (faults_.slow_signatures ? kSlowShare : 0);
  tasks_.after(delay, [this, from, id, attempt, round] {
    if (faults_.signing_refused || faults_.invalid_shares) {
      const std::string_view verb = faults_.signing_refused ? "refuse" : "bad";
      // Its own coordinator does not check what it computed itself.
      if (from != options_.self) return network_.send(from, message(verb, id, attempt));
      if (faults_.signing_refused) return share_failed(from, id, attempt, "abort");
    }
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
  metrics_.record_signature_round(protocol, transaction.round, Seconds(now - transaction.round_since));
  if (transaction.round < protocol_of(transaction.protocol).rounds) {
    ++transaction.round;
    return begin_round(id, transaction);
  }
  metrics_.record_signature(name_, protocol, "success", Seconds(now - transaction.signing_since));
  finish(id, "approved");
}

void WalletNode::signature_failed(TransactionId id, Transaction& transaction, std::string_view reason) {
  const std::string_view protocol = protocol_name(transaction.protocol);
  metrics_.record_signature(name_, protocol, "failure", Seconds(tasks_.clock().steady() - transaction.signing_since));
  metrics_.record_signature_failure(protocol, reason);
  if (++transaction.attempt >= options_.max_attempts) return finish(id, "failed");
  transaction.phase = Phase::kWaiting;
  transaction.waiting_since = tasks_.clock().now();
}

void WalletNode::share_failed(int from, TransactionId id, int attempt, std::string_view reason) {
  const auto found = own_.find(id);
  if (found == own_.end() || found->second.phase != Phase::kSigning || found->second.attempt != attempt) return;
  if (reason == "invalid_share") {
    metrics_.record_byzantine_violation(name_, "invalid_signature", std::to_string(from));
  }
  signature_failed(id, found->second, reason);
}

// As a node does that was set back to a snapshot of itself.
void WalletNode::replay_presignature(Timestamp now) {
  if (!faults_.nonce_reuse || last_signed_.transaction == 0 || now < next_replay_) return;
  next_replay_ = now + kReplayInterval;
  for (const int peer : last_signed_.signers) {
    network_.send(peer,
                  message("sign", last_signed_.transaction, 0, 1, last_signed_.protocol, last_signed_.presignature));
  }
}

void WalletNode::expire_rounds() {
  const auto now = tasks_.clock().steady();
  std::vector<TransactionId> late;
  for (const auto& [id, transaction] : own_) {
    if (transaction.phase == Phase::kSigning &&
        now - transaction.round_since > std::chrono::milliseconds(options_.round_timeout)) {
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
}

// --- presignatures ---

void WalletNode::discard_presignatures() {
  for (Pool& pool : pools_) {
    pool.stock.resize(faults_.pool_depleted ? 0 : std::min(pool.stock.size(), kLowPool));
    pool.batch = 0;
  }
  show_pools();
}

void WalletNode::generate() {
  if (epoch_ == 0 || faults_.pool_depleted) return;
  const std::size_t target = faults_.pool_low ? kLowPool : static_cast<std::size_t>(options_.pool_target);
  const auto others = static_cast<std::size_t>(options_.threshold - 1);
  for (int protocol = 0; protocol < 2; ++protocol) {
    Pool& pool = pools_[protocol];
    // A full stock that needs an absent member is no stock: one batch more for those who are there.
    const auto usable = std::ranges::count_if(pool.stock, [this](const Presignature& p) { return online(p.members); });
    const bool enough = usable >= std::min<std::ptrdiff_t>(options_.batch, static_cast<std::ptrdiff_t>(target));
    if (pool.batch != 0 || (pool.stock.size() >= target && enough)) continue;
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
    tasks_.after(compute(protocol_of(protocol).presign_ms),
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
                                            Seconds(tasks_.clock().steady() - pool.since));
    show_pools();
  }
}

void WalletNode::expire_batches(Timestamp now) {
  for (Pool& pool : pools_) {
    if (pool.batch != 0 && now - pool.started > options_.round_timeout) pool.batch = 0;
  }
}

}  // namespace vigil::packs::mpc
