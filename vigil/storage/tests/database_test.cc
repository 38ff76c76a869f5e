#include "vigil/storage/database.h"

#include <gtest/gtest.h>

#include <atomic>
#include <bit>
#include <cmath>
#include <map>
#include <optional>
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

TEST(Database, AppendRulesHoldWithinAndAcrossTransactions) {
  Store store;
  store.options.retention = kHour;
  store.open();
  const Labels labels = series_labels(0);
  append_one(*store.db, labels, kStart, 1);
  const Timestamp too_old = kStart - 2 * kHour;

  auto appender = store.db->appender();
  const SeriesRef ref = *appender->resolve(labels);
  const auto code = [&](Timestamp t, double v) -> std::optional<ErrorCode> {
    auto done = appender->append(ref, t, v);
    if (done) return std::nullopt;
    EXPECT_NE(done.error().message().find("requests_total"), std::string::npos) << done.error().message();
    return done.error().code();
  };
  EXPECT_EQ(code(kStart, 1), std::nullopt);  // there already
  EXPECT_EQ(code(kStart, 2), ErrorCode::kAlreadyExists);
  EXPECT_EQ(code(kStart - 1, 1), ErrorCode::kOutOfOrder);
  EXPECT_EQ(code(too_old, 1), ErrorCode::kOutOfBounds);
  EXPECT_EQ(code(kStart + 5, 3), std::nullopt);
  EXPECT_EQ(code(kStart + 5, 3), std::nullopt);
  EXPECT_EQ(code(kStart + 5, 4), ErrorCode::kAlreadyExists);
  EXPECT_EQ(code(kStart + 4, 3), ErrorCode::kOutOfOrder);
  EXPECT_EQ(code(kStart + 6, 5), std::nullopt);
  EXPECT_EQ(appender->append(0, kStart, 1).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(appender->append(99999, kStart, 1).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(appender->append(~SeriesRef{0}, kStart, 1).error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE(appender->commit());
  const SampleColumns got = read_all(*store.db, labels);
  EXPECT_EQ(got.timestamps, (std::vector<Timestamp>{kStart, kStart + 5, kStart + 6}));
  EXPECT_EQ(got.values, (std::vector<double>{1, 3, 5}));
  const Stats stats = store.db->stats();
  EXPECT_EQ(stats.rejected_out_of_order, 2U);
  EXPECT_EQ(stats.rejected_duplicates, 2U);
  EXPECT_EQ(stats.rejected_out_of_bounds, 1U);
}

TEST(Database, AppendWindowRefusesAsPrometheusDoes) {
  Store store;
  store.options.append_window = kHour;
  store.open();
  append_one(*store.db, series_labels(0), kStart, 1);
  auto appender = store.db->appender();
  const SeriesRef ref = *appender->resolve(series_labels(1));
  EXPECT_EQ(appender->append(ref, kStart - kHour - 1, 1).error().code(), ErrorCode::kOutOfBounds);
  EXPECT_TRUE(appender->append(ref, kStart - kHour, 1));
}

TEST(Database, NothingIsSeenBeforeCommitNorAfterRollback) {
  Store store;
  store.open();
  const Labels labels = series_labels(0);
  {
    auto appender = store.db->appender();
    ASSERT_TRUE(appender->append(*appender->resolve(labels), kStart, 1));
    EXPECT_TRUE(read_all(*store.db, labels).empty());
    appender->rollback();
    ASSERT_TRUE(appender->append(*appender->resolve(labels), kStart + 1, 2));
  }  // the destructor rolls back
  EXPECT_TRUE(read_all(*store.db, labels).empty());
  append_one(*store.db, labels, kStart, 3);
  EXPECT_EQ(read_all(*store.db, labels).values, std::vector<double>{3});
}

TEST(Database, AQuerierKeepsItsViewWhileCommitsGoOn) {
  Store store;
  store.options.chunk_file_bytes = 100;
  store.open();
  const Labels labels = series_labels(0);
  int step = 0;
  const auto add = [&](int count) {
    for (int i = 0; i < count; ++i, ++step) append_one(*store.db, labels, kStart + step * 1000, step);
  };
  const Matcher matcher = Matcher::equal("__name__", "requests_total");
  struct View {
    std::unique_ptr<Querier> querier;
    std::unique_ptr<SeriesSet> set;
    std::size_t expected;
  };
  std::vector<View> views;
  for (const int count : {1, 1, 20, 300, 1, 600, 5}) {
    add(count);
    View view{*store.db->querier(kMinTimestamp, kMaxTimestamp), nullptr, static_cast<std::size_t>(step)};
    view.set = *view.querier->select({&matcher, 1}, {});
    views.push_back(std::move(view));
    store.db->maintain();
  }
  add(700);
  store.db->maintain();
  EXPECT_GT(store.db->stats().chunk_files, 1U);
  for (const View& view : views) {
    SampleColumns got;
    ASSERT_TRUE(view.set->read(0, kMinTimestamp, kMaxTimestamp, got));
    ASSERT_EQ(got.size(), view.expected);
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got.values[i], static_cast<double>(i));
  }
}

TEST(Database, ConcurrentReadersSeeWholeTransactionsOnly) {
  Store store;
  store.options.chunk_file_bytes = 20'000;
  store.options.checkpoint_bytes = 100'000;
  store.open();
  constexpr int kSeries = 20;
  constexpr int kSteps = 1500;
  std::atomic<bool> done = false;
  std::atomic<int> checks = 0;
  // Two writers, each with series of its own; a transaction writes one value to all of them.
  const auto labels = [](int writer, int i) {
    return Labels{{"__name__", "t"}, {"w", std::to_string(writer)}, {"i", std::to_string(i)}};
  };
  std::vector<std::jthread> threads;
  std::atomic<int> writing = 2;
  for (int writer = 0; writer < 2; ++writer) {
    threads.emplace_back([&, writer] {
      for (int step = 0; step < kSteps; ++step) {
        auto appender = store.db->appender();
        for (int i = 0; i < kSeries; ++i) {
          EXPECT_TRUE(appender->append(*appender->resolve(labels(writer, i)), kStart + step * 1000, step));
        }
        EXPECT_TRUE(appender->commit());
      }
      if (--writing == 0) done = true;
    });
  }
  threads.emplace_back([&] {
    while (!done) {
      store.db->maintain();
      std::this_thread::yield();
    }
  });
  threads.emplace_back([&] {
    while (!done) {
      for (int writer = 0; writer < 2; ++writer) {
        auto querier = *store.db->querier(kMinTimestamp, kMaxTimestamp);
        const Matcher matcher = Matcher::equal("w", std::to_string(writer));
        auto set = *querier->select({&matcher, 1}, {});
        std::vector<std::size_t> sizes;
        for (std::size_t i = 0; i < set->size(); ++i) {
          SampleColumns got;
          ASSERT_TRUE(set->read(i, kMinTimestamp, kMaxTimestamp, got));
          sizes.push_back(got.size());
          for (std::size_t k = 0; k < got.size(); ++k) ASSERT_EQ(got.values[k], static_cast<double>(k));
        }
        for (const std::size_t size : sizes) ASSERT_EQ(size, sizes[0]) << "half of a transaction is visible";
        ++checks;
      }
    }
  });
  threads.clear();
  EXPECT_GT(checks.load(), 0);
  EXPECT_EQ(read_all(*store.db, labels(1, 7)).size(), std::size_t{kSteps});
}

TEST(Database, HistogramsMetadataExemplarsAndStaleMarkers) {
  Store store;
  store.open();
  const Labels labels = series_labels(0);
  const auto histogram = [](double count) {
    NativeHistogram h;
    h.schema = 1;
    h.count = count;
    h.sum = count * 2;
    h.positive_spans = {{0, 2}};
    h.positive_buckets = {count, count / 2};
    return std::make_shared<const NativeHistogram>(h);
  };
  const Exemplar exemplar{Labels{{"trace_id", "abc"}}, 0.5, kStart, true};
  const int kCount = 150;
  for (int i = 0; i < kCount; ++i) {
    auto appender = store.db->appender();
    const SeriesRef ref = *appender->resolve(labels);
    // Floats in between: the series changes its kind.
    if (i % 50 == 49) {
      ASSERT_TRUE(appender->append(ref, kStart + i, i == 149 ? stale_nan() : 7.5));
    } else {
      ASSERT_TRUE(appender->append_histogram(ref, kStart + i, histogram(i)));
      EXPECT_TRUE(appender->append_histogram(ref, kStart + i, histogram(i)));
      EXPECT_EQ(appender->append_histogram(ref, kStart + i, histogram(i + 1)).error().code(),
                ErrorCode::kAlreadyExists);
    }
    ASSERT_TRUE(appender->append_exemplar(ref, exemplar));
    ASSERT_TRUE(appender->set_metadata("requests_total", {MetricType::kCounter, "All requests.", "requests"}));
    ASSERT_TRUE(appender->commit());
  }
  const auto check = [&] {
    const SampleColumns got = read_all(*store.db, labels);
    ASSERT_EQ(got.size(), std::size_t{kCount});
    ASSERT_EQ(got.histograms.size(), std::size_t{kCount - 3});
    EXPECT_EQ(*got.histograms[100].second, *histogram(static_cast<double>(got.histograms[100].first)));
    EXPECT_EQ(got.values[49], 7.5);
    EXPECT_TRUE(is_stale_nan(got.values[149]));
    EXPECT_EQ(read_all(*store.db, labels, kStart + 60, kStart + 70).histograms.size(), 11U);
    const auto metadata = store.db->metadata();
    ASSERT_EQ(metadata.size(), 1U);
    EXPECT_EQ(metadata[0].second.help, "All requests.");
  };
  check();
  const Matcher all = Matcher::equal("job", "a");
  const auto exemplars = store.db->exemplars({&all, 1}, kMinTimestamp, kMaxTimestamp);
  ASSERT_EQ(exemplars.size(), 1U);
  EXPECT_EQ(exemplars[0].exemplars.size(), 1U);  // shown 150 times, stored once
  store.crash_and_reopen();
  check();
  ASSERT_TRUE(store.db->close());
  store.open();
  check();
}

TEST(Database, LimitsRefuseNewSeriesAndKeepKnownOnes) {
  Store store;
  store.options.max_series = 2;
  store.options.max_labels = 3;
  store.options.max_label_value_bytes = 10;
  store.options.max_label_name_bytes = 8;
  store.open();
  auto appender = store.db->appender();
  struct Case {
    const char* name;
    Labels labels;
    std::optional<ErrorCode> expected;
  };
  const Case cases[] = {
      {"no labels", {}, ErrorCode::kInvalidArgument},
      {"first", {{"__name__", "a"}}, std::nullopt},
      {"no name is fine", {{"x", "a"}}, std::nullopt},
      {"one too many", {{"__name__", "b"}}, ErrorCode::kLimitExceeded},
      {"known", {{"__name__", "a"}}, std::nullopt},
      {"labels", {{"a", "1"}, {"b", "1"}, {"c", "1"}, {"d", "1"}}, ErrorCode::kLimitExceeded},
      {"long value", {{"a", "12345678901"}}, ErrorCode::kLimitExceeded},
      {"long name", {{"abcdefghi", "1"}}, ErrorCode::kLimitExceeded},
      {"bad UTF-8", {{"a", "\xff"}}, ErrorCode::kInvalidArgument},
  };
  for (const Case& c : cases) {
    const auto ref = appender->resolve(c.labels);
    EXPECT_EQ(ref ? std::nullopt : std::optional(ref.error().code()), c.expected) << c.name;
  }
  EXPECT_EQ(store.db->stats().rejected_limits, 4U);
}

TEST(Database, AFullDiskMakesItReadOnlyUntilThereIsSpace) {
  Store store;
  store.open();
  const Labels labels = series_labels(0);
  append_one(*store.db, labels, kStart, 1);
  store.fs.set_capacity(0);
  {
    auto appender = store.db->appender();
    ASSERT_TRUE(appender->append(*appender->resolve(labels), kStart + 1000, 2));
    const auto refused = appender->commit();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
    EXPECT_NE(refused.error().message().find("No space left"), std::string::npos) << refused.error().message();
  }
  EXPECT_EQ(store.db->state().state, State::kReadOnly);
  EXPECT_NE(store.db->state().reason.find("No space left"), std::string::npos);
  EXPECT_EQ(read_all(*store.db, labels).values, std::vector<double>{1});  // queries go on
  {
    auto appender = store.db->appender();
    EXPECT_EQ(appender->resolve(series_labels(9)).error().code(), ErrorCode::kUnavailable);
    ASSERT_TRUE(appender->append(*appender->resolve(labels), kStart + 2000, 3));
    EXPECT_EQ(appender->commit().error().code(), ErrorCode::kUnavailable);
  }
  store.scheduler.advance(kMinute);
  EXPECT_EQ(store.db->state().state, State::kReadOnly);
  store.fs.set_capacity(1 << 20);
  store.scheduler.advance(kMinute);
  EXPECT_EQ(store.db->state().state, State::kReady);
  append_one(*store.db, labels, kStart + 3000, 4);
  append_one(*store.db, series_labels(1), kStart + 3000, 5);
  const std::vector<double> expected = {1, 4};
  EXPECT_EQ(read_all(*store.db, labels).values, expected);
  store.crash_and_reopen();
  EXPECT_EQ(read_all(*store.db, labels).values, expected);
  EXPECT_EQ(read_all(*store.db, series_labels(1)).values, std::vector<double>{5});
}

TEST(Database, RetentionByTimeDropsFilesAndSeries) {
  Store store;
  store.options.retention = 2 * kHour;
  store.options.chunk_file_bytes = 100;
  store.open();
  const Labels old_labels = series_labels(1);
  const Labels labels = series_labels(2);
  SeriesRef old_ref = 0;
  {
    auto appender = store.db->appender();
    old_ref = *appender->resolve(old_labels);
    ASSERT_TRUE(appender->resolve(series_labels(3)));  // never gets a sample
  }
  append_one(*store.db, old_labels, kStart, 1);
  for (int i = 0; i < 6 * 240; ++i) {
    append_one(*store.db, labels, store.scheduler.clock().now(), i);
    store.scheduler.advance(15 * kSecond);
  }
  const Stats stats = store.db->stats();
  EXPECT_GT(stats.deleted_chunk_files, 0U);
  EXPECT_EQ(stats.series, 1U);
  EXPECT_EQ(stats.dropped_series, 2U);
  EXPECT_GE(stats.min_time, kStart + 2 * kHour);
  EXPECT_LT(stats.samples, 4 * 240U);
  EXPECT_GE(stats.samples, 2 * 240U);
  auto appender = store.db->appender();
  EXPECT_EQ(appender->append(old_ref, store.scheduler.clock().now(), 1).error().code(), ErrorCode::kNotFound);
  const SeriesRef again = *appender->resolve(old_labels);
  EXPECT_NE(again, old_ref);
  ASSERT_TRUE(appender->append(again, store.scheduler.clock().now(), 1));
  ASSERT_TRUE(appender->commit());
  store.crash_and_reopen();
  EXPECT_EQ(store.db->stats().series, 2U);
  EXPECT_EQ(read_all(*store.db, old_labels).size(), 1U);
}

TEST(Database, RetentionBySizeDropsTheOldestFiles) {
  Store store;
  store.options.retention_bytes = 30'000;
  store.options.chunk_file_bytes = 2000;
  store.options.checkpoint_bytes = 4000;
  store.open();
  for (int i = 0; i < 6000; ++i) {
    append_one(*store.db, series_labels(i % 2), store.scheduler.clock().now(), std::sin(i));
    store.scheduler.advance(15 * kSecond);
  }
  const Stats stats = store.db->stats();
  EXPECT_GT(stats.deleted_chunk_files, 0U);
  EXPECT_LT(stats.chunk_file_bytes + stats.wal_bytes + stats.checkpoint_bytes, 40'000U);
  EXPECT_GT(stats.samples, 1000U);
}

// figures() counts along; stats() looks at every series.
TEST(Database, FiguresAgreeWithAWalk) {
  Store store;
  store.options.retention = 4 * kHour;
  store.options.chunk_file_bytes = 20'000;
  store.options.checkpoint_interval = 1000 * kHour;
  store.open();
  const auto check = [&](const char* when) {
    const Stats counted = store.db->figures();
    const Stats walked = store.db->stats(0);
    EXPECT_EQ(counted.series, walked.series) << when;
    EXPECT_EQ(counted.chunks, walked.chunks) << when;
    EXPECT_EQ(counted.chunk_samples, walked.chunk_samples) << when;
    EXPECT_EQ(counted.chunk_bytes, walked.chunk_bytes) << when;
    EXPECT_EQ(counted.chunk_files, walked.chunk_files) << when;
    EXPECT_EQ(counted.bytes_per_sample, walked.bytes_per_sample) << when;
    EXPECT_EQ(counted.appended_samples, walked.appended_samples) << when;
    if (walked.series == 0) {
      EXPECT_EQ(counted.bytes_per_series, 0) << when;
    } else {
      EXPECT_NEAR(counted.bytes_per_series / walked.bytes_per_series, 1, 0.5) << when;
    }
  };
  int step = 0;
  const auto run = [&](int steps, int series) {
    for (const int end = step + steps; step < end; ++step) {
      auto appender = store.db->appender();
      for (int s = 0; s < series; ++s) {
        ASSERT_TRUE(appender->append(*appender->resolve(series_labels(s)), store.scheduler.clock().now(),
                                     std::sin(step * (s + 1))));
      }
      ASSERT_TRUE(appender->commit());
      store.scheduler.advance(15 * kSecond);
    }
  };
  check("empty");
  run(5, 7);
  check("open samples only");
  run(295, 7);
  EXPECT_GT(store.db->figures().chunks, 0U);
  check("sealed chunks");
  ASSERT_TRUE(store.db->checkpoint());
  run(300, 7);
  EXPECT_GT(store.db->figures().chunk_files, 0U);
  check("chunk files");
  // The files are newer than the checkpoint, which holds the same chunks in memory form.
  store.crash_and_reopen();
  check("after a crash");
  run(800, 2);
  check("series that went quiet");
  run(800, 2);
  EXPECT_GT(store.db->figures().dropped_series, 0U);
  check("after retention");
  store.scheduler.advance(8 * kHour);
  check("all expired");
  ASSERT_TRUE(store.db->close());
  store.open();
  check("opened again");
}

TEST(Database, CheckpointsBoundTheReplay) {
  Store store;
  store.options.checkpoint_bytes = 4000;
  store.open();
  for (int i = 0; i < 5000; ++i) {
    append_one(*store.db, series_labels(i % 5), kStart + i * 1000, i);
    store.scheduler.run_due();
  }
  EXPECT_GT(store.db->stats().checkpoints, 3U);
  EXPECT_LT(store.db->stats().wal_bytes, 12'000U);
  store.crash_and_reopen();
  EXPECT_LT(store.db->stats().replayed_records, 600U);
  for (int s = 0; s < 5; ++s) EXPECT_EQ(read_all(*store.db, series_labels(s)).size(), 1000U);
}

TEST(Database, DamagedFilesAreSetAsideAndTheRestIsServed) {
  Store store;
  store.options.chunk_file_bytes = 1000;
  store.open();
  for (int i = 0; i < 3000; ++i) {
    append_one(*store.db, series_labels(i % 3), kStart + i * 1000, std::sin(i));
    if (i % 500 == 499) store.db->maintain();
  }
  ASSERT_TRUE(store.db->checkpoint());
  for (int i = 3000; i < 3010; ++i) append_one(*store.db, series_labels(i % 3), kStart + i * 1000, i);
  const auto files = *store.fs.list("/data/chunks");
  ASSERT_GE(files.size(), 2U);
  store.fs.crash_at(store.fs.operations());
  store.db.reset();
  store.fs.recover();
  // The index of one chunk file, the data of another, a record in the middle of the log.
  store.fs.corrupt("/data/chunks/" + files[0], *store.fs.file_size("/data/chunks/" + files[0]) - 80);
  store.fs.corrupt("/data/chunks/" + files[1], 20);
  auto segments = *store.fs.list("/data/wal");
  while (*store.fs.file_size("/data/wal/" + segments.back()) < 100) segments.pop_back();
  store.fs.corrupt("/data/wal/" + segments.back(), 60);
  store.open();
  const Stats stats = store.db->stats();
  EXPECT_EQ(stats.damage.size(), 2U);
  EXPECT_TRUE(store.fs.exists("/data/chunks/" + files[0] + ".damaged"));
  EXPECT_TRUE(store.fs.exists("/data/wal/" + segments.back() + ".damaged"));
  // One series meets the damaged chunk: an error with its place, not a silent gap.
  int failed = 0;
  std::size_t served = 0;
  auto querier = *store.db->querier(kMinTimestamp, kMaxTimestamp);
  const Matcher matcher = Matcher::equal("__name__", "requests_total");
  auto set = *querier->select({&matcher, 1}, {});
  for (std::size_t i = 0; i < set->size(); ++i) {
    SampleColumns got;
    const auto read = set->read(i, kMinTimestamp, kMaxTimestamp, got);
    if (!read) {
      ++failed;
      EXPECT_EQ(read.error().code(), ErrorCode::kCorruption);
      EXPECT_NE(read.error().message().find(files[1]), std::string::npos);
      EXPECT_TRUE(set->read(i, kStart + 2900 * 1000, kMaxTimestamp, got));  // the rest of it is served
    }
    served += got.size();
  }
  EXPECT_EQ(failed, 1);
  EXPECT_GT(served, 500U);
  append_one(*store.db, series_labels(0), kStart + 4000 * 1000, 1);
}

TEST(Database, DamagedCheckpointBlocksCostTheirSeriesOnly) {
  Store store;
  store.open();
  for (int s = 0; s < 3000; ++s) append_one(*store.db, series_labels(s), kStart, s);
  for (int i = 1; i < 14; ++i) {
    auto appender = store.db->appender();
    for (int s = 0; s < 3000; ++s) {
      ASSERT_TRUE(appender->append(*appender->resolve(series_labels(s)), kStart + i, std::sin(s * i)));
    }
    ASSERT_TRUE(appender->commit());
  }
  ASSERT_TRUE(store.db->close());
  store.db.reset();
  std::string checkpoint;
  const auto names = *store.fs.list("/data");
  for (const auto& name : names) {
    if (name.starts_with("checkpoint-")) checkpoint = "/data/" + name;
  }
  store.fs.corrupt(checkpoint, *store.fs.file_size(checkpoint) / 2);
  store.open();
  const Stats stats = store.db->stats();
  EXPECT_EQ(stats.damage.size(), 1U);
  EXPECT_GT(stats.series, 500U);
  EXPECT_LT(stats.series, 3000U);
  EXPECT_TRUE(store.fs.exists(checkpoint + ".damaged"));
  EXPECT_EQ(read_all(*store.db, series_labels(0)).size(), 14U);
  // The lost ids are not given to others.
  append_one(*store.db, {{"__name__", "fresh"}}, kStart, 1);
  EXPECT_EQ(read_all(*store.db, {{"__name__", "fresh"}}).size(), 1U);
}

TEST(Database, OneProcessPerDirectoryAndReadersBesides) {
  Store store;
  store.open();
  append_one(*store.db, series_labels(0), kStart, 1);
  const auto second = Database::open(store.options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::kUnavailable);
  Options reading = store.options;
  reading.read_only = true;
  const auto before = store.fs.operations();
  auto reader = Database::open(reading);
  ASSERT_TRUE(reader);
  EXPECT_EQ(read_all(**reader, series_labels(0)).size(), 1U);
  EXPECT_EQ((*reader)->appender()->resolve(series_labels(5)).error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ((*reader)->stats().series, 1U);
  reader->reset();
  EXPECT_EQ(store.fs.operations(), before);
}

TEST(Database, ClosedRefusesAndOpensWithoutReplay) {
  Store store;
  store.open();
  append_one(*store.db, series_labels(0), kStart, 1);
  ASSERT_TRUE(store.db->close());
  ASSERT_TRUE(store.db->close());
  auto appender = store.db->appender();
  ASSERT_TRUE(appender->append(*appender->resolve(series_labels(0)), kStart + 1, 1));
  EXPECT_EQ(appender->commit().error().code(), ErrorCode::kUnavailable);
  appender.reset();
  store.open();
  EXPECT_EQ(store.db->stats().replayed_records, 0U);
  EXPECT_EQ(read_all(*store.db, series_labels(0)).size(), 1U);
}

TEST(Database, SelectSortsLimitsAndFiltersByTime) {
  Store store;
  store.open();
  for (int i = 0; i < 10; ++i) append_one(*store.db, series_labels(9 - i), kStart + i * kHour, i);
  const Matcher matcher = Matcher::equal("__name__", "requests_total");
  auto querier = *store.db->querier(kStart + 5 * kHour, kMaxTimestamp);
  SelectHints hints;
  hints.sorted = true;
  auto set = *querier->select({&matcher, 1}, hints);
  ASSERT_EQ(set->size(), 5U);
  for (std::size_t i = 1; i < set->size(); ++i) EXPECT_LT(set->labels(i - 1), set->labels(i));
  hints.limit = 2;
  EXPECT_EQ((*querier->select({&matcher, 1}, hints))->size(), 2U);
  EXPECT_FALSE(querier->select({}, hints));
  EXPECT_EQ(*querier->label_names({}, 0), (std::vector<std::string>{"__name__", "instance", "job"}));
  EXPECT_EQ(*querier->label_values("job", {&matcher, 1}, 1), std::vector<std::string>{"a"});
  EXPECT_EQ(querier->label_values("instance", {&matcher, 1}, 0)->size(), 5U);
  std::stop_source stop;
  stop.request_stop();
  hints.stop = stop.get_token();
  const Matcher regex = *Matcher::create(Matcher::Type::kRegex, "job", ".+");
  EXPECT_EQ(querier->select({&regex, 1}, hints).error().code(), ErrorCode::kCancelled);
}

}  // namespace
}  // namespace vigil::storage
