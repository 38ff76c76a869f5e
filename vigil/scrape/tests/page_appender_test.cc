#include "vigil/scrape/page_appender.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "vigil/exposition/page_writer.h"
#include "vigil/scrape/tests/fake_storage.h"

namespace vigil::scrape {
namespace {

using exposition::Format;

Labels labels_of(std::vector<LabelView> labels) { return Labels::from(std::move(labels)); }

TEST(SeriesLabels, Conflicts) {
  const Labels target{{"instance", "i"}, {"job", "j"}};
  const Labels exported_target{{"exported_job", "e"}, {"job", "j"}};
  const struct {
    const char* name;
    std::vector<LabelView> scraped;
    const Labels& target;
    const char* expected;
    const char* honored;
  } cases[] = {
      {"none",
       {{"__name__", "m"}, {"a", "b"}},
       target,
       "m{a=\"b\", instance=\"i\", job=\"j\"}",
       "m{a=\"b\", instance=\"i\", job=\"j\"}"},
      {"one",
       {{"__name__", "m"}, {"job", "x"}},
       target,
       "m{exported_job=\"x\", instance=\"i\", job=\"j\"}",
       "m{instance=\"i\", job=\"x\"}"},
      {"exported already scraped",
       {{"__name__", "m"}, {"exported_job", "y"}, {"job", "x"}},
       target,
       "m{exported_exported_job=\"x\", exported_job=\"y\", instance=\"i\", job=\"j\"}",
       "m{exported_job=\"y\", instance=\"i\", job=\"x\"}"},
      {"exported is a target label",
       {{"__name__", "m"}, {"job", "x"}},
       exported_target,
       "m{exported_exported_job=\"x\", exported_job=\"e\", job=\"j\"}",
       "m{exported_job=\"e\", job=\"x\"}"},
      {"both in conflict",
       {{"__name__", "m"}, {"exported_job", "y"}, {"job", "x"}},
       exported_target,
       "m{exported_exported_exported_job=\"y\", exported_exported_job=\"x\", exported_job=\"e\", job=\"j\"}",
       "m{exported_job=\"y\", job=\"x\"}"},
      {"empty value", {{"__name__", "m"}, {"job", ""}}, target, "m{instance=\"i\", job=\"j\"}", "m{instance=\"i\"}"},
  };
  for (const auto& c : cases) {
    ScrapeConfig config;
    EXPECT_EQ(series_labels(c.scraped, c.target, config)->to_string(), c.expected) << c.name;
    config.honor_labels = true;
    EXPECT_EQ(series_labels(c.scraped, c.target, config)->to_string(), c.honored) << c.name;
  }
}

class PageAppenderTest : public ::testing::Test {
 protected:
  // Appends and commits, or ends everything, as a scrape does; the error or "".
  std::string scrape(std::string_view page, Timestamp timestamp, Format format = Format::kText) {
    auto appender = storage_.appender();
    counts_ = {};
    const auto appended = page_.append(page, format, timestamp, config_, target_, *appender, counts_);
    if (!appended) {
      appender->rollback();
      appender = storage_.appender();
      page_.end_all(timestamp, *appender);
    }
    EXPECT_TRUE(appender->commit());
    return appended ? "" : appended.error().message();
  }
  void configure(auto change) {
    auto config = std::make_shared<ScrapeConfig>(*config_);
    change(*config);
    config_ = std::move(config);
  }
  static RelabelRule rule(RelabelAction action, std::vector<std::string> from, std::string regex) {
    RelabelRule result;
    result.action = action;
    result.source_labels = std::move(from);
    result.regex = std::move(regex);
    return result;
  }

  FakeStorage storage_;
  std::shared_ptr<const ScrapeConfig> config_ = std::make_shared<ScrapeConfig>();
  Labels target_ = labels_of({{"job", "j"}});
  PageAppender page_{1};
  PageCounts counts_;
};

TEST_F(PageAppenderTest, KnownSeriesMakeNoLabels) {
  const std::string page = "# TYPE a counter\na{x=\"1\"} 1\na{x=\"2\"} 2\nb 3\n";
  EXPECT_EQ(scrape(page, 10), "");
  EXPECT_EQ(storage_.resolves, 3U);
  EXPECT_EQ(counts_.added, 3U);
  EXPECT_EQ(scrape(page, 20), "");
  EXPECT_EQ(storage_.resolves, 3U);
  EXPECT_EQ(counts_.samples, 3U);
  EXPECT_EQ(counts_.kept, 3U);
  EXPECT_EQ(counts_.added, 0U);
  EXPECT_EQ(storage_.samples("a{job=\"j\", x=\"2\"}"), "2@10 2@20");
}

TEST_F(PageAppenderTest, VanishedSeriesEndAtThatScrape) {
  scrape("a 1\nb 1\n", 10);
  scrape("b 2\n", 20);
  scrape("b 3\n", 30);
  scrape("a 4\nb 4\n", 40);
  EXPECT_EQ(storage_.samples("a{job=\"j\"}"), "1@10 stale@20 4@40");
  EXPECT_EQ(storage_.samples("b{job=\"j\"}"), "1@10 2@20 3@30 4@40");
  EXPECT_EQ(counts_.added, 1U);
}

TEST_F(PageAppenderTest, AFailedPageEndsEverythingOnce) {
  scrape("a 1\nb 1\n", 10);
  EXPECT_EQ(scrape("a 2\nc 1\nb oops\n", 20), "line 3, column 3: expected a number as value near \"b oops\"");
  scrape("a 3 oops\n", 30);
  EXPECT_EQ(storage_.samples("a{job=\"j\"}"), "1@10 stale@20");
  EXPECT_EQ(storage_.samples("b{job=\"j\"}"), "1@10 stale@20");
  EXPECT_EQ(storage_.samples("c{job=\"j\"}"), "");
  scrape("a 4\nc 4\n", 40);
  EXPECT_EQ(storage_.samples("a{job=\"j\"}"), "1@10 stale@20 4@40");
  EXPECT_EQ(storage_.samples("c{job=\"j\"}"), "4@40");
}

TEST_F(PageAppenderTest, ErrorsInASeriesNameItsPlace) {
  EXPECT_EQ(scrape("ok 1\n  a{b=c} 1\n", 10),
            "line 2, column 3: column 5 of the series: expected a quoted label value near \"  a{b=c} 1\"");
  EXPECT_EQ(scrape("{b=\"c\"} 1\n", 20),
            "line 1, column 1: column 1 of the series: no metric name near \"{b=\\\"c\\\"} 1\"");
}

TEST_F(PageAppenderTest, Timestamps) {
  const std::string page = "a 1 5\nb 1\n";
  scrape(page, 10);
  scrape("c 1\n", 20);
  EXPECT_EQ(storage_.samples("a{job=\"j\"}"), "1@5") << "no marker for explicit timestamps";
  EXPECT_EQ(storage_.samples("b{job=\"j\"}"), "1@10 stale@20");

  configure([](ScrapeConfig& config) { config.honor_timestamps = false; });
  scrape("d 1 5\n", 30);
  EXPECT_EQ(storage_.samples("d{job=\"j\"}"), "1@30");

  configure([](ScrapeConfig& config) {
    config.honor_timestamps = true;
    config.track_timestamps_staleness = true;
  });
  scrape("e 1 35\n", 40);
  scrape("", 50);
  EXPECT_EQ(storage_.samples("e{job=\"j\"}"), "1@35 stale@50");
}

TEST_F(PageAppenderTest, DuplicatesAreCountedAndDropped) {
  EXPECT_EQ(scrape("a{x=\"1\"} 1\na{x=\"1\"} 2\nb{x=\"1\",y=\"2\"} 1\nb{y=\"2\",x=\"1\"} 1\nt 1 5\nt 2 6\n", 10), "");
  EXPECT_EQ(counts_.samples, 6U);
  EXPECT_EQ(counts_.duplicates, 1U);
  EXPECT_EQ(storage_.samples("a{job=\"j\", x=\"1\"}"), "1@10");
  EXPECT_EQ(storage_.samples("t{job=\"j\"}"), "1@5 2@6");
  scrape("t 3 4\n", 20);
  EXPECT_EQ(counts_.out_of_order, 1U);
}

TEST_F(PageAppenderTest, RelabellingRunsOncePerSeries) {
  configure([](ScrapeConfig& config) {
    config.metric_relabel = Relabeler::compile({rule(RelabelAction::kDrop, {"__name__"}, "go_.*"),
                                                rule(RelabelAction::kLabelDrop, {}, "noise")})
                                .value();
  });
  const std::string page = "go_x 1\na{noise=\"1\",x=\"y\"} 1\n";
  scrape(page, 10);
  scrape(page, 20);
  EXPECT_EQ(storage_.series(), "a{job=\"j\", x=\"y\"}\n");
  EXPECT_EQ(counts_.samples, 2U);
  EXPECT_EQ(counts_.kept, 1U);
  EXPECT_EQ(storage_.resolves, 1U);
}

TEST_F(PageAppenderTest, RelabellingTheNameAwayIsAnError) {
  configure([](ScrapeConfig& config) {
    config.metric_relabel = Relabeler::compile({rule(RelabelAction::kLabelDrop, {}, "__name__")}).value();
  });
  EXPECT_EQ(scrape("a 1\n", 10), "line 1, column 1: missing metric name (__name__ label) near \"a 1\"");
}

TEST_F(PageAppenderTest, NewRulesEndSeriesThatComeOutDifferently) {
  scrape("a 1\nb 1\n", 10);
  configure([](ScrapeConfig& config) {
    config.metric_relabel = Relabeler::compile({rule(RelabelAction::kDrop, {"__name__"}, "b")}).value();
  });
  scrape("a 2\nb 2\n", 20);
  scrape("a 3\nb 3\n", 30);
  EXPECT_EQ(storage_.samples("a{job=\"j\"}"), "1@10 2@20 3@30");
  EXPECT_EQ(storage_.samples("b{job=\"j\"}"), "1@10 stale@20");
}

TEST_F(PageAppenderTest, Limits) {
  const std::string long_value = "a{x=\"" + std::string(70'000, 'v') + "\"} 1\n";
  const struct {
    const char* name;
    void (*change)(ScrapeConfig&);
    std::string page;
    std::string error;
  } cases[] = {
      {"samples fit", [](ScrapeConfig& c) { c.sample_limit = 2; }, "a 1\nb 1\n", ""},
      {"samples", [](ScrapeConfig& c) { c.sample_limit = 2; }, "a 1\nb 1\nc 1\nd 1\n",
       "sample limit exceeded (samples: 4, limit: 2)"},
      {"samples after relabelling fit",
       [](ScrapeConfig& c) {
         c.sample_limit = 2;
         c.metric_relabel = Relabeler::compile({rule(RelabelAction::kDrop, {"__name__"}, "d")}).value();
       },
       "a 1\nd{x=\"1\"} 1\nb 1\nd{x=\"2\"} 1\n", ""},
      {"labels", [](ScrapeConfig& c) { c.label_limit = 2; }, "a{x=\"1\"} 1\n",
       "label_limit exceeded (metric: a, number of labels: 3, limit: 2)"},
      {"label name", [](ScrapeConfig& c) { c.label_name_length_limit = 8; }, "a{longlabel=\"1\"} 1\n",
       "label_name_length_limit exceeded (metric: a, label name: longlabel, length: 9, limit: 8)"},
      {"label value", [](ScrapeConfig& c) { c.label_value_length_limit = 3; }, "a{x=\"1234\"} 1\n",
       "label_value_length_limit exceeded (metric: a, label name: x, length: 4, limit: 3)"},
      {"label value by default", [](ScrapeConfig&) {}, long_value,
       "label_value_length_limit exceeded (metric: a, label name: x, length: 70000, limit: 65536)"},
      {"no limit", [](ScrapeConfig& c) { c.label_value_length_limit = 0; }, long_value, ""},
  };
  for (const auto& c : cases) {
    config_ = std::make_shared<ScrapeConfig>();
    configure(c.change);
    EXPECT_EQ(scrape(c.page, 10), c.error) << c.name;
  }
}

TEST_F(PageAppenderTest, APageOverTheLimitCreatesNoSeries) {
  configure([](ScrapeConfig& c) { c.sample_limit = 10; });
  std::string page;
  for (int i = 0; i < 100; ++i) page += "a{i=\"" + std::to_string(i) + "\"} 1\n";
  EXPECT_EQ(scrape(page, 10), "sample limit exceeded (samples: 100, limit: 10)");
  EXPECT_EQ(storage_.resolves, 0U);
  EXPECT_EQ(counts_.samples, 100U);
  EXPECT_EQ(page_.series(), 0U);
}

TEST_F(PageAppenderTest, AFullStoreKeepsKnownSeriesAlive) {
  scrape("a 1\n", 10);
  storage_.max_series = 1;
  EXPECT_EQ(scrape("a 2\nb 2\n", 20), "");
  EXPECT_EQ(counts_.refused, 1U);
  storage_.max_series = 2;
  EXPECT_EQ(scrape("a 3\nb 3\n", 30), "");
  EXPECT_EQ(storage_.samples("a{job=\"j\"}"), "1@10 2@20 3@30");
  EXPECT_EQ(storage_.samples("b{job=\"j\"}"), "3@30");
}

TEST_F(PageAppenderTest, SeriesThatTheStoreDroppedAreResolvedAgain) {
  scrape("a 1\n", 10);
  storage_.forget_refs();
  EXPECT_EQ(scrape("a 2\n", 20), "");
  EXPECT_EQ(storage_.samples("a{job=\"j\"}"), "1@10 2@20");
}

TEST_F(PageAppenderTest, BoundsAreCanonical) {
  scrape("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n", 10);
  EXPECT_EQ(
      storage_.series(),
      "h_bucket{job=\"j\", le=\"+Inf\"}\nh_bucket{job=\"j\", le=\"1.0\"}\nh_count{job=\"j\"}\nh_sum{job=\"j\"}\n");
}

TEST_F(PageAppenderTest, OpenMetricsExemplars) {
  EXPECT_EQ(scrape("a_total 1 # {t=\"x\"} 0.5 1.5\nb_total 1 # {t=\"y\"} 2\n# EOF\n", 10, Format::kOpenMetrics), "");
  EXPECT_EQ(storage_.exemplars,
            (std::vector<std::string>{"a_total{job=\"j\"} {t=\"x\"} 0.5@1500", "b_total{job=\"j\"} {t=\"y\"} 2@10"}));
}

// A page with a counter and a histogram of classic and native buckets.
std::string protobuf_page() {
  std::string text;
  exposition::PageWriter page(Format::kProtobuf, [&](std::string_view chunk) {
    text += chunk;
    return true;
  });
  metrics::FamilyView family;
  family.type = MetricType::kCounter;
  family.name = "a_total";
  family.help = "A.\n\\";
  page.begin_family(family);
  page.point("job=\"x\"", {.value = 1});
  page.end_family();
  const std::vector<double> bounds = {1};
  const std::vector<std::uint64_t> counts = {1, 1};
  const std::vector<metrics::ExemplarView> exemplars = {{.labels = "t=\"y\"", .value = 0.5, .time = 1500}};
  const std::vector<metrics::NativeHistogramView::Bucket> positive = {{0, 1}, {1, 1}};
  const metrics::NativeHistogramView native{
      .schema = 0, .zero_threshold = 0, .zero_count = 0, .positive = positive, .negative = {}};
  family.type = MetricType::kHistogram;
  family.name = "h";
  family.bounds = bounds;
  page.begin_family(family);
  page.histogram("",
                 {.counts = counts, .count = 2, .sum = 2.5, .created = 0, .exemplars = exemplars, .native = &native});
  page.end_family();
  page.finish();
  return text;
}

TEST_F(PageAppenderTest, ProtobufPages) {
  const std::string page = protobuf_page();
  const std::string counter = "a_total{exported_job=\"x\", job=\"j\"}\n";
  const std::string classic =
      "h_bucket{job=\"j\", le=\"+Inf\"}\nh_bucket{job=\"j\", le=\"1.0\"}\nh_count{job=\"j\"}\nh_sum{job=\"j\"}\n";
  EXPECT_EQ(scrape(page, 10, Format::kProtobuf), "");
  EXPECT_EQ(storage_.series(), counter + classic);
  EXPECT_TRUE(storage_.histograms.empty());
  EXPECT_EQ(storage_.exemplars, (std::vector<std::string>{"h_bucket{job=\"j\", le=\"1.0\"} {t=\"y\"} 0.5@1500"}));
  ASSERT_EQ(page_.metadata().snapshot()->size(), 2U);
  EXPECT_EQ((*page_.metadata().snapshot())[0].metadata, (MetricMetadata{MetricType::kCounter, "A.\n\\", ""}));

  // Now as a native histogram: the classic series end, and so does the native one when it is gone.
  configure([](ScrapeConfig& config) { config.native_histograms = exposition::NativeHistograms::kPrefer; });
  EXPECT_EQ(scrape(page, 20, Format::kProtobuf), "");
  EXPECT_EQ(storage_.histograms, (std::vector<std::string>{"h{job=\"j\"} {{count:2 sum:2.5 buckets:[1 1]}}@20"}));
  EXPECT_EQ(storage_.exemplars.back(), "h{job=\"j\"} {t=\"y\"} 0.5@1500");
  EXPECT_EQ(storage_.samples("h_sum{job=\"j\"}"), "2.5@10 stale@20");
  EXPECT_EQ(counts_.kept, 2U);
  EXPECT_EQ(scrape("", 30, Format::kProtobuf), "");
  EXPECT_EQ(storage_.samples("h{job=\"j\"}"), "stale@30");

  configure([](ScrapeConfig& config) { config.sample_limit = 3; });
  EXPECT_EQ(scrape(page, 40, Format::kProtobuf), "");
  configure([](ScrapeConfig& config) { config.native_histograms = exposition::NativeHistograms::kBoth; });
  EXPECT_EQ(scrape(page, 50, Format::kProtobuf), "sample limit exceeded (samples: 6, limit: 3)");
  EXPECT_NE(scrape(page.substr(0, page.size() - 1), 60, Format::kProtobuf).find("the page is cut off"),
            std::string::npos);
}

TEST_F(PageAppenderTest, Metadata) {
  scrape("# HELP a Help\\nme.\n# TYPE a counter\na 1\n# TYPE b gauge\nb 1\n", 10);
  auto families = page_.metadata().snapshot();
  ASSERT_EQ(families->size(), 2U);
  EXPECT_EQ((*families)[0].name, "a");
  EXPECT_EQ((*families)[0].metadata, (MetricMetadata{MetricType::kCounter, "Help\nme.", ""}));
  EXPECT_EQ(storage_.metadata.size(), 2U);
  scrape("# HELP a Help\\nme.\n# TYPE a counter\na 1\n# TYPE b gauge\nb 1\n", 20);
  EXPECT_EQ(page_.metadata().snapshot(), families) << "nothing changed, nothing is published";
  EXPECT_EQ(storage_.metadata.size(), 2U);
  scrape("# HELP a Other.\n# TYPE a counter\na 1\n# TYPE b gauge\nb 1\n", 30);
  EXPECT_EQ((*page_.metadata().snapshot())[0].metadata.help, "Other.");
  EXPECT_EQ(storage_.metadata.size(), 3U);
  for (int i = 0; i < 30; ++i) scrape("# TYPE b gauge\nb 1\n", 40 + i);
  ASSERT_EQ(page_.metadata().snapshot()->size(), 1U);
  EXPECT_EQ((*page_.metadata().snapshot())[0].name, "b");
}

}  // namespace
}  // namespace vigil::scrape
