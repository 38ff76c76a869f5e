// /-/healthy, /-/ready, /-/reload, /-/quit, /metrics and the web page.
#include <utility>

#include "vigil/api/handlers.h"
#include "vigil/expose/metrics_server.h"
#include "vigil/ui/serve.h"

namespace vigil::api {
namespace {

constexpr net::RouteOptions kCommand{.max_body_bytes = 64U << 10};
constexpr net::RouteOptions kProbe{.max_body_bytes = 1024, .quick = true};

void reload(const Dependencies& deps, Writer out) {
  if (!deps.reload) return out->send(net::Response::text(403, "Lifecycle API is not enabled.\n"));
  if (const Result<void> done = deps.reload(); !done) {
    return out->send(net::Response::text(500, "failed to reload config: " + done.error().message() + "\n"));
  }
  out->send(net::Response::text(200, ""));
}

void quit(const Dependencies& deps, Writer out) {
  if (!deps.quit) return out->send(net::Response::text(403, "Lifecycle API is not enabled.\n"));
  out->send(net::Response::text(200, "Requesting termination... Goodbye!\n"));
  deps.quit();
}

// What is no route: a file of the web page, else 404 – as JSON for clients of the API.
void not_found(const Dependencies& deps, const net::Request& request, Writer out) {
  if (request.path.starts_with("/api/")) {
    return send_error(std::move(out), Error(ErrorCode::kNotFound, "there is no " + request.path + " here"));
  }
  if (deps.serve_ui) {
    const auto header = [&request](std::string_view name) { return request.headers.get(name); };
    if (auto asset = ui::serve(request.method, request.path, header)) {
      net::Response response;
      response.status = asset->status;
      for (const auto& [name, value] : asset->headers) response.headers.add(name, value);
      response.body = std::move(asset->body);
      return out->send(std::move(response));
    }
  }
  out->send(net::Response::text(404, "404 page not found\n"));
}

}  // namespace

void add_lifecycle_routes(net::Router& router, const Shared& deps) {
  router.get(
      "/-/healthy", [](const net::Request&, Writer out) { out->send(net::Response::text(200, "vigil is healthy.\n")); },
      kProbe);
  router.get(
      "/-/ready",
      [deps](const net::Request&, Writer out) {
        const bool ready = !deps->ready || deps->ready();
        out->send(ready ? net::Response::text(200, "vigil is ready.\n")
                        : net::Response::text(503, "Service Unavailable\n"));
      },
      kProbe);
  for (const char* method : {"POST", "PUT"}) {
    router.add(
        method, "/-/reload", [deps](const net::Request&, Writer out) { reload(*deps, std::move(out)); }, kCommand);
    router.add(method, "/-/quit", [deps](const net::Request&, Writer out) { quit(*deps, std::move(out)); }, kCommand);
  }
  if (deps->registry != nullptr && deps->health != nullptr) expose::add_routes(router, *deps->registry, *deps->health);
  router.set_not_found([deps](const net::Request& request, Writer out) { not_found(*deps, request, std::move(out)); });
}

}  // namespace vigil::api
