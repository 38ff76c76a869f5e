#include "vigil/expose/metrics_server.h"

#include <gtest/gtest.h>

#include <latch>
#include <string>
#include <thread>

#include "vigil/base/fake_clock.h"
#include "vigil/metrics/metrics.h"
#include "vigil/net/curl_client.h"

namespace vigil::expose {
namespace {

class MetricsServerTest : public testing::Test {
 protected:
  net::ClientResponse fetch(const std::string& method, const std::string& path, const std::string& accept = "") {
    net::ClientRequest request;
    request.method = method;
    request.url = "http://" + handle_.addresses().at(0) + path;
    if (!accept.empty()) request.headers.set("Accept", accept);
    auto response = client_->fetch(std::move(request));
    EXPECT_TRUE(response.has_value()) << response.error().message();
    return response.value_or(net::ClientResponse{});
  }

  FakeClock clock_;
  metrics::Registry registry_;
  health::HealthChecker health_{clock_, registry_};
  MetricsServerHandle handle_ = spawn_metrics_server({.listen = "127.0.0.1:0",
                                                      .web_config_file = {},
                                                      .registry = &registry_,
                                                      .health = &health_,
                                                      .more_routes = {}})
                                    .value();
  std::unique_ptr<net::HttpClient> client_ = net::make_curl_client({});
};

TEST_F(MetricsServerTest, NegotiatesMetrics) {
  metrics::Counter<> counter{registry_, "a_total", "A."};
  counter.inc(3);
  const auto text = fetch("GET", "/metrics");
  EXPECT_EQ(text.status, 200);
  EXPECT_EQ(text.headers.get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(text.body.find("\na_total 3\n"), std::string::npos) << text.body;
  const auto open = fetch("GET", "/metrics", "application/openmetrics-text;version=1.0.0");
  EXPECT_EQ(open.headers.get("Content-Type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_TRUE(open.body.ends_with("# EOF\n"));
  metrics::Counter<"id"> many{registry_, "many_total", "Many.", {.max_label_sets = 5000}};
  for (int i = 0; i < 5000; ++i) many.with(std::to_string(i)).inc();
  const auto large = fetch("GET", "/metrics");
  EXPECT_GT(large.body.size(), 100'000U);
  EXPECT_LT(large.wire_bytes, large.body.size() / 2);  // gzip
}

TEST_F(MetricsServerTest, AliveIsNotReady) {
  for (const char* path : {"/ready", "/readyz"}) EXPECT_EQ(fetch("GET", path).status, 503) << path;
  for (const char* path : {"/health", "/healthz"}) EXPECT_EQ(fetch("GET", path).status, 200) << path;
  metrics::Counter<> counter{registry_, "a_total", "A."};  // the program has initialised its metrics
  EXPECT_EQ(fetch("GET", "/ready").status, 200);
  health_.set("disk", health::Status::failing("read-only"));
  const auto ready = fetch("GET", "/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_NE(ready.body.find("\"reason\":\"the process is failing\""), std::string::npos) << ready.body;
  const auto alive = fetch("GET", "/health");
  EXPECT_EQ(alive.status, 200);
  EXPECT_NE(alive.body.find("\"status\":\"failing\""), std::string::npos) << alive.body;
}

TEST_F(MetricsServerTest, ChecksAnswerBehindTheEndpoints) {
  metrics::Counter<> counter{registry_, "a_total", "A."};
  std::latch entered(1);
  std::latch leave(1);
  auto slow = health_.add("disk", [&] {
    entered.count_down();
    leave.wait();
    return health::Status::critical("read-only");
  });
  net::ClientResponse ready;
  std::thread asker([&] { ready = fetch("GET", "/ready"); });
  entered.wait();
  EXPECT_EQ(fetch("GET", "/metrics").status, 200);  // waits for no check
  leave.count_down();
  asker.join();
  EXPECT_EQ(ready.status, 503);
  EXPECT_NE(ready.body.find("\"message\":\"read-only\""), std::string::npos) << ready.body;
  EXPECT_EQ(fetch("GET", "/health").status, 200);
}

TEST_F(MetricsServerTest, OtherMethodsAndPaths) {
  for (const char* path : {"/metrics", "/health", "/healthz", "/ready", "/readyz"}) {
    EXPECT_EQ(fetch("POST", path).status, 405) << path;
    EXPECT_EQ(fetch("DELETE", path).status, 405) << path;
  }
  EXPECT_EQ(fetch("GET", "/nothing").status, 404);
}

TEST_F(MetricsServerTest, ThePortIsTakenThenFree) {
  const std::string address = handle_.addresses().at(0);
  const auto second = MetricsServer::from_str(address)->run();
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().message().find(address), std::string::npos) << second.error().message();
  handle_.stop();
  handle_.stop();
  handle_.join();
  EXPECT_TRUE(spawn_metrics_server(address).has_value());
}

TEST(MetricsServer, BadAddressesAreErrors) {
  for (const char* address : {"", "13001", "localhost:", "0.0.0.0:99999", "0.0.0.0:13001x", "a:-1"}) {
    EXPECT_FALSE(MetricsServer::from_str(address).has_value()) << address;
  }
  EXPECT_TRUE(MetricsServer::from_str("0.0.0.0:13001").has_value());
}

TEST(MetricsServer, RunServesUntilStopped) {
  auto server = MetricsServer::from_str("127.0.0.1:0").value();
  std::thread stopper([&] { server.stop(); });
  EXPECT_TRUE(server.run().has_value());
  stopper.join();
}

}  // namespace
}  // namespace vigil::expose
