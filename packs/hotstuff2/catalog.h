// Every metric of a HotStuff-2 replica, declared once: name, type, labels with their
// closed value sets, buckets, help. The recording API (hotstuff2_metrics.h) creates
// them; rules and dashboards are checked against kAll.
//
// A field of the five metrics structs is hotstuff_<field> plus its unit. Height, view,
// block hash, transaction id and error text are never labels; `validator` and `peer` are
// members of the validator set, with a cap of their own. Every alert threshold on a
// histogram is one of its bounds.
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "packs/hotstuff2/catalog/consensus.h"
#include "packs/hotstuff2/catalog/mempool.h"
#include "packs/hotstuff2/catalog/network.h"
#include "packs/hotstuff2/catalog/performance.h"
#include "packs/hotstuff2/catalog/storage.h"

namespace vigil::packs::hotstuff2::catalog {

inline constexpr auto kAll = [] {
  std::array<metrics::Description,
             kConsensus.size() + kPerformance.size() + kNetwork.size() + kStorage.size() + kMempool.size()>
      all{};
  auto end = all.begin();
  for (const std::span<const metrics::Description> part :
       {std::span<const metrics::Description>(kConsensus), std::span<const metrics::Description>(kPerformance),
        std::span<const metrics::Description>(kNetwork), std::span<const metrics::Description>(kStorage),
        std::span<const metrics::Description>(kMempool)}) {
    end = std::ranges::copy(part, end).out;
  }
  return all;
}();

}  // namespace vigil::packs::hotstuff2::catalog
