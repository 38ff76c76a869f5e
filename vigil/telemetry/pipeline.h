// A MetricsConfig at work: the collector it describes, sampled and exported each
// collection_interval.
//
//   MetricsPipeline pipeline(config, {.registry = registry, .scheduler = scheduler, .client = client, .files = files});
//   pipeline.on_collect([&] { node_metrics.collect(); });
//   VIGIL_TRY_VOID(pipeline.start());
//   pipeline.collector().increment_counter("blocks_committed");
//
// Recording never waits for an export: exports work on a snapshot. With async_export they
// run on a thread of the pipeline; a snapshot that finds the one before still being
// exported is skipped and counted.
//
// Not here, because they are a system's own: dashboards and alerts (ReplicaMonitor of
// packs/hotstuff2 has all of a MetricsConfig).
//
// Metrics: vigil_export_duration_seconds{format}, vigil_export_failures_total{format},
// vigil_export_skipped_total.
//
// Thread-safety: any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "vigil/base/file_system.h"
#include "vigil/base/scheduler.h"
#include "vigil/net/http.h"
#include "vigil/telemetry/collector.h"
#include "vigil/telemetry/config.h"
#include "vigil/telemetry/exporter.h"
#include "vigil/telemetry/prometheus_exporter.h"

namespace vigil::telemetry {

// All of these outlive the pipeline.
struct PipelineDependencies {
  metrics::Registry& registry;
  Scheduler& scheduler;
  net::HttpClient& client;
  FileSystem& files;
  std::string prefix = {};                    // before the names of the collector
  PrometheusExporterOptions prometheus = {};  // where to listen
};

class MetricsPipeline {
 public:
  // `config` is valid.
  MetricsPipeline(MetricsConfig config, const PipelineDependencies& dependencies);
  ~MetricsPipeline();  // stop()
  MetricsPipeline(const MetricsPipeline&) = delete;
  MetricsPipeline& operator=(const MetricsPipeline&) = delete;

  MetricsCollector& collector();

  // Before start(): called at the beginning of each round, for what is sampled.
  void on_collect(std::function<void()> sample);
  // Before start(): one more exporter, of a format of one's own. `deliver` gets what it
  // made; empty: nothing is left to do with it.
  void add_exporter(std::shared_ptr<MetricsExporter> exporter,
                    std::function<Result<void>(const std::string& content)> deliver = nullptr);

  // Listens (if prometheus_enabled) and starts the rounds. Nothing happens with
  // collection_enabled = false. Fails if the port is taken.
  Result<void> start();
  // Ends the rounds, waits for an export in progress, stops listening. Idempotent.
  void stop();

  // One round now: samples, flushes and exports. Without async_export it returns the first
  // failure of an exporter, when all have had their turn.
  Result<void> collect();
  // Waits until no export is in progress or waiting.
  void wait_for_exports();

  std::vector<std::string> addresses() const;  // of the Prometheus endpoint

 private:
  class Core;
  const std::unique_ptr<Core> core_;
};

}  // namespace vigil::telemetry
