// Consensus: blocks, views, votes, certificates, validators. See catalog.h.
#pragma once

#include <array>

#include "packs/hotstuff2/catalog/member_labels.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::hotstuff2::catalog {

using vigil::metrics::buckets;
using vigil::metrics::closed;
using vigil::metrics::ClosedLabel;
using vigil::metrics::CounterDef;
using vigil::metrics::GaugeDef;
using vigil::metrics::HistogramDef;

inline constexpr ClosedLabel kProposalPaths = closed<"path", "responsive", "delayed", "unknown">;
inline constexpr ClosedLabel kViewChangeReasons =
    closed<"reason", "timeout", "qc", "timeout_certificate", "sync", "byzantine_leader">;
inline constexpr ClosedLabel kVoteTypes = closed<"vote_type", "prepare", "commit", "timeout">;
inline constexpr ClosedLabel kSafetyViolationTypes =
    closed<"violation_type", "conflicting_commit", "lock_violation", "double_vote", "invalid_qc", "other">;
inline constexpr ClosedLabel kByzantineBehaviorTypes =
    closed<"behavior_type", "equivocation", "double_vote", "invalid_signature", "invalid_proposal", "invalid_qc",
           "withholding", "other">;
inline constexpr ClosedLabel kPhases = closed<"phase", "prepare", "commit">;
inline constexpr ClosedLabel kLeaderOutcomes = closed<"outcome", "committed", "timed_out">;

inline constexpr CounterDef<"path"> kBlocksProposed{"hotstuff_blocks_proposed_total",
                                                    "Blocks this node proposed; path = responsive, delayed, unknown.",
                                                    {.closed = {kProposalPaths}}};

inline constexpr CounterDef<> kBlocksCommitted{"hotstuff_blocks_committed_total", "Blocks committed locally."};

inline constexpr HistogramDef<> kBlockProposalTimeSeconds{
    "hotstuff_block_proposal_time_seconds",
    "Time to build and send a proposal.",
    buckets<0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5>,
    {.unit = "seconds"}};

inline constexpr HistogramDef<> kBlockCommitTimeSeconds{
    "hotstuff_block_commit_time_seconds",
    "Proposal received to committed.",
    buckets<0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0>,
    {.unit = "seconds"}};

inline constexpr GaugeDef<> kCurrentView{"hotstuff_current_view", "View this node is in."};

inline constexpr CounterDef<"reason"> kViewChanges{
    "hotstuff_view_changes_total", "Entered views by what caused it.", {.closed = {kViewChangeReasons}}};

inline constexpr HistogramDef<> kViewChangeDurationSeconds{
    "hotstuff_view_change_duration_seconds",
    "From timeout to the first proposal of the new view.",
    buckets<0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0>,
    {.unit = "seconds"}};

inline constexpr CounterDef<"vote_type"> kVotesSent{
    "hotstuff_votes_sent_total", "Votes this node sent.", {.closed = {kVoteTypes}}};

inline constexpr CounterDef<"vote_type", "validator"> kVotesReceived{
    "hotstuff_votes_received_total",
    "Votes received and counted.",
    {.closed = {kVoteTypes}, .max_label_sets = member_label_sets(3)}};

inline constexpr HistogramDef<"vote_type"> kVoteProcessingTimeSeconds{
    "hotstuff_vote_processing_time_seconds",
    "Verify and add one vote.",
    buckets<0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0>,
    {.closed = {kVoteTypes}, .unit = "seconds"}};

inline constexpr CounterDef<"violation_type"> kSafetyViolations{"hotstuff_safety_violations_total",
                                                                "Safety violations seen; any increase is an emergency.",
                                                                {.closed = {kSafetyViolationTypes}}};

inline constexpr CounterDef<> kLivenessTimeouts{"hotstuff_liveness_timeouts_total",
                                                "View timers that expired locally."};

inline constexpr CounterDef<"behavior_type", "validator"> kByzantineBehaviorDetected{
    "hotstuff_byzantine_behavior_detected_total",
    "Provable misbehaviour attributed to a validator.",
    {.closed = {kByzantineBehaviorTypes}, .max_label_sets = member_label_sets(7)}};

inline constexpr GaugeDef<> kLastCommittedHeight{
    "hotstuff_last_committed_height", "Height of the last committed block (height is a value, never a label)."};

inline constexpr GaugeDef<> kLastCommittedView{"hotstuff_last_committed_view", "View of the last committed block."};

inline constexpr GaugeDef<> kLastCommitTimestampSeconds{
    "hotstuff_last_commit_timestamp_seconds", "Unix time of the last commit.", {.unit = "seconds"}};

inline constexpr HistogramDef<> kBlockIntervalSeconds{
    "hotstuff_block_interval_seconds",
    "Time between two consecutive commits.",
    buckets<0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0>,
    {.unit = "seconds"}};

inline constexpr HistogramDef<> kBlockTransactions{
    "hotstuff_block_transactions", "Transactions per committed block.",
    buckets<0.0, 1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10000.0>};

inline constexpr HistogramDef<> kBlockSizeBytes{
    "hotstuff_block_size_bytes",
    "Committed block size.",
    buckets<1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0>,
    {.unit = "bytes"}};

inline constexpr CounterDef<> kTransactionsCommitted{"hotstuff_transactions_committed_total",
                                                     "Transactions committed; throughput is its rate."};

inline constexpr CounterDef<"phase"> kQcFormed{
    "hotstuff_qc_formed_total",
    "Quorum certificates formed; phase = prepare, commit (two phases in HotStuff-2).",
    {.closed = {kPhases}}};

inline constexpr HistogramDef<"phase"> kQcFormationSeconds{
    "hotstuff_qc_formation_seconds",
    "Proposal sent to certificate formed (leader).",
    buckets<0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0>,
    {.closed = {kPhases}, .unit = "seconds"}};

inline constexpr CounterDef<> kTimeoutCertificates{"hotstuff_timeout_certificates_total",
                                                   "Timeout certificates formed or received."};

inline constexpr HistogramDef<> kLeaderWaitSeconds{
    "hotstuff_leader_wait_seconds",
    "Wait of a leader for locks after a view change (the Delta of the delayed path).",
    buckets<0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0>,
    {.unit = "seconds"}};

inline constexpr GaugeDef<> kUncommittedBlocks{"hotstuff_uncommitted_blocks",
                                               "Blocks in the tree above the last committed one (happy path 2 or 3)."};

inline constexpr GaugeDef<> kViewTimeoutSeconds{
    "hotstuff_view_timeout_seconds", "Current value of the view timer after back-off.", {.unit = "seconds"}};

inline constexpr GaugeDef<> kValidators{"hotstuff_validators", "Validators n in the current set."};

inline constexpr GaugeDef<> kQuorumSize{"hotstuff_quorum_size", "Votes needed, n - f."};

inline constexpr GaugeDef<> kValidatorsParticipating{
    "hotstuff_validators_participating", "Distinct validators whose vote was counted in the last 100 views."};

inline constexpr GaugeDef<"validator"> kValidatorLastVotedView{"hotstuff_validator_last_voted_view",
                                                               "Last view a vote of this validator was seen in.",
                                                               {.max_label_sets = member_label_sets(1)}};

inline constexpr GaugeDef<> kIsLeader{"hotstuff_is_leader", "1 while this node leads the current view."};

inline constexpr CounterDef<"validator", "outcome"> kLeaderViews{
    "hotstuff_leader_views_total",
    "Views led by each validator; outcome = committed, timed_out.",
    {.closed = {kLeaderOutcomes}, .max_label_sets = member_label_sets(2)}};

inline constexpr CounterDef<> kBlocksSkipped{"hotstuff_blocks_skipped_total",
                                             "Views that ended without a committed block."};

inline constexpr CounterDef<"validator"> kValidatorMissedVotes{
    "hotstuff_validator_missed_votes_total",
    "Views in which no vote of this validator was counted, once the view is decided.",
    {.max_label_sets = member_label_sets(1)}};

inline constexpr GaugeDef<"validator"> kValidatorReputationScore{"hotstuff_validator_reputation_score",
                                                                 "Reputation 0..1 over the last 100 decided views.",
                                                                 {.max_label_sets = member_label_sets(1)}};

inline constexpr CounterDef<"vote_type"> kLateVotes{
    "hotstuff_late_votes_total", "Votes for an older view.", {.closed = {kVoteTypes}}};

inline constexpr CounterDef<"vote_type"> kDuplicateVotes{
    "hotstuff_duplicate_votes_total", "Identical repeated votes (not Byzantine).", {.closed = {kVoteTypes}}};

inline constexpr GaugeDef<> kCommitDigestMismatch{
    "hotstuff_commit_digest_mismatch",
    "1 while two replicas report different block digests for one committed height, else 0."};

inline constexpr std::array kConsensus{
    kBlocksProposed.describe(),
    kBlocksCommitted.describe(),
    kBlockProposalTimeSeconds.describe(),
    kBlockCommitTimeSeconds.describe(),
    kCurrentView.describe(),
    kViewChanges.describe(),
    kViewChangeDurationSeconds.describe(),
    kVotesSent.describe(),
    kVotesReceived.describe(),
    kVoteProcessingTimeSeconds.describe(),
    kSafetyViolations.describe(),
    kLivenessTimeouts.describe(),
    kByzantineBehaviorDetected.describe(),
    kLastCommittedHeight.describe(),
    kLastCommittedView.describe(),
    kLastCommitTimestampSeconds.describe(),
    kBlockIntervalSeconds.describe(),
    kBlockTransactions.describe(),
    kBlockSizeBytes.describe(),
    kTransactionsCommitted.describe(),
    kQcFormed.describe(),
    kQcFormationSeconds.describe(),
    kTimeoutCertificates.describe(),
    kLeaderWaitSeconds.describe(),
    kUncommittedBlocks.describe(),
    kViewTimeoutSeconds.describe(),
    kValidators.describe(),
    kQuorumSize.describe(),
    kValidatorsParticipating.describe(),
    kValidatorLastVotedView.describe(),
    kIsLeader.describe(),
    kLeaderViews.describe(),
    kBlocksSkipped.describe(),
    kValidatorMissedVotes.describe(),
    kValidatorReputationScore.describe(),
    kLateVotes.describe(),
    kDuplicateVotes.describe(),
    kCommitDigestMismatch.describe(),
};

}  // namespace vigil::packs::hotstuff2::catalog
