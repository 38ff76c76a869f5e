// A pack's simulation in real time: every process of it with its own /metrics on this
// machine, faults by HTTP.
//
//   POST /fault/NAME     on any page: lets a fault happen
//   POST /fault/clear    ends it
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/pack/pack.h"

namespace vigil::sim {

struct ServeOptions {
  std::string listen;  // of the first process, "127.0.0.1:18100"; the others follow; empty: the pack's own port
  int nodes = 0;       // 0: the pack's usual number
  std::uint64_t seed = 1;
  double speed = 1;                                    // simulated seconds per second
  double load = 1;                                     // of the usual traffic
  std::string scenario;                                // a fault that comes by itself; empty: none
  Duration scenario_delay = 30 * kSecond;              // of simulated time
  std::function<void(const std::string& line)> print;  // what an operator should read
  std::function<void()> on_ready;                      // all pages answer; on the calling thread
};

// Where the pages of a pack's usual simulation are, in the order of its processes.
struct Page {
  std::string job;
  std::string address;  // "127.0.0.1:18100"
  // Of its target: what the process adds, and `instance`, its name in the network.
  std::vector<std::pair<std::string, std::string>> labels;
};
std::vector<Page> pages(const pack::Pack& pack);

// Runs until SIGTERM, SIGINT or a stop request. Fails if a port is taken or the scenario
// is unknown.
Result<void> serve(const pack::Pack& pack, const ServeOptions& options, const std::stop_token& stop = {});

}  // namespace vigil::sim
