#include "packs/mpc/etcd_stand_in.h"

#include <algorithm>

namespace vigil::packs::mpc {
namespace {

using metrics::buckets;
using metrics::CollectorSink;

constexpr std::array<std::string_view, EtcdCluster::kMembers> kIds{"8e9e05c52164694d", "91bc3c398fb3c146",
                                                                   "fd422379fda50e48"};
// etcd's own bounds.
constexpr metrics::Layout kDisk =
    buckets<0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192>;
constexpr metrics::Layout kRoundTrip = buckets<0.0001, 0.0002, 0.0004, 0.0008, 0.0016, 0.0032, 0.0064, 0.0128, 0.0256,
                                               0.0512, 0.1024, 0.2048, 0.4096, 0.8192, 1.6384, 3.2768>;
constexpr Duration kElection = 1500;
constexpr Duration kTerm = 90 * kSecond;  // of a flapping leader
constexpr Duration kProbeInterval = 10 * kSecond;
constexpr double kQuota = 2147483648;
constexpr double kBytesPerRevision = 400;
constexpr double kCompacted = 40e6;  // what compaction keeps the database at

}  // namespace

EtcdCluster::Member::Member(metrics::Registry& registry, EtcdCluster& cluster)
    : fsync(registry, "etcd_disk_wal_fsync_duration_seconds", "Time of fsync of the WAL.", kDisk),
      commit(registry, "etcd_disk_backend_commit_duration_seconds", "Time of a commit of the backend.", kDisk),
      round_trip(registry, "etcd_network_peer_round_trip_time_seconds", "Round trip between members.", kRoundTrip),
      leader(registry, MetricType::kGauge, "etcd_server_has_leader", "1 if the member has a leader.", {},
             [this](CollectorSink& sink) { sink.point(has_leader ? 1 : 0); }),
      changes(registry, MetricType::kCounter, "etcd_server_leader_changes_seen_total", "Changes of the leader seen.",
              {}, [&cluster](CollectorSink& sink) { sink.point(cluster.changes_); }),
      // etcd calls it a gauge.
      committed(registry, MetricType::kGauge, "etcd_server_proposals_committed_total", "Proposals committed.", {},
                [&cluster](CollectorSink& sink) { sink.point(cluster.committed_); }),
      failed(registry, MetricType::kCounter, "etcd_server_proposals_failed_total", "Proposals failed.", {},
             [&cluster](CollectorSink& sink) { sink.point(cluster.failed_); }),
      size(registry, MetricType::kGauge, "etcd_mvcc_db_total_size_in_bytes", "Size of the database.", {},
           [&cluster](CollectorSink& sink) {
             sink.point(2e6 + std::min(kCompacted, cluster.committed_ * kBytesPerRevision));
           }),
      quota(registry, MetricType::kGauge, "etcd_server_quota_backend_bytes", "Quota of the database.", {},
            [](CollectorSink& sink) { sink.point(kQuota); }) {
  fsync.declare();
  commit.declare();
}

EtcdCluster::EtcdCluster(std::array<metrics::Registry*, kMembers> registries, sim::Random random) : random_(random) {
  for (metrics::Registry* const registry : registries) members_.push_back(std::make_unique<Member>(*registry, *this));
}

void EtcdCluster::set(Conditions conditions, Timestamp now) {
  const bool found_again = conditions_.quorum_lost && !conditions.quorum_lost;
  conditions_ = conditions;
  next_election_ = now + kTerm;
  if (found_again) elect(now);
}

void EtcdCluster::elect(Timestamp now) {
  leaderless_until_ = now + kElection;
  next_election_ = now + kTerm;
  changes_ = changes_ + 1;
}

void EtcdCluster::tick(Timestamp now) {
  if (conditions_.flapping_leader && now >= next_election_) elect(now);
  for (const auto& member : members_) member->has_leader = has_leader(now);
  if (has_leader(now)) propose();  // leases, heartbeats of clients
  for (int i = 0; i < kMembers; ++i) {
    if (is_up(i)) members_[static_cast<std::size_t>(i)]->commit.observe(2 * draw_fsync(i).count());
  }
  if (now < next_probe_) return;
  next_probe_ = now + kProbeInterval;
  for (int from = 0; from < kMembers; ++from) {
    for (int to = 0; to < kMembers; ++to) {
      if (from == to || !is_up(from) || !is_up(to)) continue;
      members_[static_cast<std::size_t>(from)]
          ->round_trip.with(kIds[static_cast<std::size_t>(to)])
          .observe(draw_round_trip().count());
    }
  }
}

std::optional<Seconds> EtcdCluster::lock(Timestamp now) {
  if (!has_leader(now)) {
    failed_ = failed_ + 1;
    return std::nullopt;
  }
  return propose() + propose();
}

Seconds EtcdCluster::propose() {
  committed_ = committed_ + 1;
  std::array<Seconds, kMembers> written{};
  for (int i = 0; i < kMembers; ++i) {
    Seconds& time = written[static_cast<std::size_t>(i)];
    time = draw_fsync(i);
    members_[static_cast<std::size_t>(i)]->fsync.observe(time.count());
    if (i > 0) time += draw_round_trip();  // the first leads
  }
  std::ranges::sort(written);
  return written[1];  // two of three
}

Seconds EtcdCluster::draw_fsync(int member) {
  if (conditions_.slow_disks && member < 2) return Seconds(random_.between(0.4, 1.0));
  return Seconds(0.0008 + std::min(0.02, random_.exponential(0.0015)));
}

Seconds EtcdCluster::draw_round_trip() {
  if (conditions_.slow_network) return Seconds(random_.between(0.15, 0.35));
  return Seconds(0.0003 + std::min(0.01, random_.exponential(0.0004)));
}

}  // namespace vigil::packs::mpc
