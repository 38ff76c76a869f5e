// A log of records that makes in-memory state recoverable after a crash.
//
//   VIGIL_TRY(auto log, WriteAheadLog::open({.directory = dir, .file_system = fs}, 0, apply));
//   VIGIL_TRY_VOID(log->append(record, [&] { make_visible(); }));
//
// Thread-safety: all members may be called from any thread.
// Group commit:  appends that arrive while one is being written go out together in
//                the next single write.
// Durability:    when append() returns, the record survives a kill of the process;
//                with Options::fsync also a power cut.
// Ownership:     the log owns the files NNNNNNNN.wal of its directory.
// Errors:        after a failed write the log refuses everything with kUnavailable
//                until recover(): the state on disk is known again only then.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/file_system.h"
#include "vigil/base/mutex.h"

namespace vigil::wal {

struct Position {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

// Bytes that should have been records.
struct Damage {
  std::filesystem::path file;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::string reason;
  std::string to_string() const;
};

// What open() found.
struct ReplayReport {
  std::uint64_t segments = 0;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;       // of segments read
  std::uint64_t torn_tails = 0;  // last writes cut off by a crash
  std::uint64_t torn_bytes = 0;
  std::vector<Damage> damage;  // everything else
};

struct Options {
  std::filesystem::path directory;
  FileSystem& file_system = FileSystem::real();
  std::uint64_t segment_bytes = 128ULL << 20;  // a new segment is begun beyond this size
  bool fsync = false;                          // sync every batch before it is acknowledged

  enum class OnDamage {
    kFail,  // open() returns kCorruption with file and offset
    // Replay goes on behind the damage. The damaged segment is kept: when it would be
    // removed, it is renamed to NNNNNNNN.wal.damaged instead.
    kQuarantine,
  };
  OnDamage on_damage = OnDamage::kQuarantine;
  bool read_only = false;  // replay only: cut nothing, write nothing
};

class WriteAheadLog {
 public:
  // Gets each record with its place, in order; an error ends the replay and is returned by open().
  using Replay = std::function<Result<void>(Position, std::string_view)>;

  // Creates the directory if absent and replays the segments numbered `first_segment`
  // and up; lower ones are leftovers of a truncate_before() that a crash cut short. A
  // torn end of the last segment is cut off and counted.
  static Result<std::unique_ptr<WriteAheadLog>> open(Options options, std::uint64_t first_segment,
                                                     const Replay& replay);
  ~WriteAheadLog();
  WriteAheadLog(const WriteAheadLog&) = delete;
  WriteAheadLog& operator=(const WriteAheadLog&) = delete;

  // Returns when the record is with the kernel (or device). Before that, `on_logged` is
  // called: in the order of the log, one record at a time, by whichever thread does the
  // writing. It must not call into the log.
  Result<void> append(std::string_view record, const std::function<void()>& on_logged = {});

  // Puts the record in front of all later ones without waiting for it to be written.
  // Forgotten if the log is failed: who recovers it must write state anew (see recover()).
  void enqueue(std::string_view record);

  // Writes what was enqueued, then begins a new segment and returns its number: every
  // earlier record is in a lower segment.
  Result<std::uint64_t> rotate();
  // Forces everything written so far to the device.
  Result<void> sync();
  // Removes the segments below `segment`: the caller has their content elsewhere.
  Result<void> truncate_before(std::uint64_t segment);

  // After a failure: begins a new segment and calls `rebuild` with its number, to write
  // elsewhere what the log should have held before it. Appends are accepted again when that
  // succeeded. One thread at a time; may be repeated until it works.
  Result<void> recover(const std::function<Result<void>(std::uint64_t segment)>& rebuild);
  bool failed() const { return failed_.load(std::memory_order_acquire); }

  const ReplayReport& replay_report() const { return report_; }
  std::uint64_t size_bytes() const { return total_bytes_.load(std::memory_order_relaxed); }       // of all segments
  std::uint64_t written_bytes() const { return written_bytes_.load(std::memory_order_relaxed); }  // since open
  std::uint64_t batches() const { return batches_.load(std::memory_order_relaxed); }              // writes since open
  std::uint64_t records() const { return records_.load(std::memory_order_relaxed); }              // appends since open

 private:
  struct Waiter;

  explicit WriteAheadLog(Options options) : options_(std::move(options)) {}
  Result<void> replay_all(std::uint64_t first_segment, const Replay& replay);
  Result<void> replay_segment(std::uint64_t number, bool last, std::uint64_t valid_size, const Replay& replay);
  Result<void> report_damage(Damage damage, std::uint64_t segment);
  std::filesystem::path path_of(std::uint64_t number) const;

  // The writer role: whoever holds it owns file_, and the mutex is free meanwhile.
  void acquire_writer() REQUIRES(mutex_);
  void release_writer() REQUIRES(mutex_);
  Result<void> write_batch(std::string& batch);
  Result<void> begin_segment();
  Error failed_error() const REQUIRES(mutex_);

  const Options options_;
  ReplayReport report_;

  Mutex mutex_;
  CondVar turn_;
  bool writing_ GUARDED_BY(mutex_) = false;
  std::string pending_ GUARDED_BY(mutex_);
  std::vector<Waiter*> waiters_ GUARDED_BY(mutex_);
  std::string failure_ GUARDED_BY(mutex_);

  // Owned by the writer role.
  std::unique_ptr<WritableFile> file_;
  std::uint64_t number_ = 0;       // of file_, or of the newest segment there is
  std::uint64_t valid_size_ = 0;   // bytes of it that are good
  bool begun_by_recover_ = false;  // file_ is new, nothing was tried on it
  std::string batch_;

  Mutex files_mutex_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> segments_
      GUARDED_BY(files_mutex_);  // number, bytes; not the open one
  std::vector<std::uint64_t> damaged_ GUARDED_BY(files_mutex_);

  std::atomic<bool> failed_ = false;
  std::atomic<std::uint64_t> total_bytes_ = 0;
  std::atomic<std::uint64_t> written_bytes_ = 0;
  std::atomic<std::uint64_t> batches_ = 0;
  std::atomic<std::uint64_t> records_ = 0;
};

}  // namespace vigil::wal
