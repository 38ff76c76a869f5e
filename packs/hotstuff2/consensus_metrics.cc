#include "packs/hotstuff2/consensus_metrics.h"

#include <algorithm>

#include "packs/hotstuff2/validator_metrics.h"
#include "vigil/base/log.h"

namespace vigil::packs::hotstuff2 {
namespace {

using metrics::each;

// A leader has two or three blocks in flight; those of abandoned views fall out here.
constexpr std::size_t kMaxOwnProposals = 64;

}  // namespace

ConsensusMetrics::ConsensusMetrics(metrics::RegistryRef registry, const HotStuffOptions& options,
                                   ValidatorMetrics* validators)
    : blocks_proposed(registry),
      blocks_committed(registry, catalog::kBlocksCommitted),
      block_proposal_time(registry, catalog::kBlockProposalTimeSeconds),
      block_commit_time(registry, catalog::kBlockCommitTimeSeconds),
      current_view(registry, catalog::kCurrentView),
      view_changes(registry),
      view_change_duration(registry, catalog::kViewChangeDurationSeconds),
      votes_sent(registry),
      votes_received(registry, with_max_validators(catalog::kVotesReceived, options.max_validators)),
      vote_processing_time(registry),
      safety_violations(registry),
      liveness_timeouts(registry, catalog::kLivenessTimeouts),
      byzantine_behavior_detected(registry,
                                  with_max_validators(catalog::kByzantineBehaviorDetected, options.max_validators)),
      last_committed_height(registry, catalog::kLastCommittedHeight),
      last_committed_view(registry, catalog::kLastCommittedView),
      last_commit_timestamp(registry, catalog::kLastCommitTimestampSeconds),
      block_interval(registry, catalog::kBlockIntervalSeconds),
      block_transactions(registry, catalog::kBlockTransactions),
      block_size(registry, catalog::kBlockSizeBytes),
      transactions_committed(registry, catalog::kTransactionsCommitted),
      uncommitted_blocks(registry, catalog::kUncommittedBlocks),
      commit_digest_mismatch(registry, catalog::kCommitDigestMismatch),
      view_timeout(registry, catalog::kViewTimeoutSeconds),
      is_leader(registry, catalog::kIsLeader),
      leader_wait(registry, catalog::kLeaderWaitSeconds),
      timeout_certificates(registry, catalog::kTimeoutCertificates),
      validator_last_voted_view(registry,
                                with_max_validators(catalog::kValidatorLastVotedView, options.max_validators)),
      late_votes(registry),
      duplicate_votes(registry),
      qc_formed(registry),
      qc_formation(registry),
      registry_(registry.pointer),
      clock_(*options.clock),
      max_validators_(options.max_validators),
      validators_(validators) {}

void ConsensusMetrics::set_validators(std::span<const ValidatorId> members) {
  for (const ValidatorId member : members) {
    votes_received.prepare(each, member);
    byzantine_behavior_detected.prepare(each, member);
  }
  MutexLock lock(view_mutex_);
  std::erase_if(voted_, [&](const auto& entry) {
    if (std::ranges::find(members, entry.first) != members.end()) return false;
    validator_last_voted_view.with(entry.first).clear();  // or it looks like one that fell silent
    return true;
  });
}

void ConsensusMetrics::record_block_proposed(std::uint64_t height, std::uint64_t view, std::size_t tx_count,
                                             ProposalPath path) {
  blocks_proposed(path).inc();
  MutexLock lock(block_mutex_);
  own_proposals_.push_back({height, view, tx_count});
  if (own_proposals_.size() > kMaxOwnProposals) own_proposals_.pop_front();
}

void ConsensusMetrics::record_block_committed(std::uint64_t height, std::uint64_t view, Seconds latency,
                                              std::optional<BlockContents> contents) {
  blocks_committed.inc();
  block_commit_time.observe(latency.count());
  last_committed_height.set(static_cast<double>(height));
  last_committed_view.set(static_cast<double>(view));
  last_commit_timestamp.set(static_cast<double>(clock_.now()) / 1000);

  std::optional<std::uint64_t> transactions;
  {
    MutexLock lock(block_mutex_);
    const std::chrono::nanoseconds now = clock_.steady();
    if (last_commit_) block_interval.observe(Seconds(now - *last_commit_).count());
    last_commit_ = now;
    for (const Proposal& proposal : own_proposals_) {
      if (proposal.height == height && proposal.view == view) transactions = proposal.transactions;
    }
    std::erase_if(own_proposals_, [height](const Proposal& proposal) { return proposal.height <= height; });
  }
  if (contents) {
    transactions = contents->transactions;
    block_size.observe(static_cast<double>(contents->bytes));
  }
  if (!transactions) return;
  transactions_committed.inc(*transactions);
  block_transactions.observe(static_cast<double>(*transactions));
}

void ConsensusMetrics::record_block_proposal_time(Seconds duration) { block_proposal_time.observe(duration.count()); }

void ConsensusMetrics::update_uncommitted_blocks(std::uint64_t blocks) {
  uncommitted_blocks.set(static_cast<double>(blocks));
}

void ConsensusMetrics::update_commit_digest_mismatch(bool mismatch) { commit_digest_mismatch.set(mismatch ? 1 : 0); }

void ConsensusMetrics::record_view_change(std::uint64_t from_view, std::uint64_t to_view, ViewChangeReason reason) {
  view_changes(reason).inc();
  MutexLock lock(view_mutex_);
  if (to_view <= from_view || to_view <= view_) return;
  view_ = to_view;
  current_view.set(static_cast<double>(view_));
}

void ConsensusMetrics::record_view_change_duration(Seconds duration) { view_change_duration.observe(duration.count()); }

void ConsensusMetrics::update_current_view(std::uint64_t view) {
  MutexLock lock(view_mutex_);
  view_ = view;
  current_view.set(static_cast<double>(view_));
}

void ConsensusMetrics::update_view_timeout(Seconds timeout) { view_timeout.set(timeout.count()); }
void ConsensusMetrics::update_is_leader(bool leads) { is_leader.set(leads ? 1 : 0); }
void ConsensusMetrics::record_leader_wait(Seconds duration) { leader_wait.observe(duration.count()); }
void ConsensusMetrics::record_timeout_certificate() { timeout_certificates.inc(); }

void ConsensusMetrics::record_vote_sent(VoteType vote_type, std::uint64_t /*view*/) { votes_sent(vote_type).inc(); }

bool ConsensusMetrics::is_duplicate(VoteType vote_type, std::uint64_t view, ValidatorId validator) {
  auto found = voted_.find(validator);
  if (found == voted_.end()) {
    // Names that others invent must not fill the memory: beyond the cap repeats go unseen.
    if (voted_.size() >= max_validators_) return false;
    found = voted_.emplace(validator, VotedViews{}).first;
  }
  VotedViews& voted = found->second;
  auto& last = voted.by_type[static_cast<std::size_t>(vote_type)];
  if (last == view) return true;
  if (!last || *last < view) last = view;
  voted.latest = std::max(voted.latest, view);
  validator_last_voted_view.with(validator).set(static_cast<double>(voted.latest));
  return false;
}

void ConsensusMetrics::record_vote_received(VoteType vote_type, std::uint64_t view, ValidatorId validator) {
  votes_received.with(to_string(vote_type), validator).inc();
  bool late = false;
  bool duplicate = false;
  {
    MutexLock lock(view_mutex_);
    duplicate = is_duplicate(vote_type, view, validator);
    late = view < view_;
  }
  if (late) late_votes(vote_type).inc();
  if (duplicate) duplicate_votes(vote_type).inc();
}

void ConsensusMetrics::record_vote_processing_time(VoteType vote_type, Seconds duration) {
  vote_processing_time(vote_type).observe(duration.count());
}

void ConsensusMetrics::record_qc_formed(Phase phase, Seconds formation) {
  qc_formed(phase).inc();
  qc_formation(phase).observe(formation.count());
}

void ConsensusMetrics::record_safety_violation(SafetyViolationType violation_type, std::uint64_t view) {
  safety_violations(violation_type).inc();
  log::error("consensus", "safety violation", {{"type", to_string(violation_type)}, {"view", view}});
}

void ConsensusMetrics::record_liveness_timeout() { liveness_timeouts.inc(); }

void ConsensusMetrics::record_byzantine_behavior(ByzantineBehaviorType behavior_type, ValidatorId validator) {
  byzantine_behavior_detected.with(to_string(behavior_type), validator).inc();
  if (validators_ != nullptr) validators_->mark_byzantine(validator);
}

}  // namespace vigil::packs::hotstuff2
