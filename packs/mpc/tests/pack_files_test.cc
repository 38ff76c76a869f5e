// The pack's files against each other and against the shared catalogue.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "packs/mpc/catalog.h"
#include "vigil/base/strings.h"

namespace vigil::packs::mpc {
namespace {

const std::filesystem::path kRepository = VIGIL_SOURCE_DIR;
const std::filesystem::path kPack = kRepository / "packs/mpc";

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

// Words after `key` at line starts of a YAML file; enough for our own files.
std::vector<std::string> values_of(const std::string& yaml, const std::string& key) {
  std::vector<std::string> found;
  std::istringstream lines(yaml);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find(key);
    if (at != std::string::npos && line.find_first_not_of(" -{") == at) found.push_back(line.substr(at + key.size()));
  }
  return found;
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

TEST(MpcPack, EveryAlertHasARunbookAndATest) {
  const std::string extra = read(kPack / "rules/mpc-extra.yml");
  const std::string rules = read(kPack / "rules/mpc-rules.yml") + extra;
  const std::vector<std::string> alerts = values_of(rules, "alert: ");
  EXPECT_EQ(alerts.size(), 28U);
  EXPECT_EQ(values_of(extra, "alert: ").size(), 11U);
  EXPECT_EQ(values_of(rules, "dashboard_url: /d/").size(), 28U);
  EXPECT_EQ(values_of(rules, "component: ").size(), 28U);
  std::string tests;
  for (const auto& entry : std::filesystem::directory_iterator(kPack / "rules/tests")) tests += read(entry.path());
  std::set<std::string> runbooks;
  for (const auto& entry : std::filesystem::directory_iterator(kPack / "runbooks"))
    runbooks.insert(entry.path().stem());
  for (const std::string& alert : alerts) {
    EXPECT_TRUE(runbooks.contains(alert)) << alert << " has no runbook";
    EXPECT_NE(rules.find("runbook_url: '{{ $externalURL }}/runbooks/mpc/" + alert + "'\n"), std::string::npos) << alert;
    EXPECT_NE(tests.find("alertname: " + alert + ", exp_alerts: []"), std::string::npos)
        << alert << " is never tested silent";
    EXPECT_NE(tests.find("alertname: " + alert + "\n        exp_alerts:\n"), std::string::npos)
        << alert << " is never tested firing";
  }
  std::erase_if(runbooks, [](const std::string& name) { return name.ends_with("BudgetBurn"); });  // of the SLOs
  EXPECT_EQ(runbooks.size(), alerts.size());
}

TEST(MpcPack, PromtoolAcceptsTheRulesAndTheirTests) {
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
}  // namespace vigil::packs::mpc
