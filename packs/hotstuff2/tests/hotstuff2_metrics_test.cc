#include "packs/hotstuff2/hotstuff2_metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "packs/testing/catalog_check.h"
#include "packs/testing/recording_check.h"
#include "vigil/base/fake_clock.h"
#include "vigil/base/log.h"

namespace vigil::packs::hotstuff2 {
namespace {

using std::chrono::milliseconds;
using testing::page;
using testing::value;

struct Replica {
  Replica() {
    log::set_sink([this](log::Level, std::string_view line) { lines += std::string(line) + "\n"; });
  }
  ~Replica() { log::set_sink({}); }
  double operator[](const std::string& series) const { return value(registry, "hotstuff_" + series); }

  std::string lines;
  FakeClock clock{1'700'000'000'000};
  metrics::Registry registry;
  HotStuffMetrics metrics{registry, {.clock = &clock}};
};

using Call = std::function<void(HotStuffMetrics&)>;
struct Case {
  const char* name;
  Call call;
  const char* series;
  double expected;
};

void check(std::span<const Case> cases) {
  for (const Case& c : cases) {
    Replica r;
    c.call(r.metrics);
    EXPECT_EQ(r[c.series], c.expected) << c.name << ": " << c.series << "\n" << page(r.registry);
    EXPECT_TRUE(r.registry.problems().empty()) << c.name;
  }
}

// HS-30 to HS-51 and the additions.
TEST(ConsensusMetrics, EachCallShows) {
  const Case cases[] = {
      {"proposed", [](auto& m) { m.consensus.record_block_proposed(7, 9, 500); },
       "blocks_proposed_total{path=\"unknown\"}", 1},
      {"proposed at once", [](auto& m) { m.consensus.record_block_proposed(7, 9, 500, ProposalPath::kResponsive); },
       "blocks_proposed_total{path=\"responsive\"}", 1},
      {"committed", [](auto& m) { m.consensus.record_block_committed(7, 9, milliseconds(250)); },
       "blocks_committed_total", 1},
      {"commit time", [](auto& m) { m.consensus.record_block_committed(7, 9, milliseconds(250)); },
       "block_commit_time_seconds_sum", 0.25},
      {"height", [](auto& m) { m.consensus.record_block_committed(7, 9, milliseconds(250)); }, "last_committed_height",
       7},
      {"view of the commit", [](auto& m) { m.consensus.record_block_committed(7, 9, milliseconds(250)); },
       "last_committed_view", 9},
      {"time of the commit", [](auto& m) { m.consensus.record_block_committed(7, 9, milliseconds(250)); },
       "last_commit_timestamp_seconds", 1'700'000'000},
      {"transactions given",
       [](auto& m) {
         m.consensus.record_block_committed(7, 9, milliseconds(250), BlockContents{.transactions = 3, .bytes = 600});
       },
       "transactions_committed_total", 3},
      {"size given",
       [](auto& m) {
         m.consensus.record_block_committed(7, 9, milliseconds(250), BlockContents{.transactions = 3, .bytes = 600});
       },
       "block_size_bytes_sum", 600},
      {"transactions of one's own proposal",
       [](auto& m) {
         m.consensus.record_block_proposed(7, 8, 100);  // its view timed out
         m.consensus.record_block_proposed(7, 9, 500);
         m.consensus.record_block_committed(7, 9, milliseconds(250));
         m.consensus.record_block_committed(7, 9, milliseconds(250));  // forgotten by now
       },
       "block_transactions_sum", 500},
      {"another's block at the same height",
       [](auto& m) {
         m.consensus.record_block_proposed(7, 8, 100);
         m.consensus.record_block_committed(7, 9, milliseconds(250));
       },
       "transactions_committed_total", 0},
      {"proposal time", [](auto& m) { m.consensus.record_block_proposal_time(milliseconds(5)); },
       "block_proposal_time_seconds_bucket{le=\"0.005\"}", 1},
      {"uncommitted", [](auto& m) { m.consensus.update_uncommitted_blocks(2); }, "uncommitted_blocks", 2},
      {"fork", [](auto& m) { m.consensus.update_commit_digest_mismatch(true); }, "commit_digest_mismatch", 1},
      {"no fork", [](auto& m) { m.consensus.update_commit_digest_mismatch(false); }, "commit_digest_mismatch", 0},
      {"view change", [](auto& m) { m.consensus.record_view_change(4, 5, ViewChangeReason::kTimeout); },
       "view_changes_total{reason=\"timeout\"}", 1},
      {"moves on", [](auto& m) { m.consensus.record_view_change(4, 5, ViewChangeReason::kTimeout); }, "current_view",
       5},
      {"never back",
       [](auto& m) {
         m.consensus.update_current_view(8);
         m.consensus.record_view_change(4, 5, ViewChangeReason::kSync);
       },
       "current_view", 8},
      {"current view", [](auto& m) { m.consensus.update_current_view(42); }, "current_view", 42},
      {"view change time", [](auto& m) { m.consensus.record_view_change_duration(Seconds(2)); },
       "view_change_duration_seconds_bucket{le=\"2\"}", 1},
      {"view timer", [](auto& m) { m.consensus.update_view_timeout(milliseconds(1500)); }, "view_timeout_seconds", 1.5},
      {"leads", [](auto& m) { m.consensus.update_is_leader(true); }, "is_leader", 1},
      {"leader waits", [](auto& m) { m.consensus.record_leader_wait(milliseconds(250)); }, "leader_wait_seconds_sum",
       0.25},
      {"timeout certificate", [](auto& m) { m.consensus.record_timeout_certificate(); }, "timeout_certificates_total",
       1},
      {"vote sent", [](auto& m) { m.consensus.record_vote_sent(VoteType::kCommit, 5); },
       "votes_sent_total{vote_type=\"commit\"}", 1},
      {"vote received", [](auto& m) { m.consensus.record_vote_received(VoteType::kPrepare, 5, "v2"); },
       "votes_received_total{vote_type=\"prepare\",validator=\"v2\"}", 1},
      {"last voted view",
       [](auto& m) {
         m.consensus.record_vote_received(VoteType::kPrepare, 5, "v2");
         m.consensus.record_vote_received(VoteType::kCommit, 4, "v2");
       },
       "validator_last_voted_view{validator=\"v2\"}", 5},
      {"vote handled", [](auto& m) { m.consensus.record_vote_processing_time(VoteType::kTimeout, Seconds(0.5)); },
       "vote_processing_time_seconds_sum{vote_type=\"timeout\"}", 0.5},
      {"certificate", [](auto& m) { m.consensus.record_qc_formed(Phase::kCommit, milliseconds(100)); },
       "qc_formed_total{phase=\"commit\"}", 1},
      {"certificate time", [](auto& m) { m.consensus.record_qc_formed(Phase::kPrepare, milliseconds(100)); },
       "qc_formation_seconds_bucket{phase=\"prepare\",le=\"0.1\"}", 1},
      {"safety", [](auto& m) { m.consensus.record_safety_violation(SafetyViolationType::kLockViolation, 5); },
       "safety_violations_total{violation_type=\"lock_violation\"}", 1},
      {"liveness", [](auto& m) { m.consensus.record_liveness_timeout(); }, "liveness_timeouts_total", 1},
      {"byzantine", [](auto& m) { m.consensus.record_byzantine_behavior(ByzantineBehaviorType::kEquivocation, "v3"); },
       "byzantine_behavior_detected_total{behavior_type=\"equivocation\",validator=\"v3\"}", 1},
      {"byzantine has no reputation",
       [](auto& m) {
         m.set_validators(std::vector<ValidatorId>{"v1", "v2", "v3", "v4"});
         m.consensus.record_byzantine_behavior(ByzantineBehaviorType::kEquivocation, "v3");
       },
       "validator_reputation_score{validator=\"v3\"}", 0},
  };
  check(cases);
}

TEST(ConsensusMetrics, LateAndRepeatedVotes) {
  const struct {
    const char* name;
    std::vector<std::tuple<VoteType, std::uint64_t, ValidatorId>> votes;
    double late;
    double duplicate;
  } cases[] = {
      {"fresh", {{VoteType::kPrepare, 10, "a"}, {VoteType::kPrepare, 11, "a"}}, 0, 0},
      {"before the current view", {{VoteType::kPrepare, 9, "a"}}, 1, 0},
      {"repeated", {{VoteType::kPrepare, 10, "a"}, {VoteType::kPrepare, 10, "a"}}, 0, 1},
      {"another type", {{VoteType::kCommit, 10, "a"}, {VoteType::kPrepare, 10, "a"}}, 0, 0},
      {"another validator", {{VoteType::kPrepare, 10, "b"}, {VoteType::kPrepare, 10, "a"}}, 0, 0},
      {"late and repeated", {{VoteType::kPrepare, 9, "a"}, {VoteType::kPrepare, 9, "a"}}, 2, 1},
      {"view 0", {{VoteType::kPrepare, 0, "a"}}, 1, 0},
  };
  for (const auto& c : cases) {
    Replica r;
    r.metrics.consensus.update_current_view(10);
    for (const auto& [type, view, validator] : c.votes) r.metrics.consensus.record_vote_received(type, view, validator);
    EXPECT_EQ(r["late_votes_total{vote_type=\"prepare\"}"], c.late) << c.name;
    EXPECT_EQ(r["duplicate_votes_total{vote_type=\"prepare\"}"], c.duplicate) << c.name;
  }
}

TEST(ConsensusMetrics, IntervalsBetweenCommits) {
  Replica r;
  r.metrics.consensus.record_block_committed(1, 1, Seconds(1));
  EXPECT_EQ(r["block_interval_seconds_count"], 0);
  r.clock.advance(1500);
  r.metrics.consensus.record_block_committed(2, 2, Seconds(1));
  EXPECT_EQ(r["block_interval_seconds_count"], 1);
  EXPECT_EQ(r["block_interval_seconds_sum"], 1.5);
}

TEST(ConsensusMetrics, MembersExistAtZeroAndLeave) {
  Replica r;
  r.metrics.set_validators(std::vector<ValidatorId>{"a", "b"});
  EXPECT_EQ(r["votes_received_total{vote_type=\"timeout\",validator=\"b\"}"], 0);
  EXPECT_EQ(r["byzantine_behavior_detected_total{behavior_type=\"withholding\",validator=\"a\"}"], 0);
  r.metrics.consensus.record_vote_received(VoteType::kPrepare, 5, "a");
  r.metrics.consensus.record_vote_received(VoteType::kPrepare, 5, "b");
  r.metrics.set_validators(std::vector<ValidatorId>{"b", "c"});
  EXPECT_EQ(r["validator_last_voted_view{validator=\"a\"}"], -1);
  EXPECT_EQ(r["validator_last_voted_view{validator=\"b\"}"], 5);
}

TEST(ConsensusMetrics, AValidatorLabelHasItsOwnCap) {
  Replica r;
  for (int i = 0; i < 250; ++i) r.metrics.consensus.record_vote_received(VoteType::kPrepare, 1, std::to_string(i));
  EXPECT_EQ(r["validator_last_voted_view{validator=\"199\"}"], 1);
  EXPECT_EQ(r["validator_last_voted_view{validator=\"200\"}"], -1);
  EXPECT_EQ(r["votes_received_total{vote_type=\"prepare\",validator=\"199\"}"], 1);
  EXPECT_EQ(r.metrics.consensus.validator_last_voted_view.size(), 200U);
}

TEST(ConsensusMetrics, ASafetyViolationIsLogged) {
  Replica r;
  r.metrics.consensus.record_safety_violation(SafetyViolationType::kConflictingCommit, 987654321);
  EXPECT_NE(r.lines.find("conflicting_commit"), std::string::npos) << r.lines;
  EXPECT_NE(r.lines.find("987654321"), std::string::npos) << r.lines;
  EXPECT_EQ(page(r.registry).find("987654321"), std::string::npos);
}

// HS-52 to HS-64.
TEST(PerformanceMetrics, EachCallShows) {
  const Case cases[] = {
      {"tx/s", [](auto& m) { m.performance.update_transaction_throughput(120.5); }, "transaction_throughput", 120.5},
      {"blocks/s", [](auto& m) { m.performance.update_block_throughput(2); }, "block_throughput", 2},
      {"views/s", [](auto& m) { m.performance.update_consensus_throughput(3); }, "consensus_throughput", 3},
      {"confirmation", [](auto& m) { m.performance.record_transaction_confirmation_latency(Seconds(1)); },
       "transaction_confirmation_latency_seconds_bucket{le=\"1\"}", 1},
      {"finalization", [](auto& m) { m.performance.record_block_finalization_latency(milliseconds(500)); },
       "block_finalization_latency_seconds_sum", 0.5},
      {"end to end", [](auto& m) { m.performance.record_end_to_end_latency(milliseconds(500)); },
       "end_to_end_latency_seconds_sum", 0.5},
      {"cpu", [](auto& m) { m.performance.update_cpu_usage(0.25); }, "cpu_usage_ratio", 0.25},
      {"memory", [](auto& m) { m.performance.update_memory_usage(1 << 20); }, "memory_usage_bytes", 1 << 20},
      {"memory limit", [](auto& m) { m.performance.update_memory_limit(1 << 21); }, "memory_limit_bytes", 1 << 21},
      {"disk", [](auto& m) { m.performance.update_disk_usage(10); }, "disk_usage_bytes", 10},
      {"disk limit", [](auto& m) { m.performance.update_disk_limit(100); }, "disk_limit_bytes", 100},
      {"bandwidth", [](auto& m) { m.performance.update_network_bandwidth(BandwidthDirection::kOut, 1e6); },
       "network_bandwidth_bytes_per_second{direction=\"out\"}", 1e6},
      {"consensus efficiency", [](auto& m) { m.performance.update_consensus_efficiency(0.9); },
       "consensus_efficiency_ratio", 0.9},
      {"network efficiency", [](auto& m) { m.performance.update_network_efficiency(0.5); }, "network_efficiency_ratio",
       0.5},
      {"storage efficiency", [](auto& m) { m.performance.update_storage_efficiency(0.75); }, "storage_efficiency_ratio",
       0.75},
  };
  check(cases);
}

TEST(HotStuffMetrics, CollectDerivesFromTheCounters) {
  Replica r;
  HotStuffMetrics& m = r.metrics;
  m.network.record_message_sent(MessageType::kVote, "b", 5000);  // before the interval
  m.collect();
  EXPECT_EQ(r["transaction_throughput"], -1);
  for (std::uint64_t view = 1; view <= 4; ++view) {
    m.consensus.record_view_change(view - 1, view, view == 2 ? ViewChangeReason::kTimeout : ViewChangeReason::kQc);
    if (view == 2) continue;
    m.consensus.record_block_committed(view, view, Seconds(1), BlockContents{.transactions = 100, .bytes = 1});
  }
  m.network.record_message_sent(MessageType::kVote, "b", 200);
  m.network.record_message_sent(MessageType::kQc, "b", 200);
  m.network.record_message_received(MessageType::kProposal, "b", 1000);
  m.collect();  // no time has passed
  EXPECT_EQ(r["transaction_throughput"], -1);
  r.clock.advance(2000);
  m.collect();
  EXPECT_EQ(r["transaction_throughput"], 150);
  EXPECT_EQ(r["block_throughput"], 1.5);
  EXPECT_EQ(r["consensus_throughput"], 2);
  EXPECT_EQ(r["consensus_efficiency_ratio"], 0.75);
  EXPECT_EQ(r["network_bandwidth_bytes_per_second{direction=\"out\"}"], 200);
  EXPECT_EQ(r["network_bandwidth_bytes_per_second{direction=\"in\"}"], 500);
  r.clock.advance(1000);
  m.collect();
  EXPECT_EQ(r["transaction_throughput"], 0);
}

// HS-65 to HS-86.
TEST(NetworkMetrics, EachCallShows) {
  const Case cases[] = {
      {"sent", [](auto& m) { m.network.record_message_sent(MessageType::kProposal, "b", 512); },
       "messages_sent_total{message_type=\"proposal\"}", 1},
      {"bytes sent", [](auto& m) { m.network.record_message_sent(MessageType::kProposal, "b", 512); },
       "bytes_sent_total{message_type=\"proposal\"}", 512},
      {"received", [](auto& m) { m.network.record_message_received(MessageType::kSyncRequest, "b", 64); },
       "messages_received_total{message_type=\"sync_request\"}", 1},
      {"bytes received", [](auto& m) { m.network.record_message_received(MessageType::kSyncRequest, "b", 64); },
       "bytes_received_total{message_type=\"sync_request\"}", 64},
      {"handled", [](auto& m) { m.network.record_message_processing_time(MessageType::kVote, milliseconds(1)); },
       "message_processing_time_seconds_bucket{message_type=\"vote\",le=\"0.001\"}", 1},
      {"dropped", [](auto& m) { m.network.record_message_dropped(MessageType::kVote, MessageDropReason::kStale); },
       "messages_dropped_total{message_type=\"vote\",reason=\"stale\"}", 1},
      {"queue", [](auto& m) { m.network.update_message_queue_size(Queue::kOutbound, 12); },
       "message_queue_size{queue=\"outbound\"}", 12},
      {"connected", [](auto& m) { m.network.record_peer_connected("b", ConnectionType::kInbound); },
       "peer_connections_total{connection_type=\"inbound\"}", 1},
      {"active", [](auto& m) { m.network.record_peer_connected("b", ConnectionType::kInbound); }, "active_peers", 1},
      {"disconnected", [](auto& m) { m.network.record_peer_disconnected("b", DisconnectionReason::kBanned); },
       "peer_disconnections_total{reason=\"banned\"}", 1},
      {"active again",
       [](auto& m) {
         m.network.record_peer_connected("b", ConnectionType::kInbound);
         m.network.record_peer_connected("c", ConnectionType::kOutbound);
         m.network.record_peer_disconnected("b", DisconnectionReason::kTimeout);
       },
       "active_peers", 1},
      {"never below 0",
       [](auto& m) {
         m.network.update_peer_count(0);
         m.network.record_peer_disconnected("b", DisconnectionReason::kTimeout);
       },
       "active_peers", 0},
      {"peers", [](auto& m) { m.network.update_peer_count(3); }, "active_peers", 3},
      {"latency", [](auto& m) { m.network.record_peer_latency("b", milliseconds(500)); }, "peer_latency_seconds_sum",
       0.5},
      {"latency of a peer", [](auto& m) { m.network.record_peer_latency("b", milliseconds(500)); },
       "peer_round_trip_seconds{peer=\"b\"}", 0.5},
      {"and it is gone",
       [](auto& m) {
         m.network.record_peer_latency("b", milliseconds(500));
         m.network.record_peer_disconnected("b", DisconnectionReason::kShutdown);
       },
       "peer_round_trip_seconds{peer=\"b\"}", -1},
      {"bandwidth", [](auto& m) { m.network.update_bandwidth_utilization(0.5); }, "bandwidth_utilization_ratio", 0.5},
      {"delivery", [](auto& m) { m.network.update_message_delivery_rate(0.99); }, "message_delivery_rate", 0.99},
      {"partition", [](auto& m) { m.network.record_network_partition(3); }, "network_partitions_total", 1},
      {"failure", [](auto& m) { m.network.record_connection_failure("b", NetworkError::kTls); },
       "connection_failures_total{error=\"tls\"}", 1},
  };
  check(cases);
}

// HS-87 to HS-114.
TEST(StorageAndStateMetrics, EachCallShows) {
  const Case cases[] = {
      {"read", [](auto& m) { m.storage.record_storage_read(KeyType::kBlock, milliseconds(1), true); },
       "storage_reads_total{key_type=\"block\",result=\"success\"}", 1},
      {"read time", [](auto& m) { m.storage.record_storage_read(KeyType::kBlock, milliseconds(1), true); },
       "storage_read_latency_seconds_bucket{key_type=\"block\",le=\"0.001\"}", 1},
      {"a good read is no error",
       [](auto& m) { m.storage.record_storage_read(KeyType::kBlock, milliseconds(1), true); },
       "storage_errors_total{operation=\"read\"}", 0},
      {"failed read", [](auto& m) { m.storage.record_storage_read(KeyType::kWal, milliseconds(1), false); },
       "storage_reads_total{key_type=\"wal\",result=\"failure\"}", 1},
      {"is an error", [](auto& m) { m.storage.record_storage_read(KeyType::kWal, milliseconds(1), false); },
       "storage_errors_total{operation=\"read\"}", 1},
      {"write", [](auto& m) { m.storage.record_storage_write(KeyType::kState, 4096, milliseconds(5)); },
       "storage_writes_total{key_type=\"state\"}", 1},
      {"write time", [](auto& m) { m.storage.record_storage_write(KeyType::kState, 4096, milliseconds(5)); },
       "storage_write_latency_seconds_sum{key_type=\"state\"}", 0.005},
      {"delete", [](auto& m) { m.storage.record_storage_delete(KeyType::kIndex); },
       "storage_deletes_total{key_type=\"index\"}", 1},
      {"batch", [](auto& m) { m.storage.record_batch_operation(64, milliseconds(10)); },
       "storage_batch_operation_latency_seconds_sum", 0.01},
      {"error", [](auto& m) { m.storage.record_storage_error(StorageOperation::kSync); },
       "storage_errors_total{operation=\"sync\"}", 1},
      {"size", [](auto& m) { m.storage.update_storage_size(1 << 30); }, "storage_size_bytes", 1 << 30},
      {"utilization", [](auto& m) { m.storage.update_storage_utilization(0.5); }, "storage_utilization_ratio", 0.5},
      {"hit", [](auto& m) { m.storage.record_cache_hit(Cache::kState); }, "cache_hits_total{cache=\"state\"}", 1},
      {"miss", [](auto& m) { m.storage.record_cache_miss(Cache::kBlock); }, "cache_misses_total{cache=\"block\"}", 1},
      {"cache size", [](auto& m) { m.storage.update_cache_size(Cache::kBlock, 77); },
       "cache_size_bytes{cache=\"block\"}", 77},
      {"transition", [](auto& m) { m.state.record_state_transition(milliseconds(5)); }, "state_transitions_total", 1},
      {"transition time", [](auto& m) { m.state.record_state_transition(milliseconds(5)); },
       "state_transition_time_seconds_sum", 0.005},
      {"query", [](auto& m) { m.state.record_state_query(milliseconds(5)); }, "state_queries_total", 1},
      {"query time", [](auto& m) { m.state.record_state_query(milliseconds(5)); }, "state_query_time_seconds_sum",
       0.005},
      {"snapshot", [](auto& m) { m.state.record_state_snapshot(Outcome::kFailure, Seconds(5)); },
       "state_snapshots_total{result=\"failure\"}", 1},
      {"snapshot time", [](auto& m) { m.state.record_state_snapshot(Outcome::kSuccess, Seconds(5)); },
       "snapshot_creation_time_seconds_sum", 5},
      {"state size", [](auto& m) { m.state.update_state_size(99); }, "state_size_bytes", 99},
      {"accounts", [](auto& m) { m.state.update_account_count(12); }, "account_count", 12},
      {"contracts", [](auto& m) { m.state.update_contract_count(3); }, "contract_count", 3},
      {"valid", [](auto& m) { m.state.record_transaction_validation(milliseconds(1)); },
       "transaction_validations_total{result=\"valid\"}", 1},
      {"invalid", [](auto& m) { m.state.record_transaction_validation(milliseconds(1), ValidationFailure::kGas); },
       "transaction_validations_total{result=\"invalid\"}", 1},
      {"why", [](auto& m) { m.state.record_transaction_validation(milliseconds(1), ValidationFailure::kGas); },
       "validation_failures_total{reason=\"gas\"}", 1},
      {"validation time", [](auto& m) { m.state.record_transaction_validation(milliseconds(1)); },
       "validation_time_seconds_sum", 0.001},
  };
  check(cases);
  Replica r;
  r.metrics.storage.record_storage_write(KeyType::kState, 4096, milliseconds(5));
  r.metrics.storage.record_storage_write(KeyType::kWal, 4, milliseconds(5));
  EXPECT_EQ(r.metrics.storage.bytes_written(), 4100U);
}

TEST(MempoolHealthAndCollection, EachCallShows) {
  const Case cases[] = {
      {"size", [](auto& m) { m.mempool.update_mempool_size(10, 2000); }, "mempool_size", 10},
      {"bytes", [](auto& m) { m.mempool.update_mempool_size(10, 2000); }, "mempool_size_bytes", 2000},
      {"added", [](auto& m) { m.mempool.record_transactions_added(TransactionSource::kPeer, 5); },
       "mempool_added_total{source=\"peer\"}", 5},
      {"removed", [](auto& m) { m.mempool.record_transactions_removed(RemovalReason::kCommitted, 5); },
       "mempool_removed_total{reason=\"committed\"}", 5},
      {"rejected", [](auto& m) { m.mempool.record_transaction_rejected(MempoolRejection::kFee); },
       "mempool_rejected_total{reason=\"fee\"}", 1},
      {"collection", [](auto& m) { m.collection.record_collection_time(milliseconds(500)); },
       "metrics_collection_seconds_total", 0.5},
      {"export", [](auto& m) { m.collection.record_export(ExportFormat::kCsv, milliseconds(5)); },
       "metrics_export_duration_seconds_sum{format=\"csv\"}", 0.005},
      {"dropped", [](auto& m) { m.collection.record_samples_dropped(SampleDropReason::kSampled, 9); },
       "metrics_dropped_total{reason=\"sampled\"}", 9},
  };
  check(cases);
}

TEST(HealthMetrics, StatusAndScore) {
  const struct {
    const char* name;
    ComponentChecks checks;
    double status, score;
  } cases[] = {
      {"all well", {.healthy = 4}, 0, 1},
      {"one warns", {.healthy = 3, .warning = 1}, 1, 0.6875},
      {"all warn", {.warning = 2}, 1, 0.5},
      {"one critical", {.healthy = 2, .warning = 1, .critical = 1}, 2, 0.25},
      {"one failing", {.healthy = 9, .failing = 1}, 3, 0},
      {"no checks", {}, -1, -1},
  };
  for (const auto& c : cases) {
    Replica r;
    r.metrics.health.update_health(c.checks, {.healthy = 1}, {});
    EXPECT_EQ(r["health_status{component=\"consensus\"}"], c.status) << c.name;
    EXPECT_EQ(r["health_score{component=\"consensus\"}"], c.score) << c.name;
    EXPECT_EQ(r["health_status{component=\"storage\"}"], -1) << c.name;
    EXPECT_EQ(r["health_status{component=\"overall\"}"], std::max(c.status, 0.0)) << c.name;
    EXPECT_EQ(r["health_score{component=\"overall\"}"], c.score < 0 ? 1 : c.score) << c.name;
  }
}

TEST(HotStuffMetrics, ClosedSeriesExistFromTheStartAndGaugesDoNot) {
  Replica r;
  for (const char* series :
       {"safety_violations_total{violation_type=\"conflicting_commit\"}", "liveness_timeouts_total",
        "view_changes_total{reason=\"byzantine_leader\"}",
        "messages_dropped_total{message_type=\"vote\",reason=\"stale\"}", "storage_errors_total{operation=\"sync\"}",
        "qc_formation_seconds_count{phase=\"commit\"}", "block_commit_time_seconds_bucket{le=\"0.5\"}",
        "mempool_rejected_total{reason=\"fee\"}"}) {
    EXPECT_EQ(r[series], 0) << series;
  }
  EXPECT_EQ(page(r.registry).find(" gauge\n"), std::string::npos);
}

TEST(HotStuffMetrics, EveryMetricCanBeRecordedAndThePageIsStrict) {
  Replica r;
  HotStuffMetrics& m = r.metrics;
  const std::vector<ValidatorId> members{"a", "b", "c", "d"};
  m.set_validators(members);
  m.collect();
  for (std::uint64_t height = 1; height <= 2; ++height) {
    m.consensus.record_block_proposed(height, height, 10);
    m.consensus.record_block_committed(height, height, Seconds(1), BlockContents{.transactions = 10, .bytes = 99});
  }
  m.consensus.record_block_proposal_time(Seconds(1));
  m.consensus.update_uncommitted_blocks(2);
  m.consensus.update_commit_digest_mismatch(true);
  m.consensus.record_view_change(1, 2, ViewChangeReason::kQc);
  m.consensus.record_view_change_duration(Seconds(1));
  m.consensus.update_view_timeout(Seconds(1));
  m.consensus.update_is_leader(true);
  m.consensus.record_leader_wait(Seconds(1));
  m.consensus.record_timeout_certificate();
  m.consensus.record_vote_sent(VoteType::kPrepare, 1);
  for (int i = 0; i < 2; ++i) m.consensus.record_vote_received(VoteType::kPrepare, 1, "b");  // late and twice
  m.consensus.record_vote_processing_time(VoteType::kPrepare, Seconds(1));
  m.consensus.record_qc_formed(Phase::kPrepare, Seconds(1));
  m.consensus.record_safety_violation(SafetyViolationType::kOther, 1);
  m.consensus.record_liveness_timeout();
  m.consensus.record_byzantine_behavior(ByzantineBehaviorType::kOther, "d");
  m.validators.record_view_decided(
      {.view = 1, .leader = "a", .outcome = LeaderOutcome::kTimedOut, .voters = std::span(members).first(3)});

  m.network.record_message_sent(MessageType::kVote, "b", 1);
  m.network.record_message_received(MessageType::kVote, "b", 1);
  m.network.record_message_processing_time(MessageType::kVote, Seconds(1));
  m.network.record_message_dropped(MessageType::kVote, MessageDropReason::kInvalid);
  m.network.update_message_queue_size(Queue::kInbound, 1);
  for (const PeerId peer : {"b", "c"}) m.network.record_peer_connected(peer, ConnectionType::kInbound);
  m.network.record_peer_disconnected("c", DisconnectionReason::kError);
  m.network.record_peer_latency("b", Seconds(0.01));
  m.network.update_bandwidth_utilization(0.1);
  m.network.update_message_delivery_rate(1);
  m.network.record_network_partition(1);
  m.network.record_connection_failure("d", NetworkError::kRefused);

  m.storage.record_storage_read(KeyType::kBlock, Seconds(1), false);
  m.storage.record_storage_write(KeyType::kBlock, 1, Seconds(1));
  m.storage.record_storage_delete(KeyType::kBlock);
  m.storage.record_batch_operation(1, Seconds(1));
  m.storage.update_storage_size(1);
  m.storage.update_storage_utilization(0.5);
  m.storage.record_cache_hit(Cache::kBlock);
  m.storage.record_cache_miss(Cache::kBlock);
  m.storage.update_cache_size(Cache::kBlock, 1);

  m.state.record_state_transition(Seconds(1));
  m.state.record_state_query(Seconds(1));
  m.state.record_state_snapshot(Outcome::kSuccess, Seconds(1));
  m.state.update_state_size(1);
  m.state.update_account_count(1);
  m.state.update_contract_count(1);
  m.state.record_transaction_validation(Seconds(1), ValidationFailure::kOther);

  m.mempool.update_mempool_size(1, 1);
  m.mempool.record_transactions_added(TransactionSource::kClient);
  m.mempool.record_transactions_removed(RemovalReason::kExpired);
  m.mempool.record_transaction_rejected(MempoolRejection::kFull);
  m.health.update_health({.warning = 1}, {.healthy = 1}, {.healthy = 1});
  m.collection.record_collection_time(Seconds(1));
  m.collection.record_export(ExportFormat::kJson, Seconds(1));
  m.collection.record_samples_dropped(SampleDropReason::kCardinality);

  r.clock.advance(1000);
  m.collect();
  m.performance.record_transaction_confirmation_latency(Seconds(1));
  m.performance.record_block_finalization_latency(Seconds(1));
  m.performance.record_end_to_end_latency(Seconds(1));
  m.performance.update_cpu_usage(0.1);
  m.performance.update_memory_usage(1);
  m.performance.update_memory_limit(2);
  m.performance.update_disk_usage(1);
  m.performance.update_disk_limit(2);
  m.performance.update_network_efficiency(1);
  m.performance.update_storage_efficiency(1);
  testing::expect_all_recorded(r.registry, catalog::kAll);
  testing::expect_strict_page(r.registry);
}

TEST(HotStuffMetrics, ThreadsRecordAtOnce) {
  Replica r;
  HotStuffMetrics& m = r.metrics;
  const std::vector<ValidatorId> members{"a", "b", "c", "d"};
  m.set_validators(members);
  constexpr std::uint64_t kViews = 200;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < members.size(); ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t view = 1; view <= kViews; ++view) {
        m.consensus.record_vote_received(VoteType::kPrepare, view, members[t]);
        m.consensus.record_block_proposed(view, view, 1);
        m.consensus.record_block_committed(view, view, Seconds(0.1));
        m.consensus.record_view_change(view - 1, view, ViewChangeReason::kQc);
        m.validators.record_view_decided(
            {.view = view, .leader = members[t], .outcome = LeaderOutcome::kCommitted, .voters = members});
        if (view % 50 == 0) m.set_validators(members);
        m.collect();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  double votes = 0;
  for (const ValidatorId member : members) {
    votes += r["votes_received_total{vote_type=\"prepare\",validator=\"" + std::string(member) + "\"}"];
  }
  EXPECT_EQ(votes, 4 * kViews);
  EXPECT_EQ(r["blocks_committed_total"], 4 * kViews);
  EXPECT_EQ(r["current_view"], kViews);
  EXPECT_EQ(r["duplicate_votes_total{vote_type=\"prepare\"}"], 0);
}

// The example of the README.
TEST(HotStuffMetrics, TheProcessInstance) {
  const std::vector<ValidatorId> members{"validator-1", "validator-2", "validator-3", "validator-4"};
  const auto elapsed = milliseconds(120);
  auto& metrics = process_metrics();
  metrics.set_validators(members);
  metrics.consensus.record_block_proposed(7, 9, 500, ProposalPath::kResponsive);
  metrics.consensus.record_vote_received(VoteType::kPrepare, 9, "validator-2");
  metrics.consensus.record_block_committed(7, 9, elapsed, BlockContents{.transactions = 500, .bytes = 100'000});
  metrics.validators.record_view_decided(
      {.view = 9, .leader = "validator-1", .outcome = LeaderOutcome::kCommitted, .voters = members});
  metrics.network.record_message_sent(MessageType::kVote, "validator-2", 96);
  metrics.storage.record_storage_write(KeyType::kBlock, 100'000, elapsed);
  metrics.collect();
  EXPECT_EQ(&process_metrics(), &metrics);
  EXPECT_EQ(value(vigil::metrics::Registry::global(), "hotstuff_last_committed_height"), 7);
}

}  // namespace
}  // namespace vigil::packs::hotstuff2
