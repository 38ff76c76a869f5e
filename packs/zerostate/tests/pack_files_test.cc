// The pack's files against each other and against promtool.
#include <gtest/gtest.h>
#include <unistd.h>

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
#include "vigil/promql/ast.h"
#include "vigil/promql/parser.h"

namespace vigil::packs::zerostate {
namespace {

const std::filesystem::path kRepository = VIGIL_SOURCE_DIR;
const std::filesystem::path kPack = kRepository / "packs/zerostate";

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

TEST(ZeroStatePack, EveryAlertHasARunbookAndTests) {
  const std::vector<std::string> alerts = matches(rules(), "- alert: (\\w+)");
  EXPECT_EQ(alerts.size(), 29U);
  std::string tests;
  for (const auto& entry : std::filesystem::directory_iterator(kPack / "rules/tests")) tests += read(entry.path());
  std::set<std::string> wanted;
  for (const pack::Slo& slo : pack().slos) wanted.insert(std::string(slo.alert) + "BudgetBurn");
  for (const std::string& alert : alerts) {
    wanted.insert(alert);
    EXPECT_NE(rules().find("runbook_url: '{{ $externalURL }}/runbooks/zerostate/" + alert + "'\n"), std::string::npos)
        << alert;
    EXPECT_NE(tests.find("alertname: " + alert + ", exp_alerts: []"), std::string::npos)
        << alert << " is never tested silent";
    EXPECT_NE(tests.find("alertname: " + alert + "\n        exp_alerts:\n"), std::string::npos)
        << alert << " is never tested firing";
  }
  std::set<std::string> runbooks;
  for (const auto& entry : std::filesystem::directory_iterator(kPack / "runbooks")) {
    runbooks.insert(entry.path().stem());
    const std::string text = read(entry.path());
    for (const char* const part :
         {"**Meaning.**", "**Impact.**", "## Diagnosis", "## Causes", "## Action", "## Escalation"}) {
      EXPECT_NE(text.find(part), std::string::npos) << entry.path() << " has no " << part;
    }
  }
  EXPECT_EQ(runbooks, wanted);
  std::set<std::string> uids;
  for (const auto& board : pack().dashboards()) uids.insert(board.uid);
  for (const std::string& uid : matches(rules(), "dashboard_url: /d/([a-z-]+)")) EXPECT_TRUE(uids.contains(uid)) << uid;
}

TEST(ZeroStatePack, PromtoolAcceptsTheRulesAndTheirTests) {
  const auto promtool = kRepository / ".cache/peers/prometheus/usr/bin/promtool";
  if (!std::filesystem::exists(promtool)) GTEST_SKIP() << promtool << " is missing";
  std::string command = promtool.string() + " test rules";
  for (const auto& entry : std::filesystem::directory_iterator(kPack / "rules/tests"))
    command += " " + entry.path().string();
  const std::string output = testing::TempDir() + "/promtool-" + std::to_string(::getpid());
  EXPECT_EQ(std::system((command + " >" + output + " 2>&1").c_str()), 0) << read(output);
  std::filesystem::remove(output);
}

}  // namespace
}  // namespace vigil::packs::zerostate
