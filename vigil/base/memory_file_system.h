// A file system in memory that can fail, for tests and simulations.
//
// Every append, sync, rename, remove and truncate counts as one operation. A
// fault fires at the operation it names, so a test can run the same scenario
// once per operation and reopen what is left. Opening for writing and creating
// directories are not counted, but fail once a crash has happened.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "vigil/base/file_system.h"

namespace vigil {

class MemoryFileSystem final : public FileSystem {
 public:
  MemoryFileSystem();
  ~MemoryFileSystem() override;

  Result<std::unique_ptr<WritableFile>> open_writable(const Path& path, OpenMode mode) override;
  Result<std::unique_ptr<ReadableFile>> open_readable(const Path& path) override;
  Result<std::vector<std::string>> list(const Path& directory) override;
  bool exists(const Path& path) override;
  Result<std::uint64_t> file_size(const Path& path) override;
  Result<void> create_directories(const Path& path) override;
  Result<void> remove(const Path& path) override;
  Result<void> remove_all(const Path& path) override;
  Result<void> rename(const Path& from, const Path& to) override;
  Result<void> truncate(const Path& path, std::uint64_t size) override;
  Result<void> sync_directory(const Path& path) override;
  Result<std::unique_ptr<FileLock>> lock(const Path& path) override;

  // From operation number `n` (counted from 0) on everything that writes fails, as
  // if the process had died there. With `torn`, half of that operation's bytes arrive.
  void crash_at(std::uint64_t n, bool torn = false);
  // Writes fail with kIo "no space left on device" once this many bytes are stored.
  void set_capacity(std::uint64_t bytes);
  // Ends crash and capacity faults and drops held locks, as a new process would see the disk.
  void recover();
  // Operations so far.
  std::uint64_t operations() const;
  // Changes one byte in place.
  void corrupt(const Path& path, std::uint64_t offset);

 private:
  struct File;
  struct State;
  friend class MemoryWritableFile;
  std::shared_ptr<State> state_;
};

}  // namespace vigil
