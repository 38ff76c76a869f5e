// Strict checks of whole pages, for `vigil check metrics` and for tests of
// writers. Scraping uses PageParser alone and is laxer.
#pragma once

#include <cstddef>
#include <string_view>

#include "vigil/base/error.h"

namespace vigil::exposition {

struct PageSummary {
  std::size_t families = 0;
  std::size_t samples = 0;
};

// OpenMetrics 1.0 as its specification demands it: order and grouping of families,
// types, suffixes, units, values by type, complete histograms, exemplars where
// allowed. Quoted UTF-8 names are accepted. The error names line and column.
Result<PageSummary> validate_openmetrics(std::string_view page);

// Prometheus text 0.0.4: every line ends, metadata at most once and before the
// samples, numeric `le` and `quantile`.
Result<PageSummary> validate_prometheus_text(std::string_view page);

}  // namespace vigil::exposition
