#include "vigil/telemetry/pipeline.h"

#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "vigil/base/log.h"
#include "vigil/base/mutex.h"
#include "vigil/metrics/metrics.h"
#include "vigil/telemetry/registry_collector.h"

namespace vigil::telemetry {
namespace {

using Deliver = std::function<Result<void>(const std::string&)>;

struct Output {
  std::shared_ptr<MetricsExporter> exporter;
  Deliver deliver;
};

Output make_output(const ExporterConfig& config, net::HttpClient& client, FileSystem& files) {
  if (config.format == "influxdb") {
    return {std::make_shared<InfluxDbExporter>(InfluxDbClient{.http = &client,
                                                              .url = config.url,
                                                              .username = config.username,
                                                              .password_file = config.password_file,
                                                              .token_file = config.token_file,
                                                              .timeout = config.timeout},
                                               config.database),
            nullptr};
  }
  std::shared_ptr<MetricsExporter> exporter;
  if (config.format == "json") exporter = std::make_shared<JsonExporter>();
  if (config.format == "csv") exporter = std::make_shared<CsvExporter>();
  if (config.format == "prometheus") exporter = std::make_shared<PrometheusTextExporter>();
  VIGIL_CHECK(exporter != nullptr);
  return {std::move(exporter), [&files, path = config.path](const std::string& content) {
            return files.write_file_atomically(path, content);
          }};
}

}  // namespace

class MetricsPipeline::Core {
 public:
  Core(MetricsConfig config, const PipelineDependencies& d)
      : config_(std::move(config)),
        scheduler_(d.scheduler),
        collector_(d.registry, d.scheduler.clock(),
                   {.enabled = config_.collection_enabled,
                    .prefix = d.prefix,
                    .sampling_rate = config_.metrics_sampling_rate,
                    .batch_size = config_.batch_size,
                    .max_memory = config_.max_metrics_memory}),
        prometheus_(config_.prometheus_port, "", d.prometheus),
        duration_(d.registry, "vigil_export_duration_seconds", "Time to export a snapshot.",
                  metrics::buckets<0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 10.0>,
                  {.closed = {}, .unit = "seconds"}),
        failures_(d.registry, "vigil_export_failures_total", "Exports that failed."),
        skipped_(d.registry, "vigil_export_skipped_total", "Snapshots not exported because the one before still was."),
        timer_(d.scheduler) {
    for (const ExporterConfig& exporter : config_.custom_exporters) {
      add(make_output(exporter, d.client, d.files));
    }
  }

  ~Core() { stop(); }

  void add(Output output) {
    failures_.prepare(output.exporter->format_name());
    outputs_.push_back(std::move(output));
  }

  Result<void> start() {
    if (!config_.collection_enabled) return {};
    if (config_.prometheus_enabled) {
      VIGIL_TRY_VOID(prometheus_.register_metrics(collector_));
      VIGIL_TRY_VOID(prometheus_.start_server());
    }
    if (config_.async_export) {
      MutexLock lock(mutex_);
      if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
    }
    arm();
    return {};
  }

  void stop() {
    timer_.stop();
    std::thread thread;
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
      thread = std::move(thread_);
    }
    if (thread.joinable()) thread.join();
    prometheus_.stop_server();
  }

  Result<void> collect() {
    for (const auto& sample : samples_) sample();
    VIGIL_TRY(MetricsSnapshot snapshot, collector_.snapshot());
    if (!config_.async_export) return export_to_all(snapshot);
    MutexLock lock(mutex_);
    if (busy_ || waiting_.has_value()) {
      skipped_.inc();
      return {};
    }
    waiting_ = std::move(snapshot);
    changed_.notify_all();
    return {};
  }

  void wait_for_exports() {
    MutexLock lock(mutex_);
    while ((busy_ || waiting_.has_value()) && !stopping_) changed_.wait(mutex_);
  }

  RegistryCollector& collector() { return collector_; }
  void on_collect(std::function<void()> sample) { samples_.push_back(std::move(sample)); }
  std::vector<std::string> addresses() const { return prometheus_.addresses(); }

 private:
  void arm() {
    timer_.arm(scheduler_.clock().now() + config_.collection_interval, [this] {
      arm();
      if (const auto collected = collect(); !collected) {
        log::warn("telemetry", "export failed", {{"error", collected.error().message()}});
      }
    });
  }

  void work() {
    for (;;) {
      MetricsSnapshot snapshot;
      {
        MutexLock lock(mutex_);
        while (!stopping_ && !waiting_.has_value()) changed_.wait(mutex_);
        if (stopping_) return;
        snapshot = *std::exchange(waiting_, std::nullopt);
        busy_ = true;
      }
      if (const auto exported = export_to_all(snapshot); !exported) {
        log::warn("telemetry", "export failed", {{"error", exported.error().message()}});
      }
      MutexLock lock(mutex_);
      busy_ = false;
      changed_.notify_all();
    }
  }

  Result<void> export_to_all(const MetricsSnapshot& snapshot) const {
    Result<void> first;
    for (const Output& output : outputs_) {
      const std::string_view format = output.exporter->format_name();
      const auto timer = duration_.with(format).time(scheduler_.clock());
      const auto content = output.exporter->export_metrics(snapshot);
      Result<void> done;
      if (!content) {
        done = std::unexpected(content.error());
      } else if (output.deliver) {
        done = output.deliver(*content);
      }
      if (done) continue;
      failures_.with(format).inc();
      if (first) first = std::unexpected(done.error().with_context(format));
    }
    return first;
  }

  const MetricsConfig config_;
  Scheduler& scheduler_;
  RegistryCollector collector_;
  PrometheusExporter prometheus_;
  std::vector<Output> outputs_;
  std::vector<std::function<void()>> samples_;
  const metrics::Histogram<"format"> duration_;
  const metrics::Counter<"format"> failures_;
  const metrics::Counter<> skipped_;

  Mutex mutex_;
  CondVar changed_;
  std::optional<MetricsSnapshot> waiting_ GUARDED_BY(mutex_);
  bool busy_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_ GUARDED_BY(mutex_);

  Timer timer_;
};

MetricsPipeline::MetricsPipeline(MetricsConfig config, const PipelineDependencies& dependencies)
    : core_(std::make_unique<Core>(std::move(config), dependencies)) {}
MetricsPipeline::~MetricsPipeline() = default;

MetricsCollector& MetricsPipeline::collector() { return core_->collector(); }
void MetricsPipeline::on_collect(std::function<void()> sample) { core_->on_collect(std::move(sample)); }
void MetricsPipeline::add_exporter(std::shared_ptr<MetricsExporter> exporter, Deliver deliver) {
  core_->add({std::move(exporter), std::move(deliver)});
}
Result<void> MetricsPipeline::start() { return core_->start(); }
void MetricsPipeline::stop() { core_->stop(); }
Result<void> MetricsPipeline::collect() { return core_->collect(); }
void MetricsPipeline::wait_for_exports() { core_->wait_for_exports(); }
std::vector<std::string> MetricsPipeline::addresses() const { return core_->addresses(); }

}  // namespace vigil::telemetry
