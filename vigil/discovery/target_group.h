// What discoveries produce: groups of targets, and how they are configured.
#pragma once

#include <string>
#include <vector>

#include "vigil/base/time.h"
#include "vigil/model/labels.h"

namespace vigil::discovery {

// Targets that came from one source (a file, one entry of static_configs).
struct TargetGroup {
  std::string source;           // unique within its job: "static/0", "file/targets.yml:1"
  std::vector<Labels> targets;  // each has at least __address__
  Labels labels;                // of all targets of the group; a target's own label wins
};

// file_sd_configs: files with target groups, in JSON or YAML, read again when they change.
struct FileConfig {
  std::vector<std::string> files;  // absolute; the last path element may hold one `*`
  Duration refresh_interval = 5 * kMinute;
};

struct Config {
  std::vector<TargetGroup> static_groups;
  std::vector<FileConfig> files;
};

}  // namespace vigil::discovery
