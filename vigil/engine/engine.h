// The engine: store, queries, scrapes, rules and alerting as one object graph. Both
// forms build it, a node that embeds it and the server; it has no main, no command
// line and no page.
//
//   auto scheduler = make_thread_scheduler(4);
//   auto client = net::make_curl_client();
//   VIGIL_TRY(auto engine, engine::Engine::open({.storage = {.directory = "data"},
//                                                .scheduler = *scheduler, .client = *client}));
//   VIGIL_TRY_VOID(engine->apply(config));
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vigil/alert_api/alert.h"
#include "vigil/alerting/alertmanager.h"
#include "vigil/alerting/external.h"
#include "vigil/base/error.h"
#include "vigil/base/file_system.h"
#include "vigil/base/scheduler.h"
#include "vigil/engine/labelled_sink.h"
#include "vigil/metrics/registry.h"
#include "vigil/net/http.h"
#include "vigil/promql/engine.h"
#include "vigil/rules/manager.h"
#include "vigil/scrape/scraper.h"
#include "vigil/storage/database.h"

namespace vigil::engine {

class StorageMetrics;

struct Options {
  storage::Options storage = {};  // scheduler and file system are filled in from below
  promql::EngineOptions query = {};
  // Own notification; absent: alerts go to external Alertmanagers only.
  std::optional<alerting::Config> alerting = {};
  std::string external_url = "http://localhost:9090";  // for links in alerts
  Duration resend_delay = kMinute;
  Duration outage_tolerance = kHour;
  Duration grace_period = 10 * kMinute;

  Scheduler& scheduler;
  net::HttpClient& client;
  FileSystem& files = FileSystem::real();
  metrics::Registry* registry = nullptr;  // where the engine's own metrics are shown
};

// What a reload replaces.
struct Config {
  Labels external_labels;
  Duration evaluation_interval = kMinute;
  Duration rule_query_offset = 0;
  std::vector<scrape::ScrapeConfig> scrape_configs;
  std::vector<rules::GroupDefinition> rule_groups;
  alerting::ExternalSettings alertmanagers;
};

// Thread-safety: apply() and stop() from one thread at a time, the rest from any.
class Engine {
 public:
  // Opens the store. Nothing is scraped or evaluated before the first apply().
  static Result<std::unique_ptr<Engine>> open(Options options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // All or nothing: on an error what ran before goes on.
  Result<void> apply(Config config);
  // Replaces what notifies; alerts and their history stay.
  Result<void> apply_alerting(alerting::Config config);

  // Idempotent. Ends scrapes, rules and notifications, then closes the store with a
  // checkpoint, so that the next open() replays nothing.
  Result<void> stop();

  storage::Database& storage() { return *storage_; }
  promql::Engine& queries() { return queries_; }
  scrape::Scraper& scraper() { return *scraper_; }
  rules::Manager& rules() { return *rules_; }
  alerting::Alertmanager* alertmanager() { return alertmanager_.get(); }  // null: not configured
  const alerting::ExternalSender& external_alertmanagers() const { return *external_; }

 private:
  Engine(Options options, std::unique_ptr<storage::Database> storage);
  Result<void> start();

  Options options_;
  std::unique_ptr<storage::Database> storage_;
  promql::Engine queries_;
  std::unique_ptr<StorageMetrics> storage_metrics_;
  // Each feeds those above it, so it is destroyed, and stopped, before them.
  std::unique_ptr<alerting::Alertmanager> alertmanager_;
  std::unique_ptr<LabelledSink> labelled_;  // in front of alertmanager_
  std::unique_ptr<alerting::ExternalSender> external_;
  std::unique_ptr<AlertSink> sink_;
  std::unique_ptr<rules::Manager> rules_;
  std::unique_ptr<scrape::Scraper> scraper_;
  bool stopped_ = false;
};

}  // namespace vigil::engine
