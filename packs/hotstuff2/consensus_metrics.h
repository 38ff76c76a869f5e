// Blocks, views, votes, safety and liveness of one replica.
//
//   ConsensusMetrics consensus(registry);
//   consensus.record_block_proposed(height, view, transactions.size());
//   consensus.record_vote_received(VoteType::kPrepare, view, "validator-2");
//   consensus.record_block_committed(height, view, elapsed);
//
// The fields are the instruments, for what no function covers and for tests. Heights and
// views are values, never labels.
//
// Thread-safety: any thread. record_vote_received() takes a lock for tens of nanoseconds,
// record_block_*() one per block; the rest neither locks nor allocates.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "packs/hotstuff2/types.h"
#include "vigil/base/mutex.h"
#include "vigil/metrics/by_enum.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::hotstuff2 {

class ValidatorMetrics;

struct BlockContents {
  std::uint64_t transactions = 0;
  std::uint64_t bytes = 0;
};

class ConsensusMetrics {
 public:
  // `validators`, where given, learns of provable misbehaviour; it must outlive this.
  explicit ConsensusMetrics(metrics::RegistryRef registry, const HotStuffOptions& options = {},
                            ValidatorMetrics* validators = nullptr);

  // At start and whenever the set changes: the counters of every member exist from then
  // on, and the gauge of one that left disappears.
  void set_validators(std::span<const ValidatorId> members);

  // --- blocks ---
  // Remembered until the block is committed: a commit without contents takes `tx_count`.
  void record_block_proposed(std::uint64_t height, std::uint64_t view, std::size_t tx_count,
                             ProposalPath path = ProposalPath::kUnknown);
  // `view`: the one the block was proposed in; `latency`: since its proposal arrived.
  // Without `contents` only a block of one's own proposal counts its transactions.
  void record_block_committed(std::uint64_t height, std::uint64_t view, Seconds latency,
                              std::optional<BlockContents> contents = std::nullopt);
  void record_block_proposal_time(Seconds duration);
  void update_uncommitted_blocks(std::uint64_t blocks);
  void update_commit_digest_mismatch(bool mismatch);

  // --- views ---
  // Moves the current view on to `to_view`, never back.
  void record_view_change(std::uint64_t from_view, std::uint64_t to_view, ViewChangeReason reason);
  void record_view_change_duration(Seconds duration);
  void update_current_view(std::uint64_t view);
  void update_view_timeout(Seconds timeout);
  void update_is_leader(bool leads);
  void record_leader_wait(Seconds duration);
  void record_timeout_certificate();

  // --- votes ---
  void record_vote_sent(VoteType vote_type, std::uint64_t view);
  // Every call counts as received. One for a view before the current one counts as late
  // besides, one that this validator has sent for its latest view already as duplicate.
  void record_vote_received(VoteType vote_type, std::uint64_t view, ValidatorId validator);
  void record_vote_processing_time(VoteType vote_type, Seconds duration);
  void record_qc_formed(Phase phase, Seconds formation);

  // --- safety and liveness ---
  // Also one line in the log, with the view.
  void record_safety_violation(SafetyViolationType violation_type, std::uint64_t view);
  void record_liveness_timeout();
  void record_byzantine_behavior(ByzantineBehaviorType behavior_type, ValidatorId validator);

  // Where it is shown; null: nowhere.
  const metrics::Registry* registry() const { return registry_; }

  const metrics::ByEnum<catalog::kBlocksProposed, ProposalPath> blocks_proposed;
  const metrics::InstrumentOf<catalog::kBlocksCommitted> blocks_committed;
  const metrics::InstrumentOf<catalog::kBlockProposalTimeSeconds> block_proposal_time;
  const metrics::InstrumentOf<catalog::kBlockCommitTimeSeconds> block_commit_time;
  const metrics::InstrumentOf<catalog::kCurrentView> current_view;
  const metrics::ByEnum<catalog::kViewChanges, ViewChangeReason> view_changes;
  const metrics::InstrumentOf<catalog::kViewChangeDurationSeconds> view_change_duration;
  const metrics::ByEnum<catalog::kVotesSent, VoteType> votes_sent;
  const metrics::InstrumentOf<catalog::kVotesReceived> votes_received;
  const metrics::ByEnum<catalog::kVoteProcessingTimeSeconds, VoteType> vote_processing_time;
  const metrics::ByEnum<catalog::kSafetyViolations, SafetyViolationType> safety_violations;
  const metrics::InstrumentOf<catalog::kLivenessTimeouts> liveness_timeouts;
  const metrics::InstrumentOf<catalog::kByzantineBehaviorDetected> byzantine_behavior_detected;

  const metrics::InstrumentOf<catalog::kLastCommittedHeight> last_committed_height;
  const metrics::InstrumentOf<catalog::kLastCommittedView> last_committed_view;
  const metrics::InstrumentOf<catalog::kLastCommitTimestampSeconds> last_commit_timestamp;
  const metrics::InstrumentOf<catalog::kBlockIntervalSeconds> block_interval;
  const metrics::InstrumentOf<catalog::kBlockTransactions> block_transactions;
  const metrics::InstrumentOf<catalog::kBlockSizeBytes> block_size;
  const metrics::InstrumentOf<catalog::kTransactionsCommitted> transactions_committed;
  const metrics::InstrumentOf<catalog::kUncommittedBlocks> uncommitted_blocks;
  const metrics::InstrumentOf<catalog::kCommitDigestMismatch> commit_digest_mismatch;
  const metrics::InstrumentOf<catalog::kViewTimeoutSeconds> view_timeout;
  const metrics::InstrumentOf<catalog::kIsLeader> is_leader;
  const metrics::InstrumentOf<catalog::kLeaderWaitSeconds> leader_wait;
  const metrics::InstrumentOf<catalog::kTimeoutCertificates> timeout_certificates;
  const metrics::InstrumentOf<catalog::kValidatorLastVotedView> validator_last_voted_view;
  const metrics::ByEnum<catalog::kLateVotes, VoteType> late_votes;
  const metrics::ByEnum<catalog::kDuplicateVotes, VoteType> duplicate_votes;
  const metrics::ByEnum<catalog::kQcFormed, Phase> qc_formed;
  const metrics::ByEnum<catalog::kQcFormationSeconds, Phase> qc_formation;

 private:
  struct Proposal {
    std::uint64_t height = 0;
    std::uint64_t view = 0;
    std::uint64_t transactions = 0;
  };
  // The latest view a validator voted in, by type of vote and over all.
  struct VotedViews {
    std::array<std::optional<std::uint64_t>, catalog::kVoteTypes.values.size()> by_type;
    std::uint64_t latest = 0;
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  bool is_duplicate(VoteType vote_type, std::uint64_t view, ValidatorId validator) REQUIRES(view_mutex_);

  const metrics::Registry* const registry_;
  const Clock& clock_;
  const std::uint32_t max_validators_;
  ValidatorMetrics* const validators_;

  Mutex block_mutex_;
  std::optional<std::chrono::nanoseconds> last_commit_ GUARDED_BY(block_mutex_);
  std::deque<Proposal> own_proposals_ GUARDED_BY(block_mutex_);  // not committed yet, oldest first

  Mutex view_mutex_;
  std::uint64_t view_ GUARDED_BY(view_mutex_) = 0;
  std::unordered_map<std::string, VotedViews, Hash, std::equal_to<>> voted_ GUARDED_BY(view_mutex_);
};

}  // namespace vigil::packs::hotstuff2
