// The ledger on disk: a snapshot and a log of the records since.
//
//   <directory>/snapshot         magic, CRC-32C, first segment of the log, records
//   <directory>/log/NNNNNNNN.wal
//
// Not thread-safe: its owner writes under the lock that guards the ledger.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "vigil/alerting/ledger.h"
#include "vigil/base/error.h"
#include "vigil/base/file_system.h"
#include "vigil/storage_wal/write_ahead_log.h"

namespace vigil::alerting {

class Journal {
 public:
  struct Options {
    std::filesystem::path directory;  // created if absent
    FileSystem& files;
    bool fsync = false;                     // records survive power cuts, too
    std::uint64_t compact_bytes = 4 << 20;  // log bytes that bring a compaction, at least
  };

  // Fills `ledger` with what was written. What is damaged is logged, counted in damage()
  // and set aside; only a disk that cannot be used at all is an error.
  static Result<Journal> open(Options options, Ledger& ledger);

  // Encoded records: when it returns they survive a kill of the process. After a failure
  // all writes fail until compact() has succeeded: it writes everything.
  Result<void> write(std::string_view records);
  bool failed() const { return log_->failed(); }
  // The log has outgrown the state it leads to, or lacks a record.
  bool wants_compaction() const;
  // Replaces everything by a snapshot of `ledger`, which must hold all that was written.
  Result<void> compact(const Ledger& ledger);

  std::uint64_t damage() const { return damage_; }  // pieces found damaged by open()

 private:
  explicit Journal(Options options) : options_(std::move(options)) {}
  Result<std::uint64_t> read_snapshot(Ledger& ledger);
  Result<void> write_snapshot(const Ledger& ledger, std::uint64_t first_segment);
  std::filesystem::path snapshot_path() const { return options_.directory / "snapshot"; }

  Options options_;
  std::unique_ptr<wal::WriteAheadLog> log_;
  std::uint64_t snapshot_bytes_ = 0;
  std::uint64_t damage_ = 0;
};

}  // namespace vigil::alerting
