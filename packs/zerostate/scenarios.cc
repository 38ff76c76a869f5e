// The faults: what each changes, and which alerts tell of it.
#include <array>

#include "packs/zerostate/conditions.h"
#include "packs/zerostate/simulation.h"
#include "vigil/metrics/schema.h"

namespace vigil::packs::zerostate {
namespace {

using pack::Scenario;

// A list of alerts with static storage.
template <metrics::FixedString... Names>
inline constexpr std::array<std::string_view, sizeof...(Names)> kAlerts{Names.view()...};

struct Fault {
  void (*apply)(Conditions&);
  Scenario scenario;
};

constexpr std::array kFaults{
    // --- the network ---
    Fault{[](Conditions& c) { c.cut_off = true; },
          {.name = "partition",
           .help = "three of four edge nodes lose their uplink at once",
           .fires = kAlerts<"CriticalPeerConnections", "LowPeerConnections", "HighMessageFailureRate",
                            "HealthCheckFailures", "ComponentHealthDegraded">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.eclipsed = true; },
          {.name = "few_peers",
           .help = "edge 2 is eclipsed: two peers of one operator are all it has",
           .fires = kAlerts<"LowPeerConnections", "ComponentHealthDegraded">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.message_loss = 0.3; },
          {.name = "lossy_links",
           .help = "30% of all transmissions get lost; requests are repeated",
           .fires = kAlerts<"HighMessageFailureRate">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.bulk_bytes = 12.5e6; },
          {.name = "bulk_transfer",
           .help = "edge 1 serves large modules at 12.5 MB/s",
           .fires = kAlerts<"HighBandwidthUsage">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.silent_peers = 0.45; },
          {.name = "silent_peers",
           .help = "a bad release among the peers: connected, but they answer no health check",
           .fires = kAlerts<"HealthCheckFailures">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.no_inbound = true; },
          {.name = "no_inbound",
           .help = "a firewall rule: nobody can dial the last edge node",
           .fires = kAlerts<"NoInboundConnections">,
           .consequences = {},
           .hold = 30 * kMinute}},
    Fault{[](Conditions& c) { c.refused_streams = 0.5; },
          {.name = "resource_limits",
           .help = "peers open more streams at edge 1 than its limit allows",
           .fires = kAlerts<"ResourceLimitsHit">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.bad_gossip = 4; },
          {.name = "malformed_gossip",
           .help = "an incompatible release floods all nodes with gossip they cannot read",
           .fires = kAlerts<"HighErrorRate">,
           .consequences = {}}},
    // --- tasks ---
    Fault{[](Conditions& c) { c.task_failures = 0.2; },
          {.name = "failing_tasks",
           .help = "a popular module exits with an error: a fifth of all tasks fail",
           .fires = kAlerts<"HighTaskFailureRate">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.task_failures = 0.7; },
          {.name = "bad_release",
           .help = "a runtime release that breaks most modules",
           .fires = kAlerts<"CriticalTaskFailureRate", "HighTaskFailureRate">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.task_traps = 0.25; },
          {.name = "module_traps",
           .help = "a quarter of all tasks trap",
           .fires = kAlerts<"WasmTrapSpike", "HighTaskFailureRate">,
           .consequences = {}}},
    Fault{[](Conditions& c) {
            c.slow_tasks = 0.2;
            c.slow_from = 26;
            c.slow_to = 29.5;
          },
          {.name = "slow_tasks",
           .help = "a slow host function: a fifth of all tasks take 26 to 29 s",
           .fires = kAlerts<"HighTaskDuration">,
           .consequences = {}}},
    Fault{[](Conditions& c) {
            c.slow_tasks = 0.2;
            c.slow_from = 31;
            c.slow_to = 44;
          },
          {.name = "starved_tasks",
           .help = "tasks get too little CPU: a fifth of them take longer than the SLA allows",
           .fires = kAlerts<"SLAViolation_TaskExecution", "HighTaskDuration">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.hungry_tasks = 0.25; },
          {.name = "hungry_tasks",
           .help = "a quarter of all tasks come close to the memory limit",
           .fires = kAlerts<"HighMemoryUsage">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.task_hangs = 0.12; },
          {.name = "hanging_host_calls",
           .help = "an oracle does not answer: every eighth task waits for it until its deadline",
           .fires = kAlerts<"TaskTimeoutRate">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.no_guilds = true; },
          {.name = "no_guilds",
           .help = "guild gossip does not get through: none forms, the others lose their members",
           .fires = kAlerts<"NoActiveGuilds">,
           .consequences = {},
           .hold = 30 * kMinute}},
    // --- money ---
    Fault{[](Conditions& c) { c.withdrawn = 0.003; },
          {.name = "tvl_drop",
           .help = "a run on the channels: most of the locked value leaves within minutes",
           .fires = kAlerts<"TVLDrop">,
           .consequences = {},
           .warm_up = 70 * kMinute}},
    Fault{[](Conditions& c) { c.guilty_peers = 0.15; },
          {.name = "fraud_ring",
           .help = "a ring of fraudulent peers is found out",
           .fires = kAlerts<"HighBlacklistRate">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.guilty_peers = 0.35; },
          {.name = "blacklist_wave",
           .help = "a verdict on a third of all peers spreads from node to node",
           .fires = kAlerts<"CriticalBlacklistRate", "HighBlacklistRate">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.empty_channels = 0.12; },
          {.name = "payment_failures",
           .help = "channels have run one way: every eighth payment finds no balance",
           .fires = kAlerts<"PaymentFailureRate", "SLAViolation_PaymentSuccess">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.empty_channels = 0.01; },
          {.name = "payment_hiccups",
           .help = "one payment in a hundred finds no balance",
           .fires = kAlerts<"SLAViolation_PaymentSuccess">,
           .consequences = {},
           .hold = 20 * kMinute}},
    Fault{[](Conditions& c) { c.channels_closing = true; },
          {.name = "closing_channels",
           .help = "a release closes channels at start, and the chain settles none",
           .fires = kAlerts<"LowActiveChannels">,
           .consequences = {},
           .hold = 25 * kMinute}},
    Fault{[](Conditions& c) { c.cheaters = 0.25; },
          {.name = "dispute_storm",
           .help = "a group of peers publishes old channel states",
           .fires = kAlerts<"HighDisputeRate">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.settlement_failures = 0.4; },
          {.name = "settlement_failures",
           .help = "the chain is congested: two settlements in five fail",
           .fires = kAlerts<"SettlementFailures">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.watchtower_down = true; },
          {.name = "unanswered_dispute",
           .help = "the watchtower of edge 1 is down while a dispute waits for its answer",
           .fires = kAlerts<"DisputeDeadlineNear", "ComponentHealthDegraded">,
           .consequences = {}}},
    // --- machines ---
    Fault{[](Conditions& c) { c.node_down = true; },
          {.name = "node_down",
           .help = "the last edge node dies",
           .fires = kAlerts<"ServiceDown", "SLAViolation_Availability">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.flapping = true; },
          {.name = "flapping_relay",
           .help = "the relay restarts every four minutes",
           .fires = kAlerts<"SLAViolation_Availability">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.slow_storage = true; },
          {.name = "slow_storage",
           .help = "an eighth of all requests wait more than 12 s for the disk",
           .fires = kAlerts<"HighSystemLatency", "ComponentHealthDegraded">,
           .consequences = {}}},
    Fault{[](Conditions& c) { c.cache_full = true; },
          {.name = "full_cache",
           .help = "the module cache of edge 1 is nearly full: a warning of its health check",
           .fires = kAlerts<"ComponentHealthDegraded">,
           .consequences = {}}},
};

constexpr auto kScenarios = [] {
  std::array<Scenario, kFaults.size() + 1> all;
  all[0] = {.name = "healthy", .help = "nothing goes wrong", .fires = {}, .consequences = {}};
  for (std::size_t i = 0; i < kFaults.size(); ++i) all[i + 1] = kFaults[i].scenario;
  return all;
}();

}  // namespace

bool apply_fault(std::string_view name, Conditions& conditions) {
  for (const Fault& fault : kFaults) {
    if (fault.scenario.name != name) continue;
    fault.apply(conditions);
    return true;
  }
  return false;
}

std::span<const Scenario> scenarios() { return kScenarios; }

}  // namespace vigil::packs::zerostate
