#include "packs/mpc/mpc_metrics.h"

#include <algorithm>
#include <array>
#include <string>

namespace vigil::packs::mpc {
namespace {

using metrics::each;

// Says what was refused, and what would have been right.
std::unexpected<Error> refused(const metrics::Description& metric, std::initializer_list<std::string_view> values) {
  std::string text = std::string(metric.name) + ": ";
  std::size_t i = 0;
  for (const std::string_view value : values) {
    const std::string_view label = metric.labels[i++];
    for (const metrics::ClosedLabel& closed : metric.options.closed) {
      if (closed.name != label || std::ranges::find(closed.values, value) != closed.values.end()) continue;
      text += "unknown " + std::string(label) + " \"" + std::string(value.substr(0, 64)) + "\"; one of";
      for (const std::string_view known : closed.values) text += " " + std::string(known);
      return fail(ErrorCode::kInvalidArgument, std::move(text));
    }
  }
  return fail(ErrorCode::kLimitExceeded, text + "no cells left for another series");
}

// The handle's update, or the reason why there is none.
template <const auto& Definition, class Handle, class Update>
Result<void> record(const Handle& handle, std::initializer_list<std::string_view> values, Update update) {
  if (!handle.valid()) return refused(Definition.describe(), values);
  update(handle);
  return {};
}

template <const auto& Definition, class Instrument, class... V>
Result<void> count(const Instrument& counter, std::uint64_t amount, V... values) {
  return record<Definition>(counter.with(values...), {values...}, [amount](const auto& handle) { handle.inc(amount); });
}

template <const auto& Definition, class Instrument, class... V>
Result<void> set(const Instrument& gauge, double value, V... values) {
  return record<Definition>(gauge.with(values...), {values...}, [value](const auto& handle) { handle.set(value); });
}

template <const auto& Definition, class Instrument, class... V>
Result<void> observe(const Instrument& histogram, Seconds duration, V... values) {
  return record<Definition>(histogram.with(values...), {values...},
                            [duration](const auto& handle) { handle.observe(duration.count()); });
}

Result<void> check_node(std::string_view node) {
  if (node_id(node).empty()) return fail(ErrorCode::kInvalidArgument, "the node has no name; expected node-N or N");
  return {};
}

std::uint64_t amount(std::int64_t count) { return count > 0 ? static_cast<std::uint64_t>(count) : 0; }

}  // namespace

std::string_view node_id(std::string_view node) {
  constexpr std::string_view kPrefix = "node-";
  if (!node.starts_with(kPrefix) || node.size() == kPrefix.size()) return node;
  const std::string_view number = node.substr(kPrefix.size());
  return std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; }) ? number : node;
}

MpcMetrics::MpcMetrics(metrics::RegistryRef registry)
    : transactions_(registry, catalog::kTransactions),
      votes_(registry, catalog::kVotes),
      violations_(registry, catalog::kByzantineViolations),
      violations_by_culprit_(registry, catalog::kByzantineViolationsByCulprit),
      signatures_(registry, catalog::kSignatures),
      network_errors_(registry, catalog::kNetworkErrors),
      tls_handshake_failures_(registry, catalog::kTlsHandshakeFailures),
      active_nodes_(registry, catalog::kActiveNodes),
      consensus_threshold_(registry, catalog::kConsensusThreshold),
      presignature_pool_size_(registry, catalog::kPresignaturePoolSize),
      connected_peers_(registry, catalog::kConnectedPeers),
      transaction_queue_size_(registry, catalog::kTransactionQueueSize),
      signature_duration_(registry, catalog::kSignatureDurationSeconds),
      dkg_duration_(registry, catalog::kDkgDurationSeconds),
      vote_processing_duration_(registry, catalog::kVoteProcessingDurationSeconds),
      consensus_round_duration_(registry, catalog::kConsensusRoundDurationSeconds),
      open_proposals_(registry, catalog::kOpenProposals),
      open_proposal_oldest_age_(registry, catalog::kOpenProposalOldestAgeSeconds),
      dkg_ceremonies_(registry, catalog::kDkgCeremonies),
      key_refresh_(registry, catalog::kKeyRefresh),
      presignatures_generated_(registry, catalog::kPresignaturesGenerated),
      presignatures_consumed_(registry, catalog::kPresignaturesConsumed),
      presignature_reuse_blocked_(registry, catalog::kPresignatureReuseBlocked),
      presignatures_offline_(registry, catalog::kPresignaturesOffline),
      presignature_generation_(registry, catalog::kPresignatureGenerationSeconds),
      signature_round_(registry, catalog::kSignatureRoundSeconds),
      signature_failures_(registry, catalog::kSignatureFailures),
      peer_connected_(registry, catalog::kPeerConnected),
      peer_rtt_(registry, catalog::kPeerRttSeconds),
      network_bytes_(registry, catalog::kNetworkBytes),
      tls_certificate_expiry_(registry, catalog::kTlsCertificateExpiryTimestampSeconds),
      key_epoch_(registry, catalog::kKeyEpoch),
      last_backup_epoch_(registry, catalog::kLastBackupEpoch),
      last_backup_timestamp_(registry, catalog::kLastBackupTimestampSeconds),
      etcd_lock_wait_(registry, catalog::kEtcdLockWaitSeconds),
      audit_log_write_failures_(registry, catalog::kAuditLogWriteFailures),
      build_info_(registry, catalog::kBuildInfo) {}

Result<void> MpcMetrics::initialize(std::string_view node, int threshold, int total_nodes) {
  VIGIL_TRY_VOID(check_node(node));
  if (threshold < 1 || total_nodes < threshold) {
    return fail(ErrorCode::kInvalidArgument, "a threshold of " + std::to_string(threshold) + " of " +
                                                 std::to_string(total_nodes) + " nodes cannot be reached");
  }
  const std::string_view id = node_id(node);
  transactions_.prepare(each, id);
  votes_.prepare(id, each);
  violations_.prepare(each, id);
  signatures_.prepare(each, each, id);
  network_errors_.prepare(id, each);
  tls_handshake_failures_.prepare(id);
  signature_duration_.prepare(each, id);
  dkg_duration_.prepare(each, id);
  vote_processing_duration_.prepare(id);
  consensus_round_duration_.prepare(id);
  presignatures_generated_.prepare(each, id);
  presignatures_consumed_.prepare(each, id);
  presignature_reuse_blocked_.prepare(each, id);
  peer_rtt_.prepare(id);
  network_bytes_.prepare(id, each);
  etcd_lock_wait_.prepare(id);
  audit_log_write_failures_.prepare(id);
  for (int member = 1; member <= total_nodes; ++member) violations_by_culprit_.prepare(each, std::to_string(member));
  violations_by_culprit_.prepare(each, "unknown");
  consensus_threshold_.with(kCluster).set(threshold);
  active_nodes_.with(kCluster).set(total_nodes);
  return {};
}

Result<void> MpcMetrics::record_transaction(std::string_view node, std::string_view state) {
  VIGIL_TRY_VOID(check_node(node));
  return count<catalog::kTransactions>(transactions_, 1, state, node_id(node));
}

Result<void> MpcMetrics::record_vote(std::string_view node, std::string_view result) {
  VIGIL_TRY_VOID(check_node(node));
  return count<catalog::kVotes>(votes_, 1, node_id(node), result);
}

Result<void> MpcMetrics::record_byzantine_violation(std::string_view node, std::string_view type,
                                                    std::string_view culprit) {
  VIGIL_TRY_VOID(check_node(node));
  VIGIL_TRY_VOID(count<catalog::kByzantineViolations>(violations_, 1, type, node_id(node)));
  return count<catalog::kByzantineViolationsByCulprit>(violations_by_culprit_, 1, type, node_id(culprit));
}

Result<void> MpcMetrics::record_vote_processing(std::string_view node, Seconds duration) {
  VIGIL_TRY_VOID(check_node(node));
  return observe<catalog::kVoteProcessingDurationSeconds>(vote_processing_duration_, duration, node_id(node));
}

Result<void> MpcMetrics::record_consensus_round(std::string_view node, Seconds duration) {
  VIGIL_TRY_VOID(check_node(node));
  return observe<catalog::kConsensusRoundDurationSeconds>(consensus_round_duration_, duration, node_id(node));
}

Result<void> MpcMetrics::update_transaction_queue_size(std::string_view node, std::int64_t pending) {
  VIGIL_TRY_VOID(check_node(node));
  return set<catalog::kTransactionQueueSize>(transaction_queue_size_, static_cast<double>(pending), node_id(node));
}

Result<void> MpcMetrics::update_open_proposals(std::string_view node, std::int64_t open, Seconds oldest_age) {
  VIGIL_TRY_VOID(check_node(node));
  VIGIL_TRY_VOID(set<catalog::kOpenProposals>(open_proposals_, static_cast<double>(open), node_id(node)));
  return set<catalog::kOpenProposalOldestAgeSeconds>(open_proposal_oldest_age_, oldest_age.count(), node_id(node));
}

void MpcMetrics::update_active_nodes(int nodes) { active_nodes_.with(kCluster).set(nodes); }

Result<void> MpcMetrics::record_signature(std::string_view node, std::string_view protocol, std::string_view result,
                                          Seconds duration) {
  VIGIL_TRY_VOID(check_node(node));
  VIGIL_TRY_VOID(count<catalog::kSignatures>(signatures_, 1, protocol, result, node_id(node)));
  return observe<catalog::kSignatureDurationSeconds>(signature_duration_, duration, protocol, node_id(node));
}

Result<void> MpcMetrics::record_signature_round(std::string_view protocol, int round, Seconds duration) {
  const std::string number = std::to_string(round);
  return observe<catalog::kSignatureRoundSeconds>(signature_round_, duration, protocol, std::string_view(number));
}

Result<void> MpcMetrics::record_signature_failure(std::string_view protocol, std::string_view reason) {
  return count<catalog::kSignatureFailures>(signature_failures_, 1, protocol, reason);
}

Result<void> MpcMetrics::record_dkg(std::string_view node, std::string_view protocol, std::string_view result,
                                    Seconds duration) {
  VIGIL_TRY_VOID(check_node(node));
  VIGIL_TRY_VOID(count<catalog::kDkgCeremonies>(dkg_ceremonies_, 1, protocol, result));
  return observe<catalog::kDkgDurationSeconds>(dkg_duration_, duration, protocol, node_id(node));
}

Result<void> MpcMetrics::record_key_refresh(std::string_view protocol, std::string_view result) {
  return count<catalog::kKeyRefresh>(key_refresh_, 1, protocol, result);
}

Result<void> MpcMetrics::record_presignatures_generated(std::string_view node, std::string_view protocol,
                                                        std::int64_t made, Seconds duration) {
  VIGIL_TRY_VOID(check_node(node));
  VIGIL_TRY_VOID(
      count<catalog::kPresignaturesGenerated>(presignatures_generated_, amount(made), protocol, node_id(node)));
  return observe<catalog::kPresignatureGenerationSeconds>(presignature_generation_, duration, protocol);
}

Result<void> MpcMetrics::record_presignatures_consumed(std::string_view node, std::string_view protocol,
                                                       std::int64_t used) {
  VIGIL_TRY_VOID(check_node(node));
  return count<catalog::kPresignaturesConsumed>(presignatures_consumed_, amount(used), protocol, node_id(node));
}

Result<void> MpcMetrics::record_presignature_reuse_blocked(std::string_view node, std::string_view protocol) {
  VIGIL_TRY_VOID(check_node(node));
  return count<catalog::kPresignatureReuseBlocked>(presignature_reuse_blocked_, 1, protocol, node_id(node));
}

Result<void> MpcMetrics::update_presignature_pool_size(std::string_view node, std::string_view protocol,
                                                       std::int64_t size) {
  VIGIL_TRY_VOID(check_node(node));
  return set<catalog::kPresignaturePoolSize>(presignature_pool_size_, static_cast<double>(size), node_id(node),
                                             protocol);
}

Result<void> MpcMetrics::update_presignatures_offline(std::string_view node, std::string_view protocol,
                                                      std::int64_t offline) {
  VIGIL_TRY_VOID(check_node(node));
  return set<catalog::kPresignaturesOffline>(presignatures_offline_, static_cast<double>(offline), protocol,
                                             node_id(node));
}

Result<void> MpcMetrics::update_key_epoch(std::string_view node, std::int64_t epoch) {
  VIGIL_TRY_VOID(check_node(node));
  return set<catalog::kKeyEpoch>(key_epoch_, static_cast<double>(epoch), node_id(node));
}

Result<void> MpcMetrics::update_last_backup(std::string_view node, std::int64_t epoch, Seconds since_unix_epoch) {
  VIGIL_TRY_VOID(check_node(node));
  VIGIL_TRY_VOID(set<catalog::kLastBackupEpoch>(last_backup_epoch_, static_cast<double>(epoch), node_id(node)));
  return set<catalog::kLastBackupTimestampSeconds>(last_backup_timestamp_, since_unix_epoch.count(), node_id(node));
}

Result<void> MpcMetrics::record_network_error(std::string_view node, std::string_view error_type) {
  VIGIL_TRY_VOID(check_node(node));
  return count<catalog::kNetworkErrors>(network_errors_, 1, node_id(node), error_type);
}

Result<void> MpcMetrics::record_tls_handshake_failure(std::string_view node) {
  VIGIL_TRY_VOID(check_node(node));
  return count<catalog::kTlsHandshakeFailures>(tls_handshake_failures_, 1, node_id(node));
}

Result<void> MpcMetrics::record_network_bytes(std::string_view node, std::string_view direction, std::uint64_t bytes) {
  VIGIL_TRY_VOID(check_node(node));
  return count<catalog::kNetworkBytes>(network_bytes_, bytes, node_id(node), direction);
}

Result<void> MpcMetrics::record_peer_rtt(std::string_view node, Seconds round_trip) {
  VIGIL_TRY_VOID(check_node(node));
  return observe<catalog::kPeerRttSeconds>(peer_rtt_, round_trip, node_id(node));
}

Result<void> MpcMetrics::update_connected_peers(std::string_view node, int peers) {
  VIGIL_TRY_VOID(check_node(node));
  return set<catalog::kConnectedPeers>(connected_peers_, peers, node_id(node));
}

Result<void> MpcMetrics::update_peer_connected(std::string_view node, std::string_view peer, bool connected) {
  VIGIL_TRY_VOID(check_node(node));
  return set<catalog::kPeerConnected>(peer_connected_, connected ? 1 : 0, node_id(node), node_id(peer));
}

Result<void> MpcMetrics::update_tls_certificate_expiry(std::string_view node, std::string_view certificate,
                                                       Seconds since_unix_epoch) {
  VIGIL_TRY_VOID(check_node(node));
  return set<catalog::kTlsCertificateExpiryTimestampSeconds>(tls_certificate_expiry_, since_unix_epoch.count(),
                                                             node_id(node), certificate);
}

Result<void> MpcMetrics::record_etcd_lock_wait(std::string_view node, Seconds duration) {
  VIGIL_TRY_VOID(check_node(node));
  return observe<catalog::kEtcdLockWaitSeconds>(etcd_lock_wait_, duration, node_id(node));
}

Result<void> MpcMetrics::record_audit_log_write_failure(std::string_view node) {
  VIGIL_TRY_VOID(check_node(node));
  return count<catalog::kAuditLogWriteFailures>(audit_log_write_failures_, 1, node_id(node));
}

void MpcMetrics::set_build_info(std::string_view version, std::string_view commit) {
  build_info_.with(version, commit).set(1);
}

MpcMetrics& process_metrics() {
  static auto* const instance = new MpcMetrics(metrics::Registry::global());
  return *instance;
}

}  // namespace vigil::packs::mpc
