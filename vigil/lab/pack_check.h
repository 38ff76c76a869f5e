// Does a pack hold together: catalogue, rules, dashboards and scenarios against each other.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/lab/experiment.h"
#include "vigil/pack/pack.h"

namespace vigil::lab {

// One row of the matrix scenario × alert.
struct ScenarioResult {
  const pack::Scenario* scenario = nullptr;
  Outcome outcome;
  std::vector<std::string> complaints;
};

struct PackReport {
  std::vector<std::string> problems;  // one sentence each, beginning with the place
  std::vector<ScenarioResult> scenarios;
  std::size_t alerts = 0, recordings = 0, panels = 0, queries = 0;
};

struct CheckOptions {
  bool run_scenarios = true;
  std::uint64_t seed = 1;
  // Told before each scenario, for progress; may be empty.
  std::function<void(std::string_view scenario)> progress = {};
};

PackReport check_pack(const pack::Pack& pack, const CheckOptions& options = {});

// The alerts each scenario fires, with the time from fault to notification: a table in
// Markdown, the same bytes for the same report.
std::string matrix(const pack::Pack& pack, const PackReport& report);

}  // namespace vigil::lab
