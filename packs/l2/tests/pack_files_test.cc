// The pack's files against the code and the shared catalogue.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "packs/l2/dashboards.h"
#include "packs/testing/dashboard_check.h"

namespace vigil::packs::l2 {
namespace {

const std::filesystem::path kRepository = VIGIL_SOURCE_DIR;
const std::filesystem::path kPack = kRepository / "packs/l2";

nlohmann::json shared_catalogue() {
  const char* const from_environment = std::getenv("VIGIL_SHARED");
  const auto shared = from_environment != nullptr ? std::filesystem::path(from_environment) : kRepository / "../shared";
  std::ifstream in(shared / "domain-scripts/catalog.json");
  return in ? nlohmann::json::parse(in)["l2"] : nlohmann::json();
}

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> matches(const std::string& text, const char* expression) {
  const std::regex pattern(expression);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) found.push_back((*at)[1]);
  return found;
}

TEST(L2Dashboards, AreTheCataloguesAndTheCommittedOnes) {
  const auto boards = all_dashboards();
  testing::check_dashboards("l2", boards, VIGIL_SOURCE_DIR "/packs/l2/dashboards");
}

TEST(L2Rules, AreTheCatalogues) {
  const nlohmann::json catalogue = shared_catalogue();
  if (catalogue.is_null()) GTEST_SKIP() << "the shared catalogue is missing";
  std::map<std::string, std::set<std::string>> wanted;
  for (const auto& alert : catalogue["alerts"]) wanted[alert["group"]].insert(alert["alert"].get<std::string>());
  std::size_t count = 0;
  for (const auto& [group, alerts] : wanted) {
    const auto found = matches(read(kPack / "rules" / (group + ".yml")), "- alert: (\\w+)");
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), alerts) << group;
    count += found.size();
  }
  EXPECT_EQ(count, 30U);
}

}  // namespace
}  // namespace vigil::packs::l2
