// All access to disk. Storage, write-ahead log and state files go through this
// interface, so that tests can cut, tear, fill and corrupt at every write.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"

namespace vigil {

// A file being written from its end. Not thread-safe; closed by the destructor.
class WritableFile {
 public:
  virtual ~WritableFile() = default;

  // Hands the bytes to the kernel before returning: they survive a kill of this
  // process, not a power cut. On error an unknown prefix may have been written.
  virtual Result<void> append(std::string_view bytes) = 0;
  // Forces everything appended so far to the device (fdatasync).
  virtual Result<void> sync() = 0;
  // Bytes in the file, those of earlier openings included.
  virtual std::uint64_t size() const = 0;
};

// A file read at any place. Thread-safe.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  // Reads up to buffer.size() bytes at `offset`; fewer only at the end of the file.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<char> buffer) const = 0;
  virtual std::uint64_t size() const = 0;
  // The whole file as memory, valid while this object lives. May map it.
  virtual Result<std::string_view> view() const = 0;
};

// Held until destroyed: one process per data directory.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// Thread-safe. Errors are kNotFound, kAlreadyExists or kIo (disk full included) and name the path.
class FileSystem {
 public:
  using Path = std::filesystem::path;
  enum class OpenMode { kCreateNew, kTruncate, kAppend };

  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<WritableFile>> open_writable(const Path& path, OpenMode mode) = 0;
  virtual Result<std::unique_ptr<ReadableFile>> open_readable(const Path& path) = 0;
  virtual Result<std::string> read_file(const Path& path);
  // Replaces `path` so that a reader or a crash sees the old or the new content,
  // never a mixture: temporary file, sync, rename, sync of the directory.
  virtual Result<void> write_file_atomically(const Path& path, std::string_view content);

  // Names (not paths) of the entries, sorted.
  virtual Result<std::vector<std::string>> list(const Path& directory) = 0;
  virtual bool exists(const Path& path) = 0;
  virtual Result<std::uint64_t> file_size(const Path& path) = 0;
  virtual Result<void> create_directories(const Path& path) = 0;
  virtual Result<void> remove(const Path& path) = 0;                  // a file; kNotFound if absent
  virtual Result<void> remove_all(const Path& path) = 0;              // a tree; fine if absent
  virtual Result<void> rename(const Path& from, const Path& to) = 0;  // replaces files
  virtual Result<void> truncate(const Path& path, std::uint64_t size) = 0;
  virtual Result<void> sync_directory(const Path& path) = 0;
  virtual Result<std::unique_ptr<FileLock>> lock(const Path& path) = 0;  // kUnavailable if held

  // The machine's disk; lives for ever.
  static FileSystem& real();
};

}  // namespace vigil
