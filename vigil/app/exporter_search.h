// Without a configuration file: which well-known exporters answer on loopback?
#pragma once

#include <vector>

#include "vigil/net/http.h"
#include "vigil/scrape/scrape_config.h"

namespace vigil::app {

// Asks each well-known port for its metrics; returns the jobs of those that answered
// with some. Takes a second at most.
std::vector<scrape::ScrapeConfig> find_exporters(net::HttpClient& client);

}  // namespace vigil::app
