// What was acknowledged is there after a crash at any moment; what was not is there
// entirely or not at all.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "vigil/base/clock.h"
#include "vigil/base/log.h"
#include "vigil/storage/tests/store.h"

namespace vigil::storage {
namespace {

constexpr int kSeries = 6;

// Values tell step and series, so that a wrong one is recognised.
double value_of(int step, int series) { return step * 100 + series + (series == 4 ? 1.0 / 3 : 0); }

Labels labels_of(int series) { return Labels{{"__name__", "m"}, {"i", std::to_string(series)}}; }

Result<void> write_step(Database& db, int step) {
  auto appender = db.appender();
  // A new series now and then, so that there are definitions everywhere in the log.
  for (int s = 0; s < kSeries + step / 20; ++s) {
    VIGIL_TRY(const SeriesRef ref, appender->resolve(labels_of(s)));
    VIGIL_TRY_VOID(appender->append(ref, kStart + step * 1000, value_of(step, s)));
  }
  return appender->commit();
}

// Every step up to `acknowledged` whole, the one after it whole or absent, nothing else.
void check_steps(Database& db, int acknowledged) {
  std::set<std::size_t> sizes;
  for (int s = 0; s < kSeries + (acknowledged + 1) / 20; ++s) {
    const int first = s < kSeries ? 0 : (s - kSeries + 1) * 20;
    const SampleColumns got = read_all(db, labels_of(s));
    ASSERT_TRUE(got.histograms.empty());
    for (std::size_t i = 0; i < got.size(); ++i) {
      const int step = first + static_cast<int>(i);
      ASSERT_EQ(got.timestamps[i], kStart + step * 1000) << "series " << s;
      ASSERT_EQ(got.values[i], value_of(step, s)) << "series " << s;
    }
    sizes.insert(got.size() + static_cast<std::size_t>(first));
  }
  ASSERT_EQ(sizes.size(), 1U) << "half of a transaction came back";
  ASSERT_GE(*sizes.begin(), static_cast<std::size_t>(acknowledged + 1));
  ASSERT_LE(*sizes.begin(), static_cast<std::size_t>(acknowledged + 2));
}

// One life of the store until `crash` (operation), then the next ones.
void run_crash_scenario(std::uint64_t crash, bool torn, std::uint64_t* operations) {
  Store store;
  store.options.chunk_file_bytes = 600;
  store.options.checkpoint_bytes = 1500;
  store.options.wal_segment_bytes = 900;
  store.fs.crash_at(crash, torn);
  int acknowledged = -1;
  auto opened = Database::open(store.options);
  if (opened) {
    store.db = *std::move(opened);
    for (int step = 0; step < 150; ++step) {
      if (!write_step(*store.db, step)) break;
      acknowledged = step;
      store.scheduler.run_due();
    }
    static_cast<void>(store.db->close());
  }
  *operations = store.fs.operations();
  store.db.reset();
  store.fs.recover();
  store.open();
  ASSERT_NE(store.db, nullptr);
  ASSERT_TRUE(store.db->stats(1).damage.empty()) << store.db->stats(1).damage[0];
  check_steps(*store.db, acknowledged);
  // It goes on, and survives the next crash too.
  const int next = static_cast<int>(read_all(*store.db, labels_of(0)).size());
  ASSERT_TRUE(write_step(*store.db, next));
  store.crash_and_reopen();
  check_steps(*store.db, next);
}

TEST(Crash, AtEveryOperation) {
  log::set_level(log::Level::kError);
  std::uint64_t operations = 0;
  run_crash_scenario(~std::uint64_t{0}, false, &operations);
  ASSERT_GT(operations, 100U);
  const std::uint64_t all = operations;
  for (const bool torn : {false, true}) {
    for (std::uint64_t crash = 0; crash < all; ++crash) {
      SCOPED_TRACE("crash at operation " + std::to_string(crash) + (torn ? ", torn" : ""));
      run_crash_scenario(crash, torn, &operations);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

// A child writes to real files and reports each acknowledged step through a pipe, until
// it is killed. VIGIL_KILL_ROUNDS for more rounds.
TEST(Crash, KilledUnderLoad) {
  const char* rounds_text = std::getenv("VIGIL_KILL_ROUNDS");
  const int rounds = rounds_text == nullptr ? 3 : std::atoi(rounds_text);
  const auto directory = std::filesystem::temp_directory_path() / ("vigil_kill_test_" + std::to_string(::getpid()));
  std::filesystem::remove_all(directory);
  Options options;
  options.directory = directory;
  options.retention = 0;
  options.chunk_file_bytes = 20'000;
  options.checkpoint_bytes = 50'000;
  int step = 0;
  for (int round = 0; round < rounds; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      log::set_level(log::Level::kError);
      ::close(pipe_ends[0]);
      auto scheduler = make_thread_scheduler(1);
      options.scheduler = scheduler.get();
      auto db = Database::open(options);
      if (!db) ::_exit(1);
      for (int i = step;; ++i) {
        if (!write_step(**db, i)) ::_exit(2);
        if (::write(pipe_ends[1], &i, sizeof i) != sizeof i) ::_exit(3);
      }
    }
    ::close(pipe_ends[1]);
    int acknowledged = step - 1;
    const int enough = step + 300 + round * 50;
    for (int i = 0; ::read(pipe_ends[0], &i, sizeof i) == sizeof i;) {
      acknowledged = i;
      if (i == enough) ::kill(child, SIGKILL);
    }
    ::close(pipe_ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;

    VirtualScheduler scheduler(kStart);
    options.scheduler = &scheduler;
    auto db = Database::open(options);
    ASSERT_TRUE(db) << db.error().message();
    ASSERT_TRUE((*db)->stats(1).damage.empty());
    check_steps(**db, acknowledged);
    step = static_cast<int>(read_all(**db, labels_of(0)).size());
    if (round % 2 == 0) {
      ASSERT_TRUE((*db)->close());
    }
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace vigil::storage
