// The dashboards of the MPC wallet: the answer at the top, causes below. The JSON in
// dashboards/ is what these give; a test keeps them equal.
#pragma once

#include <vector>

#include "vigil/dashboards/dashboard.h"

namespace vigil::packs::mpc {

dashboards::Dashboard cluster_overview();
dashboards::Dashboard byzantine_consensus();
dashboards::Dashboard signature_performance();
dashboards::Dashboard infrastructure();
dashboards::Dashboard network_monitoring();

// Stands on the overview and on the network's board.
dashboards::Panel connected_peers_per_node();

std::vector<dashboards::Dashboard> all_dashboards();

}  // namespace vigil::packs::mpc
