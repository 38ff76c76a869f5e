// HTTP without sockets, for tests and simulations.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/mutex.h"
#include "vigil/base/scheduler.h"
#include "vigil/net/http.h"

namespace vigil::net {

// Runs a handler and returns its complete answer (chunks joined, status 500 if it
// dropped the writer). Waits for handlers that answer from another thread.
Response call(const Handler& handler, const Request& request);

// A request as a server would build it from a target: path and query decoded.
Request make_request(std::string_view method, std::string_view target, std::string body = {},
                     std::string_view content_type = {});

// Answers requests from handlers of the test, by URL; unknown URLs are kUnavailable
// ("connection refused"). Answers take `latency` on the scheduler's clock, or come
// at once without a scheduler; one slower than its request's timeout is kTimeout.
// Thread-safe, but must outlive what it scheduled.
class FakeHttpClient final : public HttpClient {
 public:
  using Responder = std::function<Result<ClientResponse>(const ClientRequest&)>;

  explicit FakeHttpClient(Scheduler* scheduler = nullptr) : scheduler_(scheduler) {}

  // `url` is compared without query; the longest prefix ending in "*" matches where nothing is equal.
  void on(std::string_view url, Responder responder, Duration latency = 0);
  void on(std::string_view url, int status, std::string body, std::string_view content_type = "text/plain");
  // Serves everything below `base_url` ("http://node1:8080") by a server handler.
  void serve(std::string_view base_url, Handler handler, Duration latency = 0);
  void remove(std::string_view url);
  // Requests to `url` never get an answer before their timeout (needs a scheduler).
  void hang(std::string_view url);

  void send(ClientRequest request, Callback done) override;

  // What was sent so far, in order.
  std::vector<ClientRequest> requests() const;
  void clear_requests();

 private:
  struct Route {
    Responder responder;
    Duration latency = 0;
  };
  const Route* find(std::string_view url) const REQUIRES(mutex_);

  Scheduler* scheduler_;
  mutable Mutex mutex_;
  std::map<std::string, Route, std::less<>> routes_ GUARDED_BY(mutex_);
  std::vector<ClientRequest> requests_ GUARDED_BY(mutex_);
};

}  // namespace vigil::net
