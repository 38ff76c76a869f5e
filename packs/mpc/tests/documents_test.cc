// What runbooks and the guide tell people to ask and to open must exist.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "packs/mpc/pack.h"
#include "vigil/lab/vocabulary.h"
#include "vigil/tuning/slo.h"

namespace vigil::packs::mpc {
namespace {

const std::filesystem::path kRepository = VIGIL_SOURCE_DIR;
const std::filesystem::path kPack = kRepository / "packs/mpc";

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The first group of every match.
std::vector<std::string> matches(const std::string& text, const std::string& expression) {
  const std::regex regex(expression);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) found.push_back((*at)[1]);
  return found;
}

std::string rules() {
  std::string all;
  for (const pack::File& file : pack().rules) all += file.text;
  return all;
}

// Checks what looks like PromQL over the pack's metrics; returns how many.
std::size_t check_queries(const std::string& place, const std::vector<std::string>& spans) {
  static const lab::Vocabulary vocabulary = [] {
    lab::Vocabulary known(pack());
    for (const std::string& name : matches(tuning::slo_rules(pack().name, pack().slos), "- record: (\\S+)")) {
      known.add_recorded(name);
    }
    return known;
  }();
  static const std::regex ours("\\b(mpc|etcd|pg|container)_[a-z0-9_]*[a-z0-9]|up\\{");
  std::size_t checked = 0;
  for (std::string query : spans) {
    const bool path = query.find(' ') == std::string::npos && query.find('/') != std::string::npos &&
                      query.find('(') == std::string::npos && query.find('{') == std::string::npos;
    const bool extension = query == "pg_stat_statements";
    if (path || extension || !std::regex_search(query, ours)) continue;
    query = std::regex_replace(query, std::regex("\\\\\\|"), "|");  // as in a table's cell
    ++checked;
    for (const std::string& problem : vocabulary.check(query)) {
      ADD_FAILURE() << place << ": " << query << ": " << problem;
    }
  }
  return checked;
}

TEST(MpcDocuments, RunbooksAreCompleteAndAskWhatExists) {
  std::size_t checked = 0;
  for (const std::string& alert : matches(rules(), "- alert: (\\w+)")) {
    const std::string runbook = read(kPack / "runbooks" / (alert + ".md"));
    EXPECT_TRUE(runbook.starts_with("# " + alert + "\n"));
    for (const char* const part :
         {"**Meaning.**", "**Impact.**", "## Diagnosis", "## Causes", "## Action", "## Escalation"}) {
      EXPECT_NE(runbook.find(part), std::string::npos) << alert << " says nothing under " << part;
    }
    const std::size_t queries = check_queries(alert, matches(runbook, "`([^`]+)`"));
    EXPECT_GT(queries, 0U) << alert << " cannot be confirmed by a query";
    checked += queries;
  }
  EXPECT_GT(checked, 80U);
}

// rules/slo.yml is for who loads the rules into a Prometheus; vigil generates the same.
TEST(MpcDocuments, ErrorBudgetsAreTheObjectives) {
  const auto file = kPack / "rules/slo.yml";
  const std::string generated = tuning::slo_rules(pack().name, pack().slos);
  if (std::getenv("VIGIL_REWRITE") != nullptr) std::ofstream(file) << generated;
  EXPECT_EQ(read(file), generated) << file << " is out of date: run this test with VIGIL_REWRITE=1";
  for (const pack::Slo& slo : pack().slos) {
    const std::string name = std::string(slo.alert) + "BudgetBurn";
    EXPECT_GT(check_queries(name, matches(read(kPack / "runbooks" / (name + ".md")), "`([^`]+)`")), 0U) << name;
  }
}

TEST(MpcDocuments, DashboardsOfAlertsExist) {
  std::set<std::string> uids;
  for (const auto& board : pack().dashboards()) uids.insert(board.uid);
  const auto wanted = matches(rules(), "dashboard_url: /d/(\\S+)");
  EXPECT_EQ(wanted.size(), 28U);
  for (const std::string& uid : wanted) EXPECT_TRUE(uids.contains(uid)) << uid;
}

TEST(MpcDocuments, TheGuideNamesWhatExists) {
  const std::string guide = read(kRepository / "docs/guide/mpc.md");
  EXPECT_GT(matches(guide, "(\\S+)").size(), 1300U);
  EXPECT_GT(check_queries("guide", matches(guide, "`([^`\n]+)`")), 15U);
  for (const std::string& link : matches(guide, "\\]\\(\\.\\./\\.\\./([^)]+)\\)")) {
    EXPECT_TRUE(std::filesystem::exists(kRepository / link)) << link;
  }
  for (const auto& board : pack().dashboards()) {
    EXPECT_NE(guide.find("(`" + board.uid + "`)"), std::string::npos) << board.uid;
    for (const auto& row : board.rows) {
      for (const auto& panel : row.panels) {
        EXPECT_NE(guide.find("| " + panel.title + " | " + panel.description + " |"), std::string::npos)
            << panel.title << " is not in the guide as the dashboard says it";
      }
    }
  }
  // The table of alerts: every alert, and a scenario that fires it.
  const auto rows = matches(guide, "\n(\\| \\[\\w+\\]\\(.*)");
  EXPECT_EQ(rows.size(), 28U);
  for (const std::string& row : rows) {
    const std::string alert = matches(row, "\\[(\\w+)\\]").at(0);
    EXPECT_NE(rules().find("- alert: " + alert + "\n"), std::string::npos) << alert;
    const std::string name = matches(row, "`(\\w+)` \\|$").at(0);
    const auto scenario = std::ranges::find(pack().scenarios, name, &pack::Scenario::name);
    ASSERT_NE(scenario, pack().scenarios.end()) << name;
    EXPECT_NE(std::ranges::find(scenario->fires, alert), scenario->fires.end()) << name << " does not fire " << alert;
  }
}

}  // namespace
}  // namespace vigil::packs::mpc
