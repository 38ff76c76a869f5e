#include "vigil/storage/database.h"

#include <gtest/gtest.h>

#include <atomic>
#include <bit>
#include <map>
#include <thread>

#include "vigil/storage/tests/store.h"

namespace vigil::storage {
namespace {

TEST(Database, KeepsEverySampleThroughEveryStageAndRestart) {
  Store store;
  store.options.chunk_file_bytes = 1000;
  store.open();
  constexpr int kSteps = 1000;
  const auto value = [](int series, int step) { return series == 3 ? step * 0.1 + 1.0 / 3 : double(step * series); };
  for (int step = 0; step < kSteps; ++step) {
    auto appender = store.db->appender();
    for (int s = 0; s < 5; ++s) {
      auto ref = appender->resolve(series_labels(s));
      ASSERT_TRUE(ref);
      ASSERT_TRUE(appender->append(*ref, kStart + step * 15000 + (step % 7 == 0 ? 3 : 0), value(s, step)));
    }
    ASSERT_TRUE(appender->commit());
    if (step == 700) store.db->maintain();
  }
  const auto check = [&](const char* when) {
    for (int s = 0; s < 5; ++s) {
      const SampleColumns got = read_all(*store.db, series_labels(s));
      ASSERT_EQ(got.size(), std::size_t{kSteps}) << when;
      for (int step = 0; step < kSteps; ++step) {
        ASSERT_EQ(got.timestamps[step], kStart + step * 15000 + (step % 7 == 0 ? 3 : 0)) << when;
        ASSERT_EQ(got.values[step], value(s, step)) << when << " " << s << " " << step;
      }
      const SampleColumns part = read_all(*store.db, series_labels(s), kStart + 100 * 15000, kStart + 900 * 15000);
      ASSERT_NEAR(double(part.size()), 800, 2) << when;
    }
  };
  check("live");
  EXPECT_GE(store.db->stats().chunk_files, 1U);
  store.crash_and_reopen();
  check("after a crash");
  EXPECT_GT(store.db->stats().replayed_records, 0U);
  ASSERT_TRUE(store.db->checkpoint());
  check("after a checkpoint");
  store.crash_and_reopen();
  EXPECT_EQ(store.db->stats().replayed_records, 0U);
  check("after checkpoint and crash");
  ASSERT_TRUE(store.db->close());
  store.open();
  check("after a clean restart");
}

}  // namespace
}  // namespace vigil::storage
