// How a node measures itself, as data: from YAML, then from the environment.
//
//   VIGIL_TRY(MetricsConfig config, parse_config(text, "metrics.yml"));
//   VIGIL_TRY_VOID(apply_environment(config, process_environment()));
//
//   collection_interval: 10s          # or VIGIL_METRICS_COLLECTION_INTERVAL=10s
//   prometheus_port: 9464
//   custom_exporters:
//     - {format: influxdb, url: http://127.0.0.1:8086, database: node}
//   alert_config:
//     max_block_time: 2s              # or VIGIL_METRICS_ALERT_MAX_BLOCK_TIME=2s
//   alert_destinations:
//     - {name: on-call, type: webhook, url: http://127.0.0.1:9000/alerts}
//
// Keys are the members' names; what is absent keeps its default. Ratios are 0..1,
// rates per second. Secrets are never in it, only the names of files that hold them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"

namespace vigil::telemetry {

// Limits behind the alerts of a consensus node.
struct AlertConfig {
  Duration max_block_time = 2 * kSecond;
  double max_view_change_frequency = 0.1;   // a second and node
  double min_transaction_throughput = 100;  // a second, while transactions wait
  double max_peer_disconnection_rate = 0.1;
  double max_message_loss_rate = 0.05;  // ratio
  Duration max_network_latency = 500;
  double max_cpu_usage = 0.9;  // ratios
  double max_memory_usage = 0.85;
  double max_disk_usage = 0.85;
  double max_byzantine_behavior_rate = 0;
  std::uint64_t max_safety_violations = 0;   // in 5 minutes
  std::uint64_t max_liveness_timeouts = 10;  // in 5 minutes
  friend bool operator==(const AlertConfig&, const AlertConfig&) = default;
};

struct AlertDestination {
  std::string name;
  std::string type;  // log, webhook or alertmanager
  std::string url = {};
  friend bool operator==(const AlertDestination&, const AlertDestination&) = default;
};

// A snapshot in `format` each collection_interval: to a file, replaced as a whole, or to
// a database.
struct ExporterConfig {
  std::string format;  // json, csv, prometheus: to `path`; influxdb: to `url` and `database`
  std::string path = {};
  std::string url = {};
  std::string database = {};
  std::string username = {};
  std::string password_file = {};
  std::string token_file = {};
  Duration timeout = 10 * kSecond;
  friend bool operator==(const ExporterConfig&, const ExporterConfig&) = default;
};

struct MetricsConfig {
  bool collection_enabled = true;                // false: nothing is recorded, nothing runs
  Duration collection_interval = 10 * kSecond;   // of resource sampling and exports
  std::uint64_t max_metrics_memory = 64U << 20;  // bytes

  bool prometheus_enabled = true;
  std::uint16_t prometheus_port = 9464;  // 0: a free one
  std::vector<ExporterConfig> custom_exporters = {};

  bool grafana_integration = false;  // dashboards are served or pushed
  bool dashboard_auto_generation = true;
  std::vector<std::string> custom_dashboards = {};  // file names or uids

  bool alerting_enabled = true;
  AlertConfig alert_config = {};
  std::vector<AlertDestination> alert_destinations = {};

  double metrics_sampling_rate = 1;  // share of observations that histograms record
  std::uint64_t batch_size = 1;      // updates of a thread that are applied together
  bool async_export = true;          // on a thread of its own

  friend bool operator==(const MetricsConfig&, const MetricsConfig&) = default;
};

// Errors read "metrics.yml:3:5: what is wrong", one line each; all problems at once.
Result<MetricsConfig> parse_config(std::string_view yaml, std::string file_name);
// A file that parse_config() reads back to the same.
std::string to_yaml(const MetricsConfig& config);

// Looks a variable up; nullopt if it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();
// VIGIL_METRICS_<MEMBER> and VIGIL_METRICS_ALERT_<MEMBER>, in the notation of YAML; lists
// of structs are not for the environment. Errors name the variable.
Result<void> apply_environment(MetricsConfig& config, const Environment& environment);

// For configurations made in code; what the functions above return is valid.
Result<void> validate(const MetricsConfig& config);

}  // namespace vigil::telemetry
