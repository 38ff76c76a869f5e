// The P2P layer: connections, messages, gossip, relay, DHT. No peer is a label.
#pragma once

#include <array>

#include "vigil/metrics/metrics.h"

namespace vigil::packs::zerostate::catalog {

using vigil::metrics::buckets;
using vigil::metrics::closed;
using vigil::metrics::ClosedLabel;
using vigil::metrics::CounterDef;
using vigil::metrics::GaugeDef;
using vigil::metrics::HistogramDef;

inline constexpr ClosedLabel kConnectionStates = closed<"state", "active", "idle">;
inline constexpr ClosedLabel kDirections = closed<"direction", "inbound", "outbound">;
inline constexpr ClosedLabel kTransports = closed<"transport", "tcp", "quic", "websocket", "relay">;
inline constexpr ClosedLabel kCloseReasons = closed<"reason", "local", "remote", "timeout", "error", "pruned">;
inline constexpr ClosedLabel kDialErrors =
    closed<"error", "refused", "timeout", "no_route", "security", "canceled", "other">;
inline constexpr ClosedLabel kDialOutcomes = closed<"outcome", "success", "failed">;
inline constexpr ClosedLabel kTraffic = closed<"direction", "tx", "rx">;
inline constexpr ClosedLabel kMessageTypes = closed<"message_type", "gossip", "request", "response", "control">;
inline constexpr ClosedLabel kMessageFailures =
    closed<"reason", "timeout", "no_peer", "encode", "stream_reset", "queue_full">;
inline constexpr ClosedLabel kP2pResults = closed<"result", "success", "failure">;
inline constexpr ClosedLabel kTopics = closed<"topic", "task", "receipt", "reputation", "guild", "other">;
inline constexpr ClosedLabel kGossipRejections =
    closed<"reason", "invalid_signature", "stale", "unknown_topic", "rate_limited">;
inline constexpr ClosedLabel kReservationResults = closed<"result", "accepted", "refused">;
inline constexpr ClosedLabel kHolepunchOutcomes = closed<"outcome", "success", "failed", "canceled">;
inline constexpr ClosedLabel kDhtOperations = closed<"operation", "put", "get", "find_peer", "find_providers">;
inline constexpr ClosedLabel kResources = closed<"resource", "conn", "stream", "memory", "fd">;

inline constexpr GaugeDef<"state"> kP2pConnections{"p2p_connections",
                                                   "Peer connections; state = active, idle; their sum is the total.",
                                                   {.closed = {kConnectionStates}}};

inline constexpr GaugeDef<> kP2pPeersConnected{"p2p_peers_connected", "Distinct connected peers."};

inline constexpr GaugeDef<> kP2pConnectionPoolSize{"p2p_connection_pool_size", "Connections held by the pool."};

inline constexpr GaugeDef<> kP2pConnectionPoolCapacity{"p2p_connection_pool_capacity", "Pool limit."};

inline constexpr CounterDef<"direction", "transport"> kP2pConnectionsOpened{
    "p2p_connections_opened_total",
    "Opened; direction = inbound, outbound; transport = tcp, quic, websocket, relay.",
    {.closed = {kDirections, kTransports}}};

inline constexpr CounterDef<"direction", "reason"> kP2pConnectionsClosed{
    "p2p_connections_closed_total",
    "Closed; reason = local, remote, timeout, error, pruned; direction = inbound, outbound.",
    {.closed = {kDirections, kCloseReasons}}};

inline constexpr CounterDef<"transport", "error"> kP2pDialErrors{
    "p2p_dial_errors_total",
    "Failed dials; error = refused, timeout, no_route, security, canceled, other; transport = tcp, quic, websocket, "
    "relay.",
    {.closed = {kTransports, kDialErrors}}};

inline constexpr HistogramDef<"transport", "outcome"> kP2pDialDurationSeconds{
    "p2p_dial_duration_seconds",
    "Dial time; outcome = success, failed; transport = tcp, quic, websocket, relay.",
    buckets<0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.0, 5.0>,
    {.closed = {kTransports, kDialOutcomes}, .unit = "seconds"}};

inline constexpr HistogramDef<"transport"> kP2pHandshakeDurationSeconds{
    "p2p_handshake_duration_seconds",
    "Security and muxer handshake; transport = tcp, quic, websocket, relay.",
    buckets<0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0>,
    {.closed = {kTransports}, .unit = "seconds"}};

inline constexpr HistogramDef<"direction"> kP2pConnectionDurationSeconds{
    "p2p_connection_duration_seconds",
    "Lifetime of closed connections; direction = inbound, outbound.",
    buckets<1.0, 10.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0, 604800.0>,
    {.closed = {kDirections}, .unit = "seconds"}};

inline constexpr CounterDef<"direction"> kP2pBandwidthBytes{
    "p2p_bandwidth_bytes_total", "Bytes; direction = tx, rx.", {.closed = {kTraffic}, .unit = "bytes"}};

inline constexpr CounterDef<"message_type"> kP2pMessagesSent{
    "p2p_messages_sent_total",
    "Messages sent; message_type = gossip, request, response, control.",
    {.closed = {kMessageTypes}}};

inline constexpr CounterDef<"message_type"> kP2pMessagesReceived{
    "p2p_messages_received_total",
    "Messages received; message_type = gossip, request, response, control.",
    {.closed = {kMessageTypes}}};

inline constexpr CounterDef<"message_type", "reason"> kP2pMessagesFailed{
    "p2p_messages_failed_total",
    "Messages not delivered; reason = timeout, no_peer, encode, stream_reset, queue_full; message_type = gossip, "
    "request, response, control.",
    {.closed = {kMessageTypes, kMessageFailures}}};

inline constexpr HistogramDef<"direction"> kP2pMessageSizeBytes{
    "p2p_message_size_bytes",
    "Message size; direction = tx, rx.",
    buckets<64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0>,
    {.closed = {kTraffic}, .unit = "bytes"}};

inline constexpr HistogramDef<"message_type"> kP2pMessageLatencySeconds{
    "p2p_message_latency_seconds",
    "Request to response; for gossip from publication to delivery; message_type = gossip, request, response, control.",
    buckets<0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0>,
    {.closed = {kMessageTypes}, .unit = "seconds"}};

inline constexpr CounterDef<"result"> kP2pHealthChecks{
    "p2p_health_checks_total", "Peer health checks; result = success, failure.", {.closed = {kP2pResults}}};

inline constexpr HistogramDef<> kP2pHealthCheckDurationSeconds{
    "p2p_health_check_duration_seconds",
    "Health check time.",
    buckets<0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0>,
    {.unit = "seconds"}};

inline constexpr CounterDef<"topic"> kP2pGossipPublished{
    "p2p_gossip_published_total",
    "Gossip messages published; topic = task, receipt, reputation, guild, other.",
    {.closed = {kTopics}}};

inline constexpr CounterDef<"topic"> kP2pGossipDelivered{
    "p2p_gossip_delivered_total",
    "First deliveries; topic = task, receipt, reputation, guild, other.",
    {.closed = {kTopics}}};

inline constexpr CounterDef<"topic"> kP2pGossipDuplicates{
    "p2p_gossip_duplicates_total",
    "Duplicate deliveries; topic = task, receipt, reputation, guild, other.",
    {.closed = {kTopics}}};

inline constexpr CounterDef<"reason"> kP2pGossipRejected{
    "p2p_gossip_rejected_total",
    "Refused gossip; reason = invalid_signature, stale, unknown_topic, rate_limited.",
    {.closed = {kGossipRejections}}};

inline constexpr HistogramDef<"topic"> kP2pGossipPropagationSeconds{
    "p2p_gossip_propagation_seconds",
    "Publish to delivery here; topic = task, receipt, reputation, guild, other.",
    buckets<0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0>,
    {.closed = {kTopics}, .unit = "seconds"}};

inline constexpr GaugeDef<"topic"> kP2pGossipMeshPeers{
    "p2p_gossip_mesh_peers", "Mesh degree; topic = task, receipt, reputation, guild, other.", {.closed = {kTopics}}};

inline constexpr GaugeDef<> kP2pRelayConnections{"p2p_relay_connections", "Circuits open through a relay."};

inline constexpr CounterDef<"result"> kP2pRelayReservations{"p2p_relay_reservations_total",
                                                            "Reservation requests; result = accepted, refused.",
                                                            {.closed = {kReservationResults}}};

inline constexpr CounterDef<> kP2pRelayBytes{"p2p_relay_bytes_total", "Bytes carried by the relay.", {.unit = "bytes"}};

inline constexpr CounterDef<"outcome"> kP2pHolepunchAttempts{"p2p_holepunch_attempts_total",
                                                             "Hole punches; outcome = success, failed, canceled.",
                                                             {.closed = {kHolepunchOutcomes}}};

inline constexpr CounterDef<"operation", "result"> kP2pDhtOperations{
    "p2p_dht_operations_total",
    "DHT operations; operation = put, get, find_peer, find_providers; result = success, failure.",
    {.closed = {kDhtOperations, kP2pResults}}};

inline constexpr HistogramDef<"operation"> kP2pDhtOperationDurationSeconds{
    "p2p_dht_operation_duration_seconds",
    "DHT operation time; operation = put, get, find_peer, find_providers.",
    buckets<0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0>,
    {.closed = {kDhtOperations}, .unit = "seconds"}};

inline constexpr GaugeDef<> kP2pDhtRoutingTableSize{"p2p_dht_routing_table_size", "Peers in the routing table."};

inline constexpr CounterDef<"resource"> kP2pResourceBlocked{
    "p2p_resource_blocked_total",
    "Requests refused by the resource manager; resource = conn, stream, memory, fd.",
    {.closed = {kResources}}};

inline constexpr GaugeDef<> kP2pNatReachability{"p2p_nat_reachability", "0 unknown, 1 private, 2 public."};

inline constexpr GaugeDef<> kP2pPeersBanned{"p2p_peers_banned", "Peers refused by the connection gater."};

inline constexpr std::array kP2p{
    kP2pConnections.describe(),
    kP2pPeersConnected.describe(),
    kP2pConnectionPoolSize.describe(),
    kP2pConnectionPoolCapacity.describe(),
    kP2pConnectionsOpened.describe(),
    kP2pConnectionsClosed.describe(),
    kP2pDialErrors.describe(),
    kP2pDialDurationSeconds.describe(),
    kP2pHandshakeDurationSeconds.describe(),
    kP2pConnectionDurationSeconds.describe(),
    kP2pBandwidthBytes.describe(),
    kP2pMessagesSent.describe(),
    kP2pMessagesReceived.describe(),
    kP2pMessagesFailed.describe(),
    kP2pMessageSizeBytes.describe(),
    kP2pMessageLatencySeconds.describe(),
    kP2pHealthChecks.describe(),
    kP2pHealthCheckDurationSeconds.describe(),
    kP2pGossipPublished.describe(),
    kP2pGossipDelivered.describe(),
    kP2pGossipDuplicates.describe(),
    kP2pGossipRejected.describe(),
    kP2pGossipPropagationSeconds.describe(),
    kP2pGossipMeshPeers.describe(),
    kP2pRelayConnections.describe(),
    kP2pRelayReservations.describe(),
    kP2pRelayBytes.describe(),
    kP2pHolepunchAttempts.describe(),
    kP2pDhtOperations.describe(),
    kP2pDhtOperationDurationSeconds.describe(),
    kP2pDhtRoutingTableSize.describe(),
    kP2pResourceBlocked.describe(),
    kP2pNatReachability.describe(),
    kP2pPeersBanned.describe(),
};

}  // namespace vigil::packs::zerostate::catalog
