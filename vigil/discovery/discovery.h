// Finds the targets of every job and tells when they change.
//
//   Discovery discovery(scheduler, files, [&](const std::string& job, std::vector<TargetGroup> groups) { … });
//   discovery.apply({{"nodes", config}});
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "vigil/base/file_system.h"
#include "vigil/base/mutex.h"
#include "vigil/base/scheduler.h"
#include "vigil/discovery/target_group.h"

namespace vigil::discovery {

// Thread-safety: apply() and stop() from one thread; status() from any.
// Files are looked at every kPollInterval (or the job's refresh interval, if shorter)
// and parsed when their content has changed. A file that cannot be read or parsed
// keeps the targets it had and is reported; one that is gone has none.
class Discovery {
 public:
  // All groups of one job, whenever one of them changed. Called by apply() and on
  // the scheduler's threads, for one job never twice at the same time.
  using OnUpdate = std::function<void(const std::string& job, std::vector<TargetGroup> groups)>;

  static constexpr Duration kPollInterval = 5 * kSecond;

  Discovery(Scheduler& scheduler, FileSystem& files, OnUpdate on_update);
  ~Discovery();
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;

  // Replaces the jobs. Each new or changed one has had its first update when this
  // returns; unchanged ones run on. No update comes for a job that is gone.
  void apply(const std::map<std::string, Config>& jobs);

  // Idempotent; no update runs or comes after it.
  void stop();

  struct FileStatus {
    std::string job;
    std::string path;
    std::string error;  // "" if the content in use is the newest
    Timestamp last_change = 0;
  };
  std::vector<FileStatus> status() const;
  // Reads that failed, of all jobs, since the start.
  std::uint64_t failures() const;

 private:
  class Job;

  Scheduler& scheduler_;
  FileSystem& files_;
  OnUpdate on_update_;
  mutable Mutex mutex_;
  std::map<std::string, std::shared_ptr<Job>> jobs_ GUARDED_BY(mutex_);
  std::uint64_t failures_of_gone_jobs_ GUARDED_BY(mutex_) = 0;
};

}  // namespace vigil::discovery
