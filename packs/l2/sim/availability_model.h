// Celestia as its exporter sees it: the node, and the batcher that posts one blob after
// the other with the blocks made meanwhile.
//
// Not thread-safe.
#pragma once

#include <cstdint>

#include "packs/l2/celestia_metrics.h"
#include "packs/l2/sim/fault.h"
#include "packs/l2/sim/rollup_model.h"
#include "vigil/base/time.h"
#include "vigil/metrics/registry.h"
#include "vigil/sim/random.h"

namespace vigil::packs::l2 {

class AvailabilityModel {
 public:
  AvailabilityModel(metrics::RegistryRef registry, sim::Random random, std::uint64_t l2_head);

  // One second, after the chain's.
  void tick(Timestamp now, Fault fault, const RollupModel& chain);
  void begin(Fault fault);
  void end();

  std::uint64_t covered() const { return covered_; }  // last L2 block in an included blob

 private:
  void submit(double now, Fault fault, const RollupModel& chain);
  void finish(double now);
  void poll(double now, Fault fault, const RollupModel& chain);

  CelestiaMetrics metrics_;
  sim::Random random_;
  std::uint64_t covered_;
  std::uint64_t bytes_ = 0;  // waiting for a blob
  double network_head_ = 2'600'000, local_head_ = network_head_;
  std::uint64_t balance_utia_ = 500'000'000;

  // The blob on its way.
  bool in_flight_ = false;
  double sent_ = 0, done_ = 0;
  std::uint64_t blob_end_ = 0, blob_bytes_ = 0;
  SubmissionReason outcome_ = SubmissionReason::kNone;  // kNone: it will be included
  double next_try_ = 0;
};

}  // namespace vigil::packs::l2
