// A network inside one process, in the time of its scheduler: with a VirtualScheduler
// the whole simulation is deterministic.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "vigil/base/scheduler.h"
#include "vigil/sim/network.h"
#include "vigil/sim/tasks.h"

namespace vigil::sim {

// Not thread-safe; driven by the tasks of its scheduler.
class MemoryNetwork {
 public:
  MemoryNetwork(Scheduler& scheduler, Duration latency);
  ~MemoryNetwork();

  // A node's end. Valid while this object lives; silent until join().
  Network& endpoint(int id);
  // The node takes part from now on; every pair of present nodes gets connected.
  void join(int id, NetworkEvents& events);
  // As if the process had died: messages in flight to it are lost.
  void leave(int id);
  // Cuts the link between two nodes and refuses a new one until called with false.
  void block(int a, int b, bool blocked);

 private:
  class Endpoint;
  void connect_all();
  void cut(int a, int b);

  Duration latency_;
  std::map<int, std::unique_ptr<Endpoint>> endpoints_;
  std::set<std::pair<int, int>> blocked_;  // the smaller number first
  TaskScope tasks_;
};

}  // namespace vigil::sim
