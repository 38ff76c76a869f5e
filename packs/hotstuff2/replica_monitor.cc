#include "packs/hotstuff2/replica_monitor.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "packs/hotstuff2/alert_manager.h"
#include "vigil/alerting/alertmanager.h"
#include "vigil/alerting/external.h"
#include "vigil/base/log.h"
#include "vigil/base/mutex.h"
#include "vigil/net/url.h"

namespace vigil::packs::hotstuff2 {
namespace {

constexpr Duration kCheckInterval = kSecond;
// An Alertmanager takes an alert that nobody renews for over.
constexpr Duration kRenewInterval = kMinute;
constexpr Duration kGrafanaRetry = kMinute;

struct Board {
  std::string uid;
  std::string json;
};

Result<Board> board_of(std::string json, std::string_view origin) {
  const nlohmann::json document = nlohmann::json::parse(json, nullptr, false);
  const auto uid = document.is_object() ? document.find("uid") : document.end();
  if (uid == document.end() || !uid->is_string()) {
    return fail(ErrorCode::kInvalidArgument, std::string(origin) + " is no dashboard: a JSON object with a \"uid\"");
  }
  return Board{uid->get<std::string>(), std::move(json)};
}

Result<std::vector<Board>> boards_of(const telemetry::MetricsConfig& config, FileSystem& files) {
  std::vector<Board> own;
  VIGIL_TRY(std::vector<std::string> generated, DashboardExporter().export_dashboards());
  for (std::string& json : generated) {
    VIGIL_TRY(Board board, board_of(std::move(json), "a generated board"));
    own.push_back(std::move(board));
  }
  std::vector<Board> boards;
  if (config.dashboard_auto_generation) boards = own;
  for (const std::string& name : config.custom_dashboards) {
    const auto known = std::ranges::find(own, name, &Board::uid);
    Board board;
    if (known != own.end()) {
      board = *known;
    } else {
      VIGIL_TRY(std::string json, files.read_file(name));
      VIGIL_TRY(board, board_of(std::move(json), name));
    }
    // A file may stand for a generated board of its uid.
    if (const auto same = std::ranges::find(boards, board.uid, &Board::uid); same != boards.end()) {
      *same = std::move(board);
    } else {
      boards.push_back(std::move(board));
    }
  }
  return boards;
}

Result<alerting::ExternalConfig> external(const telemetry::AlertDestination& destination) {
  VIGIL_TRY(const net::Url url, net::Url::parse(destination.url));
  alerting::ExternalConfig config;
  config.scheme = url.scheme;
  config.path_prefix = url.path == "/" ? "" : url.path;
  config.targets = {(url.host.contains(':') ? "[" + url.host + "]" : url.host) + ":" + url.effective_port()};
  return config;
}

// Every alert by itself and at once.
alerting::Config webhooks(const std::vector<telemetry::AlertDestination>& destinations) {
  alerting::Receiver receiver{.name = "destinations", .webhooks = {}};
  for (const telemetry::AlertDestination& destination : destinations) {
    if (destination.type != "webhook") continue;
    alerting::WebhookConfig webhook;
    webhook.url = destination.url;
    receiver.webhooks.push_back(std::move(webhook));
  }
  alerting::Config config;
  config.route.receiver = receiver.name;
  config.route.group_by_all = true;
  config.route.group_wait = 0;
  config.route.group_interval = kSecond;
  config.receivers.push_back(std::move(receiver));
  return config;
}

bool any(const std::vector<telemetry::AlertDestination>& destinations, std::string_view type) {
  return std::ranges::any_of(destinations, [&](const auto& destination) { return destination.type == type; });
}

}  // namespace

class ReplicaMonitor::Core {
 public:
  Core(telemetry::MetricsConfig config, HotStuffMetrics& metrics, const ReplicaMonitorOptions& options)
      : config_(std::move(config)),
        metrics_(metrics),
        options_(options),
        scheduler_(options.pipeline.scheduler),
        pipeline_(config_, options.pipeline),
        checks_(scheduler_),
        grafana_(scheduler_) {}

  ~Core() {
    checks_.stop();
    grafana_.stop();
    pipeline_.stop();
    if (external_) external_->stop();
    if (alertmanager_) alertmanager_->stop();
  }

  Result<void> start() {
    if (!config_.collection_enabled) return {};
    VIGIL_TRY_VOID(publish_dashboards());
    pipeline_.on_collect([this] { metrics_.collect(); });
    VIGIL_TRY_VOID(pipeline_.start());
    if (config_.alerting_enabled) VIGIL_TRY_VOID(start_alerts());
    return {};
  }

  telemetry::MetricsPipeline& pipeline() { return pipeline_; }
  const std::vector<std::string>& dashboards() const { return dashboards_; }
  std::vector<Alert> firing() const {
    MutexLock lock(mutex_);
    return firing_;
  }

 private:
  Result<void> publish_dashboards() {
    FileSystem& files = options_.pipeline.files;
    VIGIL_TRY(const std::vector<Board> boards, boards_of(config_, files));
    if (!boards.empty()) VIGIL_TRY_VOID(files.create_directories(options_.directory / "dashboards"));
    for (const Board& board : boards) {
      VIGIL_TRY_VOID(
          files.write_file_atomically(options_.directory / "dashboards" / (board.uid + ".json"), board.json));
      dashboards_.push_back(board.json);
    }
    if (!config_.grafana_integration) return {};
    if (options_.grafana == nullptr) {
      return fail(ErrorCode::kInvalidArgument, "grafana_integration: no Grafana client was given");
    }
    waiting_ = dashboards_;
    grafana_.arm(kMinTimestamp, [this] { create_in_grafana(); });
    return {};
  }

  void create_in_grafana() {
    while (!waiting_.empty()) {
      if (const auto created = options_.grafana->create_dashboard(waiting_.back()); !created) {
        log::warn("hotstuff2", "Grafana did not take a dashboard; tried again in a minute",
                  {{"error", created.error().message()}});
        grafana_.arm(scheduler_.clock().now() + kGrafanaRetry, [this] { create_in_grafana(); });
        return;
      }
      waiting_.pop_back();
    }
  }

  Result<void> start_alerts() {
    const auto& destinations = config_.alert_destinations;
    std::vector<std::unique_ptr<AlertHandler>> handlers;
    if (destinations.empty() || any(destinations, "log")) handlers.push_back(std::make_unique<LogAlertHandler>());
    if (any(destinations, "alertmanager")) {
      alerting::ExternalSettings settings;
      for (const telemetry::AlertDestination& destination : destinations) {
        if (destination.type != "alertmanager") continue;
        VIGIL_TRY(alerting::ExternalConfig config, external(destination));
        settings.alertmanagers.push_back(std::move(config));
      }
      external_ = std::make_unique<alerting::ExternalSender>(alerting::ExternalOptions{
          .client = options_.pipeline.client, .scheduler = scheduler_, .registry = &options_.pipeline.registry});
      external_->apply(std::move(settings), {});
      add_sink(*external_, handlers);
    }
    if (any(destinations, "webhook")) {
      VIGIL_TRY(alertmanager_,
                alerting::Alertmanager::open(webhooks(destinations), {.directory = options_.directory / "alerts",
                                                                      .files = &options_.pipeline.files,
                                                                      .client = options_.pipeline.client,
                                                                      .scheduler = scheduler_,
                                                                      .external_url = "",
                                                                      .registry = &options_.pipeline.registry}));
      add_sink(*alertmanager_, handlers);
    }
    alerts_.emplace(
        config_.alert_config, std::move(handlers),
        AlertManagerOptions{
            .instance = options_.instance, .clock = &scheduler_.clock(), .external_url = options_.external_url});
    check();
    return {};
  }

  void add_sink(AlertSink& sink, std::vector<std::unique_ptr<AlertHandler>>& handlers) {
    sinks_.push_back(&sink);
    handlers.push_back(std::make_unique<SinkAlertHandler>(sink));
  }

  void check() {
    const Timestamp now = scheduler_.clock().now();
    checks_.arm(now + kCheckInterval, [this] { check(); });
    std::vector<Alert> firing = alerts_->update(metrics_);
    if (now - renewed_at_ >= kRenewInterval) {
      renewed_at_ = now;
      for (AlertSink* const sink : sinks_) sink->send(firing);
    }
    MutexLock lock(mutex_);
    firing_ = std::move(firing);
  }

  const telemetry::MetricsConfig config_;
  HotStuffMetrics& metrics_;
  const ReplicaMonitorOptions options_;
  Scheduler& scheduler_;
  telemetry::MetricsPipeline pipeline_;
  std::vector<std::string> dashboards_;
  std::vector<std::string> waiting_;  // for Grafana; its timer's alone

  std::unique_ptr<alerting::ExternalSender> external_;
  std::unique_ptr<alerting::Alertmanager> alertmanager_;
  std::vector<AlertSink*> sinks_;
  std::optional<AlertManager> alerts_;
  Timestamp renewed_at_ = 0;  // the checks' alone
  mutable Mutex mutex_;
  std::vector<Alert> firing_ GUARDED_BY(mutex_);

  Timer checks_;
  Timer grafana_;
};

ReplicaMonitor::ReplicaMonitor(std::unique_ptr<Core> core) : core_(std::move(core)) {}
ReplicaMonitor::~ReplicaMonitor() = default;

Result<std::unique_ptr<ReplicaMonitor>> ReplicaMonitor::start(telemetry::MetricsConfig config, HotStuffMetrics& metrics,
                                                              const ReplicaMonitorOptions& options) {
  VIGIL_TRY_VOID(telemetry::validate(config));
  auto core = std::make_unique<Core>(std::move(config), metrics, options);
  VIGIL_TRY_VOID(core->start());
  return std::unique_ptr<ReplicaMonitor>(new ReplicaMonitor(std::move(core)));
}

telemetry::MetricsPipeline& ReplicaMonitor::pipeline() { return core_->pipeline(); }
std::vector<Alert> ReplicaMonitor::firing() const { return core_->firing(); }
const std::vector<std::string>& ReplicaMonitor::dashboards() const { return core_->dashboards(); }

}  // namespace vigil::packs::hotstuff2
