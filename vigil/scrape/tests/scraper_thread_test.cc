// Scrape loops on real threads, reloaded and stopped while they run: for the
// sanitizers. Nothing here depends on how fast it goes.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "vigil/base/memory_file_system.h"
#include "vigil/base/scheduler.h"
#include "vigil/net/fake_http.h"
#include "vigil/scrape/scraper.h"

namespace vigil::scrape {
namespace {

class CountingStorage final : public Appendable {
 public:
  std::unique_ptr<Appender> appender() override { return std::make_unique<Transaction>(*this); }
  std::atomic<std::size_t> commits = 0;

 private:
  class Transaction final : public Appender {
   public:
    explicit Transaction(CountingStorage& storage) : storage_(storage) {}
    Result<SeriesRef> resolve(const Labels& labels) override { return labels.hash() | 1; }
    Result<void> append(SeriesRef, Timestamp, double) override { return {}; }
    Result<void> append_histogram(SeriesRef, Timestamp, HistogramPtr) override { return {}; }
    Result<void> append_exemplar(SeriesRef, const Exemplar&) override { return {}; }
    Result<void> set_metadata(std::string_view, const MetricMetadata&) override { return {}; }
    Result<void> commit() override {
      ++storage_.commits;
      return {};
    }
    void rollback() override {}

   private:
    CountingStorage& storage_;
  };
};

TEST(ScraperThreads, ReloadsAndStopsWhileScraping) {
  const auto scheduler = make_thread_scheduler(4);
  net::FakeHttpClient client;
  MemoryFileSystem files;
  CountingStorage storage;
  client.on("http://*", 200, "# TYPE m counter\nm{a=\"1\"} 1\nm{a=\"2\"} 2\n");
  Scraper scraper({.storage = storage, .client = client, .scheduler = *scheduler, .files = files});
  const auto configs = [](int round) {
    std::vector<ScrapeConfig> all;
    for (int job = 0; job < 3; ++job) {
      ScrapeConfig config;
      config.job_name = "j" + std::to_string(job);
      config.interval = 1 + round % 3;
      config.timeout = 1;
      discovery::TargetGroup group{"static/0", {}, {}};
      for (int i = round % 4; i < 8; ++i)
        group.targets.push_back(Labels{{"__address__", "h" + std::to_string(i) + ":1"}});
      config.discovery.static_groups.push_back(std::move(group));
      all.push_back(std::move(config));
    }
    return all;
  };
  for (int round = 0; round < 30; ++round) {
    ASSERT_TRUE(scraper.apply(configs(round)));
    const std::size_t before = storage.commits;
    while (storage.commits < before + 20) {
      static_cast<void>(scraper.pools());
      static_cast<void>(scraper.metadata());
      std::this_thread::yield();
    }
  }
  scraper.stop();
  const std::size_t after = storage.commits;
  std::this_thread::yield();
  EXPECT_EQ(storage.commits, after);
}

}  // namespace
}  // namespace vigil::scrape
