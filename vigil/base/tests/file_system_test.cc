// The contract of FileSystem on the real disk and in memory, and the faults of the latter.
#include "vigil/base/file_system.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "vigil/base/memory_file_system.h"

namespace vigil {
namespace {

using Mode = FileSystem::OpenMode;

class Disk {
 public:
  Disk() {
    std::string name = (std::filesystem::temp_directory_path() / "vigil-base-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Disk() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class FileSystemContract : public testing::TestWithParam<bool> {
 protected:
  FileSystemContract() : fs_(GetParam() ? FileSystem::real() : memory_), root_(disk_.path() / "d") {
    EXPECT_TRUE(fs_.create_directories(root_).has_value());
  }

  void write(const std::filesystem::path& path, std::string_view content, Mode mode = Mode::kTruncate) {
    auto file = fs_.open_writable(path, mode);
    ASSERT_TRUE(file.has_value()) << file.error().message();
    ASSERT_TRUE((*file)->append(content).has_value());
    ASSERT_TRUE((*file)->sync().has_value());
  }
  ErrorCode code(const auto& result) { return result ? ErrorCode::kInternal : result.error().code(); }

  Disk disk_;
  MemoryFileSystem memory_;
  FileSystem& fs_;
  std::filesystem::path root_;
};

TEST_P(FileSystemContract, WritesFromTheEnd) {
  auto file = fs_.open_writable(root_ / "a", Mode::kCreateNew);
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE((*file)->append("hello ").has_value());
  ASSERT_TRUE((*file)->append("").has_value());
  ASSERT_TRUE((*file)->append(std::string_view("w\0rld", 5)).has_value());
  EXPECT_EQ((*file)->size(), 11U);
  EXPECT_EQ(fs_.file_size(root_ / "a"), 11U);
  EXPECT_EQ(fs_.read_file(root_ / "a"), std::string("hello w\0rld", 11));
  auto again = fs_.open_writable(root_ / "a", Mode::kAppend);
  EXPECT_EQ((*again)->size(), 11U);
  ASSERT_TRUE((*again)->append("!").has_value());
  EXPECT_EQ(fs_.file_size(root_ / "a"), 12U);
  EXPECT_EQ(code(fs_.open_writable(root_ / "a", Mode::kCreateNew)), ErrorCode::kAlreadyExists);
  auto empty = fs_.open_writable(root_ / "a", Mode::kTruncate);
  EXPECT_EQ((*empty)->size(), 0U);
  EXPECT_EQ(fs_.read_file(root_ / "a"), "");
}

TEST_P(FileSystemContract, ReadsAnywhere) {
  write(root_ / "a", "0123456789");
  auto file = fs_.open_readable(root_ / "a");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ((*file)->size(), 10U);
  char buffer[4];
  EXPECT_EQ((*file)->read(3, buffer), 4U);
  EXPECT_EQ(std::string_view(buffer, 4), "3456");
  EXPECT_EQ((*file)->read(8, buffer), 2U);
  EXPECT_EQ((*file)->read(10, buffer), 0U);
  EXPECT_EQ((*file)->read(1000, buffer), 0U);
  EXPECT_EQ((*file)->view(), "0123456789");
  write(root_ / "empty", "");
  EXPECT_EQ((*fs_.open_readable(root_ / "empty"))->view(), "");
}

TEST_P(FileSystemContract, ListsSorted) {
  ASSERT_TRUE(fs_.create_directories(root_ / "sub" / "deep").has_value());
  write(root_ / "b", "");
  write(root_ / "a", "");
  write(root_ / "sub" / "c", "");
  EXPECT_EQ(fs_.list(root_), (std::vector<std::string>{"a", "b", "sub"}));
  EXPECT_EQ(fs_.list(root_ / "sub/"), (std::vector<std::string>{"c", "deep"}));
  EXPECT_TRUE(fs_.exists(root_ / "sub"));
  EXPECT_TRUE(fs_.exists(root_ / "sub" / "c"));
  EXPECT_FALSE(fs_.exists(root_ / "nope"));
}

TEST_P(FileSystemContract, AbsentThingsAreNotFound) {
  EXPECT_EQ(code(fs_.open_readable(root_ / "x")), ErrorCode::kNotFound);
  EXPECT_EQ(code(fs_.read_file(root_ / "x")), ErrorCode::kNotFound);
  EXPECT_EQ(code(fs_.file_size(root_ / "x")), ErrorCode::kNotFound);
  EXPECT_EQ(code(fs_.list(root_ / "x")), ErrorCode::kNotFound);
  EXPECT_EQ(code(fs_.remove(root_ / "x")), ErrorCode::kNotFound);
  EXPECT_EQ(code(fs_.rename(root_ / "x", root_ / "y")), ErrorCode::kNotFound);
  EXPECT_EQ(code(fs_.truncate(root_ / "x", 0)), ErrorCode::kNotFound);
  EXPECT_TRUE(fs_.remove_all(root_ / "x").has_value());
  EXPECT_NE(fs_.open_readable(root_ / "x").error().message().find((root_ / "x").string()), std::string::npos);
}

TEST_P(FileSystemContract, RemovesRenamesTruncates) {
  write(root_ / "a", "12345");
  write(root_ / "b", "old");
  ASSERT_TRUE(fs_.rename(root_ / "a", root_ / "b").has_value());
  EXPECT_FALSE(fs_.exists(root_ / "a"));
  EXPECT_EQ(fs_.read_file(root_ / "b"), "12345");
  ASSERT_TRUE(fs_.truncate(root_ / "b", 2).has_value());
  EXPECT_EQ(fs_.read_file(root_ / "b"), "12");
  ASSERT_TRUE(fs_.remove(root_ / "b").has_value());
  EXPECT_FALSE(fs_.exists(root_ / "b"));

  ASSERT_TRUE(fs_.create_directories(root_ / "t" / "u").has_value());
  write(root_ / "t" / "u" / "f", "x");
  ASSERT_TRUE(fs_.rename(root_ / "t", root_ / "v").has_value());
  EXPECT_EQ(fs_.read_file(root_ / "v" / "u" / "f"), "x");
  EXPECT_FALSE(fs_.exists(root_ / "t"));
  ASSERT_TRUE(fs_.remove_all(root_ / "v").has_value());
  EXPECT_FALSE(fs_.exists(root_ / "v" / "u" / "f"));
  EXPECT_TRUE(fs_.exists(root_));
}

TEST_P(FileSystemContract, OpenReadersKeepARemovedFile) {
  write(root_ / "a", "still here");
  auto file = fs_.open_readable(root_ / "a");
  ASSERT_TRUE(fs_.remove(root_ / "a").has_value());
  EXPECT_EQ((*file)->view(), "still here");
}

TEST_P(FileSystemContract, AtomicWriteReplaces) {
  ASSERT_TRUE(fs_.write_file_atomically(root_ / "state", "one").has_value());
  ASSERT_TRUE(fs_.write_file_atomically(root_ / "state", "two").has_value());
  EXPECT_EQ(fs_.read_file(root_ / "state"), "two");
  EXPECT_EQ(fs_.list(root_), std::vector<std::string>{"state"});
}

TEST_P(FileSystemContract, LockIsExclusive) {
  auto held = fs_.lock(root_ / "lock");
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(code(fs_.lock(root_ / "lock")), ErrorCode::kUnavailable);
  held->reset();
  EXPECT_TRUE(fs_.lock(root_ / "lock").has_value());
}

INSTANTIATE_TEST_SUITE_P(Both, FileSystemContract, testing::Bool(),
                         [](const auto& param) { return param.param ? "Disk" : "Memory"; });

// ---- Faults

TEST(MemoryFileSystem, CrashStopsEveryWrite) {
  MemoryFileSystem fs;
  ASSERT_TRUE(fs.create_directories("/d").has_value());
  auto file = fs.open_writable("/d/a", Mode::kCreateNew);
  ASSERT_TRUE((*file)->append("one").has_value());  // operation 0
  EXPECT_EQ(fs.operations(), 1U);
  fs.crash_at(1);
  EXPECT_EQ((*file)->append("two").error().code(), ErrorCode::kIo);
  EXPECT_FALSE((*file)->sync().has_value());
  EXPECT_FALSE(fs.rename("/d/a", "/d/b").has_value());
  EXPECT_FALSE(fs.remove("/d/a").has_value());
  EXPECT_FALSE(fs.truncate("/d/a", 0).has_value());
  EXPECT_FALSE(fs.open_writable("/d/a", Mode::kTruncate).has_value());
  EXPECT_FALSE(fs.open_writable("/d/new", Mode::kCreateNew).has_value());
  EXPECT_FALSE(fs.write_file_atomically("/d/a", "three").has_value());
  fs.recover();
  EXPECT_EQ(fs.read_file("/d/a"), "one");
  EXPECT_FALSE(fs.exists("/d/new"));
  EXPECT_TRUE((*fs.open_writable("/d/a", Mode::kAppend))->append("2").has_value());
}

TEST(MemoryFileSystem, TornWriteLeavesHalf) {
  MemoryFileSystem fs;
  auto file = fs.open_writable("a", Mode::kCreateNew);
  fs.crash_at(0, true);
  EXPECT_FALSE((*file)->append("12345678").has_value());
  EXPECT_FALSE((*file)->append("more").has_value());
  fs.recover();
  EXPECT_EQ(fs.read_file("a"), "1234");
}

// The atomic write survives a crash at each of its steps with the old or the new content.
TEST(MemoryFileSystem, AtomicWriteAtEveryCrash) {
  for (const bool torn : {false, true}) {
    for (std::uint64_t n = 0; n < 6; ++n) {
      MemoryFileSystem fs;
      ASSERT_TRUE(fs.create_directories("/d").has_value());
      ASSERT_TRUE(fs.write_file_atomically("/d/state", "old").has_value());
      fs.crash_at(fs.operations() + n, torn);
      const bool written = fs.write_file_atomically("/d/state", "new").has_value();
      fs.recover();
      const auto content = fs.read_file("/d/state");
      EXPECT_TRUE(content == "old" || content == "new") << n;
      if (written) {
        EXPECT_EQ(content, "new") << n;
      }
    }
  }
}

TEST(MemoryFileSystem, FullDiskTakesWhatFits) {
  MemoryFileSystem fs;
  auto file = fs.open_writable("a", Mode::kCreateNew);
  fs.set_capacity(5);
  ASSERT_TRUE((*file)->append("123").has_value());
  const auto failed = (*file)->append("456");
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code(), ErrorCode::kIo);
  EXPECT_NE(failed.error().message().find("No space left on device"), std::string::npos);
  EXPECT_EQ(fs.read_file("a"), "12345");
  ASSERT_TRUE(fs.remove("a").has_value());  // makes room
  EXPECT_TRUE((*fs.open_writable("b", Mode::kCreateNew))->append("12345").has_value());
}

TEST(MemoryFileSystem, CorruptChangesOneByte) {
  MemoryFileSystem fs;
  ASSERT_TRUE((*fs.open_writable("a", Mode::kCreateNew))->append("abc").has_value());
  fs.corrupt("a", 1);
  const std::string content = *fs.read_file("a");
  EXPECT_EQ(content.size(), 3U);
  EXPECT_EQ(content[0], 'a');
  EXPECT_NE(content[1], 'b');
  EXPECT_EQ(content[2], 'c');
}

// The "old process" ends after the "new" one took the lock: the new one keeps it.
TEST(MemoryFileSystem, LockOfADeadProcessReleasesNothing) {
  MemoryFileSystem fs;
  auto old_lock = fs.lock("lock");
  ASSERT_TRUE(old_lock.has_value());
  fs.recover();
  auto new_lock = fs.lock("lock");
  ASSERT_TRUE(new_lock.has_value());
  old_lock->reset();
  EXPECT_FALSE(fs.lock("lock").has_value());
}

}  // namespace
}  // namespace vigil
