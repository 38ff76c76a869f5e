// The chain as its nodes show it. `chain` is a configured name (l1, l2), `endpoint` too,
// never a URL; `method` is the JSON-RPC method. Blocks, transactions and addresses are no labels.
#pragma once

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

// Label sets for 5 chains and "other", with `sets` of them each.
consteval std::uint32_t per_chain(std::uint32_t sets = 1) { return 6 * sets; }

inline constexpr ClosedLabel kBlockTags = closed<"block_tag", "latest", "safe", "finalized">;
inline constexpr ClosedLabel kPercentiles = closed<"percentile", "10", "50", "90">;
inline constexpr ClosedLabel kTxpoolStates = closed<"state", "pending", "queued">;
inline constexpr ClosedLabel kRpcErrors = closed<"kind", "transport", "timeout", "http", "jsonrpc", "decode">;

inline constexpr GaugeDef<"chain", "block_tag"> kL2BlockNumber{
    "l2_block_number",
    "Number of the block with this tag; block_tag = latest, safe, finalized.",
    {.closed = {kBlockTags}, .max_label_sets = per_chain(3)}};

inline constexpr GaugeDef<"chain", "block_tag"> kL2BlockTimestampSeconds{
    "l2_block_timestamp_seconds",
    "Timestamp of the block with this tag; block_tag = latest, safe, finalized.",
    {.closed = {kBlockTags}, .max_label_sets = per_chain(3), .unit = "seconds"}};

inline constexpr CounterDef<"chain"> kL2Blocks{
    "l2_blocks_total", "Blocks seen, each height once, whatever is reorganised.", {.max_label_sets = per_chain()}};

inline constexpr HistogramDef<"chain"> kL2BlockIntervalSeconds{
    "l2_block_interval_seconds",
    "Timestamp difference of consecutive blocks.",
    buckets<0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0, 60.0, 120.0>,
    {.max_label_sets = per_chain(), .unit = "seconds"}};

inline constexpr CounterDef<"chain"> kL2Transactions{
    "l2_transactions_total", "Transactions in new blocks.", {.max_label_sets = per_chain()}};

inline constexpr HistogramDef<"chain"> kL2BlockTransactions{
    "l2_block_transactions",
    "Transactions per block.",
    buckets<0.0, 1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0>,
    {.max_label_sets = per_chain()}};

inline constexpr CounterDef<"chain"> kL2BlockGasUsed{
    "l2_block_gas_used_total", "Gas used by new blocks.", {.max_label_sets = per_chain()}};

inline constexpr GaugeDef<"chain"> kL2BlockGasLimit{
    "l2_block_gas_limit", "Gas limit of the head.", {.max_label_sets = per_chain()}};

inline constexpr HistogramDef<"chain"> kL2BlockGasUsedRatio{
    "l2_block_gas_used_ratio",
    "Gas used of the limit, per block.",
    buckets<0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0>,
    {.max_label_sets = per_chain(), .unit = "ratio"}};

inline constexpr GaugeDef<"chain"> kL2GasPriceWei{
    "l2_gas_price_wei", "Gas price the node suggests.", {.max_label_sets = per_chain(), .unit = "wei"}};

inline constexpr GaugeDef<"chain"> kL2BaseFeeWei{
    "l2_base_fee_wei", "Base fee of the head.", {.max_label_sets = per_chain(), .unit = "wei"}};

inline constexpr GaugeDef<"chain", "percentile"> kL2PriorityFeeWei{
    "l2_priority_fee_wei",
    "Priority fee paid in the last blocks; percentile = 10, 50, 90.",
    {.closed = {kPercentiles}, .max_label_sets = per_chain(3), .unit = "wei"}};

inline constexpr GaugeDef<"chain"> kL2PeerCount{
    "l2_peer_count", "Peers of the node; absent, not 0, when the node does not tell.", {.max_label_sets = per_chain()}};

inline constexpr GaugeDef<"chain"> kL2Syncing{
    "l2_syncing", "1 while the node catches up.", {.max_label_sets = per_chain()}};

inline constexpr GaugeDef<"chain"> kL2SyncLagBlocks{
    "l2_sync_lag_blocks", "Highest known block minus current block while syncing.", {.max_label_sets = per_chain()}};

inline constexpr GaugeDef<"chain", "state"> kL2TxpoolTransactions{
    "l2_txpool_transactions",
    "Transactions waiting in the node; state = pending, queued.",
    {.closed = {kTxpoolStates}, .max_label_sets = per_chain(2)}};

inline constexpr HistogramDef<"chain"> kL2TransactionInclusionSeconds{
    "l2_transaction_inclusion_seconds",
    "From sending to the receipt, of the probe or of watched transactions.",
    buckets<0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 15.0, 20.0, 30.0, 45.0, 60.0, 120.0, 300.0>,
    {.max_label_sets = per_chain(), .unit = "seconds"}};

inline constexpr CounterDef<"chain"> kL2FailedTransactions{
    "l2_failed_transactions_total", "Transactions that reverted.", {.max_label_sets = per_chain()}};

inline constexpr CounterDef<"chain"> kL2Reorgs{"l2_reorgs_total",
                                               "Reorganisations: a new head whose parent was not the old one.",
                                               {.max_label_sets = per_chain()}};

inline constexpr HistogramDef<"chain"> kL2ReorgDepthBlocks{"l2_reorg_depth_blocks",
                                                           "Blocks replaced by a reorganisation.",
                                                           buckets<1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0>,
                                                           {.max_label_sets = per_chain()}};

inline constexpr GaugeDef<"chain", "endpoint"> kL2RpcUp{"l2_rpc_up", "1 if the endpoint answered the last call."};

inline constexpr HistogramDef<"chain", "method"> kL2RpcRequestDurationSeconds{
    "l2_rpc_request_duration_seconds",
    "Latency of calls to the node.",
    buckets<0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0>,
    {.unit = "seconds"}};

inline constexpr CounterDef<"chain", "method", "kind"> kL2RpcErrors{
    "l2_rpc_errors_total",
    "Failed calls to the node; kind = transport, timeout, http, jsonrpc, decode.",
    {.closed = {kRpcErrors}}};

inline constexpr GaugeDef<"chain", "method"> kL2RpcMethodSupported{"l2_rpc_method_supported",
                                                                   "0 if the node does not know the method."};

inline constexpr GaugeDef<"chain", "chain_id", "client"> kL2ChainInfo{"l2_chain_info",
                                                                      "1, with the chain id and client version."};

inline constexpr std::array kChain{
    kL2BlockNumber.describe(),
    kL2BlockTimestampSeconds.describe(),
    kL2Blocks.describe(),
    kL2BlockIntervalSeconds.describe(),
    kL2Transactions.describe(),
    kL2BlockTransactions.describe(),
    kL2BlockGasUsed.describe(),
    kL2BlockGasLimit.describe(),
    kL2BlockGasUsedRatio.describe(),
    kL2GasPriceWei.describe(),
    kL2BaseFeeWei.describe(),
    kL2PriorityFeeWei.describe(),
    kL2PeerCount.describe(),
    kL2Syncing.describe(),
    kL2SyncLagBlocks.describe(),
    kL2TxpoolTransactions.describe(),
    kL2TransactionInclusionSeconds.describe(),
    kL2FailedTransactions.describe(),
    kL2Reorgs.describe(),
    kL2ReorgDepthBlocks.describe(),
    kL2RpcUp.describe(),
    kL2RpcRequestDurationSeconds.describe(),
    kL2RpcErrors.describe(),
    kL2RpcMethodSupported.describe(),
    kL2ChainInfo.describe(),
};

}  // namespace vigil::packs::l2::catalog
