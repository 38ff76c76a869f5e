// What the guide, the pages beside it and the runbooks name must exist: metrics, alerts,
// dashboards, panels, scenarios, files. Commands and paths of the API: commands_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "packs/all/all.h"
#include "packs/reference/tests/documents.h"
#include "vigil/lab/vocabulary.h"
#include "vigil/rules/rule_file.h"
#include "vigil/tuning/overrides.h"
#include "vigil/yaml/document.h"

namespace vigil::packs {
namespace {

using testing::Document;
using testing::documents;
using testing::kRepository;
using testing::matches;
using testing::read;

using Names = std::set<std::string, std::less<>>;

// A pack, and the names its words may use.
struct Known {
  const pack::Pack* pack = nullptr;
  std::vector<rules::RuleDefinition> alerts;
  lab::Vocabulary vocabulary;
  Names metrics;   // families
  Names words;     // labels, their values, scenarios, objectives
  Names prefixes;  // "zk_": what begins so and is neither of them is a mistake
  std::vector<dashboards::Dashboard> boards;

  explicit Known(const pack::Pack& of) : pack(&of), vocabulary(of), boards(of.dashboards()) {
    const auto groups = tuning::rule_groups(of);
    EXPECT_TRUE(groups) << groups.error().message();
    for (const auto& group : *groups) {
      for (const auto& rule : group.rules) {
        if (rule.alerting) {
          alerts.push_back(rule);
        } else {
          vocabulary.add_recorded(rule.name);
        }
      }
    }
    const auto add_metric = [&](std::string_view name, std::span<const std::string_view> labels) {
      metrics.emplace(name);
      for (const std::string_view label : labels) words.emplace(label);
      if (const std::size_t end = name.find('_'); end != std::string_view::npos) {
        prefixes.emplace(name.substr(0, end + 1));
      }
    };
    for (const metrics::Description& metric : of.catalog) {
      add_metric(metric.name, metric.labels);
      for (const metrics::ClosedLabel& closed : metric.options.closed) {
        for (const std::string_view value : closed.values) words.emplace(value);
      }
    }
    for (const pack::ForeignMetric& metric : of.foreign) add_metric(metric.name, metric.labels);
    for (const pack::Scenario& scenario : of.scenarios) words.emplace(scenario.name);
    for (const pack::Slo& slo : of.slos) words.emplace(slo.name);
  }
  bool has_alert(std::string_view name) const {
    return std::ranges::find(alerts, name, &rules::RuleDefinition::name) != alerts.end();
  }
  const pack::Scenario* scenario(std::string_view name) const {
    const auto found = std::ranges::find(pack->scenarios, name, &pack::Scenario::name);
    return found == pack->scenarios.end() ? nullptr : &*found;
  }
};

const std::map<std::string, Known>& known() {
  static const std::map<std::string, Known> by_name = [] {
    std::map<std::string, Known> made;
    for (const pack::Pack* const pack : all()) made.emplace(pack->name, Known(*pack));
    return made;
  }();
  return by_name;
}

// The packs that words of this document may be about: its own, or any.
std::vector<const Known*> about(const Document& document) {
  std::vector<const Known*> packs;
  for (const auto& [name, each] : known()) {
    if (document.pack.empty() || document.pack == name) packs.push_back(&each);
  }
  return packs;
}

std::string budget_runbook(const pack::Slo& slo) { return std::string(slo.alert) + "BudgetBurn"; }

// "## A heading (`uid`)" as GitHub's link to it: "a-heading-uid".
std::string anchor(std::string heading) {
  std::string out;
  for (const char c : heading) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-') {
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (c == ' ') {
      out += '-';
    }
  }
  return out;
}

TEST(Documents, AreAllThere) {
  std::size_t words = 0;
  std::size_t runbooks = 0;
  for (const Document& document : documents()) {
    if (document.path.string().starts_with("docs/guide/")) words += matches(document.text, "\\S+").size();
    if (document.path.parent_path().filename() == "runbooks") ++runbooks;
  }
  EXPECT_GE(words, 7500U);
  EXPECT_GT(runbooks, 120U);
  for (const auto& [name, each] : known()) {
    EXPECT_TRUE(std::ranges::any_of(
        documents(), [&](const Document& document) { return document.path == "docs/guide/" + name + ".md"; }))
        << name << " has no chapter";
  }
}

TEST(Documents, LinksLeadSomewhere) {
  std::size_t checked = 0;
  for (const Document& document : documents()) {
    for (const std::string& link : document.links) {
      if (link.find("://") != std::string::npos) continue;
      ++checked;
      const std::size_t hash = std::min(link.find('#'), link.size());
      const auto target = (hash == 0 ? document.path : document.path.parent_path() / link.substr(0, hash));
      EXPECT_TRUE(std::filesystem::exists(kRepository / target)) << document.path << ": " << link;
      if (hash == link.size()) continue;
      std::set<std::string> anchors;
      for (const std::string& heading : matches(read(kRepository / target), "(?:^|\n)#+ ([^\n]+)")) {
        anchors.insert(anchor(heading));
      }
      EXPECT_TRUE(anchors.contains(link.substr(hash + 1))) << document.path << ": " << link;
    }
  }
  EXPECT_GT(checked, 150U);
}

// --- metrics and PromQL --------------------------------------------------------

bool is_identifier(const std::string& text) { return std::regex_match(text, std::regex("[a-zA-Z_][a-zA-Z0-9_]*")); }

// Commands, paths, files and C++ are no queries; commands have a test of their own.
bool is_no_query(const std::string& text) {
  static const std::regex other(
      "^(vigil|promtool|curl|docker|kubectl|psql|grep|git|journalctl|systemctl|etcdctl|celestia|cast|\\./dev|#|//|-)"
      "( .*)?"
      "|.*(::|;$|\\.(h|md|yml|yaml|json)\\b).*"
      "|(GET|POST|DELETE) .*"
      "|[^ ({]*/[^ ({]*"         // a path
      "|[a-z_]+\\([a-z_, ]*\\)"  // a function of the recording API
      "|[a-z_]+:.*|.* \\| .*");  // YAML; a pipe
  return std::regex_match(text, other) && !text.starts_with("slo:") && !text.starts_with("up");
}

class QueryChecker {
 public:
  // True if `text` is about metrics; what is wrong with it is a failure.
  bool check(const Document& document, const std::string& text) {
    if (is_no_query(text)) return false;
    std::vector<std::string> complaints;
    bool ours = false;
    for (const Known* const each : about(document)) {
      const Verdict verdict = judge(*each, text);
      if (!verdict.ours) continue;
      if (verdict.problems.empty()) return true;
      ours = true;
      for (const std::string& problem : verdict.problems) complaints.push_back(problem);
    }
    for (const std::string& complaint : complaints) {
      ADD_FAILURE() << document.path << ": `" << text << "`: " << complaint;
    }
    return ours;
  }

 private:
  struct Verdict {
    bool ours = false;
    std::vector<std::string> problems;
  };

  static Verdict judge(const Known& pack, const std::string& text) {
    Verdict verdict;
    static const std::regex any_of("([a-z0-9]+_[a-z0-9_]*)\\*");  // zk_*
    std::smatch match;
    if (std::regex_match(text, match, any_of)) {
      const std::string start = match[1];
      if (!pack.prefixes.contains(start.substr(0, start.find('_') + 1))) return verdict;
      verdict.ours = true;
      const auto first = pack.metrics.lower_bound(start);
      if (first == pack.metrics.end() || !first->starts_with(start)) verdict.problems = {"no metric begins so"};
      return verdict;
    }
    if (text == "slo:sli_error:ratio_rate*") return {true, {}};
    static const std::regex name("[a-z0-9]+_[a-z0-9_]*[a-z0-9]");
    bool metric_like = text.find("up{") != std::string::npos || text.find("slo:") != std::string::npos;
    for (const std::string& word : matches(text, name)) {
      metric_like = metric_like || (pack.prefixes.contains(word.substr(0, word.find('_') + 1)));
    }
    if (!metric_like) return verdict;
    if (is_identifier(text)) {
      if (pack.words.contains(text) || text == "pg_stat_statements") return verdict;
      verdict.ours = true;
      if (pack.metrics.contains(text)) return verdict;
    }
    verdict.ours = true;
    verdict.problems = pack.vocabulary.check(text);
    return verdict;
  }
};

TEST(Documents, QueriesMakeSense) {
  QueryChecker checker;
  std::map<std::string, std::size_t> checked;  // by pack
  for (const Document& document : documents()) {
    std::size_t found = 0;
    for (const std::string& span : document.spans) found += checker.check(document, span) ? 1 : 0;
    for (const std::string& line : document.code_lines) found += checker.check(document, line) ? 1 : 0;
    if (document.path.parent_path().filename() == "runbooks") {
      EXPECT_GT(found, 0U) << document.path << " cannot be confirmed by a query";
    }
    checked[document.pack] += found;
  }
  for (const auto& [name, each] : known()) EXPECT_GT(checked[name], 60U) << name;
}

// --- alerts ----------------------------------------------------------------------

// Words with capitals inside that are no alert of ours.
const Names kProperNames{"CMake",    "CPUs",       "EntryPoint",  "GiB",           "HotStuff",        "KiB",
                         "MiB",      "NexusZero",  "OpenMetrics", "OpenSSL",       "OpenTelemetry",   "P2P",
                         "PromQL",   "PostgreSQL", "URLs",        "UserOperation", "VictoriaMetrics", "ZKFair",
                         "ZeroState"};

TEST(Documents, AlertsExist) {
  std::size_t checked = 0;
  for (const Document& document : documents()) {
    for (const std::string& word : matches(document.prose, "\\b[A-Z]+[a-z0-9]+[A-Z]\\w*")) {
      if (kProperNames.contains(word)) continue;
      ++checked;
      const bool exists = std::ranges::any_of(about(document), [&](const Known* each) {
        return each->has_alert(word) ||
               std::ranges::any_of(each->pack->slos, [&](const pack::Slo& slo) { return word == budget_runbook(slo); });
      });
      EXPECT_TRUE(exists) << document.path << " names " << word << ", which is no alert";
    }
  }
  EXPECT_GT(checked, 300U);
}

TEST(Documents, EveryAlertHasARunbookWithItsSixParts) {
  for (const auto& [name, each] : known()) {
    std::set<std::string> wanted;
    for (const auto& alert : each.alerts) {
      const Labels labels = alert.label_texts();
      std::string runbook = alert.name;
      for (const pack::Slo& slo : each.pack->slos) {
        if (labels.get("slo") == slo.name) runbook = budget_runbook(slo);
      }
      wanted.insert(runbook);
      const auto url = std::ranges::find(alert.annotations, "runbook_url", &rules::TemplatedText::name);
      ASSERT_NE(url, alert.annotations.end()) << alert.name;
      EXPECT_NE(url->value.text().find(runbook), std::string::npos) << alert.name << ": " << url->value.text();
    }
    std::set<std::string> found;
    for (const Document& document : documents()) {
      if (document.pack != name || document.path.parent_path().filename() != "runbooks") continue;
      found.insert(document.path.stem());
      EXPECT_TRUE(document.text.starts_with("# " + document.path.stem().string() + "\n")) << document.path;
      for (const char* const part :
           {"**Meaning.**", "**Impact.**", "## Diagnosis", "## Causes", "## Action", "## Escalation"}) {
        EXPECT_NE(document.text.find(part), std::string::npos) << document.path << " says nothing under " << part;
      }
    }
    EXPECT_EQ(found, wanted) << name;
  }
}

// promtool's unit tests: each alert fires in one and is silent in one.
TEST(Documents, EveryAlertIsTestedFiringAndSilent) {
  for (const auto& [name, each] : known()) {
    std::map<std::string, std::set<bool>, std::less<>> tested;  // alert -> {fires}
    for (const auto& entry : std::filesystem::directory_iterator(kRepository / "packs" / name / "rules/tests")) {
      const auto yaml = yaml::Document::parse(read(entry.path()), entry.path());
      ASSERT_TRUE(yaml) << yaml.error().message();
      for (const yaml::Node& test : yaml->root().find("tests").items()) {
        for (const yaml::Node& wanted : test.find("alert_rule_test").items()) {
          tested[std::string(wanted.find("alertname").text())].insert(wanted.find("exp_alerts").size() > 0);
        }
      }
    }
    for (const auto& alert : each.alerts) {
      EXPECT_TRUE(tested[alert.name].contains(true)) << alert.name << " is never tested firing";
      EXPECT_TRUE(tested[alert.name].contains(false)) << alert.name << " is never tested silent";
    }
    for (const auto& [alert, cases] : tested) EXPECT_TRUE(each.has_alert(alert)) << alert << " has tests and no rule";
  }
}

// --- chapters --------------------------------------------------------------------

const Document& chapter(const std::string& pack) {
  return *std::ranges::find(documents(), std::filesystem::path("docs/guide/" + pack + ".md"), &Document::path);
}

std::vector<std::string> cells(const std::string& row) {
  std::vector<std::string> found;
  std::string cell;
  for (std::size_t i = 1; i < row.size(); ++i) {
    if (row[i] != '|' || row[i - 1] == '\\') {
      cell += row[i];
      continue;
    }
    const std::size_t start = cell.find_first_not_of(' ');
    found.push_back(start == std::string::npos ? "" : cell.substr(start, cell.find_last_not_of(' ') - start + 1));
    cell.clear();
  }
  return found;
}

TEST(Chapters, HaveARowForEveryAlert) {
  for (const auto& [name, each] : known()) {
    std::map<std::string, std::vector<std::string>> rows;
    for (const std::string& row : matches(chapter(name).text, "\n(\\| \\[\\w+\\]\\([^\n]*)")) {
      const std::string alert = matches(row, "\\[(\\w+)\\]").at(0);
      EXPECT_TRUE(rows.emplace(alert, cells(row)).second) << alert << " has two rows";
      EXPECT_TRUE(each.has_alert(alert)) << name << ": there is no alert " << alert;
    }
    for (const auto& alert : each.alerts) {
      const auto row = rows.find(alert.name);
      ASSERT_NE(row, rows.end()) << "docs/guide/" << name << ".md has no row for " << alert.name;
      const auto has = [&](std::string_view cell) { return std::ranges::find(row->second, cell) != row->second.end(); };
      EXPECT_TRUE(has(alert.label_texts().get("severity"))) << alert.name << " has another severity";
      EXPECT_TRUE(has(format_duration(alert.hold)) || (alert.hold == 0 && has("at once")))
          << alert.name << " waits " << format_duration(alert.hold);
    }
  }
}

TEST(Chapters, DescribeEveryPanel) {
  for (const auto& [name, each] : known()) {
    const std::string& text = chapter(name).text;
    for (const dashboards::Dashboard& board : each.boards) {
      EXPECT_NE(text.find("`" + board.uid + "`"), std::string::npos) << name << ": " << board.uid;
      for (const dashboards::Row& row : board.rows) {
        for (const dashboards::Panel& panel : row.panels) {
          // A table says what the panel says; a list may say it otherwise.
          const std::size_t item = text.find("- **" + panel.title + "**");
          const bool listed = item != std::string::npos && text.find('\n', item) > item + panel.title.size() + 30;
          const bool in_table = text.find("| " + panel.title + " | " + panel.description + " |") != std::string::npos;
          EXPECT_TRUE(listed || in_table) << name << ": " << board.uid << ", " << panel.title << " is not described";
        }
      }
    }
    for (const std::string& uid : matches(text, "\n### [^\n]*\\(`([^`]+)`\\)\n")) {
      EXPECT_NE(std::ranges::find(each.boards, uid, &dashboards::Dashboard::uid), each.boards.end()) << uid;
    }
  }
}

TEST(Chapters, DashboardsOfAlertsExist) {
  for (const auto& [name, each] : known()) {
    for (const auto& alert : each.alerts) {
      const auto url = std::ranges::find(alert.annotations, "dashboard_url", &rules::TemplatedText::name);
      ASSERT_NE(url, alert.annotations.end()) << alert.name << " opens no dashboard";
      const std::string text(url->value.text());
      const std::string uid = text.substr(text.rfind("/d/") == std::string::npos ? 0 : text.rfind("/d/") + 3);
      EXPECT_NE(std::ranges::find(each.boards, uid, &dashboards::Dashboard::uid), each.boards.end())
          << alert.name << ": " << text;
    }
  }
}

// In a table's row that begins or ends with a scenario, it fires the alerts that the row names.
TEST(Chapters, ScenariosFireWhatTheySay) {
  for (const auto& [name, each] : known()) {
    std::size_t checked = 0;
    for (const std::string& row : matches(chapter(name).text, "\n(\\| [^\n]*)")) {
      std::vector<const pack::Scenario*> scenarios;
      for (const std::string& cell : {cells(row).front(), cells(row).back()}) {
        for (const std::string& span : matches(cell, "`([a-z0-9_]+)`")) {
          if (const pack::Scenario* const scenario = each.scenario(span)) scenarios.push_back(scenario);
        }
      }
      if (scenarios.empty()) continue;
      for (const std::string& alert : matches(row, "\\b[A-Z]+[a-z0-9]+[A-Z]\\w*")) {
        if (!each.has_alert(alert)) continue;
        ++checked;
        EXPECT_TRUE(std::ranges::any_of(scenarios,
                                        [&](const pack::Scenario* scenario) {
                                          return std::ranges::find(scenario->fires, alert) != scenario->fires.end() ||
                                                 std::ranges::find(scenario->consequences, alert) !=
                                                     scenario->consequences.end();
                                        }))
            << name << ": " << row << " does not fire " << alert;
      }
    }
    EXPECT_GT(checked, 3U) << name << " has no table of scenarios";
  }
}

TEST(Chapters, CountWhatThereIs) {
  for (const auto& [name, each] : known()) {
    std::set<std::string> alerts;
    for (const auto& alert : each.alerts) {
      if (alert.label_texts().get("slo").empty()) alerts.insert(alert.name);
    }
    std::size_t panels = 0;
    for (const auto& board : each.boards) {
      for (const auto& row : board.rows) panels += row.panels.size();
    }
    const struct {
      const char* words;
      std::size_t count;
    } cases[] = {{"(\\d+) alerts, ", alerts.size()},
                 {"(\\d+) panels", panels},
                 {"(\\d+) (?:metrics|families)", each.pack->catalog.size()},
                 {"(\\d+) faults", each.pack->scenarios.size() - 1}};
    for (const auto& c : cases) {
      for (const std::string& number : matches(chapter(name).text, c.words)) {
        EXPECT_EQ(number, std::to_string(c.count)) << name << ": " << c.words;
      }
    }
  }
}

}  // namespace
}  // namespace vigil::packs
