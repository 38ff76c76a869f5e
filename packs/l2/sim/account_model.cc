#include "packs/l2/sim/account_model.h"

#include <chrono>

namespace vigil::packs::l2 {
namespace {

constexpr Wei kMilliether = 1'000'000'000'000'000;
constexpr Wei kEther = 1000 * kMilliether;
constexpr double kPartOfTransactions = 0.2;
constexpr Wei kTopupAmount = kEther;
constexpr Wei kTopupAccount = 20 * kEther;
constexpr Duration kTopupInterval = 30 * kMinute;
// An attacker names a fee two hundred times the usual one; the paymaster pays it.
constexpr Wei kAttackGasPrice = 2'000'000'000;
constexpr std::uint64_t kAttackGas = 1'900'000;

}  // namespace

AccountModel::AccountModel(metrics::RegistryRef registry, sim::Random random)
    : metrics_(registry),
      random_(random),
      paymasters_{{{"main", 2 * kEther, 2500 * kMilliether, 2500 * kMilliether},
                   {"games", kEther, 1030 * kMilliether, 1030 * kMilliether}}},
      topup_balance_(kTopupAccount) {
  for (const Paymaster& paymaster : paymasters_) metrics_.add_paymaster(paymaster.name);
  metrics_.add_factory(EntryPoint::kV07, "wallet");
  metrics_.add_factory(EntryPoint::kV07, "session");
}

void AccountModel::begin(Fault fault) {
  Paymaster& main = paymasters_[0];
  switch (fault) {
    case Fault::kPaymasterDrained: topup_balance_ = 0; break;
    case Fault::kTopupFailing:
      // A campaign is prepared with a higher minimum, and nobody has filled the account.
      topup_balance_ = 0;
      main.topup_below = 4 * kEther;
      break;
    case Fault::kPaymasterWithdrawn: {
      const Wei amount = main.deposit - 80 * kMilliether;
      main.deposit -= amount;
      main.expected -= amount;
      metrics_.record_paymaster_withdrawn(main.name, amount);
      break;
    }
    case Fault::kMissedEvents:
      // Part of an answer to eth_getLogs is missing: costs that the exporter does not know.
      main.expected += 1'250'000'000'000;
      break;
    case Fault::kReorg:
      // Counted in blocks that are no more, and not executed again.
      main.expected -= 830'000'000'000;
      break;
    default: break;
  }
}

void AccountModel::end(Fault fault) {
  topup_balance_ = kTopupAccount;
  paymasters_[0].topup_below = 2 * kEther;
  for (Paymaster& paymaster : paymasters_) paymaster.expected = paymaster.deposit;
  if (fault == Fault::kPaymasterDrained || fault == Fault::kPaymasterDraining || fault == Fault::kPaymasterWithdrawn) {
    Paymaster& main = paymasters_[0];
    if (main.deposit < 3 * kEther) add_deposit(main, 3 * kEther - main.deposit);
  }
}

void AccountModel::add_deposit(Paymaster& paymaster, Wei amount) {
  paymaster.deposit += amount;
  paymaster.expected += amount;
  metrics_.record_paymaster_deposited(paymaster.name);
}

void AccountModel::tick(Timestamp now, Fault fault, const RollupModel& chain) {
  if (chain.made_block()) {
    operations_ += kPartOfTransactions * static_cast<double>(chain.transactions_in_last_tick());
    bundle(fault, chain);
  }
  // The host's cron is what stopped in kPaymasterWithdrawn.
  if (now % kTopupInterval < kSecond && fault != Fault::kPaymasterWithdrawn) top_up();
  if (now / kSecond % 5 == 0) poll(chain);
}

void AccountModel::bundle(Fault fault, const RollupModel& chain) {
  Wei earned = 0;
  std::uint64_t count = 0;
  for (; operations_ >= 1; operations_ -= 1, ++count) {
    const double who = random_.unit();
    Paymaster* const paymaster = who < 0.65 ? &paymasters_[0] : who < 0.85 ? &paymasters_[1] : nullptr;
    operation(paymaster, 60'000 + random_.below(120'000), chain.gas_price(), fault, earned);
    metrics_.record_user_operation_inclusion(Seconds(chain.last_inclusion_seconds() + random_.between(0.3, 1.5)));
    if (random_.chance(0.03)) {
      metrics_.record_account_deployed(EntryPoint::kV07, random_.chance(0.7) ? "wallet" : "session");
    }
  }
  if (fault == Fault::kPaymasterDrained) {
    attack_ += 2;
  } else if (fault == Fault::kPaymasterDraining) {
    attack_ += 1.0 / 15;  // one in thirty seconds
  } else {
    attack_ = 0;
  }
  for (; attack_ >= 1; attack_ -= 1, ++count) operation(paymasters_.data(), kAttackGas, kAttackGasPrice, fault, earned);
  if (count == 0) return;
  metrics_.record_bundle(EntryPoint::kV07, true, count);
  metrics_.record_bundler_profit(EntryPoint::kV07, earned, earned - earned / 20);
}

void AccountModel::operation(Paymaster* paymaster, std::uint64_t gas, Wei gas_price, Fault fault, Wei& earned) {
  const Wei cost = gas * gas_price;
  if (paymaster != nullptr) {
    if (paymaster->deposit < cost) {
      metrics_.record_user_operations_dropped("paymaster_deposit_too_low");
      return;
    }
    paymaster->deposit -= cost;
    paymaster->expected -= cost;
  }
  earned += cost;
  const bool success = !random_.chance(fault == Fault::kOperationsRevert ? 0.3 : 0.015);
  if (!success) metrics_.record_user_operation_revert(EntryPoint::kV07, RevertKind::kExecution);
  metrics_.record_user_operation({.entry_point = EntryPoint::kV07,
                                  .success = success,
                                  .sponsored = paymaster != nullptr,
                                  .paymaster = paymaster == nullptr ? std::string_view() : paymaster->name,
                                  .gas_used = gas,
                                  .gas_cost = cost});
}

void AccountModel::top_up() {
  for (Paymaster& paymaster : paymasters_) {
    if (paymaster.deposit >= paymaster.topup_below) {
      metrics_.record_paymaster_topup(paymaster.name, TopupResult::kSkipped);
    } else if (topup_balance_ < kTopupAmount) {
      metrics_.record_paymaster_topup(paymaster.name, TopupResult::kFailed);
    } else {
      topup_balance_ -= kTopupAmount;
      metrics_.record_paymaster_topup(paymaster.name, TopupResult::kSent);
      metrics_.record_paymaster_topup(paymaster.name, TopupResult::kConfirmed, kTopupAmount);
      add_deposit(paymaster, kTopupAmount);
    }
  }
  if (topup_balance_ >= kEther && topup_balance_ < 5 * kEther) topup_balance_ = kTopupAccount;  // by the treasury
}

void AccountModel::poll(const RollupModel& chain) {
  for (const Paymaster& paymaster : paymasters_) {
    metrics_.update_paymaster(EntryPoint::kV07, paymaster.name,
                              {.deposit = paymaster.deposit, .stake = kEther, .staked = true, .withdraw_time = {}});
    metrics_.update_paymaster_deposit_mismatch(paymaster.name, paymaster.deposit, paymaster.expected);
  }
  metrics_.update_last_scanned_block(chain.head() - 1);
  metrics_.update_mempool(MempoolState::kOutstanding, static_cast<std::uint64_t>(operations_) + random_.below(5));
  metrics_.update_mempool(MempoolState::kProcessing, random_.below(3));
  metrics_.update_mempool(MempoolState::kSubmitted, random_.below(2));
}

}  // namespace vigil::packs::l2
