#include "packs/hotstuff2/dashboards.h"

namespace vigil::packs::hotstuff2 {

std::vector<dashboards::Dashboard> dashboards() {
  return {consensus_dashboard(), network_dashboard(), system_dashboard()};
}

}  // namespace vigil::packs::hotstuff2
