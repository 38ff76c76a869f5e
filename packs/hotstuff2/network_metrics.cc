#include "packs/hotstuff2/network_metrics.h"

#include "vigil/base/log.h"

namespace vigil::packs::hotstuff2 {

NetworkMetrics::NetworkMetrics(metrics::RegistryRef registry, const HotStuffOptions& options)
    : messages_sent(registry),
      messages_received(registry),
      message_processing_time(registry),
      message_queue_size(registry),
      active_peers(registry, catalog::kActivePeers),
      peer_connections(registry),
      peer_disconnections(registry),
      peer_latency(registry, catalog::kPeerLatencySeconds),
      bytes_sent(registry),
      bytes_received(registry),
      bandwidth_utilization(registry, catalog::kBandwidthUtilizationRatio),
      network_partitions(registry, catalog::kNetworkPartitions),
      connection_failures(registry),
      message_delivery_rate(registry, catalog::kMessageDeliveryRate),
      messages_dropped(registry),
      peer_round_trip(registry, with_max_validators(catalog::kPeerRoundTripSeconds, options.max_validators)),
      registry_(registry.pointer) {}

void NetworkMetrics::record_message_sent(MessageType msg_type, PeerId /*peer*/, std::size_t size) {
  messages_sent(msg_type).inc();
  bytes_sent(msg_type).inc(size);
}

void NetworkMetrics::record_message_received(MessageType msg_type, PeerId /*peer*/, std::size_t size) {
  messages_received(msg_type).inc();
  bytes_received(msg_type).inc(size);
}

void NetworkMetrics::record_message_processing_time(MessageType msg_type, Seconds duration) {
  message_processing_time(msg_type).observe(duration.count());
}

void NetworkMetrics::record_message_dropped(MessageType msg_type, MessageDropReason reason) {
  messages_dropped(msg_type, reason).inc();
}

void NetworkMetrics::update_message_queue_size(Queue queue, std::size_t messages) {
  message_queue_size(queue).set(static_cast<double>(messages));
}

void NetworkMetrics::record_peer_connected(PeerId /*peer*/, ConnectionType connection_type) {
  peer_connections(connection_type).inc();
  active_peers.inc();
}

void NetworkMetrics::record_peer_disconnected(PeerId peer, DisconnectionReason reason) {
  peer_disconnections(reason).inc();
  // A count that was set after the connection closed has it already.
  if (active_peers.value() > 0) active_peers.dec();
  peer_round_trip.with(peer).clear();
}

void NetworkMetrics::update_peer_count(std::size_t count) { active_peers.set(static_cast<double>(count)); }

void NetworkMetrics::record_peer_latency(PeerId peer, Seconds round_trip) {
  peer_latency.observe(round_trip.count());
  peer_round_trip.with(peer).set(round_trip.count());
}

void NetworkMetrics::update_bandwidth_utilization(double ratio) { bandwidth_utilization.set(ratio); }
void NetworkMetrics::update_message_delivery_rate(double ratio) { message_delivery_rate.set(ratio); }

void NetworkMetrics::record_network_partition(std::size_t affected_peers) {
  network_partitions.inc();
  log::warn("network", "partition: no quorum of validators can be reached",
            {{"affected_peers", static_cast<std::uint64_t>(affected_peers)}});
}

void NetworkMetrics::record_connection_failure(PeerId /*peer*/, NetworkError error) {
  connection_failures(error).inc();
}

}  // namespace vigil::packs::hotstuff2
