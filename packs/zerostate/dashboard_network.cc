#include "packs/zerostate/catalog.h"
#include "packs/zerostate/dashboards.h"
#include "vigil/dashboards/shapes.h"

namespace vigil::packs::zerostate {
using namespace catalog;  // NOLINT(google-build-using-namespace): names of metrics
using dashboards::Color;
using dashboards::Dashboard;
using dashboards::Kind;
using dashboards::on_right;
using dashboards::percentile;
using dashboards::percentiles;
using dashboards::query;
using dashboards::ratio;

Dashboard network_overview() {
  return {
      .uid = "network-overview",
      .title = "Network Overview Dashboard",
      .description = "Can the nodes reach each other? Start here when something is slow everywhere.",
      .tags = {"zerostate"},
      .refresh = "15s",
      .from = "now-1h",
      .alerts = "zerostate",
      .rows = {
          {"",
           {{.title = "Network health overview with thresholds: connected peers",
             .kind = Kind::kStat,
             .queries = {query("", "min(#1)", kP2pPeersConnected)},
             .description = "The node with the fewest peers. Below 3 LowPeerConnections warns, at 0 the node is alone: "
                            "look at its uplink first.",
             .unit = "none",
             .thresholds = {{Color::kRed}, {Color::kYellow, 1}, {Color::kGreen, 3}},
             .decimals = 0},
            ratio({.title = "Network health overview with thresholds: message failure rate",
                   .kind = Kind::kStat,
                   .queries = {query("", "sum(rate(#1[5m])) / (sum(rate(#2[5m])) + sum(rate(#1[5m])))",
                                     kP2pMessagesFailed, kP2pMessagesSent)},
                   .description = "Messages that were not delivered, of all, over 5 minutes. Above 20% "
                                  "HighMessageFailureRate fires: see whether one node or a lossy network is behind it.",
                   .thresholds = {{Color::kGreen}, {Color::kYellow, 0.1}, {Color::kRed, 0.2}}}),
            {.title = "Network health overview with thresholds: bandwidth",
             .kind = Kind::kStat,
             .queries = {query("", "max(sum by (instance) (rate(#1[5m])))", kP2pBandwidthBytes)},
             .description =
                 "The node that moves the most, both directions together. Above 10 MB/s HighBandwidthUsage fires.",
             .unit = "Bps",
             .thresholds = {{Color::kGreen}, {Color::kYellow, 5e6}, {Color::kRed, 10e6}},
             .min = 0},
            ratio(
                {.title = "Network health overview with thresholds: health check failures",
                 .kind = Kind::kStat,
                 .queries = {query("", "sum(rate(#1{result=\"failure\"}[5m])) / sum(rate(#1[5m]))", kP2pHealthChecks)},
                 .description = "Health checks of peers that failed, of all. Above 30% HealthCheckFailures fires: many "
                                "peers are silent, or this network cannot reach them.",
                 .thresholds = {{Color::kGreen}, {Color::kYellow, 0.1}, {Color::kRed, 0.3}}})}},
          {"Traffic",
           {{.title = "Active connections by state (active/idle/total)",
             .queries = {query("{{state}}", "sum by (state) (#1)", kP2pConnections),
                         query("total", "sum(#1)", kP2pConnections)},
             .description = "Connections in use, unused, and together. A total that falls while nobody closes on "
                            "purpose is a partition; many idle ones are pruned at the next limit.",
             .unit = "none",
             .min = 0},
            {.title = "Bandwidth usage (TX/RX) with rate visualization",
             .queries = {query("TX", "sum(rate(#1{direction=\"tx\"}[5m]))", kP2pBandwidthBytes),
                         query("RX", "sum(rate(#1{direction=\"rx\"}[5m]))", kP2pBandwidthBytes)},
             .description =
                 "All bytes sent and received per second. The threshold of HighBandwidthUsage is per node, 10 MB/s.",
             .unit = "Bps",
             .min = 0},
            {.title = "Message throughput (sent/received/failed)",
             .queries = {query("sent", "sum(rate(#1[5m]))", kP2pMessagesSent),
                         query("received", "sum(rate(#1[5m]))", kP2pMessagesReceived),
                         query("failed", "sum(rate(#1[5m]))", kP2pMessagesFailed)},
             .description = "Messages per second. Failed rising while sent falls means that nodes are cut off; failed "
                            "alone means loss on the way.",
             .unit = "ops",
             .min = 0},
            {.title = "Health check latency monitoring",
             .queries = percentiles(kP2pHealthCheckDurationSeconds),
             .description = "How long peers take to answer a health check. A p99 at the timeout of the check means "
                            "silent peers, a slow p50 means a slow network.",
             .unit = "s",
             .min = 0}}},
          {"Gossip, relay and DHT",
           {{.title = "Gossip propagation metrics",
             .queries = {percentile("p50", kP2pGossipPropagationSeconds),
                         percentile("p95", kP2pGossipPropagationSeconds),
                         on_right(query("published/s", "sum(rate(#1[5m]))", kP2pGossipPublished), "ops"),
                         on_right(query("delivered/s", "sum(rate(#1[5m]))", kP2pGossipDelivered), "ops"),
                         on_right(query("duplicates/s", "sum(rate(#1[5m]))", kP2pGossipDuplicates), "ops")},
             .description = "Time from publication to delivery (left), messages per second (right). Duplicates far "
                            "above deliveries waste bandwidth; slow delivery delays auctions and receipts.",
             .unit = "s",
             .min = 0},
            {.title = "Connection pool size",
             .queries = {query("size", "sum(#1)", kP2pConnectionPoolSize),
                         query("capacity", "sum(#1)", kP2pConnectionPoolCapacity)},
             .description = "Connections the pools hold and may hold. At capacity new peers are refused and "
                            "ResourceLimitsHit follows.",
             .unit = "none",
             .min = 0},
            {.title = "Circuit relay usage statistics",
             .queries = {query("circuits", "sum(#1)", kP2pRelayConnections),
                         query("{{result}}/s", "sum by (result) (rate(#1[5m]))", kP2pRelayReservations),
                         on_right(query("bytes/s", "sum(rate(#1[5m]))", kP2pRelayBytes), "Bps")},
             .description =
                 "Circuits and reservations of the relay (left), bytes it carries (right). Refused reservations leave "
                 "nodes behind NAT unreachable; much traffic means that hole punching fails.",
             .unit = "short",
             .min = 0},
            {.title = "DHT operations (PUT/GET/FIND_PEER/FIND_PROVIDERS)",
             .queries = {query("{{operation}}", "sum by (operation) (rate(#1[5m]))", kP2pDhtOperations)},
             .description =
                 "DHT operations per second by kind. Only FIND_PEER left: nodes search each other and do no work.",
             .unit = "ops",
             .min = 0}}}}};
}

}  // namespace vigil::packs::zerostate
