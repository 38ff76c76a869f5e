// Chooses the handler of a request by method and path.
//
//   Router router;
//   router.get("/api/v1/label/{name}/values", [](const Request&, const Params& path, auto out) { … });
//   router.add("POST", "/-/reload", reload, {.max_body_bytes = 1024});
//   HttpServer::start(options, router.handler(), router.policy());
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "vigil/net/http.h"
#include "vigil/net/server.h"

namespace vigil::net {

// A handler that wants the {…} parts of its pattern, decoded.
using PathHandler = std::function<void(const Request&, const Params& path, std::unique_ptr<ResponseWriter>)>;

struct RouteOptions {
  std::uint64_t max_body_bytes = 0;  // 0: the server's
  bool quick = false;                // RequestPolicy::quick
};

// One answered request, for metrics and access logs.
struct RouteObservation {
  std::string_view pattern;  // "/api/v1/query", "" when no route matched: bounded, safe as a label
  std::string_view method;   // as sent
  int status = 0;
  double seconds = 0;            // from dispatch to the end of the answer
  std::uint64_t body_bytes = 0;  // of the answer, before compression
};

// Patterns are absolute paths whose segments are literal, `{name}` (one non-empty
// segment) or, as the last one, `{name...}` (the rest, may be empty). A literal beats
// a {name}, which beats {name...}.
//
// HEAD is answered by the GET handler of a path, OPTIONS with the allowed methods.
// An unknown path is 404, a known one with another method 405 with Allow.
//
// Thread-safety: add routes first; handler() and policy() are then safe from any
// thread and share the routes with this object.
class Router {
 public:
  Router();

  void add(std::string_view method, std::string_view pattern, Handler handler, RouteOptions options = {});
  void add(std::string_view method, std::string_view pattern, PathHandler handler, RouteOptions options = {});
  template <class F>
  void get(std::string_view pattern, F handler, RouteOptions options = {}) {
    add("GET", pattern, std::move(handler), options);
  }
  template <class F>
  void post(std::string_view pattern, F handler, RouteOptions options = {}) {
    add("POST", pattern, std::move(handler), options);
  }

  // "/vigil": every pattern is served below it, `/` redirects there. Default "".
  void set_prefix(std::string_view prefix);
  // Which Origins a browser may read answers from (CORS). `any` also sends "*". Default: none.
  void allow_origins(std::function<bool(std::string_view origin)> allowed, bool any = false);
  // Called once per answered request, on the answering thread.
  void observe(std::function<void(const RouteObservation&)> observer);
  // Instead of the plain 404, e.g. a UI that routes in the browser.
  void set_not_found(Handler handler);

  Handler handler() const;
  PolicyFunction policy() const;

 private:
  struct Table;
  std::shared_ptr<Table> table_;
};

}  // namespace vigil::net
