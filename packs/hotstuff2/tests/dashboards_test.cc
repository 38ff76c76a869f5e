// The boards: committed JSON, shared catalogue, and expressions that parse.
#include "packs/hotstuff2/dashboards.h"

#include <gtest/gtest.h>

#include "packs/testing/dashboard_check.h"

namespace vigil::packs::hotstuff2 {
namespace {

// HS-138 to HS-140: 49 panels with 104 queries cover the fields of all metrics structs.
TEST(Dashboards, AreTheCataloguesAndTheCommittedFiles) {
  testing::check_dashboards("hotstuff2", dashboards(), VIGIL_SOURCE_DIR "/packs/hotstuff2/dashboards");
}

}  // namespace
}  // namespace vigil::packs::hotstuff2
