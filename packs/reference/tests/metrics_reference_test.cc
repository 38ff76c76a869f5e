#include "packs/reference/metrics_reference.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace vigil::packs {
namespace {

// VIGIL_REWRITE=1 writes the file.
TEST(MetricsReference, FileIsWhatTheCataloguesSay) {
  const std::string path = std::string(VIGIL_SOURCE_DIR) + "/docs/metrics.md";
  const std::string expected = metrics_reference();
  if (std::getenv("VIGIL_REWRITE") != nullptr) std::ofstream(path) << expected;
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), expected);
}

}  // namespace
}  // namespace vigil::packs
