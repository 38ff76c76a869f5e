// What can happen to the simulated stack. Names are those of the scenarios (scenarios.cc).
#pragma once

#include <cstdint>

namespace vigil::packs::l2 {

enum class Fault : std::uint8_t {
  kNone,
  // chain
  kSequencerHalt,  // no blocks
  kSlowBlocks,     // a third of the usual rate
  kSlowInclusion,  // the sequencer holds transactions back
  kTxpoolSpam,     // transactions below the base fee fill the pool
  kHeavyBlocks,    // transactions need fifteen times the gas
  kPeerLoss,
  kNodeSyncing,
  kRpcDown,      // of the replica
  kProverStall,  // batches are posted and not proven
  kReorg,        // the sequencer comes back with another history
  // account abstraction
  kPaymasterDrained,   // operations with absurd fees, and an empty top-up account
  kPaymasterDraining,  // the same, slowly
  kPaymasterWithdrawn,
  kTopupFailing,
  kOperationsRevert,
  kMissedEvents,
  // data availability
  kDaOutage,      // every submission times out
  kDaFailures,    // some fail for their fee
  kDaSlow,        // inclusion takes more than a minute
  kBatcherStuck,  // nothing is tried
  kTiaLow,
  kCelestiaBehind,
  kCelestiaDown,
  // what it runs on
  kExporterDown,  // of the contracts
  kChainExporterDown,
  kPostgresDown,
  kRedisDown,
  kHostBusy,
  kMemoryLeak,
  kDiskLow,
  kDiskFilling,
  kGatewayDown,
  kConnectionLeak,
  kBackupsStopped,
};

}  // namespace vigil::packs::l2
