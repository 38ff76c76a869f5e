// Recording API of the chain: what its nodes answer over JSON-RPC.
//
//   auto& chain = vigil::packs::l2::chain();
//   chain.add_chain("l2");                                            // once, at start
//   chain.record_block("l2", {.transactions = 12, .gas_used = 1'000'000, .gas_limit = 30'000'000});
//
// `chain` and `endpoint` are names from the configuration, `method` a JSON-RPC method;
// at most 5 chains have series of their own, more count as "other". What a node does
// not tell is absent from the page, never 0: 0 peers would page forever.
//
// Thread-safety: any thread. set_chain_info() takes a lock; nothing else does.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "packs/l2/catalog/chain.h"
#include "packs/l2/units.h"
#include "vigil/base/mutex.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::l2 {

// Each in the order of its closed label in catalog/chain.h.
enum class BlockTag : std::uint8_t { kLatest, kSafe, kFinalized };
enum class FeePercentile : std::uint8_t { k10, k50, k90 };
enum class TxpoolState : std::uint8_t { kPending, kQueued };
enum class RpcError : std::uint8_t { kTransport, kTimeout, kHttp, kJsonrpc, kDecode };

constexpr std::string_view to_string(BlockTag v) { return catalog::kBlockTags.values[static_cast<std::size_t>(v)]; }
constexpr std::string_view to_string(FeePercentile v) {
  return catalog::kPercentiles.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(TxpoolState v) {
  return catalog::kTxpoolStates.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(RpcError v) { return catalog::kRpcErrors.values[static_cast<std::size_t>(v)]; }

struct Block {
  std::uint64_t transactions = 0;
  std::uint64_t gas_used = 0;
  std::uint64_t gas_limit = 0;
  std::optional<Seconds> interval = {};  // since its parent; absent for the first block seen
};

class ChainMetrics {
 public:
  explicit ChainMetrics(metrics::RegistryRef registry);

  // Creates the chain's counters and histograms at 0, so that its first event is seen.
  void add_chain(std::string_view chain);

  // --- blocks ---
  // Once per height, whatever is reorganised.
  void record_block(std::string_view chain, const Block& block);
  void update_head(std::string_view chain, BlockTag tag, std::uint64_t number, Seconds timestamp);
  void record_reorg(std::string_view chain, std::uint64_t depth);

  // --- transactions ---
  void update_gas_price(std::string_view chain, Wei price);
  void update_base_fee(std::string_view chain, Wei fee);
  void update_priority_fee(std::string_view chain, FeePercentile percentile, Wei fee);
  void update_txpool(std::string_view chain, std::uint64_t pending, std::uint64_t queued);
  void record_transaction_inclusion(std::string_view chain, Seconds duration);
  void record_failed_transactions(std::string_view chain, std::uint64_t count);

  // --- nodes ---
  // nullopt: the node does not tell.
  void update_peer_count(std::string_view chain, std::optional<std::uint64_t> peers);
  // `lag_blocks` while syncing: highest block known minus current block.
  void update_syncing(std::string_view chain, bool syncing, std::uint64_t lag_blocks);
  void update_rpc_up(std::string_view chain, std::string_view endpoint, bool up);
  void record_rpc(std::string_view chain, std::string_view method, Seconds duration);
  void record_rpc_error(std::string_view chain, std::string_view method, RpcError kind);
  void update_rpc_method_supported(std::string_view chain, std::string_view method, bool supported);
  // Takes the former client of the chain off the page.
  void set_chain_info(std::string_view chain, std::string_view chain_id, std::string_view client);

 private:
  metrics::InstrumentOf<catalog::kL2BlockNumber> block_number_;
  metrics::InstrumentOf<catalog::kL2BlockTimestampSeconds> block_timestamp_;
  metrics::InstrumentOf<catalog::kL2Blocks> blocks_;
  metrics::InstrumentOf<catalog::kL2BlockIntervalSeconds> block_interval_;
  metrics::InstrumentOf<catalog::kL2Transactions> transactions_;
  metrics::InstrumentOf<catalog::kL2BlockTransactions> block_transactions_;
  metrics::InstrumentOf<catalog::kL2BlockGasUsed> block_gas_used_;
  metrics::InstrumentOf<catalog::kL2BlockGasLimit> block_gas_limit_;
  metrics::InstrumentOf<catalog::kL2BlockGasUsedRatio> block_gas_used_ratio_;
  metrics::InstrumentOf<catalog::kL2GasPriceWei> gas_price_;
  metrics::InstrumentOf<catalog::kL2BaseFeeWei> base_fee_;
  metrics::InstrumentOf<catalog::kL2PriorityFeeWei> priority_fee_;
  metrics::InstrumentOf<catalog::kL2PeerCount> peer_count_;
  metrics::InstrumentOf<catalog::kL2Syncing> syncing_;
  metrics::InstrumentOf<catalog::kL2SyncLagBlocks> sync_lag_blocks_;
  metrics::InstrumentOf<catalog::kL2TxpoolTransactions> txpool_transactions_;
  metrics::InstrumentOf<catalog::kL2TransactionInclusionSeconds> transaction_inclusion_;
  metrics::InstrumentOf<catalog::kL2FailedTransactions> failed_transactions_;
  metrics::InstrumentOf<catalog::kL2Reorgs> reorgs_;
  metrics::InstrumentOf<catalog::kL2ReorgDepthBlocks> reorg_depth_blocks_;
  metrics::InstrumentOf<catalog::kL2RpcUp> rpc_up_;
  metrics::InstrumentOf<catalog::kL2RpcRequestDurationSeconds> rpc_request_duration_;
  metrics::InstrumentOf<catalog::kL2RpcErrors> rpc_errors_;
  metrics::InstrumentOf<catalog::kL2RpcMethodSupported> rpc_method_supported_;
  metrics::InstrumentOf<catalog::kL2ChainInfo> chain_info_;

  Mutex mutex_;
  std::map<std::string, metrics::GaugeHandle, std::less<>> shown_info_ GUARDED_BY(mutex_);
};

}  // namespace vigil::packs::l2
