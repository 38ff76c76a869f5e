// Many threads at once, on the real scheduler: for ThreadSanitizer.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "vigil/alerting/external.h"
#include "vigil/alerting/fan_out.h"
#include "vigil/alerting/tests/harness.h"

namespace vigil::alerting {
namespace {

TEST(Threads, SendersReloadsAndReadersAtOnce) {
  MemoryFileSystem disk;
  net::FakeHttpClient client;
  client.on("http://*", 200, "");
  const auto scheduler = make_thread_scheduler(2);
  auto alertmanager = *Alertmanager::open(Harness::config(0, 5, 10), {.directory = "/d",
                                                                      .files = &disk,
                                                                      .client = client,
                                                                      .scheduler = *scheduler,
                                                                      .external_url = "",
                                                                      .compact_bytes = 10'000});
  ExternalSender external({.client = client, .scheduler = *scheduler, .queue_capacity = 10, .batch_size = 3});
  ExternalConfig one;
  one.targets = {"one:9093", "two:9093"};
  external.apply({.alertmanagers = {one}, .alert_relabel = {}}, {});
  FanOut both({alertmanager.get(), &external});

  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        const Timestamp now = scheduler->clock().now();
        const std::vector<Alert> alerts = {
            make_alert("A" + std::to_string(i % 5), std::to_string(t), now - 1000, i % 7 == 0 ? now : now + 1000)};
        both.send(alerts);
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE(alertmanager->apply(Harness::config(i % 3, 5, 10)));
      external.apply({.alertmanagers = {one}, .alert_relabel = {}}, {});
    }
  });
  threads.emplace_back([&] {
    for (int i = 0; i < 50; ++i) {
      EXPECT_LE(alertmanager->groups().size(), 5U);
      EXPECT_LE(alertmanager->alerts().size(), 15U);
      EXPECT_LE(alertmanager->notifications().size(), 5U);
      EXPECT_EQ(external.status().size(), 2U);
    }
  });
  threads.clear();
  alertmanager->stop();
  external.stop();
  alertmanager.reset();
  EXPECT_GT(client.requests().size(), 2U);
}

}  // namespace
}  // namespace vigil::alerting
