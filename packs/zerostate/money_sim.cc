#include "packs/zerostate/node_sim.h"

namespace vigil::packs::zerostate {
namespace {

constexpr int kChannels = 300;         // that an edge node likes to have
constexpr double kDeposit = 60;        // tokens, median
constexpr double kMeanDeposit = 82.6;  // of the lognormal distribution with spread 0.8
constexpr double kChannelLife = 7200;  // seconds, on average
constexpr double kReplacement = 600;   // seconds until what is missing is there again
constexpr double kRunLeaves = 0.3;     // of the value stays in a run: those who cannot leave
constexpr double kPaymentsPerSecond = 0.7;
constexpr int kPaymentAttempts = 8;
constexpr std::int64_t kResponseTime = 86400;  // seconds to answer a dispute
constexpr std::int64_t kShortResponse = 3900;  // of the one that is not answered
constexpr std::size_t kReputable = 70;

}  // namespace

Money::Money(ZeroStateMetrics& metrics, Links& links, Dice& dice)
    : metrics_(metrics),
      links_(links),
      dice_(dice),
      active_(kChannels),
      locked_(kChannels * kMeanDeposit),
      highest_locked_(locked_),
      reputation_(kKnownPeers, kReputable),
      banned_(kKnownPeers * 3 / 100) {
  for (int i = 0; i < kKnownPeers; ++i) names_.push_back("agent-" + std::to_string(i + 1));
}

void Money::step(const Moment& now, const std::vector<FinishedTask>& finished, double escrow) {
  std::erase_if(pending_, [&](const Pending& payment) {
    if (payment.ends > static_cast<double>(now.second)) return false;
    metrics_.economic.record_payment(payment.tokens, Seconds(payment.duration), 1);
    metrics_.system.record_request(Layer::kEconomic, Seconds(payment.duration));
    return true;
  });
  keep_channels(now);
  settle(now);
  dispute(now);
  judge_peers(now, finished);
  const bool able = links_.in_touch() && active_ > 0;
  for (const FinishedTask& task : finished) {
    metrics_.economic.record_escrow_release(task.success ? EscrowOutcome::kPaid : EscrowOutcome::kRefunded);
    if (task.success && able) pay(now, task.cost);
  }
  for (int n = able ? dice_.count(kPaymentsPerSecond * now.load) : 0; n > 0; --n) pay(now, dice_.lognormal(0.5, 1));
  show(now, escrow);
}

// A payment is as good as the messages that carry it.
void Money::pay(const Moment& now, double tokens) {
  EconomicMetrics& economic = metrics_.economic;
  economic.record_payment_started();
  if (dice_.chance(now.conditions->empty_channels)) {
    economic.record_payment_failure(PaymentFailure::kInsufficientBalance, Seconds(0.01), 1);
    metrics_.system.record_error(Layer::kEconomic);
    return;
  }
  const Exchange exchange = links_.exchange(now, kPaymentAttempts);
  const auto attempts = static_cast<std::uint64_t>(exchange.attempts);
  if (!exchange.answered) {
    economic.record_payment_failure(PaymentFailure::kTimeout, Seconds(exchange.seconds), attempts);
    metrics_.system.record_error(Layer::kEconomic);
    return;
  }
  economic.record_channel_update();
  economic.record_fee_earned(tokens * 0.001);
  if (exchange.seconds >= 1) {
    pending_.push_back({static_cast<double>(now.second) + exchange.seconds, tokens, exchange.seconds});
    return;
  }
  economic.record_payment(tokens, Seconds(exchange.seconds), attempts);
  metrics_.system.record_request(Layer::kEconomic, Seconds(exchange.seconds));
}

void Money::keep_channels(const Moment& now) {
  EconomicMetrics& economic = metrics_.economic;
  const Conditions& conditions = *now.conditions;
  if (conditions.channels_closing) {
    reviving_ = true;
    for (int n = dice_.count(active_ * 0.05); n > 0 && active_ > 1; --n) {
      --active_;
      ++closing_;
    }
    opening_ = 0;
    return;
  }
  if (reviving_) {
    for (int n = std::min(closing_, dice_.count(closing_ * 0.05)); n > 0; --n) {
      --closing_;
      ++active_;
    }
    reviving_ = closing_ > kChannels / 20;
  }
  if (conditions.withdrawn > 0) {
    // The largest leave first, and the channels with them.
    if (locked_ > kRunLeaves * highest_locked_) {
      const double left = locked_ * conditions.withdrawn;
      locked_ -= left;
      economic.record_withdrawal();
      economic.record_settlement(left, Seconds(dice_.lognormal(20, 0.5)));
    }
    for (int n = dice_.count(active_ * 0.0004); n > 0; --n) {
      --active_;
      ++closing_;
    }
    return;
  }
  highest_locked_ = std::max(highest_locked_ * 0.9999, locked_);
  const int missing = links_.in_touch() ? kChannels - active_ - opening_ : 0;
  opening_ += dice_.count(std::max(0, missing) / kReplacement);
  for (int n = std::min(opening_, dice_.count(opening_ / 20.0)); n > 0; --n) {
    --opening_;
    ++active_;
    const double deposit = dice_.lognormal(kDeposit, 0.8);
    locked_ += deposit;
    economic.record_channel_opened(deposit, Seconds(dice_.between(5, 40)));
    economic.record_deposit();
  }
  for (int n = dice_.count(active_ / kChannelLife); n > 0 && active_ > 0; --n) {
    --active_;
    ++closing_;
  }
  // Who stayed tops up what a run has taken.
  const double usual = (active_ + closing_ + disputed_) * kMeanDeposit;
  if (locked_ < 0.9 * usual) {
    locked_ += (usual - locked_) / kReplacement;
    if (dice_.chance(0.2)) economic.record_deposit();
  }
}

void Money::settle(const Moment& now) {
  EconomicMetrics& economic = metrics_.economic;
  const Conditions& conditions = *now.conditions;
  const auto settled = [&](double tokens) {
    const Seconds duration(dice_.lognormal(15, 0.6));
    if (dice_.chance(conditions.settlement_failures)) {
      economic.record_settlement_failure(duration);
      metrics_.system.record_error(Layer::kEconomic);
      return false;
    }
    economic.record_settlement(tokens, duration);
    return true;
  };
  if (!conditions.channels_closing && !reviving_) {
    for (int n = std::min(closing_, dice_.count(closing_ / 40.0)); n > 0; --n) {
      const double tokens = per_channel();
      if (!settled(tokens)) continue;  // tried again
      locked_ -= tokens;
      --closing_;
      ++closed_;
      economic.record_channel_closed(conditions.withdrawn > 0 ? ChannelEnd::kUnilateral : ChannelEnd::kCooperative,
                                     Seconds(dice_.exponential(kChannelLife)));
      economic.record_withdrawal();
    }
  }
  // Balances are brought to the chain now and then while channels stay open.
  for (int n = dice_.count(0.04 * now.load); n > 0; --n) settled(dice_.lognormal(5, 1));
}

void Money::dispute(const Moment& now) {
  EconomicMetrics& economic = metrics_.economic;
  const auto open = [&](std::int64_t answered, std::int64_t deadline) {
    if (active_ == 0) return;
    --active_;
    ++disputed_;
    disputes_.push_back({now.second, answered, deadline});
    economic.record_dispute_opened();
  };
  for (int n = dice_.count(0.00007 + now.conditions->cheaters); n > 0; --n) {
    const auto answered = now.second + 60 + static_cast<std::int64_t>(dice_.exponential(180));
    open(answered, now.second + kResponseTime);
  }
  const bool unanswered = now.conditions->watchtower_down && now.first_edge;
  if (unanswered && !trapped_) open(now.second + kResponseTime, now.second + kShortResponse);
  trapped_ = unanswered;

  std::erase_if(disputes_, [&](Dispute& dispute) {
    // The watchtower is back and answers what is urgent.
    if (!unanswered && dispute.answered >= dispute.deadline) dispute.answered = now.second;
    if (dispute.answered > now.second) return false;
    economic.record_dispute_closed(DisputeOutcome::kWon, Seconds(static_cast<double>(now.second - dispute.opened)));
    --disputed_;
    ++closing_;
    return true;
  });
  std::optional<Seconds> nearest;
  for (const Dispute& dispute : disputes_) {
    const Seconds left(static_cast<double>(dispute.deadline - now.second));
    if (!nearest.has_value() || left < *nearest) nearest = left;
  }
  economic.update_disputes_active(disputes_.size());
  economic.update_dispute_response_deadline(nearest);
}

// Finished tasks make reputations; verdicts reach each node at its own pace.
void Money::judge_peers(const Moment& now, const std::vector<FinishedTask>& finished) {
  EconomicMetrics& economic = metrics_.economic;
  for (const FinishedTask& task : finished) {
    double& score = reputation_[task.peer];
    const double before = score;
    score = std::clamp(task.success ? score + 0.5 : score - 1.5, 20.0, 98.0);
    economic.record_reputation(names_[task.peer], before, score);
    economic.record_peer_task(names_[task.peer], task.success, task.cost);
  }
  const int guilty = static_cast<int>(std::lround(now.conditions->guilty_peers * kKnownPeers));
  for (int n = banned_ < guilty ? dice_.count(0.8) : 0; n > 0; --n) {
    ++banned_;
    economic.record_blacklist(BlacklistAction::kAdd, BlacklistReason::kFraud);
  }
  if (banned_ > guilty) {
    --banned_;
    economic.record_blacklist(BlacklistAction::kRemove, BlacklistReason::kManual);
  }
  economic.update_peers(kKnownPeers, static_cast<std::uint64_t>(banned_));
}

void Money::show(const Moment& now, double escrow) {
  EconomicMetrics& economic = metrics_.economic;
  const auto number = [](int n) { return static_cast<std::uint64_t>(n); };
  economic.update_total_value_locked(locked_ + escrow);
  economic.update_escrow_locked(escrow);
  economic.update_wallet_balance(5000);
  economic.update_channels({.opening = number(opening_),
                            .active = number(active_),
                            .closing = number(closing_),
                            .closed = number(closed_),
                            .disputed = number(disputed_)});
  economic.update_channel_participants(number(active_ * 4 / 5));
  // Paying moves balance to the other side until the night.
  const double ours = 0.6 - 0.2 * std::min(1.0, now.load);
  economic.update_channel_balances(locked_ * ours, locked_ * (1 - ours));
  economic.update_channel_pending_htlcs(pending_.size());
  economic.update_settlements_pending(number(closing_));
}

}  // namespace vigil::packs::zerostate
