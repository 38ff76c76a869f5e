// Chain, account abstraction, data availability: what the rollup does.
#include "packs/l2/catalog.h"
#include "packs/l2/dashboards.h"
#include "vigil/dashboards/shapes.h"

namespace vigil::packs::l2 {
using namespace catalog;  // NOLINT(google-build-using-namespace): names of metrics
using dashboards::Color;
using dashboards::Dashboard;
using dashboards::Kind;
using dashboards::named;
using dashboards::on_right;
using dashboards::percentile;
using dashboards::percentiles;
using dashboards::query;

Dashboard blockchain_overview() {
  return {
      .uid = "blockchain-overview",
      .title = "Blockchain Overview",
      .description = "Does the L2 make blocks, and do transactions get into them? Start here.",
      .tags = {"l2", "zkfair"},
      .refresh = "30s",
      .from = "now-1h",
      .alerts = "l2",
      .rows = {
          {"Is the chain alive?",
           {{.title = "Block height",
             .kind = Kind::kStat,
             .queries = {query("{{block_tag}}", "max by (block_tag) (#1{chain=\"l2\"})", kL2BlockNumber)},
             .description = "Number of the latest, safe and finalized block. Latest must grow every few seconds; if "
                            "finalized is more than 1000 behind (FinalityLagging), batches or proofs do not reach L1.",
             .unit = "none",
             .decimals = 0,
             .width = 24},
            {.title = "Block production rate",
             .queries = {query("blocks/s", "sum(rate(#1{chain=\"l2\"}[5m]))", kL2Blocks)},
             .description = "Blocks a second over 5 minutes; level in healthy life. Half of it is BlockProductionSlow, "
                            "0 is a halted sequencer (BlockProductionStopped).",
             .unit = "ops",
             .min = 0,
             .decimals = 2},
            {.title = "Transaction throughput",
             .queries = {query("transactions/s", "sum(rate(#1{chain=\"l2\"}[5m]))", kL2Transactions)},
             .description = "Transactions a second that got into blocks. Falling while blocks come as usual: demand "
                            "has fallen, or they wait in the pool (Transaction inclusion).",
             .unit = "ops",
             .min = 0}}},
          {"Users",
           {{.title = "Gas prices",
             .queries = {query("gas price (gwei)", "#1{chain=\"l2\"} / 1e9", kL2GasPriceWei),
                         query("base fee (gwei)", "#1{chain=\"l2\"} / 1e9", kL2BaseFeeWei),
                         query("priority fee (gwei)", "#1{chain=\"l2\"} / 1e9", kL2PriorityFeeWei),
                         on_right(query("L1 gas price (gwei)", "#1{chain=\"l1\"} / 1e9", kL2GasPriceWei))},
             .description = "What a unit of gas costs, L1 on the right. A rising base fee means full blocks "
                            "(BlockGasApproachingLimit) and dearer sponsored operations; a high L1 price makes "
                            "batches dear.",
             .unit = "none",
             .min = 0,
             .decimals = 3},
            {.title = "Transaction inclusion",
             .queries = percentiles(kL2TransactionInclusionSeconds, {.matchers = "chain=\"l2\""}, {"p50", "p95"}),
             .description = "From sending a transaction to its receipt. A p95 above 30 s is "
                            "SlowTransactionProcessing: full blocks, or a sequencer that holds transactions back.",
             .unit = "s",
             .thresholds = {{Color::kGreen}, {Color::kYellow, 30}},
             .min = 0}}},
          {"Causes",
           {{.title = "Block interval",
             .queries = percentiles(kL2BlockIntervalSeconds, {.matchers = "chain=\"l2\""}),
             .description = "Time between blocks. A p99 far above the p50 is a sequencer that stumbles: look at its "
                            "host. No line at all: no blocks.",
             .unit = "s",
             .min = 0},
            {.title = "Peer connectivity",
             .queries = {query("{{chain}}", "#1", kL2PeerCount)},
             .description = "Peers of each chain's node. Below 3 for 5 minutes is LowPeerCount: firewall, bootnodes, "
                            "version. A node that does not tell has no line.",
             .unit = "none",
             .thresholds = {{Color::kRed}, {Color::kGreen, 3}},
             .min = 0,
             .decimals = 0},
            {.title = "RPC endpoints",
             .queries = {query("{{chain}} {{endpoint}} up", "min by (chain, endpoint) (#1)", kL2RpcUp),
                         on_right(percentile("p95", kL2RpcRequestDurationSeconds, {.by = "chain"}), "s")},
             .description = "1 while an endpoint answers (left), and how long calls take (right). 0 for a minute is "
                            "L2RpcDown; slow calls come before it when a node is overloaded.",
             .unit = "none",
             .min = 0,
             .width = 24}}}}};
}

Dashboard erc4337_metrics() {
  return {
      .uid = "erc4337",
      .title = "ERC-4337 Metrics",
      .description = "Do user operations work, who pays for them, and how long will the money last?",
      .tags = {"l2", "zkfair"},
      .refresh = "30s",
      .from = "now-6h",
      .alerts = "l2",
      .rows = {
          {"Do they work?",
           {{.title = "UserOperation processing",
             .queries = {query("{{result}}/s", "sum by (result) (rate(#1[5m]))", kErc4337UserOperations),
                         on_right(named("gas/op p50", percentile("p50", kErc4337UserOperationGasUsed)), "short"),
                         on_right(query("gas/s", "sum(rate(#1[5m]))", kErc4337UserOperationGasUsedTotal), "short")},
             .description = "User operations by result (left), their gas (right). More than one in ten reverted is "
                            "UserOperationFailureRateHigh: one application's contract, as a rule.",
             .unit = "ops",
             .min = 0},
            {.title = "Paymaster balance and usage",
             .queries = {query("{{paymaster}} balance (ether)", "#1", kErc4337PaymasterDepositEther),
                         on_right(query("{{paymaster}} usage (ether/h)",
                                        "sum by (paymaster) (rate(#1[1h])) * 3600 / 1e18",
                                        kErc4337SponsoredGasCostWei)),
                         on_right(query("{{paymaster}} top-ups (ether/h)", "sum by (paymaster) (rate(#1[1h])) * 3600",
                                        kErc4337PaymasterTopupEther))},
             .description = "Deposit at the EntryPoint (left), spending and top-ups an hour (right). Below 0.1 ether "
                            "is PaymasterBalanceLow, below 0.01 operations are refused: deposit by hand and see why "
                            "the top-up did not.",
             .unit = "none",
             .thresholds = {{Color::kRed}, {Color::kYellow, 0.01}, {Color::kGreen, 0.1}},
             .min = 0,
             .decimals = 3}}},
          {"Growth and cost",
           {{.title = "Smart wallet creation",
             .queries = {query("{{factory}}", "sum by (factory) (increase(#1[1h]))", kErc4337AccountsDeployed)},
             .description = "Accounts deployed within the last hour by each factory. A jump without a campaign is "
                            "someone farming sponsored deployments.",
             .unit = "none",
             .min = 0,
             .decimals = 0},
            {.title = "Gas sponsorship costs",
             .queries = {query("ether in 24 h", "sum(increase(#1[24h])) / 1e18", kErc4337SponsoredGasCostWei),
                         on_right(query(
                             "ether per sponsored operation",
                             "sum(rate(#1{sponsored=\"true\"}[1h])) / sum(rate(#2{sponsored=\"true\"}[1h])) / 1e18",
                             kErc4337UserOperationGasCostWei, kErc4337UserOperations))},
             .description = "What sponsoring cost within 24 hours (left) and per operation (right). A rising price per "
                            "operation is gas; a rising sum at a level price is volume, or abuse.",
             .unit = "none",
             .min = 0}}}}};
}

Dashboard celestia_data_availability() {
  return {
      .uid = "celestia",
      .title = "Celestia Data Availability",
      .description = "Does the data of the L2's blocks get to Celestia, how fast, and what does it cost?",
      .tags = {"l2", "zkfair"},
      .refresh = "30s",
      .from = "now-3h",
      .alerts = "l2",
      .rows = {
          {"Does the data arrive?",
           {{.title = "Data submission rates",
             .queries = {query("{{result}}/s", "sum by (result) (rate(#1[5m]))", kCelestiaSubmissions),
                         on_right(query("last included height", "max(#1)", kCelestiaLastSubmissionHeight), "none")},
             .description = "Blobs a second by result (left), height of the last one included (right). Only failures "
                            "is CelestiaSubmissionFailures; no line moving for 15 minutes, CelestiaNoRecentSubmission: "
                            "look at the batcher.",
             .unit = "ops",
             .min = 0},
            {.title = "Submission latency",
             .queries = percentiles(kCelestiaSubmissionDurationSeconds, {.window = "10m"}),
             .description = "From submission to inclusion, failures too. A block takes about 6 s; a p95 above 60 s is "
                            "CelestiaSubmissionSlow: raise the gas price, or the node is behind.",
             .unit = "s",
             .thresholds = {{Color::kGreen}, {Color::kYellow, 60}},
             .min = 0}}},
          {"Cost",
           {{.title = "Storage usage",
             .queries = {query("bytes", "sum(#1)", kCelestiaSubmittedBytes),
                         on_right(query("bytes/s", "sum(rate(#1[10m]))", kCelestiaSubmittedBytes), "Bps")},
             .description = "Data accepted by Celestia since the submitter started (left) and its rate (right). It "
                            "follows the transaction throughput of the L2.",
             .unit = "bytes",
             .min = 0},
            {.title = "Cost tracking",
             .queries = {query("TIA total", "sum(#1) / 1e6", kCelestiaFeesUtia),
                         query("TIA in 24 h", "sum(increase(#1[24h])) / 1e6", kCelestiaFeesUtia),
                         on_right(query("balance (TIA)", "#1 / 1e6", kCelestiaAccountBalanceUtia))},
             .description = "Fees (left) and what is left on the account that pays (right). Below 1 TIA is "
                            "CelestiaBalanceLow; at 0 every submission fails.",
             .unit = "none",
             .min = 0,
             .decimals = 2}}},
          {"Causes",
           {{.title = "Node head and sampling",
             .queries = {query("network", "max(#1)", kCelestiaNetworkHeadHeight),
                         query("local", "max(#1)", kCelestiaLocalHeadHeight),
                         query("sampled", "max(#1)", kCelestiaDasSampledHeadHeight)},
             .description = "Three heads on top of each other in healthy life. Local below network by more than 10 is "
                            "CelestiaNodeBehind; all three level: the network has halted or the node does not answer.",
             .unit = "none",
             .decimals = 0,
             .width = 24}}}}};
}

}  // namespace vigil::packs::l2
