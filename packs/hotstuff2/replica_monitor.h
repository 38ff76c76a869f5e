// All that a MetricsConfig asks of a replica, at work: its page and exports, its alerts, its
// dashboards.
//
//   VIGIL_TRY(telemetry::MetricsConfig config, telemetry::parse_config(text, "metrics.yml"));
//   VIGIL_TRY(auto monitor, ReplicaMonitor::start(config, metrics, {.pipeline = {registry, scheduler, client, files},
//                                                                   .directory = "monitor",
//                                                                   .instance = "replica-1:9464"}));
//
// Alerts (HS-184 to HS-186): the limits of alert_config are looked at every second, and
// every destination is told what begins and what is over: `log` writes a line, `webhook`
// gets Alertmanager's message (tried again until it arrives, remembered on disk),
// `alertmanager` gets API v2. Without a destination alerts are written to the log.
//
// Dashboards (HS-181 to HS-183): with dashboard_auto_generation the three boards of this
// system, and those of custom_dashboards: files of Grafana JSON, or the uids of single
// ones of the three. They are written to `directory`/dashboards, where Grafana's file
// provisioning finds them; with grafana_integration they are created in Grafana as well,
// tried again every minute until it takes them.
//
// Thread-safety: any thread. Nothing of it makes the replica wait.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "packs/hotstuff2/dashboard_exporter.h"
#include "packs/hotstuff2/hotstuff2_metrics.h"
#include "vigil/alert_api/alert.h"
#include "vigil/base/error.h"
#include "vigil/telemetry/pipeline.h"

namespace vigil::packs::hotstuff2 {

// What it points to outlives the monitor.
struct ReplicaMonitorOptions {
  telemetry::PipelineDependencies pipeline;
  std::filesystem::path directory;   // of dashboards and of what destinations were told
  GrafanaClient* grafana = nullptr;  // needed by grafana_integration
  std::string instance = {};         // label of the alerts of this replica
  std::string external_url = {};     // of the vigil server whose runbooks the alerts link to
};

class ReplicaMonitor {
 public:
  // Does nothing with collection_enabled = false. `metrics` outlives the monitor. Fails on
  // an invalid configuration, a port that is taken, a dashboard that cannot be read.
  static Result<std::unique_ptr<ReplicaMonitor>> start(telemetry::MetricsConfig config, HotStuffMetrics& metrics,
                                                       const ReplicaMonitorOptions& options);
  ~ReplicaMonitor();
  ReplicaMonitor(const ReplicaMonitor&) = delete;
  ReplicaMonitor& operator=(const ReplicaMonitor&) = delete;

  telemetry::MetricsPipeline& pipeline();
  // What fires now; empty with alerting_enabled = false.
  std::vector<Alert> firing() const;
  // Grafana JSON.
  const std::vector<std::string>& dashboards() const;

 private:
  class Core;
  explicit ReplicaMonitor(std::unique_ptr<Core> core);
  const std::unique_ptr<Core> core_;
};

}  // namespace vigil::packs::hotstuff2
