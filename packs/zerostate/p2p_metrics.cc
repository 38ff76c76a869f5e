#include "packs/zerostate/p2p_metrics.h"

namespace vigil::packs::zerostate {

P2pMetrics::P2pMetrics(metrics::RegistryRef registry)
    : connections_(registry),
      peers_connected_(registry, catalog::kP2pPeersConnected),
      connection_pool_size_(registry, catalog::kP2pConnectionPoolSize),
      connection_pool_capacity_(registry, catalog::kP2pConnectionPoolCapacity),
      connections_opened_(registry),
      connections_closed_(registry),
      dial_errors_(registry),
      dial_duration_(registry),
      handshake_duration_(registry),
      connection_duration_(registry),
      bandwidth_(registry),
      messages_sent_(registry),
      messages_received_(registry),
      messages_failed_(registry),
      message_size_(registry),
      message_latency_(registry),
      health_checks_(registry),
      health_check_duration_(registry, catalog::kP2pHealthCheckDurationSeconds),
      gossip_published_(registry),
      gossip_delivered_(registry),
      gossip_duplicates_(registry),
      gossip_rejected_(registry),
      gossip_propagation_(registry),
      gossip_mesh_peers_(registry),
      relay_connections_(registry, catalog::kP2pRelayConnections),
      relay_reservations_(registry),
      relay_bytes_(registry, catalog::kP2pRelayBytes),
      holepunch_attempts_(registry),
      dht_operations_(registry),
      dht_operation_duration_(registry),
      dht_routing_table_size_(registry, catalog::kP2pDhtRoutingTableSize),
      resource_blocked_(registry),
      nat_reachability_(registry, catalog::kP2pNatReachability),
      peers_banned_(registry, catalog::kP2pPeersBanned) {}

void P2pMetrics::record_connection_closed(Direction direction, CloseReason reason, Seconds lifetime) {
  connections_closed_(direction, reason).inc();
  connection_duration_(direction).observe(lifetime.count());
}

void P2pMetrics::record_dial(Transport transport, Seconds duration) {
  dial_duration_(transport, DialOutcome::kSuccess).observe(duration.count());
}

void P2pMetrics::record_dial_failure(Transport transport, DialError error, Seconds duration) {
  dial_errors_(transport, error).inc();
  dial_duration_(transport, DialOutcome::kFailed).observe(duration.count());
}

void P2pMetrics::update_connections(std::uint64_t active, std::uint64_t idle) {
  connections_(ConnectionState::kActive).set(static_cast<double>(active));
  connections_(ConnectionState::kIdle).set(static_cast<double>(idle));
}

void P2pMetrics::update_connection_pool(std::uint64_t size, std::uint64_t capacity) {
  connection_pool_size_.set(static_cast<double>(size));
  connection_pool_capacity_.set(static_cast<double>(capacity));
}

}  // namespace vigil::packs::zerostate
