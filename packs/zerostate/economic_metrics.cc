#include "packs/zerostate/economic_metrics.h"

namespace vigil::packs::zerostate {

EconomicMetrics::EconomicMetrics(metrics::RegistryRef registry, std::size_t max_tracked_peers)
    : total_value_locked_(registry, catalog::kEconomicTotalValueLockedTokens),
      channels_(registry),
      channel_participants_(registry, catalog::kEconomicChannelParticipants),
      channels_opened_(registry, catalog::kEconomicChannelsOpened),
      channels_closed_(registry),
      channel_open_duration_(registry, catalog::kEconomicChannelOpenDurationSeconds),
      channel_lifetime_(registry, catalog::kEconomicChannelLifetimeSeconds),
      channel_balance_(registry),
      channel_pending_htlcs_(registry, catalog::kEconomicChannelPendingHtlcs),
      channel_deposit_(registry, catalog::kEconomicChannelDepositTokens),
      channel_updates_(registry, catalog::kEconomicChannelUpdates),
      payments_(registry),
      payment_failures_(registry),
      payment_volume_(registry, catalog::kEconomicPaymentVolumeTokens),
      payment_amount_(registry, catalog::kEconomicPaymentAmountTokens),
      payment_duration_(registry, catalog::kEconomicPaymentDurationSeconds),
      payment_attempts_(registry, catalog::kEconomicPaymentAttempts),
      payments_in_flight_(registry, catalog::kEconomicPaymentsInFlight),
      transactions_(registry),
      fees_earned_(registry, catalog::kEconomicFeesEarnedTokens),
      settlements_(registry),
      settlement_volume_(registry, catalog::kEconomicSettlementVolumeTokens),
      settlement_duration_(registry, catalog::kEconomicSettlementDurationSeconds),
      settlements_pending_(registry, catalog::kEconomicSettlementsPending),
      disputes_(registry),
      disputes_active_(registry, catalog::kEconomicDisputesActive),
      dispute_duration_(registry, catalog::kEconomicDisputeDurationSeconds),
      dispute_response_deadline_(registry, catalog::kEconomicDisputeResponseDeadlineSeconds),
      reputation_distribution_(registry, catalog::kEconomicReputationDistribution),
      reputation_updates_(registry),
      peers_blacklisted_(registry, catalog::kEconomicPeersBlacklisted),
      peers_known_(registry, catalog::kEconomicPeersKnown),
      blacklist_events_(registry),
      escrow_locked_(registry, catalog::kEconomicEscrowLockedTokens),
      escrow_releases_(registry),
      auctions_(registry),
      auction_bids_(registry, catalog::kEconomicAuctionBids),
      invalid_signatures_(registry),
      wallet_balance_(registry, catalog::kEconomicWalletBalanceTokens),
      peers_(max_tracked_peers),
      reputation_score_(registry, catalog::kEconomicReputationScore.describe(),
                        [this](metrics::CollectorSink& sink) { peers_.collect_scores(sink); }),
      peer_tasks_(registry, catalog::kEconomicPeerTasks.describe(),
                  [this](metrics::CollectorSink& sink) { peers_.collect_tasks(sink); }),
      peer_task_cost_(registry, catalog::kEconomicPeerTaskCostTokens.describe(),
                      [this](metrics::CollectorSink& sink) { peers_.collect_costs(sink); }) {}

void EconomicMetrics::record_channel_opened(double deposit_tokens, Seconds duration) {
  channels_opened_.inc();
  channel_deposit_.observe(deposit_tokens);
  channel_open_duration_.observe(duration.count());
}

void EconomicMetrics::record_channel_closed(ChannelEnd kind, Seconds lifetime) {
  channels_closed_(kind).inc();
  channel_lifetime_.observe(lifetime.count());
}

void EconomicMetrics::update_channels(const ChannelCounts& channels) {
  channels_(ChannelState::kOpening).set(static_cast<double>(channels.opening));
  channels_(ChannelState::kActive).set(static_cast<double>(channels.active));
  channels_(ChannelState::kClosing).set(static_cast<double>(channels.closing));
  channels_(ChannelState::kClosed).set(static_cast<double>(channels.closed));
  channels_(ChannelState::kDisputed).set(static_cast<double>(channels.disputed));
}

void EconomicMetrics::update_channel_balances(double local_tokens, double remote_tokens) {
  channel_balance_(ChannelSide::kLocal).set(local_tokens);
  channel_balance_(ChannelSide::kRemote).set(remote_tokens);
}

void EconomicMetrics::record_payment(double tokens, Seconds duration, std::uint64_t attempts) {
  payments_in_flight_.dec();
  payments_(Outcome::kSuccess).inc();
  transactions_(TransactionType::kPayment).inc();
  payment_volume_.inc(tokens);
  payment_amount_.observe(tokens);
  payment_duration_.observe(duration.count());
  payment_attempts_.observe(static_cast<double>(attempts));
}

void EconomicMetrics::record_payment_failure(PaymentFailure reason, Seconds duration, std::uint64_t attempts) {
  payments_in_flight_.dec();
  payments_(Outcome::kFailure).inc();
  payment_failures_(reason).inc();
  payment_duration_.observe(duration.count());
  payment_attempts_.observe(static_cast<double>(attempts));
}

void EconomicMetrics::record_settlement(double tokens, Seconds duration) {
  settlements_(Outcome::kSuccess).inc();
  transactions_(TransactionType::kSettlement).inc();
  settlement_volume_.inc(tokens);
  settlement_duration_.observe(duration.count());
}

void EconomicMetrics::record_settlement_failure(Seconds duration) {
  settlements_(Outcome::kFailure).inc();
  settlement_duration_.observe(duration.count());
}

void EconomicMetrics::record_dispute_opened() {
  disputes_(DisputeOutcome::kOpened).inc();
  transactions_(TransactionType::kDispute).inc();
}

void EconomicMetrics::record_dispute_closed(DisputeOutcome result, Seconds duration) {
  disputes_(result).inc();
  dispute_duration_.observe(duration.count());
}

void EconomicMetrics::update_dispute_response_deadline(std::optional<Seconds> left) {
  const auto gauge = dispute_response_deadline_.with();
  left.has_value() ? gauge.set(left->count()) : gauge.clear();
}

void EconomicMetrics::record_reputation(std::string_view peer, std::optional<double> before, double score) {
  reputation_distribution_.observe(score);
  if (before.has_value() && score != *before) {
    reputation_updates_(score > *before ? ReputationDirection::kUp : ReputationDirection::kDown).inc();
  }
  peers_.record_score(peer, score);
}

void EconomicMetrics::record_peer_task(std::string_view peer, bool success, double cost_tokens) {
  peers_.record_task(peer, success, cost_tokens);
}

void EconomicMetrics::update_peers(std::uint64_t known, std::uint64_t blacklisted) {
  peers_known_.set(static_cast<double>(known));
  peers_blacklisted_.set(static_cast<double>(blacklisted));
}

void EconomicMetrics::record_auction(AuctionOutcome result, std::uint64_t bids) {
  auctions_(result).inc();
  auction_bids_.observe(static_cast<double>(bids));
}

}  // namespace vigil::packs::zerostate
