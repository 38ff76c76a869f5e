#include "packs/zerostate/dashboards.h"

#include "vigil/dashboards/shapes.h"

namespace vigil::packs::zerostate {

std::vector<dashboards::Dashboard> all_dashboards() {
  return dashboards::linked({network_overview(), execution_performance(), economic_activity(), system_health()});
}

}  // namespace vigil::packs::zerostate
