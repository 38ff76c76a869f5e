// How one job is scraped: `scrape_configs[]` of prometheus.yml with the global
// defaults already applied.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "vigil/base/time.h"
#include "vigil/discovery/target_group.h"
#include "vigil/exposition/page_parser.h"
#include "vigil/model/relabel.h"
#include "vigil/net/http.h"

namespace vigil::scrape {

// The formats a scrape may ask for, best first in the Accept header.
enum class Protocol { kProtobuf, kOpenMetrics100, kOpenMetrics001, kText100, kText004 };

struct ScrapeConfig {
  std::string job_name;
  Duration interval = kMinute;
  Duration timeout = 10 * kSecond;
  std::string metrics_path = "/metrics";
  std::string scheme = "http";
  std::vector<std::pair<std::string, std::vector<std::string>>> params;
  bool honor_labels = false;
  bool honor_timestamps = true;
  bool track_timestamps_staleness = false;
  bool enable_compression = true;
  bool extra_scrape_metrics = false;

  std::vector<Protocol> protocols = {Protocol::kOpenMetrics100, Protocol::kOpenMetrics001, Protocol::kText100,
                                     Protocol::kText004};
  bool has_fallback_protocol = false;  // used when the Content-Type is missing or unknown
  Protocol fallback_protocol = Protocol::kText004;
  // What becomes of native histograms, which only protobuf pages have.
  exposition::NativeHistograms native_histograms = exposition::NativeHistograms::kIgnore;

  // 0 = no limit. A scrape over a limit fails as a whole.
  std::uint64_t body_size_limit = 256U << 20;  // decoded bytes
  std::uint64_t sample_limit = 1'000'000;      // after metric relabelling
  std::uint64_t label_limit = 0;
  std::uint64_t label_name_length_limit = 0;
  std::uint64_t label_value_length_limit = 64U << 10;
  std::uint64_t target_limit = 0;

  Relabeler relabel;         // targets
  Relabeler metric_relabel;  // samples
  net::ClientRequest http;   // authentication, TLS, proxy, redirects: a template, its url and timeout are not used
  discovery::Config discovery;

  // Equal text means an equal job: a reload leaves its targets running.
  std::string fingerprint;
};

}  // namespace vigil::scrape
