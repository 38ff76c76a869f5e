#include "vigil/telemetry/prometheus_exporter.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "vigil/base/mutex.h"
#include "vigil/expose/metrics_server.h"
#include "vigil/exposition/page_writer.h"
#include "vigil/metrics/schema.h"

namespace vigil::telemetry {
namespace {

// Hands a visit on with other names, each family once.
class Renaming final : public metrics::Visitor {
 public:
  Renaming(const std::string& prefix, metrics::Visitor& next) : prefix_(prefix), next_(next) {}

  void begin_family(const metrics::FamilyView& family) override {
    shown_ = seen_.emplace(family.name).second;
    if (!shown_) return;
    name_ = prefix_;
    name_ += family.name;
    metrics::FamilyView renamed = family;
    renamed.name = name_;
    next_.begin_family(renamed);
  }
  void point(std::string_view labels, const metrics::PointView& value) override {
    if (shown_) next_.point(labels, value);
  }
  void histogram(std::string_view labels, const metrics::HistogramView& value) override {
    if (shown_) next_.histogram(labels, value);
  }
  void end_family() override {
    if (shown_) next_.end_family();
  }

 private:
  const std::string& prefix_;
  metrics::Visitor& next_;
  std::unordered_set<std::string> seen_;
  std::string name_;
  bool shown_ = false;
};

}  // namespace

struct PrometheusExporter::State {
  std::uint16_t port = 0;
  std::string prefix;
  PrometheusExporterOptions options;
  mutable Mutex mutex;
  std::vector<MetricsCollector*> collectors GUARDED_BY(mutex);
  std::optional<expose::MetricsServerHandle> server GUARDED_BY(mutex);

  void visit(metrics::Visitor& visitor) const EXCLUDES(mutex) {
    std::vector<MetricsCollector*> all;
    {
      MutexLock lock(mutex);
      all = collectors;
    }
    Renaming renaming(prefix, visitor);
    for (const MetricsCollector* collector : all) collector->visit(renaming);
  }
};

PrometheusExporter::PrometheusExporter(std::uint16_t port, std::string prefix, PrometheusExporterOptions options)
    : state_(std::make_shared<State>()) {
  state_->port = port;
  if (!prefix.empty() && !prefix.ends_with('_')) prefix += '_';
  state_->prefix = std::move(prefix);
  state_->options = std::move(options);
}

PrometheusExporter::~PrometheusExporter() { stop_server(); }

Result<void> PrometheusExporter::start_server() {
  if (!state_->prefix.empty() && !metrics::is_plain_name(state_->prefix, true)) {
    return fail(ErrorCode::kInvalidArgument, "\"" + state_->prefix + "\" is not the start of a metric name");
  }
  MutexLock lock(state_->mutex);
  if (state_->server.has_value()) return fail(ErrorCode::kAlreadyExists, "the exporter's server runs already");
  expose::MetricsServerOptions options;
  options.listen = state_->options.host + ":" + std::to_string(state_->port);
  options.web_config_file = state_->options.web_config_file;
  options.health = state_->options.health;
  options.page = [state = state_.get()](metrics::Visitor& visitor) { state->visit(visitor); };
  VIGIL_TRY(auto handle, expose::spawn_metrics_server(std::move(options)));
  state_->server.emplace(std::move(handle));
  return {};
}

void PrometheusExporter::stop_server() {
  std::optional<expose::MetricsServerHandle> server;
  {
    MutexLock lock(state_->mutex);
    std::swap(server, state_->server);  // a request in progress may need the lock
  }
}

Result<void> PrometheusExporter::register_metrics(MetricsCollector& collector) {
  MutexLock lock(state_->mutex);
  if (std::ranges::find(state_->collectors, &collector) != state_->collectors.end()) {
    return fail(ErrorCode::kAlreadyExists, "the collector is registered already");
  }
  state_->collectors.push_back(&collector);
  return {};
}

std::string PrometheusExporter::scrape_metrics() const {
  std::string page;
  exposition::PageWriter writer(exposition::Format::kText, [&](std::string_view chunk) {
    page += chunk;
    return true;
  });
  state_->visit(writer);
  writer.finish();
  return page;
}

std::vector<std::string> PrometheusExporter::addresses() const {
  MutexLock lock(state_->mutex);
  return state_->server.has_value() ? state_->server->addresses() : std::vector<std::string>();
}

}  // namespace vigil::telemetry
