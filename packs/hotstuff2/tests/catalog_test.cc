#include "packs/hotstuff2/catalog.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "packs/hotstuff2/types.h"
#include "packs/testing/catalog_check.h"

namespace vigil::packs::hotstuff2 {
namespace {

TEST(HotStuffCatalog, IsTheSharedOne) { testing::check_catalog("hotstuff2", catalog::kAll); }

// Enumerators index the catalogue's values: the last one of each must be the last value.
TEST(HotStuffCatalog, EnumeratorsStandInTheOrderOfTheValues) {
  const auto value = [](const metrics::ClosedLabel& label, auto enumerator) {
    return std::string(label.values[static_cast<std::size_t>(enumerator)]);
  };
  const struct {
    std::string actual;
    const char* expected;
  } cases[] = {
      {value(catalog::kProposalPaths, ProposalPath::kResponsive), "responsive"},
      {value(catalog::kProposalPaths, ProposalPath::kDelayed), "delayed"},
      {value(catalog::kProposalPaths, ProposalPath::kUnknown), "unknown"},
      {value(catalog::kViewChangeReasons, ViewChangeReason::kTimeout), "timeout"},
      {value(catalog::kViewChangeReasons, ViewChangeReason::kQc), "qc"},
      {value(catalog::kViewChangeReasons, ViewChangeReason::kTimeoutCertificate), "timeout_certificate"},
      {value(catalog::kViewChangeReasons, ViewChangeReason::kSync), "sync"},
      {value(catalog::kViewChangeReasons, ViewChangeReason::kByzantineLeader), "byzantine_leader"},
      {value(catalog::kVoteTypes, VoteType::kPrepare), "prepare"},
      {value(catalog::kVoteTypes, VoteType::kCommit), "commit"},
      {value(catalog::kVoteTypes, VoteType::kTimeout), "timeout"},
      {value(catalog::kPhases, Phase::kPrepare), "prepare"},
      {value(catalog::kPhases, Phase::kCommit), "commit"},
      {value(catalog::kLeaderOutcomes, LeaderOutcome::kCommitted), "committed"},
      {value(catalog::kLeaderOutcomes, LeaderOutcome::kTimedOut), "timed_out"},
      {value(catalog::kSafetyViolationTypes, SafetyViolationType::kConflictingCommit), "conflicting_commit"},
      {value(catalog::kSafetyViolationTypes, SafetyViolationType::kLockViolation), "lock_violation"},
      {value(catalog::kSafetyViolationTypes, SafetyViolationType::kDoubleVote), "double_vote"},
      {value(catalog::kSafetyViolationTypes, SafetyViolationType::kInvalidQc), "invalid_qc"},
      {value(catalog::kSafetyViolationTypes, SafetyViolationType::kOther), "other"},
      {value(catalog::kByzantineBehaviorTypes, ByzantineBehaviorType::kEquivocation), "equivocation"},
      {value(catalog::kByzantineBehaviorTypes, ByzantineBehaviorType::kDoubleVote), "double_vote"},
      {value(catalog::kByzantineBehaviorTypes, ByzantineBehaviorType::kInvalidSignature), "invalid_signature"},
      {value(catalog::kByzantineBehaviorTypes, ByzantineBehaviorType::kInvalidProposal), "invalid_proposal"},
      {value(catalog::kByzantineBehaviorTypes, ByzantineBehaviorType::kInvalidQc), "invalid_qc"},
      {value(catalog::kByzantineBehaviorTypes, ByzantineBehaviorType::kWithholding), "withholding"},
      {value(catalog::kByzantineBehaviorTypes, ByzantineBehaviorType::kOther), "other"},
      {value(catalog::kMessageTypes, MessageType::kProposal), "proposal"},
      {value(catalog::kMessageTypes, MessageType::kVote), "vote"},
      {value(catalog::kMessageTypes, MessageType::kQc), "qc"},
      {value(catalog::kMessageTypes, MessageType::kTimeout), "timeout"},
      {value(catalog::kMessageTypes, MessageType::kNewView), "new_view"},
      {value(catalog::kMessageTypes, MessageType::kSyncRequest), "sync_request"},
      {value(catalog::kMessageTypes, MessageType::kSyncResponse), "sync_response"},
      {value(catalog::kMessageTypes, MessageType::kTransaction), "transaction"},
      {value(catalog::kMessageTypes, MessageType::kOther), "other"},
      {value(catalog::kQueues, Queue::kOutbound), "outbound"},
      {value(catalog::kConnectionTypes, ConnectionType::kOutbound), "outbound"},
      {value(catalog::kDisconnectionReasons, DisconnectionReason::kTimeout), "timeout"},
      {value(catalog::kDisconnectionReasons, DisconnectionReason::kError), "error"},
      {value(catalog::kDisconnectionReasons, DisconnectionReason::kRemoteClosed), "remote_closed"},
      {value(catalog::kDisconnectionReasons, DisconnectionReason::kBanned), "banned"},
      {value(catalog::kDisconnectionReasons, DisconnectionReason::kShutdown), "shutdown"},
      {value(catalog::kNetworkErrors, NetworkError::kRefused), "refused"},
      {value(catalog::kNetworkErrors, NetworkError::kTimeout), "timeout"},
      {value(catalog::kNetworkErrors, NetworkError::kTls), "tls"},
      {value(catalog::kNetworkErrors, NetworkError::kHandshake), "handshake"},
      {value(catalog::kNetworkErrors, NetworkError::kOther), "other"},
      {value(catalog::kMessageDropReasons, MessageDropReason::kQueueFull), "queue_full"},
      {value(catalog::kMessageDropReasons, MessageDropReason::kInvalid), "invalid"},
      {value(catalog::kMessageDropReasons, MessageDropReason::kRateLimited), "rate_limited"},
      {value(catalog::kMessageDropReasons, MessageDropReason::kStale), "stale"},
      {value(catalog::kBandwidthDirections, BandwidthDirection::kOut), "out"},
      {value(catalog::kKeyTypes, KeyType::kBlock), "block"},
      {value(catalog::kKeyTypes, KeyType::kState), "state"},
      {value(catalog::kKeyTypes, KeyType::kIndex), "index"},
      {value(catalog::kKeyTypes, KeyType::kWal), "wal"},
      {value(catalog::kKeyTypes, KeyType::kOther), "other"},
      {value(catalog::kReadResults, Outcome::kFailure), "failure"},
      {value(catalog::kSnapshotResults, Outcome::kFailure), "failure"},
      {value(catalog::kStorageOperations, StorageOperation::kRead), "read"},
      {value(catalog::kStorageOperations, StorageOperation::kWrite), "write"},
      {value(catalog::kStorageOperations, StorageOperation::kDelete), "delete"},
      {value(catalog::kStorageOperations, StorageOperation::kSync), "sync"},
      {value(catalog::kCaches, Cache::kState), "state"},
      {value(catalog::kValidationResults, Validity::kInvalid), "invalid"},
      {value(catalog::kValidationFailureReasons, ValidationFailure::kSignature), "signature"},
      {value(catalog::kValidationFailureReasons, ValidationFailure::kNonce), "nonce"},
      {value(catalog::kValidationFailureReasons, ValidationFailure::kBalance), "balance"},
      {value(catalog::kValidationFailureReasons, ValidationFailure::kGas), "gas"},
      {value(catalog::kValidationFailureReasons, ValidationFailure::kFormat), "format"},
      {value(catalog::kValidationFailureReasons, ValidationFailure::kOther), "other"},
      {value(catalog::kTransactionSources, TransactionSource::kClient), "client"},
      {value(catalog::kTransactionSources, TransactionSource::kPeer), "peer"},
      {value(catalog::kTransactionSources, TransactionSource::kReinserted), "reinserted"},
      {value(catalog::kRemovalReasons, RemovalReason::kCommitted), "committed"},
      {value(catalog::kRemovalReasons, RemovalReason::kExpired), "expired"},
      {value(catalog::kRemovalReasons, RemovalReason::kEvicted), "evicted"},
      {value(catalog::kRemovalReasons, RemovalReason::kInvalid), "invalid"},
      {value(catalog::kMempoolRejectionReasons, MempoolRejection::kFull), "full"},
      {value(catalog::kMempoolRejectionReasons, MempoolRejection::kInvalid), "invalid"},
      {value(catalog::kMempoolRejectionReasons, MempoolRejection::kDuplicate), "duplicate"},
      {value(catalog::kMempoolRejectionReasons, MempoolRejection::kFee), "fee"},
      {value(catalog::kHealthComponents, HealthComponent::kOverall), "overall"},
      {value(catalog::kHealthComponents, HealthComponent::kConsensus), "consensus"},
      {value(catalog::kHealthComponents, HealthComponent::kNetwork), "network"},
      {value(catalog::kHealthComponents, HealthComponent::kStorage), "storage"},
      {value(catalog::kExportFormats, ExportFormat::kPrometheus), "prometheus"},
      {value(catalog::kExportFormats, ExportFormat::kJson), "json"},
      {value(catalog::kExportFormats, ExportFormat::kCsv), "csv"},
      {value(catalog::kExportFormats, ExportFormat::kInfluxDb), "influxdb"},
      {value(catalog::kSampleDropReasons, SampleDropReason::kSampled), "sampled"},
      {value(catalog::kSampleDropReasons, SampleDropReason::kMemoryLimit), "memory_limit"},
      {value(catalog::kSampleDropReasons, SampleDropReason::kCardinality), "cardinality"},
  };
  for (const auto& c : cases) EXPECT_EQ(c.actual, c.expected);
}

TEST(HotStuffCatalog, NamesAreUniqueAndUnderOnePrefix) {
  std::set<std::string> names;
  for (const metrics::Description& metric : catalog::kAll) {
    EXPECT_TRUE(metric.name.starts_with("hotstuff_")) << metric.name;
    EXPECT_TRUE(names.emplace(metric.name).second) << metric.name << " appears twice";
    for (const auto label : metric.labels) {
      for (const char* id : {"height", "view", "block", "hash", "transaction", "tx"}) EXPECT_NE(label, id);
    }
  }
}

}  // namespace
}  // namespace vigil::packs::hotstuff2
