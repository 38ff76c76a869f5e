// The real HTTP client: libcurl's multi interface on one thread, driven by epoll,
// so that thousands of targets cost neither threads nor scans of idle connections.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "vigil/base/file_system.h"
#include "vigil/net/http.h"

namespace vigil::net {

struct CurlClientOptions {
  std::size_t max_in_flight = 1024;         // further requests wait; their timeout runs meanwhile
  std::size_t max_idle_connections = 4096;  // kept open for the next request to the same host
  std::string user_agent = "vigil";         // when the request has none
  FileSystem* file_system = nullptr;        // for secret and certificate files; null: FileSystem::real()
};

// Credentials go to the origin they were given for: after a redirect to another
// host, port or scheme neither Authorization nor Cookie is sent. At most 10
// redirects, to http and https only. Destruction ends open requests with kCancelled
// and waits for the callbacks.
std::unique_ptr<HttpClient> make_curl_client(CurlClientOptions options = {});

}  // namespace vigil::net
