// The dashboards of a ZeroState network: the answer at the top, causes below. The JSON
// in dashboards/ is what these give; a test keeps them equal.
#pragma once

#include <vector>

#include "vigil/dashboards/dashboard.h"

namespace vigil::packs::zerostate {

dashboards::Dashboard network_overview();
dashboards::Dashboard execution_performance();
dashboards::Dashboard economic_activity();
dashboards::Dashboard system_health();

std::vector<dashboards::Dashboard> all_dashboards();

}  // namespace vigil::packs::zerostate
