// Loads whose outcome is known: what they record, they also count.
//
//   const ConsensusCounts counts = simulate_consensus_load(metrics, kMinute);
//   EXPECT_EQ(metrics.value("hotstuff_blocks_committed_total"), counts.blocks_committed);
//
// One seed, one run: the same load always records the same.
#pragma once

#include <cstdint>
#include <functional>

#include "packs/hotstuff2/network_metrics.h"
#include "vigil/base/time.h"
#include "vigil/telemetry/collector.h"

namespace vigil::testkit {

// One replica of a HotStuff-2 network, as its metrics see it.
struct TestWorkload {
  Duration duration = kMinute;
  Duration view_interval = 100;  // from one view to the next
  std::uint32_t validators = 4;
  std::uint32_t transactions_per_block = 100;
  double timeout_share = 0.02;  // of the views
  std::uint64_t seed = 1;
};

struct ConsensusCounts {
  std::uint64_t views = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t blocks_proposed = 0;  // by this replica
  std::uint64_t blocks_committed = 0;
  std::uint64_t votes_sent = 0;
  std::uint64_t votes_received = 0;
  std::uint64_t transactions = 0;
  double commit_seconds = 0;  // sum of all commit times
  friend bool operator==(const ConsensusCounts&, const ConsensusCounts&) = default;
};

// Records the blocks, votes and views of `workload` under the names of the HotStuff-2
// catalogue. `advance`, where given, moves the test's time on from view to view.
ConsensusCounts simulate_consensus_load(telemetry::MetricsCollector& metrics, const TestWorkload& workload,
                                        const std::function<void(Duration)>& advance = nullptr);
ConsensusCounts simulate_consensus_load(telemetry::MetricsCollector& metrics, Duration duration);

struct NetworkConditions {
  std::uint32_t peers = 3;
  std::uint32_t messages = 1000;  // to and from all peers together
  std::uint32_t message_bytes = 256;
  double message_loss = 0;        // share of sent messages that nobody acknowledges
  Duration latency = 20;          // round trip
  Duration jitter = 0;            // added to the round trip, uniformly
  std::uint32_t partitioned = 0;  // peers that cannot be reached
  std::uint64_t seed = 1;
};

struct NetworkCounts {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
  std::uint64_t reachable_peers = 0;
};

NetworkCounts simulate_network_conditions(packs::hotstuff2::NetworkMetrics& metrics,
                                          const NetworkConditions& conditions);

}  // namespace vigil::testkit
