// The recording API of ZKFair's stack: what its exporters and tools call.
//
//   namespace l2 = vigil::packs::l2;
//   l2::chain().record_block("l2", {.transactions = 12, .gas_used = 1'000'000, .gas_limit = 30'000'000});
//   l2::celestia().record_submission({.bytes = 4096, .fee_utia = 900, .height = 77});
//
// Each part has a class and a header of its own. The free functions give those of the
// process, in Registry::global(); L2Metrics is the same on a registry of one's own, one
// for each registry.
//
// Thread-safety: any thread.
#pragma once

#include "packs/l2/catalog.h"
#include "packs/l2/celestia_metrics.h"
#include "packs/l2/chain_metrics.h"
#include "packs/l2/erc4337_metrics.h"
#include "packs/l2/operations_metrics.h"
#include "packs/l2/rollup_metrics.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::l2 {

struct L2Metrics {
  explicit L2Metrics(metrics::RegistryRef registry)
      : chain(registry), rollup(registry), erc4337(registry), celestia(registry), operations(registry) {}

  ChainMetrics chain;
  RollupMetrics rollup;
  Erc4337Metrics erc4337;
  CelestiaMetrics celestia;
  OperationsMetrics operations;
};

// The process' own, in Registry::global(). Lives for ever.
L2Metrics& process_metrics();

inline ChainMetrics& chain() { return process_metrics().chain; }
inline RollupMetrics& rollup() { return process_metrics().rollup; }
inline Erc4337Metrics& erc4337() { return process_metrics().erc4337; }
inline CelestiaMetrics& celestia() { return process_metrics().celestia; }
inline OperationsMetrics& operations() { return process_metrics().operations; }

}  // namespace vigil::packs::l2
