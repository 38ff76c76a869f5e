#include "packs/zk/error_tracker.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "vigil/base/log.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/net/fake_http.h"

namespace vigil::packs::zk {
namespace {

class ZkErrorTrackerTest : public testing::Test {
 protected:
  ZkErrorTrackerTest() {
    log::set_sink([this](log::Level, std::string_view line) { lines_.emplace_back(line); });
  }
  ~ZkErrorTrackerTest() override { log::set_sink({}); }
  double errors(std::string_view category, std::string_view severity) {
    const metrics::InstrumentOf<catalog::kErrors> family{registry_, catalog::kErrors};
    return family.with(category, severity).value();
  }

  metrics::Registry registry_;
  std::vector<std::string> lines_;
};

// ZK-36, ZK-48: every category is a label value, an unknown one is "other".
TEST_F(ZkErrorTrackerTest, CountsInTheSystemsFamily) {
  ZkErrorTracker tracker({.registry = registry_});
  const metrics::InstrumentOf<catalog::kErrors> family{registry_, catalog::kErrors};
  EXPECT_EQ(family.size(), catalog::kErrorCategories.size() * errors::kSeverityNames.size());  // all there at 0
  for (const std::string_view category : catalog::kErrorCategories) {
    tracker.track_error({.category = std::string(category), .severity = ErrorSeverity::kWarning});
    EXPECT_EQ(errors(category, "warning"), 1) << category;
  }
  tracker.track_error({.category = "unheard of", .severity = ErrorSeverity::kCritical});
  EXPECT_EQ(errors("other", "critical"), 1);
  EXPECT_EQ(errors("timeout", "critical"), 0);
  EXPECT_EQ(tracker.get_summary().total_errors, 9U);
  EXPECT_EQ(lines_.size(), 9U);
  EXPECT_TRUE(registry_.problems().empty());
}

// ZK-13, ZK-47
TEST_F(ZkErrorTrackerTest, CountsRepetitionsAndLostEvents) {
  VirtualScheduler scheduler(1'000'000);
  net::FakeHttpClient http(&scheduler);
  http.on("http://sentry.test/api/1/envelope/", 200, "{}");
  std::shared_ptr<errors::SentryClient> sentry =
      errors::SentryClient::open(
          {.dsn = "http://key@sentry.test/1", .max_attempts = 1, .http = &http, .scheduler = &scheduler})
          .value();
  ZkErrorTracker tracker({.registry = registry_,
                          .sentry = sentry,
                          .limits = {.per_group = {.burst = 2, .per_second = 1}},
                          .clock = &scheduler.clock()});
  for (int i = 0; i < 5; ++i) tracker.track_error({.category = "timeout", .message = "slow"});
  scheduler.advance(100);
  EXPECT_EQ(http.requests().size(), 2U);
  EXPECT_EQ(errors("timeout", "error"), 5);
  const metrics::InstrumentOf<catalog::kErrorsDeduplicated> deduplicated{registry_, catalog::kErrorsDeduplicated};
  EXPECT_EQ(deduplicated.with("timeout").value(), 3);
  http.remove("http://sentry.test/api/1/envelope/");
  tracker.track_error({.category = "verification"});
  scheduler.advance(100);
  const metrics::InstrumentOf<catalog::kErrorExportFailures> failures{registry_, catalog::kErrorExportFailures};
  EXPECT_EQ(failures.with("sentry").value(), 1);
  EXPECT_EQ(failures.with("log").value(), 0);
}

// ZK-39: new() with nothing set works and calls nobody; a bad DSN costs a log line.
TEST_F(ZkErrorTrackerTest, DefaultConstruction) {
  ZkErrorTracker tracker;
  EXPECT_EQ(tracker.get_summary().total_errors, 0U);
  EXPECT_TRUE(tracker.flush(0));
  setenv("SENTRY_DSN", "https://TOPSECRET@", 1);
  ZkErrorTracker without;
  unsetenv("SENTRY_DSN");
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_NE(lines_[0].find("invalid Sentry DSN"), std::string::npos);
  EXPECT_EQ(lines_[0].find("TOPSECRET"), std::string::npos);
}

}  // namespace
}  // namespace vigil::packs::zk
