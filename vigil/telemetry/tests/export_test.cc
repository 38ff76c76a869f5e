#include <gtest/gtest.h>

#include <latch>
#include <nlohmann/json.hpp>

#include "vigil/base/fake_clock.h"
#include "vigil/base/memory_file_system.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/metrics/metrics.h"
#include "vigil/net/curl_client.h"
#include "vigil/net/fake_http.h"
#include "vigil/telemetry/exporter.h"
#include "vigil/telemetry/pipeline.h"
#include "vigil/telemetry/prometheus_exporter.h"
#include "vigil/telemetry/registry_collector.h"

namespace vigil::telemetry {
namespace {

using Json = nlohmann::json;

// A counter with awkward label values, a gauge, a histogram.
struct Filled {
  Filled() {
    collector.increment_counter_by("votes", 3, {{"by", "a \"b\",\n c"}});
    collector.set_gauge("peers", 4);
    collector.record_histogram("rtt_seconds", 0.2);
  }
  FakeClock clock{1'700'000'000'000};
  metrics::Registry registry;
  RegistryCollector collector{registry, clock};
};

TEST(Exporters, JsonHasEverySeries) {  // HS-152
  Filled f;
  JsonExporter exporter;
  EXPECT_EQ(exporter.format_name(), "json");
  const std::string page = exporter.export_metrics(f.collector.snapshot().value()).value();
  const Json json = Json::parse(page, nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << page;
  for (const char* name : {"votes_total", "peers", "rtt_seconds"}) {
    EXPECT_NE(page.find(name), std::string::npos) << name << " in " << page;
  }
}

TEST(Exporters, CsvHasARowPerSample) {  // HS-153
  Filled f;
  CsvExporter exporter;
  EXPECT_EQ(exporter.format_name(), "csv");
  const std::string page = exporter.export_metrics(f.collector.snapshot().value()).value();
  EXPECT_TRUE(page.starts_with("name,")) << page;
  EXPECT_NE(page.find("votes_total,counter,"), std::string::npos) << page;
  EXPECT_NE(page.find("peers,gauge,"), std::string::npos) << page;
}

TEST(Exporters, OwnFormatsPlugIn) {  // HS-16, HS-151
  struct Names final : MetricsExporter {
    Result<std::string> export_metrics(const MetricsSnapshot& snapshot) override {
      std::string out;
      for (const SnapshotFamily& family : snapshot.families()) out += family.name + "\n";
      return out;
    }
    std::string_view format_name() const override { return "names"; }
  };
  Filled f;
  Names names;
  MetricsExporter& exporter = names;
  EXPECT_NE(exporter.export_metrics(f.collector.snapshot().value())->find("peers\n"), std::string::npos);
}

TEST(Exporters, InfluxDbIsWrittenTo) {  // HS-154
  Filled f;
  net::FakeHttpClient http;
  http.on("http://db:8086/write", 204, "");
  InfluxDbExporter exporter({.http = &http, .url = "http://db:8086", .username = "u", .password_file = "/p"}, "my db");
  EXPECT_EQ(exporter.format_name(), "influxdb");
  const std::string lines = exporter.export_metrics(f.collector.snapshot().value()).value();
  const auto requests = http.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_TRUE(requests[0].url == "http://db:8086/write?db=my+db" ||
              requests[0].url == "http://db:8086/write?db=my%20db")
      << requests[0].url;
  EXPECT_EQ(requests[0].username, "u");
  EXPECT_EQ(requests[0].password_file, "/p");
  EXPECT_EQ(requests[0].body, lines);
  EXPECT_NE(lines.find("peers gauge=4 1700000000000000000\n"), std::string::npos) << lines;

  // In parts of whole lines.
  http.clear_requests();
  InfluxDbExporter small({.http = &http, .url = "http://db:8086"}, "db", 100);
  ASSERT_TRUE(small.export_metrics(f.collector.snapshot().value()).has_value());
  std::string together;
  for (const net::ClientRequest& request : http.requests()) {
    EXPECT_TRUE(request.body.ends_with("\n"));
    EXPECT_FALSE(request.body.empty());
    together += request.body;
  }
  EXPECT_GT(http.requests().size(), 3U);
  EXPECT_EQ(together, small.export_metrics(f.collector.snapshot().value()).value());
}

TEST(Exporters, InfluxDbFailuresSayWhy) {
  Filled f;
  const struct {
    int status;  // 0: refused connection
    ErrorCode code;
    const char* message;
  } cases[] = {
      {0, ErrorCode::kUnavailable, "influxdb"},
      {404, ErrorCode::kExecution, "answered 404 to /write: database not found"},
      {500, ErrorCode::kExecution, "answered 500"},
  };
  for (const auto& c : cases) {
    net::FakeHttpClient http;
    if (c.status != 0) http.on("http://db/write", c.status, "database not found");
    InfluxDbExporter exporter({.http = &http, .url = "http://db"}, "x");
    const auto written = exporter.export_metrics(f.collector.snapshot().value());
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error().code(), c.code);
    EXPECT_NE(written.error().message().find(c.message), std::string::npos) << written.error().message();
  }
}

TEST(PrometheusExporter, ShowsCollectorsWithAPrefix) {  // HS-146…150
  Filled f;
  Filled other;
  other.collector.increment_counter("more");
  PrometheusExporter exporter(0, "hotstuff2");
  ASSERT_TRUE(exporter.register_metrics(f.collector).has_value());
  EXPECT_EQ(exporter.register_metrics(f.collector).error().code(), ErrorCode::kAlreadyExists);
  ASSERT_TRUE(exporter.register_metrics(other.collector).has_value());
  EXPECT_TRUE(exporter.addresses().empty());
  ASSERT_TRUE(exporter.start_server().has_value());
  EXPECT_EQ(exporter.start_server().error().code(), ErrorCode::kAlreadyExists);
  const std::string address = exporter.addresses().at(0);

  const auto client = net::make_curl_client();
  net::ClientRequest request;
  request.url = "http://" + address + "/metrics";
  const auto page = client->fetch(request);
  ASSERT_TRUE(page.has_value()) << page.error().message();
  EXPECT_EQ(page->status, 200);
  EXPECT_EQ(page->body, exporter.scrape_metrics());
  EXPECT_NE(page->body.find("\nhotstuff2_peers 4\n"), std::string::npos) << page->body;
  EXPECT_NE(page->body.find("\nhotstuff2_more_total 1\n"), std::string::npos);
  EXPECT_EQ(page->body.find("# TYPE hotstuff2_peers gauge"), page->body.rfind("# TYPE hotstuff2_peers gauge"));

  PrometheusExporter taken(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))), "");
  EXPECT_FALSE(taken.start_server().has_value());
  exporter.stop_server();
  exporter.stop_server();
  EXPECT_FALSE(client->fetch(request).has_value());
  EXPECT_FALSE(PrometheusExporter(0, "a-b").start_server().has_value());
}

class PipelineTest : public testing::Test {
 protected:
  std::unique_ptr<MetricsPipeline> make(MetricsConfig config) {
    config.prometheus_port = 0;
    return std::make_unique<MetricsPipeline>(
        std::move(config),
        PipelineDependencies{.registry = registry_, .scheduler = scheduler_, .client = http_, .files = files_});
  }
  double shown(std::string_view name, MetricsSnapshot::Labels labels = {}) {
    return MetricsSnapshot::of(registry_, 0).value(name, labels).value_or(-1);
  }

  VirtualScheduler scheduler_{1000};
  metrics::Registry registry_;
  net::FakeHttpClient http_;
  MemoryFileSystem files_;
};

TEST_F(PipelineTest, ExportsEachInterval) {  // HS-176, HS-180
  http_.on("http://db/write", 204, "");
  const auto pipeline = make({.collection_interval = 10 * kSecond,
                              .prometheus_enabled = false,
                              .custom_exporters = {{.format = "json", .path = "/m.json"},
                                                   {.format = "csv", .path = "/m.csv"},
                                                   {.format = "prometheus", .path = "/m.prom"},
                                                   {.format = "influxdb", .url = "http://db", .database = "d"}},
                              .batch_size = 100,
                              .async_export = false});
  int sampled = 0;
  pipeline->on_collect([&] { ++sampled; });
  ASSERT_TRUE(pipeline->start().has_value());
  EXPECT_TRUE(pipeline->addresses().empty());
  pipeline->collector().increment_counter("events");
  scheduler_.advance(9 * kSecond);
  EXPECT_EQ(sampled, 0);
  scheduler_.advance(kSecond);
  EXPECT_EQ(sampled, 1);
  EXPECT_NE(files_.read_file("/m.prom")->find("\nevents_total 1\n"), std::string::npos);
  for (const char* file : {"/m.json", "/m.csv"}) EXPECT_TRUE(files_.exists(file)) << file;
  EXPECT_EQ(http_.requests().size(), 1U);
  scheduler_.advance(20 * kSecond);
  EXPECT_EQ(sampled, 3);
  pipeline->stop();
  scheduler_.advance(kMinute);
  EXPECT_EQ(sampled, 3);
}

TEST_F(PipelineTest, OneFailureDoesNotStopTheOthers) {
  const auto pipeline = make({.prometheus_enabled = false,
                              .custom_exporters = {{.format = "influxdb", .url = "http://db", .database = "d"},
                                                   {.format = "json", .path = "/m.json"}},
                              .async_export = false});
  const auto collected = pipeline->collect();
  ASSERT_FALSE(collected.has_value());
  EXPECT_TRUE(collected.error().message().starts_with("influxdb: ")) << collected.error().message();
  EXPECT_TRUE(files_.exists("/m.json"));
  EXPECT_EQ(shown("vigil_export_failures_total", {{"format", "influxdb"}}), 1);
  EXPECT_EQ(shown("vigil_export_failures_total", {{"format", "json"}}), 0);
}

TEST_F(PipelineTest, AsyncExportsNeverHoldUpRecording) {  // HS-27, HS-189
  struct Slow final : MetricsExporter {
    Result<std::string> export_metrics(const MetricsSnapshot&) override {
      ++exports;
      entered.count_down();
      leave.wait();
      return "";
    }
    std::string_view format_name() const override { return "slow"; }
    std::atomic<int> exports{0};
    std::latch entered{1};
    std::latch leave{1};
  };
  const auto slow = std::make_shared<Slow>();
  const auto pipeline = make({.collection_interval = kSecond, .prometheus_enabled = false});
  pipeline->add_exporter(slow);
  ASSERT_TRUE(pipeline->start().has_value());
  scheduler_.advance(kSecond);
  slow->entered.wait();
  pipeline->collector().increment_counter("events");  // while the export stands still
  scheduler_.advance(2 * kSecond);
  EXPECT_EQ(shown("events_total"), 1);
  EXPECT_EQ(shown("vigil_export_skipped_total"), 2);
  slow->leave.count_down();
  pipeline->wait_for_exports();
  EXPECT_EQ(slow->exports, 1);
  scheduler_.advance(kSecond);
  pipeline->wait_for_exports();
  EXPECT_EQ(slow->exports, 2);
}

TEST_F(PipelineTest, ListensWhenAskedTo) {  // HS-175, HS-178, HS-179
  const auto listening = make({});
  ASSERT_TRUE(listening->start().has_value());
  EXPECT_EQ(listening->addresses().size(), 1U);
  const auto disabled = make({.collection_enabled = false});
  ASSERT_TRUE(disabled->start().has_value());
  EXPECT_TRUE(disabled->addresses().empty());
  disabled->collector().increment_counter("none");
  EXPECT_EQ(shown("none_total"), -1);
}

}  // namespace
}  // namespace vigil::telemetry
