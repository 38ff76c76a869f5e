// Scrapes the targets of all jobs into a store.
//
//   Scraper scraper({.storage = db, .client = client, .scheduler = scheduler, .files = FileSystem::real()});
//   VIGIL_TRY_VOID(scraper.apply(config.scrape_configs));   // at start and at every reload
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/file_system.h"
#include "vigil/base/mutex.h"
#include "vigil/base/scheduler.h"
#include "vigil/discovery/discovery.h"
#include "vigil/metrics/registry.h"
#include "vigil/net/http.h"
#include "vigil/scrape/scrape_config.h"
#include "vigil/scrape/scrape_metrics.h"
#include "vigil/scrape/target_loop.h"
#include "vigil/storage_api/appender.h"

namespace vigil::scrape {

// One job as /api/v1/targets and /api/v1/scrape_pools show it.
struct PoolStatus {
  std::string job;
  std::vector<TargetStatus> active;  // by URL
  std::vector<Labels> dropped;       // discovered labels, at most kMaxDroppedShown
  std::size_t dropped_count = 0;
  std::vector<std::string> errors;  // targets without a valid address, interval, …
};

struct TargetMetadataView {
  Labels target;
  MetadataSnapshot families;
};

// Thread-safety: apply() and stop() from one thread at a time, the rest from any.
class Scraper {
 public:
  static constexpr std::size_t kMaxDroppedShown = 1000;

  struct Options {
    Appendable& storage;
    net::HttpClient& client;
    Scheduler& scheduler;
    FileSystem& files;
    metrics::Registry* registry = nullptr;
    std::uint64_t seed = 0;  // spreads the offsets of several servers with one configuration
    std::string user_agent = "vigil";
  };

  explicit Scraper(Options options);
  ~Scraper();
  Scraper(const Scraper&) = delete;
  Scraper& operator=(const Scraper&) = delete;

  // Replaces the jobs; their names must be unique, else nothing changes. Targets that
  // stay are not interrupted; those that are gone get staleness markers later.
  Result<void> apply(std::vector<ScrapeConfig> configs);

  // Idempotent. Waits for running scrapes; writes no markers, as at a restart.
  void stop();

  // Jobs by name. With `job`, only that one.
  std::vector<PoolStatus> pools(std::optional<std::string_view> job = std::nullopt) const;
  // What the pages of all active targets declare.
  std::vector<TargetMetadataView> metadata() const;
  std::vector<discovery::Discovery::FileStatus> target_files() const { return discovery_.status(); }

 private:
  struct Pool {
    std::shared_ptr<const ScrapeConfig> config;
    std::shared_ptr<const std::vector<discovery::TargetGroup>> groups;  // null before the first update
    std::uint64_t version = 0;                                          // of config and groups
    std::map<std::string, std::shared_ptr<TargetLoop>> loops;           // by identity
    std::vector<Labels> dropped;
    std::size_t dropped_count = 0;
    std::vector<std::string> errors;
  };

  void update(const std::string& job, std::vector<discovery::TargetGroup> groups) EXCLUDES(mutex_);
  void sync(const std::string& job) EXCLUDES(mutex_);
  void retire(std::shared_ptr<TargetLoop> loop) REQUIRES(mutex_);

  ScrapeMetrics metrics_;
  LoopContext context_;
  mutable Mutex mutex_;
  std::map<std::string, Pool> pools_ GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<TargetLoop>> retiring_ GUARDED_BY(mutex_);
  bool stopped_ GUARDED_BY(mutex_) = false;
  discovery::Discovery discovery_;  // last: calls update()
  metrics::Collector file_failures_;
};

}  // namespace vigil::scrape
