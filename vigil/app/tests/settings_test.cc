#include "vigil/app/settings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "vigil/base/memory_file_system.h"

namespace vigil::app {
namespace {

// Jobs by name, with the `stack` of each target.
struct Jobs {
  std::vector<scrape::ScrapeConfig> all;
  std::set<std::string, std::less<>> of_packs;

  const scrape::ScrapeConfig* find(std::string_view name) const {
    const auto found = std::ranges::find(all, name, &scrape::ScrapeConfig::job_name);
    return found == all.end() ? nullptr : &*found;
  }
  std::multiset<std::string> stacks(std::string_view name) const {
    std::multiset<std::string> stacks;
    const auto* const job = find(name);
    if (job == nullptr) return stacks;
    for (const auto& group : job->discovery.static_groups) {
      for (const Labels& target : group.targets) {
        stacks.emplace(target.get("stack").empty() ? group.labels.get("stack") : target.get("stack"));
      }
    }
    return stacks;
  }
};

class SettingsTest : public ::testing::Test {
 protected:
  Jobs load(const ServerOptions& options, const std::vector<scrape::ScrapeConfig>& found = {}) {
    auto settings = load_settings(options, "127.0.0.1:9090", found, files_);
    EXPECT_TRUE(settings) << settings.error().message();
    if (!settings) return {};
    return {std::move(settings->engine.scrape_configs), std::move(settings->pack_jobs)};
  }
  static ServerOptions with_packs(std::vector<std::string> packs) {
    ServerOptions options;
    options.packs = std::move(packs);
    return options;
  }
  MemoryFileSystem files_;
};

TEST_F(SettingsTest, PacksShareTheJobOfAnExporterBothWatch) {
  const struct {
    std::vector<std::string> packs;
    const char* job;
    std::multiset<std::string> stacks;  // of the job's targets
  } cases[] = {
      {{"l2"}, "postgres", {"l2"}},
      {{"mpc"}, "postgres", {"mpc"}},
      {{"l2", "mpc"}, "postgres", {"l2", "mpc"}},
      {{"mpc", "l2"}, "postgres", {"l2", "mpc"}},
      {{"zk", "l2"}, "node", {"l2", "l2", "zk", "zk"}},
      {{"all"}, "node", {"l2", "l2", "zk", "zk"}},
      // What one of them has alone is there besides.
      {{"l2", "mpc"}, "etcd", {"mpc"}},
      {{"l2", "mpc"}, "redis", {"l2"}},
      {{"l2"}, "etcd", {}},
  };
  for (const auto& c : cases) {
    const Jobs jobs = load(with_packs(c.packs));
    EXPECT_EQ(jobs.stacks(c.job), c.stacks) << c.job << " of " << c.packs.front();
    EXPECT_EQ(std::ranges::count(jobs.all, c.job, &scrape::ScrapeConfig::job_name), c.stacks.empty() ? 0 : 1) << c.job;
    EXPECT_EQ(jobs.of_packs.contains(c.job), !c.stacks.empty()) << c.job;
  }
}

// Each group has a name of its own in its job, and the job another fingerprint: a reload
// that adds a pack starts its targets.
TEST_F(SettingsTest, AddedPacksChangeASharedJob) {
  const Jobs one = load(with_packs({"l2"})), two = load(with_packs({"l2", "mpc"}));
  EXPECT_NE(one.find("postgres")->fingerprint, two.find("postgres")->fingerprint);
  EXPECT_EQ(one.find("redis")->fingerprint, two.find("redis")->fingerprint);
  for (const scrape::ScrapeConfig& job : load(with_packs({"all"})).all) {
    std::set<std::string> sources;
    for (const auto& group : job.discovery.static_groups) {
      EXPECT_TRUE(sources.insert(group.source).second) << job.job_name << ": " << group.source;
    }
  }
}

// A shared job has one path and one scheme: jobs of one name must be of one kind of exporter.
TEST_F(SettingsTest, JobsOfOneNameAskTheSameExporter) {
  std::vector<scrape::ScrapeConfig> seen;
  std::size_t compared = 0;
  for (const char* const pack : {"zk", "zerostate", "l2", "mpc", "hotstuff2"}) {
    const Jobs jobs = load(with_packs({pack}));
    for (const scrape::ScrapeConfig& job : jobs.all) {
      if (!jobs.of_packs.contains(job.job_name)) continue;
      const auto same = std::ranges::find(seen, job.job_name, &scrape::ScrapeConfig::job_name);
      if (same != seen.end()) {
        ++compared;
        EXPECT_EQ(job.metrics_path, same->metrics_path) << pack << ", " << job.job_name;
        EXPECT_EQ(job.scheme, same->scheme) << pack << ", " << job.job_name;
        EXPECT_EQ(job.params, same->params) << pack << ", " << job.job_name;
      }
      seen.push_back(job);
    }
  }
  EXPECT_EQ(compared, 2U);  // node, postgres
}

TEST_F(SettingsTest, TheUsersJobOfAPacksNameWins) {
  ASSERT_TRUE(files_.create_directories("/etc"));
  ASSERT_TRUE(files_.write_file_atomically("/etc/prometheus.yml",
                                           "scrape_configs:\n"
                                           "  - job_name: postgres\n"
                                           "    static_configs: [{targets: ['db:9187'], labels: {stack: mine}}]\n"));
  ServerOptions options = with_packs({"l2", "mpc"});
  options.config_file = "/etc/prometheus.yml";
  const Jobs jobs = load(options);
  EXPECT_EQ(jobs.stacks("postgres"), std::multiset<std::string>{"mine"});
  EXPECT_FALSE(jobs.of_packs.contains("postgres"));
  EXPECT_EQ(jobs.stacks("redis"), std::multiset<std::string>{"l2"});
}

TEST_F(SettingsTest, ExportersThatAPackScrapesAreNotScrapedTwice) {
  const auto exporter = [](const char* name, const char* address) {
    scrape::ScrapeConfig job;
    job.job_name = name;
    discovery::TargetGroup group;
    group.targets.push_back(Labels{{"__address__", address}});
    job.discovery.static_groups.push_back(std::move(group));
    return job;
  };
  // mpc's own addresses of etcd and its exporter; the node exporter is nobody's.
  const Jobs jobs =
      load(with_packs({"mpc"}), {exporter("found-etcd", "127.0.0.1:2379"), exporter("found-postgres", "127.0.0.1:9187"),
                                 exporter("found-node", "127.0.0.1:9100")});
  EXPECT_EQ(jobs.find("found-etcd"), nullptr);
  EXPECT_EQ(jobs.find("found-postgres"), nullptr);
  EXPECT_NE(jobs.find("found-node"), nullptr);
  EXPECT_FALSE(jobs.of_packs.contains("found-node"));
}

TEST_F(SettingsTest, UnknownPacksAreRefused) {
  const auto settings = load_settings(with_packs({"mpc", "mcp"}), "127.0.0.1:9090", {}, files_);
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().message(), "there is no pack \"mcp\"");
}

}  // namespace
}  // namespace vigil::app
