#include "packs/hotstuff2/catalog.h"
#include "packs/hotstuff2/dashboards.h"
#include "vigil/dashboards/shapes.h"

namespace vigil::packs::hotstuff2 {

using dashboards::Color;
using dashboards::Dashboard;
using dashboards::Kind;
using dashboards::percentiles;
using dashboards::query;
using dashboards::ratio;

Dashboard network_dashboard() {
  Dashboard board{
      .uid = "hotstuff2-network",
      .title = "Network Performance Dashboard",
      .description =
          "Do messages arrive in time? Peers and their latency first, then messages by kind, then bandwidth.",
      .tags = {"hotstuff2", "network"},
      .refresh = "5s",
      .alerts = "hotstuff2",
      .links = {{"Consensus", "hotstuff2-consensus"}, {"System", "hotstuff2-system"}}};
  board.rows = {
      {"Peers",
       {
           {.title = "Active peers",
            .queries = {query("{{instance}}", "min by (instance) (#1)", catalog::kActivePeers)},
            .description =
                "Connected validators without the replica itself. Below the quorum minus one it cannot take part.",
            .min = 0,
            .decimals = 0},
           {.title = "Peer connections",
            .queries = {query("{{connection_type}}", "sum by (connection_type) (rate(#1[5m]))",
                              catalog::kPeerConnections)},
            .description = "Connections opened a second. A steady stream means that connections do not last.",
            .unit = "ops",
            .min = 0},
           {.title = "Peer disconnections",
            .queries = {query("{{reason}}", "sum by (reason) (rate(#1[5m]))", catalog::kPeerDisconnections)},
            .description = "Connections closed a second by reason; the alert stands at 0.1 a second and replica "
                           "without shutdown. timeout: packet loss; banned: invalid messages.",
            .unit = "ops",
            .thresholds = {{Color::kGreen}, {Color::kRed, 0.1}},
            .min = 0},
           {.title = "Connection failures",
            .queries = {query("{{error}}", "sum by (error) (rate(#1[5m]))", catalog::kConnectionFailures)},
            .description = "Failed attempts by error. refused: the peer is down; tls: a certificate; timeout: a "
                           "firewall or a partition.",
            .unit = "ops",
            .min = 0},
           {.title = "Peer latency",
            .queries = percentiles(catalog::kPeerLatencySeconds),
            .description =
                "Round trips to all peers; the alert stands at 0.5 s (p95). A view takes two of them to a quorum.",
            .unit = "s",
            .thresholds = {{Color::kGreen}, {Color::kRed, 0.5}},
            .min = 0},
       }},
      {"Messages",
       {
           {.title = "Messages sent and received by type",
            .queries = {query("sent {{message_type}}", "sum by (message_type) (rate(#1[1m]))", catalog::kMessagesSent),
                        query("received {{message_type}}", "sum by (message_type) (rate(#1[1m]))",
                              catalog::kMessagesReceived)},
            .description =
                "Traffic by kind. timeout and new_view rise with view changes, sync_request with replicas that lag.",
            .unit = "ops",
            .min = 0},
           {.title = "Message processing time",
            .queries = percentiles(catalog::kMessageProcessingTimeSeconds),
            .description = "Handling of one message. When it grows, the inbound queue does too.",
            .unit = "s",
            .min = 0},
           {.title = "Message queue size",
            .queries = {query("{{queue}}", "sum by (queue) (#1)", catalog::kMessageQueueSize)},
            .description = "Waiting messages. inbound: this side is too slow; outbound: the link or the peer is.",
            .min = 0,
            .decimals = 0},
           {.title = "Message delivery rate",
            .queries = {query("{{instance}}", "min by (instance) (#1)", catalog::kMessageDeliveryRate)},
            .description = "Acknowledged of sent, the worst of each replica; the alert stands below 95 %. Lost votes "
                           "delay quorums.",
            .unit = "percentunit",
            .thresholds = {{Color::kRed}, {Color::kGreen, 0.95}},
            .max = 1},
       }},
      {"Bandwidth",
       {
           {.title = "Bytes sent and received",
            .queries = {query("sent", "sum(rate(#1[1m]))", catalog::kBytesSent),
                        query("received", "sum(rate(#1[1m]))", catalog::kBytesReceived)},
            .description = "Payload of all replicas. Both lines are alike in a closed network; a gap is loss.",
            .unit = "Bps",
            .min = 0},
           ratio({.title = "Bandwidth utilization",
                  .queries = {query("{{instance}}", "max by (instance) (#1)", catalog::kBandwidthUtilizationRatio)},
                  .description = "Used of configured bandwidth. Above 80 % votes wait behind blocks and transactions.",
                  .thresholds = {{Color::kGreen}, {Color::kYellow, 0.8}, {Color::kRed, 0.95}}}),
           {.title = "Network partitions",
            .kind = Kind::kStat,
            .queries = {query("total", "sum(#1)", catalog::kNetworkPartitions),
                        query("in range", "sum(increase(#1[$__range]))", catalog::kNetworkPartitions)},
            .description = "How often a replica could not reach a quorum: in all and in the time shown. Anything new: "
                           "look at the peers above.",
            .thresholds = {{Color::kGreen}, {Color::kRed, 1}},
            .decimals = 0},
       }},
  };
  return board;
}

}  // namespace vigil::packs::hotstuff2
