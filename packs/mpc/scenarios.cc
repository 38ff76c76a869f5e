// Which alerts tell of which fault.
#include <string_view>

#include "packs/mpc/simulation.h"

namespace vigil::packs::mpc {
namespace {

constexpr std::string_view kNodeDown[] = {"MPCNodeDown", "PresignatureStockUnusable"};
constexpr std::string_view kQuorumLost[] = {"MPCNodeDown",
                                            "MPCClusterDegraded",
                                            "LowPeerConnectivity",
                                            "ConsensusThresholdNotReached",
                                            "MPCProposalOpenTooLong",
                                            "PresignatureStockUnusable"};
constexpr std::string_view kPartition[] = {"LowPeerConnectivity", "MPCProposalOpenTooLong",
                                           "PresignatureStockUnusable"};
constexpr std::string_view kNoPeers[] = {"NoPeerConnectivity", "LowPeerConnectivity", "MPCProposalOpenTooLong",
                                         "PresignatureStockUnusable"};
constexpr std::string_view kDoubleVote[] = {"ByzantineViolationDetected", "ByzantineDoubleVoteDetected"};
constexpr std::string_view kSilent[] = {"ConsensusThresholdNotReached", "MPCProposalOpenTooLong"};
constexpr std::string_view kLost[] = {"MPCProposalOpenTooLong"};
constexpr std::string_view kSlow[] = {"SlowSignatureGeneration"};
constexpr std::string_view kFailures[] = {"HighTransactionFailureRate"};
constexpr std::string_view kInvalid[] = {"ByzantineViolationDetected", "HighTransactionFailureRate"};
constexpr std::string_view kNonce[] = {"NonceReuseBlocked"};
constexpr std::string_view kDepleted[] = {"PresignaturePoolDepleted", "PresignaturePoolLow"};
// What starves for a presignature fails after a minute, which is also how long it took.
constexpr std::string_view kStarved[] = {"HighTransactionFailureRate", "SlowSignatureGeneration"};
constexpr std::string_view kPoolLow[] = {"PresignaturePoolLow"};
constexpr std::string_view kPoolEmpty[] = {"PresignaturePoolDepleted"};
constexpr std::string_view kStale[] = {"KeyShareBackupStale"};
constexpr std::string_view kOutdated[] = {"MPCShareBackupTooOld", "KeyShareBackupStale"};
constexpr std::string_view kQuiet[] = {"NoTransactionsProcessed"};
constexpr std::string_view kTls[] = {"TLSHandshakeFailures"};
constexpr std::string_view kExpires[] = {"CertificateExpiresSoon"};
constexpr std::string_view kExpired[] = {"CertificateExpiresSoon", "TLSHandshakeFailures",
                                         "NoPeerConnectivity",     "LowPeerConnectivity",
                                         "MPCProposalOpenTooLong", "PresignatureStockUnusable"};
constexpr std::string_view kCpu[] = {"MPCNodeHighCPUUsage"};
constexpr std::string_view kMemory[] = {"MPCNodeHighMemoryUsage"};
constexpr std::string_view kNoLeader[] = {"EtcdNoLeader", "NoTransactionsProcessed"};
constexpr std::string_view kFsync[] = {"EtcdSlowFsync"};
constexpr std::string_view kEtcdNetwork[] = {"EtcdMemberCommunicationSlow"};
constexpr std::string_view kElections[] = {"EtcdLeaderChanges"};
constexpr std::string_view kDatabase[] = {"PostgresDown", "NoTransactionsProcessed"};
constexpr std::string_view kExporter[] = {"PostgresDown"};
constexpr std::string_view kConnections[] = {"MPCPostgresConnectionsHigh"};
constexpr std::string_view kDeadlocks[] = {"PostgresDeadlocks"};

constexpr pack::Scenario kScenarios[] = {
    {"healthy", "Five nodes vote and sign with 4 of 5.", {}, {}},
    {"node_down", "Node 2 stops: the others sign, without a reserve.", kNodeDown, {}, 15 * kMinute},
    {"quorum_lost", "Nodes 2 and 3 stop: nothing can be signed.", kQuorumLost, kFailures, 20 * kMinute},
    {"partition", "Nodes 4 and 5 do not hear nodes 1 to 3: neither side has a quorum.", kPartition, kFailures,
     13 * kMinute},
    {"no_peers", "Node 4 runs and reaches nobody.", kNoPeers, kFailures, 13 * kMinute},
    {"double_vote", "Node 4 votes twice, differently.", kDoubleVote, {}, 10 * kMinute},
    {"silent_voters", "Nodes 2 and 3 vote on nothing.", kSilent, kFailures, 14 * kMinute},
    {"lost_proposals", "Every fifth proposal of node 4 reaches nobody.", kLost, {}, 10 * kMinute},
    {"slow_signatures", "Node 2 needs six seconds more for each share.", kSlow, {}, 15 * kMinute},
    {"signing_refused", "Node 3's signer is locked: it gives no share.", kFailures, {}, 15 * kMinute},
    {"invalid_shares", "Node 3's shares do not verify.", kInvalid, {}, 15 * kMinute},
    {"nonce_reuse",
     "Node 3 was set back to a snapshot and asks for shares with used nonces.",
     kNonce,
     {},
     10 * kMinute},
    {"pool_depleted", "Node 2 loses its presignatures and makes none.", kDepleted, kStarved, 15 * kMinute},
    {"pool_low", "Node 2 keeps two presignatures instead of forty.", kPoolLow, kPoolEmpty, 15 * kMinute},
    {"backup_fails", "Node 3's new key shares are not backed up.", kStale, {}, 85 * kMinute},
    {"backup_outdated",
     "Node 3's backups are those of two days ago and take nothing new.",
     kOutdated,
     {},
     85 * kMinute},
    {"no_clients", "Clients send nothing.", kQuiet, {}, 20 * kMinute},
    {"stranger", "Somebody without a certificate knocks at node 1 once a second.", kTls, {}, 15 * kMinute},
    {"certificate_expires", "Node 3's certificate has ten days left and is not renewed.", kExpires, {}, 65 * kMinute},
    {"certificate_expired", "Node 3's certificate ends: no peer lets it in.", kExpired, kFailures, 65 * kMinute},
    {"busy_cpu", "Something in node 4 spins.", kCpu, {}, 20 * kMinute},
    {"memory_leak", "Node 4 leaks memory.", kMemory, {}, 15 * kMinute},
    {"no_leader", "Two of three etcd members stop: no locks, so no new transactions.", kNoLeader, {}, 20 * kMinute},
    {"slow_disks", "Two etcd members share a disk with somebody busy.", kFsync, {}, 20 * kMinute},
    {"slow_etcd_network", "Etcd members are 300 ms away from each other.", kEtcdNetwork, {}, 20 * kMinute},
    {"flapping_leader", "Etcd's leader loses its term every 90 seconds.", kElections, {}, 20 * kMinute},
    {"database_down", "PostgreSQL stops: transactions cannot be stored.", kDatabase, {}, 20 * kMinute},
    {"exporter_down", "PostgreSQL's exporter stops.", kExporter, {}, 10 * kMinute},
    {"leaking_connections", "A node opens connections to PostgreSQL and forgets them.", kConnections, {}, 20 * kMinute},
    {"deadlocks", "Two nodes lock the same rows in opposite order.", kDeadlocks, {}, 15 * kMinute},
};

}  // namespace

std::span<const pack::Scenario> scenarios() { return kScenarios; }

}  // namespace vigil::packs::mpc
