// The containers mpc-node-1… as cAdvisor shows them: CPU follows what a node computes,
// traffic follows its messages.
//
// Not thread-safe, but for visits of the registry.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "packs/mpc/wallet_node.h"
#include "vigil/base/time.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::mpc {

class Containers {
 public:
  // What a container has used since it exists. Read by who visits the registry.
  struct Figures {
    std::atomic<bool> runs = false;
    std::atomic<double> cpu = 0, memory = 0, received = 0, sent = 0, received_packets = 0, sent_packets = 0;
    std::atomic<double> sent_drops = 0, read = 0, written = 0, started = 0, seen = 0;
    std::atomic<double> none = 0;  // what never happens here: interface errors, OOM kills
    std::atomic<double> limit = 512 << 20;
  };

  // Of nodes 1 to `nodes`.
  Containers(metrics::Registry& registry, int nodes);

  void started(int node, Timestamp now);
  void stopped(int node) { at(node).figures.runs = false; }
  // One second passes, after which the node has used so much.
  void tick(int node, const WalletNode::Usage& usage, Timestamp now);
  // Packets to a peer that nothing carried.
  void dropped(int node, int packets) { add(at(node).figures.sent_drops, packets); }
  // While set the node's memory grows by itself, almost up to the limit.
  void set_leak(int node, bool leaks);

 private:
  struct Container {
    std::string name, id;
    Figures figures;
    WalletNode::Usage last;
    double leaked = 0;
    bool leaks = false;
  };
  Container& at(int node) { return *containers_[static_cast<std::size_t>(node - 1)]; }
  static void add(std::atomic<double>& figure, double amount) { figure = figure + amount; }

  std::vector<std::unique_ptr<Container>> containers_;
  std::vector<std::unique_ptr<metrics::Collector>> series_;  // they read the above, so they go first
};

}  // namespace vigil::packs::mpc
