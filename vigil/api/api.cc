#include "vigil/api/api.h"

#include <memory>
#include <utility>

#include "vigil/api/handlers.h"
#include "vigil/api/write_receiver.h"

namespace vigil::api {

void add_write_routes(net::Router& router, const Shared& deps) {
  const net::RouteOptions options{.max_body_bytes = deps->limits.max_write_bytes};
  if (deps->receiver == nullptr) {
    router.post(
        "/api/v1/write",
        [](const net::Request&, Writer out) {
          out->send(net::Response::text(
              404, "remote write receiver needs to be enabled with --web.enable-remote-write-receiver\n"));
        },
        options);
    return;
  }
  auto receiver = std::make_shared<WriteReceiver>(*deps->receiver, deps->clock, deps->limits, deps->registry);
  router.post(
      "/api/v1/write", [receiver](const net::Request& request, Writer out) { out->send(receiver->handle(request)); },
      options);
}

void add_routes(net::Router& router, Dependencies dependencies) {
  const auto deps = std::make_shared<const Dependencies>(std::move(dependencies));
  add_query_routes(router, deps);
  add_series_routes(router, deps);
  add_target_routes(router, deps);
  add_rule_routes(router, deps);
  add_runbook_routes(router, deps);
  add_status_routes(router, deps);
  add_write_routes(router, deps);
  add_federate_routes(router, deps);
  add_lifecycle_routes(router, deps);
}

}  // namespace vigil::api
