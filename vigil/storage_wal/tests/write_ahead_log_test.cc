#include "vigil/storage_wal/write_ahead_log.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "vigil/base/memory_file_system.h"
#include "vigil/storage_wal/segment.h"

namespace vigil::wal {
namespace {

struct Log {
  MemoryFileSystem fs;
  Options options{.directory = "/wal", .file_system = fs};
  std::unique_ptr<WriteAheadLog> log;
  std::vector<std::string> replayed;
  std::vector<Position> positions;

  Result<void> open(std::uint64_t first = 0) {
    log.reset();
    replayed.clear();
    positions.clear();
    auto opened = WriteAheadLog::open(options, first, [&](Position at, std::string_view record) -> Result<void> {
      positions.push_back(at);
      replayed.emplace_back(record);
      return {};
    });
    if (!opened) return std::unexpected(opened.error());
    log = *std::move(opened);
    return {};
  }
  void append(std::initializer_list<std::string_view> records) {
    for (const std::string_view record : records) {
      auto done = log->append(record);
      ASSERT_TRUE(done) << done.error().message();
    }
  }
};

using Records = std::vector<std::string>;

TEST(WriteAheadLog, ReplaysWhatWasAppendedInOrder) {
  Log t;
  ASSERT_TRUE(t.open());
  t.append({"one", "", std::string(100000, 'x')});
  t.log->enqueue("queued");
  t.append({"last"});
  ASSERT_TRUE(t.open());
  EXPECT_EQ(t.replayed, (Records{"one", "", std::string(100000, 'x'), "queued", "last"}));
  EXPECT_EQ(t.log->replay_report().torn_tails, 0U);
  EXPECT_TRUE(t.log->replay_report().damage.empty());
}

TEST(WriteAheadLog, RotatesBySizeAndTruncates) {
  Log t;
  t.options.segment_bytes = 100;
  ASSERT_TRUE(t.open());
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(t.log->append("record " + std::to_string(i)));
  auto segment = t.log->rotate();
  ASSERT_TRUE(segment);
  EXPECT_GT(*segment, 5U);
  t.append({"after"});
  ASSERT_TRUE(t.open(*segment));
  EXPECT_EQ(t.replayed, (Records{"after"}));
  ASSERT_TRUE(t.open());
  EXPECT_EQ(t.replayed.size(), 21U);
  ASSERT_TRUE(t.log->truncate_before(*segment));
  ASSERT_TRUE(t.open());
  EXPECT_EQ(t.replayed, (Records{"after"}));
}

TEST(WriteAheadLog, CutsATornTailWhereverItIsTorn) {
  Log t;
  ASSERT_TRUE(t.open());
  t.append({"first", "second record"});
  const std::string path = "/wal/" + segment_file_name(1);
  const std::string whole = *t.fs.read_file(path);
  const std::size_t second = kSegmentHeaderBytes + kFrameHeaderBytes + 5;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Log cut;
    ASSERT_TRUE(cut.fs.create_directories("/wal"));
    ASSERT_TRUE(cut.fs.write_file_atomically(path, whole.substr(0, size)));
    ASSERT_TRUE(cut.open()) << size;
    EXPECT_EQ(cut.replayed, size >= second ? Records{"first"} : Records{}) << size;
    EXPECT_TRUE(cut.log->replay_report().damage.empty()) << size;
    const bool clean = size == 0 || size == kSegmentHeaderBytes || size == second;
    EXPECT_EQ(cut.log->replay_report().torn_tails, clean ? 0U : 1U) << size;
    // It goes on from there, and the cut is not seen again.
    cut.append({"more"});
    ASSERT_TRUE(cut.open()) << size;
    EXPECT_EQ(cut.replayed.back(), "more");
    EXPECT_EQ(cut.log->replay_report().torn_tails, 0U) << size;
    EXPECT_TRUE(cut.log->replay_report().damage.empty()) << size;
  }
}

TEST(WriteAheadLog, SkipsDamageAndKeepsTheSegment) {
  Log t;
  ASSERT_TRUE(t.open());
  t.append({"first", "second", "third"});
  const std::string path = "/wal/" + segment_file_name(1);
  const std::string whole = *t.fs.read_file(path);
  const std::size_t second = kSegmentHeaderBytes + kFrameHeaderBytes + 5;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Log bad;
    ASSERT_TRUE(bad.fs.create_directories("/wal"));
    ASSERT_TRUE(bad.fs.write_file_atomically(path, whole));
    bad.fs.corrupt(path, at);
    bad.options.on_damage = Options::OnDamage::kFail;
    const auto refused = bad.open();
    ASSERT_FALSE(refused) << at;
    EXPECT_EQ(refused.error().code(), ErrorCode::kCorruption);
    EXPECT_NE(refused.error().message().find("00000001.wal at offset"), std::string::npos);

    bad.options.on_damage = Options::OnDamage::kQuarantine;
    ASSERT_TRUE(bad.open()) << at;
    Records expected = {"first", "second", "third"};
    if (at >= kSegmentHeaderBytes) {
      expected.erase(expected.begin() + (at < second ? 0 : at < second + kFrameHeaderBytes + 6 ? 1 : 2));
    }
    EXPECT_EQ(bad.replayed, expected) << at;
    EXPECT_EQ(bad.log->replay_report().damage.size(), 1U) << at;
    const auto next = bad.log->rotate();
    ASSERT_TRUE(next);
    ASSERT_TRUE(bad.log->truncate_before(*next));
    EXPECT_TRUE(bad.fs.exists(path + ".damaged"));
    EXPECT_FALSE(bad.fs.exists(path));
  }
}

TEST(WriteAheadLog, AFailedWriteLeavesNothingAndStopsTheLogUntilRecovered) {
  Log t;
  ASSERT_TRUE(t.open());
  t.append({"good"});
  t.fs.set_capacity(t.log->size_bytes() + 20);
  const auto refused = t.log->append(std::string(100, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(refused.error().message().find("No space left"), std::string::npos);
  t.fs.set_capacity(1 << 20);
  EXPECT_FALSE(t.log->append("still refused"));
  // Refused until what should have been in the log is elsewhere.
  std::uint64_t segment = 0;
  const auto not_yet = [&](std::uint64_t number) -> Result<void> {
    segment = number;
    EXPECT_FALSE(t.log->append("still refused"));
    return fail(ErrorCode::kIo, "no");
  };
  EXPECT_FALSE(t.log->recover(not_yet));
  EXPECT_FALSE(t.log->append("still refused"));
  ASSERT_TRUE(t.log->recover([&](std::uint64_t number) -> Result<void> {
    EXPECT_EQ(number, segment);  // attempts do not pile up segments
    return {};
  }));
  t.append({"again"});
  ASSERT_TRUE(t.open());
  EXPECT_EQ(t.replayed, (Records{"good", "again"}));
  EXPECT_TRUE(t.log->replay_report().damage.empty());
}

TEST(WriteAheadLog, ManyCommittersShareWritesAndAreCalledInTheOrderOfTheLog) {
  Log t;
  t.options.segment_bytes = 4096;
  ASSERT_TRUE(t.open());
  constexpr int kThreads = 4;
  constexpr int kEach = 300;
  std::vector<std::string> order;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < kEach; ++i) {
          const std::string record = std::to_string(thread) + ":" + std::to_string(i);
          EXPECT_TRUE(t.log->append(record, [&] { order.push_back(record); }));
        }
      });
    }
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(t.log->rotate());
  }
  EXPECT_EQ(t.log->records(), std::uint64_t{kThreads * kEach});
  EXPECT_LE(t.log->batches(), std::uint64_t{kThreads * kEach});
  ASSERT_TRUE(t.open());
  EXPECT_EQ(t.replayed, order);
}

TEST(WriteAheadLog, ReadOnlyChangesNothing) {
  Log t;
  ASSERT_TRUE(t.open());
  t.append({"one", "two"});
  t.log.reset();
  const std::string path = "/wal/" + segment_file_name(1);
  ASSERT_TRUE(t.fs.truncate(path, *t.fs.file_size(path) - 1));
  const auto before = t.fs.operations();
  t.options.read_only = true;
  ASSERT_TRUE(t.open());
  EXPECT_EQ(t.replayed, (Records{"one"}));
  EXPECT_EQ(t.fs.operations(), before);
  EXPECT_FALSE(t.log->append("no"));
}

// The bytes are a contract: docs/formats/wal.md.
TEST(Segment, GoldenBytes) {
  Log t;
  ASSERT_TRUE(t.open());
  t.append({"vigil", ""});
  const std::string bytes = *t.fs.read_file("/wal/" + segment_file_name(1));
  std::string hex;
  for (const char c : bytes) {
    char text[3];
    std::snprintf(text, sizeof text, "%02x", static_cast<unsigned char>(c));
    hex += text;
  }
  std::ifstream golden(std::string(VIGIL_TESTDATA) + "/segment.hex");
  std::stringstream content;
  content << golden.rdbuf();
  std::string expected = content.str();
  std::erase_if(expected, [](char c) { return c == '\n' || c == ' '; });
  EXPECT_EQ(hex, expected);
}

TEST(Segment, ReaderStandsAnyBytes) {
  std::mt19937 random(1);
  std::string batch;
  for (int i = 0; i < 20; ++i) append_frame(batch, std::string(static_cast<std::size_t>(i * 3), 'a'));
  seal_frames(batch, 7, kSegmentHeaderBytes);
  const std::string good = encode_segment_header({7, kUnknownSize}) + batch;
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = good.substr(0, random() % (good.size() + 1));
    for (unsigned k = random() % 4; k > 0 && !bytes.empty(); --k)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    SegmentReader reader(bytes, 7);
    std::uint64_t last = 0;
    for (int steps = 0; reader.next() != SegmentReader::Step::kEnd; ++steps) {
      ASSERT_LT(steps, 100);
      ASSERT_GE(reader.offset(), last);
      last = reader.offset();
    }
  }
}

}  // namespace
}  // namespace vigil::wal
