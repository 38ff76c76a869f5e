#include "packs/l2/sim/rollup_model.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace vigil::packs::l2 {
namespace {

constexpr double kBlockTime = 2;
constexpr double kL1BlockTime = 12;
constexpr std::uint64_t kGasLimit = 30'000'000;
constexpr std::uint64_t kGasOfTransaction = 65'000;
constexpr std::uint64_t kGasOfHeavyTransaction = 1'000'000;
constexpr double kMinBaseFeeWei = 1e7;  // 0.01 gwei
constexpr double kMaxBaseFeeWei = 2e8;
constexpr double kBatchTime = 60;
constexpr double kProofTime = 480;  // from L1 to proven, when nothing waits
constexpr double kProofPace = 10;   // between proofs, when some wait
constexpr std::uint64_t kReorgDepth = 60;
constexpr double kMaxSpam = 5000;  // the pool's limit

Wei from_ether(double ether) { return static_cast<Wei>(ether * 1e18); }

}  // namespace

RollupModel::RollupModel(metrics::RegistryRef registry, sim::Random random, Timestamp now)
    : chain_(registry), rollup_(registry), random_(random) {
  chain_.add_chain("l1");
  chain_.add_chain("l2");
  chain_.set_chain_info("l2", "42766", "zkfair/v1.0");
  chain_.set_chain_info("l1", "1", "geth/v1.14");
  for (const char* const chain : {"l1", "l2"}) {
    for (const char* const method : {"eth_blockNumber", "eth_getBlockByNumber", "eth_feeHistory", "net_peerCount"}) {
      chain_.update_rpc_method_supported(chain, method, true);
    }
  }
  const double start = static_cast<double>(now) / 1000;
  next_block_ = start + 1;
  last_block_ = start - 1;
  next_batch_ = start + kBatchTime;
  next_l1_block_ = start + 3;
  last_proof_ = start;
  // A pipeline as full as it is after hours: ten batches on L1, waiting for their proofs.
  last_built_block_ = head_ - 8;
  safe_ = last_built_block_;
  for (int i = 9; i >= 0; --i) {
    unproven_.push_back({last_built_block_ - static_cast<std::uint64_t>(i) * 30, start - i * kBatchTime});
  }
  finalized_ = unproven_.front().last_block - 30;
}

void RollupModel::begin(Fault fault) {
  if (fault == Fault::kReorg) {
    chain_.record_reorg("l2", kReorgDepth);
    head_ -= kReorgDepth;
  } else if (fault == Fault::kNodeSyncing) {
    sync_lag_ = 5000;
  }
}

void RollupModel::tick(Timestamp timestamp, Fault fault, double demand, std::uint64_t da_covered, double host_busy) {
  const double now = static_cast<double>(timestamp) / 1000;
  included_ = 0;
  made_block_ = false;
  arrivals_ += demand * random_.between(0.9, 1.1);
  const auto arrived = static_cast<std::uint64_t>(arrivals_);
  arrivals_ -= static_cast<double>(arrived);
  if (arrived > 0) {
    pool_.push_back({now - random_.unit(), arrived});
    waiting_ += arrived;
  }
  spam_ = fault == Fault::kTxpoolSpam ? std::min(spam_ + 40, kMaxSpam) : std::max(spam_ - 100, 0.0);

  // A busy host makes its blocks later.
  const double pace = (fault == Fault::kSlowBlocks ? 3 : 1) * (host_busy > 0.9 ? 1.2 : 1) * kBlockTime;
  if (fault == Fault::kSequencerHalt) {
    next_block_ = now + kBlockTime;
  } else {
    while (next_block_ <= now) {
      make_block(next_block_, fault);
      next_block_ += pace;
    }
  }
  move_batches(now, fault, da_covered);
  tick_l1(now);
  if (sync_lag_ > 0) sync_lag_ = fault == Fault::kNodeSyncing ? sync_lag_ - 1 : 0;
  if (timestamp / kSecond % 5 == 0) poll(now, fault, host_busy);
}

void RollupModel::make_block(double at, Fault fault) {
  const std::uint64_t gas_of_one = fault == Fault::kHeavyBlocks ? kGasOfHeavyTransaction : kGasOfTransaction;
  const double hold = fault == Fault::kSlowInclusion ? 40 : 0;
  std::uint64_t room = kGasLimit / gas_of_one;
  std::uint64_t in_block = 0;
  while (!pool_.empty() && room > 0 && pool_.front().sent + hold <= at) {
    Cohort& cohort = pool_.front();
    const std::uint64_t taken = std::min(room, cohort.count);
    last_inclusion_ = at - cohort.sent + random_.between(0.2, 0.8);
    chain_.record_transaction_inclusion("l2", Seconds(last_inclusion_));
    room -= taken;
    in_block += taken;
    cohort.count -= taken;
    if (cohort.count == 0) pool_.pop_front();
  }
  waiting_ -= in_block;
  included_ += in_block;
  made_block_ = true;
  ++head_;
  const auto gas = std::min(
      kGasLimit, static_cast<std::uint64_t>(static_cast<double>(in_block * gas_of_one) * random_.between(0.97, 1.0)));
  update_fee(static_cast<double>(gas) / static_cast<double>(kGasLimit));
  if (head_ > highest_) {
    highest_ = head_;
    chain_.record_block(
        "l2",
        {.transactions = in_block, .gas_used = gas, .gas_limit = kGasLimit, .interval = Seconds(at - last_block_)});
    std::uint64_t failed = 0;
    for (std::uint64_t i = 0; i < in_block; ++i) failed += random_.chance(0.01) ? 1 : 0;
    chain_.record_failed_transactions("l2", failed);
  }
  last_block_ = at;
  chain_.update_head("l2", BlockTag::kLatest, head_, Seconds(std::floor(at)));
}

// EIP-1559: up to an eighth each block, towards blocks that are half full.
void RollupModel::update_fee(double fullness) {
  base_fee_wei_ = std::clamp(base_fee_wei_ * (1 + (fullness - 0.5) / 0.5 / 8), kMinBaseFeeWei, kMaxBaseFeeWei);
}

void RollupModel::move_batches(double now, Fault fault, std::uint64_t da_covered) {
  if (now >= next_batch_) {
    next_batch_ += kBatchTime;
    if (head_ > last_built_block_) built_.push_back({last_built_block_ = head_, 0});
  }
  // Without its data on Celestia a batch stays here.
  while (!built_.empty() && built_.front().last_block <= da_covered) {
    Batch batch = built_.front();
    built_.pop_front();
    batch.posted = now;
    const std::uint64_t blocks = batch.last_block - std::min(batch.last_block, safe_);
    rollup_.record_batch_submitted(2000 + blocks * 600, Seconds(now));
    rollup_.record_batch_confirmed();
    safe_ = batch.last_block;
    batcher_ether_ -= 0.0002 * l1_gwei_;
    if (batcher_ether_ < 2) batcher_ether_ = 5;  // refilled by the treasury
    unproven_.push_back(batch);
  }
  if (fault != Fault::kProverStall && !unproven_.empty() && now >= unproven_.front().posted + kProofTime &&
      now >= last_proof_ + kProofPace) {
    finalized_ = unproven_.front().last_block;
    unproven_.pop_front();
    last_proof_ = now;
    ++proven_batches_;
    proposer_ether_ -= 0.0001 * l1_gwei_;
    if (proposer_ether_ < 2) proposer_ether_ = 4;
  }
}

void RollupModel::tick_l1(double now) {
  if (now < next_l1_block_) return;
  ++l1_head_;
  chain_.record_block("l1", {.transactions = 120 + random_.below(120),
                             .gas_used = 12'000'000 + random_.below(8'000'000),
                             .gas_limit = 36'000'000,
                             .interval = Seconds(kL1BlockTime)});
  chain_.update_head("l1", BlockTag::kLatest, l1_head_, Seconds(std::floor(next_l1_block_)));
  chain_.update_head("l1", BlockTag::kSafe, l1_head_ - 32, Seconds(std::floor(next_l1_block_ - 32 * kL1BlockTime)));
  chain_.update_head("l1", BlockTag::kFinalized, l1_head_ - 64,
                     Seconds(std::floor(next_l1_block_ - 64 * kL1BlockTime)));
  next_l1_block_ += kL1BlockTime;
  l1_gwei_ = std::clamp(l1_gwei_ + 0.02 * (18 - l1_gwei_) + random_.between(-0.6, 0.6), 8.0, 40.0);
}

// What the exporter asks the nodes for, every five seconds.
void RollupModel::poll(double now, Fault fault, double host_busy) {
  const double slow = host_busy > 0.9 ? 6 : 1 + host_busy;
  for (const char* const method : {"eth_blockNumber", "eth_getBlockByNumber", "eth_feeHistory", "net_peerCount"}) {
    chain_.record_rpc("l2", method, Seconds(random_.between(0.002, 0.006) * slow));
    chain_.record_rpc("l1", method, Seconds(random_.between(0.03, 0.09)));
  }
  chain_.update_rpc_up("l1", "primary", true);
  chain_.update_rpc_up("l2", "sequencer", true);
  chain_.update_rpc_up("l2", "replica", fault != Fault::kRpcDown);
  if (fault == Fault::kRpcDown) chain_.record_rpc_error("l2", "eth_blockNumber", RpcError::kTransport);

  chain_.update_peer_count("l1", 38 + random_.below(6));
  chain_.update_peer_count("l2", fault == Fault::kPeerLoss ? 1 : 8 + random_.below(3));
  chain_.update_syncing("l1", false, 0);
  chain_.update_syncing("l2", sync_lag_ > 0, sync_lag_);
  chain_.update_txpool("l2", waiting_ + static_cast<std::uint64_t>(spam_), waiting_ / 20);
  chain_.update_txpool("l1", 18'000 + random_.below(4000), 30'000);
  chain_.update_base_fee("l2", static_cast<Wei>(base_fee_wei_));
  chain_.update_gas_price("l2", gas_price());
  chain_.update_priority_fee("l2", FeePercentile::k10, static_cast<Wei>(kPriorityFeeWei / 2));
  chain_.update_priority_fee("l2", FeePercentile::k50, static_cast<Wei>(kPriorityFeeWei));
  chain_.update_priority_fee("l2", FeePercentile::k90, static_cast<Wei>(kPriorityFeeWei * 3));
  chain_.update_base_fee("l1", static_cast<Wei>(l1_gwei_ * 1e9));
  chain_.update_gas_price("l1", static_cast<Wei>((l1_gwei_ + 1) * 1e9));
  chain_.update_head("l2", BlockTag::kSafe, safe_, Seconds(std::floor(now - kBatchTime)));
  chain_.update_head("l2", BlockTag::kFinalized, finalized_, Seconds(std::floor(now - kProofTime)));

  rollup_.update_batch_backlog(built_.size());
  rollup_.update_proof_last_finalized_batch(proven_batches_);
  rollup_.update_operator("l1", OperatorRole::kBatcher, from_ether(batcher_ether_), built_.size() > 1 ? 1 : 0);
  rollup_.update_operator("l1", OperatorRole::kProposer, from_ether(proposer_ether_), 0);
  rollup_.update_operator("l2", OperatorRole::kBundler, from_ether(1.5), 0);
  rollup_.update_operator("l2", OperatorRole::kTopup, topup_balance_, 0);
}

}  // namespace vigil::packs::l2
