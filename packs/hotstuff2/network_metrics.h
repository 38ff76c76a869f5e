// Messages, peers, bandwidth and network health of one replica.
//
//   NetworkMetrics network(registry);
//   network.record_peer_connected("validator-2", ConnectionType::kOutbound);
//   network.record_message_sent(MessageType::kVote, "validator-2", bytes.size());
//
// A peer is a label only of hotstuff_peer_round_trip_seconds, with a cap.
// The fields are the instruments.
//
// Thread-safety: any thread. Recording neither locks nor allocates once a peer is known.
#pragma once

#include <cstddef>
#include <cstdint>

#include "packs/hotstuff2/types.h"
#include "vigil/metrics/by_enum.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::hotstuff2 {

class NetworkMetrics {
 public:
  explicit NetworkMetrics(metrics::RegistryRef registry, const HotStuffOptions& options = {});

  // --- messages ---
  // `size` in bytes of payload.
  void record_message_sent(MessageType msg_type, PeerId peer, std::size_t size);
  void record_message_received(MessageType msg_type, PeerId peer, std::size_t size);
  void record_message_processing_time(MessageType msg_type, Seconds duration);
  void record_message_dropped(MessageType msg_type, MessageDropReason reason);
  void update_message_queue_size(Queue queue, std::size_t messages);

  // --- peers ---
  // Active peers follow connections and disconnections; update_peer_count() sets them right.
  void record_peer_connected(PeerId peer, ConnectionType connection_type);
  void record_peer_disconnected(PeerId peer, DisconnectionReason reason);
  void update_peer_count(std::size_t count);
  void record_peer_latency(PeerId peer, Seconds round_trip);

  // --- bandwidth and health ---
  void update_bandwidth_utilization(double ratio);  // used / configured
  void update_message_delivery_rate(double ratio);  // acknowledged / sent
  // Fewer than a quorum of validators can be reached. Also one line in the log.
  void record_network_partition(std::size_t affected_peers);
  void record_connection_failure(PeerId peer, NetworkError error);

  // Where it is shown; null: nowhere.
  const metrics::Registry* registry() const { return registry_; }

  const metrics::ByEnum<catalog::kMessagesSent, MessageType> messages_sent;
  const metrics::ByEnum<catalog::kMessagesReceived, MessageType> messages_received;
  const metrics::ByEnum<catalog::kMessageProcessingTimeSeconds, MessageType> message_processing_time;
  const metrics::ByEnum<catalog::kMessageQueueSize, Queue> message_queue_size;
  const metrics::InstrumentOf<catalog::kActivePeers> active_peers;
  const metrics::ByEnum<catalog::kPeerConnections, ConnectionType> peer_connections;
  const metrics::ByEnum<catalog::kPeerDisconnections, DisconnectionReason> peer_disconnections;
  const metrics::InstrumentOf<catalog::kPeerLatencySeconds> peer_latency;
  const metrics::ByEnum<catalog::kBytesSent, MessageType> bytes_sent;
  const metrics::ByEnum<catalog::kBytesReceived, MessageType> bytes_received;
  const metrics::InstrumentOf<catalog::kBandwidthUtilizationRatio> bandwidth_utilization;
  const metrics::InstrumentOf<catalog::kNetworkPartitions> network_partitions;
  const metrics::ByEnum<catalog::kConnectionFailures, NetworkError> connection_failures;
  const metrics::InstrumentOf<catalog::kMessageDeliveryRate> message_delivery_rate;

  const metrics::ByEnum<catalog::kMessagesDropped, MessageType, MessageDropReason> messages_dropped;
  const metrics::InstrumentOf<catalog::kPeerRoundTripSeconds> peer_round_trip;

 private:
  const metrics::Registry* const registry_;
};

}  // namespace vigil::packs::hotstuff2
