// What is wrong with the simulated world. Faults change it, and nothing else does.
#pragma once

#include <string_view>

namespace vigil::packs::zerostate {

// The defaults are a healthy day. Shares are of 1, rates per second.
struct Conditions {
  // The network.
  double message_loss = 0.001;  // share of transmissions that get lost
  double silent_peers = 0.01;   // share of peers that answer no health check
  double bad_gossip = 0;        // malformed messages a node receives
  double bulk_bytes = 0;        // bytes that edge 1 serves on top
  double refused_streams = 0;   // at edge 1
  bool cut_off = false;         // all edges but the first have lost their uplink
  bool eclipsed = false;        // edge 2 keeps two peers
  bool no_inbound = false;      // nobody can dial the last edge

  // Tasks, as shares of those that start.
  double task_failures = 0.01;
  double task_traps = 0.003;
  double task_hangs = 0.004;  // until their deadline
  double slow_tasks = 0;      // take slow_from to slow_to seconds
  double slow_from = 0;
  double slow_to = 0;
  double hungry_tasks = 0;  // need 104 to 130 MB
  bool no_guilds = false;   // none forms, those alive lose their members

  // Money.
  double empty_channels = 0.00002;     // share of payments that find no balance
  double settlement_failures = 0.003;  // share
  double withdrawn = 0;                // share of the locked value that leaves
  double cheaters = 0;                 // disputes that are opened at each edge
  double guilty_peers = 0.03;          // share of known peers that belong on the blacklist
  bool channels_closing = false;       // channels close and the chain settles none
  bool watchtower_down = false;        // at edge 1, with a dispute open

  // Machines.
  bool slow_storage = false;  // an eighth of all requests wait for the disk
  bool cache_full = false;    // of edge 1: a warning of its health check
  bool node_down = false;     // the last edge
  bool flapping = false;      // the relay is away for 30 s in every 4 minutes
};

// Changes what the fault of this name changes; false if there is none.
bool apply_fault(std::string_view name, Conditions& conditions);

}  // namespace vigil::packs::zerostate
