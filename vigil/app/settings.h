// The files and flags of a server as what the engine takes: loaded together, so
// that a reload is all or nothing.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "vigil/alerting/config.h"
#include "vigil/app/server_options.h"
#include "vigil/base/error.h"
#include "vigil/base/file_system.h"
#include "vigil/engine/engine.h"
#include "vigil/pack/pack.h"
#include "vigil/promql/engine.h"

namespace vigil::app {

struct Settings {
  engine::Config engine;
  std::vector<const pack::Pack*> packs;
  std::set<std::string, std::less<>> pack_jobs;  // of engine's scrape jobs, those that came with packs
  std::optional<alerting::Config> alerting;
  Duration retention = 15 * kDay;
  std::uint64_t retention_bytes = 0;
  std::string shown_config;  // secrets hidden
};

// `own_address`: where this server listens, for scraping itself without a configuration file.
Result<Settings> load_settings(const ServerOptions& options, const std::string& own_address,
                               const std::vector<scrape::ScrapeConfig>& found_exporters, FileSystem& files);

// Limits and features of queries from flags; the error names the flag.
Result<promql::EngineOptions> query_options(const ServerOptions& options);

}  // namespace vigil::app
