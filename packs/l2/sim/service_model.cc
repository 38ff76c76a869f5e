#include "packs/l2/sim/service_model.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace vigil::packs::l2 {
namespace {

constexpr double kMemory = 32e9;
constexpr double kDisk = 1e12;
constexpr int kMaxConnections = 200;
constexpr std::array<std::string_view, 4> kCpus = {"0", "1", "2", "3"};
constexpr std::array<std::string_view, 8> kContainers = {"sequencer", "replica",  "batcher",  "prover",
                                                         "bundler",   "celestia", "postgres", "redis"};
constexpr Duration kBackupAt = 2 * kHour;  // after midnight

Seconds since_epoch(Timestamp time) { return Seconds(static_cast<double>(time) / 1000); }

}  // namespace

HostModel::HostModel(metrics::RegistryRef registry, sim::Random random)
    : random_(random),
      cpu_(registry, "node_cpu_seconds_total", "CPU time by mode."),
      available_(registry, "node_memory_MemAvailable_bytes", "Memory available."),
      total_(registry, "node_memory_MemTotal_bytes", "Memory installed."),
      disk_free_(registry, "node_filesystem_avail_bytes", "Free for users."),
      disk_size_(registry, "node_filesystem_size_bytes", "Size."),
      received_(registry, "node_network_receive_bytes_total", "Received."),
      sent_(registry, "node_network_transmit_bytes_total", "Sent.") {}

void HostModel::tick(double busy, double memory, double traffic) {
  for (const std::string_view cpu : kCpus) {
    const double used = std::clamp(busy + random_.between(-0.02, 0.02), 0.01, 0.99);
    cpu_.with(cpu, "user").inc(used * 0.75);
    cpu_.with(cpu, "system").inc(used * 0.2);
    cpu_.with(cpu, "iowait").inc(used * 0.05);
    cpu_.with(cpu, "idle").inc(1 - used);
  }
  total_.set(kMemory);
  available_.set(kMemory * (1 - memory));
  disk_size_.with("/dev/nvme0n1p1", "ext4", "/data").set(kDisk);
  disk_free_.with("/dev/nvme0n1p1", "ext4", "/data").set(free_bytes_);
  disk_size_.with("tmpfs", "tmpfs", "/run").set(kMemory / 10);
  disk_free_.with("tmpfs", "tmpfs", "/run").set(kMemory / 100);  // small, and no alert's business
  received_.with("eth0").inc(traffic);
  sent_.with("eth0").inc(traffic * 1.6);
  received_.with("lo").inc(traffic * 3);
  sent_.with("lo").inc(traffic * 3);
}

void HostModel::write(double bytes) { free_bytes_ = std::clamp(free_bytes_ - bytes, 0.0, kDisk); }

// The exporter of PostgreSQL names these counters without "_total".
PostgresModel::PostgresModel(metrics::RegistryRef registry)
    : up_(registry, "pg_up", "1 if the exporter reached the server."),
      limit_(registry, "pg_settings_max_connections", "Connection limit."),
      connections_(registry, "pg_stat_activity_count", "Connections by state."),
      commit_series_(registry, MetricType::kCounter, "pg_stat_database_xact_commit", "Commits.", {"datid", "datname"},
                     [this](metrics::CollectorSink& sink) {
                       if (serves_) sink.point({"16384", "explorer"}, commits_);
                     }),
      rollback_series_(registry, MetricType::kCounter, "pg_stat_database_xact_rollback", "Rollbacks.",
                       {"datid", "datname"}, [this](metrics::CollectorSink& sink) {
                         if (serves_) sink.point({"16384", "explorer"}, rollbacks_);
                       }) {}

void PostgresModel::tick(bool up, double transactions, double leaked_connections) {
  up_.set(up ? 1 : 0);
  serves_ = up;
  if (!up) {
    limit_.with().clear();
    for (const char* const state : {"active", "idle", "idle in transaction"})
      connections_.with("explorer", state).clear();
    return;
  }
  commits_ = commits_ + 2 + 1.5 * transactions;
  rollbacks_ = rollbacks_ + 0.002 * transactions;
  limit_.set(kMaxConnections);
  connections_.with("explorer", "active").set(4 + transactions / 5);
  connections_.with("explorer", "idle").set(35);
  connections_.with("explorer", "idle in transaction").set(leaked_connections);
}

RedisModel::RedisModel(metrics::RegistryRef registry)
    : up_(registry, "redis_up", "1 if the exporter reached the server."),
      clients_(registry, "redis_connected_clients", "Connected clients."),
      used_(registry, "redis_memory_used_bytes", "Memory used."),
      limit_(registry, "redis_memory_max_bytes", "maxmemory, 0 = no limit."),
      uptime_(registry, "redis_uptime_in_seconds", "Uptime."),
      commands_(registry, "redis_commands_processed_total", "Commands processed."),
      hits_(registry, "redis_keyspace_hits_total", "Key lookups that hit."),
      misses_(registry, "redis_keyspace_misses_total", "Key lookups that missed."),
      rejected_(registry, "redis_rejected_connections_total", "Connections refused for maxclients."),
      evicted_(registry, "redis_evicted_keys_total", "Keys evicted for maxmemory.") {}

void RedisModel::tick(bool up, double requests) {
  up_.set(up ? 1 : 0);
  if (!up) {
    seconds_ = 0;
    for (const auto* gauge : {&clients_, &used_, &limit_, &uptime_}) gauge->with().clear();
    return;
  }
  seconds_ += 1;
  uptime_.set(seconds_);
  clients_.set(24);
  limit_.set(2e9);
  used_.set(std::min(1.4e9, 0.6e9 + seconds_ * 3e4));
  commands_.inc(requests);
  hits_.inc(requests * 0.6);
  misses_.inc(requests * 0.05);
}

ContainerModel::ContainerModel(metrics::RegistryRef registry, Timestamp now)
    : last_seen_(registry, "container_last_seen", "Last time the container was seen."),
      started_(registry, "container_start_time_seconds", "Unix start time.") {
  for (const std::string_view name : kContainers) started_.with(name, name).set(since_epoch(now - 3 * kDay).count());
}

void ContainerModel::tick(Timestamp now, Fault fault) {
  for (const std::string_view name : kContainers) {
    const bool stopped =
        (name == "postgres" && fault == Fault::kPostgresDown) || (name == "redis" && fault == Fault::kRedisDown) ||
        (name == "sequencer" && fault == Fault::kSequencerHalt) ||
        (name == "celestia" && fault == Fault::kCelestiaDown) || (name == "prover" && fault == Fault::kProverStall) ||
        (name == "batcher" && fault == Fault::kBatcherStuck);
    see(name, now, !stopped);
  }
}

void ContainerModel::see(std::string_view name, Timestamp now, bool running) {
  if (!running) {
    stopped_.emplace(name, now);
    return;
  }
  if (const auto stopped = stopped_.find(name); stopped != stopped_.end()) {
    stopped_.erase(stopped);
    started_.with(name, name).set(since_epoch(now).count());
  }
  last_seen_.with(name, name).set(since_epoch(now).count());
}

ProbeModel::ProbeModel(metrics::RegistryRef registry, sim::Random random)
    : random_(random),
      success_(registry, "probe_success", "1 if the probe passed."),
      duration_(registry, "probe_duration_seconds", "Duration of the probe.") {}

void ProbeModel::tick(bool answers, double seconds) {
  success_.set(answers ? 1 : 0);
  duration_.set(answers ? seconds * random_.between(0.8, 1.3) : 5);  // the prober's timeout
}

UpkeepModel::UpkeepModel(metrics::RegistryRef registry, Timestamp now) : metrics_(registry) {
  const Timestamp last = (now - kBackupAt) / kDay * kDay + kBackupAt;
  back_up(last);
  const Timestamp tested = last - 3 * kDay;
  for (const auto kind :
       {BackupKind::kPostgres, BackupKind::kContracts, BackupKind::kDashboards, BackupKind::kSnapshots}) {
    metrics_.record_restore_verified(kind, since_epoch(tested));
  }
  tick(now / (5 * kMinute) * (5 * kMinute), Fault::kNone);
}

void UpkeepModel::back_up(Timestamp now) {
  metrics_.record_backup(BackupKind::kPostgres, 3'200'000'000, since_epoch(now));
  metrics_.record_backup(BackupKind::kContracts, 48'000, since_epoch(now));
  metrics_.record_backup(BackupKind::kDashboards, 210'000, since_epoch(now));
  metrics_.record_backup(BackupKind::kSnapshots, 900'000'000, since_epoch(now));
}

void UpkeepModel::tick(Timestamp now, Fault fault) {
  if (now % kDay >= kBackupAt && now % kDay < kBackupAt + kSecond && fault != Fault::kBackupsStopped) back_up(now);
  if (now % (5 * kMinute) >= kSecond) return;
  metrics_.update_health_check("rpc", fault != Fault::kSequencerHalt && fault != Fault::kGatewayDown);
  metrics_.update_health_check("bundler", fault != Fault::kSequencerHalt);
  metrics_.update_health_check("celestia", fault != Fault::kCelestiaDown && fault != Fault::kDaOutage);
  metrics_.update_health_check("postgres", fault != Fault::kPostgresDown);
  metrics_.update_health_check("redis", fault != Fault::kRedisDown);
}

}  // namespace vigil::packs::l2
