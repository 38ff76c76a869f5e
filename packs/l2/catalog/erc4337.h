// Account abstraction (ERC-4337): user operations, paymasters, bundles. `paymaster` and
// `factory` are configured names; addresses, senders and hashes are no labels.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "vigil/metrics/metrics.h"

namespace vigil::packs::l2::catalog {

using vigil::metrics::buckets;
using vigil::metrics::closed;
using vigil::metrics::ClosedLabel;
using vigil::metrics::CounterDef;
using vigil::metrics::GaugeDef;
using vigil::metrics::HistogramDef;

// Label sets for 20 configured names and "other", with `sets` of them each, but no more
// than any family may hold.
consteval std::uint32_t per_role(std::uint32_t sets = 1) {
  return std::min(21 * sets, vigil::metrics::kDefaultMaxLabelSets);
}

inline constexpr ClosedLabel kEntryPoints = closed<"entry_point", "v0.6", "v0.7", "v0.8">;
inline constexpr ClosedLabel kOperationResults = closed<"result", "success", "reverted">;
inline constexpr ClosedLabel kSponsored = closed<"sponsored", "true", "false">;
inline constexpr ClosedLabel kTopupResults =
    closed<"result", "sent", "confirmed", "failed", "skipped", "limit_reached">;
inline constexpr ClosedLabel kRevertKinds = closed<"kind", "execution", "post_op", "prefund">;
inline constexpr ClosedLabel kBundleResults = closed<"result", "success", "failed">;
inline constexpr ClosedLabel kProfitSigns = closed<"sign", "gain", "loss">;
inline constexpr ClosedLabel kMempoolStates = closed<"state", "outstanding", "processing", "submitted">;

inline constexpr CounterDef<"entry_point", "result", "sponsored"> kErc4337UserOperations{
    "erc4337_user_operations_total",
    "User operations included; result = success, reverted; sponsored = true, false (a paymaster paid, or the account); "
    "entry_point = v0.6, v0.7, v0.8.",
    {.closed = {kEntryPoints, kOperationResults, kSponsored}}};

inline constexpr CounterDef<"entry_point"> kErc4337UserOperationGasUsedTotal{
    "erc4337_user_operation_gas_used_total",
    "Gas of user operations; entry_point = v0.6, v0.7, v0.8.",
    {.closed = {kEntryPoints}}};

inline constexpr CounterDef<"entry_point", "sponsored"> kErc4337UserOperationGasCostWei{
    "erc4337_user_operation_gas_cost_wei_total",
    "Cost of user operations; entry_point = v0.6, v0.7, v0.8; sponsored = true, false.",
    {.closed = {kEntryPoints, kSponsored}, .unit = "wei"}};

inline constexpr HistogramDef<"entry_point"> kErc4337UserOperationGasUsed{
    "erc4337_user_operation_gas_used",
    "Gas per user operation; entry_point = v0.6, v0.7, v0.8.",
    buckets<25000.0, 50000.0, 75000.0, 100000.0, 150000.0, 200000.0, 300000.0, 500000.0, 750000.0, 1000000.0,
            2000000.0>,
    {.closed = {kEntryPoints}}};

inline constexpr CounterDef<"paymaster"> kErc4337SponsoredGasCostWei{"erc4337_sponsored_gas_cost_wei_total",
                                                                     "Cost of the operations this paymaster paid.",
                                                                     {.max_label_sets = per_role(), .unit = "wei"}};

inline constexpr HistogramDef<"sponsored"> kErc4337UserOperationCostEther{
    "erc4337_user_operation_cost_ether",
    "Cost per operation; sponsored = true, false.",
    buckets<0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1>,
    {.closed = {kSponsored}, .unit = "ether"}};

inline constexpr GaugeDef<"entry_point", "paymaster"> kErc4337PaymasterDepositEther{
    "erc4337_paymaster_deposit_ether",
    "Deposit of the paymaster at the EntryPoint; entry_point = v0.6, v0.7, v0.8.",
    {.closed = {kEntryPoints}, .max_label_sets = per_role(3), .unit = "ether"}};

inline constexpr GaugeDef<"entry_point", "paymaster"> kErc4337PaymasterStakeEther{
    "erc4337_paymaster_stake_ether",
    "Stake of the paymaster at the EntryPoint; entry_point = v0.6, v0.7, v0.8.",
    {.closed = {kEntryPoints}, .max_label_sets = per_role(3), .unit = "ether"}};

inline constexpr GaugeDef<"entry_point", "paymaster"> kErc4337PaymasterStaked{
    "erc4337_paymaster_staked",
    "1 while the paymaster is staked; entry_point = v0.6, v0.7, v0.8.",
    {.closed = {kEntryPoints}, .max_label_sets = per_role(3)}};

inline constexpr GaugeDef<"entry_point", "paymaster"> kErc4337PaymasterWithdrawTimeSeconds{
    "erc4337_paymaster_withdraw_time_seconds",
    "When the stake may be withdrawn, Unix time; 0 while locked; entry_point = v0.6, v0.7, v0.8.",
    {.closed = {kEntryPoints}, .max_label_sets = per_role(3), .unit = "seconds"}};

inline constexpr CounterDef<"paymaster"> kErc4337PaymasterDeposits{
    "erc4337_paymaster_deposits_total", "Deposits made for the paymaster.", {.max_label_sets = per_role()}};

inline constexpr CounterDef<"paymaster"> kErc4337PaymasterWithdrawnWei{"erc4337_paymaster_withdrawn_wei_total",
                                                                       "Withdrawn from the deposit of the paymaster.",
                                                                       {.max_label_sets = per_role(), .unit = "wei"}};

inline constexpr CounterDef<"paymaster", "result"> kErc4337PaymasterTopups{
    "erc4337_paymaster_topups_total",
    "Top-up runs; result = sent, confirmed, failed, skipped, limit_reached.",
    {.closed = {kTopupResults}, .max_label_sets = per_role(5)}};

inline constexpr CounterDef<"paymaster"> kErc4337PaymasterTopupEther{"erc4337_paymaster_topup_ether_total",
                                                                     "Ether deposited by the top-up.",
                                                                     {.max_label_sets = per_role(), .unit = "ether"}};

inline constexpr GaugeDef<"paymaster"> kErc4337PaymasterDepositMismatchWei{
    "erc4337_paymaster_deposit_mismatch_wei",
    "Deposit minus (deposits - sponsored cost - withdrawals): not 0 if events were missed.",
    {.max_label_sets = per_role(), .unit = "wei"}};

inline constexpr CounterDef<"entry_point", "factory"> kErc4337AccountsDeployed{
    "erc4337_accounts_deployed_total",
    "Accounts deployed by the factory; entry_point = v0.6, v0.7, v0.8.",
    {.closed = {kEntryPoints}, .max_label_sets = per_role(3)}};

inline constexpr CounterDef<"entry_point", "kind"> kErc4337UserOperationReverts{
    "erc4337_user_operation_reverts_total",
    "Reverted user operations; kind = execution, post_op, prefund; entry_point = v0.6, v0.7, v0.8.",
    {.closed = {kEntryPoints, kRevertKinds}}};

inline constexpr CounterDef<"entry_point", "result"> kErc4337Bundles{
    "erc4337_bundles_total",
    "Bundles sent to the EntryPoint; result = success, failed; entry_point = v0.6, v0.7, v0.8.",
    {.closed = {kEntryPoints, kBundleResults}}};

inline constexpr HistogramDef<"entry_point"> kErc4337BundleOperations{
    "erc4337_bundle_operations",
    "Operations per bundle; entry_point = v0.6, v0.7, v0.8.",
    buckets<1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 50.0>,
    {.closed = {kEntryPoints}}};

inline constexpr CounterDef<"entry_point", "sign"> kErc4337BundlerProfitWei{
    "erc4337_bundler_profit_wei_total",
    "Paid by operations minus paid by the bundler; sign = gain, loss; entry_point = v0.6, v0.7, v0.8.",
    {.closed = {kEntryPoints, kProfitSigns}, .unit = "wei"}};

inline constexpr HistogramDef<> kErc4337UserOperationInclusionSeconds{
    "erc4337_user_operation_inclusion_seconds",
    "From acceptance by the bundler to inclusion.",
    buckets<0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 120.0,
            180.0, 300.0, 600.0>,
    {.unit = "seconds"}};

inline constexpr GaugeDef<"state"> kErc4337MempoolOperations{
    "erc4337_mempool_operations",
    "Operations in the bundler; state = outstanding, processing, submitted.",
    {.closed = {kMempoolStates}}};

inline constexpr CounterDef<"reason"> kErc4337UserOperationsDropped{
    "erc4337_user_operations_dropped_total", "Operations dropped by the bundler; reason = the bundler's word."};

inline constexpr GaugeDef<> kErc4337LastScannedBlock{"erc4337_last_scanned_block", "Last block whose logs were read."};

inline constexpr std::array kErc4337{
    kErc4337UserOperations.describe(),
    kErc4337UserOperationGasUsedTotal.describe(),
    kErc4337UserOperationGasCostWei.describe(),
    kErc4337UserOperationGasUsed.describe(),
    kErc4337SponsoredGasCostWei.describe(),
    kErc4337UserOperationCostEther.describe(),
    kErc4337PaymasterDepositEther.describe(),
    kErc4337PaymasterStakeEther.describe(),
    kErc4337PaymasterStaked.describe(),
    kErc4337PaymasterWithdrawTimeSeconds.describe(),
    kErc4337PaymasterDeposits.describe(),
    kErc4337PaymasterWithdrawnWei.describe(),
    kErc4337PaymasterTopups.describe(),
    kErc4337PaymasterTopupEther.describe(),
    kErc4337PaymasterDepositMismatchWei.describe(),
    kErc4337AccountsDeployed.describe(),
    kErc4337UserOperationReverts.describe(),
    kErc4337Bundles.describe(),
    kErc4337BundleOperations.describe(),
    kErc4337BundlerProfitWei.describe(),
    kErc4337UserOperationInclusionSeconds.describe(),
    kErc4337MempoolOperations.describe(),
    kErc4337UserOperationsDropped.describe(),
    kErc4337LastScannedBlock.describe(),
};

}  // namespace vigil::packs::l2::catalog
