// The engine: store, queries, collections, scrapes, rules and alerting as one object
// graph. Both forms build it, a node that embeds it and the server; it has no main, no
// command line and no page.
//
//   VIGIL_TRY(auto engine, Engine::open({.storage = {.directory = "data"}, .sinks = {&pager}}));
//   VIGIL_TRY_VOID(engine->apply({.evaluation_interval = 250, .rule_groups = groups}));
//   VIGIL_TRY_VOID(engine->attach(metrics::Registry::global(), {.interval = 250, .labels = {{"job", "node"}}}));
//   VIGIL_TRY(auto result, engine->query("rate(blocks_total[1m])"));
//
// examples/embedded/main.cc is a whole program, docs/embedding.md says what to link.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/alert_api/alert.h"
#include "vigil/alerting/alertmanager.h"
#include "vigil/alerting/external.h"
#include "vigil/base/error.h"
#include "vigil/base/file_system.h"
#include "vigil/base/mutex.h"
#include "vigil/base/scheduler.h"
#include "vigil/collect/collection.h"
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
  // Own notification; absent: alerts go to the sinks and to external Alertmanagers only.
  std::optional<alerting::Config> alerting = {};
  // Functions of the embedding program that are told as an Alertmanager is: firing alerts
  // again every resend_delay, resolved ones for a while. They outlive the engine.
  std::vector<AlertSink*> sinks = {};
  std::string external_url = "http://localhost:9090";  // for links in alerts
  Duration resend_delay = kMinute;
  Duration outage_tolerance = kHour;
  Duration grace_period = 10 * kMinute;

  Scheduler* scheduler = nullptr;     // null: two threads of its own
  net::HttpClient* client = nullptr;  // null: one of its own
  FileSystem& files = FileSystem::real();
  metrics::Registry* registry = nullptr;  // where the engine's own metrics are shown
};

// How a registry of this process is sampled.
struct AttachOptions {
  Duration interval = kSecond;  // ms
  Labels labels = {};           // on every series, as a scrape puts its target's
};

// What a reload replaces.
struct Config {
  Labels external_labels = {};
  Duration evaluation_interval = kMinute;
  Duration rule_query_offset = 0;
  std::vector<scrape::ScrapeConfig> scrape_configs = {};
  std::vector<rules::GroupDefinition> rule_groups = {};
  alerting::ExternalSettings alertmanagers = {};
};

// Thread-safety: apply() and stop() from one thread at a time, the rest from any.
class Engine {
 public:
  using Options = engine::Options;

  // Opens the store. Nothing is scraped or evaluated before the first apply().
  static Result<std::unique_ptr<Engine>> open(Options options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // All or nothing: on an error what ran before goes on.
  Result<void> apply(Config config);
  // Replaces what notifies; alerts and their history stay.
  Result<void> apply_alerting(alerting::Config config);

  // Samples the instruments of `registry` into the store from now on, with no page and no
  // request in between. `registry` stays until detach() or stop(). kAlreadyExists if it
  // is attached, kInvalidArgument for an interval that is not positive, kUnavailable after stop().
  Result<void> attach(const metrics::Registry& registry, AttachOptions options = {}) EXCLUDES(collections_mutex_);
  // Ends the series of an attached registry. kNotFound if it is not attached.
  Result<void> detach(const metrics::Registry& registry) EXCLUDES(collections_mutex_);

  // A PromQL expression, now. Ranges and options: queries().
  Result<promql::QueryResult> query(std::string_view expression);

  // Idempotent. Ends collections, scrapes, rules and notifications, then closes the store
  // with a checkpoint, so that the next open() replays nothing.
  Result<void> stop();

  storage::Database& storage() { return *storage_; }
  promql::Engine& queries() { return queries_; }
  scrape::Scraper& scraper() { return *scraper_; }
  rules::Manager& rules() { return *rules_; }
  alerting::Alertmanager* alertmanager() { return alertmanager_.get(); }  // null: not configured
  const alerting::ExternalSender& external_alertmanagers() const { return *external_; }

 private:
  struct Own {  // what the options did not bring
    std::unique_ptr<Scheduler> scheduler;
    std::unique_ptr<net::HttpClient> client;
  };
  Engine(Own own, Options options, std::unique_ptr<storage::Database> storage);
  Result<void> start();

  const Own own_;
  const Options options_;
  std::unique_ptr<storage::Database> storage_;
  promql::Engine queries_;
  std::unique_ptr<StorageMetrics> storage_metrics_;
  // Each feeds those above it, so it is destroyed, and stopped, before them.
  std::unique_ptr<alerting::Alertmanager> alertmanager_;
  std::unique_ptr<AlertSink> notified_;     // alertmanager_ and the sinks of the options
  std::unique_ptr<LabelledSink> labelled_;  // in front of them
  std::unique_ptr<alerting::ExternalSender> external_;
  std::unique_ptr<AlertSink> sink_;
  std::unique_ptr<rules::Manager> rules_;
  std::unique_ptr<scrape::Scraper> scraper_;
  const collect::CollectionMetrics collection_metrics_;
  Mutex collections_mutex_;
  std::vector<std::unique_ptr<collect::Collection>> collections_ GUARDED_BY(collections_mutex_);
  bool stopped_ = false;
};

}  // namespace vigil::engine

namespace vigil {
using Engine = engine::Engine;
}
