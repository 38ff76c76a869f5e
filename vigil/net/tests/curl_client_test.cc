#include "vigil/net/curl_client.h"

#include <gtest/gtest.h>

#include "vigil/base/memory_file_system.h"
#include "vigil/base/mutex.h"
#include "vigil/net/router.h"

namespace vigil::net {
namespace {

class CurlClientTest : public ::testing::Test {
 protected:
  CurlClientTest() {
    router_.get("/seen", [](const Request& request, std::unique_ptr<ResponseWriter> out) {
      std::string text;
      for (const char* name : {"Authorization", "Cookie", "X-Custom", "User-Agent", "Host"}) {
        text += std::string(name) + "=" + std::string(request.headers.get(name)) + ";";
      }
      out->send(Response::text(200, text));
    });
    router_.get("/redirect", [](const Request& request, std::unique_ptr<ResponseWriter> out) {
      Response response = Response::text(302, "moved");
      response.headers.set("Location", request.query.get("to"));
      out->send(std::move(response));
    });
    router_.get("/long", [](const Request&, std::unique_ptr<ResponseWriter> out) {
      out->send(Response::text(200, std::string(100'000, 'x')));
    });
    router_.get("/hang", [this](const Request&, std::unique_ptr<ResponseWriter> out) { kept_ = std::move(out); });
    router_.add("PUT", "/put", [](const Request& request, std::unique_ptr<ResponseWriter> out) {
      out->send(Response::text(201, request.method + " " + request.body));
    });
    router_.add("DELETE", "/put", [](const Request& request, std::unique_ptr<ResponseWriter> out) {
      out->send(Response::text(200, request.method));
    });
    ServerOptions options;
    options.listen = {"127.0.0.1:0", "127.0.0.1:0"};
    server_ = *HttpServer::start(options, router_.handler(), router_.policy());
    CurlClientOptions client_options;
    client_options.file_system = &files_;
    client_ = make_curl_client(client_options);
  }
  ~CurlClientTest() override { server_.reset(); }

  std::string url(const std::string& path, std::size_t server = 0) {
    return "http://" + server_->addresses()[server] + path;
  }
  ClientRequest get(const std::string& path) {
    ClientRequest request;
    request.url = url(path);
    return request;
  }

  MemoryFileSystem files_;
  Router router_;
  std::unique_ptr<ResponseWriter> kept_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<HttpClient> client_;
};

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

TEST_F(CurlClientTest, HeadersAndCredentials) {
  ASSERT_TRUE(files_.create_directories("/s"));
  ASSERT_TRUE(files_.write_file_atomically("/s/token", "from-file\n"));
  ClientRequest request = get("/seen");
  request.headers.set("X-Custom", "a b");
  EXPECT_TRUE(contains(client_->fetch(request)->body, "X-Custom=a b;User-Agent=vigil;"));
  request.authorization = "t0ken";
  EXPECT_TRUE(contains(client_->fetch(request)->body, "Authorization=Bearer t0ken;"));
  request.authorization.clear();
  request.authorization_file = "/s/token";
  request.authorization_scheme = "Token";
  EXPECT_TRUE(contains(client_->fetch(request)->body, "Authorization=Token from-file;"));
  request = get("/seen");
  request.username = "u";
  request.password = "p";
  EXPECT_TRUE(contains(client_->fetch(request)->body, "Authorization=Basic dTpw;"));
  request = get("/seen");
  request.authorization_file = "/s/missing";
  const auto missing = client_->fetch(request);
  ASSERT_FALSE(missing);
  EXPECT_TRUE(contains(missing.error().message(), "/s/missing"));
}

TEST_F(CurlClientTest, RedirectsKeepCredentialsAtHome) {
  for (const bool bearer : {false, true}) {
    for (const std::size_t target : {0U, 1U}) {
      ClientRequest request = get("/redirect?to=" + url("/seen", target));
      request.headers.set("Cookie", "c=1");
      if (bearer) {
        request.authorization = "t0ken";
      } else {
        request.username = "u";
        request.password = "p";
      }
      const auto response = client_->fetch(request);
      ASSERT_TRUE(response) << response.error().message();
      EXPECT_EQ(response->status, 200);
      EXPECT_EQ(contains(response->body, "Authorization=;"), target == 1) << response->body;
      EXPECT_EQ(contains(response->body, "Cookie=;"), target == 1) << response->body;
    }
  }
  ClientRequest stay = get("/redirect?to=/seen");
  stay.follow_redirects = false;
  EXPECT_EQ(client_->fetch(stay)->status, 302);
  EXPECT_EQ(client_->fetch(stay)->body, "moved");
  EXPECT_FALSE(client_->fetch(get("/redirect?to=file:///etc/passwd")));
}

TEST_F(CurlClientTest, MethodsAndBodies) {
  ClientRequest request = get("/put");
  request.method = "PUT";
  request.body = "body";
  EXPECT_EQ(client_->fetch(request)->body, "PUT body");
  request.method = "DELETE";
  request.body.clear();
  EXPECT_EQ(client_->fetch(request)->body, "DELETE");
  request = get("/long");
  request.method = "HEAD";
  request.accept_compressed = false;
  EXPECT_EQ(client_->fetch(request)->headers.get("Content-Length"), "100000");
}

TEST_F(CurlClientTest, Failures) {
  ClientRequest request = get("/long");
  request.max_body_bytes = 99'999;
  EXPECT_EQ(client_->fetch(request).error().code(), ErrorCode::kLimitExceeded);  // although 400 bytes on the wire
  request.max_body_bytes = 100'000;
  EXPECT_TRUE(client_->fetch(request));

  request = get("/hang");
  request.timeout = 100;
  const auto slow = client_->fetch(request);
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().code(), ErrorCode::kTimeout);
  EXPECT_TRUE(contains(slow.error().message(), "/hang: no complete answer within 100ms"));

  request = get("/x");
  request.headers.set("X", "a\r\nY: b");
  EXPECT_EQ(client_->fetch(request).error().code(), ErrorCode::kInvalidArgument);

  request.headers = {};
  request.url = "http://user:hunter2@127.0.0.1:1/";
  request.password = "hunter3";
  const auto refused = client_->fetch(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
  EXPECT_FALSE(contains(refused.error().message(), "hunter")) << refused.error().message();

  request.url = "ftp://h/";
  EXPECT_EQ(client_->fetch(request).error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(CurlClientTest, DestructionCancels) {
  std::string outcome;
  client_->send(get("/hang"), [&outcome](Result<ClientResponse> response) {
    outcome = response ? "answered" : std::string(to_string(response.error().code()));
  });
  client_.reset();
  EXPECT_EQ(outcome, to_string(ErrorCode::kCancelled));
}

TEST_F(CurlClientTest, QueueIsBoundedByTheTimeout) {
  CurlClientOptions options;
  options.max_in_flight = 1;
  client_ = make_curl_client(options);
  Mutex mutex;
  CondVar changed;
  int done = 0;
  int timeouts = 0;
  for (int i = 0; i < 3; ++i) {
    ClientRequest request = get("/hang");
    request.timeout = 150;
    client_->send(request, [&](Result<ClientResponse> response) {
      MutexLock lock(mutex);
      ++done;
      timeouts += !response && response.error().code() == ErrorCode::kTimeout ? 1 : 0;
      changed.notify_one();
    });
  }
  MutexLock lock(mutex);
  while (done < 3) changed.wait(mutex);
  EXPECT_EQ(timeouts, 3);
}

}  // namespace
}  // namespace vigil::net
