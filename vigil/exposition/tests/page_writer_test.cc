#include "vigil/exposition/page_writer.h"
#include "vigil/exposition/negotiate.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "vigil/exposition/tests/pages.h"
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

// A page is never held as a whole, whatever its format and however large one family is.
TEST(PageWriter, EveryFormatStreams) {
  metrics::Registry registry;
  metrics::Counter<"id"> many{registry, "many_total", "Many.", {.max_label_sets = 20'000}};
  for (int i = 0; i < 20'000; ++i) many.with(std::to_string(i)).inc();
  for (const Format format :
       {Format::kText, Format::kOpenMetrics, Format::kProtobuf, Format::kJson, Format::kCsv, Format::kInflux}) {
    std::size_t largest = 0;
    std::size_t total = 0;
    PageWriter page(format, [&](std::string_view chunk) {
      largest = std::max(largest, chunk.size());
      total += chunk.size();
      return true;
    });
    registry.visit(page);
    page.finish();
    EXPECT_LE(largest, 70'000U) << content_type(format);
    EXPECT_GT(total, 400'000U) << content_type(format);

    std::size_t calls = 0;
    PageWriter gone(format, [&](std::string_view) {
      ++calls;
      return false;
    });
    registry.visit(gone);
    gone.finish();
    EXPECT_EQ(calls, 1U) << content_type(format);
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

TEST(PageWriter, OpenMetricsExemplarsAndCreatedLines) {
  const RichHistogram rich;
  const metrics::ExemplarView exemplar{.labels = R"(trace_id="4b")", .value = 0.5, .time = 1'700'000'000'250};
  const metrics::ExemplarView timeless{.labels = "", .value = 2, .time = 0};
  const std::string long_labels = "a=\"" + std::string(128, 'x') + "\"";  // 129 characters
  const metrics::ExemplarView too_long{.labels = long_labels, .value = 1, .time = 0};
  std::string wide_labels = "a=\"";
  for (int i = 0; i < 127; ++i) wide_labels += "ä";  // 128 characters, 255 bytes
  wide_labels += '"';
  const metrics::ExemplarView wide{.labels = wide_labels, .value = 1, .time = 0};
  const auto feed = [&](PageWriter& page) {
    page.begin_family(family_of(MetricType::kCounter, "a_total"));
    page.point("b=\"1\"", {.value = 3, .created = 1'600'000'000'000, .exemplar = &exemplar});
    page.point("b=\"2\"", {.value = 4, .created = 0, .exemplar = &timeless});
    page.point("b=\"3\"", {.value = 5, .created = 0, .exemplar = &too_long});
    page.point("b=\"4\"", {.value = 6, .created = 0, .exemplar = &wide});
    page.end_family();
    page.begin_family(family_of(MetricType::kGauge, "g"));
    page.point("", {.value = 1, .created = 5, .exemplar = &exemplar});
    page.end_family();
    page.begin_family(family_of(MetricType::kHistogram, "h", rich.bounds));
    page.histogram("", rich.view);
    page.end_family();
  };
  const std::string expected = R"(# TYPE a counter
a_total{b="1"} 3 # {trace_id="4b"} 0.5 1700000000.25
a_created{b="1"} 1600000000
a_total{b="2"} 4 # {} 2
a_total{b="3"} 5
a_total{b="4"} 6 # {)" + wide_labels +
                               R"(} 1
# TYPE g gauge
g 1
# TYPE h histogram
h_bucket{le="0.5"} 3 # {trace_id="a\"b"} 0.25 1700000000.123
h_bucket{le="4.0"} 5 # {trace_id="new"} 3 1700000001
h_bucket{le="+Inf"} 6
h_sum 1000.5
h_count 6
h_created 1600000000.5
# EOF
)";
  const std::string page = page_of(Format::kOpenMetrics, feed, {.created_lines = true});
  EXPECT_EQ(page, expected);
  const auto valid = validate_openmetrics(page);
  EXPECT_TRUE(valid.has_value()) << valid.error().message();

  const std::string plain = page_of(Format::kOpenMetrics, feed);
  EXPECT_EQ(plain.find("_created"), std::string::npos);
  EXPECT_TRUE(validate_openmetrics(plain).has_value());
  // Text knows neither.
  const std::string text = page_of(Format::kText, feed, {.created_lines = true});
  EXPECT_EQ(text.find('#', text.find("h_bucket")), std::string::npos);
  EXPECT_EQ(text.find("_created"), std::string::npos);
  EXPECT_TRUE(validate_prometheus_text(text).has_value());
}

TEST(PageWriter, OpenMetricsRulesOnTypes) {
  const std::vector<double> bounds = {-1, 1};
  const std::vector<std::uint64_t> counts = {1, 1, 1};
  const metrics::HistogramView view{.counts = counts, .count = 3, .sum = -5};
  const auto histogram = [&](MetricType type, std::span<const double> of, const metrics::HistogramView& value) {
    return [=](PageWriter& page) {
      page.begin_family(family_of(type, "h", of));
      page.histogram("", value);
    };
  };
  const auto point = [](MetricType type, std::string_view name, std::string_view labels) {
    return [=](PageWriter& page) {
      page.begin_family(family_of(type, name));
      page.point(labels, {.value = 1});
    };
  };
  const std::vector<std::uint64_t> one = {2};
  const metrics::HistogramView falling{.counts = one, .count = 2, .sum = -1};
  const metrics::HistogramView rising{.counts = one, .count = 2, .sum = 1};
  const struct {
    const char* name;
    std::function<void(PageWriter&)> feed;
    const char* expected;
  } cases[] = {
      {"negative bounds: no sum", histogram(MetricType::kHistogram, bounds, view),
       "# TYPE h histogram\nh_bucket{le=\"-1.0\"} 1\nh_bucket{le=\"1.0\"} 2\nh_bucket{le=\"+Inf\"} 3\n# EOF\n"},
      {"a gauge's sum may fall", histogram(MetricType::kGaugeHistogram, bounds, view),
       "# TYPE h gaugehistogram\nh_bucket{le=\"-1.0\"} 1\nh_bucket{le=\"1.0\"} 2\nh_bucket{le=\"+Inf\"} 3\n"
       "h_gsum -5\nh_gcount 3\n# EOF\n"},
      {"a negative sum", histogram(MetricType::kHistogram, {}, falling),
       "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\n# EOF\n"},
      {"native buckets only", histogram(MetricType::kHistogram, {}, rising),
       "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n# EOF\n"},
      {"state set", point(MetricType::kStateSet, "s", "s=\"on\""), "# TYPE s stateset\ns{s=\"on\"} 1\n# EOF\n"},
      {"info", point(MetricType::kInfo, "b_info", "v=\"1\""), "# TYPE b info\nb_info{v=\"1\"} 1\n# EOF\n"},
      {"info of another name", point(MetricType::kInfo, "b", ""), "# TYPE b unknown\nb 1\n# EOF\n"},
      {"unknown", point(MetricType::kUnknown, "u", ""), "# TYPE u unknown\nu 1\n# EOF\n"},
      {"a counter whose name without its suffix is taken",
       [&](PageWriter& page) {
         point(MetricType::kGauge, "gas", "")(page);
         point(MetricType::kGauge, "gas_price", "")(page);
         point(MetricType::kCounter, "gas_total", "")(page);
         point(MetricType::kCounter, "jobs_total", "")(page);
       },
       "# TYPE gas gauge\ngas 1\n# TYPE gas_price gauge\ngas_price 1\n# TYPE gas_total unknown\ngas_total 1\n"
       "# TYPE jobs counter\njobs_total 1\n# EOF\n"},
  };
  for (const auto& c : cases) {
    const std::string page = page_of(Format::kOpenMetrics, c.feed);
    EXPECT_EQ(page, c.expected) << c.name;
    const auto valid = validate_openmetrics(page);
    EXPECT_TRUE(valid.has_value()) << c.name << ": " << valid.error().message();
    const auto text = validate_prometheus_text(page_of(Format::kText, c.feed));
    EXPECT_TRUE(text.has_value()) << c.name << ": " << text.error().message();
  }
}

TEST(PageWriter, FormatsByName) {
  for (const Format format :
       {Format::kText, Format::kOpenMetrics, Format::kProtobuf, Format::kJson, Format::kCsv, Format::kInflux}) {
    EXPECT_FALSE(content_type(format).empty());
  }
  std::size_t known = 0;
  for (std::string_view rest = kFormatNames; !rest.empty();) {
    const std::size_t end = std::min(rest.find(", "), rest.size());
    EXPECT_TRUE(format_named(rest.substr(0, end)).has_value()) << rest;
    rest.remove_prefix(std::min(end + 2, rest.size()));
    ++known;
  }
  EXPECT_EQ(known, 6U);
  for (const char* name : {"", "JSON", "xml", "text "}) EXPECT_FALSE(format_named(name).has_value()) << name;
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
