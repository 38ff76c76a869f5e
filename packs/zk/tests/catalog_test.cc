#include "packs/zk/catalog.h"

#include <gtest/gtest.h>

#include "packs/testing/catalog_check.h"

namespace vigil::packs::zk {
namespace {

TEST(ZkCatalog, IsTheSharedOne) { testing::check_catalog("zk", catalog::kAll); }

}  // namespace
}  // namespace vigil::packs::zk
