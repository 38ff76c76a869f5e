// A database on a file system in memory, in virtual time.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "vigil/base/memory_file_system.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/storage/database.h"

namespace vigil::storage {

inline constexpr Timestamp kStart = 1'700'000'000'000;

struct Store {
  MemoryFileSystem fs;
  VirtualScheduler scheduler{kStart};
  Options options;
  std::unique_ptr<Database> db;

  Store() {
    options.directory = "/data";
    options.file_system = &fs;
    options.scheduler = &scheduler;
    options.retention = 0;
  }
  void open() {
    db.reset();
    auto opened = Database::open(options);
    ASSERT_TRUE(opened) << opened.error().message();
    db = *std::move(opened);
  }
  // As after kill -9: what is in memory is lost.
  void crash_and_reopen() {
    fs.crash_at(fs.operations());
    db.reset();
    fs.recover();
    open();
  }
};

inline Labels series_labels(int i) {
  return Labels{
      {"__name__", "requests_total"}, {"instance", "node-" + std::to_string(i)}, {"job", i % 2 == 0 ? "a" : "b"}};
}

inline SampleColumns read_all(Database& db, const Labels& labels, Timestamp mint = kMinTimestamp,
                              Timestamp maxt = kMaxTimestamp) {
  auto querier = db.querier(mint, maxt);
  std::vector<Matcher> matchers;
  for (const LabelView label : labels) matchers.push_back(Matcher::equal(label.name, label.value));
  auto set = (*querier)->select(matchers, {});
  SampleColumns out;
  EXPECT_TRUE(set) << set.error().message();
  EXPECT_LE((*set)->size(), 1U);
  if ((*set)->size() == 1) {
    auto read = (*set)->read(0, mint, maxt, out);
    EXPECT_TRUE(read) << read.error().message();
  }
  return out;
}

inline void append_one(Database& db, const Labels& labels, Timestamp t, double v) {
  auto appender = db.appender();
  auto ref = appender->resolve(labels);
  ASSERT_TRUE(ref) << ref.error().message();
  auto added = appender->append(*ref, t, v);
  ASSERT_TRUE(added) << added.error().message();
  auto done = appender->commit();
  ASSERT_TRUE(done) << done.error().message();
}

}  // namespace vigil::storage
