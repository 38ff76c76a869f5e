// Every metric of ZKFair's stack that is ours, declared once, by part: chain, rollup,
// account abstraction, data availability, operations. The recording API (l2_metrics.h)
// creates them; rules and dashboards are checked against kAll. Host, database, Redis,
// blackbox and container metrics come from their own exporters.
//
// Constants are the metric's name in camel case, without "_total" unless a histogram
// has the rest of the name. Open labels are names from the configuration; addresses,
// URLs, hashes and heights are no labels. Every alert threshold on a histogram is one
// of its bounds.
#pragma once

#include <algorithm>
#include <array>

#include "packs/l2/catalog/celestia.h"
#include "packs/l2/catalog/chain.h"
#include "packs/l2/catalog/erc4337.h"
#include "packs/l2/catalog/operations.h"
#include "packs/l2/catalog/rollup.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::l2::catalog {

inline constexpr auto kAll = [] {
  std::array<vigil::metrics::Description,
             kChain.size() + kRollup.size() + kErc4337.size() + kCelestia.size() + kOperations.size()>
      all;
  auto end = std::ranges::copy(kChain, all.begin()).out;
  end = std::ranges::copy(kRollup, end).out;
  end = std::ranges::copy(kErc4337, end).out;
  end = std::ranges::copy(kCelestia, end).out;
  std::ranges::copy(kOperations, end);
  return all;
}();

}  // namespace vigil::packs::l2::catalog
