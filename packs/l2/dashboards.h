// The four dashboards of ZKFair: the answer at the top, causes below. The JSON in
// dashboards/ is what these give; a test keeps them equal.
#pragma once

#include <vector>

#include "vigil/dashboards/dashboard.h"

namespace vigil::packs::l2 {

dashboards::Dashboard blockchain_overview();
dashboards::Dashboard erc4337_metrics();
dashboards::Dashboard celestia_data_availability();
dashboards::Dashboard infrastructure();

std::vector<dashboards::Dashboard> all_dashboards();

}  // namespace vigil::packs::l2
