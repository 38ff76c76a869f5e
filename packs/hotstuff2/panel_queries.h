// Queries that many panels of the boards share.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/dashboards/dashboard.h"

namespace vigil::packs::hotstuff2 {

// p50, p95 and p99 of a histogram over all replicas, then `more`.
template <class Histogram>
std::vector<dashboards::Query> percentiles(const Histogram& histogram, std::vector<dashboards::Query> more = {}) {
  std::vector<dashboards::Query> all;
  for (const auto& [legend, quantile] : {std::pair{"p50", "0.5"}, {"p95", "0.95"}, {"p99", "0.99"}}) {
    all.push_back(dashboards::query(
        legend, std::string("histogram_quantile(") + quantile + ", sum by (le) (rate(#1_bucket[5m])))", histogram));
  }
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace vigil::packs::hotstuff2
