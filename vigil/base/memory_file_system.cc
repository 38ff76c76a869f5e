#include "vigil/base/memory_file_system.h"

#include <algorithm>
#include <functional>
#include <limits>

namespace vigil {

// Shared with open readers, which keep a removed file's bytes as an inode would.
struct MemoryFileSystem::File {
  std::string bytes;
};

struct MemoryFileSystem::State {
  mutable std::mutex mutex;
  std::map<Path, std::shared_ptr<File>> files;
  std::set<Path> directories;
  std::map<Path, std::uint64_t> locks;  // to the number of the locking
  std::uint64_t lockings = 0;
  std::uint64_t operations = 0;
  std::uint64_t crash_at = std::numeric_limits<std::uint64_t>::max();
  bool torn = false;
  std::uint64_t capacity = std::numeric_limits<std::uint64_t>::max();

  std::uint64_t stored() const {
    std::uint64_t total = 0;
    for (const auto& [path, file] : files) total += file->bytes.size();
    return total;
  }

  // Counts one operation; false if the process is "dead" from here on.
  bool operate() { return operations++ < crash_at; }
  bool crashed() const { return operations > crash_at; }
};

namespace {

std::unexpected<Error> dead(const FileSystem::Path& path) {
  return fail(ErrorCode::kIo, "write " + path.string() + ": injected crash");
}
std::unexpected<Error> absent(const FileSystem::Path& path) {
  return fail(ErrorCode::kNotFound, "open " + path.string() + ": No such file or directory");
}

class MemoryReadableFile final : public ReadableFile {
 public:
  explicit MemoryReadableFile(std::string bytes) : bytes_(std::move(bytes)) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<char> buffer) const override {
    if (offset >= bytes_.size()) return 0;
    const std::size_t count = std::min<std::size_t>(buffer.size(), bytes_.size() - offset);
    std::copy_n(bytes_.data() + offset, count, buffer.data());
    return count;
  }
  std::uint64_t size() const override { return bytes_.size(); }
  Result<std::string_view> view() const override { return std::string_view(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace

class MemoryWritableFile final : public WritableFile {
 public:
  MemoryWritableFile(std::shared_ptr<MemoryFileSystem::State> state, std::shared_ptr<MemoryFileSystem::File> file,
                     FileSystem::Path path)
      : state_(std::move(state)), file_(std::move(file)), path_(std::move(path)) {}

  Result<void> append(std::string_view bytes) override {
    std::lock_guard lock(state_->mutex);
    const bool first_failure = state_->operations == state_->crash_at;
    if (!state_->operate()) {
      if (first_failure && state_->torn) file_->bytes += bytes.substr(0, bytes.size() / 2);
      return dead(path_);
    }
    const std::uint64_t stored = state_->stored();
    if (stored + bytes.size() > state_->capacity) {
      file_->bytes += bytes.substr(0, state_->capacity > stored ? state_->capacity - stored : 0);
      return fail(ErrorCode::kIo, "write " + path_.string() + ": No space left on device");
    }
    file_->bytes += bytes;
    return {};
  }

  Result<void> sync() override {
    std::lock_guard lock(state_->mutex);
    if (!state_->operate()) return dead(path_);
    return {};
  }

  std::uint64_t size() const override {
    std::lock_guard lock(state_->mutex);
    return file_->bytes.size();
  }

 private:
  std::shared_ptr<MemoryFileSystem::State> state_;
  std::shared_ptr<MemoryFileSystem::File> file_;
  FileSystem::Path path_;
};

namespace {

class MemoryFileLock final : public FileLock {
 public:
  explicit MemoryFileLock(std::move_only_function<void()> release) : release_(std::move(release)) {}
  ~MemoryFileLock() override { release_(); }

 private:
  std::move_only_function<void()> release_;
};

}  // namespace

MemoryFileSystem::MemoryFileSystem() : state_(std::make_shared<State>()) {}
MemoryFileSystem::~MemoryFileSystem() = default;

Result<std::unique_ptr<WritableFile>> MemoryFileSystem::open_writable(const Path& path, OpenMode mode) {
  std::lock_guard lock(state_->mutex);
  if (state_->crashed()) return dead(path);
  auto& file = state_->files[path.lexically_normal()];
  if (file != nullptr && mode == OpenMode::kCreateNew) {
    return fail(ErrorCode::kAlreadyExists, "open " + path.string() + ": File exists");
  }
  if (file == nullptr || mode == OpenMode::kTruncate) file = std::make_shared<File>();
  return std::make_unique<MemoryWritableFile>(state_, file, path);
}

Result<std::unique_ptr<ReadableFile>> MemoryFileSystem::open_readable(const Path& path) {
  std::lock_guard lock(state_->mutex);
  const auto found = state_->files.find(path.lexically_normal());
  if (found == state_->files.end()) return absent(path);
  return std::make_unique<MemoryReadableFile>(found->second->bytes);
}

Result<std::vector<std::string>> MemoryFileSystem::list(const Path& directory) {
  std::lock_guard lock(state_->mutex);
  const Path wanted = (directory.lexically_normal() / "x").parent_path();
  if (!state_->directories.contains(wanted)) return absent(directory);
  std::set<std::string> names;
  for (const auto& [path, file] : state_->files) {
    if (path.parent_path() == wanted) names.insert(path.filename().string());
  }
  for (const auto& path : state_->directories) {
    if (path.parent_path() == wanted && path != wanted) names.insert(path.filename().string());
  }
  return std::vector<std::string>(names.begin(), names.end());
}

bool MemoryFileSystem::exists(const Path& path) {
  std::lock_guard lock(state_->mutex);
  const Path normal = path.lexically_normal();
  return state_->files.contains(normal) || state_->directories.contains((normal / "x").parent_path());
}

Result<std::uint64_t> MemoryFileSystem::file_size(const Path& path) {
  std::lock_guard lock(state_->mutex);
  const auto found = state_->files.find(path.lexically_normal());
  if (found == state_->files.end()) return absent(path);
  return found->second->bytes.size();
}

Result<void> MemoryFileSystem::create_directories(const Path& path) {
  std::lock_guard lock(state_->mutex);
  if (state_->crashed()) return dead(path);
  for (Path at = (path.lexically_normal() / "x").parent_path(); !at.empty(); at = at.parent_path()) {
    state_->directories.insert(at);
    if (at == at.parent_path()) break;
  }
  return {};
}

Result<void> MemoryFileSystem::remove(const Path& path) {
  std::lock_guard lock(state_->mutex);
  if (!state_->operate()) return dead(path);
  if (state_->files.erase(path.lexically_normal()) == 0) return absent(path);
  return {};
}

Result<void> MemoryFileSystem::remove_all(const Path& path) {
  std::lock_guard lock(state_->mutex);
  if (!state_->operate()) return dead(path);
  const Path root = (path.lexically_normal() / "x").parent_path();
  const auto inside = [&root](const Path& at) {
    const auto [end, ignored] = std::mismatch(root.begin(), root.end(), at.begin(), at.end());
    return end == root.end();
  };
  std::erase_if(state_->files, [&](const auto& entry) { return inside(entry.first); });
  std::erase_if(state_->directories, inside);
  return {};
}

Result<void> MemoryFileSystem::rename(const Path& from, const Path& to) {
  std::lock_guard lock(state_->mutex);
  if (!state_->operate()) return dead(from);
  const Path source = (from.lexically_normal() / "x").parent_path();
  const Path target = (to.lexically_normal() / "x").parent_path();
  if (auto node = state_->files.extract(source)) {
    state_->files.insert_or_assign(target, node.mapped());
    return {};
  }
  if (!state_->directories.contains(source)) return absent(from);
  const auto moved = [&](const Path& at) -> Path {
    const auto [end, rest] = std::mismatch(source.begin(), source.end(), at.begin(), at.end());
    if (end != source.end()) return {};
    Path result = target;
    for (auto it = rest; it != at.end(); ++it) result /= *it;
    return result;
  };
  std::map<Path, std::shared_ptr<File>> files;
  for (auto& [path, file] : state_->files) {
    const Path renamed = moved(path);
    files.insert_or_assign(renamed.empty() ? path : renamed, file);
  }
  std::set<Path> directories;
  for (const auto& path : state_->directories) {
    const Path renamed = moved(path);
    directories.insert(renamed.empty() ? path : renamed);
  }
  state_->files = std::move(files);
  state_->directories = std::move(directories);
  return {};
}

Result<void> MemoryFileSystem::truncate(const Path& path, std::uint64_t size) {
  std::lock_guard lock(state_->mutex);
  if (!state_->operate()) return dead(path);
  const auto found = state_->files.find(path.lexically_normal());
  if (found == state_->files.end()) return absent(path);
  found->second->bytes.resize(size);
  return {};
}

Result<void> MemoryFileSystem::sync_directory(const Path& path) {
  std::lock_guard lock(state_->mutex);
  if (!state_->operate()) return dead(path);
  return {};
}

Result<std::unique_ptr<FileLock>> MemoryFileSystem::lock(const Path& path) {
  std::lock_guard lock(state_->mutex);
  const Path normal = path.lexically_normal();
  const std::uint64_t number = ++state_->lockings;
  if (!state_->locks.try_emplace(normal, number).second) {
    return fail(ErrorCode::kUnavailable, "lock " + path.string() + ": held by another process");
  }
  return std::make_unique<MemoryFileLock>([state = state_, normal, number] {
    std::lock_guard guard(state->mutex);
    // After recover() the path may be locked by another.
    const auto held = state->locks.find(normal);
    if (held != state->locks.end() && held->second == number) state->locks.erase(held);
  });
}

void MemoryFileSystem::crash_at(std::uint64_t n, bool torn) {
  std::lock_guard lock(state_->mutex);
  state_->crash_at = n;
  state_->torn = torn;
}

void MemoryFileSystem::set_capacity(std::uint64_t bytes) {
  std::lock_guard lock(state_->mutex);
  state_->capacity = bytes;
}

void MemoryFileSystem::recover() {
  std::lock_guard lock(state_->mutex);
  state_->crash_at = std::numeric_limits<std::uint64_t>::max();
  state_->capacity = std::numeric_limits<std::uint64_t>::max();
  state_->locks.clear();
}

std::uint64_t MemoryFileSystem::operations() const {
  std::lock_guard lock(state_->mutex);
  return state_->operations;
}

void MemoryFileSystem::corrupt(const Path& path, std::uint64_t offset) {
  std::lock_guard lock(state_->mutex);
  auto& byte = state_->files.at(path.lexically_normal())->bytes.at(offset);
  byte = static_cast<char>(byte ^ 0x5A);
}

}  // namespace vigil
