#include "packs/l2/l2_metrics.h"

#include <gtest/gtest.h>

#include <string>

#include "packs/testing/catalog_check.h"
#include "packs/testing/recording_check.h"

namespace vigil::packs::l2 {
namespace {

using std::chrono::milliseconds;
using testing::Snapshot;

constexpr Wei kGwei = 1'000'000'000;
constexpr Wei kEther = 1'000'000'000 * kGwei;

// Every function of the recording API, once.
void call_everything(L2Metrics& m) {
  ChainMetrics& chain = m.chain;
  chain.add_chain("l1");
  chain.add_chain("l2");
  chain.record_block(
      "l2", {.transactions = 12, .gas_used = 3'000'000, .gas_limit = 30'000'000, .interval = milliseconds(2000)});
  chain.update_head("l2", BlockTag::kLatest, 1000, Seconds(1.7e9));
  chain.record_reorg("l2", 2);
  chain.update_gas_price("l2", 3 * kGwei);
  chain.update_base_fee("l2", 2 * kGwei);
  chain.update_priority_fee("l2", FeePercentile::k50, kGwei);
  chain.update_txpool("l2", 40, 5);
  chain.record_transaction_inclusion("l2", Seconds(3));
  chain.record_failed_transactions("l2", 2);
  chain.update_peer_count("l2", 9);
  chain.update_syncing("l2", true, 50);
  chain.update_rpc_up("l2", "node-a", true);
  chain.record_rpc("l2", "eth_blockNumber", milliseconds(4));
  chain.record_rpc_error("l2", "eth_getLogs", RpcError::kTimeout);
  chain.update_rpc_method_supported("l2", "eth_blockNumber", true);
  chain.set_chain_info("l2", "4242", "reth/1.0");

  RollupMetrics& rollup = m.rollup;
  rollup.record_batch_submitted(100'000, Seconds(1.7e9));
  rollup.record_batch_confirmed();
  rollup.record_batch_failed();
  rollup.update_batch_backlog(3);
  rollup.update_proof_last_finalized_batch(77);
  rollup.update_operator("l1", OperatorRole::kBatcher, 2 * kEther, 1);

  Erc4337Metrics& erc4337 = m.erc4337;
  erc4337.add_paymaster("main");
  erc4337.add_factory(EntryPoint::kV07, "simple");
  erc4337.record_user_operation({.entry_point = EntryPoint::kV07,
                                 .success = true,
                                 .sponsored = true,
                                 .paymaster = "main",
                                 .gas_used = 90'000,
                                 .gas_cost = 90'000 * kGwei});
  erc4337.record_user_operation_revert(EntryPoint::kV07, RevertKind::kPostOp);
  erc4337.record_account_deployed(EntryPoint::kV07, "simple");
  erc4337.update_last_scanned_block(1000);
  erc4337.update_paymaster(EntryPoint::kV07, "main",
                           {.deposit = 5 * kEther, .stake = kEther, .staked = true, .withdraw_time = Seconds(1.8e9)});
  erc4337.record_paymaster_deposited("main");
  erc4337.record_paymaster_withdrawn("main", 7);
  erc4337.record_paymaster_topup("main", TopupResult::kSent, kEther);
  erc4337.record_paymaster_topup("main", TopupResult::kConfirmed, kEther);
  erc4337.update_paymaster_deposit_mismatch("main", 5 * kEther, 5 * kEther + 1);
  erc4337.record_bundle(EntryPoint::kV07, true, 3);
  erc4337.record_bundler_profit(EntryPoint::kV07, 100, 130);
  erc4337.record_user_operation_inclusion(Seconds(6));
  erc4337.update_mempool(MempoolState::kSubmitted, 4);
  erc4337.record_user_operations_dropped("expired");

  CelestiaMetrics& celestia = m.celestia;
  celestia.record_submission(
      {.bytes = 4096, .fee_utia = 900, .height = 55, .duration = Seconds(7), .timestamp = Seconds(1.7e9)});
  celestia.record_submission_failure(SubmissionReason::kSequence, Seconds(1));
  celestia.update_pending_submissions(2);
  celestia.update_l2_blocks_without_da(30);
  celestia.update_gas_price(0.004);
  celestia.update_account_balance(5'000'000);
  celestia.update_local_head(60, Seconds(1.7e9));
  celestia.update_network_head(61);
  celestia.update_sampling({.sampled_head = 59, .failed_headers = 1, .catch_up_done = true, .running = true});
  celestia.update_peers(11);
  celestia.update_rpc_up(true);
  celestia.record_rpc_auth_failure();

  m.operations.record_backup(BackupKind::kPostgres, 1 << 20, Seconds(1.7e9));
  m.operations.record_restore_verified(BackupKind::kPostgres, Seconds(1.6e9));
  m.operations.update_health_check("rpc", true);
}

TEST(L2Catalogue, IsTheSharedOne) { testing::check_catalog("l2", catalog::kAll); }

TEST(L2Metrics, FreshPage) {
  metrics::Registry registry;
  const L2Metrics m(registry);
  testing::expect_fresh(registry, catalog::kAll);
}

TEST(L2Metrics, EveryMetricCanBeRecorded) {
  metrics::Registry registry;
  L2Metrics m(registry);
  call_everything(m);
  testing::expect_all_recorded(registry, catalog::kAll);
  const auto text = exposition::validate_prometheus_text(exposition::page_text(registry, exposition::Format::kText));
  EXPECT_TRUE(text.has_value()) << text.error().message();
}

// To OpenMetrics, which takes "_total" off a counter's name, the counter and the histogram
// of user operations' gas would be one family: the writer keeps them apart.
TEST(L2Metrics, OpenMetricsAcceptsThePage) {
  metrics::Registry registry;
  L2Metrics m(registry);
  call_everything(m);
  const std::string page = exposition::page_text(registry, exposition::Format::kOpenMetrics);
  EXPECT_NE(page.find("# TYPE erc4337_user_operation_gas_used histogram\n"), std::string::npos);
  EXPECT_NE(page.find("# TYPE erc4337_user_operation_gas_used_total unknown\n"), std::string::npos);
  const auto open = exposition::validate_openmetrics(page);
  EXPECT_TRUE(open.has_value()) << open.error().message();
}

TEST(L2Metrics, EachCallShows) {
  metrics::Registry registry;
  L2Metrics m(registry);
  call_everything(m);
  const Snapshot page(registry);
  const struct {
    const char* series;
    double value;
  } cases[] = {
      {"l2_block_number{chain=\"l2\",block_tag=\"latest\"}", 1000},
      {"l2_block_timestamp_seconds{chain=\"l2\",block_tag=\"latest\"}", 1.7e9},
      {"l2_blocks_total{chain=\"l2\"}", 1},
      {"l2_blocks_total{chain=\"l1\"}", 0},
      {"l2_block_interval_seconds_sum{chain=\"l2\"}", 2},
      {"l2_transactions_total{chain=\"l2\"}", 12},
      {"l2_block_transactions_sum{chain=\"l2\"}", 12},
      {"l2_block_gas_used_total{chain=\"l2\"}", 3e6},
      {"l2_block_gas_limit{chain=\"l2\"}", 3e7},
      {"l2_block_gas_used_ratio_sum{chain=\"l2\"}", 0.1},
      {"l2_gas_price_wei{chain=\"l2\"}", 3e9},
      {"l2_priority_fee_wei{chain=\"l2\",percentile=\"50\"}", 1e9},
      {"l2_txpool_transactions{chain=\"l2\",state=\"pending\"}", 40},
      {"l2_txpool_transactions{chain=\"l2\",state=\"queued\"}", 5},
      {"l2_failed_transactions_total{chain=\"l2\"}", 2},
      {"l2_reorg_depth_blocks_sum{chain=\"l2\"}", 2},
      {"l2_sync_lag_blocks{chain=\"l2\"}", 50},
      {"l2_rpc_up{chain=\"l2\",endpoint=\"node-a\"}", 1},
      {"l2_rpc_request_duration_seconds_count{chain=\"l2\",method=\"eth_blockNumber\"}", 1},
      {"l2_rpc_errors_total{chain=\"l2\",method=\"eth_blockNumber\",kind=\"http\"}", 0},
      {"l2_rpc_errors_total{chain=\"l2\",method=\"eth_getLogs\",kind=\"timeout\"}", 1},
      {"l2_batches_total{result=\"submitted\"}", 1},
      {"l2_batch_size_bytes_sum{}", 100'000},
      {"l2_batch_last_submitted_timestamp_seconds{}", 1.7e9},
      {"l2_operator_balance_ether{chain=\"l1\",role=\"batcher\"}", 2},
      {"l2_operator_nonce_gap{chain=\"l1\",role=\"batcher\"}", 1},
      {"erc4337_user_operations_total{entry_point=\"v0.7\",result=\"success\",sponsored=\"true\"}", 1},
      {"erc4337_user_operation_gas_used_total{entry_point=\"v0.7\"}", 90'000},
      {"erc4337_user_operation_gas_used_sum{entry_point=\"v0.7\"}", 90'000},
      {"erc4337_user_operation_gas_cost_wei_total{entry_point=\"v0.7\",sponsored=\"true\"}", 9e13},
      {"erc4337_user_operation_cost_ether_sum{sponsored=\"true\"}", 9e-5},
      {"erc4337_sponsored_gas_cost_wei_total{paymaster=\"main\"}", 9e13},
      {"erc4337_user_operation_reverts_total{entry_point=\"v0.7\",kind=\"post_op\"}", 1},
      {"erc4337_accounts_deployed_total{entry_point=\"v0.7\",factory=\"simple\"}", 1},
      {"erc4337_paymaster_deposit_ether{entry_point=\"v0.7\",paymaster=\"main\"}", 5},
      {"erc4337_paymaster_stake_ether{entry_point=\"v0.7\",paymaster=\"main\"}", 1},
      {"erc4337_paymaster_withdraw_time_seconds{entry_point=\"v0.7\",paymaster=\"main\"}", 1.8e9},
      {"erc4337_paymaster_withdrawn_wei_total{paymaster=\"main\"}", 7},
      {"erc4337_paymaster_topups_total{paymaster=\"main\",result=\"sent\"}", 1},
      {"erc4337_paymaster_topups_total{paymaster=\"main\",result=\"limit_reached\"}", 0},
      {"erc4337_paymaster_topup_ether_total{paymaster=\"main\"}", 1},
      {"erc4337_paymaster_deposit_mismatch_wei{paymaster=\"main\"}", -1},
      {"erc4337_bundles_total{entry_point=\"v0.7\",result=\"success\"}", 1},
      {"erc4337_bundle_operations_sum{entry_point=\"v0.7\"}", 3},
      {"erc4337_bundler_profit_wei_total{entry_point=\"v0.7\",sign=\"loss\"}", 30},
      {"erc4337_bundler_profit_wei_total{entry_point=\"v0.7\",sign=\"gain\"}", 0},
      {"erc4337_mempool_operations{state=\"submitted\"}", 4},
      {"erc4337_user_operations_dropped_total{reason=\"expired\"}", 1},
      {"celestia_submissions_total{result=\"success\",reason=\"none\"}", 1},
      {"celestia_submissions_total{result=\"failure\",reason=\"sequence\"}", 1},
      {"celestia_submission_duration_seconds_sum{result=\"failure\"}", 1},
      {"celestia_submitted_bytes_total{}", 4096},
      {"celestia_fees_utia_total{}", 900},
      {"celestia_last_submission_height{}", 55},
      {"celestia_last_success_timestamp_seconds{}", 1.7e9},
      {"celestia_local_head_height{}", 60},
      {"celestia_network_head_height{}", 61},
      {"celestia_das_sampled_head_height{}", 59},
      {"celestia_das_failed_headers{}", 1},
      {"celestia_account_balance_utia{}", 5e6},
      {"zkfair_backup_last_success_timestamp_seconds{kind=\"postgres\"}", 1.7e9},
      {"zkfair_backup_size_bytes{kind=\"postgres\"}", 1 << 20},
      {"zkfair_backup_restore_verified_timestamp_seconds{kind=\"postgres\"}", 1.6e9},
      {"zkfair_health_check_status{check=\"rpc\"}", 1},
  };
  for (const auto& c : cases) {
    const auto value = page.value(c.series);
    ASSERT_TRUE(value.has_value()) << c.series;
    EXPECT_DOUBLE_EQ(*value, c.value) << c.series;
  }
}

// The enumerators are indices into the closed values: each must name its own.
TEST(L2Metrics, EnumeratorsAreTheirLabels) {
  const struct {
    std::string_view value;
    std::string_view expected;
  } cases[] = {
      {to_string(BlockTag::kLatest), "latest"},
      {to_string(BlockTag::kSafe), "safe"},
      {to_string(BlockTag::kFinalized), "finalized"},
      {to_string(FeePercentile::k10), "10"},
      {to_string(FeePercentile::k90), "90"},
      {to_string(TxpoolState::kQueued), "queued"},
      {to_string(RpcError::kTransport), "transport"},
      {to_string(RpcError::kHttp), "http"},
      {to_string(RpcError::kDecode), "decode"},
      {to_string(BatchResult::kConfirmed), "confirmed"},
      {to_string(BatchResult::kFailed), "failed"},
      {to_string(OperatorRole::kProposer), "proposer"},
      {to_string(OperatorRole::kTopup), "topup"},
      {to_string(EntryPoint::kV06), "v0.6"},
      {to_string(EntryPoint::kV07), "v0.7"},
      {to_string(EntryPoint::kV08), "v0.8"},
      {to_string(OperationResult::kReverted), "reverted"},
      {to_string(Sponsored::kYes), "true"},
      {to_string(Sponsored::kNo), "false"},
      {to_string(TopupResult::kSkipped), "skipped"},
      {to_string(TopupResult::kLimitReached), "limit_reached"},
      {to_string(RevertKind::kExecution), "execution"},
      {to_string(RevertKind::kPrefund), "prefund"},
      {to_string(BundleResult::kFailed), "failed"},
      {to_string(ProfitSign::kLoss), "loss"},
      {to_string(MempoolState::kSubmitted), "submitted"},
      {to_string(SubmissionResult::kFailure), "failure"},
      {to_string(SubmissionReason::kNone), "none"},
      {to_string(SubmissionReason::kInsufficientFunds), "insufficient_funds"},
      {to_string(SubmissionReason::kOther), "other"},
      {to_string(BackupKind::kContracts), "contracts"},
      {to_string(BackupKind::kSnapshots), "snapshots"},
  };
  for (const auto& c : cases) EXPECT_EQ(c.value, c.expected);
}

TEST(L2Metrics, WhatANodeDoesNotTellIsAbsent) {
  metrics::Registry registry;
  L2Metrics m(registry);
  m.chain.add_chain("l2");
  m.chain.update_peer_count("l2", std::nullopt);
  m.celestia.update_peers(std::nullopt);
  EXPECT_FALSE(Snapshot(registry).families().contains("l2_peer_count"));
  EXPECT_FALSE(Snapshot(registry).families().contains("celestia_peers"));
  m.chain.update_peer_count("l2", 0);
  m.celestia.update_peers(0);
  EXPECT_EQ(Snapshot(registry).value("l2_peer_count{chain=\"l2\"}"), 0);
  EXPECT_EQ(Snapshot(registry).value("celestia_peers{}"), 0);
  m.chain.update_peer_count("l2", std::nullopt);
  EXPECT_FALSE(Snapshot(registry).families().contains("l2_peer_count"));
}

TEST(L2Metrics, OnlyTheRunningClientIsShown) {
  metrics::Registry registry;
  ChainMetrics chain(registry);
  chain.set_chain_info("l2", "4242", "reth/1.0");
  chain.set_chain_info("l1", "1", "geth/1.0");
  chain.set_chain_info("l2", "4242", "reth/1.1");
  const Snapshot page(registry);
  EXPECT_EQ(page.label_sets().at("l2_chain_info"), 2U);
  EXPECT_EQ(page.value("l2_chain_info{chain=\"l2\",chain_id=\"4242\",client=\"reth/1.1\"}"), 1);
  chain.set_chain_info("l2", "4242", "reth/1.0");
  EXPECT_EQ(Snapshot(registry).value("l2_chain_info{chain=\"l2\",chain_id=\"4242\",client=\"reth/1.0\"}"), 1);
  EXPECT_EQ(Snapshot(registry).label_sets().at("l2_chain_info"), 2U);
}

TEST(L2Metrics, OneFactCountsOnce) {
  metrics::Registry registry;
  L2Metrics m(registry);
  // A foreign paymaster: sponsored, but not one of ours.
  m.erc4337.record_user_operation({.sponsored = true, .gas_used = 1, .gas_cost = 5});
  // Paid by the account, whatever the name says.
  m.erc4337.record_user_operation({.success = false, .paymaster = "main", .gas_used = 1, .gas_cost = 6});
  m.erc4337.record_paymaster_topup("main", TopupResult::kFailed, kEther);
  m.erc4337.record_bundler_profit(EntryPoint::kV06, 130, 100);
  m.celestia.record_submission_failure(SubmissionReason::kNone, Seconds(1));
  // No gas limit: no ratio, and no division by zero.
  m.chain.record_block("l2", {.transactions = 1, .gas_used = 100});
  const Snapshot page(registry);
  EXPECT_FALSE(page.families().contains("erc4337_sponsored_gas_cost_wei_total"));
  EXPECT_EQ(page.value("erc4337_user_operation_gas_cost_wei_total{entry_point=\"v0.6\",sponsored=\"true\"}"), 5);
  EXPECT_EQ(page.value("erc4337_user_operation_gas_cost_wei_total{entry_point=\"v0.6\",sponsored=\"false\"}"), 6);
  EXPECT_FALSE(page.families().contains("erc4337_paymaster_topup_ether_total"));
  EXPECT_EQ(page.value("erc4337_bundler_profit_wei_total{entry_point=\"v0.6\",sign=\"gain\"}"), 30);
  EXPECT_EQ(page.value("celestia_submissions_total{result=\"failure\",reason=\"other\"}"), 1);
  EXPECT_EQ(page.value("celestia_submissions_total{result=\"failure\",reason=\"none\"}"), 0);
  EXPECT_FALSE(page.families().contains("l2_block_gas_used_ratio"));
  EXPECT_FALSE(page.families().contains("l2_block_interval_seconds"));
}

// L2-99
TEST(L2Metrics, NamesBeyondTheirCapsAreOther) {
  metrics::Registry registry;
  L2Metrics m(registry);
  for (int i = 0; i < 200; ++i) {
    const std::string name = "name-" + std::to_string(i);
    m.chain.add_chain(name);
    for (const BlockTag tag : {BlockTag::kLatest, BlockTag::kSafe, BlockTag::kFinalized}) {
      m.chain.update_head(name, tag, 1, Seconds(1));
    }
    m.chain.record_rpc("l2", name, milliseconds(1));
    m.chain.update_rpc_up("l2", name, true);
    m.erc4337.add_paymaster(name);
    m.erc4337.update_paymaster(EntryPoint::kV06, name, {});
    m.erc4337.add_factory(EntryPoint::kV06, name);
    m.erc4337.record_user_operations_dropped(name);
    m.operations.update_health_check(name, true);
  }
  const Snapshot page(registry);
  for (const auto& [family, sets] : page.label_sets()) EXPECT_LE(sets, 99U) << family;
  const struct {
    const char* family;
    std::size_t sets;
  } cases[] = {{"l2_blocks_total", 6},
               {"l2_block_number", 18},
               {"erc4337_paymaster_deposits_total", 21},
               {"erc4337_sponsored_gas_cost_wei_total", 21},
               {"l2_rpc_up", 99},
               {"zkfair_health_check_status", 99}};
  for (const auto& c : cases) EXPECT_EQ(page.label_sets().at(c.family), c.sets) << c.family;
  EXPECT_TRUE(page.value("l2_block_number{chain=\"name-4\",block_tag=\"safe\"}").has_value());
  EXPECT_TRUE(page.value("l2_block_number{chain=\"other\",block_tag=\"safe\"}").has_value());
  EXPECT_FALSE(page.value("l2_block_number{chain=\"name-5\",block_tag=\"safe\"}").has_value());
}

// The example of README.md.
TEST(L2Metrics, ReadmeExample) {
  namespace l2 = vigil::packs::l2;

  l2::chain().add_chain("l2");
  l2::erc4337().add_paymaster("main");

  l2::chain().record_block("l2", {.transactions = 12, .gas_used = 1'000'000, .gas_limit = 30'000'000});
  l2::chain().update_peer_count("l2", std::nullopt);
  l2::erc4337().record_user_operation({.entry_point = l2::EntryPoint::kV07,
                                       .success = true,
                                       .sponsored = true,
                                       .paymaster = "main",
                                       .gas_used = 91'000,
                                       .gas_cost = 91'000'000'000'000});
  l2::celestia().record_submission_failure(l2::SubmissionReason::kTimeout, std::chrono::seconds(60));

  const Snapshot page(metrics::Registry::global());
  EXPECT_EQ(page.value("l2_blocks_total{chain=\"l2\"}"), 1);
  EXPECT_EQ(page.value("erc4337_sponsored_gas_cost_wei_total{paymaster=\"main\"}"), 9.1e13);
}

}  // namespace
}  // namespace vigil::packs::l2
