// What discovered labels become: something to scrape, or a dropped target.
#pragma once

#include <string>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/discovery/target_group.h"
#include "vigil/model/labels.h"
#include "vigil/scrape/scrape_config.h"

namespace vigil::scrape {

struct Target {
  Labels discovered;  // before relabelling, `__` labels and defaults included
  Labels labels;      // of every series: relabelled, without `__`, with job and instance
  std::string url;
  Duration interval = 0;
  Duration timeout = 0;

  // Equal identities are the same target: its loop runs on over reloads.
  std::string identity() const { return labels.to_string() + " " + url; }
};

struct JobTargets {
  std::vector<Target> targets;  // unique by identity
  std::vector<Labels> dropped;  // discovered labels of those that relabelling dropped
  std::vector<Error> errors;    // targets that relabelling left without a valid address, interval, …
};

// Applies the job's defaults and relabelling rules to every discovered target.
JobTargets make_targets(const ScrapeConfig& config, const std::vector<discovery::TargetGroup>& groups);

}  // namespace vigil::scrape
