// A node's own endpoint: /metrics, /health, /healthz, /ready, /readyz.
//
//   auto server = MetricsServer::from_str("0.0.0.0:13001");   // option 1: this thread serves
//   if (server) server->run();
//
//   auto handle = spawn_metrics_server("0.0.0.0:13001");      // option 2: in the background
//   …
//   handle->stop();                                            // the port is free again
//
// GET /metrics   200: text 0.0.4, OpenMetrics 1.0 or Prometheus' protobuf by Accept, gzip by
//                Accept-Encoding; ?format=json (or csv, influx, text, …) for people and scripts
// GET /health    200 while the process lives, its state in the JSON body; also /healthz
// GET /ready     200 or 503, same body; also /readyz
// Any other method on these is 405.
//
// Ready is what the HealthChecker says; a program that never says so is ready once it
// has declared its first instrument.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/exposition/page_writer.h"
#include "vigil/health/health.h"
#include "vigil/metrics/registry.h"
#include "vigil/net/router.h"

namespace vigil::expose {

// Shows families to the visitor it is given, as Registry::visit() does.
using PageSource = std::function<void(metrics::Visitor&)>;

struct MetricsServerOptions {
  std::string listen = "0.0.0.0:13001";           // port 0 picks a free one
  std::filesystem::path web_config_file;          // TLS and basic auth, exporter-toolkit's format
  metrics::Registry* registry = nullptr;          // null: Registry::global()
  PageSource page = {};                           // what /metrics shows instead of the registry
  exposition::PageOptions page_options = {};      // of every page, e.g. created_lines
  health::HealthChecker* health = nullptr;        // null: HealthChecker::global()
  std::function<void(net::Router&)> more_routes;  // what else the program answers
};

// Adds the five paths to a router that serves more. Both objects outlive the router.
void add_routes(net::Router& router, metrics::Registry& registry, health::HealthChecker& health,
                const exposition::PageOptions& options = {});
void add_routes(net::Router& router, const PageSource& page, health::HealthChecker& health,
                const exposition::PageOptions& options = {});

// A server that runs. Thread-safety: any thread, but not from one of its handlers.
class MetricsServerHandle {
 public:
  MetricsServerHandle(MetricsServerHandle&&) noexcept;
  MetricsServerHandle& operator=(MetricsServerHandle&&) noexcept;
  ~MetricsServerHandle();  // stop()

  std::vector<std::string> addresses() const;  // with real ports
  void stop();                                 // idempotent; the port is free when it returns
  void join();                                 // until somebody calls stop()

 private:
  friend class MetricsServer;
  struct Running;
  explicit MetricsServerHandle(std::shared_ptr<Running> running);
  std::shared_ptr<Running> running_;
};

class MetricsServer {
 public:
  // Checks the address; binds nothing yet.
  static Result<MetricsServer> from_str(std::string_view address);
  static Result<MetricsServer> from_options(MetricsServerOptions options);

  // Serves until stop() is called on another thread. Fails if the port is taken.
  Result<void> run();
  void stop();

  // Serves in the background.
  Result<MetricsServerHandle> spawn();

 private:
  struct State;
  explicit MetricsServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

Result<MetricsServerHandle> spawn_metrics_server(std::string_view address);
Result<MetricsServerHandle> spawn_metrics_server(MetricsServerOptions options);

}  // namespace vigil::expose
