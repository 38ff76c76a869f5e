// HTTP as plain values: what handlers see and what clients send. The libraries
// behind it (Boost.Beast, libcurl) appear in no header.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"

namespace vigil::net {

// Header fields in order; names compare without case.
class Headers {
 public:
  void set(std::string_view name, std::string_view value);  // replaces
  void add(std::string_view name, std::string_view value);
  // The first value, or "".
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// Decoded `key=value` pairs of a query string or form body, in order.
class Params {
 public:
  // Decodes application/x-www-form-urlencoded text; fails on bad %-escapes.
  static Result<Params> parse(std::string_view text);
  void add(std::string name, std::string value);
  std::string_view get(std::string_view name) const;  // the first, or ""
  bool has(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& pairs() const { return pairs_; }
  std::string encode() const;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

// A request as a server handler sees it. The body is complete (size-limited by
// the server) and already decoded if it came with Content-Encoding: gzip.
struct Request {
  std::string method;  // "GET"
  std::string target;  // as sent: "/api/v1/query?query=up"
  std::string path;    // decoded, without the query: "/api/v1/query"
  Params query;        // of the target
  Headers headers;
  std::string body;
  std::string remote;  // "127.0.0.1:51234"
  std::string user;    // authenticated by basic auth, else ""

  // The parameters of a form body (POST, PUT, PATCH), then those of the query: the
  // first wins, as in Go's Request.Form that Prometheus reads.
  Result<Params> form() const;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;

  static Response text(int status, std::string body);        // text/plain; charset=utf-8
  static Response json(std::string body, int status = 200);  // application/json
};

// Where a handler writes its answer. Exactly one of send() or
// begin()+write()…+finish() per request; dropping the writer without an answer
// sends 500. May be kept and used on another thread after the handler returned.
// The server compresses (gzip) large answers for clients that accept it, unless
// the handler set Content-Encoding itself.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;

  virtual void send(Response response) = 0;

  // Streams: status and headers (body ignored), then chunks, then finish().
  virtual void begin(Response head) = 0;
  // Blocks while the client reads slowly; false once it is gone or the write deadline passed.
  virtual bool write(std::string_view chunk) = 0;
  virtual void finish() = 0;

  // True once the client has closed the connection: long work may stop.
  virtual bool cancelled() const = 0;
  // The same as a token, for work that takes one.
  virtual std::stop_token stop_token() const { return {}; }
};

using Handler = std::function<void(const Request&, std::unique_ptr<ResponseWriter>)>;

// What a client sends.
struct ClientTls {
  std::string ca_file, cert_file, key_file, server_name;
  std::string ca, cert, key;  // PEM text instead of files
  std::string min_version;    // "TLS12"
  std::string max_version;
  bool insecure_skip_verify = false;
};

struct ClientRequest {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;
  Duration timeout = 10 * kSecond;            // for everything, from connect to the last byte
  std::uint64_t max_body_bytes = 256U << 20;  // a longer answer (decoded size) is kLimitExceeded
  bool accept_compressed = true;              // asks for gzip and decodes it
  bool follow_redirects = true;
  bool http2 = true;
  std::string username, password;            // basic auth when any of these four is set
  std::string username_file, password_file;  // read at every send, so that rotated secrets are seen
  std::string authorization;                 // "Authorization: <scheme> <this>" when set
  std::string authorization_file;            // the same, read at every send
  std::string authorization_scheme = "Bearer";
  std::string proxy_url;
  std::string no_proxy;
  bool proxy_from_environment = false;
  ClientTls tls;
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;              // decoded
  std::uint64_t wire_bytes = 0;  // body bytes as received
};

// Thread-safe. Failures to get any complete answer are errors (kTimeout,
// kLimitExceeded, kUnavailable, kCancelled); an HTTP error status is not one.
// Error texts never contain credentials, also not those inside URLs.
class HttpClient {
 public:
  using Callback = std::move_only_function<void(Result<ClientResponse>)>;
  virtual ~HttpClient() = default;
  // Starts the request; `done` runs exactly once, on a thread of the client. It must not block long.
  virtual void send(ClientRequest request, Callback done) = 0;
  // send() and wait: for tools and tests, never from inside a callback.
  Result<ClientResponse> fetch(ClientRequest request);
};

}  // namespace vigil::net
