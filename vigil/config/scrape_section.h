// `global` and `scrape_configs` of prometheus.yml.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/scrape/scrape_config.h"
#include "vigil/yaml/fields.h"

namespace vigil::config {

// What jobs inherit from `global`.
struct ScrapeDefaults {
  Duration interval = kMinute;
  Duration timeout = 10 * kSecond;
  bool timeout_set = false;
  std::vector<scrape::Protocol> protocols;  // empty: the job's own default
  bool native_histograms = false;
  bool classic_histograms = false;  // also of native ones
  scrape::ScrapeConfig limits;      // only the limits and extra_scrape_metrics are used
};

// Takes the scrape-related keys of `global`.
void read_scrape_defaults(yaml::Fields& global, ScrapeDefaults& out);

// Reads one entry of `scrape_configs`. `base`: directory for relative file names.
void read_scrape_config(yaml::Fields& job, const ScrapeDefaults& defaults, const std::filesystem::path& base,
                        scrape::ScrapeConfig& out);

// static_configs and file_sd_configs of `fields`; every other discovery is refused by name.
// Addresses are checked here unless relabelling may still change them.
void read_discovery(yaml::Fields& fields, const std::filesystem::path& base, discovery::Config& out,
                    bool check_addresses = true);

// An address is "host:port": a URL is a common mistake.
Result<void> check_address(std::string_view address);

}  // namespace vigil::config
