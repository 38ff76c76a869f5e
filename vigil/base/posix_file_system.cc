#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <system_error>

#include "vigil/base/file_system.h"

namespace vigil {
namespace {

using Path = FileSystem::Path;

std::unexpected<Error> os_error(int error, std::string_view action, const Path& path) {
  ErrorCode code = ErrorCode::kIo;
  if (error == ENOENT) code = ErrorCode::kNotFound;
  if (error == EEXIST) code = ErrorCode::kAlreadyExists;
  std::string message(action);
  message += " " + path.string() + ": " + std::generic_category().message(error);
  return fail(code, std::move(message));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(int fd, Path path, std::uint64_t size) : fd_(fd), path_(std::move(path)), size_(size) {}

  Result<void> append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0) {
        if (errno == EINTR) continue;
        return os_error(errno, "write", path_);
      }
      size_ += static_cast<std::uint64_t>(written);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(fd_.get()) != 0) return os_error(errno, "fdatasync", path_);
    return {};
  }

  std::uint64_t size() const override { return size_; }

 private:
  Descriptor fd_;
  Path path_;
  std::uint64_t size_;
};

class PosixReadableFile final : public ReadableFile {
 public:
  PosixReadableFile(int fd, Path path, std::uint64_t size) : fd_(fd), path_(std::move(path)), size_(size) {}
  ~PosixReadableFile() override {
    if (mapping_ != nullptr) ::munmap(mapping_, size_);
  }
  PosixReadableFile(const PosixReadableFile&) = delete;
  PosixReadableFile& operator=(const PosixReadableFile&) = delete;

  Result<std::size_t> read(std::uint64_t offset, std::span<char> buffer) const override {
    std::size_t done = 0;
    while (done < buffer.size()) {
      const ssize_t got =
          ::pread(fd_.get(), buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
      if (got < 0) {
        if (errno == EINTR) continue;
        return os_error(errno, "read", path_);
      }
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  std::uint64_t size() const override { return size_; }

  Result<std::string_view> view() const override {
    if (size_ == 0) return std::string_view();
    std::lock_guard lock(mutex_);
    if (mapping_ == nullptr) {
      void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd_.get(), 0);
      if (mapped == MAP_FAILED) return os_error(errno, "mmap", path_);
      mapping_ = mapped;
    }
    return std::string_view(static_cast<const char*>(mapping_), size_);
  }

 private:
  Descriptor fd_;
  Path path_;
  std::uint64_t size_;
  mutable std::mutex mutex_;
  mutable void* mapping_ = nullptr;
};

class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(int fd) : fd_(fd) {}

 private:
  Descriptor fd_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<WritableFile>> open_writable(const Path& path, OpenMode mode) override {
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND;
    if (mode == OpenMode::kCreateNew) flags |= O_EXCL;
    if (mode == OpenMode::kTruncate) flags |= O_TRUNC;
    const int fd = ::open(path.c_str(), flags, 0644);
    if (fd < 0) return os_error(errno, "open", path);
    struct stat info{};
    if (::fstat(fd, &info) != 0) {
      const int error = errno;
      ::close(fd);
      return os_error(error, "stat", path);
    }
    return std::make_unique<PosixWritableFile>(fd, path, static_cast<std::uint64_t>(info.st_size));
  }

  Result<std::unique_ptr<ReadableFile>> open_readable(const Path& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return os_error(errno, "open", path);
    struct stat info{};
    const bool good = ::fstat(fd, &info) == 0;
    if (!good || S_ISDIR(info.st_mode)) {
      const int error = good ? EISDIR : errno;
      ::close(fd);
      return os_error(error, "read", path);
    }
    return std::make_unique<PosixReadableFile>(fd, path, static_cast<std::uint64_t>(info.st_size));
  }

  // Pipes, /proc and other files whose size is not known in advance are read to their end.
  Result<std::string> read_file(const Path& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return os_error(errno, "open", path);
    const Descriptor descriptor(fd);
    std::string content;
    std::size_t used = 0;
    while (true) {
      if (content.size() - used < 4096) content.resize(std::max<std::size_t>(65536, content.size() * 2));
      const ssize_t got = ::read(fd, content.data() + used, content.size() - used);
      if (got < 0) {
        if (errno == EINTR) continue;
        return os_error(errno, "read", path);
      }
      if (got == 0) break;
      used += static_cast<std::size_t>(got);
    }
    content.resize(used);
    content.shrink_to_fit();
    return content;
  }

  Result<std::vector<std::string>> list(const Path& directory) override {
    std::error_code error;
    std::vector<std::string> names;
    for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
      names.push_back(it->path().filename().string());
    }
    if (error) return os_error(error.value(), "list", directory);
    std::sort(names.begin(), names.end());
    return names;
  }

  bool exists(const Path& path) override {
    std::error_code error;
    return std::filesystem::exists(path, error);
  }

  Result<std::uint64_t> file_size(const Path& path) override {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error) return os_error(error.value(), "stat", path);
    return size;
  }

  Result<void> create_directories(const Path& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return os_error(error.value(), "create directory", path);
    return {};
  }

  Result<void> remove(const Path& path) override {
    if (::unlink(path.c_str()) != 0) return os_error(errno, "remove", path);
    return {};
  }

  Result<void> remove_all(const Path& path) override {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) return os_error(error.value(), "remove", path);
    return {};
  }

  Result<void> rename(const Path& from, const Path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return os_error(errno, "rename", from);
    return {};
  }

  Result<void> truncate(const Path& path, std::uint64_t size) override {
    if (::truncate(path.c_str(), static_cast<off_t>(size)) != 0) return os_error(errno, "truncate", path);
    return {};
  }

  Result<void> sync_directory(const Path& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return os_error(errno, "open", path);
    const Descriptor descriptor(fd);
    if (::fsync(fd) != 0) return os_error(errno, "fsync", path);
    return {};
  }

  Result<std::unique_ptr<FileLock>> lock(const Path& path) override {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return os_error(errno, "open", path);
    auto held = std::make_unique<PosixFileLock>(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      return fail(ErrorCode::kUnavailable, "lock " + path.string() + ": held by another process");
    }
    return held;
  }
};

}  // namespace

FileSystem& FileSystem::real() {
  static PosixFileSystem file_system;
  return file_system;
}

}  // namespace vigil
