// Messages, peers, bandwidth. See catalog.h.
#pragma once

#include <array>

#include "packs/hotstuff2/catalog/member_labels.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::hotstuff2::catalog {

using vigil::metrics::buckets;
using vigil::metrics::closed;
using vigil::metrics::ClosedLabel;
using vigil::metrics::CounterDef;
using vigil::metrics::GaugeDef;
using vigil::metrics::HistogramDef;

inline constexpr ClosedLabel kMessageTypes = closed<"message_type", "proposal", "vote", "qc", "timeout", "new_view",
                                                    "sync_request", "sync_response", "transaction", "other">;
inline constexpr ClosedLabel kQueues = closed<"queue", "inbound", "outbound">;
inline constexpr ClosedLabel kConnectionTypes = closed<"connection_type", "inbound", "outbound">;
inline constexpr ClosedLabel kDisconnectionReasons =
    closed<"reason", "timeout", "error", "remote_closed", "banned", "shutdown">;
inline constexpr ClosedLabel kNetworkErrors = closed<"error", "refused", "timeout", "tls", "handshake", "other">;
inline constexpr ClosedLabel kMessageDropReasons = closed<"reason", "queue_full", "invalid", "rate_limited", "stale">;

inline constexpr CounterDef<"message_type"> kMessagesSent{
    "hotstuff_messages_sent_total", "Messages sent.", {.closed = {kMessageTypes}}};

inline constexpr CounterDef<"message_type"> kMessagesReceived{
    "hotstuff_messages_received_total", "Messages received.", {.closed = {kMessageTypes}}};

inline constexpr HistogramDef<"message_type"> kMessageProcessingTimeSeconds{
    "hotstuff_message_processing_time_seconds",
    "Handling time.",
    buckets<0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0>,
    {.closed = {kMessageTypes}, .unit = "seconds"}};

inline constexpr GaugeDef<"queue"> kMessageQueueSize{
    "hotstuff_message_queue_size", "Waiting messages; queue = inbound, outbound.", {.closed = {kQueues}}};

inline constexpr GaugeDef<> kActivePeers{"hotstuff_active_peers", "Connected validators, without self."};

inline constexpr CounterDef<"connection_type"> kPeerConnections{
    "hotstuff_peer_connections_total",
    "Connections opened; connection_type = inbound, outbound.",
    {.closed = {kConnectionTypes}}};

inline constexpr CounterDef<"reason"> kPeerDisconnections{
    "hotstuff_peer_disconnections_total",
    "Connections closed; reason = timeout, error, remote_closed, banned, shutdown.",
    {.closed = {kDisconnectionReasons}}};

inline constexpr HistogramDef<> kPeerLatencySeconds{
    "hotstuff_peer_latency_seconds",
    "Round trip to peers.",
    buckets<0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5>,
    {.unit = "seconds"}};

inline constexpr CounterDef<"message_type"> kBytesSent{
    "hotstuff_bytes_sent_total", "Payload bytes sent.", {.closed = {kMessageTypes}}};

inline constexpr CounterDef<"message_type"> kBytesReceived{
    "hotstuff_bytes_received_total", "Payload bytes received.", {.closed = {kMessageTypes}}};

inline constexpr GaugeDef<> kBandwidthUtilizationRatio{
    "hotstuff_bandwidth_utilization_ratio", "Used / configured bandwidth.", {.unit = "ratio"}};

inline constexpr CounterDef<> kNetworkPartitions{"hotstuff_network_partitions_total",
                                                 "Times fewer than a quorum of validators was reachable."};

inline constexpr CounterDef<"error"> kConnectionFailures{
    "hotstuff_connection_failures_total",
    "Failed connection attempts; error = refused, timeout, tls, handshake, other.",
    {.closed = {kNetworkErrors}}};

inline constexpr GaugeDef<> kMessageDeliveryRate{"hotstuff_message_delivery_rate", "Acknowledged / sent, 0..1."};

inline constexpr CounterDef<"message_type", "reason"> kMessagesDropped{
    "hotstuff_messages_dropped_total",
    "Dropped messages; reason = queue_full, invalid, rate_limited, stale.",
    {.closed = {kMessageTypes, kMessageDropReasons}}};

inline constexpr GaugeDef<"peer"> kPeerRoundTripSeconds{"hotstuff_peer_round_trip_seconds",
                                                        "Last round trip per validator.",
                                                        {.max_label_sets = member_label_sets(1), .unit = "seconds"}};

inline constexpr std::array kNetwork{
    kMessagesSent.describe(),
    kMessagesReceived.describe(),
    kMessageProcessingTimeSeconds.describe(),
    kMessageQueueSize.describe(),
    kActivePeers.describe(),
    kPeerConnections.describe(),
    kPeerDisconnections.describe(),
    kPeerLatencySeconds.describe(),
    kBytesSent.describe(),
    kBytesReceived.describe(),
    kBandwidthUtilizationRatio.describe(),
    kNetworkPartitions.describe(),
    kConnectionFailures.describe(),
    kMessageDeliveryRate.describe(),
    kMessagesDropped.describe(),
    kPeerRoundTripSeconds.describe(),
};

}  // namespace vigil::packs::hotstuff2::catalog
