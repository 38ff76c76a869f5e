#include "vigil/engine/engine.h"

#include <algorithm>
#include <utility>

#include "vigil/alerting/fan_out.h"
#include "vigil/base/log.h"
#include "vigil/engine/storage_metrics.h"
#include "vigil/net/curl_client.h"

namespace vigil::engine {
namespace {

constexpr int kOwnThreads = 2;

storage::Options storage_options(const Options& options) {
  storage::Options storage = options.storage;
  storage.scheduler = options.scheduler;
  storage.file_system = &options.files;
  return storage;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(Options options) {
  Own own;
  if (options.scheduler == nullptr) {
    own.scheduler = make_thread_scheduler(kOwnThreads);
    options.scheduler = own.scheduler.get();
  }
  if (options.client == nullptr) {
    own.client = net::make_curl_client();
    options.client = own.client.get();
  }
  VIGIL_TRY(auto storage, storage::Database::open(storage_options(options)));
  for (const std::string& damage : storage->figures().damage) {
    log::error("storage", "damaged data was set aside; the rest is served", {{"damage", damage}});
  }
  std::unique_ptr<Engine> engine(new Engine(std::move(own), std::move(options), std::move(storage)));
  VIGIL_TRY_VOID(engine->start());
  return engine;
}

Engine::Engine(Own own, Options options, std::unique_ptr<storage::Database> storage)
    : own_(std::move(own)),
      options_(std::move(options)),
      storage_(std::move(storage)),
      queries_(options_.query, options_.scheduler->clock()),
      collection_metrics_(options_.registry) {
  if (options_.registry != nullptr) {
    storage_metrics_ = std::make_unique<StorageMetrics>(*options_.registry, *storage_, options_.scheduler->clock());
  }
}

Result<void> Engine::start() {
  std::vector<AlertSink*> notified = options_.sinks;
  if (options_.alerting) {
    alerting::AlertmanagerOptions alerting{.directory = options_.storage.directory / "alerting",
                                           .files = &options_.files,
                                           .client = *options_.client,
                                           .scheduler = *options_.scheduler,
                                           .external_url = options_.external_url,
                                           .registry = options_.registry};
    VIGIL_TRY(alertmanager_, alerting::Alertmanager::open(*options_.alerting, std::move(alerting)));
    notified.push_back(alertmanager_.get());
  }
  notified_ = std::make_unique<alerting::FanOut>(std::move(notified));
  labelled_ = std::make_unique<LabelledSink>(*notified_);
  external_ = std::make_unique<alerting::ExternalSender>(alerting::ExternalOptions{
      .client = *options_.client, .scheduler = *options_.scheduler, .registry = options_.registry});
  sink_ = std::make_unique<alerting::FanOut>(std::vector<AlertSink*>{labelled_.get(), external_.get()});

  rules_ = std::make_unique<rules::Manager>(
      rules::ManagerOptions{.surroundings = {.query = rules::engine_query(queries_, *storage_),
                                             .queryable = storage_.get(),
                                             .appendable = storage_.get(),
                                             .sink = sink_.get()},
                            .scheduler = *options_.scheduler,
                            .registry = options_.registry});
  scraper_ = std::make_unique<scrape::Scraper>(scrape::Scraper::Options{.storage = *storage_,
                                                                        .client = *options_.client,
                                                                        .scheduler = *options_.scheduler,
                                                                        .files = options_.files,
                                                                        .registry = options_.registry});
  return {};
}

Engine::~Engine() {
  if (const auto stopped = stop(); !stopped) {
    log::error("engine", "the store did not close cleanly", {{"error", stopped.error().message()}});
  }
}

Result<void> Engine::apply(Config config) {
  // The only part that can refuse goes first.
  VIGIL_TRY_VOID(scraper_->apply(std::move(config.scrape_configs)));
  labelled_->set(config.external_labels);
  external_->apply(std::move(config.alertmanagers), config.external_labels);
  rules_->update(std::move(config.rule_groups), rules::Settings{.interval = config.evaluation_interval,
                                                                .query_offset = config.rule_query_offset,
                                                                .resend_delay = options_.resend_delay,
                                                                .outage_tolerance = options_.outage_tolerance,
                                                                .grace_period = options_.grace_period,
                                                                .external_labels = std::move(config.external_labels),
                                                                .external_url = options_.external_url});
  return {};
}

Result<void> Engine::apply_alerting(alerting::Config config) {
  if (alertmanager_ == nullptr) return fail(ErrorCode::kUnavailable, "alerting was not configured at start");
  return alertmanager_->apply(std::move(config));
}

Result<void> Engine::attach(const metrics::Registry& registry, AttachOptions options) {
  if (options.interval <= 0) return fail(ErrorCode::kInvalidArgument, "the interval of a collection must be positive");
  if (storage_->state().state == storage::State::kClosed) return fail(ErrorCode::kUnavailable, "the engine is stopped");
  MutexLock lock(collections_mutex_);
  if (std::ranges::any_of(collections_, [&](const auto& known) { return &known->registry() == &registry; })) {
    return fail(ErrorCode::kAlreadyExists, "the registry is attached already: detach it to change its options");
  }
  auto collection =
      std::make_unique<collect::Collection>(collect::CollectionOptions{.registry = registry,
                                                                       .storage = *storage_,
                                                                       .scheduler = *options_.scheduler,
                                                                       .metrics = collection_metrics_,
                                                                       .interval = options.interval,
                                                                       .labels = std::move(options.labels)});
  collection->start();
  collections_.push_back(std::move(collection));
  return {};
}

Result<void> Engine::detach(const metrics::Registry& registry) {
  std::unique_ptr<collect::Collection> detached;
  {
    MutexLock lock(collections_mutex_);
    const auto found =
        std::ranges::find_if(collections_, [&](const auto& known) { return &known->registry() == &registry; });
    if (found == collections_.end()) return fail(ErrorCode::kNotFound, "the registry is not attached");
    detached = std::move(*found);
    collections_.erase(found);
  }
  detached->finish();
  return {};
}

Result<promql::QueryResult> Engine::query(std::string_view expression) {
  promql::QueryOptions options;
  options.origin = "embedded";
  return queries_.instant(*storage_, expression, options_.scheduler->clock().now(), options);
}

Result<void> Engine::stop() {
  if (std::exchange(stopped_, true)) return {};
  {
    MutexLock lock(collections_mutex_);
    for (const auto& collection : collections_) collection->stop();
  }
  if (scraper_ != nullptr) scraper_->stop();
  if (rules_ != nullptr) rules_->stop();
  if (alertmanager_ != nullptr) alertmanager_->stop();
  if (external_ != nullptr) external_->stop();
  return storage_->close();
}

}  // namespace vigil::engine
