// Every metric of an MPC node, declared once: name, type, labels with their closed
// value sets, buckets, help. The recording API (mpc_metrics.h) creates them; rules
// and dashboards are checked against kAll.
//
// node_id is "1".."5"; cluster is "mpc-wallet". No key, transaction, peer address or
// wallet address is ever a label. Every alert threshold on a histogram is one of its bounds.
#pragma once

#include <array>

#include "vigil/metrics/metrics.h"

namespace vigil::packs::mpc::catalog {

using vigil::metrics::buckets;
using vigil::metrics::closed;
using vigil::metrics::ClosedLabel;
using vigil::metrics::CounterDef;
using vigil::metrics::GaugeDef;
using vigil::metrics::HistogramDef;

inline constexpr ClosedLabel kProtocols = closed<"protocol", "cggmp24", "frost">;
inline constexpr ClosedLabel kRounds = closed<"round", "1", "2", "3", "4", "5", "6">;
inline constexpr ClosedLabel kViolationTypes = closed<"type", "double_vote", "invalid_signature", "timeout">;

// --- MPC counters and gauges ---

inline constexpr CounterDef<"state", "node_id"> kTransactions{
    "mpc_transactions_total",
    "Transactions by state entered; state = pending, approved, rejected, failed.",
    {.closed = {closed<"state", "pending", "approved", "rejected", "failed">}}};

inline constexpr CounterDef<"node_id", "result"> kVotes{
    "mpc_votes_total", "Votes cast; result = approve, reject.", {.closed = {closed<"result", "approve", "reject">}}};

inline constexpr CounterDef<"type", "node_id"> kByzantineViolations{
    "mpc_byzantine_violations_total",
    "Byzantine violations; type = double_vote, invalid_signature, timeout; node_id = reporting node.",
    {.closed = {kViolationTypes}}};

inline constexpr CounterDef<"protocol", "result", "node_id"> kSignatures{
    "mpc_signatures_total",
    "Signature attempts; result = success, failure.",
    {.closed = {kProtocols, closed<"result", "success", "failure">}}};

inline constexpr CounterDef<"node_id", "error_type"> kNetworkErrors{
    "mpc_network_errors_total",
    "Network errors; error_type = connection, timeout, handshake.",
    {.closed = {closed<"error_type", "connection", "timeout", "handshake">}}};

inline constexpr CounterDef<"node_id"> kTlsHandshakeFailures{"mpc_tls_handshake_failures_total",
                                                             "Failed mTLS handshakes."};

inline constexpr GaugeDef<"cluster"> kActiveNodes{"mpc_active_nodes",
                                                  "Nodes the reporter sees alive (including itself)."};

inline constexpr GaugeDef<"cluster"> kConsensusThreshold{"mpc_consensus_threshold", "Votes required."};

inline constexpr GaugeDef<"node_id", "protocol"> kPresignaturePoolSize{
    "mpc_presignature_pool_size", "Unused presignatures (FROST: unused nonce commitments).", {.closed = {kProtocols}}};

inline constexpr GaugeDef<"node_id"> kConnectedPeers{"mpc_connected_peers",
                                                     "Connected peers, self excluded (healthy: 4)."};

inline constexpr GaugeDef<"node_id"> kTransactionQueueSize{"mpc_transaction_queue_size", "Pending transactions."};

// --- MPC histograms ---

inline constexpr HistogramDef<"protocol", "node_id"> kSignatureDurationSeconds{
    "mpc_signature_duration_seconds",
    "Signing time; 10 s is the alert bound.",
    buckets<0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 60.0>,
    {.closed = {kProtocols}, .unit = "seconds"}};

inline constexpr HistogramDef<"protocol", "node_id"> kDkgDurationSeconds{
    "mpc_dkg_duration_seconds",
    "DKG ceremony time.",
    buckets<1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0>,
    {.closed = {kProtocols}, .unit = "seconds"}};

inline constexpr HistogramDef<"node_id"> kVoteProcessingDurationSeconds{
    "mpc_vote_processing_duration_seconds",
    "Vote handling time.",
    buckets<0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0>,
    {.unit = "seconds"}};

inline constexpr HistogramDef<"node_id"> kConsensusRoundDurationSeconds{
    "mpc_consensus_round_duration_seconds",
    "Proposal to decision.",
    buckets<0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0>,
    {.unit = "seconds"}};

// --- MPC additions ---

inline constexpr CounterDef<"type", "culprit"> kByzantineViolationsByCulprit{
    "mpc_byzantine_violations_by_culprit_total",
    "Violations attributed to a member (1..5, unknown): identifiable abort; node_id above is only the reporter.",
    {.closed = {kViolationTypes}}};

inline constexpr GaugeDef<"node_id"> kOpenProposals{"mpc_open_proposals", "Proposals without enough approvals."};

inline constexpr GaugeDef<"node_id"> kOpenProposalOldestAgeSeconds{
    "mpc_open_proposal_oldest_age_seconds", "Age of the oldest open proposal.", {.unit = "seconds"}};

inline constexpr CounterDef<"protocol", "result"> kDkgCeremonies{
    "mpc_dkg_ceremonies_total",
    "DKG ceremonies; result = success, failure.",
    {.closed = {kProtocols, closed<"result", "success", "failure">}}};

inline constexpr CounterDef<"protocol", "result"> kKeyRefresh{
    "mpc_key_refresh_total",
    "Key share refreshes; result = success, failure.",
    {.closed = {kProtocols, closed<"result", "success", "failure">}}};

inline constexpr CounterDef<"protocol", "node_id"> kPresignaturesGenerated{
    "mpc_presignatures_generated_total", "Presignatures generated.", {.closed = {kProtocols}}};

inline constexpr CounterDef<"protocol", "node_id"> kPresignaturesConsumed{
    "mpc_presignatures_consumed_total", "Presignatures used by a signature.", {.closed = {kProtocols}}};

inline constexpr CounterDef<"protocol", "node_id"> kPresignatureReuseBlocked{
    "mpc_presignature_reuse_blocked_total",
    "Refused attempts to use a presignature/nonce twice; any increase is an emergency (key extraction).",
    {.closed = {kProtocols}}};

inline constexpr GaugeDef<"protocol", "node_id"> kPresignaturesOffline{
    "mpc_presignatures_offline", "Presignatures whose participant set is not all online.", {.closed = {kProtocols}}};

inline constexpr HistogramDef<"protocol"> kPresignatureGenerationSeconds{
    "mpc_presignature_generation_seconds",
    "Generation time of a batch.",
    buckets<0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0>,
    {.closed = {kProtocols}, .unit = "seconds"}};

inline constexpr HistogramDef<"protocol", "round"> kSignatureRoundSeconds{
    "mpc_signature_round_seconds",
    "Time per protocol round; round = 1..6.",
    buckets<0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0>,
    {.closed = {kProtocols, kRounds}, .unit = "seconds"}};

inline constexpr CounterDef<"protocol", "reason"> kSignatureFailures{
    "mpc_signature_failures_total",
    "Failed signatures by cause; reason = timeout, peer_offline, invalid_share, abort, not_enough_presignatures, "
    "policy.",
    {.closed = {
         kProtocols,
         closed<"reason", "timeout", "peer_offline", "invalid_share", "abort", "not_enough_presignatures", "policy">}}};

inline constexpr GaugeDef<"node_id", "peer"> kPeerConnected{"mpc_peer_connected",
                                                            "1 while node_id is connected to peer."};

inline constexpr HistogramDef<"node_id"> kPeerRttSeconds{
    "mpc_peer_rtt_seconds",
    "Round trip to a peer.",
    buckets<0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0>,
    {.unit = "seconds"}};

inline constexpr CounterDef<"node_id", "direction"> kNetworkBytes{
    "mpc_network_bytes_total",
    "Bytes exchanged with peers; direction = rx, tx.",
    {.closed = {closed<"direction", "rx", "tx">}, .unit = "bytes"}};

inline constexpr GaugeDef<"node_id", "certificate"> kTlsCertificateExpiryTimestampSeconds{
    "mpc_tls_certificate_expiry_timestamp_seconds",
    "Expiry of own and peer certificates; certificate = own, ca, peer.",
    {.closed = {closed<"certificate", "own", "ca", "peer">}, .unit = "seconds"}};

inline constexpr GaugeDef<"node_id"> kKeyEpoch{"mpc_key_epoch", "Epoch of the key set in use."};

inline constexpr GaugeDef<"node_id"> kLastBackupEpoch{"mpc_last_backup_epoch", "Epoch last backed up."};

inline constexpr GaugeDef<"node_id"> kLastBackupTimestampSeconds{
    "mpc_last_backup_timestamp_seconds", "Time of the last share backup.", {.unit = "seconds"}};

inline constexpr HistogramDef<"node_id"> kEtcdLockWaitSeconds{"mpc_etcd_lock_wait_seconds",
                                                              "Waiting time for etcd locks.",
                                                              buckets<0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0>,
                                                              {.unit = "seconds"}};

inline constexpr CounterDef<"node_id"> kAuditLogWriteFailures{"mpc_audit_log_write_failures_total",
                                                              "Audit rows not written."};

inline constexpr GaugeDef<"version", "commit"> kBuildInfo{"mpc_build_info", "1, with the version and commit that run."};

inline constexpr std::array kAll{
    kTransactions.describe(),
    kVotes.describe(),
    kByzantineViolations.describe(),
    kSignatures.describe(),
    kNetworkErrors.describe(),
    kTlsHandshakeFailures.describe(),
    kActiveNodes.describe(),
    kConsensusThreshold.describe(),
    kPresignaturePoolSize.describe(),
    kConnectedPeers.describe(),
    kTransactionQueueSize.describe(),
    kSignatureDurationSeconds.describe(),
    kDkgDurationSeconds.describe(),
    kVoteProcessingDurationSeconds.describe(),
    kConsensusRoundDurationSeconds.describe(),
    kByzantineViolationsByCulprit.describe(),
    kOpenProposals.describe(),
    kOpenProposalOldestAgeSeconds.describe(),
    kDkgCeremonies.describe(),
    kKeyRefresh.describe(),
    kPresignaturesGenerated.describe(),
    kPresignaturesConsumed.describe(),
    kPresignatureReuseBlocked.describe(),
    kPresignaturesOffline.describe(),
    kPresignatureGenerationSeconds.describe(),
    kSignatureRoundSeconds.describe(),
    kSignatureFailures.describe(),
    kPeerConnected.describe(),
    kPeerRttSeconds.describe(),
    kNetworkBytes.describe(),
    kTlsCertificateExpiryTimestampSeconds.describe(),
    kKeyEpoch.describe(),
    kLastBackupEpoch.describe(),
    kLastBackupTimestampSeconds.describe(),
    kEtcdLockWaitSeconds.describe(),
    kAuditLogWriteFailures.describe(),
    kBuildInfo.describe(),
};

}  // namespace vigil::packs::mpc::catalog
