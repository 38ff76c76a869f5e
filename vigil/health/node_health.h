// Health of a consensus node: one checker each for consensus, network and storage,
// plugged in from outside and asked through the process' HealthChecker, so that
// /health, /ready and the metrics show the same answers.
//
//   struct Views final : ConsensusHealthChecker {
//     Status check() override { return stalled() ? Status::critical("no commit for 30s") : Status::healthy(); }
//   };
//   NodeHealth node(health, {std::make_shared<Views>(), …, …});
//   if (node.overall_health_status().state >= State::kCritical) …
//
// Thread-safety: any thread. check() is called on threads of the HealthChecker, never
// twice at once. Times out and ends as described in health.h.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "vigil/health/health.h"

namespace vigil::health {

enum class ComponentType : std::uint8_t { kConsensus, kNetwork, kStorage };
inline constexpr std::array kComponentTypes{ComponentType::kConsensus, ComponentType::kNetwork,
                                            ComponentType::kStorage};
std::string_view to_string(ComponentType type);  // "consensus", "network", "storage"

// Several checks of one component: return Status::all_of().
class ConsensusHealthChecker {
 public:
  virtual ~ConsensusHealthChecker() = default;
  virtual Status check() = 0;
};
class NetworkHealthChecker {
 public:
  virtual ~NetworkHealthChecker() = default;
  virtual Status check() = 0;
};
class StorageHealthChecker {
 public:
  virtual ~StorageHealthChecker() = default;
  virtual Status check() = 0;
};

struct NodeHealthCheckers {
  std::shared_ptr<ConsensusHealthChecker> consensus;
  std::shared_ptr<NetworkHealthChecker> network;
  std::shared_ptr<StorageHealthChecker> storage;
};

struct OverallHealth {
  State state = State::kHealthy;  // the worst component's
  double score = 1;               // the lowest component's
  std::vector<HealthIssue> issues = {};
  friend bool operator==(const OverallHealth&, const OverallHealth&) = default;
};

class NodeHealth {
 public:
  // All three checkers are given. `health` outlives this. Components of the same names
  // are replaced.
  NodeHealth(HealthChecker& health, const NodeHealthCheckers& checkers);

  OverallHealth overall_health_status();
  // Everything the HealthChecker knows, other components of the process included.
  Report detailed_health_report();
  Component component_health(ComponentType component);

 private:
  HealthChecker& health_;
  std::array<std::shared_ptr<void>, kComponentTypes.size()> handles_;
};

}  // namespace vigil::health
