#include "packs/zerostate/dashboards.h"

namespace vigil::packs::zerostate {

std::vector<dashboards::Dashboard> all_dashboards() {
  return {network_overview(), execution_performance(), economic_activity(), system_health()};
}

}  // namespace vigil::packs::zerostate
