// Every metric of a ZeroState node, declared once, by layer: name, type, labels with
// their closed value sets, buckets, help. The recording API (zerostate_metrics.h)
// creates them; rules and dashboards are checked against kAll.
//
// Constants are the metric's name in camel case, without "_total". A family holds
// less than 100 label sets: peer and channel ids are not labels, except `peer` in
// three economic families, where it is one of the top 10 or "other". Every alert
// threshold on a histogram is one of its bounds.
#pragma once

#include <algorithm>
#include <array>

#include "packs/zerostate/catalog/economic.h"
#include "packs/zerostate/catalog/execution.h"
#include "packs/zerostate/catalog/p2p.h"
#include "packs/zerostate/catalog/system.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::zerostate::catalog {

inline constexpr auto kAll = [] {
  std::array<vigil::metrics::Description, kP2p.size() + kExecution.size() + kEconomic.size() + kSystem.size()> all;
  auto end = std::ranges::copy(kP2p, all.begin()).out;
  end = std::ranges::copy(kExecution, end).out;
  end = std::ranges::copy(kEconomic, end).out;
  std::ranges::copy(kSystem, end);
  return all;
}();

}  // namespace vigil::packs::zerostate::catalog
