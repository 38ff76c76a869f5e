#include "packs/l2/chain_metrics.h"

namespace vigil::packs::l2 {

using metrics::each;

ChainMetrics::ChainMetrics(metrics::RegistryRef registry)
    : block_number_(registry, catalog::kL2BlockNumber),
      block_timestamp_(registry, catalog::kL2BlockTimestampSeconds),
      blocks_(registry, catalog::kL2Blocks),
      block_interval_(registry, catalog::kL2BlockIntervalSeconds),
      transactions_(registry, catalog::kL2Transactions),
      block_transactions_(registry, catalog::kL2BlockTransactions),
      block_gas_used_(registry, catalog::kL2BlockGasUsed),
      block_gas_limit_(registry, catalog::kL2BlockGasLimit),
      block_gas_used_ratio_(registry, catalog::kL2BlockGasUsedRatio),
      gas_price_(registry, catalog::kL2GasPriceWei),
      base_fee_(registry, catalog::kL2BaseFeeWei),
      priority_fee_(registry, catalog::kL2PriorityFeeWei),
      peer_count_(registry, catalog::kL2PeerCount),
      syncing_(registry, catalog::kL2Syncing),
      sync_lag_blocks_(registry, catalog::kL2SyncLagBlocks),
      txpool_transactions_(registry, catalog::kL2TxpoolTransactions),
      transaction_inclusion_(registry, catalog::kL2TransactionInclusionSeconds),
      failed_transactions_(registry, catalog::kL2FailedTransactions),
      reorgs_(registry, catalog::kL2Reorgs),
      reorg_depth_blocks_(registry, catalog::kL2ReorgDepthBlocks),
      rpc_up_(registry, catalog::kL2RpcUp),
      rpc_request_duration_(registry, catalog::kL2RpcRequestDurationSeconds),
      rpc_errors_(registry, catalog::kL2RpcErrors),
      rpc_method_supported_(registry, catalog::kL2RpcMethodSupported),
      chain_info_(registry, catalog::kL2ChainInfo) {}

void ChainMetrics::add_chain(std::string_view chain) {
  blocks_.prepare(chain);
  block_interval_.prepare(chain);
  transactions_.prepare(chain);
  block_transactions_.prepare(chain);
  block_gas_used_.prepare(chain);
  block_gas_used_ratio_.prepare(chain);
  transaction_inclusion_.prepare(chain);
  failed_transactions_.prepare(chain);
  reorgs_.prepare(chain);
  reorg_depth_blocks_.prepare(chain);
}

void ChainMetrics::record_block(std::string_view chain, const Block& block) {
  blocks_.with(chain).inc();
  transactions_.with(chain).inc(block.transactions);
  block_transactions_.with(chain).observe(static_cast<double>(block.transactions));
  block_gas_used_.with(chain).inc(block.gas_used);
  block_gas_limit_.with(chain).set(static_cast<double>(block.gas_limit));
  if (block.gas_limit > 0) {
    block_gas_used_ratio_.with(chain).observe(static_cast<double>(block.gas_used) /
                                              static_cast<double>(block.gas_limit));
  }
  if (block.interval.has_value()) block_interval_.with(chain).observe(block.interval->count());
}

void ChainMetrics::update_head(std::string_view chain, BlockTag tag, std::uint64_t number, Seconds timestamp) {
  block_number_.with(chain, to_string(tag)).set(static_cast<double>(number));
  block_timestamp_.with(chain, to_string(tag)).set(timestamp.count());
}

void ChainMetrics::record_reorg(std::string_view chain, std::uint64_t depth) {
  reorgs_.with(chain).inc();
  reorg_depth_blocks_.with(chain).observe(static_cast<double>(depth));
}

void ChainMetrics::update_gas_price(std::string_view chain, Wei price) {
  gas_price_.with(chain).set(static_cast<double>(price));
}

void ChainMetrics::update_base_fee(std::string_view chain, Wei fee) {
  base_fee_.with(chain).set(static_cast<double>(fee));
}

void ChainMetrics::update_priority_fee(std::string_view chain, FeePercentile percentile, Wei fee) {
  priority_fee_.with(chain, to_string(percentile)).set(static_cast<double>(fee));
}

void ChainMetrics::update_txpool(std::string_view chain, std::uint64_t pending, std::uint64_t queued) {
  txpool_transactions_.with(chain, to_string(TxpoolState::kPending)).set(static_cast<double>(pending));
  txpool_transactions_.with(chain, to_string(TxpoolState::kQueued)).set(static_cast<double>(queued));
}

void ChainMetrics::record_transaction_inclusion(std::string_view chain, Seconds duration) {
  transaction_inclusion_.with(chain).observe(duration.count());
}

void ChainMetrics::record_failed_transactions(std::string_view chain, std::uint64_t count) {
  failed_transactions_.with(chain).inc(count);
}

void ChainMetrics::update_peer_count(std::string_view chain, std::optional<std::uint64_t> peers) {
  const auto gauge = peer_count_.with(chain);
  peers.has_value() ? gauge.set(static_cast<double>(*peers)) : gauge.clear();
}

void ChainMetrics::update_syncing(std::string_view chain, bool syncing, std::uint64_t lag_blocks) {
  syncing_.with(chain).set(syncing ? 1 : 0);
  sync_lag_blocks_.with(chain).set(syncing ? static_cast<double>(lag_blocks) : 0);
}

void ChainMetrics::update_rpc_up(std::string_view chain, std::string_view endpoint, bool up) {
  rpc_up_.with(chain, endpoint).set(up ? 1 : 0);
}

void ChainMetrics::record_rpc(std::string_view chain, std::string_view method, Seconds duration) {
  // With the first call of a method, its errors exist at 0: the first one is seen.
  rpc_errors_.prepare(chain, method, each);
  rpc_request_duration_.with(chain, method).observe(duration.count());
}

void ChainMetrics::record_rpc_error(std::string_view chain, std::string_view method, RpcError kind) {
  rpc_errors_.with(chain, method, to_string(kind)).inc();
}

void ChainMetrics::update_rpc_method_supported(std::string_view chain, std::string_view method, bool supported) {
  rpc_method_supported_.with(chain, method).set(supported ? 1 : 0);
}

void ChainMetrics::set_chain_info(std::string_view chain, std::string_view chain_id, std::string_view client) {
  MutexLock lock(mutex_);
  auto shown = shown_info_.find(chain);
  if (shown == shown_info_.end()) {
    shown = shown_info_.emplace(std::string(chain), metrics::GaugeHandle()).first;
  }
  shown->second.clear();
  shown->second = chain_info_.with(chain, chain_id, client);
  shown->second.set(1);
}

}  // namespace vigil::packs::l2
