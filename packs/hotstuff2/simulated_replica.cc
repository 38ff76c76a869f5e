#include "packs/hotstuff2/simulated_replica.h"

#include <algorithm>
#include <cmath>

namespace vigil::packs::hotstuff2 {
namespace {

using std::chrono::milliseconds;

constexpr double kMemory = 16e9, kDisk = 1e12, kBandwidth = 125e6;  // of each machine
constexpr double kTransactionBytes = 220;
constexpr double kPruneAbove = 400e9, kPruned = 100e9;  // blocks on disk
constexpr Seconds kExecution{0.02};                     // of a usual block
constexpr std::size_t kVoteBytes = 180, kCertificateBytes = 420, kSyncBlocks = 50;
constexpr double kFirstTimer = 3, kLongestTimer = 16;

std::uint64_t whole(double value) { return static_cast<std::uint64_t>(std::max(0.0, value)); }

}  // namespace

SimulatedReplica::SimulatedReplica(int number, const std::vector<std::string>& names, std::uint64_t seed,
                                   const Clock& clock, metrics::Registry& registry)
    : id(number),
      metrics(registry, {.max_validators = catalog::kMaxValidators, .clock = &clock}),
      clock_(clock),
      random_(seed, static_cast<std::uint64_t>(number)) {
  const std::vector<ValidatorId> members(names.begin(), names.end());
  metrics.set_validators(members);
  metrics.performance.update_memory_limit(whole(kMemory));
  metrics.performance.update_disk_limit(whole(kDisk));
  metrics.consensus.update_view_timeout(Seconds(kFirstTimer));
  metrics.consensus.update_commit_digest_mismatch(false);
}

void SimulatedReplica::take_part(const View& view, const std::vector<std::string>& names) {
  ConsensusMetrics& consensus = metrics.consensus;
  NetworkMetrics& network = metrics.network;
  const bool leads = view.leader == id;
  const std::size_t block_bytes = whole(static_cast<double>(view.transactions) * kTransactionBytes) + 1200;
  const std::string& leader = names[static_cast<std::size_t>(view.leader)];
  const Seconds check(0.0002 * (1 + 3 * cpu_) * random_.between(0.7, 1.6));
  consensus.update_is_leader(leads);
  if (leads) {
    consensus.record_block_proposed(view.number, view.number, view.transactions,
                                    view.delayed ? ProposalPath::kDelayed : ProposalPath::kResponsive);
    consensus.record_block_proposal_time(view.build);
    if (view.delayed) {
      consensus.record_leader_wait(view.wait);
    }
    consensus.record_qc_formed(Phase::kPrepare, view.build + view.prepare);
    consensus.record_qc_formed(Phase::kCommit, view.build + view.prepare + view.commit);
    for (const int voter : view.votes) {
      for (const VoteType type : {VoteType::kPrepare, VoteType::kCommit}) {
        consensus.record_vote_received(type, view.number, names[static_cast<std::size_t>(voter)]);
        consensus.record_vote_processing_time(type, check);
        if (voter == id) continue;
        network.record_message_received(MessageType::kVote, names[static_cast<std::size_t>(voter)], kVoteBytes);
        network.record_message_processing_time(MessageType::kVote, check);
      }
    }
    for (const int peer : view.participants) {
      if (peer == id) continue;
      network.record_message_sent(MessageType::kProposal, names[static_cast<std::size_t>(peer)], block_bytes);
      network.record_message_sent(MessageType::kQc, names[static_cast<std::size_t>(peer)], kCertificateBytes);
    }
  } else {
    network.record_message_received(MessageType::kProposal, leader, block_bytes);
    network.record_message_processing_time(MessageType::kProposal, check * 10);
    network.record_message_received(MessageType::kQc, leader, kCertificateBytes);
    network.record_message_processing_time(MessageType::kQc, check * 2);
  }
  if (!condition.silent) {
    for (const VoteType type : {VoteType::kPrepare, VoteType::kCommit}) {
      consensus.record_vote_sent(type, view.number);
      if (!leads) network.record_message_sent(MessageType::kVote, leader, kVoteBytes);
      // The vote is on disk before it is sent, so that a restart cannot vote twice.
      metrics.storage.record_storage_write(KeyType::kWal, kVoteBytes, write_time());
    }
  }
  consensus.record_view_change(view.number, view.number + 1, ViewChangeReason::kQc);
  consensus.update_view_timeout(Seconds(kFirstTimer));
  if (view.delayed) consensus.record_view_change_duration(view.wait + view.build);
  view_ = view.number + 1;
  std::vector<ValidatorId> voters;
  for (const int voter : view.counted) voters.emplace_back(names[static_cast<std::size_t>(voter)]);
  metrics.validators.record_view_decided(
      {.view = view.number, .leader = leader, .outcome = LeaderOutcome::kCommitted, .voters = voters});
}

void SimulatedReplica::time_out(const View& view, bool certificate, const std::vector<std::string>& names) {
  ConsensusMetrics& consensus = metrics.consensus;
  timeouts_ += 4;
  consensus.record_liveness_timeout();
  consensus.record_vote_sent(VoteType::kTimeout, view.number);
  consensus.update_view_timeout(view.timer);
  consensus.update_is_leader(view.leader == id);
  for (const int peer : view.participants) {
    if (peer == id) continue;
    const std::string& name = names[static_cast<std::size_t>(peer)];
    metrics.network.record_message_sent(MessageType::kTimeout, name, kVoteBytes);
    metrics.network.record_message_received(MessageType::kTimeout, name, kVoteBytes);
    consensus.record_vote_received(VoteType::kTimeout, view.number, name);
    consensus.record_vote_processing_time(VoteType::kTimeout, milliseconds(1));
  }
  if (!certificate) return;  // too few to leave the view
  consensus.record_timeout_certificate();
  // One of them was first; the others follow its certificate.
  const bool first = view.participants.front() == id;
  consensus.record_view_change(view.number, view.number + 1,
                               first ? ViewChangeReason::kTimeout : ViewChangeReason::kTimeoutCertificate);
  metrics.network.record_message_sent(MessageType::kNewView, names[static_cast<std::size_t>(view.leader)],
                                      kCertificateBytes);
  view_ = view.number + 1;
  metrics.validators.record_view_decided({.view = view.number,
                                          .leader = names[static_cast<std::size_t>(view.leader)],
                                          .outcome = LeaderOutcome::kTimedOut,
                                          .voters = {}});
}

void SimulatedReplica::enqueue(const Block& block) {
  backlog_.push_back(block);
  // Beyond this it would load a snapshot.
  if (backlog_.size() > 20'000) backlog_.pop_front();
}

void SimulatedReplica::execute() {
  const double now = static_cast<double>(clock_.now()) / 1000;
  free_at_ = std::max(free_at_, now - 0.5);
  while (!backlog_.empty() && free_at_ <= now) {
    const Block block = backlog_.front();
    backlog_.pop_front();
    store(block);
    metrics.consensus.record_block_committed(
        block.height, block.view, block.latency,
        BlockContents{.transactions = block.transactions,
                      .bytes = whole(static_cast<double>(block.transactions) * kTransactionBytes) + 1200});
    const Seconds transition =
        kExecution * (0.3 + static_cast<double>(block.transactions) / 1000) * random_.between(0.9, 1.2);
    metrics.state.record_state_transition(transition);
    metrics.performance.record_block_finalization_latency(block.latency);
    metrics.performance.transaction_confirmation_latency.with().observe_n(block.latency.count() + 0.25,
                                                                          block.transactions);
    metrics.performance.end_to_end_latency.with().observe_n(block.latency.count() + 0.3, block.transactions);
    metrics.mempool.record_transactions_removed(RemovalReason::kCommitted, block.transactions);
    free_at_ += kExecution.count() + 3 * condition.disk_delay.count();
  }
  metrics.consensus.update_uncommitted_blocks(backlog_.size() + 2);
}

void SimulatedReplica::store(const Block& block) {
  StorageMetrics& storage = metrics.storage;
  const double bytes = static_cast<double>(block.transactions) * kTransactionBytes + 1200;
  const Seconds block_write = write_time();
  const Seconds state_write = write_time();
  storage.record_storage_write(KeyType::kBlock, whole(bytes), block_write);
  storage.record_storage_write(KeyType::kState, whole(bytes * 0.6), state_write);
  storage.record_storage_write(KeyType::kIndex, 96, write_time());
  storage.record_batch_operation(block.transactions, block_write + state_write);
  storage.record_storage_delete(KeyType::kWal);
  written_ += bytes * 1.7;
  if (written_ > kPruneAbove) written_ -= kPruned;
  accounts_ += static_cast<double>(block.transactions) * 0.002;
}

void SimulatedReplica::live_through(const Second& second, const std::vector<std::string>& names) {
  ++seconds_;
  follow_peers(second, names);
  use_resources(second);
  gossip(second);
  wait_alone(second.quorum);
  metrics.consensus.update_commit_digest_mismatch(second.mismatch);
  metrics.collection.record_collection_time(Seconds(0.0004));
  if (seconds_ % 10 == 0) {
    check_health(second);
    metrics.collection.record_export(ExportFormat::kPrometheus, Seconds(random_.between(0.002, 0.006)));
  }
  if (seconds_ % 5 == 0) metrics.collect();
}

void SimulatedReplica::follow_peers(const Second& second, const std::vector<std::string>& names) {
  NetworkMetrics& network = metrics.network;
  for (int peer = 0; peer < static_cast<int>(names.size()); ++peer) {
    if (peer == id) continue;
    const std::string& name = names[static_cast<std::size_t>(peer)];
    const auto reachable = second.round_trips.find(peer);
    const bool connected = reachable != second.round_trips.end();
    bool& before = peers_[peer];
    if (connected && !before) {
      network.record_peer_connected(name, peer < id ? ConnectionType::kInbound : ConnectionType::kOutbound);
    } else if (!connected && before) {
      network.record_peer_disconnected(
          name, second.quorum ? DisconnectionReason::kRemoteClosed : DisconnectionReason::kTimeout);
    }
    if (!connected && seconds_ % 5 == 0) network.record_connection_failure(name, NetworkError::kTimeout);
    before = connected;
    if (!connected) continue;
    network.record_peer_latency(name, reachable->second);
    if (condition.flapping && random_.chance(0.25)) {
      network.record_peer_disconnected(name, DisconnectionReason::kError);
      network.record_connection_failure(name, NetworkError::kRefused);
      network.record_peer_connected(name, ConnectionType::kOutbound);
    }
  }
  network.update_peer_count(second.round_trips.size());
  if (had_quorum_ && !second.quorum) network.record_network_partition(names.size() - 1 - second.round_trips.size());
  had_quorum_ = second.quorum;
}

void SimulatedReplica::use_resources(const Second& second) {
  PerformanceMetrics& performance = metrics.performance;
  const double wanted = 0.12 + second.arrivals * 0.00008 + condition.busy + 0.02 * random_.unit();
  cpu_ = std::clamp(cpu_ + 0.2 * (wanted - cpu_), 0.02, 0.99);
  leaked_ = condition.leaks ? std::min(leaked_ + 22e6, 9.5e9) : 0;
  filled_ = condition.fills_disk ? std::min(filled_ + 2.4e9, 650e9) : 0;
  performance.update_cpu_usage(cpu_);
  performance.update_memory_usage(whole(5.5e9 + second.pool * 600 + leaked_));
  performance.update_disk_usage(whole(written_ + filled_));
  performance.update_network_efficiency(0.86 - 0.5 * condition.loss);
  performance.update_storage_efficiency(0.62);

  StorageMetrics& storage = metrics.storage;
  storage.update_storage_size(whole(written_));
  storage.update_storage_utilization((written_ + filled_) / kDisk);
  // Eight in a hundred reads miss the cache and reach the disk.
  const std::uint64_t reads = whole(60 + second.arrivals * 0.4);
  const std::uint64_t misses = reads * 8 / 100;
  storage.cache_hits(Cache::kState).inc(reads - misses);
  storage.cache_misses(Cache::kState).inc(misses);
  storage.cache_hits(Cache::kBlock).inc(12);
  storage.cache_misses(Cache::kBlock).inc(1);
  storage.storage_reads(KeyType::kState, Outcome::kSuccess).inc(misses);
  storage.read_latency(KeyType::kState).observe_n(condition.disk_delay.count() / 8, misses);
  storage.record_storage_read(KeyType::kBlock, condition.disk_delay / 6, true);
  storage.update_cache_size(Cache::kState, 2'000'000'000);
  storage.update_cache_size(Cache::kBlock, 512'000'000);

  StateMetrics& state = metrics.state;
  state.state_queries.inc(reads);
  state.state_query_time.with().observe_n(0.0003 * (1 + cpu_), reads);
  state.update_state_size(whole(18e9 + accounts_ * 400));
  state.update_account_count(whole(accounts_));
  state.update_contract_count(whole(8000 + accounts_ * 0.003));
  if (seconds_ % 600 == 30) state.record_state_snapshot(Outcome::kSuccess, Seconds(random_.between(4, 9)));
}

void SimulatedReplica::gossip(const Second& second) {
  const auto peers = static_cast<double>(second.round_trips.size());
  const std::uint64_t valid = whole(second.arrivals - second.refused);
  const auto invalid = whole(second.arrivals * 0.002 + random_.unit());
  MempoolMetrics& mempool = metrics.mempool;
  mempool.update_mempool_size(whole(second.pool), whole(second.pool * kTransactionBytes));
  mempool.record_transactions_added(TransactionSource::kClient, valid / 4);
  mempool.record_transactions_added(TransactionSource::kPeer, valid - valid / 4);
  mempool.mempool_rejected(MempoolRejection::kFull).inc(whole(second.refused));
  mempool.mempool_rejected(MempoolRejection::kDuplicate).inc(whole(second.arrivals * 0.01));
  mempool.mempool_rejected(MempoolRejection::kInvalid).inc(invalid);

  StateMetrics& state = metrics.state;
  state.transaction_validations(Validity::kValid).inc(whole(second.arrivals));
  state.transaction_validations(Validity::kInvalid).inc(invalid);
  state.validation_failures(random_.chance(0.6) ? ValidationFailure::kNonce : ValidationFailure::kSignature)
      .inc(invalid);
  state.validation_time.with().observe_n(0.00018 * (1 + 2 * cpu_), whole(second.arrivals) + invalid);

  NetworkMetrics& network = metrics.network;
  const std::uint64_t sent = whole(second.arrivals / 4 * peers);
  const std::uint64_t received = whole(second.arrivals * 0.75);
  if (peers > 0) {
    network.messages_sent(MessageType::kTransaction).inc(sent);
    network.bytes_sent(MessageType::kTransaction).inc(whole(static_cast<double>(sent) * kTransactionBytes));
    network.messages_received(MessageType::kTransaction).inc(received);
    network.bytes_received(MessageType::kTransaction).inc(whole(static_cast<double>(received) * kTransactionBytes));
    network.message_processing_time(MessageType::kTransaction).observe_n(0.00025 * (1 + cpu_), received);
    network.update_message_delivery_rate(1 - condition.loss * random_.between(0.9, 1.1));
  }
  network.messages_dropped(MessageType::kTransaction, MessageDropReason::kInvalid).inc(invalid);
  network.update_bandwidth_utilization(
      std::min(1.0, static_cast<double>(sent + received) * kTransactionBytes * 8 / kBandwidth));
  const double busy = cpu_ / (1 - cpu_);
  network.update_message_queue_size(Queue::kInbound, whole(20 * busy * busy * random_.unit()));
  network.update_message_queue_size(Queue::kOutbound, whole(6 * random_.unit() + 400 * condition.loss));
}

void SimulatedReplica::wait_alone(bool quorum) {
  // Cut off while the others go on: its own timers expire, longer each time.
  if (!condition.isolated || quorum) {
    alone_timer_ = kFirstTimer;
    alone_for_ = 0;
    return;
  }
  if (++alone_for_ < alone_timer_) return;
  alone_for_ = 0;
  timeouts_ += 4;
  metrics.consensus.record_liveness_timeout();
  metrics.consensus.record_vote_sent(VoteType::kTimeout, view_);
  alone_timer_ = std::min(alone_timer_ * 1.5, kLongestTimer);
  metrics.consensus.update_view_timeout(Seconds(alone_timer_));
}

void SimulatedReplica::check_health(const Second& second) {
  ComponentChecks consensus{.healthy = 2};
  if (backlog_.size() > 10 || timeouts_ > 0) consensus = {.healthy = 1, .warning = 1};
  if (!second.quorum || second.mismatch) consensus = {.healthy = 1, .critical = 1};
  ComponentChecks network{.healthy = 2};
  if (condition.loss > 0.05 || condition.link_delay.count() > 0.2) network = {.healthy = 1, .warning = 1};
  if (!second.quorum) network = {.healthy = 0, .failing = 2};
  ComponentChecks storage{.healthy = 2};
  if (condition.disk_delay.count() > 0.1 || (written_ + filled_) / kDisk > 0.85) storage = {.healthy = 1, .warning = 1};
  metrics.health.update_health(consensus, network, storage);
  timeouts_ = timeouts_ > 0 ? timeouts_ - 1 : 0;
}

void SimulatedReplica::synchronise(std::uint64_t view) {
  if (view <= view_) return;
  metrics.consensus.record_view_change(view_, view, ViewChangeReason::kSync);
  view_ = view;
  const std::uint64_t requests = backlog_.size() / kSyncBlocks + 1;
  metrics.network.messages_sent(MessageType::kSyncRequest).inc(requests);
  metrics.network.messages_received(MessageType::kSyncResponse).inc(requests);
  metrics.network.bytes_received(MessageType::kSyncResponse).inc(backlog_.size() * 120'000);
}

void SimulatedReplica::recover() { condition = {}; }

}  // namespace vigil::packs::hotstuff2
