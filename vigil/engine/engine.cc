#include "vigil/engine/engine.h"

#include <utility>

#include "vigil/alerting/fan_out.h"
#include "vigil/base/log.h"
#include "vigil/engine/storage_metrics.h"

namespace vigil::engine {
namespace {

storage::Options storage_options(const Options& options) {
  storage::Options storage = options.storage;
  storage.scheduler = &options.scheduler;
  storage.file_system = &options.files;
  return storage;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(Options options) {
  VIGIL_TRY(auto storage, storage::Database::open(storage_options(options)));
  for (const std::string& damage : storage->stats(0).damage) {
    log::error("storage", "damaged data was set aside; the rest is served", {{"damage", damage}});
  }
  std::unique_ptr<Engine> engine(new Engine(std::move(options), std::move(storage)));
  VIGIL_TRY_VOID(engine->start());
  return engine;
}

Engine::Engine(Options options, std::unique_ptr<storage::Database> storage)
    : options_(std::move(options)), storage_(std::move(storage)), queries_(options_.query, options_.scheduler.clock()) {
  if (options_.registry != nullptr) {
    storage_metrics_ = std::make_unique<StorageMetrics>(*options_.registry, *storage_, options_.scheduler.clock());
  }
}

Result<void> Engine::start() {
  std::vector<AlertSink*> sinks;
  if (options_.alerting) {
    alerting::AlertmanagerOptions alerting{.directory = options_.storage.directory / "alerting",
                                           .files = &options_.files,
                                           .client = options_.client,
                                           .scheduler = options_.scheduler,
                                           .external_url = options_.external_url,
                                           .registry = options_.registry};
    VIGIL_TRY(alertmanager_, alerting::Alertmanager::open(*options_.alerting, std::move(alerting)));
    labelled_ = std::make_unique<LabelledSink>(*alertmanager_);
    sinks.push_back(labelled_.get());
  }
  external_ = std::make_unique<alerting::ExternalSender>(alerting::ExternalOptions{
      .client = options_.client, .scheduler = options_.scheduler, .registry = options_.registry});
  sinks.push_back(external_.get());
  sink_ = std::make_unique<alerting::FanOut>(std::move(sinks));

  rules_ = std::make_unique<rules::Manager>(
      rules::ManagerOptions{.surroundings = {.query = rules::engine_query(queries_, *storage_),
                                             .queryable = storage_.get(),
                                             .appendable = storage_.get(),
                                             .sink = sink_.get()},
                            .scheduler = options_.scheduler,
                            .registry = options_.registry});
  scraper_ = std::make_unique<scrape::Scraper>(scrape::Scraper::Options{.storage = *storage_,
                                                                        .client = options_.client,
                                                                        .scheduler = options_.scheduler,
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
  if (labelled_ != nullptr) labelled_->set(config.external_labels);
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

Result<void> Engine::stop() {
  if (std::exchange(stopped_, true)) return {};
  if (scraper_ != nullptr) scraper_->stop();
  if (rules_ != nullptr) rules_->stop();
  if (alertmanager_ != nullptr) alertmanager_->stop();
  if (external_ != nullptr) external_->stop();
  return storage_->close();
}

}  // namespace vigil::engine
