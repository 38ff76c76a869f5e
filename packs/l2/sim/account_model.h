// Account abstraction as its exporter sees it: operations in bundles, the deposits that
// pay for them, and the job that tops deposits up at :00 and :30.
//
// Cause and effect: operations come with blocks, cost the gas price of the chain, and
// drain the deposit of whoever sponsors them; at 0 they are dropped.
//
// Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "packs/l2/erc4337_metrics.h"
#include "packs/l2/sim/fault.h"
#include "packs/l2/sim/rollup_model.h"
#include "vigil/base/time.h"
#include "vigil/metrics/registry.h"
#include "vigil/sim/random.h"

namespace vigil::packs::l2 {

class AccountModel {
 public:
  AccountModel(metrics::RegistryRef registry, sim::Random random);

  // One second, after the chain's.
  void tick(Timestamp now, Fault fault, const RollupModel& chain);
  void begin(Fault fault);
  // The operators mend what the fault did: refill, scan again.
  void end(Fault fault);

  Wei topup_balance() const { return topup_balance_; }
  Wei deposit(std::size_t paymaster) const { return paymasters_[paymaster].deposit; }

 private:
  struct Paymaster {
    std::string_view name;
    Wei topup_below = 0;
    Wei deposit = 0;   // as the EntryPoint has it
    Wei expected = 0;  // as the exporter's events add up
  };

  void operation(Paymaster* paymaster, std::uint64_t gas, Wei gas_price, Fault fault, Wei& earned);
  void bundle(Fault fault, const RollupModel& chain);
  void top_up();
  void add_deposit(Paymaster& paymaster, Wei amount);
  void poll(const RollupModel& chain);

  Erc4337Metrics metrics_;
  sim::Random random_;
  std::array<Paymaster, 2> paymasters_;
  Wei topup_balance_ = 0;
  double operations_ = 0;  // the part of an operation that is not there yet
  double attack_ = 0;
};

}  // namespace vigil::packs::l2
