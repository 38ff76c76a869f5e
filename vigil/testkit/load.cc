#include "vigil/testkit/load.h"

#include <algorithm>
#include <string>
#include <vector>

#include "vigil/sim/random.h"

namespace vigil::testkit {

using packs::hotstuff2::ConnectionType;
using packs::hotstuff2::DisconnectionReason;
using packs::hotstuff2::MessageType;
using packs::hotstuff2::NetworkError;
using packs::hotstuff2::Seconds;

ConsensusCounts simulate_consensus_load(telemetry::MetricsCollector& metrics, const TestWorkload& workload,
                                        const std::function<void(Duration)>& advance) {
  ConsensusCounts counts;
  sim::Random random(workload.seed);
  std::vector<std::string> validators;
  for (std::uint32_t i = 0; i < workload.validators; ++i) validators.push_back("validator-" + std::to_string(i));

  for (Duration at = 0; at + workload.view_interval <= workload.duration; at += workload.view_interval) {
    if (advance) advance(workload.view_interval);
    const std::uint64_t view = ++counts.views;
    metrics.set_gauge("hotstuff_current_view", static_cast<double>(view));
    if (random.chance(workload.timeout_share)) {
      ++counts.timeouts;
      metrics.increment_counter("hotstuff_liveness_timeouts");
      metrics.increment_counter("hotstuff_view_changes", {{"reason", "timeout"}});
      continue;
    }
    metrics.increment_counter("hotstuff_view_changes", {{"reason", "qc"}});
    // This replica is validator-0; leaders take turns.
    const bool leads = workload.validators > 0 && view % workload.validators == 0;
    if (leads) {
      ++counts.blocks_proposed;
      metrics.increment_counter("hotstuff_blocks_proposed", {{"path", "responsive"}});
    }
    for (const std::string_view type : {"prepare", "commit"}) {
      ++counts.votes_sent;
      metrics.increment_counter("hotstuff_votes_sent", {{"vote_type", type}});
      if (!leads) continue;
      for (std::size_t i = 1; i < validators.size(); ++i) {
        ++counts.votes_received;
        metrics.increment_counter("hotstuff_votes_received", {{"vote_type", type}, {"validator", validators[i]}});
      }
    }
    const double commit_seconds = random.between(0.02, 0.08);
    ++counts.blocks_committed;
    counts.transactions += workload.transactions_per_block;
    counts.commit_seconds += commit_seconds;
    metrics.increment_counter("hotstuff_blocks_committed");
    metrics.increment_counter_by("hotstuff_transactions_committed", workload.transactions_per_block);
    metrics.record_histogram("hotstuff_block_commit_time_seconds", commit_seconds);
    metrics.set_gauge("hotstuff_last_committed_height", static_cast<double>(counts.blocks_committed));
  }
  return counts;
}

ConsensusCounts simulate_consensus_load(telemetry::MetricsCollector& metrics, Duration duration) {
  return simulate_consensus_load(metrics, TestWorkload{.duration = duration});
}

NetworkCounts simulate_network_conditions(packs::hotstuff2::NetworkMetrics& metrics,
                                          const NetworkConditions& conditions) {
  NetworkCounts counts;
  sim::Random random(conditions.seed);
  const std::uint32_t cut_off = std::min(conditions.partitioned, conditions.peers);
  counts.reachable_peers = conditions.peers - cut_off;
  std::vector<std::string> peers;
  for (std::uint32_t i = 0; i < conditions.peers; ++i) peers.push_back("validator-" + std::to_string(i + 1));

  for (const std::string& peer : peers) metrics.record_peer_connected(peer, ConnectionType::kOutbound);
  for (std::uint32_t i = 0; i < cut_off; ++i) {
    metrics.record_peer_disconnected(peers[i], DisconnectionReason::kTimeout);
    metrics.record_connection_failure(peers[i], NetworkError::kTimeout);
  }
  // Of n validators, this one included, a quorum is n - f with f = (n - 1) / 3.
  const std::uint32_t quorum = conditions.peers + 1 - conditions.peers / 3;
  if (counts.reachable_peers + 1 < quorum) metrics.record_network_partition(cut_off);
  metrics.update_peer_count(counts.reachable_peers);

  std::uint64_t acknowledged = 0;
  for (std::uint32_t i = 0; i < conditions.messages && !peers.empty(); ++i) {
    const std::size_t to = i % peers.size();
    metrics.record_message_sent(MessageType::kVote, peers[to], conditions.message_bytes);
    ++counts.sent;
    if (to < cut_off || random.chance(conditions.message_loss)) {
      ++counts.lost;
      continue;
    }
    ++acknowledged;
    const double round_trip_ms =
        static_cast<double>(conditions.latency) + random.between(0, static_cast<double>(conditions.jitter));
    metrics.record_peer_latency(peers[to], Seconds(round_trip_ms / 1000));
    metrics.record_message_received(MessageType::kVote, peers[to], conditions.message_bytes);
    ++counts.received;
  }
  if (counts.sent > 0) {
    metrics.update_message_delivery_rate(static_cast<double>(acknowledged) / static_cast<double>(counts.sent));
  }
  return counts;
}

}  // namespace vigil::testkit
