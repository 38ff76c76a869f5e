// The pack's catalogue against the shared one.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "packs/mpc/catalog.h"

namespace vigil::packs::mpc {
namespace {

const std::filesystem::path kRepository = VIGIL_SOURCE_DIR;

std::filesystem::path shared() {
  const char* const from_environment = std::getenv("VIGIL_SHARED");
  return from_environment != nullptr ? std::filesystem::path(from_environment) : kRepository / "../shared";
}

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(MpcPack, CatalogueIsTheSharedOne) {
  const auto file = shared() / "domain-scripts/catalog.json";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is missing";
  std::map<std::string, const nlohmann::json*> wanted;
  const nlohmann::json document = nlohmann::json::parse(read(file));
  for (const auto& metric : document["mpc"]["metrics"]) {
    if (metric["name"].get<std::string>().starts_with("mpc_")) wanted[metric["name"]] = &metric;
  }
  EXPECT_EQ(wanted.size(), 37U);
  EXPECT_EQ(std::size(catalog::kAll), wanted.size());
  for (const metrics::Description& metric : catalog::kAll) {
    const auto found = wanted.find(std::string(metric.name));
    ASSERT_NE(found, wanted.end()) << metric.name;
    const nlohmann::json& expected = *found->second;
    EXPECT_EQ(to_string(metric.type), expected["type"].get<std::string>()) << metric.name;
    std::string labels;
    for (const auto label : metric.labels) labels += (labels.empty() ? "" : ", ") + std::string(label);
    EXPECT_EQ(labels, expected["labels"].get<std::string>()) << metric.name;
    std::vector<double> bounds;
    std::istringstream numbers(expected["buckets"].get<std::string>());
    for (double bound = 0; numbers >> bound;) bounds.push_back(bound);
    EXPECT_EQ(std::vector<double>(metric.layout.bounds.begin(), metric.layout.bounds.end()), bounds) << metric.name;
  }
}

}  // namespace
}  // namespace vigil::packs::mpc
