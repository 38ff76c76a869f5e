#include "vigil/net/router.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/net/url.h"

namespace vigil::net {
namespace {

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (true) {
    const std::size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

enum class SegmentKind { kLiteral, kParam, kRest };

struct Segment {
  SegmentKind kind;
  std::string text;  // of a literal, or the name
};

std::vector<Segment> compile(std::string_view pattern) {
  std::vector<Segment> segments;
  for (const std::string_view part : split_path(pattern)) {
    if (part.starts_with('{') && part.ends_with("...}")) {
      segments.push_back({SegmentKind::kRest, std::string(part.substr(1, part.size() - 5))});
    } else if (part.starts_with('{') && part.ends_with('}')) {
      segments.push_back({SegmentKind::kParam, std::string(part.substr(1, part.size() - 2))});
    } else {
      segments.push_back({SegmentKind::kLiteral, std::string(part)});
    }
  }
  return segments;
}

struct Route {
  std::string pattern;  // as given, without prefix
  std::vector<Segment> segments;
  struct Method {
    std::string name;
    PathHandler handler;
    RouteOptions options;
  };
  std::vector<Method> methods;

  const Method* find(std::string_view method) const {
    for (const Method& m : methods) {
      if (m.name == method) return &m;
    }
    return nullptr;
  }
  // GET handlers answer HEAD as well.
  const Method* find_for(std::string_view method) const {
    const Method* exact = find(method);
    return exact == nullptr && method == "HEAD" ? find("GET") : exact;
  }
  std::string allow() const {
    std::string list;
    for (const Method& m : methods) list += m.name + ", ";
    if (find("GET") != nullptr && find("HEAD") == nullptr) list += "HEAD, ";
    return list + "OPTIONS";
  }
};

// The parameters if `path` fits, with how specific the fit is: smaller is better,
// compared segment by segment.
std::optional<Params> match(const Route& route, const std::vector<std::string>& path) {
  Params params;
  for (std::size_t i = 0; i < route.segments.size(); ++i) {
    const Segment& segment = route.segments[i];
    if (segment.kind == SegmentKind::kRest) {
      std::string rest;
      for (std::size_t j = i; j < path.size(); ++j) {
        if (j > i) rest += '/';
        rest += path[j];
      }
      params.add(segment.text, std::move(rest));
      return params;
    }
    if (i >= path.size()) return std::nullopt;
    if (segment.kind == SegmentKind::kLiteral) {
      if (segment.text != path[i]) return std::nullopt;
    } else {
      if (path[i].empty()) return std::nullopt;
      params.add(segment.text, path[i]);
    }
  }
  if (path.size() != route.segments.size()) return std::nullopt;
  return params;
}

// Literal segments first, so that the first fit is the most specific one.
bool more_specific(const Route& a, const Route& b) {
  return std::lexicographical_compare(a.segments.begin(), a.segments.end(), b.segments.begin(), b.segments.end(),
                                      [](const Segment& x, const Segment& y) { return x.kind < y.kind; });
}

}  // namespace

struct Router::Table {
  std::vector<Route> routes;  // most specific first
  std::string prefix;
  std::function<bool(std::string_view)> origin_allowed;
  bool any_origin = false;
  std::function<void(const RouteObservation&)> observer;
  Handler not_found;

  struct Found {
    const Route* route = nullptr;
    Params params;
  };
  Found find(const Request& request) const {
    std::string_view path = std::string_view(request.target);
    path = path.substr(0, path.find('?'));
    if (!prefix.empty()) {
      if (!path.starts_with(prefix)) return {};
      path.remove_prefix(prefix.size());
    }
    if (!path.starts_with('/')) return {};
    std::vector<std::string> segments;
    for (const std::string_view raw : split_path(path)) {
      auto decoded = percent_decode(raw, false);
      if (!decoded) return {};
      segments.push_back(*std::move(decoded));
    }
    for (const Route& route : routes) {
      if (auto params = match(route, segments)) return {&route, *std::move(params)};
    }
    return {};
  }

  void add_cors(const Request& request, Headers& headers) const {
    const std::string_view origin = request.headers.get("Origin");
    if (origin.empty() || !origin_allowed || !origin_allowed(origin)) return;
    headers.set("Access-Control-Allow-Origin", any_origin ? std::string_view("*") : origin);
    headers.set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Origin");
    headers.set("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
    headers.set("Access-Control-Expose-Headers", "Date");
    headers.add("Vary", "Origin");
  }
};

namespace {

// Adds CORS headers to an answer and reports it when it is complete.
class ObservedWriter final : public ResponseWriter {
 public:
  ObservedWriter(std::unique_ptr<ResponseWriter> inner, Headers extra,
                 std::function<void(const RouteObservation&)> observer, std::string_view pattern, std::string method)
      : inner_(std::move(inner)),
        extra_(std::move(extra)),
        observer_(std::move(observer)),
        pattern_(pattern),
        method_(std::move(method)),
        started_(Clock::system().steady()) {}
  ~ObservedWriter() override {
    inner_.reset();
    report();
  }

  void send(Response response) override {
    decorate(response);
    body_bytes_ = response.body.size();
    inner_->send(std::move(response));
    report();
  }
  void begin(Response head) override {
    decorate(head);
    inner_->begin(std::move(head));
  }
  bool write(std::string_view chunk) override {
    body_bytes_ += chunk.size();
    return inner_->write(chunk);
  }
  void finish() override {
    inner_->finish();
    report();
  }
  bool cancelled() const override { return inner_->cancelled(); }
  std::stop_token stop_token() const override { return inner_->stop_token(); }

 private:
  void decorate(Response& response) {
    status_ = response.status;
    for (const auto& [name, value] : extra_.all()) response.headers.add(name, value);
  }
  void report() {
    if (!observer_) return;
    const double seconds = std::chrono::duration<double>(Clock::system().steady() - started_).count();
    std::exchange(observer_, nullptr)(
        {.pattern = pattern_, .method = method_, .status = status_, .seconds = seconds, .body_bytes = body_bytes_});
  }

  std::unique_ptr<ResponseWriter> inner_;
  Headers extra_;
  std::function<void(const RouteObservation&)> observer_;
  std::string pattern_;
  std::string method_;
  std::chrono::nanoseconds started_;
  int status_ = 500;  // what the server sends for a writer dropped without an answer
  std::uint64_t body_bytes_ = 0;
};

}  // namespace

Router::Router() : table_(std::make_shared<Table>()) {}

void Router::add(std::string_view method, std::string_view pattern, Handler handler, RouteOptions options) {
  add(method, pattern,
      PathHandler(
          [handler = std::move(handler)](const Request& request, const Params&, std::unique_ptr<ResponseWriter> out) {
            handler(request, std::move(out));
          }),
      options);
}

void Router::add(std::string_view method, std::string_view pattern, PathHandler handler, RouteOptions options) {
  auto& routes = table_->routes;
  auto at = std::find_if(routes.begin(), routes.end(), [pattern](const Route& r) { return r.pattern == pattern; });
  if (at == routes.end()) {
    Route route{.pattern = std::string(pattern), .segments = compile(pattern), .methods = {}};
    at = routes.insert(std::upper_bound(routes.begin(), routes.end(), route, more_specific), std::move(route));
  }
  at->methods.push_back({std::string(method), std::move(handler), options});
}

void Router::set_prefix(std::string_view prefix) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  table_->prefix = prefix.empty() || prefix.starts_with('/') ? std::string(prefix) : "/" + std::string(prefix);
}

void Router::allow_origins(std::function<bool(std::string_view)> allowed, bool any) {
  table_->origin_allowed = std::move(allowed);
  table_->any_origin = any;
}

void Router::observe(std::function<void(const RouteObservation&)> observer) { table_->observer = std::move(observer); }

void Router::set_not_found(Handler handler) { table_->not_found = std::move(handler); }

Handler Router::handler() const {
  return [table = table_](const Request& request, std::unique_ptr<ResponseWriter> out) {
    const Table::Found found = table->find(request);
    Headers cors;
    table->add_cors(request, cors);
    const std::string_view pattern = found.route != nullptr ? std::string_view(found.route->pattern) : "";
    auto writer =
        std::make_unique<ObservedWriter>(std::move(out), std::move(cors), table->observer, pattern, request.method);

    if (found.route == nullptr) {
      if (!table->prefix.empty() && request.path == "/") {
        Response redirect = Response::text(302, "");
        redirect.headers.set("Location", table->prefix + "/");
        return writer->send(std::move(redirect));
      }
      if (table->not_found) return table->not_found(request, std::move(writer));
      return writer->send(Response::text(404, "404 page not found\n"));
    }
    if (const Route::Method* method = found.route->find_for(request.method)) {
      return method->handler(request, found.params, std::move(writer));
    }
    const bool options = request.method == "OPTIONS";
    Response response =
        options ? Response{.status = 204, .headers = {}, .body = {}} : Response::text(405, "Method Not Allowed\n");
    response.headers.set("Allow", found.route->allow());
    writer->send(std::move(response));
  };
}

PolicyFunction Router::policy() const {
  return [table = table_](const Request& head) {
    const Table::Found found = table->find(head);
    const Route::Method* method = found.route != nullptr ? found.route->find_for(head.method) : nullptr;
    // What has no handler needs no body either; a small one is read so that the connection can be kept.
    if (method == nullptr) return RequestPolicy{.max_body_bytes = 64U << 10, .quick = found.route != nullptr};
    return RequestPolicy{.max_body_bytes = method->options.max_body_bytes, .quick = method->options.quick};
  };
}

}  // namespace vigil::net
