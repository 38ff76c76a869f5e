#include "packs/zerostate/zerostate_metrics.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "packs/testing/catalog_check.h"
#include "packs/testing/recording_check.h"

namespace vigil::packs::zerostate {
namespace {

using std::chrono::milliseconds;
using testing::Snapshot;

// Every function of the recording API, once.
void call_everything(ZeroStateMetrics& m) {
  P2pMetrics& p2p = m.p2p;
  p2p.record_connection_opened(Direction::kInbound, Transport::kQuic);
  p2p.record_connection_closed(Direction::kInbound, CloseReason::kRemote, Seconds(60));
  p2p.record_dial(Transport::kTcp, milliseconds(40));
  p2p.record_dial_failure(Transport::kTcp, DialError::kRefused, milliseconds(2));
  p2p.record_handshake(Transport::kTcp, milliseconds(12));
  p2p.update_connections(5, 2);
  p2p.update_connection_pool(7, 100);
  p2p.update_peers_connected(6);
  p2p.update_peers_banned(1);
  p2p.update_nat_reachability(Reachability::kPublic);
  p2p.record_resource_blocked(Resource::kStream);
  p2p.record_bandwidth(Traffic::kTx, 700);
  p2p.record_message_sent(MessageType::kGossip, 512);
  p2p.record_message_received(MessageType::kRequest, 100);
  p2p.record_message_failed(MessageType::kRequest, MessageFailure::kTimeout);
  p2p.record_message_latency(MessageType::kRequest, milliseconds(30));
  p2p.record_health_check(true, milliseconds(3));
  p2p.record_gossip_published(Topic::kTask);
  p2p.record_gossip_delivered(Topic::kTask, milliseconds(250));
  p2p.record_gossip_duplicate(Topic::kTask);
  p2p.record_gossip_rejected(GossipRejection::kStale);
  p2p.update_gossip_mesh_peers(Topic::kTask, 6);
  p2p.update_relay_connections(2);
  p2p.record_relay_reservation(ReservationResult::kAccepted);
  p2p.record_relay_bytes(4096);
  p2p.record_holepunch(HolepunchOutcome::kSuccess);
  p2p.record_dht_operation(DhtOperation::kFindPeer, true, milliseconds(80));
  p2p.update_dht_routing_table_size(120);

  ExecutionMetrics& execution = m.execution;
  execution.record_task_submitted();
  execution.record_task_rejected(TaskRejection::kPrice);
  execution.record_task_started(milliseconds(100));
  execution.record_task_started(milliseconds(100));
  execution.record_task_finished(TaskResult::kSuccess, Seconds(3));
  execution.record_task_cost(0.5);
  execution.update_task_queue_length(3);
  execution.update_capacity_slots(8);
  execution.record_error(ExecutionStage::kCompile);
  execution.record_manifest_rejected(ManifestFault::kHash);
  execution.record_wasm_run(64 << 20, 1'000'000);
  execution.record_wasm_exit(0);
  execution.record_wasm_trap(Trap::kOutOfFuel);
  execution.record_wasm_compile(milliseconds(90));
  execution.record_wasm_instantiate(milliseconds(1));
  execution.record_module_cache_hit(CacheTier::kMemory);
  execution.record_module_cache_miss();
  execution.update_module_cache_size(CacheTier::kFs, 1 << 20);
  execution.prepare_host_functions(std::array<std::string_view, 2>{"read", "write"});
  execution.record_host_call("read");
  execution.record_guild_formed(5, Seconds(2));
  execution.record_guild_dissolved(GuildEnd::kCompleted);
  execution.update_guilds_active(4);
  execution.record_receipt_generated();
  execution.record_receipt_verified(ReceiptResult::kValid);

  EconomicMetrics& economic = m.economic;
  economic.update_total_value_locked(1e6);
  economic.update_wallet_balance(12);
  economic.update_escrow_locked(34);
  economic.record_escrow_release(EscrowOutcome::kPaid);
  economic.record_fee_earned(0.25);
  economic.record_deposit();
  economic.record_withdrawal();
  economic.record_channel_opened(100, Seconds(4));
  economic.record_channel_closed(ChannelEnd::kCooperative, Seconds(7200));
  economic.record_channel_update();
  economic.update_channels({.opening = 1, .active = 20, .closing = 2, .closed = 30, .disputed = 4});
  economic.update_channel_participants(9);
  economic.update_channel_balances(60, 40);
  economic.update_channel_pending_htlcs(3);
  economic.record_payment_started();
  economic.record_payment_started();
  economic.record_payment_started();
  economic.record_payment(12.5, milliseconds(200), 2);
  economic.record_payment_failure(PaymentFailure::kNoRoute, milliseconds(500), 3);
  economic.record_settlement(80, Seconds(30));
  economic.record_settlement_failure(Seconds(10));
  economic.update_settlements_pending(2);
  economic.record_dispute_opened();
  economic.record_dispute_closed(DisputeOutcome::kWon, Seconds(3600));
  economic.update_disputes_active(1);
  economic.update_dispute_response_deadline(Seconds(1800));
  economic.record_reputation("12D3KooWpeer", 60, 70);
  economic.record_peer_task("12D3KooWpeer", true, 0.4);
  economic.update_peers(50, 3);
  economic.record_blacklist(BlacklistAction::kAdd, BlacklistReason::kFraud);
  economic.record_auction(AuctionOutcome::kAwarded, 5);
  economic.record_invalid_signature(SignedObject::kReceipt);

  m.system.record_error(Layer::kEconomic);
  m.system.record_request(Layer::kExecution, Seconds(1));
  m.system.update_health(Layer::kP2p, 0.9);
  m.system.set_build_info("1.0", "abc");
  m.system.set_start_time(Seconds(1.7e9));
}

TEST(ZeroStateCatalogue, IsTheSharedOne) { testing::check_catalog("zerostate", catalog::kAll); }

// ZS-112…119
TEST(ZeroStateCatalogue, HasTheDocumentsNumbers) {
  std::map<MetricType, int> types;
  for (const metrics::Description& metric : catalog::kAll) ++types[metric.type];
  EXPECT_GE(catalog::kP2p.size(), 30U);
  EXPECT_GE(catalog::kExecution.size(), 25U);
  EXPECT_GE(catalog::kEconomic.size(), 35U);
  EXPECT_GE(catalog::kAll.size(), 90U);
  EXPECT_GE(types[MetricType::kCounter], 45);
  EXPECT_GE(types[MetricType::kGauge], 25);
  EXPECT_GE(types[MetricType::kHistogram], 20);
  const auto count = [](const auto& layer, std::string_view prefix) {
    return std::ranges::count_if(layer, [&](const auto& metric) { return metric.name.starts_with(prefix); });
  };
  EXPECT_EQ(count(catalog::kP2p, "p2p_"), std::ssize(catalog::kP2p));
  EXPECT_EQ(count(catalog::kExecution, "execution_"), std::ssize(catalog::kExecution));
  EXPECT_EQ(count(catalog::kEconomic, "economic_"), std::ssize(catalog::kEconomic));
}

TEST(ZeroStateMetrics, FreshPage) {
  metrics::Registry registry;
  const ZeroStateMetrics m(registry);
  testing::expect_fresh(registry, catalog::kAll, {"execution_wasm_memory_limit_bytes"});
  EXPECT_EQ(Snapshot(registry).value("execution_wasm_memory_limit_bytes{}"), 134217728);
}

TEST(ZeroStateMetrics, EveryMetricCanBeRecorded) {
  metrics::Registry registry;
  ZeroStateMetrics m(registry);
  call_everything(m);
  testing::expect_all_recorded(registry, catalog::kAll);
  testing::expect_strict_page(registry);
}

TEST(ZeroStateMetrics, EachCallShows) {
  metrics::Registry registry;
  ZeroStateMetrics m(registry);
  call_everything(m);
  const Snapshot page(registry);
  const struct {
    const char* series;
    double value;
  } cases[] = {
      {"p2p_connections{state=\"active\"}", 5},
      {"p2p_connections{state=\"idle\"}", 2},
      {"p2p_connections_opened_total{direction=\"inbound\",transport=\"quic\"}", 1},
      {"p2p_connections_opened_total{direction=\"outbound\",transport=\"relay\"}", 0},
      {"p2p_connections_closed_total{direction=\"inbound\",reason=\"remote\"}", 1},
      {"p2p_connection_duration_seconds_sum{direction=\"inbound\"}", 60},
      {"p2p_dial_errors_total{transport=\"tcp\",error=\"refused\"}", 1},
      {"p2p_dial_duration_seconds_sum{transport=\"tcp\",outcome=\"success\"}", 0.04},
      {"p2p_dial_duration_seconds_sum{transport=\"tcp\",outcome=\"failed\"}", 0.002},
      {"p2p_connection_pool_size{}", 7},
      {"p2p_connection_pool_capacity{}", 100},
      {"p2p_nat_reachability{}", 2},
      {"p2p_bandwidth_bytes_total{direction=\"tx\"}", 700},
      {"p2p_messages_sent_total{message_type=\"gossip\"}", 1},
      {"p2p_message_size_bytes_sum{direction=\"tx\"}", 512},
      {"p2p_messages_received_total{message_type=\"request\"}", 1},
      {"p2p_message_size_bytes_sum{direction=\"rx\"}", 100},
      {"p2p_messages_failed_total{message_type=\"request\",reason=\"timeout\"}", 1},
      {"p2p_health_checks_total{result=\"success\"}", 1},
      {"p2p_health_checks_total{result=\"failure\"}", 0},
      {"p2p_gossip_delivered_total{topic=\"task\"}", 1},
      {"p2p_gossip_propagation_seconds_sum{topic=\"task\"}", 0.25},
      {"p2p_dht_operations_total{operation=\"find_peer\",result=\"success\"}", 1},
      {"p2p_dht_operation_duration_seconds_sum{operation=\"find_peer\"}", 0.08},
      {"execution_tasks_total{result=\"success\"}", 1},
      {"execution_tasks_active{}", 1},
      {"execution_task_duration_seconds_sum{result=\"success\"}", 3},
      {"execution_task_queue_wait_seconds_count{}", 2},
      {"execution_wasm_memory_bytes_sum{}", 64 << 20},
      {"execution_wasm_exits_total{exit_code=\"0\"}", 1},
      {"execution_wasm_exits_total{exit_code=\"trap\"}", 1},
      {"execution_wasm_traps_total{trap=\"out_of_fuel\"}", 1},
      {"execution_wasm_module_cache_bytes{tier=\"fs\"}", 1 << 20},
      {"execution_host_calls_total{function=\"read\"}", 1},
      {"execution_host_calls_total{function=\"write\"}", 0},
      {"execution_guilds_created_total{}", 1},
      {"execution_guild_members_sum{}", 5},
      {"economic_channels{state=\"opening\"}", 1},
      {"economic_channels{state=\"active\"}", 20},
      {"economic_channels{state=\"closing\"}", 2},
      {"economic_channels{state=\"closed\"}", 30},
      {"economic_channels{state=\"disputed\"}", 4},
      {"economic_channel_balance_tokens{side=\"local\"}", 60},
      {"economic_channel_balance_tokens{side=\"remote\"}", 40},
      {"economic_payments_total{result=\"success\"}", 1},
      {"economic_payments_total{result=\"failure\"}", 1},
      {"economic_payments_in_flight{}", 1},
      {"economic_payment_failures_total{reason=\"no_route\"}", 1},
      {"economic_payment_volume_tokens_total{}", 12.5},
      {"economic_payment_amount_tokens_count{}", 1},
      {"economic_payment_duration_seconds_count{}", 2},
      {"economic_payment_attempts_sum{}", 5},
      {"economic_transactions_total{type=\"payment\"}", 1},
      {"economic_transactions_total{type=\"deposit\"}", 1},
      {"economic_transactions_total{type=\"withdrawal\"}", 1},
      {"economic_transactions_total{type=\"settlement\"}", 1},
      {"economic_transactions_total{type=\"dispute\"}", 1},
      {"economic_settlements_total{result=\"failure\"}", 1},
      {"economic_settlement_volume_tokens_total{}", 80},
      {"economic_settlement_duration_seconds_sum{}", 40},
      {"economic_disputes_total{outcome=\"opened\"}", 1},
      {"economic_disputes_total{outcome=\"won\"}", 1},
      {"economic_dispute_response_deadline_seconds{}", 1800},
      {"economic_reputation_score{peer=\"12D3KooWpeer\"}", 70},
      {"economic_reputation_distribution_sum{}", 70},
      {"economic_reputation_updates_total{direction=\"up\"}", 1},
      {"economic_reputation_updates_total{direction=\"down\"}", 0},
      {"economic_peer_tasks_total{peer=\"12D3KooWpeer\",result=\"success\"}", 1},
      {"economic_peer_tasks_total{peer=\"other\",result=\"failure\"}", 0},
      {"economic_peer_task_cost_tokens{peer=\"12D3KooWpeer\"}", 0.4},
      {"economic_peers_known{}", 50},
      {"economic_peers_blacklisted{}", 3},
      {"economic_blacklist_events_total{action=\"add\",reason=\"fraud\"}", 1},
      {"economic_auctions_total{outcome=\"awarded\"}", 1},
      {"economic_auction_bids_sum{}", 5},
      {"system_errors_total{layer=\"economic\"}", 1},
      {"system_request_duration_seconds_sum{layer=\"execution\"}", 1},
      {"system_component_health_score{layer=\"p2p\"}", 0.9},
      {"system_build_info{version=\"1.0\",commit=\"abc\"}", 1},
      {"system_start_time_seconds{}", 1.7e9},
  };
  for (const auto& c : cases) {
    const auto value = page.value(c.series);
    ASSERT_TRUE(value.has_value()) << c.series;
    EXPECT_DOUBLE_EQ(*value, c.value) << c.series;
  }
}

// The enumerators are indices into the closed values: each must name its own.
TEST(ZeroStateMetrics, EnumeratorsAreTheirLabels) {
  const struct {
    std::string_view value;
    std::string_view expected;
  } cases[] = {
      {to_string(Outcome::kSuccess), "success"},
      {to_string(Outcome::kFailure), "failure"},
      {to_string(ConnectionState::kActive), "active"},
      {to_string(ConnectionState::kIdle), "idle"},
      {to_string(Direction::kOutbound), "outbound"},
      {to_string(Transport::kTcp), "tcp"},
      {to_string(Transport::kRelay), "relay"},
      {to_string(CloseReason::kTimeout), "timeout"},
      {to_string(CloseReason::kPruned), "pruned"},
      {to_string(DialError::kNoRoute), "no_route"},
      {to_string(DialError::kOther), "other"},
      {to_string(DialOutcome::kFailed), "failed"},
      {to_string(Traffic::kRx), "rx"},
      {to_string(MessageType::kResponse), "response"},
      {to_string(MessageType::kControl), "control"},
      {to_string(MessageFailure::kStreamReset), "stream_reset"},
      {to_string(MessageFailure::kQueueFull), "queue_full"},
      {to_string(Topic::kReputation), "reputation"},
      {to_string(Topic::kOther), "other"},
      {to_string(GossipRejection::kRateLimited), "rate_limited"},
      {to_string(ReservationResult::kRefused), "refused"},
      {to_string(HolepunchOutcome::kCanceled), "canceled"},
      {to_string(DhtOperation::kFindProviders), "find_providers"},
      {to_string(Resource::kFd), "fd"},
      {to_string(TaskResult::kTimeout), "timeout"},
      {to_string(TaskRejection::kBlacklisted), "blacklisted"},
      {to_string(ExitCode::kOk), "0"},
      {to_string(ExitCode::kError), "1"},
      {to_string(ExitCode::kUsage), "2"},
      {to_string(ExitCode::kTimeout), "124"},
      {to_string(ExitCode::kMemory), "137"},
      {to_string(ExitCode::kTrap), "trap"},
      {to_string(ExitCode::kOther), "other"},
      {to_string(Trap::kIntegerDivByZero), "integer_div_by_zero"},
      {to_string(Trap::kOther), "other"},
      {to_string(CacheTier::kFs), "fs"},
      {to_string(GuildEnd::kFailed), "failed"},
      {to_string(ReceiptResult::kInvalid), "invalid"},
      {to_string(ManifestFault::kSchema), "schema"},
      {to_string(ExecutionStage::kReceipt), "receipt"},
      {to_string(ChannelState::kClosing), "closing"},
      {to_string(ChannelState::kDisputed), "disputed"},
      {to_string(ChannelEnd::kExpired), "expired"},
      {to_string(ChannelSide::kRemote), "remote"},
      {to_string(PaymentFailure::kChannelClosed), "channel_closed"},
      {to_string(PaymentFailure::kOther), "other"},
      {to_string(TransactionType::kDispute), "dispute"},
      {to_string(DisputeOutcome::kExpired), "expired"},
      {to_string(ReputationDirection::kDown), "down"},
      {to_string(BlacklistAction::kRemove), "remove"},
      {to_string(BlacklistReason::kManual), "manual"},
      {to_string(EscrowOutcome::kRefunded), "refunded"},
      {to_string(AuctionOutcome::kCancelled), "cancelled"},
      {to_string(SignedObject::kReceipt), "receipt"},
      {to_string(Layer::kP2p), "p2p"},
      {to_string(Layer::kExecution), "execution"},
      {to_string(Layer::kEconomic), "economic"},
  };
  for (const auto& c : cases) EXPECT_EQ(c.value, c.expected);
}

TEST(ZeroStateMetrics, ExitCodes) {
  const struct {
    int code;
    std::string_view label;
  } cases[] = {{0, "0"}, {1, "1"}, {2, "2"}, {124, "124"}, {137, "137"}, {3, "other"}, {-1, "other"}, {255, "other"}};
  for (const auto& c : cases) EXPECT_EQ(to_string(exit_code(c.code)), c.label) << c.code;
}

TEST(ZeroStateMetrics, HealthScores) {
  const struct {
    HealthCounts counts;
    double score;
  } cases[] = {
      {{.healthy = 4}, 1},
      {{.healthy = 3, .warning = 1}, 0.6875},
      {{.warning = 2}, 0.5},
      {{.healthy = 3, .critical = 1}, 0.375},
      {{.healthy = 2, .warning = 1, .critical = 1}, 0.25},
      {{.healthy = 9, .failing = 1}, 0},
      {{}, 0},
  };
  for (const auto& c : cases) EXPECT_DOUBLE_EQ(health_score(c.counts), c.score);
}

TEST(ZeroStateMetrics, HealthOutsideItsRangeIsClampedAndAnError) {
  const struct {
    double score;
    double shown;
    double errors;
  } cases[] = {{0, 0, 0}, {1, 1, 0}, {1.5, 1, 1}, {-0.1, 0, 1}, {std::numeric_limits<double>::quiet_NaN(), 0, 1}};
  for (const auto& c : cases) {
    metrics::Registry registry;
    SystemMetrics m(registry);
    m.update_health(Layer::kExecution, c.score);
    const Snapshot page(registry);
    EXPECT_EQ(page.value("system_component_health_score{layer=\"execution\"}"), c.shown) << c.score;
    EXPECT_EQ(page.value("system_errors_total{layer=\"execution\"}"), c.errors) << c.score;
  }
}

TEST(ZeroStateMetrics, NoDisputeHasNoDeadline) {
  metrics::Registry registry;
  EconomicMetrics m(registry);
  const char* const series = "economic_dispute_response_deadline_seconds{}";
  m.update_dispute_response_deadline(std::nullopt);
  EXPECT_FALSE(Snapshot(registry).value(series).has_value());
  m.update_dispute_response_deadline(std::chrono::minutes(5));
  EXPECT_EQ(Snapshot(registry).value(series), 300);
  m.update_dispute_response_deadline(std::nullopt);
  EXPECT_FALSE(Snapshot(registry).value(series).has_value());
}

TEST(ZeroStateMetrics, ReputationCountsWhereItWent) {
  metrics::Registry registry;
  EconomicMetrics m(registry);
  m.record_reputation("a", std::nullopt, 50);
  m.record_reputation("a", 50, 40);
  m.record_reputation("a", 40, 40);
  m.record_reputation("a", 40, 60);
  const Snapshot page(registry);
  EXPECT_EQ(page.value("economic_reputation_updates_total{direction=\"up\"}"), 1);
  EXPECT_EQ(page.value("economic_reputation_updates_total{direction=\"down\"}"), 1);
  EXPECT_EQ(page.value("economic_reputation_distribution_count{}"), 4);
}

// ZS-120…122
TEST(ZeroStateMetrics, NoFamilyReachesAHundredLabelSets) {
  metrics::Registry registry;
  ZeroStateMetrics m(registry, {.max_tracked_peers = 64});
  call_everything(m);
  for (int i = 0; i < 500; ++i) {
    const std::string id = "12D3KooW" + std::to_string(i);
    m.economic.record_reputation(id, std::nullopt, i % 100);
    for (int n = 0; n < i % 7; ++n) m.economic.record_peer_task(id, n % 3 != 0, 0.1 * i);
    m.execution.record_host_call("function_" + std::to_string(i));
    m.system.set_build_info("1.0." + std::to_string(i), "abc");
  }
  const Snapshot page(registry);
  for (const auto& [family, sets] : page.label_sets()) EXPECT_LE(sets, 99U) << family;
  EXPECT_EQ(page.label_sets().at("execution_host_calls_total"), 99U);
  EXPECT_EQ(page.value("execution_host_calls_total{function=\"other\"}"), 500 + 2 - 98);
  EXPECT_EQ(page.label_sets().at("economic_reputation_score"), 11U);
  EXPECT_EQ(page.label_sets().at("economic_peer_tasks_total"), 22U);
  EXPECT_EQ(page.label_sets().at("economic_peer_task_cost_tokens"), 11U);
  EXPECT_EQ(registry.problems(), std::vector<std::string>{});
}

TEST(ZeroStateMetrics, FromManyThreads) {
  metrics::Registry registry;
  ZeroStateMetrics m(registry);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&m] {
      for (int i = 0; i < 1000; ++i) {
        m.p2p.record_message_sent(MessageType::kGossip, 100);
        m.execution.record_task_started(milliseconds(1));
        m.execution.record_task_finished(TaskResult::kSuccess, milliseconds(10));
      }
    });
  }
  (void)Snapshot(registry);
  threads.clear();
  const Snapshot page(registry);
  EXPECT_EQ(page.value("p2p_messages_sent_total{message_type=\"gossip\"}"), 4000);
  EXPECT_EQ(page.value("execution_tasks_total{result=\"success\"}"), 4000);
  EXPECT_EQ(page.value("execution_tasks_active{}"), 0);
}

// The example of README.md.
TEST(ZeroStateMetrics, ReadmeExample) {
  const auto waited = milliseconds(20);
  const auto elapsed = Seconds(1.5);
  const std::string peer_id = "12D3KooWexample";

  namespace zs = vigil::packs::zerostate;

  zs::p2p().update_peers_connected(7);
  zs::p2p().record_message_sent(zs::MessageType::kGossip, 512);
  zs::execution().record_task_started(waited);
  zs::execution().record_task_finished(zs::TaskResult::kSuccess, elapsed);
  zs::economic().record_payment_started();
  zs::economic().record_payment(12.5, elapsed, 1);
  zs::economic().record_peer_task(peer_id, true, 0.4);
  zs::system().update_health(zs::Layer::kP2p, zs::health_score({.healthy = 3, .warning = 1}));

  const Snapshot page(metrics::Registry::global());
  EXPECT_EQ(page.value("p2p_peers_connected{}"), 7);
  EXPECT_EQ(page.value("economic_peer_tasks_total{peer=\"12D3KooWexample\",result=\"success\"}"), 1);
}

}  // namespace
}  // namespace vigil::packs::zerostate
