// Recording API of the economic layer: channels, payments, settlements, disputes,
// reputation. Amounts are in the network's token.
//
//   auto& economic = vigil::packs::zerostate::economic();
//   economic.record_payment_started();
//   economic.record_payment(12.5, elapsed, attempts);
//   economic.record_peer_task(peer_id, true, 0.4);
//
// The values of labels are enumerators, so no call can fail. Counters and histograms
// exist at 0 from construction, gauges appear at their first update. Channel ids are
// never labels; of the peers the top 10 are, see peer_ranking.h.
//
// One call per event: payments, settlements and disputes that took effect are counted
// as transactions by themselves.
//
// Thread-safety: any thread. Recording takes no lock and allocates nothing, except
// record_reputation() and record_peer_task(), which lock the table of peers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "packs/zerostate/catalog/economic.h"
#include "packs/zerostate/peer_ranking.h"
#include "packs/zerostate/types.h"
#include "vigil/metrics/by_enum.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::zerostate {

// Each in the order of its closed label in catalog/economic.h.
enum class ChannelState : std::uint8_t { kOpening, kActive, kClosing, kClosed, kDisputed };
enum class ChannelEnd : std::uint8_t { kCooperative, kUnilateral, kExpired };
enum class ChannelSide : std::uint8_t { kLocal, kRemote };
enum class PaymentFailure : std::uint8_t {
  kInsufficientBalance,
  kTimeout,
  kNoRoute,
  kInvalidSignature,
  kChannelClosed,
  kOther
};
enum class TransactionType : std::uint8_t { kPayment, kDeposit, kWithdrawal, kSettlement, kDispute };
enum class DisputeOutcome : std::uint8_t { kOpened, kWon, kLost, kExpired };
enum class ReputationDirection : std::uint8_t { kUp, kDown };
enum class BlacklistAction : std::uint8_t { kAdd, kRemove };
enum class BlacklistReason : std::uint8_t { kFraud, kLowReputation, kFailedTasks, kManual };
enum class EscrowOutcome : std::uint8_t { kPaid, kRefunded };
enum class AuctionOutcome : std::uint8_t { kAwarded, kNoBid, kCancelled };
enum class SignedObject : std::uint8_t { kPayment, kChannelUpdate, kReceipt };

constexpr std::string_view to_string(ChannelState v) {
  return catalog::kChannelStates.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(ChannelEnd v) { return catalog::kChannelEnds.values[static_cast<std::size_t>(v)]; }
constexpr std::string_view to_string(ChannelSide v) {
  return catalog::kChannelSides.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(PaymentFailure v) {
  return catalog::kPaymentFailureReasons.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(TransactionType v) {
  return catalog::kTransactionTypes.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(DisputeOutcome v) {
  return catalog::kDisputeOutcomes.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(ReputationDirection v) {
  return catalog::kReputationDirections.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(BlacklistAction v) {
  return catalog::kBlacklistActions.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(BlacklistReason v) {
  return catalog::kBlacklistReasons.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(EscrowOutcome v) {
  return catalog::kEscrowOutcomes.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(AuctionOutcome v) {
  return catalog::kAuctionOutcomes.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(SignedObject v) {
  return catalog::kSignedObjects.values[static_cast<std::size_t>(v)];
}

struct ChannelCounts {
  std::uint64_t opening = 0;
  std::uint64_t active = 0;
  std::uint64_t closing = 0;
  std::uint64_t closed = 0;
  std::uint64_t disputed = 0;
};

// One for each registry: the series of peers are read from it.
class EconomicMetrics {
 public:
  explicit EconomicMetrics(metrics::RegistryRef registry, std::size_t max_tracked_peers = kDefaultTrackedPeers);

  // --- value ---
  void update_total_value_locked(double tokens) { total_value_locked_.set(tokens); }
  void update_wallet_balance(double tokens) { wallet_balance_.set(tokens); }
  void update_escrow_locked(double tokens) { escrow_locked_.set(tokens); }
  void record_escrow_release(EscrowOutcome result) { escrow_releases_(result).inc(); }
  void record_fee_earned(double tokens) { fees_earned_.inc(tokens); }
  void record_deposit() { transactions_(TransactionType::kDeposit).inc(); }
  void record_withdrawal() { transactions_(TransactionType::kWithdrawal).inc(); }

  // --- channels ---
  // Its deposit is a transaction of its own: record_deposit().
  void record_channel_opened(double deposit_tokens, Seconds duration);
  void record_channel_closed(ChannelEnd kind, Seconds lifetime);
  void record_channel_update() { channel_updates_.inc(); }
  void update_channels(const ChannelCounts& channels);
  void update_channel_participants(std::uint64_t peers) { channel_participants_.set(static_cast<double>(peers)); }
  void update_channel_balances(double local_tokens, double remote_tokens);
  void update_channel_pending_htlcs(std::uint64_t htlcs) { channel_pending_htlcs_.set(static_cast<double>(htlcs)); }

  // --- payments ---
  // Each started payment ends in one of the two below.
  void record_payment_started() { payments_in_flight_.inc(); }
  void record_payment(double tokens, Seconds duration, std::uint64_t attempts);
  void record_payment_failure(PaymentFailure reason, Seconds duration, std::uint64_t attempts);

  // --- settlements and disputes ---
  void record_settlement(double tokens, Seconds duration);
  void record_settlement_failure(Seconds duration);
  void update_settlements_pending(std::uint64_t settlements) {
    settlements_pending_.set(static_cast<double>(settlements));
  }
  void record_dispute_opened();
  // Won, lost or expired; `duration` since it was opened.
  void record_dispute_closed(DisputeOutcome result, Seconds duration);
  void update_disputes_active(std::uint64_t disputes) { disputes_active_.set(static_cast<double>(disputes)); }
  // Time left to answer the most urgent dispute; none takes the gauge off the page.
  void update_dispute_response_deadline(std::optional<Seconds> left);

  // --- peers ---
  // Scores are 0 to 100; `before` is absent at a peer's first score.
  void record_reputation(std::string_view peer, std::optional<double> before, double score);
  void record_peer_task(std::string_view peer, bool success, double cost_tokens);
  void update_peers(std::uint64_t known, std::uint64_t blacklisted);
  void record_blacklist(BlacklistAction action, BlacklistReason reason) { blacklist_events_(action, reason).inc(); }
  void record_auction(AuctionOutcome result, std::uint64_t bids);
  void record_invalid_signature(SignedObject object) { invalid_signatures_(object).inc(); }

 private:
  metrics::InstrumentOf<catalog::kEconomicTotalValueLockedTokens> total_value_locked_;
  metrics::ByEnum<catalog::kEconomicChannels, ChannelState> channels_;
  metrics::InstrumentOf<catalog::kEconomicChannelParticipants> channel_participants_;
  metrics::InstrumentOf<catalog::kEconomicChannelsOpened> channels_opened_;
  metrics::ByEnum<catalog::kEconomicChannelsClosed, ChannelEnd> channels_closed_;
  metrics::InstrumentOf<catalog::kEconomicChannelOpenDurationSeconds> channel_open_duration_;
  metrics::InstrumentOf<catalog::kEconomicChannelLifetimeSeconds> channel_lifetime_;
  metrics::ByEnum<catalog::kEconomicChannelBalanceTokens, ChannelSide> channel_balance_;
  metrics::InstrumentOf<catalog::kEconomicChannelPendingHtlcs> channel_pending_htlcs_;
  metrics::InstrumentOf<catalog::kEconomicChannelDepositTokens> channel_deposit_;
  metrics::InstrumentOf<catalog::kEconomicChannelUpdates> channel_updates_;
  metrics::ByEnum<catalog::kEconomicPayments, Outcome> payments_;
  metrics::ByEnum<catalog::kEconomicPaymentFailures, PaymentFailure> payment_failures_;
  metrics::InstrumentOf<catalog::kEconomicPaymentVolumeTokens> payment_volume_;
  metrics::InstrumentOf<catalog::kEconomicPaymentAmountTokens> payment_amount_;
  metrics::InstrumentOf<catalog::kEconomicPaymentDurationSeconds> payment_duration_;
  metrics::InstrumentOf<catalog::kEconomicPaymentAttempts> payment_attempts_;
  metrics::InstrumentOf<catalog::kEconomicPaymentsInFlight> payments_in_flight_;
  metrics::ByEnum<catalog::kEconomicTransactions, TransactionType> transactions_;
  metrics::InstrumentOf<catalog::kEconomicFeesEarnedTokens> fees_earned_;
  metrics::ByEnum<catalog::kEconomicSettlements, Outcome> settlements_;
  metrics::InstrumentOf<catalog::kEconomicSettlementVolumeTokens> settlement_volume_;
  metrics::InstrumentOf<catalog::kEconomicSettlementDurationSeconds> settlement_duration_;
  metrics::InstrumentOf<catalog::kEconomicSettlementsPending> settlements_pending_;
  metrics::ByEnum<catalog::kEconomicDisputes, DisputeOutcome> disputes_;
  metrics::InstrumentOf<catalog::kEconomicDisputesActive> disputes_active_;
  metrics::InstrumentOf<catalog::kEconomicDisputeDurationSeconds> dispute_duration_;
  metrics::InstrumentOf<catalog::kEconomicDisputeResponseDeadlineSeconds> dispute_response_deadline_;
  metrics::InstrumentOf<catalog::kEconomicReputationDistribution> reputation_distribution_;
  metrics::ByEnum<catalog::kEconomicReputationUpdates, ReputationDirection> reputation_updates_;
  metrics::InstrumentOf<catalog::kEconomicPeersBlacklisted> peers_blacklisted_;
  metrics::InstrumentOf<catalog::kEconomicPeersKnown> peers_known_;
  metrics::ByEnum<catalog::kEconomicBlacklistEvents, BlacklistAction, BlacklistReason> blacklist_events_;
  metrics::InstrumentOf<catalog::kEconomicEscrowLockedTokens> escrow_locked_;
  metrics::ByEnum<catalog::kEconomicEscrowReleases, EscrowOutcome> escrow_releases_;
  metrics::ByEnum<catalog::kEconomicAuctions, AuctionOutcome> auctions_;
  metrics::InstrumentOf<catalog::kEconomicAuctionBids> auction_bids_;
  metrics::ByEnum<catalog::kEconomicInvalidSignatures, SignedObject> invalid_signatures_;
  metrics::InstrumentOf<catalog::kEconomicWalletBalanceTokens> wallet_balance_;
  PeerRanking peers_;
  // Read peers_, so they go first.
  metrics::Collector reputation_score_;
  metrics::Collector peer_tasks_;
  metrics::Collector peer_task_cost_;
};

}  // namespace vigil::packs::zerostate
