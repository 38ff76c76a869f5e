// The dashboard of a ZK proof system. The JSON in dashboards/ is what it gives; a test
// compares.
//
// Thread-safety: pure functions.
#pragma once

#include <vector>

#include "vigil/dashboards/dashboard.h"

namespace vigil::packs::zk {

std::vector<dashboards::Dashboard> dashboards();  // uid nexuszero-zk-monitoring

}  // namespace vigil::packs::zk
