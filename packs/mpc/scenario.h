// `vigil simulate mpc`: a wallet of N node processes on this machine, each with its
// own /metrics, that vote and sign over loopback TCP.
//
//   POST /fault/NAME[?node=K]   node_down double_vote pool_depleted slow_signatures no_peers
//   POST /fault/clear           on any node: ends all faults, starts what is down
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/sim/supervisor.h"

namespace vigil::packs::mpc {

struct SimulateOptions {
  int nodes = 5;
  int threshold = 0;                      // 0: all but one, as 4 of 5
  std::string listen = "127.0.0.1:8080";  // of node 1; the others follow; port 0: any
  std::string scenario;                   // a fault that comes by itself; empty: none
  int scenario_node = 2;
  Duration scenario_delay = 30 * kSecond;  // of simulated time
  std::uint64_t seed = 1;
  double speed = 1;  // simulated seconds per second
  // How to start a node: a program that calls run_node() with the arguments after these.
  std::vector<std::string> node_command = {"/proc/self/exe", "simulate-node", "mpc"};
  std::function<void(const std::string& line)> print;  // what an operator should read
  // Once all nodes are up, on the calling thread. For tests.
  std::function<void(sim::Supervisor&)> on_ready;
};

std::span<const std::string_view> scenario_names();

// Runs until SIGTERM, SIGINT or a stop request. No child outlives it.
Result<void> simulate(SimulateOptions options, const std::stop_token& stop = {});

// The body of a node process. Returns when its parent ends or SIGTERM arrives.
Result<void> run_node(std::span<const std::string> arguments);

}  // namespace vigil::packs::mpc
