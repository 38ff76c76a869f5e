#include "vigil/exposition/page_writer.h"
#include "vigil/exposition/negotiate.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include "vigil/exposition/validate.h"
#include "vigil/metrics/metrics.h"

namespace vigil::exposition {
namespace {

using metrics::buckets;

// The registry's own two counters stand on every page; tests compare the rest.
std::string without_own(std::string page) {
  std::string rest;
  while (!page.empty()) {
    const std::size_t end = page.find('\n') + 1;
    const std::string line = page.substr(0, end);
    page.erase(0, end);
    if (line.find("vigil_metrics_") == std::string::npos) rest += line;
  }
  return rest;
}

struct Sample {
  metrics::Registry registry;
  metrics::Counter<"method", "code"> requests{registry, "http_requests_total", "Requests \\ \"served\"\nby code."};
  metrics::Gauge<> temperature{registry, "temperature_celsius", "Now.", {.unit = "celsius"}};
  metrics::Histogram<"peer"> rtt{registry, "rtt_seconds", "Round trip.", buckets<0.0025, 0.5, 1.0, 1e6>};
  metrics::Histogram<> plain{registry, "plain", "", buckets<10.0>};
  metrics::Collector version{registry, MetricType::kInfo, "build_info",
                             "Build.", {"version"},       [](metrics::CollectorSink& sink) { sink.point({"1.2"}, 1); }};
  Sample() {
    requests.with("GET", "200").inc(41);
    requests.with("a\"b\\c\nd", "500").inc(0.1);
    temperature.set(-3.25);
    rtt.with("1").observe(0.3);
    rtt.with("1").observe(2);
    plain.observe(3);
  }
};

TEST(PageWriter, Text) {
  const Sample sample;
  const std::string page = page_text(sample.registry, Format::kText);
  EXPECT_EQ(without_own(page), R"(# HELP build_info Build.
# TYPE build_info gauge
build_info{version="1.2"} 1
# HELP http_requests_total Requests \\ "served"\nby code.
# TYPE http_requests_total counter
http_requests_total{method="GET",code="200"} 41
http_requests_total{method="a\"b\\c\nd",code="500"} 0.1
# TYPE plain histogram
plain_bucket{le="10"} 1
plain_bucket{le="+Inf"} 1
plain_sum 3
plain_count 1
# HELP rtt_seconds Round trip.
# TYPE rtt_seconds histogram
rtt_seconds_bucket{peer="1",le="0.0025"} 0
rtt_seconds_bucket{peer="1",le="0.5"} 1
rtt_seconds_bucket{peer="1",le="1"} 1
rtt_seconds_bucket{peer="1",le="1000000"} 2
rtt_seconds_bucket{peer="1",le="+Inf"} 2
rtt_seconds_sum{peer="1"} 2.3
rtt_seconds_count{peer="1"} 2
# HELP temperature_celsius Now.
# TYPE temperature_celsius gauge
temperature_celsius -3.25
)");
  const auto valid = validate_prometheus_text(page);
  EXPECT_TRUE(valid.has_value()) << valid.error().message();
}

TEST(PageWriter, OpenMetrics) {
  const Sample sample;
  const std::string page = page_text(sample.registry, Format::kOpenMetrics);
  EXPECT_EQ(without_own(page), R"(# HELP build Build.
# TYPE build info
build_info{version="1.2"} 1
# HELP http_requests Requests \\ \"served\"\nby code.
# TYPE http_requests counter
http_requests_total{method="GET",code="200"} 41
http_requests_total{method="a\"b\\c\nd",code="500"} 0.1
# TYPE plain histogram
plain_bucket{le="10.0"} 1
plain_bucket{le="+Inf"} 1
plain_sum 3
plain_count 1
# HELP rtt_seconds Round trip.
# TYPE rtt_seconds histogram
rtt_seconds_bucket{peer="1",le="0.0025"} 0
rtt_seconds_bucket{peer="1",le="0.5"} 1
rtt_seconds_bucket{peer="1",le="1.0"} 1
rtt_seconds_bucket{peer="1",le="1e+06"} 2
rtt_seconds_bucket{peer="1",le="+Inf"} 2
rtt_seconds_sum{peer="1"} 2.3
rtt_seconds_count{peer="1"} 2
# HELP temperature_celsius Now.
# TYPE temperature_celsius gauge
# UNIT temperature_celsius celsius
temperature_celsius -3.25
# EOF
)");
  const auto valid = validate_openmetrics(page);
  EXPECT_TRUE(valid.has_value()) << valid.error().message();
}

TEST(PageWriter, PromtoolAcceptsTheText) {
  const std::filesystem::path promtool =
      std::filesystem::path(VIGIL_SOURCE_DIR) / ".cache/peers/prometheus/usr/bin/promtool";
  if (!std::filesystem::exists(promtool)) GTEST_SKIP() << promtool << " is missing";
  const Sample sample;
  const std::string file = testing::TempDir() + "/page-" + std::to_string(::getpid());
  std::ofstream(file) << page_text(sample.registry, Format::kText);
  // 3: lint findings (our sample has families without help); 1 would be a page it cannot read.
  const int status = std::system((promtool.string() + " check metrics <" + file + " >" + file + ".out 2>&1").c_str());
  std::ostringstream output;
  output << std::ifstream(file + ".out").rdbuf();
  EXPECT_TRUE(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3) << output.str();
  EXPECT_EQ(output.str().find("error while"), std::string::npos) << output.str();
  for (const char* ending : {"", ".out"}) std::filesystem::remove(file + ending);
}

TEST(PageWriter, Values) {
  const double inf = std::numeric_limits<double>::infinity();
  const struct {
    double value;
    const char* expected;
  } cases[] = {
      {0, "0"},
      {-0.0, "-0"},
      {1, "1"},
      {-17, "-17"},
      {0.1, "0.1"},
      {1e15, "1000000000000000"},
      {123456789012345.0, "123456789012345"},
      {9007199254740993.0, "9007199254740992"},
      {1e300, "1e+300"},
      {5e-324, "5e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {inf, "+Inf"},
      {-inf, "-Inf"},
      {std::nan(""), "NaN"},
  };
  for (const auto& c : cases) {
    std::string text;
    PageWriter page(Format::kText, [&](std::string_view chunk) {
      text += chunk;
      return true;
    });
    metrics::FamilyView family;
    family.type = MetricType::kGauge;
    family.name = "x";
    page.begin_family(family);
    page.point("", {.value = c.value});
    page.finish();
    EXPECT_EQ(text, std::string("# TYPE x gauge\nx ") + c.expected + "\n");
    if (!std::isnan(c.value)) {
      EXPECT_EQ(std::strtod(text.substr(text.rfind(' ')).c_str(), nullptr), c.value);
    }
  }
}

TEST(PageWriter, StreamsInChunksAndStopsWhenNobodyReads) {
  metrics::Registry registry;
  metrics::Counter<"id"> many{registry, "many_total", "Many.", {.max_label_sets = 20'000}};
  for (int i = 0; i < 10'000; ++i) many.with(std::to_string(i)).inc();
  many.with(std::string(1000, 'x')).inc();
  std::size_t chunks = 0;
  std::size_t largest = 0;
  std::string whole;
  PageWriter page(Format::kText, [&](std::string_view chunk) {
    ++chunks;
    largest = std::max(largest, chunk.size());
    whole += chunk;
    return true;
  });
  registry.visit(page);
  page.finish();
  EXPECT_EQ(whole, page_text(registry, Format::kText));
  EXPECT_GT(chunks, 2U);
  EXPECT_LE(largest, 70'000U);

  std::size_t calls = 0;
  PageWriter gone(Format::kText, [&](std::string_view) {
    ++calls;
    return false;
  });
  registry.visit(gone);
  gone.finish();
  EXPECT_EQ(calls, 1U);
}

TEST(PageWriter, LabelsLargerThanTheBuffer) {
  std::string text;
  PageWriter page(Format::kText, [&](std::string_view chunk) {
    text += chunk;
    return true;
  });
  metrics::FamilyView family;
  family.type = MetricType::kGauge;
  family.name = "x";
  const std::string labels = "a=\"" + std::string(500'000, 'z') + "\"";
  page.begin_family(family);
  page.point(labels, {.value = 1});
  page.finish();
  EXPECT_EQ(text, "# TYPE x gauge\nx{" + labels + "} 1\n");
}

TEST(PageWriter, Negotiate) {
  const struct {
    const char* accept;
    Format expected;
  } cases[] = {
      {"", Format::kText},
      {"*/*", Format::kText},
      {"text/html,application/xhtml+xml,*/*;q=0.8", Format::kText},
      {"application/json", Format::kText},
      {"application/openmetrics-text", Format::kOpenMetrics},
      {"application/openmetrics-text; version=1.0.0; charset=utf-8", Format::kOpenMetrics},
      {"Application/OpenMetrics-Text;Version=\"1.0.0\"", Format::kOpenMetrics},
      {"application/openmetrics-text;version=0.0.1", Format::kText},
      {"application/openmetrics-text;version=1.0.0;q=0", Format::kText},
      {"application/openmetrics-text;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.5", Format::kText},
      {"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.5", Format::kOpenMetrics},
      {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       Format::kOpenMetrics},  // Prometheus 2.42
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
       "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
       "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
       "text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
       Format::kProtobuf},  // Prometheus 3 with native histograms
      {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
       "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
       "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
       Format::kOpenMetrics},  // Prometheus 3
      {"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited,"
       "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,"
       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       Format::kProtobuf},  // Prometheus 2.42 with native histograms
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", Format::kText},
      {"application/vnd.google.protobuf", Format::kText},
      {"application/vnd.google.protobuf;proto=\"io.prometheus.client.MetricFamily\";encoding=delimited;q=0.5,"
       "application/openmetrics-text;q=0.5,text/plain;q=0.5",
       Format::kProtobuf},
      {",;,;q=,=;;q=9,application/openmetrics-text;q=nan", Format::kText},
  };
  for (const auto& c : cases) EXPECT_EQ(negotiate(c.accept), c.expected) << c.accept;
}

}  // namespace
}  // namespace vigil::exposition
