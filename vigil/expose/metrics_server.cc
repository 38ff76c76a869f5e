#include "vigil/expose/metrics_server.h"

#include <charconv>
#include <optional>
#include <utility>

#include "vigil/base/mutex.h"
#include "vigil/expose/metrics_page.h"
#include "vigil/net/server.h"

namespace vigil::expose {
namespace {

// Ready without being told: the program has declared instruments of its own.
bool has_instruments(const PageSource& source) {
  struct Look final : metrics::Visitor {
    void begin_family(const metrics::FamilyView& family) override {
      found = found || !family.name.starts_with("vigil_");
    }
    void point(std::string_view, const metrics::PointView&) override {}
    void histogram(std::string_view, const metrics::HistogramView&) override {}
    bool found = false;
  } look;
  source(look);
  return look.found;
}

net::Response json(int status, const health::Report& report) {
  net::Response response = net::Response::json(health::to_json(report), status);
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Result<void> check_address(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  unsigned port = 0;
  if (colon != std::string_view::npos) {
    const char* const end = address.data() + address.size();
    const auto parsed = std::from_chars(address.data() + colon + 1, end, port);
    if (parsed.ec == std::errc() && parsed.ptr == end && port < 65536) return {};
  }
  return fail(ErrorCode::kInvalidArgument, "invalid address \"" + std::string(address) + "\", expected host:port");
}

}  // namespace

void add_routes(net::Router& router, metrics::Registry& registry, health::HealthChecker& health,
                const exposition::PageOptions& options) {
  add_routes(router, [&registry](metrics::Visitor& visitor) { registry.visit(visitor); }, health, options);
}

void add_routes(net::Router& router, const PageSource& source, health::HealthChecker& health,
                const exposition::PageOptions& options) {
  router.get("/metrics", [source, options](const net::Request& request, std::unique_ptr<net::ResponseWriter> out) {
    send_metrics_page(request, *out, source, options);
  });
  // Asynchronously, so that a slow check holds up neither a worker nor a connection.
  const auto answer = [source, &health](bool always_ok) -> net::Handler {
    return [source, &health, always_ok](const net::Request&, std::unique_ptr<net::ResponseWriter> out) {
      health.report_async(has_instruments(source),
                          [writer = std::shared_ptr(std::move(out)), always_ok](const health::Report& report) {
                            writer->send(json(always_ok || report.ready ? 200 : 503, report));
                          });
    };
  };
  for (const char* path : {"/health", "/healthz"}) router.get(path, answer(true), {.quick = true});
  for (const char* path : {"/ready", "/readyz"}) router.get(path, answer(false), {.quick = true});
}

struct MetricsServerHandle::Running {
  std::unique_ptr<net::HttpServer> server;
  Mutex mutex;
  CondVar changed;
  bool stopped GUARDED_BY(mutex) = false;

  void stop() {
    server->stop();
    MutexLock lock(mutex);
    stopped = true;
    changed.notify_all();
  }
  void join() {
    MutexLock lock(mutex);
    while (!stopped) changed.wait(mutex);
  }
};

MetricsServerHandle::MetricsServerHandle(std::shared_ptr<Running> running) : running_(std::move(running)) {}
MetricsServerHandle::MetricsServerHandle(MetricsServerHandle&&) noexcept = default;
MetricsServerHandle& MetricsServerHandle::operator=(MetricsServerHandle&& other) noexcept {
  std::swap(running_, other.running_);
  return *this;
}
MetricsServerHandle::~MetricsServerHandle() { stop(); }

std::vector<std::string> MetricsServerHandle::addresses() const { return running_->server->addresses(); }
void MetricsServerHandle::stop() {
  if (running_ != nullptr) running_->stop();
}
void MetricsServerHandle::join() { running_->join(); }

struct MetricsServer::State {
  MetricsServerOptions options;
  Mutex mutex;
  CondVar changed;
  bool stop_asked GUARDED_BY(mutex) = false;
};

MetricsServer::MetricsServer(std::shared_ptr<State> state) : state_(std::move(state)) {}

Result<MetricsServer> MetricsServer::from_str(std::string_view address) {
  MetricsServerOptions options;
  options.listen = std::string(address);
  return from_options(std::move(options));
}

Result<MetricsServer> MetricsServer::from_options(MetricsServerOptions options) {
  VIGIL_TRY_VOID(check_address(options.listen));
  auto state = std::make_shared<State>();
  state->options = std::move(options);
  return MetricsServer(std::move(state));
}

Result<MetricsServerHandle> MetricsServer::spawn() {
  const MetricsServerOptions& options = state_->options;
  net::Router router;
  health::HealthChecker& health = options.health != nullptr ? *options.health : health::HealthChecker::global();
  if (options.page) {
    add_routes(router, options.page, health, options.page_options);
  } else {
    add_routes(router, options.registry != nullptr ? *options.registry : metrics::Registry::global(), health,
               options.page_options);
  }
  if (options.more_routes) options.more_routes(router);
  net::ServerOptions server;
  server.listen = {options.listen};
  server.web_config_file = options.web_config_file;
  server.worker_threads = 4;
  server.limits.max_connections = 64;
  server.limits.max_body_bytes = 1U << 20;
  auto running = std::make_shared<MetricsServerHandle::Running>();
  VIGIL_TRY(running->server, net::HttpServer::start(std::move(server), router.handler(), router.policy()));
  return MetricsServerHandle(std::move(running));
}

Result<void> MetricsServer::run() {
  VIGIL_TRY(MetricsServerHandle handle, spawn());
  {
    MutexLock lock(state_->mutex);
    while (!state_->stop_asked) state_->changed.wait(state_->mutex);
    state_->stop_asked = false;
  }
  handle.stop();
  return {};
}

void MetricsServer::stop() {
  MutexLock lock(state_->mutex);
  state_->stop_asked = true;
  state_->changed.notify_all();
}

Result<MetricsServerHandle> spawn_metrics_server(std::string_view address) {
  VIGIL_TRY(MetricsServer server, MetricsServer::from_str(address));
  return server.spawn();
}

Result<MetricsServerHandle> spawn_metrics_server(MetricsServerOptions options) {
  VIGIL_TRY(MetricsServer server, MetricsServer::from_options(std::move(options)));
  return server.spawn();
}

}  // namespace vigil::expose
