#include "packs/l2/sim/availability_model.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace vigil::packs::l2 {
namespace {

constexpr double kBlockTime = 6;
constexpr std::uint64_t kBlocksInBlob = 10;  // at least
constexpr std::uint64_t kBytesOfTransaction = 110;
constexpr std::uint64_t kMaxBlobBytes = 1'500'000;
constexpr double kTimeout = 60;
constexpr double kGasPriceUtia = 0.004;
constexpr std::uint64_t kTreasury = 500'000'000;

}  // namespace

AvailabilityModel::AvailabilityModel(metrics::RegistryRef registry, sim::Random random, std::uint64_t l2_head)
    : metrics_(registry), random_(random), covered_(l2_head - 8) {}

void AvailabilityModel::begin(Fault fault) {
  if (fault == Fault::kTiaLow) balance_utia_ = 800'000;
}

void AvailabilityModel::end() { balance_utia_ = std::max(balance_utia_, kTreasury); }

void AvailabilityModel::tick(Timestamp timestamp, Fault fault, const RollupModel& chain) {
  const double now = static_cast<double>(timestamp) / 1000;
  bytes_ += chain.transactions_in_last_tick() * kBytesOfTransaction + (chain.made_block() ? 80 : 0);
  network_head_ += 1 / kBlockTime;
  local_head_ = fault == Fault::kCelestiaBehind ? local_head_ + 0.5 / kBlockTime
                                                : std::min(network_head_, local_head_ + 10 / kBlockTime);
  if (in_flight_ && now >= done_) finish(now);
  if (!in_flight_ && fault != Fault::kBatcherStuck && now >= next_try_) submit(now, fault, chain);
  if (timestamp / kSecond % 5 == 0) poll(now, fault, chain);
}

void AvailabilityModel::submit(double now, Fault fault, const RollupModel& chain) {
  if (chain.head() < covered_ + kBlocksInBlob) return;
  in_flight_ = true;
  sent_ = now;
  blob_end_ = chain.head();
  blob_bytes_ = std::min(bytes_, kMaxBlobBytes);
  outcome_ = SubmissionReason::kNone;
  // Included in the next block but one, as a rule.
  double takes = random_.between(6, 14);
  if (fault == Fault::kDaOutage) {
    outcome_ = SubmissionReason::kTimeout;
    takes = kTimeout;
  } else if (fault == Fault::kCelestiaDown) {
    outcome_ = SubmissionReason::kOther;
    takes = 5;
  } else if (fault == Fault::kDaFailures && random_.chance(0.4)) {
    outcome_ = SubmissionReason::kInsufficientFee;
    takes = 3;
  } else if (fault == Fault::kDaSlow) {
    takes = random_.between(70, 85);
  }
  done_ = now + takes;
}

void AvailabilityModel::finish(double now) {
  in_flight_ = false;
  if (outcome_ != SubmissionReason::kNone) {
    metrics_.record_submission_failure(outcome_, Seconds(done_ - sent_));
    next_try_ = now + 5;
    return;
  }
  const auto fee = static_cast<std::uint64_t>(kGasPriceUtia * (65'000 + 8 * static_cast<double>(blob_bytes_)));
  balance_utia_ -= std::min(balance_utia_, fee);
  metrics_.record_submission({.bytes = blob_bytes_,
                              .fee_utia = fee,
                              .height = static_cast<std::uint64_t>(local_head_),
                              .duration = Seconds(done_ - sent_),
                              .timestamp = Seconds(std::floor(now))});
  covered_ = blob_end_;
  bytes_ -= std::min(bytes_, blob_bytes_);
}

void AvailabilityModel::poll(double now, Fault fault, const RollupModel& chain) {
  const std::uint64_t without = chain.head() - std::min(chain.head(), covered_);
  metrics_.update_pending_submissions(without / kBlocksInBlob);
  metrics_.update_l2_blocks_without_da(without);
  metrics_.update_gas_price(kGasPriceUtia);
  metrics_.update_rpc_up(fault != Fault::kCelestiaDown);
  if (fault == Fault::kCelestiaDown) return;  // the rest is what the node tells
  metrics_.update_account_balance(balance_utia_);
  const double age = (network_head_ - local_head_) * kBlockTime;
  metrics_.update_local_head(static_cast<std::uint64_t>(local_head_), Seconds(std::floor(now - age)));
  metrics_.update_network_head(static_cast<std::uint64_t>(network_head_));
  metrics_.update_peers(fault == Fault::kCelestiaBehind ? 2 : 12 + random_.below(4));
  metrics_.update_sampling({.sampled_head = static_cast<std::uint64_t>(local_head_) - 1,
                            .failed_headers = 0,
                            .catch_up_done = fault != Fault::kCelestiaBehind,
                            .running = true});
}

}  // namespace vigil::packs::l2
