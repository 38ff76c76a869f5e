// The chain as its exporter sees it: sequencer, pool, batches to L1, proofs.
//
// Cause and effect: transactions wait in the pool until a block has room for them, fees
// follow how full blocks are, a batch goes to L1 once its data is on Celestia, and is
// final once it is proven.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>

#include "packs/l2/chain_metrics.h"
#include "packs/l2/rollup_metrics.h"
#include "packs/l2/sim/fault.h"
#include "vigil/base/time.h"
#include "vigil/metrics/registry.h"
#include "vigil/sim/random.h"

namespace vigil::packs::l2 {

class RollupModel {
 public:
  RollupModel(metrics::RegistryRef registry, sim::Random random, Timestamp now);

  // One second. `demand`: transactions a second; `da_covered`: the last block whose data
  // is available; `host_busy`: of the sequencer's host, 0 to 1.
  void tick(Timestamp now, Fault fault, double demand, std::uint64_t da_covered, double host_busy);
  // The moment a fault begins.
  void begin(Fault fault);

  // What the account that tops paymasters up holds.
  void set_topup_balance(Wei balance) { topup_balance_ = balance; }

  std::uint64_t head() const { return head_; }
  std::uint64_t transactions_in_last_tick() const { return included_; }
  bool made_block() const { return made_block_; }
  double last_inclusion_seconds() const { return last_inclusion_; }
  Wei gas_price() const { return static_cast<Wei>(base_fee_wei_ + kPriorityFeeWei); }

 private:
  struct Cohort {  // transactions sent within one second
    double sent = 0;
    std::uint64_t count = 0;
  };
  struct Batch {
    std::uint64_t last_block = 0;
    double posted = 0;
  };
  static constexpr double kPriorityFeeWei = 1e6;

  void make_block(double at, Fault fault);
  void update_fee(double fullness);
  void move_batches(double now, Fault fault, std::uint64_t da_covered);
  void tick_l1(double now);
  void poll(double now, Fault fault, double host_busy);

  ChainMetrics chain_;
  RollupMetrics rollup_;
  sim::Random random_;

  std::deque<Cohort> pool_;
  std::uint64_t waiting_ = 0;
  double arrivals_ = 0;  // the part of a transaction that is not there yet
  double spam_ = 0;
  std::uint64_t head_ = 4'200'000;
  std::uint64_t highest_ = head_;  // ever seen: each height counts once
  double next_block_ = 0, last_block_ = 0;
  double base_fee_wei_ = 1e7;
  std::uint64_t included_ = 0;
  bool made_block_ = false;
  double last_inclusion_ = 2;

  std::deque<Batch> built_;     // not on L1 yet
  std::deque<Batch> unproven_;  // on L1
  std::uint64_t last_built_block_ = 0, safe_ = 0, finalized_ = 0, proven_batches_ = 140'000;
  double next_batch_ = 0, last_proof_ = 0;
  double batcher_ether_ = 5, proposer_ether_ = 4;

  Wei topup_balance_ = 0;

  std::uint64_t l1_head_ = 19'500'000;
  double next_l1_block_ = 0;
  double l1_gwei_ = 18;
  std::uint64_t sync_lag_ = 0;
};

}  // namespace vigil::packs::l2
