// The wallet's PostgreSQL as prometheus-postgres-exporter shows it: rows of the wallet
// become commits, its nodes connections.
//
// Not thread-safe, but for visits of the registry.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "packs/mpc/surroundings.h"
#include "vigil/base/time.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::mpc {

class Database {
 public:
  struct Conditions {
    bool down = false;
    bool leaking_connections = false;  // a node opens and forgets one every three seconds
    bool deadlocks = false;            // two nodes lock the same rows in opposite order
  };

  explicit Database(metrics::Registry& registry);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void set(Conditions conditions);
  // One second passes, with so many nodes connected.
  void tick(int nodes);
  // False while it is down.
  bool store(Row row);

 private:
  // Read by who visits the registry.
  struct Figures {
    std::atomic<bool> up = true;
    std::atomic<double> commits = 0, rollbacks = 0, inserted = 0, updated = 0, deleted = 0, deadlocks = 0;
    std::atomic<double> active = 1, idle = 0, forgotten = 0, rows = 0;
  };
  void count(metrics::Registry& registry, metrics::Name name, std::string_view help,
             std::atomic<double> Figures::* value);

  Conditions conditions_;
  double rows_this_second_ = 0;
  Figures figures_;
  std::vector<std::unique_ptr<metrics::Collector>> series_;  // they read the above, so they go first
};

}  // namespace vigil::packs::mpc
