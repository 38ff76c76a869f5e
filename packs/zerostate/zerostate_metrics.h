// The recording API of a ZeroState node: what a node calls when something happens.
//
//   namespace zs = vigil::packs::zerostate;
//   zs::p2p().record_message_sent(zs::MessageType::kGossip, 512);
//   zs::execution().record_task_submitted();
//   zs::economic().record_payment(12.5, elapsed, 1);
//
// Each layer has a class and a header of its own. The free functions give those of
// the process, in Registry::global(); ZeroStateMetrics is the same on a registry of
// one's own, one for each registry.
//
// Thread-safety: any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "packs/zerostate/catalog.h"
#include "packs/zerostate/economic_metrics.h"
#include "packs/zerostate/execution_metrics.h"
#include "packs/zerostate/p2p_metrics.h"
#include "packs/zerostate/system_metrics.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::zerostate {

struct ZeroStateOptions {
  std::uint64_t wasm_memory_limit = kDefaultWasmMemoryLimit;  // bytes
  std::size_t max_tracked_peers = kDefaultTrackedPeers;
};

struct ZeroStateMetrics {
  explicit ZeroStateMetrics(metrics::RegistryRef registry, ZeroStateOptions options = {})
      : p2p(registry),
        execution(registry, options.wasm_memory_limit),
        economic(registry, options.max_tracked_peers),
        system(registry) {}

  P2pMetrics p2p;
  ExecutionMetrics execution;
  EconomicMetrics economic;
  SystemMetrics system;
};

// The process' own, in Registry::global(). Lives for ever.
ZeroStateMetrics& process_metrics();

inline P2pMetrics& p2p() { return process_metrics().p2p; }
inline ExecutionMetrics& execution() { return process_metrics().execution; }
inline EconomicMetrics& economic() { return process_metrics().economic; }
inline SystemMetrics& system() { return process_metrics().system; }

}  // namespace vigil::packs::zerostate
