#include "vigil/expose/metrics_server.h"

#include <gtest/gtest.h>

#include <latch>
#include <string>
#include <thread>

#include "vigil/base/fake_clock.h"
#include "vigil/expose/metrics_page.h"
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

TEST_F(MetricsServerTest, EveryFormatByName) {
  metrics::Counter<"path"> counter{registry_, "a_total", "A."};
  counter.with("x,y").inc(3);
  const struct {
    const char* format;
    const char* type;
    const char* part;
  } cases[] = {
      {"text", "text/plain; version=0.0.4; charset=utf-8", "\na_total{path=\"x,y\"} 3\n"},
      {"openmetrics", "application/openmetrics-text; version=1.0.0; charset=utf-8", "# TYPE a counter\n"},
      {"protobuf", "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
       "\x0a\x04path\x12\x03x,y"},
      {"json", "application/json", "{\"labels\":{\"path\":\"x,y\"},\"value\":3"},
      {"csv", "text/csv; charset=utf-8; header=present", "a_total,counter,\"path=\"\"x,y\"\"\",3\r\n"},
      {"influx", "text/plain; charset=utf-8", "a_total,path=x\\,y counter=3\n"},
  };
  for (const auto& c : cases) {
    // The name wins over what a client's library sends.
    const auto page = fetch("GET", std::string("/metrics?format=") + c.format, "application/openmetrics-text");
    EXPECT_EQ(page.status, 200) << c.format;
    EXPECT_EQ(page.headers.get("Content-Type"), c.type) << c.format;
    EXPECT_NE(page.body.find(c.part), std::string::npos) << c.format << ":\n" << page.body;
  }
  const auto unknown = fetch("GET", "/metrics?format=xml");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(unknown.body, "unknown format \"xml\", expected one of text, openmetrics, protobuf, json, csv, influx\n");
}

// A client's ResponseWriter that counts what it is handed.
class CountingWriter final : public net::ResponseWriter {
 public:
  void send(net::Response) override { ADD_FAILURE() << "the page is not streamed"; }
  void begin(net::Response) override {}
  bool write(std::string_view chunk) override {
    largest = std::max(largest, chunk.size());
    total += chunk.size();
    return true;
  }
  void finish() override { finished = true; }
  bool cancelled() const override { return false; }

  std::size_t largest = 0;
  std::size_t total = 0;
  bool finished = false;
};

TEST(MetricsPage, IsStreamedInEveryFormat) {
  const auto source = [](metrics::Visitor& visitor) {
    metrics::FamilyView family;
    family.type = MetricType::kCounter;
    family.name = "many_total";
    visitor.begin_family(family);
    for (int i = 0; i < 100'000; ++i) visitor.point("id=\"" + std::to_string(i) + "\"", {.value = double(i)});
    visitor.end_family();
  };
  for (const char* format : {"text", "openmetrics", "protobuf", "json", "csv", "influx"}) {
    net::Request request;
    request.query.add("format", format);
    CountingWriter out;
    send_metrics_page(request, out, source);
    EXPECT_TRUE(out.finished) << format;
    EXPECT_GT(out.total, 2'000'000U) << format;
    EXPECT_LE(out.largest, 70'000U) << format;
  }
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
