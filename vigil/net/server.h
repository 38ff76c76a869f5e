// An HTTP/1.1 server: TCP or TLS, keep-alive, compression, limits on everything
// a client can send, and handlers on worker threads.
//
//   Router router;
//   router.get("/hello", [](const Request&, std::unique_ptr<ResponseWriter> out) {
//     out->send(Response::text(200, "hello\n"));
//   });
//   VIGIL_TRY(auto server, HttpServer::start({.listen = {"127.0.0.1:0"}}, router.handler(), router.policy()));
//   server->addresses();  // {"127.0.0.1:40123"}
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/file_system.h"
#include "vigil/base/time.h"
#include "vigil/net/http.h"

namespace vigil::metrics {
class Registry;
}

namespace vigil::net {

// What one client can take. Reaching a limit is answered or cut, and counted in ServerStats.
struct ServerLimits {
  std::size_t max_connections = 512;            // further ones are closed at once
  std::size_t max_header_bytes = 64U << 10;     // 431
  std::uint64_t max_body_bytes = 256U << 20;    // as sent and after gzip: 413; per route in RequestPolicy
  std::uint64_t max_bodies_bytes = 1ULL << 30;  // of all requests being read or handled: 503
  Duration header_timeout = 10 * kSecond;       // from the first byte (TLS: from accept) to the end of the header
  Duration body_timeout = 60 * kSecond;         // the whole body
  Duration idle_timeout = 5 * kMinute;          // between requests
  Duration write_timeout = 30 * kSecond;        // for each 64 KiB of an answer
};

struct ServerOptions {
  // "127.0.0.1:9090", "[::1]:0", "localhost:9090"; ":9090" is all interfaces. Port 0 picks a free one.
  std::vector<std::string> listen = {"127.0.0.1:9090"};
  ServerLimits limits;
  int io_threads = 1;
  int worker_threads = 16;                  // handlers that run (or block on slow clients) at the same time
  std::size_t compress_above_bytes = 1024;  // gzip answers longer than this
  // TLS, basic auth and extra headers: exporter-toolkit's format (web_config.h). Empty: plain
  // HTTP for everyone. Changed files take effect within a second; a broken change is logged and ignored.
  std::filesystem::path web_config_file;
  // With basic auth configured: requests without credentials pass when they come from this
  // machine and no proxy has passed them on (X-Forwarded-For, X-Real-IP, Forwarded, Via).
  // Wrong credentials are 401 from everywhere.
  bool anonymous_loopback = false;
  FileSystem* file_system = nullptr;      // for the files above; null: FileSystem::real()
  metrics::Registry* registry = nullptr;  // shows ServerStats as vigil_http_*; of one server at most
};

// What a server should do with a request whose header has arrived.
struct RequestPolicy {
  std::uint64_t max_body_bytes = 0;  // 0: the server's
  // Answers at once and never blocks (health, readiness): runs on the I/O thread, so it
  // is answered also when every worker is busy.
  bool quick = false;
};
// Sees method, target, path and headers; no body, no user.
using PolicyFunction = std::function<RequestPolicy(const Request& head)>;

// Counters since start, and gauges. Reading is thread-safe.
struct ServerStats {
  std::atomic<std::uint64_t> connections_accepted{0};
  std::atomic<std::uint64_t> connections_refused{0};  // max_connections
  std::atomic<std::int64_t> connections_open{0};
  std::atomic<std::uint64_t> tls_failures{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::int64_t> requests_running{0};
  std::atomic<std::uint64_t> bad_requests{0};  // not HTTP, bad target, bad gzip
  std::atomic<std::uint64_t> headers_too_large{0};
  std::atomic<std::uint64_t> bodies_too_large{0};
  std::atomic<std::uint64_t> bodies_refused{0};  // max_bodies_bytes
  std::atomic<std::uint64_t> read_timeouts{0};
  std::atomic<std::uint64_t> write_timeouts{0};
  std::atomic<std::uint64_t> slow_clients_cut{0};  // half of the workers were waiting for slow readers
  std::atomic<std::uint64_t> unauthorized{0};
  std::atomic<std::uint64_t> handler_failures{0};  // threw, or dropped its writer unanswered: 500
  std::atomic<std::uint64_t> cancelled{0};         // the client left before the answer
  std::atomic<std::uint64_t> bytes_received{0};    // on the connection, header and TLS excluded
  std::atomic<std::uint64_t> bytes_sent{0};
};

// Thread-safety: addresses(), stats() from any thread; stop() from one, not from a handler.
class HttpServer {
 public:
  // Binds every address, loads the web config and starts answering. Fails naming
  // the address or file.
  static Result<std::unique_ptr<HttpServer>> start(ServerOptions options, Handler handler, PolicyFunction policy = {});
  ~HttpServer();  // stop(0)
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Where it listens, with real ports: "127.0.0.1:9090".
  std::vector<std::string> addresses() const;
  bool tls() const;
  const ServerStats& stats() const;

  // Stops accepting, closes idle connections, lets running requests finish for up to `grace`,
  // then cuts them (their writers are cancelled()) and waits for the handlers to return. Idempotent.
  void stop(Duration grace = 5 * kSecond);

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vigil::net
