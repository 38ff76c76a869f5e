// The pack's files against each other, the code and the shared catalogue.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "packs/l2/dashboards.h"
#include "packs/l2/pack.h"
#include "packs/testing/dashboard_check.h"
#include "vigil/lab/vocabulary.h"
#include "vigil/tuning/slo.h"

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

std::string all_of(const std::filesystem::path& directory, const std::string& extension) {
  std::string text;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == extension) text += read(entry.path());
  }
  return text;
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

TEST(L2Rules, SloRulesAreGenerated) {
  const auto file = kPack / "rules/slo.yml";
  const std::string rules = tuning::slo_rules(pack().name, pack().slos);
  if (std::getenv("VIGIL_REWRITE") != nullptr) std::ofstream(file) << rules;
  EXPECT_EQ(read(file), rules) << file << " is out of date: run this test with VIGIL_REWRITE=1";
}

TEST(L2Rules, EveryAlertHasARunbookADashboardAndTests) {
  std::string rules;
  for (const pack::File& file : pack().rules) rules += file.text;
  const std::string tests = all_of(kPack / "rules/tests", ".yml");
  std::set<std::string> boards;
  for (const auto& board : all_dashboards()) boards.insert(board.uid);
  for (const std::string& uid : matches(rules, "dashboard_url: /d/(\\S+)")) EXPECT_TRUE(boards.contains(uid)) << uid;
  const auto alerts = matches(rules, "- alert: (\\w+)");
  EXPECT_EQ(matches(rules, "dashboard_url: (\\S+)").size(), alerts.size());
  for (const std::string& alert : alerts) {
    const std::string runbook = read(kPack / "runbooks" / (alert + ".md"));
    for (const char* const part : {"**Meaning.**", "**Impact.**", "## Diagnosis", "## Causes", "## Action", "## Escal"})
      EXPECT_NE(runbook.find(part), std::string::npos) << alert << " says nothing under " << part;
    EXPECT_NE(rules.find("runbook_url: '{{ $externalURL }}/runbooks/l2/" + alert + "'\n"), std::string::npos) << alert;
    EXPECT_NE(tests.find("alertname: " + alert + ", exp_alerts: []"), std::string::npos) << alert << " never silent";
    EXPECT_NE(tests.find("alertname: " + alert + "\n        exp_alerts:\n"), std::string::npos)
        << alert << " never fires";
  }
  for (const auto& entry : std::filesystem::directory_iterator(kPack / "runbooks")) {
    const std::string name = entry.path().stem();
    const bool of_budget = std::ranges::any_of(
        pack().slos, [&](const pack::Slo& slo) { return name == std::string(slo.alert) + "BudgetBurn"; });
    EXPECT_TRUE(of_budget || std::ranges::find(alerts, name) != alerts.end()) << entry.path();
  }
}

// What runbooks and the guide say to ask must be PromQL over metrics that exist.
TEST(L2Words, QueriesMakeSense) {
  lab::Vocabulary vocabulary(pack());
  std::size_t checked = 0;
  const auto check = [&](const std::string& place, const std::string& query) {
    static const std::regex of_ours(
        "(l2|erc4337|celestia|zkfair|node|pg|redis|container|probe)_[a-z0-9_]*[a-z0-9]|up\\{");
    if (!std::regex_search(query, of_ours) || query.starts_with("vigil ") || query.starts_with("celestia ")) return;
    if (query.find('/') != std::string::npos && query.find(' ') == std::string::npos) return;  // a path
    ++checked;
    for (const std::string& problem : vocabulary.check(query))
      ADD_FAILURE() << place << ": " << query << ": " << problem;
  };
  for (const auto& entry : std::filesystem::directory_iterator(kPack / "runbooks")) {
    for (const std::string& span : matches(read(entry.path()), "`([^`]+)`")) check(entry.path().filename(), span);
  }
  EXPECT_GT(checked, 80U);
  const std::string guide = read(kRepository / "docs/guide/l2.md");
  for (const std::string& block : matches(guide, "\n```\n([^`]+)```")) {
    for (const std::string& line : matches(block, "([^\n]+)\n")) check("guide", line);
  }
  EXPECT_GT(checked, 90U);
  for (const auto& board : all_dashboards()) {
    for (const auto& row : board.rows) {
      for (const auto& panel : row.panels) {
        EXPECT_NE(guide.find("- **" + panel.title + "**"), std::string::npos) << panel.title << " is not in the guide";
      }
    }
  }
  for (const std::string& link : matches(guide, "\\]\\(\\.\\./\\.\\./([^)]+)\\)"))
    EXPECT_TRUE(std::filesystem::exists(kRepository / link)) << link;
}

TEST(L2Rules, PromtoolAcceptsThemAndTheirTests) {
  const auto promtool = kRepository / ".cache/peers/prometheus/usr/bin/promtool";
  if (!std::filesystem::exists(promtool)) GTEST_SKIP() << promtool << " is missing";
  std::string command = promtool.string() + " test rules";
  for (const auto& entry : std::filesystem::directory_iterator(kPack / "rules/tests"))
    command += " " + entry.path().string();
  const std::string output = ::testing::TempDir() + "/promtool-l2-" + std::to_string(::getpid());
  EXPECT_EQ(std::system((command + " >" + output + " 2>&1").c_str()), 0) << read(output);
  std::filesystem::remove(output);
}

}  // namespace
}  // namespace vigil::packs::l2
