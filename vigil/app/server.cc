#include "vigil/app/server.h"

#include <pthread.h>
#include <re2/re2.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <memory>
#include <thread>
#include <utility>

#include "packs/all/all.h"
#include "vigil/api/api.h"
#include "vigil/app/child_process.h"
#include "vigil/app/exporter_search.h"
#include "vigil/app/settings.h"
#include "vigil/app/terminal.h"
#include "vigil/app/version.h"
#include "vigil/base/log.h"
#include "vigil/base/mutex.h"
#include "vigil/base/strings.h"
#include "vigil/engine/engine.h"
#include "vigil/net/curl_client.h"
#include "vigil/net/router.h"
#include "vigil/net/server.h"
#include "vigil/resources/process_metrics.h"

namespace vigil::app {
namespace {

constexpr Duration kExporterSearchInterval = 30 * kSecond;

log::Level level_of(const std::string& name) {
  if (name == "debug") return log::Level::kDebug;
  if (name == "warn") return log::Level::kWarn;
  if (name == "error") return log::Level::kError;
  return log::Level::kInfo;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

// Signals are waited for by one thread; every other one has them blocked.
class Signals {
 public:
  Signals() {
    ::sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set_, signal);
    ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  int wait() const {
    int signal = 0;
    ::sigwait(&set_, &signal);
    return signal;
  }
  // Wakes wait() with SIGTERM.
  static void request_stop() { ::kill(::getpid(), SIGTERM); }

 private:
  sigset_t set_{};
};

class Server {
 public:
  explicit Server(const ServerOptions& options)
      : options_(options),
        scheduler_(make_thread_scheduler(static_cast<int>(std::max(4U, std::thread::hardware_concurrency())))),
        client_(net::make_curl_client()),
        start_time_(scheduler_->clock().now()),
        search_timer_(*scheduler_) {}

  ~Server() {
    search_timer_.stop();
    if (http_ != nullptr) http_->stop();
    if (engine_ != nullptr) {
      if (const auto stopped = engine_->stop(); !stopped)
        log::error("server", "stop", {{"error", stopped.error().message()}});
    }
  }

  Result<void> start() {
    if (options_.config_file.empty()) found_exporters_ = find_exporters(*client_);
    VIGIL_TRY(auto settings, load_settings(options_, own_address(), found_exporters_, files_));
    VIGIL_TRY(auto query, query_options(options_));
    query.default_subquery_step = settings.engine.evaluation_interval;

    engine::Options engine{.query = query,
                           .alerting = settings.alerting,
                           .external_url = external_url(),
                           .scheduler = scheduler_.get(),
                           .client = client_.get(),
                           .files = files_,
                           .registry = &metrics::Registry::global()};
    engine.storage.directory = options_.data_directory;
    engine.storage.retention = settings.retention;
    engine.storage.retention_bytes = settings.retention_bytes;
    engine.storage.fsync = options_.wal_fsync;
    VIGIL_TRY(engine.resend_delay, parse_duration(options_.resend_delay));
    VIGIL_TRY(engine.outage_tolerance, parse_duration(options_.for_outage_tolerance));
    VIGIL_TRY(engine.grace_period, parse_duration(options_.for_grace_period));
    VIGIL_TRY(engine_, engine::Engine::open(std::move(engine)));
    storage_health_ = health_.add("storage", [this] {
      const auto report = engine_->storage().state();
      return report.state == storage::State::kReady ? health::Status::healthy()
                                                    : health::Status::critical("read-only: " + report.reason);
    });
    health_.set_ready(true);

    // Listening before scraping: a taken port is an error before anything is written.
    VIGIL_TRY_VOID(listen(settings.packs));
    {
      MutexLock lock(state_mutex_);
      remember(settings);
    }
    VIGIL_TRY_VOID(engine_->apply(std::move(settings.engine)));
    if (options_.config_file.empty()) arm_exporter_search();
    return {};
  }

  // All or nothing; what runs goes on if the new files are bad.
  Result<void> reload() EXCLUDES(reload_mutex_) {
    MutexLock lock(reload_mutex_);
    auto settings = load_settings(options_, own_address(), found_exporters_, files_);
    Result<void> applied;
    if (!settings) {
      applied = std::unexpected(settings.error());
    } else {
      applied = engine_->apply(settings->engine);
      if (applied && settings->alerting) applied = engine_->apply_alerting(std::move(*settings->alerting));
    }
    MutexLock state(state_mutex_);
    last_reload_good_ = applied.has_value();
    if (!applied) {
      log::error("server", "reload failed, the configuration before stays", {{"error", applied.error().message()}});
      return applied;
    }
    remember(*settings);
    log::info("server", "configuration reloaded");
    return {};
  }

  const std::vector<std::string> addresses() const { return http_->addresses(); }
  bool tls() const { return http_->tls(); }

 private:
  std::string own_address() const {
    std::string address = options_.listen_addresses.front();
    if (address.starts_with(':')) address.insert(0, "127.0.0.1");
    if (address.starts_with("0.0.0.0")) address.replace(0, 7, "127.0.0.1");
    return address;
  }
  std::string external_url() const {
    std::string url = options_.external_url.empty() ? "http://" + own_address() : options_.external_url;
    while (url.ends_with('/')) url.pop_back();
    return url;
  }

  Result<void> listen(const std::vector<const pack::Pack*>& packs) {
    api::Dependencies api{.engine = engine_->queries(), .storage = engine_->storage(), .clock = scheduler_->clock()};
    if (options_.enable_remote_write_receiver) api.receiver = &engine_->storage();
    api.metadata = [this](std::string_view metric) { return engine_->storage().metadata(metric); };
    api.exemplars = [this](std::span<const Matcher> matchers, Timestamp mint, Timestamp maxt) {
      return engine_->storage().exemplars(matchers, mint, maxt);
    };
    api.targets = [this] { return targets_view(); };
    api.rule_groups = [this] { return engine_->rules().groups(); };
    api.alertmanagers = [this] {
      std::vector<std::string> urls;
      for (const auto& status : engine_->external_alertmanagers().status()) urls.push_back(status.url);
      return urls;
    };
    for (const pack::Pack* const pack : packs) {
      for (const pack::File& runbook : pack->runbooks) api.runbooks.push_back({pack->name, runbook.name, runbook.text});
    }
    api.storage_stats = [this](std::size_t top) { return engine_->storage().stats(top); };
    api.config_text = [this] {
      MutexLock lock(state_mutex_);
      return shown_config_;
    };
    api.flags = [this] { return flag_values(options_); };
    api.runtime = [this] { return runtime_view(); };
    api.build = {.version = std::string(kApiVersion) + "+vigil." + kVersion,
                 .revision = kRevision,
                 .branch = "main",
                 .user = "",
                 .date = "",
                 .compiler = kCompiler};
    api.external_url = external_url();
    api.external_labels = [this] {
      MutexLock lock(state_mutex_);
      return external_labels_;
    };
    if (options_.enable_lifecycle) {
      api.reload = [this] { return reload(); };
      api.quit = [] { Signals::request_stop(); };
    }
    api.registry = &metrics::Registry::global();
    api.health = &health_;

    net::Router router;
    api::add_routes(router, std::move(api));
    VIGIL_TRY_VOID(allow_origins(router));
    router.observe([this](const net::RouteObservation& seen) {
      const std::string code = std::to_string(seen.status);
      requests_.with(seen.pattern.empty() ? "other" : seen.pattern, code).inc();
      durations_.with(seen.pattern.empty() ? "other" : seen.pattern).observe(seen.seconds);
    });
    net::ServerOptions server;
    server.listen = options_.listen_addresses;
    server.web_config_file = options_.web_config_file;
    server.anonymous_loopback = options_.anonymous_loopback;
    server.limits.max_connections = options_.max_connections;
    server.registry = &metrics::Registry::global();
    VIGIL_TRY(http_, net::HttpServer::start(std::move(server), router.handler(), router.policy()));
    return {};
  }

  Result<void> allow_origins(net::Router& router) const {
    if (options_.cors_origin.empty()) return {};
    auto pattern = std::make_shared<const RE2>(options_.cors_origin, RE2::Quiet);
    if (!pattern->ok()) return fail(ErrorCode::kInvalidArgument, "--web.cors.origin: " + pattern->error());
    router.allow_origins([pattern](std::string_view origin) { return RE2::FullMatch(origin, *pattern); },
                         options_.cors_origin == ".*");
    return {};
  }

  // What the API shows of the configuration in use.
  void remember(const Settings& settings) REQUIRES(state_mutex_) {
    shown_config_ = settings.shown_config;
    external_labels_ = settings.engine.external_labels;
    last_config_time_ = scheduler_->clock().now();
  }

  void arm_exporter_search() {
    search_timer_.arm(scheduler_->clock().now() + kExporterSearchInterval, [this] {
      auto found = find_exporters(*client_);
      if (found.size() > found_exporters_.size()) {
        found_exporters_ = std::move(found);
        // The error is logged by reload().
        static_cast<void>(reload());
      }
      arm_exporter_search();
    });
  }

  api::TargetsView targets_view() const {
    api::TargetsView view;
    for (const auto& pool : engine_->scraper().pools()) {
      view.pools.push_back(pool.job);
      for (const auto& status : pool.active) {
        api::ActiveTarget& target = view.active.emplace_back();
        target.discovered = status.target.discovered;
        target.labels = status.target.labels;
        target.pool = pool.job;
        target.url = status.target.url;
        target.health = status.health == scrape::Health::kUp     ? "up"
                        : status.health == scrape::Health::kDown ? "down"
                                                                 : "unknown";
        target.last_error = status.last_error;
        target.last_scrape = status.last_scrape;
        target.last_scrape_seconds = status.last_duration_seconds;
        target.interval = status.target.interval;
        target.timeout = status.target.timeout;
      }
      for (const Labels& dropped : pool.dropped) view.dropped.push_back({dropped, pool.job});
      view.dropped_counts[pool.job] = pool.dropped_count;
    }
    return view;
  }

  api::RuntimeView runtime_view() EXCLUDES(state_mutex_) {
    api::RuntimeView view;
    view.start_time = start_time_;
    std::error_code ignored;
    view.working_directory = std::filesystem::current_path(ignored).string();
    view.host_name = host_name();
    view.threads = static_cast<int>(std::thread::hardware_concurrency());
    view.corruptions = engine_->storage().figures().damage.size();
    view.retention = options_.retention_time.empty() ? "15d" : options_.retention_time;
    MutexLock lock(state_mutex_);
    view.reload_ok = last_reload_good_;
    view.last_config_time = last_config_time_;
    return view;
  }

  const ServerOptions options_;
  FileSystem& files_ = FileSystem::real();
  std::unique_ptr<Scheduler> scheduler_;
  std::unique_ptr<net::HttpClient> client_;
  const Timestamp start_time_;

  metrics::Counter<"handler", "code"> requests_{metrics::Registry::global(), "vigil_http_requests_total",
                                                "HTTP requests answered."};
  metrics::Histogram<"handler"> durations_{metrics::Registry::global(), "vigil_http_request_duration_seconds",
                                           "From the request to the end of its answer."};
  resources::ProcessMetrics process_{metrics::Registry::global(), resources::Sampler(files_), scheduler_->clock()};
  health::HealthChecker health_{scheduler_->clock(), metrics::Registry::global()};
  std::shared_ptr<void> storage_health_;

  std::vector<scrape::ScrapeConfig> found_exporters_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<net::HttpServer> http_;

  Mutex reload_mutex_;
  Mutex state_mutex_;
  std::string shown_config_ GUARDED_BY(state_mutex_);
  Labels external_labels_ GUARDED_BY(state_mutex_);
  bool last_reload_good_ GUARDED_BY(state_mutex_) = true;
  Timestamp last_config_time_ GUARDED_BY(state_mutex_) = 0;
  Timer search_timer_;
};

}  // namespace

Result<void> run_server(const ServerOptions& options) {
  log::set_level(level_of(options.log_level));
  // Before any thread exists: they inherit the mask, and the demo's end follows ours.
  const Signals signals;
  std::vector<std::unique_ptr<ChildProcess>> demos;
  for (const pack::Pack* const pack : packs::all()) {
    const auto wanted = [pack](const std::string& name) { return name == pack->name || name == "all"; };
    if (std::ranges::none_of(options.demos, wanted)) continue;
    VIGIL_TRY(auto child, ChildProcess::start({"simulate", std::string(pack->name)}));
    demos.push_back(std::move(child));
  }
  Server server(options);
  VIGIL_TRY_VOID(server.start());
  for (const std::string& address : server.addresses()) {
    print_line(std::string(server.tls() ? "https://" : "http://") + address);
  }
  std::fflush(stdout);
  while (true) {
    const int signal = signals.wait();
    if (signal != SIGHUP) break;
    static_cast<void>(server.reload());  // logged by reload()
  }
  log::info("server", "stopping");
  return {};
}

}  // namespace vigil::app
