#include "vigil/net/router.h"

#include <gtest/gtest.h>

#include "vigil/base/virtual_scheduler.h"
#include "vigil/net/fake_http.h"

namespace vigil::net {
namespace {

ClientRequest get(std::string url) {
  ClientRequest request;
  request.url = std::move(url);
  return request;
}

PathHandler named(std::string name) {
  return [name](const Request&, const Params& path, std::unique_ptr<ResponseWriter> out) {
    out->send(Response::text(200, name + " " + path.encode()));
  };
}

TEST(RouterTest, Table) {
  Router router;
  router.get("/", named("root"));
  router.get("/api/v1/query", named("query"));
  router.post("/api/v1/query", named("query-post"));
  router.get("/api/v1/label/{name}/values", named("values"));
  router.get("/api/v1/label/fixed/values", named("fixed"));
  router.get("/assets/{path...}", named("assets"));
  router.add("DELETE", "/api/v1/queries/{id}", named("kill"));

  struct Case {
    const char* method;
    const char* target;
    int status;
    const char* body;  // "" is not compared
    const char* allow;
  };
  constexpr Case kCases[] = {
      {"GET", "/", 200, "root ", ""},
      {"GET", "/?x=1", 200, "root ", ""},
      {"GET", "/api/v1/query?query=up", 200, "query ", ""},
      {"HEAD", "/api/v1/query", 200, "query ", ""},
      {"POST", "/api/v1/query", 200, "query-post ", ""},
      {"PUT", "/api/v1/query", 405, "", "GET, POST, HEAD, OPTIONS"},
      {"OPTIONS", "/api/v1/query", 204, "", "GET, POST, HEAD, OPTIONS"},
      {"GET", "/api/v1/queries/7", 405, "", "DELETE, OPTIONS"},
      {"DELETE", "/api/v1/queries/7", 200, "kill id=7", ""},
      {"GET", "/api/v1/label/a%2Fb/values", 200, "values name=a%2Fb", ""},
      {"GET", "/api/v1/label/fixed/values", 200, "fixed ", ""},
      {"GET", "/api/v1/label//values", 404, "", ""},
      {"GET", "/api/v1/query/", 404, "", ""},
      {"GET", "/api%2Fv1/query", 404, "", ""},
      {"GET", "/a%pi", 404, "", ""},
      {"GET", "/assets/js/a.js", 200, "assets path=js%2Fa.js", ""},
      {"GET", "/assets/", 200, "assets path=", ""},
      {"GET", "*", 404, "", ""},
      {"GET", "/nope", 404, "", ""},
  };
  for (const Case& c : kCases) {
    const Response response = call(router.handler(), make_request(c.method, c.target));
    EXPECT_EQ(response.status, c.status) << c.method << " " << c.target;
    if (c.body[0] != '\0') {
      EXPECT_EQ(response.body, c.body) << c.method << " " << c.target;
    }
    EXPECT_EQ(response.headers.get("Allow"), c.allow) << c.method << " " << c.target;
  }
}

TEST(RouterTest, PrefixIsStrippedAndRootRedirects) {
  Router router;
  router.get("/x", named("x"));
  router.set_prefix("vigil/");
  EXPECT_EQ(call(router.handler(), make_request("GET", "/vigil/x")).status, 200);
  EXPECT_EQ(call(router.handler(), make_request("GET", "/x")).status, 404);
  EXPECT_EQ(call(router.handler(), make_request("GET", "/vigilx")).status, 404);
  const Response root = call(router.handler(), make_request("GET", "/"));
  EXPECT_EQ(root.status, 302);
  EXPECT_EQ(root.headers.get("Location"), "/vigil/");
}

TEST(RouterTest, ObservesPatternAndStatusOnce) {
  Router router;
  std::vector<std::string> seen;
  router.observe([&seen](const RouteObservation& o) {
    seen.push_back(std::string(o.pattern) + " " + std::to_string(o.status) + " " + std::to_string(o.body_bytes));
  });
  router.get("/label/{name}", named("v"));
  router.get("/dropped", [](const Request&, std::unique_ptr<ResponseWriter>) {});
  router.get("/stream", [](const Request&, std::unique_ptr<ResponseWriter> out) {
    out->begin(Response::text(201, ""));
    out->write("abc");
    out->write("de");
    out->finish();
  });
  call(router.handler(), make_request("GET", "/label/zone"));
  call(router.handler(), make_request("GET", "/dropped"));
  call(router.handler(), make_request("GET", "/stream"));
  call(router.handler(), make_request("GET", "/none"));
  EXPECT_EQ(seen, (std::vector<std::string>{"/label/{name} 200 11", "/dropped 500 0", "/stream 201 5", " 404 19"}));
}

TEST(RouterTest, CorsOnlyForAllowedOrigins) {
  Router router;
  router.get("/x", named("x"));
  Request request = make_request("GET", "/x");
  request.headers.set("Origin", "http://a");
  EXPECT_FALSE(call(router.handler(), request).headers.has("Access-Control-Allow-Origin"));
  router.allow_origins([](std::string_view origin) { return origin == "http://a"; });
  EXPECT_EQ(call(router.handler(), request).headers.get("Access-Control-Allow-Origin"), "http://a");
  request.headers.set("Origin", "http://b");
  EXPECT_FALSE(call(router.handler(), request).headers.has("Access-Control-Allow-Origin"));
}

TEST(RouterTest, PolicyOfTheRoute) {
  Router router;
  router.add("POST", "/write", named("w"), {.max_body_bytes = 7});
  router.get("/healthy", named("h"), {.quick = true});
  EXPECT_EQ(router.policy()(make_request("POST", "/write")).max_body_bytes, 7U);
  EXPECT_TRUE(router.policy()(make_request("HEAD", "/healthy")).quick);
}

TEST(FakeHttpClientTest, AnswersOnTheSchedulersClock) {
  VirtualScheduler scheduler(1000);
  FakeHttpClient client(&scheduler);
  client.on("http://a/x", 200, "body");
  client.on(
      "http://slow/*",
      [](const ClientRequest&) -> Result<ClientResponse> {
        ClientResponse response;
        response.status = 201;
        return response;
      },
      300);
  client.hang("http://hangs/");
  std::vector<std::string> got;
  const auto send = [&](const char* url) {
    ClientRequest request = get(url);
    request.timeout = 500;
    client.send(std::move(request), [&got, &scheduler](Result<ClientResponse> r) {
      got.push_back((r ? std::to_string(r->status) : std::string(to_string(r.error().code()))) + "@" +
                    std::to_string(scheduler.clock().now()));
    });
  };
  send("http://a/x?q=1");
  send("http://slow/metrics");
  send("http://hangs/");
  send("http://unknown/");
  EXPECT_TRUE(got.empty());
  scheduler.advance(1000);
  EXPECT_EQ(got.size(), 4U);
  EXPECT_EQ(got[0], "200@1000");
  EXPECT_EQ(got[2], "201@1300");
  EXPECT_EQ(got[3], std::string(to_string(ErrorCode::kTimeout)) + "@1500");
  EXPECT_EQ(client.requests().size(), 4U);
}

TEST(FakeHttpClientTest, ServesAHandler) {
  Router router;
  router.get("/metrics", named("m"));
  FakeHttpClient client;
  client.serve("http://node:1", router.handler());
  EXPECT_EQ(client.fetch(get("http://node:1/metrics"))->body, "m ");
  EXPECT_EQ(client.fetch(get("http://node:1/none"))->status, 404);
  EXPECT_EQ(client.fetch(get("http://other:1/none")).error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace vigil::net
