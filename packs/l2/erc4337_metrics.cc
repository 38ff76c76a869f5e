#include "packs/l2/erc4337_metrics.h"

namespace vigil::packs::l2 {

using metrics::each;

Erc4337Metrics::Erc4337Metrics(metrics::RegistryRef registry)
    : user_operations_(registry),
      user_operation_gas_used_total_(registry),
      user_operation_gas_used_(registry),
      user_operation_cost_(registry),
      paymaster_deposit_(registry, catalog::kErc4337PaymasterDepositEther),
      paymaster_stake_(registry, catalog::kErc4337PaymasterStakeEther),
      paymaster_staked_(registry, catalog::kErc4337PaymasterStaked),
      paymaster_withdraw_time_(registry, catalog::kErc4337PaymasterWithdrawTimeSeconds),
      paymaster_deposits_(registry, catalog::kErc4337PaymasterDeposits),
      paymaster_topups_(registry, catalog::kErc4337PaymasterTopups),
      paymaster_topup_(registry, catalog::kErc4337PaymasterTopupEther),
      paymaster_deposit_mismatch_(registry, catalog::kErc4337PaymasterDepositMismatchWei),
      accounts_deployed_(registry, catalog::kErc4337AccountsDeployed),
      user_operation_reverts_(registry),
      bundles_(registry),
      bundle_operations_(registry),
      user_operation_inclusion_(registry, catalog::kErc4337UserOperationInclusionSeconds),
      mempool_operations_(registry),
      user_operations_dropped_(registry, catalog::kErc4337UserOperationsDropped),
      last_scanned_block_(registry, catalog::kErc4337LastScannedBlock),
      user_operation_gas_cost_(registry),
      sponsored_gas_cost_(registry),
      paymaster_withdrawn_(registry),
      bundler_profit_(registry) {}

void Erc4337Metrics::add_paymaster(std::string_view paymaster) {
  sponsored_gas_cost_.add(0, paymaster);
  paymaster_withdrawn_.add(0, paymaster);
  paymaster_deposits_.prepare(paymaster);
  paymaster_topups_.prepare(paymaster, each);
  paymaster_topup_.prepare(paymaster);
}

void Erc4337Metrics::add_factory(EntryPoint entry_point, std::string_view factory) {
  accounts_deployed_.prepare(to_string(entry_point), factory);
}

void Erc4337Metrics::record_user_operation(const UserOperation& operation) {
  const OperationResult result = operation.success ? OperationResult::kSuccess : OperationResult::kReverted;
  const Sponsored sponsored = operation.sponsored ? Sponsored::kYes : Sponsored::kNo;
  user_operations_(operation.entry_point, result, sponsored).inc();
  user_operation_gas_used_total_(operation.entry_point).inc(operation.gas_used);
  user_operation_gas_used_(operation.entry_point).observe(static_cast<double>(operation.gas_used));
  user_operation_gas_cost_.add(operation.gas_cost, to_string(operation.entry_point), to_string(sponsored));
  user_operation_cost_(sponsored).observe(to_ether(operation.gas_cost));
  if (operation.sponsored && !operation.paymaster.empty())
    sponsored_gas_cost_.add(operation.gas_cost, operation.paymaster);
}

void Erc4337Metrics::record_account_deployed(EntryPoint entry_point, std::string_view factory) {
  accounts_deployed_.with(to_string(entry_point), factory).inc();
}

void Erc4337Metrics::update_paymaster(EntryPoint entry_point, std::string_view paymaster, const DepositInfo& info) {
  const std::string_view version = to_string(entry_point);
  paymaster_deposit_.with(version, paymaster).set(to_ether(info.deposit));
  paymaster_stake_.with(version, paymaster).set(to_ether(info.stake));
  paymaster_staked_.with(version, paymaster).set(info.staked ? 1 : 0);
  paymaster_withdraw_time_.with(version, paymaster).set(info.withdraw_time.count());
}

void Erc4337Metrics::record_paymaster_topup(std::string_view paymaster, TopupResult result, Wei amount) {
  paymaster_topups_.with(paymaster, to_string(result)).inc();
  if (result == TopupResult::kConfirmed) paymaster_topup_.with(paymaster).inc(to_ether(amount));
}

void Erc4337Metrics::update_paymaster_deposit_mismatch(std::string_view paymaster, Wei balance, Wei expected) {
  // Subtracted before rounding: a difference of one wei must show.
  paymaster_deposit_mismatch_.with(paymaster).set(balance >= expected ? static_cast<double>(balance - expected)
                                                                      : -static_cast<double>(expected - balance));
}

void Erc4337Metrics::record_bundle(EntryPoint entry_point, bool success, std::uint64_t operations) {
  bundles_(entry_point, success ? BundleResult::kSuccess : BundleResult::kFailed).inc();
  bundle_operations_(entry_point).observe(static_cast<double>(operations));
}

void Erc4337Metrics::record_bundler_profit(EntryPoint entry_point, Wei earned, Wei paid) {
  const bool gain = earned >= paid;
  bundler_profit_.add(gain ? earned - paid : paid - earned, to_string(entry_point),
                      to_string(gain ? ProfitSign::kGain : ProfitSign::kLoss));
}

}  // namespace vigil::packs::l2
