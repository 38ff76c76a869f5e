// MPC-26 to MPC-88: five dashboards as the catalogue lists them, and as committed.
#include "packs/mpc/dashboards.h"

#include "packs/testing/dashboard_check.h"

namespace vigil::packs::mpc {
namespace {

TEST(MpcDashboards, AreTheCataloguesAndTheCommittedOnes) {
  const auto boards = all_dashboards();
  testing::check_dashboards("mpc", boards, VIGIL_SOURCE_DIR "/packs/mpc/dashboards");
}

}  // namespace
}  // namespace vigil::packs::mpc
