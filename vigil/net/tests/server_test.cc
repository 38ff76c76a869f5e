#include "vigil/net/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "vigil/base/mutex.h"
#include "vigil/metrics/registry.h"
#include "vigil/net/curl_client.h"
#include "vigil/net/gzip.h"
#include "vigil/net/router.h"
#include "vigil/net/tests/raw_connection.h"

namespace vigil::net {
namespace {

using testing::RawConnection;
using ::testing::Test;

// A gate that handlers wait at and tests open.
class Gate {
 public:
  void open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait() {
    MutexLock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    while (!open_) changed_.wait(mutex_);
  }
  void wait_for_arrivals(int count) {
    MutexLock lock(mutex_);
    while (arrived_ < count) changed_.wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool open_ GUARDED_BY(mutex_) = false;
  int arrived_ GUARDED_BY(mutex_) = 0;
};

class ServerTest : public Test {
 protected:
  ServerTest() : client_(make_curl_client()) {
    options_.listen = {"127.0.0.1:0"};
    router_.get("/hello", [](const Request& request, std::unique_ptr<ResponseWriter> out) {
      out->send(Response::text(200, "hello " + std::string(request.query.get("name"))));
    });
    router_.post("/echo", [](const Request& request, std::unique_ptr<ResponseWriter> out) {
      out->send(Response::text(200, request.body));
    });
    router_.add("POST", "/small",
                [](const Request&, std::unique_ptr<ResponseWriter> out) { out->send(Response::text(200, "ok")); },
                {.max_body_bytes = 10});
    router_.get("/large", [](const Request&, std::unique_ptr<ResponseWriter> out) {
      out->send(Response::text(200, std::string(300'000, 'x')));
    });
    router_.get("/stream", [](const Request&, std::unique_ptr<ResponseWriter> out) {
      out->begin(Response::text(200, ""));
      for (int i = 0; i < 100; ++i) {
        if (!out->write(std::string(5000, static_cast<char>('a' + i % 26)))) return;
      }
      out->finish();
    });
    router_.get("/cut", [](const Request&, std::unique_ptr<ResponseWriter> out) {
      out->begin(Response::text(200, ""));
      out->write("half");
    });
    router_.get("/throws", [](const Request&, std::unique_ptr<ResponseWriter>) { throw std::runtime_error("secret"); });
    router_.get("/dropped", [](const Request&, std::unique_ptr<ResponseWriter>) {});
    router_.get("/later", [](const Request&, std::unique_ptr<ResponseWriter> out) {
      std::thread([out = std::move(out)]() mutable { out->send(Response::text(200, "later")); }).detach();
    });
    router_.get("/gate", [this](const Request&, std::unique_ptr<ResponseWriter> out) {
      gate_.wait();
      out->send(Response::text(200, "through"));
    });
    router_.get("/healthy",
                [](const Request&, std::unique_ptr<ResponseWriter> out) { out->send(Response::text(200, "healthy")); },
                {.quick = true});
  }
  ~ServerTest() override { gate_.open(); }

  void start() {
    auto server = HttpServer::start(options_, router_.handler(), router_.policy());
    ASSERT_TRUE(server) << server.error().message();
    server_ = *std::move(server);
    base_ = "http://" + server_->addresses()[0];
  }
  const std::string& address() const { return address_ = server_->addresses()[0]; }

  ClientRequest request(const std::string& path, std::string method = "GET", std::string body = {}) {
    ClientRequest made;
    made.url = base_ + path;
    made.method = std::move(method);
    made.body = std::move(body);
    return made;
  }
  Result<ClientResponse> fetch(const std::string& path, std::string method = "GET", std::string body = {}) {
    return client_->fetch(request(path, std::move(method), std::move(body)));
  }
  std::string raw(const std::string& text) {
    RawConnection connection(address());
    connection.send(text);
    return connection.read_all();
  }

  Gate gate_;
  ServerOptions options_;
  Router router_;
  std::string base_;
  mutable std::string address_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<HttpClient> client_;
};

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  start();
  for (int i = 0; i < 20; ++i) {
    const auto response = fetch("/hello?name=w%C3%B6rld");
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello w\xc3\xb6rld");
    EXPECT_FALSE(response->headers.get("date").empty());
  }
  EXPECT_EQ(server_->stats().connections_accepted, 1U);
  EXPECT_EQ(server_->stats().requests, 20U);
}

TEST_F(ServerTest, ShowsItsCounters) {
  metrics::Registry registry;
  options_.registry = &registry;
  start();
  raw("GET /none HTTP/1.1\r\n\r\n");
  struct Reader final : metrics::Visitor {
    void begin_family(const metrics::FamilyView& family) override { name = family.name; }
    void point(std::string_view labels, const metrics::PointView& value) override {
      seen[name + "{" + std::string(labels) + "}"] = value.value;
    }
    void histogram(std::string_view, const metrics::HistogramView&) override {}
    std::string name;
    std::map<std::string, double> seen;
  } reader;
  registry.visit(reader);
  EXPECT_TRUE(registry.problems().empty());
  EXPECT_EQ(reader.seen["vigil_http_connections_total{outcome=\"accepted\"}"], 1);
  EXPECT_EQ(reader.seen["vigil_http_requests_refused_total{reason=\"malformed\"}"], 1);
  EXPECT_GT(reader.seen["vigil_http_bytes_total{direction=\"sent\"}"], 10);
  server_.reset();  // before the registry
}

TEST_F(ServerTest, RawRequests) {
  start();
  struct Case {
    const char* name;
    std::string input;
    const char* first_line;
    const char* contained;
  };
  const Case kCases[] = {
      {"close on demand", "GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK",
       "Connection: close"},
      {"http/1.0", "GET /hello HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK", "Connection: close"},
      {"http/1.0 stream ends with the connection", "GET /stream HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK", "aaaa"},
      {"pipelined",
       "GET /hello?name=1 HTTP/1.1\r\nHost: h\r\n\r\nGET /hello?name=2 HTTP/1.1\r\nHost: h\r\nConnection: "
       "close\r\n\r\n",
       "HTTP/1.1 200 OK", "hello 2"},
      {"head", "HEAD /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK",
       "Content-Length: 300000"},
      {"head of a stream", "HEAD /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK",
       "chunked"},
      {"absolute form", "GET http://h/hello?name=abs HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
       "HTTP/1.1 200 OK", "hello abs"},
      {"options", "OPTIONS /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "HTTP/1.1 204 No Content",
       "Allow: GET, HEAD, OPTIONS"},
      {"not found", "GET /nope HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 Not Found", ""},
      {"wrong method", "PUT /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "HTTP/1.1 405 Method Not Allowed",
       "Allow:"},
      {"no host", "GET /hello HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request", "Host"},
      {"not http", "hello\r\n\r\n", "HTTP/1.1 400 Bad Request", ""},
      {"bad escape in the path", "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 400 Bad Request",
       "invalid URL escape"},
      {"bad escape in the query", "GET /hello?name=% HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 400 Bad Request",
       "invalid URL escape"},
      {"both lengths",
       "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "HTTP/1.1 400 Bad Request", ""},
      {"bad length", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400 Bad Request", ""},
      {"chunked body",
       "POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: "
       "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
       "HTTP/1.1 200 OK", "abcde"},
      {"body over the limit of the route", "POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n01234567890",
       "HTTP/1.1 413 Content Too Large", "longer than 10 bytes"},
      {"chunked body over the limit",
       "POST /small HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n",
       "HTTP/1.1 413 Content Too Large", "longer than 10 bytes"},
      {"promised too much", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n",
       "HTTP/1.1 413 Content Too Large", ""},
      {"expect",
       "POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
       "HTTP/1.1 100 Continue", "hi"},
      {"refused before continue",
       "POST /small HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n",
       "HTTP/1.1 413 Content Too Large", ""},
      {"other expectation", "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: x\r\nContent-Length: 1\r\n\r\n", "HTTP/1.1 417",
       ""},
      {"long header", "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n", "HTTP/1.1 431", ""},
      {"throwing handler", "GET /throws HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
       "HTTP/1.1 500 Internal Server Error", ""},
      {"dropped writer", "GET /dropped HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
       "HTTP/1.1 500 Internal Server Error", ""},
      {"from another thread", "GET /later HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK",
       "later"},
      {"bad gzip body",
       "POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
       "HTTP/1.1 400 Bad Request", "not valid gzip"},
  };
  for (const Case& c : kCases) {
    const std::string answer = raw(c.input);
    EXPECT_TRUE(answer.starts_with(c.first_line)) << c.name << ":\n" << answer.substr(0, 300);
    EXPECT_TRUE(contains(answer, c.contained)) << c.name << ":\n" << answer.substr(0, 300);
    EXPECT_FALSE(contains(answer, "secret")) << c.name;
    EXPECT_FALSE(contains(answer, "<TIMEOUT>")) << c.name;
  }
}

TEST_F(ServerTest, CutStreamLooksCut) {
  start();
  const auto response = fetch("/cut");
  EXPECT_FALSE(response);
  EXPECT_EQ(server_->stats().handler_failures, 1U);
}

TEST_F(ServerTest, CompressesBothWays) {
  start();
  auto plain = request("/large");
  plain.accept_compressed = false;
  const auto uncompressed = client_->fetch(plain);
  ASSERT_TRUE(uncompressed);
  EXPECT_EQ(uncompressed->wire_bytes, 300'000U);
  for (const char* path : {"/large", "/stream"}) {
    const auto response = fetch(path);
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->headers.get("Content-Encoding"), "gzip");
    EXPECT_EQ(response->headers.get("Vary"), "Accept-Encoding");
    EXPECT_GE(response->body.size(), 300'000U);
    EXPECT_LT(response->wire_bytes, 30'000U);
  }
  EXPECT_EQ(fetch("/hello")->headers.get("Content-Encoding"), "");

  const std::string text(100'000, 'q');
  auto post = request("/echo", "POST", gzip_compress(text));
  post.headers.set("Content-Encoding", "gzip");
  EXPECT_EQ(client_->fetch(post)->body, text);
  post = request("/small", "POST", gzip_compress(text));
  post.headers.set("Content-Encoding", "gzip");
  ASSERT_GT(post.body.size(), 10U);
  EXPECT_EQ(client_->fetch(post)->status, 413);
}

TEST_F(ServerTest, GzipBombIsRefused) {
  options_.limits.max_body_bytes = 1U << 20;
  start();
  auto post = request("/echo", "POST", gzip_compress(std::string(20U << 20, '\0')));
  post.headers.set("Content-Encoding", "gzip");
  EXPECT_EQ(client_->fetch(post)->status, 413);
  EXPECT_EQ(server_->stats().bodies_too_large, 1U);
}

TEST_F(ServerTest, BigBodyIsRefusedReadably) {
  options_.limits.max_body_bytes = 1000;
  start();
  const auto response = fetch("/echo", "POST", std::string(900'000, 'x'));
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status, 413);
}

TEST_F(ServerTest, BodiesShareABudget) {
  options_.limits.max_bodies_bytes = 100'000;
  start();
  EXPECT_EQ(fetch("/echo", "POST", std::string(90'000, 'x'))->status, 200);
  EXPECT_EQ(fetch("/echo", "POST", std::string(110'000, 'x'))->status, 503);
  EXPECT_EQ(server_->stats().bodies_refused, 1U);
  // The first one's share is free once its worker is done, which may be after its answer.
  int status = 503;
  for (int tries = 0; tries < 1000 && status == 503; ++tries) {
    status = fetch("/echo", "POST", std::string(90'000, 'x'))->status;
  }
  EXPECT_EQ(status, 200);
}

TEST_F(ServerTest, SlowHeaderAndBodyAreCut) {
  options_.limits.header_timeout = 100;
  options_.limits.body_timeout = 100;
  options_.limits.idle_timeout = 150;
  start();
  struct Case {
    const char* name;
    const char* input;
    const char* expected;
  };
  constexpr Case kCases[] = {
      {"nothing", "", ""},
      {"half a header", "GET /hello HTT", "HTTP/1.1 408"},
      {"half a body", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n123", "HTTP/1.1 408"},
  };
  for (const Case& c : kCases) {
    const std::string answer = raw(c.input);
    EXPECT_TRUE(answer.starts_with(c.expected)) << c.name << ": " << answer;
    EXPECT_FALSE(contains(answer, "<TIMEOUT>")) << c.name;
  }
  EXPECT_EQ(server_->stats().read_timeouts, 2U);
}

TEST_F(ServerTest, ReaderThatStopsIsCut) {
  options_.limits.write_timeout = 100;
  std::atomic<bool> write_failed{false};
  router_.get("/endless", [&](const Request&, std::unique_ptr<ResponseWriter> out) {
    out->begin(Response::text(200, ""));
    while (out->write(std::string(60'000, 'z'))) {
    }
    write_failed = true;
    gate_.open();
  });
  start();
  RawConnection connection(address());
  connection.set_small_receive_buffer();
  connection.send("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n");
  gate_.wait();
  EXPECT_TRUE(write_failed);
  EXPECT_EQ(server_->stats().write_timeouts, 1U);
}

TEST_F(ServerTest, DisconnectCancels) {
  std::atomic<bool> token_seen{false};
  Gate started;
  router_.get("/work", [&](const Request&, std::unique_ptr<ResponseWriter> out) {
    started.open();
    const std::stop_callback callback(out->stop_token(), [this, &token_seen] {
      token_seen = true;
      gate_.open();
    });
    gate_.wait();
    EXPECT_TRUE(out->cancelled());
  });
  start();
  RawConnection connection(address());
  connection.send("GET /work HTTP/1.1\r\nHost: h\r\n\r\n");
  started.wait();
  connection.close();
  gate_.wait();
  EXPECT_TRUE(token_seen);
  EXPECT_EQ(server_->stats().cancelled, 1U);
}

TEST_F(ServerTest, ManyAtOnce) {
  start();
  constexpr int kRequests = 100;
  Mutex mutex;
  CondVar done;
  int good = 0;
  int answered = 0;
  for (int i = 0; i < kRequests; ++i) {
    client_->send(request("/hello?name=" + std::to_string(i)), [&, i](Result<ClientResponse> response) {
      MutexLock lock(mutex);
      if (response && response->body == "hello " + std::to_string(i)) ++good;
      ++answered;
      done.notify_one();
    });
  }
  MutexLock lock(mutex);
  while (answered < kRequests) done.wait(mutex);
  EXPECT_EQ(good, kRequests);
}

TEST_F(ServerTest, QuickRoutesAnswerWhenAllWorkersAreBusy) {
  options_.worker_threads = 2;
  start();
  RawConnection a(address());
  RawConnection b(address());
  a.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n");
  b.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n");
  gate_.wait_for_arrivals(2);
  EXPECT_EQ(fetch("/healthy")->body, "healthy");
  gate_.open();
  EXPECT_TRUE(contains(a.read_until("through"), "through"));
  EXPECT_TRUE(contains(b.read_until("through"), "through"));
}

TEST_F(ServerTest, ConnectionsAreLimited) {
  options_.limits.max_connections = 2;
  start();
  RawConnection a(address());
  RawConnection b(address());
  a.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  b.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  a.read_until("hello ");
  b.read_until("hello ");
  RawConnection c(address());
  EXPECT_EQ(c.read_all(), "");
  EXPECT_EQ(server_->stats().connections_refused, 1U);
}

TEST_F(ServerTest, StopLetsRunningRequestsFinish) {
  start();
  RawConnection running(address());
  RawConnection idle(address());
  idle.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  idle.read_until("hello ");
  idle.forget();
  running.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n");
  gate_.wait_for_arrivals(1);
  std::thread stopper([this] { server_->stop(10 * kSecond); });
  EXPECT_EQ(idle.read_all(), "");  // closed at once
  EXPECT_FALSE(RawConnection(address()).connected());
  gate_.open();
  EXPECT_TRUE(contains(running.read_all(), "through"));
  stopper.join();
}

TEST_F(ServerTest, StopCutsWhatTakesTooLong) {
  start();
  RawConnection running(address());
  running.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n");
  gate_.wait_for_arrivals(1);
  std::thread stopper([this] { server_->stop(50); });
  EXPECT_EQ(running.read_all(), "");
  gate_.open();
  stopper.join();
  server_->stop(50);  // again is harmless
}

TEST_F(ServerTest, ListenAddresses) {
  const auto listen = [this](std::vector<std::string> addresses) {
    ServerOptions options;
    options.listen = std::move(addresses);
    auto server = HttpServer::start(options, router_.handler());
    return server ? (*server)->addresses() : std::vector<std::string>{server.error().message()};
  };
  EXPECT_TRUE(listen({"localhost:0"})[0].starts_with("127.0.0.1:"));
  EXPECT_TRUE(contains(listen({":0"})[0], ":"));
  EXPECT_EQ(listen({"127.0.0.1:0", "127.0.0.1:0"}).size(), 2U);
  for (const char* bad : {"", "9090", "::1:9090", "[::1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000"}) {
    EXPECT_TRUE(contains(listen({bad})[0], "invalid listen address")) << bad;
  }
  start();
  EXPECT_TRUE(contains(listen({address()})[0], "cannot listen on 127.0.0.1:"));
}

}  // namespace
}  // namespace vigil::net
