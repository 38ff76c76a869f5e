// Shows collectors to Prometheus at http://<host>:<port>/metrics, with a prefix before
// every name.
//
//   PrometheusExporter exporter(9464, "hotstuff2");
//   VIGIL_TRY_VOID(exporter.register_metrics(collector));
//   VIGIL_TRY_VOID(exporter.start_server());
//
// The server is that of vigil/expose: formats by Accept, /health, /ready.
//
// Thread-safety: any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/health/health.h"
#include "vigil/telemetry/collector.h"

namespace vigil::telemetry {

struct PrometheusExporterOptions {
  std::string host = "127.0.0.1";              // address to listen on
  std::filesystem::path web_config_file = {};  // TLS and basic auth
  health::HealthChecker* health = nullptr;     // null: HealthChecker::global()
};

class PrometheusExporter {
 public:
  // Does nothing yet. Port 0 picks a free one. An empty prefix leaves names as they are.
  PrometheusExporter(std::uint16_t port, std::string prefix, PrometheusExporterOptions options = {});
  ~PrometheusExporter();  // stop_server()

  // Fails if the port is taken or the server runs already (kAlreadyExists).
  Result<void> start_server();
  void stop_server();  // idempotent

  // Shows the collector from now on; it outlives the exporter. Twice: kAlreadyExists. A
  // family that two collectors have is shown of the first.
  Result<void> register_metrics(MetricsCollector& collector);

  // What /metrics answers, as text.
  std::string scrape_metrics() const;

  std::vector<std::string> addresses() const;  // while the server runs; with the real port

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace vigil::telemetry
