// What the calls of a HotStuff-2 replica speak of. Enumerators stand in the order of
// the catalogue's label values, so that a value that is no label cannot be written.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "packs/hotstuff2/catalog.h"
#include "vigil/base/clock.h"

namespace vigil::packs::hotstuff2 {

using Seconds = std::chrono::duration<double>;

// A member of the validator set by its name, e.g. "validator-3" or a short key; never
// an address that others choose.
using ValidatorId = std::string_view;
using PeerId = std::string_view;

// How a leader came to propose: at once with the certificate of the previous view, or
// after it waited for the locks of the others.
enum class ProposalPath : std::uint8_t { kResponsive, kDelayed, kUnknown };
enum class ViewChangeReason : std::uint8_t { kTimeout, kQc, kTimeoutCertificate, kSync, kByzantineLeader };
enum class VoteType : std::uint8_t { kPrepare, kCommit, kTimeout };
enum class Phase : std::uint8_t { kPrepare, kCommit };
enum class LeaderOutcome : std::uint8_t { kCommitted, kTimedOut };
enum class SafetyViolationType : std::uint8_t { kConflictingCommit, kLockViolation, kDoubleVote, kInvalidQc, kOther };
enum class ByzantineBehaviorType : std::uint8_t {
  kEquivocation,
  kDoubleVote,
  kInvalidSignature,
  kInvalidProposal,
  kInvalidQc,
  kWithholding,
  kOther
};

enum class MessageType : std::uint8_t {
  kProposal,
  kVote,
  kQc,
  kTimeout,
  kNewView,
  kSyncRequest,
  kSyncResponse,
  kTransaction,
  kOther
};
enum class Queue : std::uint8_t { kInbound, kOutbound };
enum class ConnectionType : std::uint8_t { kInbound, kOutbound };
enum class DisconnectionReason : std::uint8_t { kTimeout, kError, kRemoteClosed, kBanned, kShutdown };
enum class NetworkError : std::uint8_t { kRefused, kTimeout, kTls, kHandshake, kOther };
enum class MessageDropReason : std::uint8_t { kQueueFull, kInvalid, kRateLimited, kStale };
enum class BandwidthDirection : std::uint8_t { kIn, kOut };

enum class KeyType : std::uint8_t { kBlock, kState, kIndex, kWal, kOther };
enum class Outcome : std::uint8_t { kSuccess, kFailure };
enum class StorageOperation : std::uint8_t { kRead, kWrite, kDelete, kSync };
enum class Cache : std::uint8_t { kBlock, kState };
enum class Validity : std::uint8_t { kValid, kInvalid };
enum class ValidationFailure : std::uint8_t { kSignature, kNonce, kBalance, kGas, kFormat, kOther };

enum class TransactionSource : std::uint8_t { kClient, kPeer, kReinserted };
enum class RemovalReason : std::uint8_t { kCommitted, kExpired, kEvicted, kInvalid };
enum class MempoolRejection : std::uint8_t { kFull, kInvalid, kDuplicate, kFee };

enum class HealthComponent : std::uint8_t { kOverall, kConsensus, kNetwork, kStorage };
enum class ExportFormat : std::uint8_t { kPrometheus, kJson, kCsv, kInfluxDb };
enum class SampleDropReason : std::uint8_t { kSampled, kMemoryLimit, kCardinality };

// The label value.
constexpr std::string_view to_string(VoteType type) {
  return catalog::kVoteTypes.values[static_cast<std::size_t>(type)];
}
constexpr std::string_view to_string(ByzantineBehaviorType type) {
  return catalog::kByzantineBehaviorTypes.values[static_cast<std::size_t>(type)];
}
constexpr std::string_view to_string(SafetyViolationType type) {
  return catalog::kSafetyViolationTypes.values[static_cast<std::size_t>(type)];
}
constexpr std::string_view to_string(LeaderOutcome outcome) {
  return catalog::kLeaderOutcomes.values[static_cast<std::size_t>(outcome)];
}

struct HotStuffOptions {
  // Values of the labels `validator` and `peer`; what comes after is counted as "other".
  std::uint32_t max_validators = catalog::kMaxValidators;
  const Clock* clock = &Clock::system();
};

// A definition with room for `max_validators` members.
template <class Definition>
Definition with_max_validators(Definition definition, std::uint32_t max_validators) {
  std::uint32_t closed_sets = 1;
  for (const metrics::ClosedLabel& closed : definition.options.closed) {
    if (!closed.values.empty()) closed_sets *= static_cast<std::uint32_t>(closed.values.size());
  }
  definition.options.max_label_sets = catalog::member_label_sets(closed_sets, max_validators);
  return definition;
}

}  // namespace vigil::packs::hotstuff2
