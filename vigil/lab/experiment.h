// A pack's network, its rules and the real engine in virtual time: which alerts tell of
// which fault, when, and how much a day costs to store.
//
//   VIGIL_TRY(auto outcome, run(pack, scenario));
//   for (const std::string& complaint : judge(scenario, outcome)) …
//
// One seed gives one run. Not thread-safe; several experiments may run on threads of
// their own.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/model/labels.h"
#include "vigil/pack/pack.h"

namespace vigil::lab {

struct Options {
  std::uint64_t seed = 1;
  double load = 1;
  Duration evaluation_interval = 15 * kSecond;  // of rule groups that do not state their own
  bool ask_panels = false;                      // evaluate every panel's queries at the end of the fault
  // 10:00 of a working day, so that load curves are neither asleep nor at their peak.
  Timestamp start = 1'772'445'600'000;  // 2026-03-02T10:00:00Z
};

struct FiredAlert {
  std::string name;
  Labels labels;
  Timestamp fired_at = 0;
  Timestamp resolved_at = 0;  // 0: still firing at the end
};

struct Outcome {
  Timestamp injected_at = 0, cleared_at = 0, ended_at = 0;
  std::vector<FiredAlert> alerts;        // in order of firing
  std::vector<std::string> rule_errors;  // what a rule could not be evaluated for
  std::uint64_t series = 0, samples = 0, bytes_on_disk = 0;
  std::set<std::string> answered;  // "uid / panel title / index" of panel queries with a result
};

// Fails only if the pack's own rules do not load.
Result<Outcome> run(const pack::Pack& pack, const pack::Scenario& scenario, const Options& options = {});
// Healthy life for this long.
Result<Outcome> run_healthy(const pack::Pack& pack, Duration length, const Options& options = {});

// How long a panel's query takes, as Grafana asks it when a board is opened.
struct QueryTime {
  std::string key;            // as of query_key()
  std::string board;          // uid
  double page_seconds = 0;    // over the time that the board shows at first
  double length_seconds = 0;  // over the whole life
};
struct Figures {
  Outcome life;
  std::vector<QueryTime> queries;
};
// Healthy life for this long, then every query of every board by the machine's clock, as a
// graph of 200 points, 15 s apart or more: the fastest of three. Differs between machines.
Result<Figures> measure(const pack::Pack& pack, Duration length, const Options& options = {});

// What is wrong with an outcome, one sentence each: an alert that should fire did not,
// one fired that should not, fired before the fault, or was not resolved after it. Alerts
// on error budgets (label `slo`) may fire during any fault.
std::vector<std::string> judge(const pack::Scenario& scenario, const Outcome& outcome);

// Puts values where Grafana puts its variables, so that a panel's expression is PromQL:
// $__range and $__rate_interval, intervals, and ".*" for what people choose.
std::string without_variables(std::string_view expression, const dashboards::Dashboard& dashboard);
std::string query_key(const dashboards::Dashboard& dashboard, const dashboards::Panel& panel, std::size_t query);

}  // namespace vigil::lab
