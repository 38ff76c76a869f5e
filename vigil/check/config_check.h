// `vigil check config`: does a prometheus.yml load, and is what it names there?
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/file_system.h"
#include "vigil/config/prometheus_config.h"

namespace vigil::check {

struct ConfigCheck {
  std::vector<std::string> rule_files;  // found, to be checked by the caller
  std::vector<std::string> problems;    // files that are named and missing
  std::vector<std::string> lint;        // works, but is hardly meant
};

// With `syntax_only` no file but the configuration (and its scrape_config_files) is looked for.
Result<ConfigCheck> check_config(const std::filesystem::path& path, bool syntax_only, FileSystem& files);

// `vigil check sd-file`: a file of target groups. The number of targets.
Result<std::size_t> check_target_file(const std::filesystem::path& path, FileSystem& files);

}  // namespace vigil::check
