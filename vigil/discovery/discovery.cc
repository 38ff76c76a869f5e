#include "vigil/discovery/discovery.h"

#include <algorithm>
#include <utility>

#include "vigil/base/glob.h"
#include "vigil/base/hash.h"
#include "vigil/base/log.h"
#include "vigil/discovery/target_file.h"

namespace vigil::discovery {
namespace {

bool equal(const Config& a, const Config& b) {
  return std::equal(a.static_groups.begin(), a.static_groups.end(), b.static_groups.begin(), b.static_groups.end(),
                    [](const TargetGroup& x, const TargetGroup& y) {
                      return x.source == y.source && x.targets == y.targets && x.labels == y.labels;
                    }) &&
         std::equal(a.files.begin(), a.files.end(), b.files.begin(), b.files.end(),
                    [](const FileConfig& x, const FileConfig& y) {
                      return x.files == y.files && x.refresh_interval == y.refresh_interval;
                    });
}

}  // namespace

class Discovery::Job {
 public:
  Job(const std::string& name, const Config& config, Scheduler& scheduler, FileSystem& files, const OnUpdate& on_update)
      : name_(name), config_(config), scheduler_(scheduler), files_(files), on_update_(on_update), timer_(scheduler) {
    for (const FileConfig& file : config_.files) {
      poll_interval_ = std::min(poll_interval_, std::max<Duration>(file.refresh_interval, kSecond));
    }
  }

  const Config& config() const { return config_; }

  // The first look; `before` is the job of this name that it replaces.
  void start(const Job* before) {
    if (before != nullptr) {
      MutexLock lock(mutex_);
      MutexLock other(before->mutex_);
      contents_ = before->contents_;
    }
    read_files();
    update();
    arm();
  }

  void stop() { timer_.stop(); }

  void append_status(std::vector<FileStatus>& out) const {
    MutexLock lock(mutex_);
    for (const auto& [path, content] : contents_) out.push_back({name_, path, content.error, content.last_change});
  }

  std::uint64_t failures() const {
    MutexLock lock(mutex_);
    return failures_;
  }

 private:
  struct Content {
    Hash128 hash;
    bool read = false;  // `groups` are what the hash stands for, or an error was reported for it
    std::vector<TargetGroup> groups;
    std::string error;
    Timestamp last_change = 0;
  };

  void arm() {
    if (config_.files.empty()) return;
    timer_.arm(scheduler_.clock().now() + poll_interval_, [this] {
      if (read_files()) update();
      arm();
    });
  }

  // True if the targets may have changed.
  bool read_files() {
    std::map<std::string, Content> next;
    bool changed = false;
    MutexLock lock(mutex_);
    for (const FileConfig& config : config_.files) {
      for (const std::string& pattern : config.files) {
        const auto paths = expand_glob(pattern, files_);
        if (!paths) {
          Content& content = next.emplace(pattern, take_content(pattern)).first->second;
          report(pattern, content, paths.error().message());
          continue;
        }
        for (const std::string& path : *paths) {
          if (next.contains(path) || !files_.exists(path)) continue;
          Content content = take_content(path);
          changed |= read_file(path, content);
          next.emplace(path, std::move(content));
        }
      }
    }
    for (const auto& [path, content] : contents_) {
      if (next.contains(path)) continue;
      changed = true;
      log::info("discovery", "target file is gone, and its targets with it", {{"job", name_}, {"file", path}});
    }
    contents_ = std::move(next);
    return changed;
  }

  // What was known of a file before; leaves an empty one in its place.
  Content take_content(const std::string& path) REQUIRES(mutex_) {
    const auto known = contents_.find(path);
    return known == contents_.end() ? Content() : std::exchange(known->second, {});
  }

  bool read_file(const std::string& path, Content& content) REQUIRES(mutex_) {
    const auto text = files_.read_file(path);
    if (!text) {
      report(path, content, text.error().message());
      content.read = false;
      return false;
    }
    const Hash128 hash = hash128(*text, 0);
    if (content.read && hash == content.hash) return false;
    content.read = true;
    content.hash = hash;
    auto groups = parse_target_file(*text, path);
    if (!groups) {
      report(path, content, groups.error().message());
      return false;
    }
    content.groups = std::move(*groups);
    content.error.clear();
    content.last_change = scheduler_.clock().now();
    return true;
  }

  void report(const std::string& path, Content& content, const std::string& error) REQUIRES(mutex_) {
    ++failures_;
    if (content.error != error) {
      log::warn("discovery", "cannot use a target file, its last good targets stay",
                {{"job", name_}, {"file", path}, {"error", error}});
    }
    content.error = error;
  }

  void update() {
    std::vector<TargetGroup> groups = config_.static_groups;
    {
      MutexLock lock(mutex_);
      for (const auto& [path, content] : contents_) {
        groups.insert(groups.end(), content.groups.begin(), content.groups.end());
      }
    }
    on_update_(name_, std::move(groups));
  }

  const std::string name_;
  const Config config_;
  Scheduler& scheduler_;
  FileSystem& files_;
  const OnUpdate& on_update_;
  Duration poll_interval_ = kPollInterval;
  mutable Mutex mutex_;
  std::map<std::string, Content> contents_ GUARDED_BY(mutex_);
  std::uint64_t failures_ GUARDED_BY(mutex_) = 0;
  Timer timer_;
};

Discovery::Discovery(Scheduler& scheduler, FileSystem& files, OnUpdate on_update)
    : scheduler_(scheduler), files_(files), on_update_(std::move(on_update)) {}

Discovery::~Discovery() { stop(); }

// Jobs are started and stopped outside the lock: they call back, and stopping waits for that.
void Discovery::apply(const std::map<std::string, Config>& jobs) {
  std::map<std::string, std::shared_ptr<Job>> before;
  {
    MutexLock lock(mutex_);
    before = jobs_;
  }
  std::map<std::string, std::shared_ptr<Job>> next;
  for (const auto& [name, config] : jobs) {
    const auto known = before.find(name);
    if (known != before.end() && equal(known->second->config(), config)) {
      next.emplace(name, known->second);
      before.erase(known);
      continue;
    }
    auto job = std::make_shared<Job>(name, config, scheduler_, files_, on_update_);
    if (known != before.end()) known->second->stop();
    job->start(known == before.end() ? nullptr : known->second.get());
    next.emplace(name, std::move(job));
  }
  for (const auto& [name, job] : before) job->stop();
  MutexLock lock(mutex_);
  for (const auto& [name, job] : before) failures_of_gone_jobs_ += job->failures();
  jobs_ = std::move(next);
}

void Discovery::stop() { apply({}); }

std::vector<Discovery::FileStatus> Discovery::status() const {
  MutexLock lock(mutex_);
  std::vector<FileStatus> out;
  for (const auto& [name, job] : jobs_) job->append_status(out);
  return out;
}

std::uint64_t Discovery::failures() const {
  MutexLock lock(mutex_);
  std::uint64_t total = failures_of_gone_jobs_;
  for (const auto& [name, job] : jobs_) total += job->failures();
  return total;
}

}  // namespace vigil::discovery
