// The pack's rules against the shared catalogue.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "packs/zerostate/pack.h"

namespace vigil::packs::zerostate {
namespace {

const std::filesystem::path kRepository = VIGIL_SOURCE_DIR;

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string rules() {
  std::string text;
  for (const pack::File& file : pack().rules) text += file.text;
  return text;
}

std::vector<std::string> matches(const std::string& text, const char* expression) {
  const std::regex pattern(expression);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) found.push_back((*at)[1]);
  return found;
}

// ZS-58, ZS-84, ZS-85.
TEST(ZeroStatePack, HasExactly25AlertsInTheDocumentsFile) {
  const std::string text(pack().rules[0].text);
  EXPECT_EQ(pack().rules[0].name, "prometheus-alerts.yml");
  EXPECT_EQ(matches(text, "- alert: (\\w+)").size(), 25U);
  EXPECT_EQ(matches(text, "- name: (\\w+)"),
            (std::vector<std::string>{"network", "execution", "economic", "system", "sla"}));
  const auto severities = matches(rules(), "severity: (\\w+)");
  const auto components = matches(rules(), "component: (\\w+)");
  EXPECT_EQ(std::set(severities.begin(), severities.end()), (std::set<std::string>{"critical", "info", "warning"}));
  EXPECT_EQ(std::set(components.begin(), components.end()),
            (std::set<std::string>{"economic", "execution", "p2p", "sla", "system"}));
}

TEST(ZeroStatePack, ExpressionsAreTheCatalogues) {
  const char* const from_environment = std::getenv("VIGIL_SHARED");
  const auto shared = from_environment != nullptr ? std::filesystem::path(from_environment) : kRepository / "../shared";
  const auto file = shared / "domain-scripts/catalog.json";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is missing";
  const auto catalog = nlohmann::json::parse(read(file))["zerostate"];
  const auto squeezed = [](const std::string& text) { return std::regex_replace(text, std::regex("\\s+"), " "); };
  const std::string all = squeezed(rules());
  for (const char* const list : {"alerts", "extra_alerts"}) {
    for (const auto& alert : catalog[list]) {
      const std::string name = alert["alert"], expr = alert["expr"];
      const std::size_t at = all.find("- alert: " + name + " ");
      ASSERT_NE(at, std::string::npos) << name;
      const std::string rule = all.substr(at, all.find("annotations:", at) - at);
      EXPECT_NE(rule.find(expr), std::string::npos) << name;
      EXPECT_NE(rule.find("for: " + alert["for"].get<std::string>() + " "), std::string::npos) << name;
      EXPECT_NE(rule.find("severity: " + alert["severity"].get<std::string>() + " "), std::string::npos) << name;
      EXPECT_NE(rule.find("component: " + alert["component"].get<std::string>() + " "), std::string::npos) << name;
    }
  }
}

}  // namespace
}  // namespace vigil::packs::zerostate
