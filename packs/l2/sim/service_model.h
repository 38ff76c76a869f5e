// What the rollup runs on, as the exporters beside it see it: two hosts, PostgreSQL,
// Redis, containers, probes from outside, backups and health checks. Stand-ins with the
// names of the real exporters.
//
// Not thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "packs/l2/operations_metrics.h"
#include "packs/l2/sim/fault.h"
#include "vigil/base/time.h"
#include "vigil/metrics/metrics.h"
#include "vigil/sim/random.h"

namespace vigil::packs::l2 {

// node exporter: four cores, a data disk of 1 TB.
class HostModel {
 public:
  HostModel(metrics::RegistryRef registry, sim::Random random);
  // One second at this part of the CPU and of memory, and with this traffic in bytes.
  void tick(double busy, double memory, double traffic);
  void write(double bytes);  // to the data disk; negative: removed
  double free_bytes() const { return free_bytes_; }

 private:
  sim::Random random_;
  metrics::Counter<"cpu", "mode"> cpu_;
  metrics::Gauge<> available_, total_;
  metrics::Gauge<"device", "fstype", "mountpoint"> disk_free_, disk_size_;
  metrics::Counter<"device"> received_, sent_;
  double free_bytes_ = 620e9;
};

// postgres exporter, of the explorer's database.
class PostgresModel {
 public:
  explicit PostgresModel(metrics::RegistryRef registry);
  void tick(bool up, double transactions, double leaked_connections);

 private:
  metrics::Gauge<> up_, limit_;
  metrics::Gauge<"datname", "state"> connections_;
  std::atomic<double> commits_ = 0, rollbacks_ = 0;  // read by who visits the registry
  std::atomic<bool> serves_ = true;
  metrics::Collector commit_series_, rollback_series_;  // read the sums above, so they go first
};

// redis exporter, of the gateway's cache.
class RedisModel {
 public:
  explicit RedisModel(metrics::RegistryRef registry);
  void tick(bool up, double requests);

 private:
  metrics::Gauge<> up_, clients_, used_, limit_, uptime_;
  metrics::Counter<> commands_, hits_, misses_, rejected_, evicted_;
  double seconds_ = 0;
};

// cgroup exporter.
class ContainerModel {
 public:
  ContainerModel(metrics::RegistryRef registry, Timestamp now);
  void tick(Timestamp now, Fault fault);

 private:
  void see(std::string_view name, Timestamp now, bool running);
  metrics::Gauge<"name", "id"> last_seen_, started_;
  std::map<std::string, Timestamp, std::less<>> stopped_;
};

// blackbox exporter, one page for each address probed.
class ProbeModel {
 public:
  ProbeModel(metrics::RegistryRef registry, sim::Random random);
  void tick(bool answers, double seconds);

 private:
  sim::Random random_;
  metrics::Gauge<> success_, duration_;
};

// The cron jobs: backups at 2:00, health checks every five minutes.
class UpkeepModel {
 public:
  UpkeepModel(metrics::RegistryRef registry, Timestamp now);
  void tick(Timestamp now, Fault fault);
  void back_up(Timestamp now);

 private:
  OperationsMetrics metrics_;
};

}  // namespace vigil::packs::l2
