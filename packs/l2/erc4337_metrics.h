// Recording API of account abstraction (ERC-4337): what the EntryPoint's events, the
// paymasters' deposits and the bundler say.
//
//   auto& erc4337 = vigil::packs::l2::erc4337();
//   erc4337.add_paymaster("main");                                    // once, at start
//   erc4337.record_user_operation({.entry_point = EntryPoint::kV07, .success = true, .sponsored = true,
//                                  .paymaster = "main", .gas_used = 91'000, .gas_cost = 91'000'000'000'000});
//
// `paymaster` and `factory` are names from the configuration, at most 20 with series of
// their own. Sums of wei are exact (wei_counter.h).
//
// Thread-safety: any thread; amounts in wei take a lock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "packs/l2/catalog/erc4337.h"
#include "packs/l2/units.h"
#include "packs/l2/wei_counter.h"
#include "vigil/metrics/by_enum.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::l2 {

// Each in the order of its closed label in catalog/erc4337.h.
enum class EntryPoint : std::uint8_t { kV06, kV07, kV08 };
enum class OperationResult : std::uint8_t { kSuccess, kReverted };
enum class Sponsored : std::uint8_t { kYes, kNo };
enum class TopupResult : std::uint8_t { kSent, kConfirmed, kFailed, kSkipped, kLimitReached };
enum class RevertKind : std::uint8_t { kExecution, kPostOp, kPrefund };
enum class BundleResult : std::uint8_t { kSuccess, kFailed };
enum class ProfitSign : std::uint8_t { kGain, kLoss };
enum class MempoolState : std::uint8_t { kOutstanding, kProcessing, kSubmitted };

constexpr std::string_view to_string(EntryPoint v) { return catalog::kEntryPoints.values[static_cast<std::size_t>(v)]; }
constexpr std::string_view to_string(OperationResult v) {
  return catalog::kOperationResults.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(Sponsored v) { return catalog::kSponsored.values[static_cast<std::size_t>(v)]; }
constexpr std::string_view to_string(TopupResult v) {
  return catalog::kTopupResults.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(RevertKind v) { return catalog::kRevertKinds.values[static_cast<std::size_t>(v)]; }
constexpr std::string_view to_string(BundleResult v) {
  return catalog::kBundleResults.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(ProfitSign v) { return catalog::kProfitSigns.values[static_cast<std::size_t>(v)]; }
constexpr std::string_view to_string(MempoolState v) {
  return catalog::kMempoolStates.values[static_cast<std::size_t>(v)];
}

// A UserOperationEvent.
struct UserOperation {
  EntryPoint entry_point = EntryPoint::kV06;
  bool success = true;
  bool sponsored = false;           // its paymaster topic is not zero
  std::string_view paymaster = {};  // its configured name; empty if it is not one of ours
  std::uint64_t gas_used = 0;       // actualGasUsed
  Wei gas_cost = 0;                 // actualGasCost
};

// What getDepositInfo answers.
struct DepositInfo {
  Wei deposit = 0;
  Wei stake = 0;
  bool staked = false;
  Seconds withdraw_time = {};  // 0 while locked
};

class Erc4337Metrics {
 public:
  explicit Erc4337Metrics(metrics::RegistryRef registry);

  // Create the counters of a configured name at 0, so that its first event is seen.
  void add_paymaster(std::string_view paymaster);
  void add_factory(EntryPoint entry_point, std::string_view factory);

  // --- user operations ---
  void record_user_operation(const UserOperation& operation);
  void record_user_operation_revert(EntryPoint entry_point, RevertKind kind) {
    user_operation_reverts_(entry_point, kind).inc();
  }
  void record_account_deployed(EntryPoint entry_point, std::string_view factory);
  void update_last_scanned_block(std::uint64_t block) { last_scanned_block_.set(static_cast<double>(block)); }

  // --- paymasters ---
  void update_paymaster(EntryPoint entry_point, std::string_view paymaster, const DepositInfo& info);
  void record_paymaster_deposited(std::string_view paymaster) { paymaster_deposits_.with(paymaster).inc(); }
  void record_paymaster_withdrawn(std::string_view paymaster, Wei amount) {
    paymaster_withdrawn_.add(amount, paymaster);
  }
  // `amount` is counted when the result is confirmed.
  void record_paymaster_topup(std::string_view paymaster, TopupResult result, Wei amount = 0);
  // `expected` = deposits - sponsored cost - withdrawals. They differ if events were missed.
  void update_paymaster_deposit_mismatch(std::string_view paymaster, Wei balance, Wei expected);

  // --- bundler ---
  void record_bundle(EntryPoint entry_point, bool success, std::uint64_t operations);
  // A bundle's sum of actualGasCost, and what its transaction cost the bundler.
  void record_bundler_profit(EntryPoint entry_point, Wei earned, Wei paid);
  void record_user_operation_inclusion(Seconds duration) { user_operation_inclusion_.observe(duration.count()); }
  void update_mempool(MempoolState state, std::uint64_t operations) {
    mempool_operations_(state).set(static_cast<double>(operations));
  }
  // `reason` is the bundler's own word.
  void record_user_operations_dropped(std::string_view reason, std::uint64_t count = 1) {
    user_operations_dropped_.with(reason).inc(count);
  }

 private:
  metrics::ByEnum<catalog::kErc4337UserOperations, EntryPoint, OperationResult, Sponsored> user_operations_;
  metrics::ByEnum<catalog::kErc4337UserOperationGasUsedTotal, EntryPoint> user_operation_gas_used_total_;
  metrics::ByEnum<catalog::kErc4337UserOperationGasUsed, EntryPoint> user_operation_gas_used_;
  metrics::ByEnum<catalog::kErc4337UserOperationCostEther, Sponsored> user_operation_cost_;
  metrics::InstrumentOf<catalog::kErc4337PaymasterDepositEther> paymaster_deposit_;
  metrics::InstrumentOf<catalog::kErc4337PaymasterStakeEther> paymaster_stake_;
  metrics::InstrumentOf<catalog::kErc4337PaymasterStaked> paymaster_staked_;
  metrics::InstrumentOf<catalog::kErc4337PaymasterWithdrawTimeSeconds> paymaster_withdraw_time_;
  metrics::InstrumentOf<catalog::kErc4337PaymasterDeposits> paymaster_deposits_;
  metrics::InstrumentOf<catalog::kErc4337PaymasterTopups> paymaster_topups_;
  metrics::InstrumentOf<catalog::kErc4337PaymasterTopupEther> paymaster_topup_;
  metrics::InstrumentOf<catalog::kErc4337PaymasterDepositMismatchWei> paymaster_deposit_mismatch_;
  metrics::InstrumentOf<catalog::kErc4337AccountsDeployed> accounts_deployed_;
  metrics::ByEnum<catalog::kErc4337UserOperationReverts, EntryPoint, RevertKind> user_operation_reverts_;
  metrics::ByEnum<catalog::kErc4337Bundles, EntryPoint, BundleResult> bundles_;
  metrics::ByEnum<catalog::kErc4337BundleOperations, EntryPoint> bundle_operations_;
  metrics::InstrumentOf<catalog::kErc4337UserOperationInclusionSeconds> user_operation_inclusion_;
  metrics::ByEnum<catalog::kErc4337MempoolOperations, MempoolState> mempool_operations_;
  metrics::InstrumentOf<catalog::kErc4337UserOperationsDropped> user_operations_dropped_;
  metrics::InstrumentOf<catalog::kErc4337LastScannedBlock> last_scanned_block_;
  WeiCounter<catalog::kErc4337UserOperationGasCostWei> user_operation_gas_cost_;
  WeiCounter<catalog::kErc4337SponsoredGasCostWei> sponsored_gas_cost_;
  WeiCounter<catalog::kErc4337PaymasterWithdrawnWei> paymaster_withdrawn_;
  WeiCounter<catalog::kErc4337BundlerProfitWei> bundler_profit_;
};

}  // namespace vigil::packs::l2
