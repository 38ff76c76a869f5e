// Recording API of the P2P layer: connections, messages, gossip, relay, DHT.
//
//   auto& p2p = vigil::packs::zerostate::p2p();
//   p2p.record_message_sent(MessageType::kGossip, bytes);
//   p2p.update_peers_connected(7);
//
// The values of labels are enumerators, so no call can fail. Counters and histograms
// exist at 0 from construction, gauges appear at their first update.
//
// Thread-safety: any thread. Recording takes no lock and allocates nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "packs/zerostate/catalog/p2p.h"
#include "packs/zerostate/types.h"
#include "vigil/metrics/by_enum.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::zerostate {

// Each in the order of its closed label in catalog/p2p.h.
enum class ConnectionState : std::uint8_t { kActive, kIdle };
enum class Direction : std::uint8_t { kInbound, kOutbound };
enum class Transport : std::uint8_t { kTcp, kQuic, kWebsocket, kRelay };
enum class CloseReason : std::uint8_t { kLocal, kRemote, kTimeout, kError, kPruned };
enum class DialError : std::uint8_t { kRefused, kTimeout, kNoRoute, kSecurity, kCanceled, kOther };
enum class DialOutcome : std::uint8_t { kSuccess, kFailed };
enum class Traffic : std::uint8_t { kTx, kRx };
enum class MessageType : std::uint8_t { kGossip, kRequest, kResponse, kControl };
enum class MessageFailure : std::uint8_t { kTimeout, kNoPeer, kEncode, kStreamReset, kQueueFull };
enum class Topic : std::uint8_t { kTask, kReceipt, kReputation, kGuild, kOther };
enum class GossipRejection : std::uint8_t { kInvalidSignature, kStale, kUnknownTopic, kRateLimited };
enum class ReservationResult : std::uint8_t { kAccepted, kRefused };
enum class HolepunchOutcome : std::uint8_t { kSuccess, kFailed, kCanceled };
enum class DhtOperation : std::uint8_t { kPut, kGet, kFindPeer, kFindProviders };
enum class Resource : std::uint8_t { kConn, kStream, kMemory, kFd };

constexpr std::string_view to_string(ConnectionState v) {
  return catalog::kConnectionStates.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(Direction v) { return catalog::kDirections.values[static_cast<std::size_t>(v)]; }
constexpr std::string_view to_string(Transport v) { return catalog::kTransports.values[static_cast<std::size_t>(v)]; }
constexpr std::string_view to_string(CloseReason v) {
  return catalog::kCloseReasons.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(DialError v) { return catalog::kDialErrors.values[static_cast<std::size_t>(v)]; }
constexpr std::string_view to_string(DialOutcome v) {
  return catalog::kDialOutcomes.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(Traffic v) { return catalog::kTraffic.values[static_cast<std::size_t>(v)]; }
constexpr std::string_view to_string(MessageType v) {
  return catalog::kMessageTypes.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(MessageFailure v) {
  return catalog::kMessageFailures.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(Topic v) { return catalog::kTopics.values[static_cast<std::size_t>(v)]; }
constexpr std::string_view to_string(GossipRejection v) {
  return catalog::kGossipRejections.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(ReservationResult v) {
  return catalog::kReservationResults.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(HolepunchOutcome v) {
  return catalog::kHolepunchOutcomes.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(DhtOperation v) {
  return catalog::kDhtOperations.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(Resource v) { return catalog::kResources.values[static_cast<std::size_t>(v)]; }

// As exported: unknown 0, private 1, public 2.
enum class Reachability : std::uint8_t { kUnknown, kPrivate, kPublic };

class P2pMetrics {
 public:
  explicit P2pMetrics(metrics::RegistryRef registry);

  // --- connections ---
  void record_connection_opened(Direction direction, Transport transport) {
    connections_opened_(direction, transport).inc();
  }
  void record_connection_closed(Direction direction, CloseReason reason, Seconds lifetime);
  void record_dial(Transport transport, Seconds duration);
  void record_dial_failure(Transport transport, DialError error, Seconds duration);
  void record_handshake(Transport transport, Seconds duration) {
    handshake_duration_(transport).observe(duration.count());
  }
  void update_connections(std::uint64_t active, std::uint64_t idle);
  void update_connection_pool(std::uint64_t size, std::uint64_t capacity);
  void update_peers_connected(std::uint64_t peers) { peers_connected_.set(static_cast<double>(peers)); }
  void update_peers_banned(std::uint64_t peers) { peers_banned_.set(static_cast<double>(peers)); }
  void update_nat_reachability(Reachability reachability) { nat_reachability_.set(static_cast<double>(reachability)); }
  void record_resource_blocked(Resource resource) { resource_blocked_(resource).inc(); }

  // --- messages ---
  // Bytes on the wire, whatever they carry.
  void record_bandwidth(Traffic direction, std::uint64_t bytes) { bandwidth_(direction).inc(bytes); }
  void record_message_sent(MessageType type, std::uint64_t bytes) {
    messages_sent_(type).inc();
    message_size_(Traffic::kTx).observe(static_cast<double>(bytes));
  }
  void record_message_received(MessageType type, std::uint64_t bytes) {
    messages_received_(type).inc();
    message_size_(Traffic::kRx).observe(static_cast<double>(bytes));
  }
  // Instead of record_message_sent(): a message counts as sent or as failed, never both.
  void record_message_failed(MessageType type, MessageFailure reason) { messages_failed_(type, reason).inc(); }
  // Request to response; for gossip from publication to delivery.
  void record_message_latency(MessageType type, Seconds latency) { message_latency_(type).observe(latency.count()); }
  void record_health_check(bool success, Seconds duration) {
    health_checks_(outcome(success)).inc();
    health_check_duration_.observe(duration.count());
  }

  // --- gossip ---
  void record_gossip_published(Topic topic) { gossip_published_(topic).inc(); }
  // The first delivery of a message here; `propagation` since its publication.
  void record_gossip_delivered(Topic topic, Seconds propagation) {
    gossip_delivered_(topic).inc();
    gossip_propagation_(topic).observe(propagation.count());
  }
  void record_gossip_duplicate(Topic topic) { gossip_duplicates_(topic).inc(); }
  void record_gossip_rejected(GossipRejection reason) { gossip_rejected_(reason).inc(); }
  void update_gossip_mesh_peers(Topic topic, std::uint64_t peers) {
    gossip_mesh_peers_(topic).set(static_cast<double>(peers));
  }

  // --- relay and DHT ---
  void update_relay_connections(std::uint64_t circuits) { relay_connections_.set(static_cast<double>(circuits)); }
  void record_relay_reservation(ReservationResult result) { relay_reservations_(result).inc(); }
  void record_relay_bytes(std::uint64_t bytes) { relay_bytes_.inc(bytes); }
  void record_holepunch(HolepunchOutcome result) { holepunch_attempts_(result).inc(); }
  void record_dht_operation(DhtOperation operation, bool success, Seconds duration) {
    dht_operations_(operation, outcome(success)).inc();
    dht_operation_duration_(operation).observe(duration.count());
  }
  void update_dht_routing_table_size(std::uint64_t peers) { dht_routing_table_size_.set(static_cast<double>(peers)); }

 private:
  metrics::ByEnum<catalog::kP2pConnections, ConnectionState> connections_;
  metrics::InstrumentOf<catalog::kP2pPeersConnected> peers_connected_;
  metrics::InstrumentOf<catalog::kP2pConnectionPoolSize> connection_pool_size_;
  metrics::InstrumentOf<catalog::kP2pConnectionPoolCapacity> connection_pool_capacity_;
  metrics::ByEnum<catalog::kP2pConnectionsOpened, Direction, Transport> connections_opened_;
  metrics::ByEnum<catalog::kP2pConnectionsClosed, Direction, CloseReason> connections_closed_;
  metrics::ByEnum<catalog::kP2pDialErrors, Transport, DialError> dial_errors_;
  metrics::ByEnum<catalog::kP2pDialDurationSeconds, Transport, DialOutcome> dial_duration_;
  metrics::ByEnum<catalog::kP2pHandshakeDurationSeconds, Transport> handshake_duration_;
  metrics::ByEnum<catalog::kP2pConnectionDurationSeconds, Direction> connection_duration_;
  metrics::ByEnum<catalog::kP2pBandwidthBytes, Traffic> bandwidth_;
  metrics::ByEnum<catalog::kP2pMessagesSent, MessageType> messages_sent_;
  metrics::ByEnum<catalog::kP2pMessagesReceived, MessageType> messages_received_;
  metrics::ByEnum<catalog::kP2pMessagesFailed, MessageType, MessageFailure> messages_failed_;
  metrics::ByEnum<catalog::kP2pMessageSizeBytes, Traffic> message_size_;
  metrics::ByEnum<catalog::kP2pMessageLatencySeconds, MessageType> message_latency_;
  metrics::ByEnum<catalog::kP2pHealthChecks, Outcome> health_checks_;
  metrics::InstrumentOf<catalog::kP2pHealthCheckDurationSeconds> health_check_duration_;
  metrics::ByEnum<catalog::kP2pGossipPublished, Topic> gossip_published_;
  metrics::ByEnum<catalog::kP2pGossipDelivered, Topic> gossip_delivered_;
  metrics::ByEnum<catalog::kP2pGossipDuplicates, Topic> gossip_duplicates_;
  metrics::ByEnum<catalog::kP2pGossipRejected, GossipRejection> gossip_rejected_;
  metrics::ByEnum<catalog::kP2pGossipPropagationSeconds, Topic> gossip_propagation_;
  metrics::ByEnum<catalog::kP2pGossipMeshPeers, Topic> gossip_mesh_peers_;
  metrics::InstrumentOf<catalog::kP2pRelayConnections> relay_connections_;
  metrics::ByEnum<catalog::kP2pRelayReservations, ReservationResult> relay_reservations_;
  metrics::InstrumentOf<catalog::kP2pRelayBytes> relay_bytes_;
  metrics::ByEnum<catalog::kP2pHolepunchAttempts, HolepunchOutcome> holepunch_attempts_;
  metrics::ByEnum<catalog::kP2pDhtOperations, DhtOperation, Outcome> dht_operations_;
  metrics::ByEnum<catalog::kP2pDhtOperationDurationSeconds, DhtOperation> dht_operation_duration_;
  metrics::InstrumentOf<catalog::kP2pDhtRoutingTableSize> dht_routing_table_size_;
  metrics::ByEnum<catalog::kP2pResourceBlocked, Resource> resource_blocked_;
  metrics::InstrumentOf<catalog::kP2pNatReachability> nat_reachability_;
  metrics::InstrumentOf<catalog::kP2pPeersBanned> peers_banned_;
};

}  // namespace vigil::packs::zerostate
