// Whole scrape loops in virtual time, against a fake client and a fake store.
#include "vigil/scrape/scraper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "vigil/base/memory_file_system.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/net/fake_http.h"
#include "vigil/scrape/tests/fake_storage.h"

namespace vigil::scrape {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kUp[] = "up{instance=\"a:1\", job=\"j\"}";
constexpr char kSeries[] = "m{instance=\"a:1\", job=\"j\"}";

class ScraperTest : public ::testing::Test {
 protected:
  ScraperTest() { client_.on("http://a:1/metrics", 200, "m 1\n"); }

  static ScrapeConfig job(std::string name = "j", std::vector<std::string> addresses = {"a:1"}) {
    ScrapeConfig config;
    config.job_name = std::move(name);
    config.interval = 10 * kSecond;
    config.timeout = 5 * kSecond;
    discovery::TargetGroup group{"static/0", {}, {}};
    for (const std::string& address : addresses) group.targets.push_back(Labels{{"__address__", address}});
    config.discovery.static_groups.push_back(std::move(group));
    return config;
  }
  void apply(std::vector<ScrapeConfig> configs) { ASSERT_TRUE(scraper_.apply(std::move(configs))); }
  void apply(ScrapeConfig config) {
    std::vector<ScrapeConfig> configs;
    configs.push_back(std::move(config));
    apply(std::move(configs));
  }
  // The first slot of the only target, and then just before each next one.
  Timestamp to_first_slot() {
    const std::size_t before = client_.requests().size();
    while (client_.requests().size() == before) scheduler_.advance(1);
    return scheduler_.clock().now();
  }
  TargetStatus status() { return scraper_.pools().at(0).active.at(0); }
  std::string at(Timestamp t) { return std::to_string(t); }

  VirtualScheduler scheduler_{1'000'000'000};
  net::FakeHttpClient client_{&scheduler_};
  MemoryFileSystem files_;
  FakeStorage storage_;
  metrics::Registry registry_;
  Scraper scraper_{
      {.storage = storage_, .client = client_, .scheduler = scheduler_, .files = files_, .registry = &registry_}};
};

TEST(Slots, AreFixedPointsOfTheInterval) {
  const struct {
    Timestamp after;
    Duration interval;
    std::uint64_t hash;
    Timestamp expected;
  } cases[] = {
      {0, 10, 3, 3},   {2, 10, 3, 3},  {3, 10, 3, 13},   {-1, 10, 3, 3},
      {-8, 10, 3, -7}, {-7, 10, 3, 3}, {12, 10, 23, 13}, {100, 10, 0, 110},
  };
  for (const auto& c : cases) EXPECT_EQ(TargetLoop::next_slot(c.after, c.interval, c.hash), c.expected) << c.after;
}

TEST_F(ScraperTest, ScrapesOnSlotsAndReports) {
  apply(job());
  EXPECT_EQ(status().health, Health::kUnknown);
  const Timestamp slot = to_first_slot();
  EXPECT_LE(slot - 1'000'000'000, 10 * kSecond);
  scheduler_.advance(20 * kSecond);
  EXPECT_EQ(storage_.samples(kSeries), "1@" + at(slot) + " 1@" + at(slot + 10'000) + " 1@" + at(slot + 20'000));
  EXPECT_EQ(storage_.last(kUp), 1);
  EXPECT_EQ(storage_.last("scrape_samples_scraped{instance=\"a:1\", job=\"j\"}"), 1);
  EXPECT_EQ(storage_.last("scrape_samples_post_metric_relabeling{instance=\"a:1\", job=\"j\"}"), 1);
  EXPECT_EQ(storage_.last("scrape_series_added{instance=\"a:1\", job=\"j\"}"), 0);
  EXPECT_EQ(storage_.last("scrape_duration_seconds{instance=\"a:1\", job=\"j\"}"), 0);
  EXPECT_EQ(storage_.last("scrape_timeout_seconds{instance=\"a:1\", job=\"j\"}"), -999);
  EXPECT_EQ(storage_.commits, 3U) << "one commit per scrape";
  EXPECT_EQ(status().health, Health::kUp);
  EXPECT_EQ(status().last_scrape, slot + 20'000);
  EXPECT_EQ(status().last_error, "");
  EXPECT_EQ(registry_.problems(), std::vector<std::string>());
}

TEST_F(ScraperTest, TargetsAreSpreadAndTheSeedMovesThem) {
  std::vector<std::string> addresses;
  for (int i = 0; i < 100; ++i) addresses.push_back("h" + std::to_string(i) + ":1");
  apply(job("j", addresses));
  scheduler_.advance(5 * kSecond);
  EXPECT_NEAR(static_cast<double>(client_.requests().size()), 50, 20);
  scheduler_.advance(5 * kSecond);
  EXPECT_EQ(client_.requests().size(), 100U);
}

TEST_F(ScraperTest, TheRequest) {
  ScrapeConfig config = job();
  config.http.username = "u";
  config.body_size_limit = 1000;
  config.enable_compression = false;
  apply(std::move(config));
  to_first_slot();
  const net::ClientRequest request = client_.requests().at(0);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.url, "http://a:1/metrics");
  EXPECT_EQ(request.timeout, 5 * kSecond);
  EXPECT_EQ(request.max_body_bytes, 1000U);
  EXPECT_EQ(request.username, "u");
  EXPECT_FALSE(request.accept_compressed);
  EXPECT_EQ(request.headers.get("Accept"),
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/"
            "openmetrics-text;version=0.0.1;"
            "q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2");
  EXPECT_EQ(request.headers.get("X-Prometheus-Scrape-Timeout-Seconds"), "5");
}

TEST_F(ScraperTest, FailuresEndTheSeriesAndSayWhy) {
  const struct {
    const char* name;
    std::function<void(net::FakeHttpClient&)> breaks;
    const char* error;
  } cases[] = {
      {"refused", [](auto& c) { c.remove("http://a:1/metrics"); }, "refused"},
      {"status", [](auto& c) { c.on("http://a:1/metrics", 404, "m 1\n"); },
       "server returned HTTP status 404 Not Found"},
      {"no content type", [](auto& c) { c.on("http://a:1/metrics", 200, "m 1\n", ""); },
       "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target"},
      {"html", [](auto& c) { c.on("http://a:1/metrics", 200, "<html>", "text/html"); },
       "received unsupported Content-Type \"text/html\" and no fallback_scrape_protocol specified for target"},
      {"malformed", [](auto& c) { c.on("http://a:1/metrics", 200, "m 1\nm{\n"); },
       "line 2, column 1: the label block is not closed"},
      {"openmetrics cut short",
       [](auto& c) { c.on("http://a:1/metrics", 200, "m 1\n", "application/openmetrics-text"); },
       "data does not end with # EOF"},
      {"never answers", [](auto& c) { c.hang("http://a:1/metrics"); }, "no answer within 5s"},
      {"too long",
       [](auto& c) {
         c.on("http://a:1/metrics", [](const net::ClientRequest&) -> Result<net::ClientResponse> {
           return fail(ErrorCode::kLimitExceeded, "longer than 1 MiB");
         });
       },
       "body size limit exceeded: longer than 1 MiB"},
  };
  for (const auto& c : cases) {
    FakeStorage storage;
    VirtualScheduler scheduler(1'000'000'000);
    net::FakeHttpClient client(&scheduler);
    client.on("http://a:1/metrics", 200, "m 1\n");
    Scraper scraper({.storage = storage, .client = client, .scheduler = scheduler, .files = files_});
    std::vector<ScrapeConfig> configs;
    configs.push_back(job());
    ASSERT_TRUE(scraper.apply(std::move(configs)));
    scheduler.advance(10 * kSecond);
    c.breaks(client);
    scheduler.advance(20 * kSecond);
    EXPECT_THAT(scraper.pools().at(0).active.at(0).last_error, HasSubstr(c.error)) << c.name;
    EXPECT_EQ(scraper.pools().at(0).active.at(0).health, Health::kDown) << c.name;
    EXPECT_EQ(storage.last(kUp), 0) << c.name;
    EXPECT_THAT(storage.samples(kSeries), StartsWith("1@")) << c.name;
    EXPECT_THAT(storage.samples(kSeries), HasSubstr(" stale@")) << c.name;
    client.on("http://a:1/metrics", 200, "m 5\n");
    scheduler.advance(20 * kSecond);
    EXPECT_EQ(storage.last(kUp), 1) << c.name;
    EXPECT_EQ(storage.last(kSeries), 5) << c.name;
  }
}

TEST_F(ScraperTest, AFallbackProtocolReadsWhatHasNoType) {
  client_.on("http://a:1/metrics", 200, "m 1\n# EOF\n", "");
  ScrapeConfig config = job();
  config.has_fallback_protocol = true;
  config.fallback_protocol = Protocol::kOpenMetrics100;
  apply(std::move(config));
  scheduler_.advance(10 * kSecond);
  EXPECT_EQ(storage_.last(kUp), 1);
}

// A client that never calls back breaks its contract; the loop goes on all the same.
class SilentClient final : public net::HttpClient {
 public:
  void send(net::ClientRequest, Callback done) override { held.push_back(std::move(done)); }
  std::vector<Callback> held;
};

TEST_F(ScraperTest, AClientThatNeverCallsBackIsTimedOut) {
  SilentClient silent;
  Scraper scraper({.storage = storage_, .client = silent, .scheduler = scheduler_, .files = files_});
  std::vector<ScrapeConfig> configs;
  configs.push_back(job());
  ASSERT_TRUE(scraper.apply(std::move(configs)));
  scheduler_.advance(30 * kSecond);
  EXPECT_EQ(silent.held.size(), 3U);
  EXPECT_EQ(storage_.last(kUp), 0);
  // Answers that come after all find a newer scrape, or nobody.
  net::ClientResponse late;
  late.status = 200;
  silent.held.at(0)(late);
  scraper.stop();
  silent.held.at(2)(late);
  scheduler_.advance(kMinute);
  EXPECT_EQ(silent.held.size(), 3U);
}

TEST_F(ScraperTest, ASlowTargetSkipsNothingWithinItsInterval) {
  client_.on(
      "http://a:1/metrics",
      [](const net::ClientRequest&) -> Result<net::ClientResponse> {
        net::ClientResponse response;
        response.status = 200;
        response.headers.set("Content-Type", "text/plain");
        response.body = "m 1\n";
        return response;
      },
      4 * kSecond);
  apply(job());
  const Timestamp slot = to_first_slot();
  scheduler_.advance(14 * kSecond);
  EXPECT_EQ(storage_.samples(kSeries), "1@" + at(slot) + " 1@" + at(slot + 10'000))
      << "the slot's time, not the answer's";
  EXPECT_EQ(storage_.last("scrape_duration_seconds{instance=\"a:1\", job=\"j\"}"), 4);
}

TEST_F(ScraperTest, ALateSlotHasItsOwnTimeAndMissedOnesAreSkipped) {
  apply(job());
  const Timestamp slot = to_first_slot();
  scheduler_.advance(0);
  // Something holds the only worker up: 1 ms over the next slot, then far beyond the ones after.
  scheduler_.run_at(slot + 9'999, [this] { static_cast<FakeClock&>(scheduler_.clock()).advance(2); });
  scheduler_.advance(15 * kSecond);
  scheduler_.run_at(slot + 19'999, [this] { static_cast<FakeClock&>(scheduler_.clock()).advance(25'001); });
  scheduler_.advance_to(slot + 55'000);
  EXPECT_EQ(storage_.samples(kSeries),
            "1@" + at(slot) + " 1@" + at(slot + 10'000) + " 1@" + at(slot + 45'000) + " 1@" + at(slot + 50'000));
}

TEST_F(ScraperTest, ATargetThatIsGoneIsEndedLater) {
  apply(job("j", {"a:1", "b:1"}));
  scheduler_.advance(25 * kSecond);
  client_.on("http://b:1/metrics", 200, "m 2\n");
  scheduler_.advance(10 * kSecond);
  apply(job("j", {"b:1"}));
  EXPECT_EQ(scraper_.pools().at(0).active.size(), 1U);
  const std::string before = storage_.samples(kSeries);
  scheduler_.advance(10 * kSecond);
  EXPECT_EQ(storage_.samples(kSeries), before);
  scheduler_.advance(12 * kSecond);
  EXPECT_THAT(storage_.samples(kSeries), StartsWith(before + " stale@"));
  EXPECT_THAT(storage_.samples(kUp), HasSubstr("stale@"));
  EXPECT_EQ(storage_.last("up{instance=\"b:1\", job=\"j\"}"), 1);
}

TEST_F(ScraperTest, ATargetThatComesBackAtOnceWins) {
  apply(job());
  scheduler_.advance(20 * kSecond);
  apply(std::vector<ScrapeConfig>());
  scheduler_.advance(3 * kSecond);
  apply(job());
  scheduler_.advance(kMinute);
  EXPECT_THAT(storage_.samples(kSeries), ::testing::Not(HasSubstr("stale")));
}

TEST_F(ScraperTest, StoppingWritesNoMarkers) {
  apply(job());
  scheduler_.advance(20 * kSecond);
  scraper_.stop();
  scraper_.stop();
  EXPECT_EQ(scheduler_.pending(), 0U);
  const std::string before = storage_.samples(kSeries);
  scheduler_.advance(kHour);
  EXPECT_EQ(storage_.samples(kSeries), before);
  EXPECT_EQ(scraper_.apply({}).error().code(), ErrorCode::kUnavailable);
}

TEST_F(ScraperTest, AReloadKeepsTargetsRunning) {
  ScrapeConfig config = job();
  config.fingerprint = "1";
  apply(config);
  const Timestamp slot = to_first_slot();
  scheduler_.advance(5 * kSecond);
  apply(config);
  scheduler_.advance(5 * kSecond);
  EXPECT_EQ(storage_.samples(kSeries), "1@" + at(slot) + " 1@" + at(slot + 10'000));
  EXPECT_EQ(storage_.last("scrape_series_added{instance=\"a:1\", job=\"j\"}"), 0);

  // Other settings: the same loop, new interval, new rules, no gap.
  config.fingerprint = "2";
  config.interval = kSecond;
  config.timeout = kSecond;
  RelabelRule rule;
  rule.target_label = "new";
  rule.replacement = "x";
  config.metric_relabel = Relabeler::compile({rule}).value();
  apply(config);
  storage_.clear();
  scheduler_.advance(kSecond);
  EXPECT_THAT(storage_.samples(kSeries), StartsWith("stale@"));
  EXPECT_THAT(storage_.samples("m{instance=\"a:1\", job=\"j\", new=\"x\"}"), StartsWith("1@"));
  scheduler_.advance(10 * kSecond);
  EXPECT_GE(client_.requests().size(), 12U);
}

TEST_F(ScraperTest, ABadReloadChangesNothing) {
  apply(job());
  std::vector<ScrapeConfig> twice;
  twice.push_back(job("x"));
  twice.push_back(job("x"));
  const auto applied = scraper_.apply(std::move(twice));
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().message(), "found multiple scrape configs with job name \"x\"");
  EXPECT_EQ(scraper_.pools().at(0).job, "j");
}

TEST_F(ScraperTest, TargetLimitFailsAllTargetsUnscraped) {
  client_.on("http://b:1/metrics", 200, "m 2\n");
  ScrapeConfig config = job("j", {"a:1", "b:1"});
  config.target_limit = 1;
  apply(config);
  scheduler_.advance(10 * kSecond);
  EXPECT_EQ(client_.requests().size(), 0U);
  EXPECT_EQ(storage_.last(kUp), 0);
  EXPECT_EQ(status().last_error, "target_limit exceeded (number of targets: 2, limit: 1)");
  config.target_limit = 2;
  apply(config);
  scheduler_.advance(10 * kSecond);
  EXPECT_EQ(storage_.last(kUp), 1);
}

TEST_F(ScraperTest, ExtraMetrics) {
  ScrapeConfig config = job();
  config.extra_scrape_metrics = true;
  config.sample_limit = 7;
  apply(std::move(config));
  scheduler_.advance(10 * kSecond);
  EXPECT_EQ(storage_.last("scrape_timeout_seconds{instance=\"a:1\", job=\"j\"}"), 5);
  EXPECT_EQ(storage_.last("scrape_sample_limit{instance=\"a:1\", job=\"j\"}"), 7);
  EXPECT_EQ(storage_.last("scrape_body_size_bytes{instance=\"a:1\", job=\"j\"}"), 4);
  client_.on("http://a:1/metrics", [](const net::ClientRequest&) -> Result<net::ClientResponse> {
    return fail(ErrorCode::kLimitExceeded, "too long");
  });
  scheduler_.advance(10 * kSecond);
  EXPECT_EQ(storage_.last("scrape_body_size_bytes{instance=\"a:1\", job=\"j\"}"), -1);
}

TEST_F(ScraperTest, AStoreThatTakesNothingIsReported) {
  apply(job());
  storage_.commit_error = Error(ErrorCode::kUnavailable, "read-only: the disk is full");
  scheduler_.advance(10 * kSecond);
  EXPECT_EQ(status().last_error, "the store did not take the scrape: read-only: the disk is full");
  storage_.commit_error.reset();
  scheduler_.advance(10 * kSecond);
  EXPECT_EQ(status().last_error, "");
  EXPECT_EQ(storage_.last(kSeries), 1);
}

TEST_F(ScraperTest, FilesAndDroppedTargets) {
  ASSERT_TRUE(files_.create_directories("/sd"));
  ASSERT_TRUE(files_.write_file_atomically("/sd/a.yml", "- targets: [a:1, drop:1, 'bad/1']"));
  ScrapeConfig config = job("j", {});
  config.discovery.files.push_back({{"/sd/*.yml"}, 5 * kMinute});
  RelabelRule rule;
  rule.action = RelabelAction::kDrop;
  rule.source_labels = {"__address__"};
  rule.regex = "drop.*";
  config.relabel = Relabeler::compile({rule}).value();
  apply(config);
  PoolStatus pool = scraper_.pools("j").at(0);
  EXPECT_EQ(pool.active.size(), 1U);
  EXPECT_EQ(pool.dropped_count, 1U);
  EXPECT_EQ(pool.dropped.at(0).get("__address__"), "drop:1");
  EXPECT_EQ(pool.errors,
            std::vector<std::string>{"instance 2 in group file//sd/a.yml:0: \"bad/1\" is not a valid hostname"});
  EXPECT_TRUE(scraper_.pools("other").empty());
  ASSERT_TRUE(files_.write_file_atomically("/sd/a.yml", "- targets: [a:1, b:1]"));
  scheduler_.advance(5 * kSecond);
  EXPECT_EQ(scraper_.pools().at(0).active.size(), 2U);
  // A reload of the job's settings while the file is broken keeps them.
  ASSERT_TRUE(files_.write_file_atomically("/sd/a.yml", "oops: ["));
  config.interval = kMinute;
  apply(config);
  EXPECT_EQ(scraper_.pools().at(0).active.size(), 2U);
  EXPECT_EQ(status().target.interval, kMinute);
  scheduler_.advance(5 * kSecond);
  EXPECT_NE(scraper_.target_files().at(0).error, "");
}

TEST_F(ScraperTest, MetadataOfTargets) {
  client_.on("http://a:1/metrics", 200, "# TYPE m gauge\nm 1\n");
  apply(job());
  scheduler_.advance(10 * kSecond);
  const auto all = scraper_.metadata();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].target.get("instance"), "a:1");
  ASSERT_EQ(all[0].families->size(), 1U);
  EXPECT_EQ((*all[0].families)[0].metadata.type, MetricType::kGauge);
}

}  // namespace
}  // namespace vigil::scrape
