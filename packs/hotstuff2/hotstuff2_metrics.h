// The recording API of a HotStuff-2 replica: everything it calls when something happens.
//
//   auto& metrics = vigil::packs::hotstuff2::process_metrics();
//   metrics.set_validators(members);                                    // at start and at each change
//   metrics.consensus.record_block_proposed(height, view, transactions.size());
//   metrics.network.record_message_sent(MessageType::kProposal, peer, bytes);
//   metrics.storage.record_storage_write(KeyType::kBlock, bytes, elapsed);
//   metrics.collect();                                                  // every few seconds
//
// Each class can be used alone; all on one registry share their series. Durations come
// from a monotonic clock, in any std::chrono unit; pages show seconds.
//
// Thread-safety: any thread.
#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "packs/hotstuff2/consensus_metrics.h"
#include "packs/hotstuff2/health_metrics.h"
#include "packs/hotstuff2/mempool_metrics.h"
#include "packs/hotstuff2/network_metrics.h"
#include "packs/hotstuff2/performance_metrics.h"
#include "packs/hotstuff2/state_metrics.h"
#include "packs/hotstuff2/storage_metrics.h"
#include "packs/hotstuff2/types.h"
#include "packs/hotstuff2/validator_metrics.h"
#include "vigil/base/mutex.h"

namespace vigil::packs::hotstuff2 {

class HotStuffMetrics {
 public:
  explicit HotStuffMetrics(metrics::RegistryRef registry, const HotStuffOptions& options = {});

  // Of consensus and validators.
  void set_validators(std::span<const ValidatorId> members);

  // Derives from the counters what PerformanceMetrics shows about the time since the last
  // call: throughputs, bandwidth, consensus efficiency. The first call only starts the interval.
  void collect();

  ValidatorMetrics validators;
  ConsensusMetrics consensus;
  PerformanceMetrics performance;
  NetworkMetrics network;
  StorageMetrics storage;
  StateMetrics state;
  MempoolMetrics mempool;
  HealthMetrics health;
  CollectionMetrics collection;

 private:
  struct Totals {
    std::chrono::nanoseconds time{};
    double transactions = 0;
    double blocks = 0;
    double views = 0;
    double bytes_in = 0;
    double bytes_out = 0;
  };
  Totals totals() const;

  const Clock& clock_;
  Mutex mutex_;
  std::optional<Totals> last_ GUARDED_BY(mutex_);
};

// The process' own, in Registry::global(), with the default options. Lives for ever.
HotStuffMetrics& process_metrics();

}  // namespace vigil::packs::hotstuff2
