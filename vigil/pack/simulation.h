// A pack's network in one process and in the time of a scheduler: with a virtual one a
// day takes seconds and one seed gives one run; with a real one `vigil simulate` serves it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/scheduler.h"
#include "vigil/base/time.h"
#include "vigil/metrics/registry.h"

namespace vigil::pack {

// One target as a scraper sees it: a node of the network, or a stand-in for an exporter
// beside it (etcd, PostgreSQL, node-exporter) with the metrics the pack's rules read.
struct Process {
  std::string job;       // as in the pack's scrape_configs
  std::string instance;  // "node-1:8080"
  std::unique_ptr<metrics::Registry> registry;
  bool up = true;                    // false: does not answer its scrapes
  Duration interval = 10 * kSecond;  // between scrapes
  // Of the target besides job, instance and stack, as in the scrape_configs: {"role", "relay"}.
  std::vector<std::pair<std::string, std::string>> labels = {};
};

struct SimulationOptions {
  Scheduler* scheduler = nullptr;  // outlives the simulation
  int nodes = 0;                   // 0: the pack's usual number
  std::uint64_t seed = 1;
  double load = 1;  // of the usual traffic
};

// Not thread-safe: everything happens in tasks of the scheduler or between them.
class Simulation {
 public:
  virtual ~Simulation() = default;

  // Begins to work. Processes exist from construction on and stay the same.
  virtual void start() = 0;
  virtual std::span<Process> processes() = 0;

  // Lets a fault happen, until clear(). kNotFound for a name that is no fault.
  virtual Result<void> inject(std::string_view fault) = 0;
  virtual void clear() = 0;
};

// A named fault, and the alerts that tell of it.
struct Scenario {
  std::string_view name;  // of the fault; "healthy" injects none
  std::string_view help;
  std::span<const std::string_view> fires;         // exactly these must fire …
  std::span<const std::string_view> consequences;  // … and these may
  Duration hold = 15 * kMinute;                    // how long the fault lasts
  Duration recovery = 30 * kMinute;                // within which all alerts must be resolved
  Duration warm_up = 15 * kMinute;                 // of healthy life before it
};

}  // namespace vigil::pack
