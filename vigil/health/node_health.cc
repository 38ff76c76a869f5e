#include "vigil/health/node_health.h"

#include <algorithm>
#include <string>

#include "vigil/base/error.h"

namespace vigil::health {
namespace {

template <class Checker>
std::shared_ptr<void> add(HealthChecker& health, ComponentType type, const std::shared_ptr<Checker>& checker) {
  VIGIL_CHECK(checker != nullptr);
  return health.add(std::string(to_string(type)), [checker] { return checker->check(); });
}

}  // namespace

std::string_view to_string(ComponentType type) {
  constexpr std::array<std::string_view, 3> kNames{"consensus", "network", "storage"};
  return kNames[static_cast<std::size_t>(type)];
}

NodeHealth::NodeHealth(HealthChecker& health, const NodeHealthCheckers& checkers)
    : health_(health),
      handles_{add(health, ComponentType::kConsensus, checkers.consensus),
               add(health, ComponentType::kNetwork, checkers.network),
               add(health, ComponentType::kStorage, checkers.storage)} {}

OverallHealth NodeHealth::overall_health_status() {
  OverallHealth overall;
  for (const Component& component : detailed_health_report().components) {
    if (std::ranges::find(kComponentTypes, component.name, [](ComponentType t) { return to_string(t); }) ==
        kComponentTypes.end()) {
      continue;
    }
    overall.state = std::max(overall.state, component.state);
    overall.score = std::min(overall.score, component.score);
    overall.issues.insert(overall.issues.end(), component.issues.begin(), component.issues.end());
  }
  return overall;
}

Report NodeHealth::detailed_health_report() { return health_.report(true); }

Component NodeHealth::component_health(ComponentType component) {
  // Taken away by set(nullopt) of somebody else: the component is there, nobody vouches for it.
  return health_.component(to_string(component))
      .value_or(Component{.name = std::string(to_string(component)), .state = State::kFailing, .score = 0});
}

}  // namespace vigil::health
