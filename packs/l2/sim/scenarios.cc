#include <array>
#include <string>
#include <vector>

#include "packs/l2/sim/scenario_faults.h"
#include "packs/l2/simulation.h"

namespace vigil::packs::l2 {
namespace {

using Names = std::span<const std::string_view>;
template <std::size_t N>
using List = std::array<std::string_view, N>;

struct Entry {
  pack::Scenario scenario;
  Fault fault;
};

constexpr List<1> kStopped{"BlockProductionStopped"};
constexpr List<6> kAfterHalt{"BlockProductionSlow",        "TxPoolApproachingLimit",   "SlowTransactionProcessing",
                             "CelestiaNoRecentSubmission", "BlockGasApproachingLimit", "PaymasterRunsOutSoon"};
constexpr List<1> kSlowBlocks{"BlockProductionSlow"};
constexpr List<1> kSlowInclusion{"SlowTransactionProcessing"};
constexpr List<1> kPoolFull{"TxPoolApproachingLimit"};
constexpr List<1> kBlocksFull{"BlockGasApproachingLimit"};
constexpr List<3> kAfterBlocksFull{"SlowTransactionProcessing", "TxPoolApproachingLimit", "PaymasterRunsOutSoon"};
constexpr List<1> kPeers{"LowPeerCount"};
constexpr List<1> kSyncing{"NodeSyncing"};
constexpr List<1> kRpc{"L2RpcDown"};
constexpr List<1> kFinality{"FinalityLagging"};
constexpr List<1> kMismatch{"PaymasterDepositMismatch"};
constexpr List<2> kReorganised{"L2ChainReorganised", "PaymasterDepositMismatch"};
constexpr List<4> kDrained{"PaymasterBalanceDepleted", "PaymasterBalanceLow", "PaymasterRunsOutSoon",
                           "PaymasterTopupFailing"};
constexpr List<1> kRunsOut{"PaymasterRunsOutSoon"};
constexpr List<1> kPaymasterLow{"PaymasterBalanceLow"};
constexpr List<1> kTopup{"PaymasterTopupFailing"};
constexpr List<1> kReverts{"UserOperationFailureRateHigh"};
constexpr List<3> kOutage{"CelestiaSubmissionFailures", "CelestiaSubmissionFailureRate", "CelestiaNoRecentSubmission"};
constexpr List<1> kFailureRate{"CelestiaSubmissionFailureRate"};
constexpr List<1> kNoBlob{"CelestiaNoRecentSubmission"};
constexpr List<1> kSlowBlobs{"CelestiaSubmissionSlow"};
constexpr List<1> kTia{"CelestiaBalanceLow"};
constexpr List<1> kBehind{"CelestiaNodeBehind"};
constexpr List<3> kCelestiaDown{"CelestiaDown", "CelestiaSubmissionFailures", "CelestiaSubmissionFailureRate"};
constexpr List<1> kService{"L2ServiceDown"};
constexpr List<2> kBlind{"L2ServiceDown", "BlockProductionStopped"};
constexpr List<2> kDatabase{"L2ServiceDown", "ProbeFailed"};
constexpr List<1> kCpu{"HighCpuUsage"};
constexpr List<1> kMemory{"L2HighMemoryUsage"};
constexpr List<1> kDisk{"DiskSpaceLow"};
constexpr List<1> kDiskSoon{"DiskFullIn24h"};
constexpr List<1> kProbe{"ProbeFailed"};
constexpr List<1> kConnections{"PostgresConnectionsHigh"};
constexpr List<1> kBackup{"BackupTooOld"};

constexpr Duration kUsual = 15 * kMinute;

constexpr std::array kEntries{
    Entry{{"healthy", "nothing", {}, {}}, Fault::kNone},
    // Disasters.
    Entry{{"sequencer_halt", "the sequencer stops: no blocks, and nothing to post", kStopped, kAfterHalt, 20 * kMinute,
           kHour},
          Fault::kSequencerHalt},
    Entry{{"paymaster_drained",
           "operations with absurd fees burn a paymaster's deposit, the top-up account is empty",
           kDrained,
           {},
           45 * kMinute,
           4 * kHour},
          Fault::kPaymasterDrained},
    Entry{
        {"da_outage", "Celestia includes no blob: every submission times out", kOutage, kFinality, 25 * kMinute, kHour},
        Fault::kDaOutage},
    Entry{{"reorg",
           "the sequencer comes back 60 blocks ago: events that were counted never happened",
           kReorganised,
           {},
           20 * kMinute},
          Fault::kReorg},
    // Chain.
    Entry{{"slow_blocks",
           "blocks come at a third of the usual rate",
           kSlowBlocks,
           {},
           20 * kMinute,
           30 * kMinute,
           75 * kMinute},
          Fault::kSlowBlocks},
    Entry{{"slow_inclusion", "the sequencer holds transactions back for 40 seconds", kSlowInclusion, {}, kUsual},
          Fault::kSlowInclusion},
    Entry{{"txpool_spam", "transactions below the base fee fill the pool", kPoolFull, {}, kUsual}, Fault::kTxpoolSpam},
    Entry{{"heavy_blocks", "transactions need fifteen times the usual gas, blocks are full", kBlocksFull,
           kAfterBlocksFull, 30 * kMinute, 3 * kHour},
          Fault::kHeavyBlocks},
    Entry{{"peer_loss", "the node of the L2 keeps one peer", kPeers, {}, kUsual}, Fault::kPeerLoss},
    Entry{{"node_syncing", "the node of the L2 comes back from a snapshot", kSyncing, {}, kUsual}, Fault::kNodeSyncing},
    Entry{{"rpc_down", "the replica's RPC endpoint is gone", kRpc, {}, kUsual}, Fault::kRpcDown},
    Entry{{"prover_stall", "batches are posted to L1 and not proven", kFinality, {}, 45 * kMinute, kHour},
          Fault::kProverStall},
    // Account abstraction.
    Entry{{"paymaster_draining",
           "an operation with an absurd fee every 30 seconds",
           kRunsOut,
           {},
           60 * kMinute,
           4 * kHour},
          Fault::kPaymasterDraining},
    Entry{{"paymaster_withdrawn", "the owner withdraws nearly all, and the top-up job does not run", kPaymasterLow,
           kRunsOut, kUsual, 4 * kHour},
          Fault::kPaymasterWithdrawn},
    Entry{{"topup_failing", "the account that tops up is empty", kTopup, {}, 40 * kMinute, 2 * kHour},
          Fault::kTopupFailing},
    Entry{{"operations_revert", "three in ten user operations revert", kReverts, {}, kUsual}, Fault::kOperationsRevert},
    Entry{{"missed_events", "the contract exporter misses events", kMismatch, {}, 20 * kMinute}, Fault::kMissedEvents},
    // Data availability.
    Entry{{"da_failures", "four in ten blobs are refused for their fee", kFailureRate, {}, 20 * kMinute},
          Fault::kDaFailures},
    Entry{{"da_slow", "blobs take more than a minute", kSlowBlobs, {}, 25 * kMinute}, Fault::kDaSlow},
    Entry{{"batcher_stuck", "the batcher tries nothing any more", kNoBlob, kFinality, 20 * kMinute},
          Fault::kBatcherStuck},
    Entry{{"tia_low", "the account that pays for blobs is nearly empty", kTia, {}, kUsual}, Fault::kTiaLow},
    Entry{{"celestia_behind", "the Celestia node follows at half the speed", kBehind, {}, kUsual},
          Fault::kCelestiaBehind},
    Entry{{"celestia_down", "the Celestia node does not answer", kCelestiaDown, kNoBlob, 20 * kMinute},
          Fault::kCelestiaDown},
    // What it runs on.
    Entry{{"exporter_down", "the contract exporter is down", kService, {}, kUsual}, Fault::kExporterDown},
    Entry{{"chain_exporter_down", "the chain exporter is down: nobody sees the head", kBlind, {}, kUsual},
          Fault::kChainExporterDown},
    Entry{{"postgres_down", "PostgreSQL is down, and the explorer with it", kDatabase, {}, kUsual},
          Fault::kPostgresDown},
    Entry{{"redis_down", "Redis is down", kService, {}, kUsual}, Fault::kRedisDown},
    Entry{{"host_busy", "something eats the CPU of the sequencer's host", kCpu, {}, 25 * kMinute}, Fault::kHostBusy},
    Entry{{"memory_leak", "a service eats the memory of its host", kMemory, {}, 20 * kMinute}, Fault::kMemoryLeak},
    Entry{{"disk_low", "a forgotten snapshot of 520 GB", kDisk, {}, kUsual}, Fault::kDiskLow},
    Entry{{"disk_filling", "logs at 60 GB an hour", kDiskSoon, {}, 100 * kMinute}, Fault::kDiskFilling},
    Entry{{"gateway_down", "the public RPC gateway does not answer", kProbe, {}, kUsual}, Fault::kGatewayDown},
    Entry{{"connection_leak", "the explorer leaks connections to PostgreSQL", kConnections, {}, 20 * kMinute},
          Fault::kConnectionLeak},
    Entry{{"backups_stopped", "the nightly backup does not run", kBackup, {}, 18 * kHour + 30 * kMinute},
          Fault::kBackupsStopped},
};

constexpr auto kScenarios = [] {
  std::array<pack::Scenario, kEntries.size()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = kEntries[i].scenario;
  return all;
}();

}  // namespace

std::span<const pack::Scenario> scenarios() { return kScenarios; }

Result<Fault> fault_named(std::string_view name) {
  std::string names;
  for (const Entry& entry : kEntries) {
    if (entry.fault == Fault::kNone) continue;
    if (entry.scenario.name == name) return entry.fault;
    names += (names.empty() ? "" : ", ") + std::string(entry.scenario.name);
  }
  return fail(ErrorCode::kNotFound, "no fault \"" + std::string(name) + "\"; there are " + names);
}

}  // namespace vigil::packs::l2
