// The dashboards of a HotStuff-2 network: consensus, network, system. The JSON in
// dashboards/ is what they give; a test compares.
//
// Thread-safety: pure functions.
#pragma once

#include <vector>

#include "vigil/dashboards/dashboard.h"

namespace vigil::packs::hotstuff2 {

dashboards::Dashboard consensus_dashboard();  // uid hotstuff2-consensus
dashboards::Dashboard network_dashboard();    // uid hotstuff2-network
dashboards::Dashboard system_dashboard();     // uid hotstuff2-system

std::vector<dashboards::Dashboard> dashboards();  // all three

}  // namespace vigil::packs::hotstuff2
