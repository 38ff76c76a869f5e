// The recording API of an MPC wallet node: what a node calls when something happens.
//
//   namespace metrics = vigil::packs::mpc;
//   metrics::initialize_metrics("node-1", 4, 5);             // node, threshold, nodes
//   metrics::record_transaction("node-1", "approved");
//   metrics::record_signature("node-1", "cggmp24", "success", elapsed);
//
// The free functions record into Registry::global(): those of the document, and one for
// each metric of it that it has no call for. MpcMetrics is the same on a registry of
// one's own, and has the rest of the catalogue: process_metrics().record_key_refresh(…).
//
// Nodes are named "node-1" or "1"; both are node_id="1". Durations come from a
// monotonic clock. A value outside a label's closed set is an error, and nothing is
// recorded; callers on a hot path may ignore the result, since values they pass as
// literals cannot fail.
//
// Thread-safety: any thread. Recording neither locks nor allocates once a label set is known.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "packs/mpc/catalog.h"
#include "vigil/base/error.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::mpc {

using Seconds = std::chrono::duration<double>;

inline constexpr std::string_view kCluster = "mpc-wallet";

// "node-3" -> "3"; anything else as it is.
std::string_view node_id(std::string_view node);

class MpcMetrics {
 public:
  explicit MpcMetrics(metrics::RegistryRef registry);

  // Once, at start: sets the threshold and, until updated, the active nodes; creates
  // every counter and histogram of this node at 0, so that its first event is seen.
  Result<void> initialize(std::string_view node, int threshold, int total_nodes);

  // --- consensus ---
  Result<void> record_transaction(std::string_view node, std::string_view state);
  Result<void> record_vote(std::string_view node, std::string_view result);
  // `culprit`: the member it is proven against, where known.
  Result<void> record_byzantine_violation(std::string_view node, std::string_view type,
                                          std::string_view culprit = "unknown");
  Result<void> record_vote_processing(std::string_view node, Seconds duration);
  Result<void> record_consensus_round(std::string_view node, Seconds duration);
  Result<void> update_transaction_queue_size(std::string_view node, std::int64_t pending);
  Result<void> update_open_proposals(std::string_view node, std::int64_t open, Seconds oldest_age);
  void update_active_nodes(int nodes);

  // --- keys and signatures ---
  Result<void> record_signature(std::string_view node, std::string_view protocol, std::string_view result,
                                Seconds duration);
  Result<void> record_signature_round(std::string_view protocol, int round, Seconds duration);
  Result<void> record_signature_failure(std::string_view protocol, std::string_view reason);
  Result<void> record_dkg(std::string_view node, std::string_view protocol, std::string_view result, Seconds duration);
  Result<void> record_key_refresh(std::string_view protocol, std::string_view result);
  Result<void> record_presignatures_generated(std::string_view node, std::string_view protocol, std::int64_t count,
                                              Seconds duration);
  Result<void> record_presignatures_consumed(std::string_view node, std::string_view protocol, std::int64_t count = 1);
  Result<void> record_presignature_reuse_blocked(std::string_view node, std::string_view protocol);
  Result<void> update_presignature_pool_size(std::string_view node, std::string_view protocol, std::int64_t size);
  Result<void> update_presignatures_offline(std::string_view node, std::string_view protocol, std::int64_t count);
  Result<void> update_key_epoch(std::string_view node, std::int64_t epoch);
  Result<void> update_last_backup(std::string_view node, std::int64_t epoch, Seconds since_unix_epoch);

  // --- network ---
  Result<void> record_network_error(std::string_view node, std::string_view error_type);
  Result<void> record_tls_handshake_failure(std::string_view node);
  Result<void> record_network_bytes(std::string_view node, std::string_view direction, std::uint64_t bytes);
  Result<void> record_peer_rtt(std::string_view node, Seconds round_trip);
  Result<void> update_connected_peers(std::string_view node, int peers);
  Result<void> update_peer_connected(std::string_view node, std::string_view peer, bool connected);
  Result<void> update_tls_certificate_expiry(std::string_view node, std::string_view certificate,
                                             Seconds since_unix_epoch);

  // --- around the node ---
  Result<void> record_etcd_lock_wait(std::string_view node, Seconds duration);
  Result<void> record_audit_log_write_failure(std::string_view node);
  void set_build_info(std::string_view version, std::string_view commit);

 private:
  metrics::InstrumentOf<catalog::kTransactions> transactions_;
  metrics::InstrumentOf<catalog::kVotes> votes_;
  metrics::InstrumentOf<catalog::kByzantineViolations> violations_;
  metrics::InstrumentOf<catalog::kByzantineViolationsByCulprit> violations_by_culprit_;
  metrics::InstrumentOf<catalog::kSignatures> signatures_;
  metrics::InstrumentOf<catalog::kNetworkErrors> network_errors_;
  metrics::InstrumentOf<catalog::kTlsHandshakeFailures> tls_handshake_failures_;
  metrics::InstrumentOf<catalog::kActiveNodes> active_nodes_;
  metrics::InstrumentOf<catalog::kConsensusThreshold> consensus_threshold_;
  metrics::InstrumentOf<catalog::kPresignaturePoolSize> presignature_pool_size_;
  metrics::InstrumentOf<catalog::kConnectedPeers> connected_peers_;
  metrics::InstrumentOf<catalog::kTransactionQueueSize> transaction_queue_size_;
  metrics::InstrumentOf<catalog::kSignatureDurationSeconds> signature_duration_;
  metrics::InstrumentOf<catalog::kDkgDurationSeconds> dkg_duration_;
  metrics::InstrumentOf<catalog::kVoteProcessingDurationSeconds> vote_processing_duration_;
  metrics::InstrumentOf<catalog::kConsensusRoundDurationSeconds> consensus_round_duration_;
  metrics::InstrumentOf<catalog::kOpenProposals> open_proposals_;
  metrics::InstrumentOf<catalog::kOpenProposalOldestAgeSeconds> open_proposal_oldest_age_;
  metrics::InstrumentOf<catalog::kDkgCeremonies> dkg_ceremonies_;
  metrics::InstrumentOf<catalog::kKeyRefresh> key_refresh_;
  metrics::InstrumentOf<catalog::kPresignaturesGenerated> presignatures_generated_;
  metrics::InstrumentOf<catalog::kPresignaturesConsumed> presignatures_consumed_;
  metrics::InstrumentOf<catalog::kPresignatureReuseBlocked> presignature_reuse_blocked_;
  metrics::InstrumentOf<catalog::kPresignaturesOffline> presignatures_offline_;
  metrics::InstrumentOf<catalog::kPresignatureGenerationSeconds> presignature_generation_;
  metrics::InstrumentOf<catalog::kSignatureRoundSeconds> signature_round_;
  metrics::InstrumentOf<catalog::kSignatureFailures> signature_failures_;
  metrics::InstrumentOf<catalog::kPeerConnected> peer_connected_;
  metrics::InstrumentOf<catalog::kPeerRttSeconds> peer_rtt_;
  metrics::InstrumentOf<catalog::kNetworkBytes> network_bytes_;
  metrics::InstrumentOf<catalog::kTlsCertificateExpiryTimestampSeconds> tls_certificate_expiry_;
  metrics::InstrumentOf<catalog::kKeyEpoch> key_epoch_;
  metrics::InstrumentOf<catalog::kLastBackupEpoch> last_backup_epoch_;
  metrics::InstrumentOf<catalog::kLastBackupTimestampSeconds> last_backup_timestamp_;
  metrics::InstrumentOf<catalog::kEtcdLockWaitSeconds> etcd_lock_wait_;
  metrics::InstrumentOf<catalog::kAuditLogWriteFailures> audit_log_write_failures_;
  metrics::InstrumentOf<catalog::kBuildInfo> build_info_;
};

// The process' own, in Registry::global(). Lives for ever.
MpcMetrics& process_metrics();

inline Result<void> initialize_metrics(std::string_view node, int threshold, int total_nodes) {
  return process_metrics().initialize(node, threshold, total_nodes);
}
inline Result<void> record_transaction(std::string_view node, std::string_view state) {
  return process_metrics().record_transaction(node, state);
}
inline Result<void> record_vote(std::string_view node, std::string_view result) {
  return process_metrics().record_vote(node, result);
}
inline Result<void> record_signature(std::string_view node, std::string_view protocol, std::string_view result,
                                     Seconds duration) {
  return process_metrics().record_signature(node, protocol, result, duration);
}
inline Result<void> record_byzantine_violation(std::string_view node, std::string_view type,
                                               std::string_view culprit = "unknown") {
  return process_metrics().record_byzantine_violation(node, type, culprit);
}
inline Result<void> record_network_error(std::string_view node, std::string_view error_type) {
  return process_metrics().record_network_error(node, error_type);
}
inline Result<void> record_tls_handshake_failure(std::string_view node) {
  return process_metrics().record_tls_handshake_failure(node);
}
inline Result<void> record_dkg(std::string_view node, std::string_view protocol, std::string_view result,
                               Seconds duration) {
  return process_metrics().record_dkg(node, protocol, result, duration);
}
inline Result<void> record_vote_processing(std::string_view node, Seconds duration) {
  return process_metrics().record_vote_processing(node, duration);
}
inline Result<void> record_consensus_round(std::string_view node, Seconds duration) {
  return process_metrics().record_consensus_round(node, duration);
}
inline void update_active_nodes(int nodes) { process_metrics().update_active_nodes(nodes); }
inline Result<void> update_connected_peers(std::string_view node, int peers) {
  return process_metrics().update_connected_peers(node, peers);
}
inline Result<void> update_presignature_pool_size(std::string_view node, std::string_view protocol, std::int64_t size) {
  return process_metrics().update_presignature_pool_size(node, protocol, size);
}
inline Result<void> update_transaction_queue_size(std::string_view node, std::int64_t pending) {
  return process_metrics().update_transaction_queue_size(node, pending);
}

}  // namespace vigil::packs::mpc
