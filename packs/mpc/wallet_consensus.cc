// Transactions of our clients, and the votes of all nodes on everybody's.
#include "packs/mpc/wallet_node.h"

#include <algorithm>
#include <string>
#include <utility>

#include "packs/mpc/wire.h"

namespace vigil::packs::mpc {
namespace {

constexpr double kPolicyCheckMs = 4;
constexpr double kFrostShare = 0.3;             // of all transactions
constexpr Duration kKeepBallot = 10 * kSecond;  // after the decision, for late votes
constexpr std::size_t kMaxBallots = 100'000;

}  // namespace

void WalletNode::submit() {
  // Drawn in any case, so that a fault does not change what clients do later.
  const bool frost = clients_.chance(kFrostShare);
  const bool bad = clients_.chance(options_.bad_transactions);
  if (epoch_ == 0 || own_.size() >= options_.max_queue) return;
  if (options_.surroundings == nullptr) return propose(frost, bad);
  const std::optional<Seconds> wait = options_.surroundings->lock();
  if (!wait) return;  // the client is turned away
  metrics_.record_etcd_lock_wait(name_, *wait);
  tasks_.after(static_cast<Duration>(wait->count() * 1000), [this, frost, bad] { propose(frost, bad); });
}

void WalletNode::propose(bool frost, bool bad) {
  if (!store(Row::kTransaction)) return;  // likewise
  const TransactionId id = new_id();
  Transaction transaction;
  transaction.protocol = frost ? 1 : 0;
  transaction.bad = bad;
  transaction.created = tasks_.clock().now();
  transaction.proposed = tasks_.clock().steady();
  own_.emplace(id, std::move(transaction));
  metrics_.record_transaction(name_, "pending");
  const bool lost = faults_.lost_proposals && ++submitted_ % 5 == 0;
  if (!lost) broadcast(message("prop", id, bad ? 1 : 0));
  see_proposal(id, bad);
}

bool WalletNode::store(Row row) {
  if (options_.surroundings == nullptr || options_.surroundings->store(row)) return true;
  metrics_.record_audit_log_write_failure(name_);
  return false;
}

void WalletNode::finish(TransactionId id, std::string_view state) {
  metrics_.record_transaction(name_, state);
  store(Row::kState);
  own_.erase(id);
  forget_ballot(id);
  broadcast(message("done", id));
  show_queue();
}

void WalletNode::expire_proposals(Timestamp now) {
  std::vector<TransactionId> expired;
  for (const auto& [id, transaction] : own_) {
    if (transaction.phase == Phase::kVoting && now - transaction.created > options_.proposal_timeout) {
      expired.push_back(id);
    }
  }
  for (const TransactionId id : expired) finish(id, "failed");
  std::erase_if(ballots_, [&](const auto& entry) { return now - entry.second.seen > 2 * options_.proposal_timeout; });
}

// After the decision late votes may still come, and accuse.
void WalletNode::forget_ballot(TransactionId id) {
  tasks_.after(kKeepBallot, [this, id] { ballots_.erase(id); });
}

// --- votes ---

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
    metrics_.record_vote_processing(name_, Seconds(tasks_.clock().steady() - started));
  });
}

void WalletNode::cast_vote(TransactionId id) {
  if (faults_.silent_voter) return;
  store(Row::kAudit);
  const bool approve = !ballots_.at(id).bad;
  metrics_.record_vote(name_, approve ? "approve" : "reject");
  broadcast(message("vote", id, approve ? 1 : 0));
  if (faults_.double_vote) {
    metrics_.record_vote(name_, approve ? "reject" : "approve");
    broadcast(message("vote", id, approve ? 0 : 1));
  }
  see_vote(options_.self, id, approve);
}

// What a silent voter still owes.
void WalletNode::cast_missing_votes() {
  std::vector<TransactionId> missing;
  for (const auto& [id, ballot] : ballots_) {
    if (ballot.voted && !ballot.votes.contains(options_.self)) missing.push_back(id);
  }
  for (const TransactionId id : missing) cast_vote(id);
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
    metrics_.record_consensus_round(name_, Seconds(tasks_.clock().steady() - transaction.proposed));
    transaction.phase = Phase::kWaiting;
    transaction.waiting_since = tasks_.clock().now();
    sign_waiting();
  } else if (rejections > options_.nodes - options_.threshold) {
    metrics_.record_consensus_round(name_, Seconds(tasks_.clock().steady() - transaction.proposed));
    finish(id, "rejected");
  }
}

}  // namespace vigil::packs::mpc
