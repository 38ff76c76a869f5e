// prometheus.yml: parsed, validated, with defaults applied, as the plain structs
// that the modules declare.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "vigil/alerting/external_config.h"
#include "vigil/base/error.h"
#include "vigil/base/file_system.h"
#include "vigil/base/time.h"
#include "vigil/model/labels.h"
#include "vigil/scrape/scrape_config.h"

namespace vigil::config {

struct PrometheusConfig {
  Duration scrape_interval = kMinute;
  Duration scrape_timeout = 10 * kSecond;
  Duration evaluation_interval = kMinute;
  Duration rule_query_offset = 0;
  Labels external_labels;
  std::vector<std::string> rule_files;  // absolute; the last path element may hold wildcards
  std::vector<scrape::ScrapeConfig> scrape_configs;
  alerting::ExternalSettings alerting;
  // storage.tsdb.retention; 0 = not set here, the flags decide.
  Duration retention_time = 0;
  std::uint64_t retention_bytes = 0;
  // The file as YAML with every secret replaced by <secret>: what the API shows.
  std::string redacted_text;
};

struct LoadOptions {
  // ${NAME} and $NAME in external_labels; a name that is missing becomes "".
  std::map<std::string, std::string> environment;
};

// Parses `text` as the content of `path`: relative file names are relative to its
// directory; `scrape_config_files` are read through `files`, nothing else is opened.
//
// Errors list every problem, one per line, each with file:line:column. Unknown keys
// are errors; keys that Prometheus knows and vigil does not implement are refused
// by name (the code is kNotSupported when there is no other problem).
Result<PrometheusConfig> parse_prometheus_config(std::string_view text, const std::filesystem::path& path,
                                                 FileSystem& files, const LoadOptions& options = {});

// Reads and parses a file.
Result<PrometheusConfig> load_prometheus_config(const std::filesystem::path& path, FileSystem& files,
                                                const LoadOptions& options = {});

}  // namespace vigil::config
