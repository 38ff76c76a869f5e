// The economic layer: channels, payments, settlements, disputes, reputation. Amounts
// are in the network's token. `peer` is one of the top 10 or "other" (peer_ranking.h).
#pragma once

#include <array>
#include <cstdint>

#include "vigil/metrics/metrics.h"

namespace vigil::packs::zerostate::catalog {

using vigil::metrics::buckets;
using vigil::metrics::closed;
using vigil::metrics::ClosedLabel;
using vigil::metrics::CounterDef;
using vigil::metrics::GaugeDef;
using vigil::metrics::HistogramDef;

// Peers with series of their own; the rest is "other".
inline constexpr std::uint32_t kShownPeers = 10;

inline constexpr ClosedLabel kChannelStates = closed<"state", "opening", "active", "closing", "closed", "disputed">;
inline constexpr ClosedLabel kChannelEnds = closed<"kind", "cooperative", "unilateral", "expired">;
inline constexpr ClosedLabel kChannelSides = closed<"side", "local", "remote">;
inline constexpr ClosedLabel kEconomicResults = closed<"result", "success", "failure">;
inline constexpr ClosedLabel kPaymentFailureReasons =
    closed<"reason", "insufficient_balance", "timeout", "no_route", "invalid_signature", "channel_closed", "other">;
inline constexpr ClosedLabel kTransactionTypes =
    closed<"type", "payment", "deposit", "withdrawal", "settlement", "dispute">;
inline constexpr ClosedLabel kDisputeOutcomes = closed<"outcome", "opened", "won", "lost", "expired">;
inline constexpr ClosedLabel kReputationDirections = closed<"direction", "up", "down">;
inline constexpr ClosedLabel kBlacklistActions = closed<"action", "add", "remove">;
inline constexpr ClosedLabel kBlacklistReasons = closed<"reason", "fraud", "low_reputation", "failed_tasks", "manual">;
inline constexpr ClosedLabel kEscrowOutcomes = closed<"outcome", "paid", "refunded">;
inline constexpr ClosedLabel kAuctionOutcomes = closed<"outcome", "awarded", "no_bid", "cancelled">;
inline constexpr ClosedLabel kSignedObjects = closed<"object", "payment", "channel_update", "receipt">;

inline constexpr GaugeDef<> kEconomicTotalValueLockedTokens{
    "economic_total_value_locked_tokens", "Total value locked: open channel deposits and escrow.", {.unit = "tokens"}};

inline constexpr GaugeDef<"state"> kEconomicChannels{
    "economic_channels", "Channels; state = opening, active, closing, closed, disputed.", {.closed = {kChannelStates}}};

inline constexpr GaugeDef<> kEconomicChannelParticipants{"economic_channel_participants",
                                                         "Distinct participants of active channels."};

inline constexpr CounterDef<> kEconomicChannelsOpened{"economic_channels_opened_total", "Channels opened."};

inline constexpr CounterDef<"kind"> kEconomicChannelsClosed{"economic_channels_closed_total",
                                                            "Channels closed; kind = cooperative, unilateral, expired.",
                                                            {.closed = {kChannelEnds}}};

inline constexpr HistogramDef<> kEconomicChannelOpenDurationSeconds{
    "economic_channel_open_duration_seconds",
    "Opening time.",
    buckets<0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0>,
    {.unit = "seconds"}};

inline constexpr HistogramDef<> kEconomicChannelLifetimeSeconds{
    "economic_channel_lifetime_seconds",
    "Lifetime of closed channels.",
    buckets<60.0, 600.0, 3600.0, 21600.0, 86400.0, 604800.0, 2592000.0>,
    {.unit = "seconds"}};

inline constexpr GaugeDef<"side"> kEconomicChannelBalanceTokens{"economic_channel_balance_tokens",
                                                                "Sum of balances; side = local, remote.",
                                                                {.closed = {kChannelSides}, .unit = "tokens"}};

inline constexpr GaugeDef<> kEconomicChannelPendingHtlcs{"economic_channel_pending_htlcs",
                                                         "Conditional payments in flight."};

inline constexpr HistogramDef<> kEconomicChannelDepositTokens{
    "economic_channel_deposit_tokens",
    "Deposit at opening.",
    buckets<1.0, 5.0, 10.0, 50.0, 100.0, 500.0, 1000.0, 5000.0, 10000.0>,
    {.unit = "tokens"}};

inline constexpr CounterDef<> kEconomicChannelUpdates{"economic_channel_updates_total", "State updates signed."};

inline constexpr CounterDef<"result"> kEconomicPayments{
    "economic_payments_total", "Payments; result = success, failure.", {.closed = {kEconomicResults}}};

inline constexpr CounterDef<"reason"> kEconomicPaymentFailures{
    "economic_payment_failures_total",
    "Failures; reason = insufficient_balance, timeout, no_route, invalid_signature, channel_closed, other.",
    {.closed = {kPaymentFailureReasons}}};

inline constexpr CounterDef<> kEconomicPaymentVolumeTokens{
    "economic_payment_volume_tokens_total", "Sum of successful payments.", {.unit = "tokens"}};

inline constexpr HistogramDef<> kEconomicPaymentAmountTokens{
    "economic_payment_amount_tokens",
    "Amount distribution.",
    buckets<0.001, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 50.0, 100.0, 500.0, 1000.0>,
    {.unit = "tokens"}};

inline constexpr HistogramDef<> kEconomicPaymentDurationSeconds{
    "economic_payment_duration_seconds",
    "Payment time.",
    buckets<0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0>,
    {.unit = "seconds"}};

inline constexpr HistogramDef<> kEconomicPaymentAttempts{"economic_payment_attempts", "Attempts per payment.",
                                                         buckets<1.0, 2.0, 3.0, 5.0, 8.0, 13.0>};

inline constexpr GaugeDef<> kEconomicPaymentsInFlight{"economic_payments_in_flight", "Payments started, not finished."};

inline constexpr CounterDef<"type"> kEconomicTransactions{
    "economic_transactions_total",
    "All economic transactions; type = payment, deposit, withdrawal, settlement, dispute.",
    {.closed = {kTransactionTypes}}};

inline constexpr CounterDef<> kEconomicFeesEarnedTokens{
    "economic_fees_earned_tokens_total", "Fees earned.", {.unit = "tokens"}};

inline constexpr CounterDef<"result"> kEconomicSettlements{
    "economic_settlements_total", "Settlements; result = success, failure.", {.closed = {kEconomicResults}}};

inline constexpr CounterDef<> kEconomicSettlementVolumeTokens{
    "economic_settlement_volume_tokens_total", "Settled amount.", {.unit = "tokens"}};

inline constexpr HistogramDef<> kEconomicSettlementDurationSeconds{
    "economic_settlement_duration_seconds",
    "Settlement time.",
    buckets<0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0>,
    {.unit = "seconds"}};

inline constexpr GaugeDef<> kEconomicSettlementsPending{"economic_settlements_pending", "Settlements waiting."};

inline constexpr CounterDef<"outcome"> kEconomicDisputes{
    "economic_disputes_total",
    "Disputes opened/resolved; outcome = opened, won, lost, expired.",
    {.closed = {kDisputeOutcomes}}};

inline constexpr GaugeDef<> kEconomicDisputesActive{"economic_disputes_active", "Open disputes."};

inline constexpr HistogramDef<> kEconomicDisputeDurationSeconds{
    "economic_dispute_duration_seconds",
    "Dispute time.",
    buckets<60.0, 600.0, 3600.0, 21600.0, 86400.0, 604800.0>,
    {.unit = "seconds"}};

inline constexpr GaugeDef<> kEconomicDisputeResponseDeadlineSeconds{
    "economic_dispute_response_deadline_seconds",
    "Time left to the nearest deadline to answer a dispute; absent if there is none.",
    {.unit = "seconds"}};

inline constexpr GaugeDef<"peer"> kEconomicReputationScore{
    "economic_reputation_score",
    "Reputation, 0 to 100, of the top 10 peers; other = mean of the rest.",
    {.max_label_sets = kShownPeers + 1}};

inline constexpr HistogramDef<> kEconomicReputationDistribution{
    "economic_reputation_distribution", "Score at update.",
    buckets<10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0>};

inline constexpr CounterDef<"direction"> kEconomicReputationUpdates{
    "economic_reputation_updates_total", "Updates; direction = up, down.", {.closed = {kReputationDirections}}};

inline constexpr CounterDef<"peer", "result"> kEconomicPeerTasks{
    "economic_peer_tasks_total",
    "Tasks by executing peer, the 10 busiest and other; result = success, failure.",
    {.closed = {kEconomicResults}, .max_label_sets = 2 * (kShownPeers + 1)}};

inline constexpr GaugeDef<"peer"> kEconomicPeerTaskCostTokens{
    "economic_peer_task_cost_tokens",
    "Average task cost of the 10 busiest peers; other = average of the rest.",
    {.max_label_sets = kShownPeers + 1, .unit = "tokens"}};

inline constexpr GaugeDef<> kEconomicPeersBlacklisted{"economic_peers_blacklisted", "Blacklisted peers."};

inline constexpr GaugeDef<> kEconomicPeersKnown{"economic_peers_known",
                                                "Known peers (denominator of the blacklist rate)."};

inline constexpr CounterDef<"action", "reason"> kEconomicBlacklistEvents{
    "economic_blacklist_events_total",
    "Events; action = add, remove; reason = fraud, low_reputation, failed_tasks, manual.",
    {.closed = {kBlacklistActions, kBlacklistReasons}}};

inline constexpr GaugeDef<> kEconomicEscrowLockedTokens{
    "economic_escrow_locked_tokens", "Tokens in escrow.", {.unit = "tokens"}};

inline constexpr CounterDef<"outcome"> kEconomicEscrowReleases{
    "economic_escrow_releases_total", "Releases; outcome = paid, refunded.", {.closed = {kEscrowOutcomes}}};

inline constexpr CounterDef<"outcome"> kEconomicAuctions{
    "economic_auctions_total", "Task auctions; outcome = awarded, no_bid, cancelled.", {.closed = {kAuctionOutcomes}}};

inline constexpr HistogramDef<> kEconomicAuctionBids{"economic_auction_bids", "Bids per auction.",
                                                     buckets<0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0>};

inline constexpr CounterDef<"object"> kEconomicInvalidSignatures{
    "economic_invalid_signatures_total",
    "Bad signatures; object = payment, channel_update, receipt.",
    {.closed = {kSignedObjects}}};

inline constexpr GaugeDef<> kEconomicWalletBalanceTokens{
    "economic_wallet_balance_tokens", "Spendable balance of the node.", {.unit = "tokens"}};

inline constexpr std::array kEconomic{
    kEconomicTotalValueLockedTokens.describe(),
    kEconomicChannels.describe(),
    kEconomicChannelParticipants.describe(),
    kEconomicChannelsOpened.describe(),
    kEconomicChannelsClosed.describe(),
    kEconomicChannelOpenDurationSeconds.describe(),
    kEconomicChannelLifetimeSeconds.describe(),
    kEconomicChannelBalanceTokens.describe(),
    kEconomicChannelPendingHtlcs.describe(),
    kEconomicChannelDepositTokens.describe(),
    kEconomicChannelUpdates.describe(),
    kEconomicPayments.describe(),
    kEconomicPaymentFailures.describe(),
    kEconomicPaymentVolumeTokens.describe(),
    kEconomicPaymentAmountTokens.describe(),
    kEconomicPaymentDurationSeconds.describe(),
    kEconomicPaymentAttempts.describe(),
    kEconomicPaymentsInFlight.describe(),
    kEconomicTransactions.describe(),
    kEconomicFeesEarnedTokens.describe(),
    kEconomicSettlements.describe(),
    kEconomicSettlementVolumeTokens.describe(),
    kEconomicSettlementDurationSeconds.describe(),
    kEconomicSettlementsPending.describe(),
    kEconomicDisputes.describe(),
    kEconomicDisputesActive.describe(),
    kEconomicDisputeDurationSeconds.describe(),
    kEconomicDisputeResponseDeadlineSeconds.describe(),
    kEconomicReputationScore.describe(),
    kEconomicReputationDistribution.describe(),
    kEconomicReputationUpdates.describe(),
    kEconomicPeerTasks.describe(),
    kEconomicPeerTaskCostTokens.describe(),
    kEconomicPeersBlacklisted.describe(),
    kEconomicPeersKnown.describe(),
    kEconomicBlacklistEvents.describe(),
    kEconomicEscrowLockedTokens.describe(),
    kEconomicEscrowReleases.describe(),
    kEconomicAuctions.describe(),
    kEconomicAuctionBids.describe(),
    kEconomicInvalidSignatures.describe(),
    kEconomicWalletBalanceTokens.describe(),
};

}  // namespace vigil::packs::zerostate::catalog
