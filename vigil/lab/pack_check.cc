#include "vigil/lab/pack_check.h"

#include <algorithm>
#include <map>
#include <set>

#include "vigil/lab/vocabulary.h"
#include "vigil/promql/ast.h"
#include "vigil/rules/rule_file.h"
#include "vigil/tuning/links.h"
#include "vigil/tuning/overrides.h"

namespace vigil::lab {
namespace {

// As written; "" if there is none of that name.
std::string_view text_of(const std::vector<rules::TemplatedText>& texts, std::string_view name) {
  const auto found = std::ranges::find(texts, name, &rules::TemplatedText::name);
  return found == texts.end() ? std::string_view() : found->value.text();
}

class Checker {
 public:
  explicit Checker(const pack::Pack& pack) : pack_(pack), vocabulary_(pack) {
    for (const dashboards::Dashboard& board : pack_.dashboards()) uids_.insert(board.uid);
  }

  void rules() {
    const auto groups = tuning::rule_groups(pack_);
    if (!groups) {
      report_.problems.push_back(groups.error().message());
      return;
    }
    for (const auto& group : *groups) {
      for (const auto& rule : group.rules) {
        if (!rule.alerting) vocabulary_.add_recorded(rule.name);
      }
    }
    for (const auto& group : *groups) {
      for (const auto& rule : group.rules) check_rule(group.file + ", " + group.name + ", " + rule.name, rule);
    }
  }

  void dashboards() {
    std::set<std::string> uids;
    for (const dashboards::Dashboard& board : pack_.dashboards()) {
      if (!uids.insert(board.uid).second) problem("dashboard " + board.uid, "its uid is there twice");
      for (const dashboards::Row& row : board.rows) {
        for (const dashboards::Panel& panel : row.panels) {
          ++report_.panels;
          const std::string place = "dashboard " + board.uid + ", panel \"" + panel.title + "\"";
          if (panel.description.empty()) problem(place, "has no description");
          if (panel.queries.empty()) problem(place, "has no query");
          if (panel.kind == dashboards::Kind::kLogs) continue;
          for (std::size_t i = 0; i < panel.queries.size(); ++i) {
            ++report_.queries;
            expression(place, without_variables(panel.queries[i].expr, board));
            wanted_.insert(query_key(board, panel, i));
          }
        }
      }
    }
  }

  void scenarios(const CheckOptions& options) {
    std::set<std::string> fired;
    std::set<std::string> answered;
    for (const pack::Scenario& scenario : pack_.scenarios) {
      if (options.progress) options.progress(scenario.name);
      for (const auto* list : {&scenario.fires, &scenario.consequences}) {
        for (const std::string_view alert : *list) {
          if (!alerts_.contains(std::string(alert))) {
            problem("scenario " + std::string(scenario.name),
                    "names the alert " + std::string(alert) + ", which no rule has");
          }
        }
      }
      auto outcome = run(pack_, scenario, {.seed = options.seed, .ask_panels = true});
      if (!outcome) {
        problem("scenario " + std::string(scenario.name), outcome.error().message());
        continue;
      }
      ScenarioResult result{&scenario, std::move(*outcome), {}};
      result.complaints = judge(scenario, result.outcome);
      for (const std::string& complaint : result.complaints)
        problem("scenario " + std::string(scenario.name), complaint);
      for (const FiredAlert& alert : result.outcome.alerts) fired.insert(alert.name);
      answered.insert(result.outcome.answered.begin(), result.outcome.answered.end());
      report_.scenarios.push_back(std::move(result));
    }
    for (const std::string& alert : alerts_) {
      if (!fired.contains(alert)) problem("alert " + alert, "no scenario fires it");
    }
    for (const std::string& query : wanted_) {
      if (!answered.contains(query)) problem("panel " + query, "no scenario gives it data");
    }
  }

  PackReport take() { return std::move(report_); }

 private:
  void problem(const std::string& place, const std::string& what) { report_.problems.push_back(place + ": " + what); }

  void expression(const std::string& place, const std::string& text) {
    for (const std::string& what : vocabulary_.check(text)) problem(place, what);
  }

  void check_rule(const std::string& place, const rules::RuleDefinition& rule) {
    expression(place, promql::to_string(*rule.expr));
    if (!rule.alerting) {
      ++report_.recordings;
      return;
    }
    ++report_.alerts;
    if (text_of(rule.labels, "slo").empty()) alerts_.insert(rule.name);  // budgets burn slowly: no scenario waits
    for (const char* const label : {"severity", "stack"}) {
      if (text_of(rule.labels, label).empty()) problem(place, std::string("has no label ") + label);
    }
    if (text_of(rule.labels, "stack") != pack_.name)
      problem(place, "its label stack is not " + std::string(pack_.name));
    for (const char* const annotation : {"summary", "description", "runbook_url"}) {
      if (text_of(rule.annotations, annotation).empty()) problem(place, std::string("has no annotation ") + annotation);
    }
    check_links(place, text_of(rule.annotations, "runbook_url"), text_of(rule.annotations, "dashboard_url"));
  }

  // What people open in the middle of the night is there. A board is optional.
  void check_links(const std::string& place, std::string_view runbook_url, std::string_view dashboard_url) {
    const std::string_view runbook = tuning::runbook_of(pack_.name, runbook_url);
    if (runbook.empty() && !runbook_url.empty()) {
      problem(place, "its runbook_url is not '{{ $externalURL }}/runbooks/" + std::string(pack_.name) + "/…'");
    } else if (!runbook.empty() &&
               std::ranges::find(pack_.runbooks, runbook, &pack::File::name) == pack_.runbooks.end()) {
      problem(place, "there is no runbooks/" + std::string(runbook) + ".md");
    }
    if (dashboard_url.empty()) return;
    const std::string_view uid = tuning::dashboard_of(dashboard_url);
    if (uid.empty()) {
      problem(place, "its dashboard_url is not /d/…");
    } else if (!uids_.contains(uid)) {
      problem(place, "there is no dashboard " + std::string(uid));
    }
  }

  const pack::Pack& pack_;
  Vocabulary vocabulary_;
  PackReport report_;
  std::set<std::string> alerts_;
  std::set<std::string> wanted_;             // queries of panels
  std::set<std::string, std::less<>> uids_;  // of dashboards
};

}  // namespace

PackReport check_pack(const pack::Pack& pack, const CheckOptions& options) {
  Checker checker(pack);
  checker.rules();
  checker.dashboards();
  if (options.run_scenarios) checker.scenarios(options);
  return checker.take();
}

std::string matrix(const pack::Pack& pack, const PackReport& report) {
  std::string text = "# " + std::string(pack.title) + ": scenario × alert\n\n";
  text += "What `vigil check pack " + std::string(pack.name) +
          " --matrix` writes: each fault in simulated time, the alerts that must fire with the time from the fault to\n"
          "the notification, and the declared consequences that did.\n\n";
  text += "| scenario | fault | fires | consequences | all resolved after |\n|---|---|---|---|---|\n";
  for (const ScenarioResult& result : report.scenarios) {
    std::map<std::string, Duration> first;
    Timestamp last_resolved = result.outcome.cleared_at;
    for (const FiredAlert& alert : result.outcome.alerts) {
      first.emplace(alert.name, alert.fired_at - result.outcome.injected_at);
      last_resolved = std::max(last_resolved, alert.resolved_at);
    }
    std::string fires;
    std::string others;
    for (const auto& [name, after] : first) {
      const bool expected = std::ranges::find(result.scenario->fires, name) != result.scenario->fires.end();
      std::string& list = expected ? fires : others;
      if (!list.empty()) list += "<br>";
      list += name + " (" + format_duration(after / kSecond * kSecond) + ")";
    }
    text += "| " + std::string(result.scenario->name) + " | " + std::string(result.scenario->help) + " | " +
            (fires.empty() ? "–" : fires) + " | " + (others.empty() ? "–" : others) + " | " +
            (first.empty() ? "–" : format_duration((last_resolved - result.outcome.cleared_at) / kSecond * kSecond)) +
            " |\n";
  }
  return text;
}

}  // namespace vigil::lab
