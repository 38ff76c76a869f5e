#include "vigil/storage_wal/write_ahead_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vigil/base/log.h"
#include "vigil/storage_wal/segment.h"

namespace vigil::wal {

struct WriteAheadLog::Waiter {
  const std::function<void()>* on_logged;
  std::optional<Result<void>> result;
};

std::string Damage::to_string() const {
  return fmt::format("{} at offset {}: {} ({} bytes)", file.string(), offset, reason, bytes);
}

std::filesystem::path WriteAheadLog::path_of(std::uint64_t number) const {
  return options_.directory / segment_file_name(number);
}

Result<std::unique_ptr<WriteAheadLog>> WriteAheadLog::open(Options options, std::uint64_t first_segment,
                                                           const Replay& replay) {
  std::unique_ptr<WriteAheadLog> log(new WriteAheadLog(std::move(options)));
  VIGIL_TRY_VOID(log->replay_all(first_segment, replay));
  return log;
}

WriteAheadLog::~WriteAheadLog() = default;

Result<void> WriteAheadLog::replay_all(std::uint64_t first_segment, const Replay& replay) {
  FileSystem& fs = options_.file_system;
  if (!options_.read_only) VIGIL_TRY_VOID(fs.create_directories(options_.directory));
  std::vector<std::uint64_t> numbers;
  if (fs.exists(options_.directory)) {
    VIGIL_TRY(const auto names, fs.list(options_.directory));
    for (const std::string& name : names) {
      if (const auto number = parse_segment_file_name(name)) numbers.push_back(*number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  number_ = numbers.empty() ? 0 : numbers.back();
  if (first_segment > 0) number_ = std::max(number_, first_segment - 1);

  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::uint64_t number = numbers[i];
    const bool last = i + 1 == numbers.size();
    if (number >= first_segment) {
      // What counts of this segment is written in the head of the next one.
      std::uint64_t valid_size = kUnknownSize;
      if (!last) {
        if (numbers[i + 1] != number + 1) {
          VIGIL_TRY_VOID(report_damage({path_of(number + 1), 0, 0, "the segment is missing"}, number));
        } else {
          VIGIL_TRY(const auto next, fs.open_readable(path_of(number + 1)));
          std::string head(kSegmentHeaderBytes, '\0');
          VIGIL_TRY(const std::size_t got, next->read(0, head));
          if (const auto header = decode_segment_header({head.data(), got})) valid_size = header->previous_size;
        }
      }
      VIGIL_TRY_VOID(replay_segment(number, last, valid_size, replay));
    }
    VIGIL_TRY(const std::uint64_t size, fs.file_size(path_of(number)));
    MutexLock lock(files_mutex_);
    segments_.emplace_back(number, size);
    total_bytes_ += size;
    if (last) valid_size_ = size;
  }
  return {};
}

Result<void> WriteAheadLog::replay_segment(std::uint64_t number, bool last, std::uint64_t valid_size,
                                           const Replay& replay) {
  const auto path = path_of(number);
  VIGIL_TRY(const auto file, options_.file_system.open_readable(path));
  VIGIL_TRY(const std::string_view all, file->view());
  const std::string_view bytes = all.substr(0, valid_size);
  ++report_.segments;
  report_.bytes += bytes.size();
  if (valid_size != kUnknownSize && all.size() < valid_size) {
    VIGIL_TRY_VOID(
        report_damage({path, all.size(), valid_size - all.size(), "the end of the segment is missing"}, number));
  }

  const auto cut = [&](std::uint64_t offset) -> Result<void> {
    ++report_.torn_tails;
    report_.torn_bytes += bytes.size() - offset;
    log::warn("wal", "cut a torn tail",
              {{"file", path.string()}, {"offset", offset}, {"bytes", bytes.size() - offset}});
    if (options_.read_only) return {};
    return options_.file_system.truncate(path, offset);
  };

  if (bytes.empty()) return {};  // a crash came between creating the file and its header
  const auto header = decode_segment_header(bytes);
  if (!header || header->number != number) {
    // A crash while the segment was being created leaves less than a header.
    if (last && bytes.size() < kSegmentHeaderBytes) return cut(0);
    VIGIL_TRY_VOID(report_damage({path, 0, kSegmentHeaderBytes, "the segment header is damaged"}, number));
  }
  SegmentReader reader(bytes, number);
  while (true) {
    switch (reader.next()) {
      case SegmentReader::Step::kRecord:
        ++report_.records;
        VIGIL_TRY_VOID(replay({number, reader.offset()}, reader.payload()));
        break;
      case SegmentReader::Step::kDamage:
        VIGIL_TRY_VOID(report_damage(
            {path, reader.offset(), reader.damage_end() - reader.offset(), "records fail their checksum"}, number));
        break;
      case SegmentReader::Step::kTorn:
        if (last) return cut(reader.offset());
        return report_damage({path, reader.offset(), bytes.size() - reader.offset(), "the end of a record is missing"},
                             number);
      case SegmentReader::Step::kEnd: return {};
    }
  }
}

Result<void> WriteAheadLog::report_damage(Damage damage, std::uint64_t segment) {
  if (options_.on_damage == Options::OnDamage::kFail) return fail(ErrorCode::kCorruption, damage.to_string());
  log::error("wal", "damaged records skipped; the file will be kept as .damaged", {{"damage", damage.to_string()}});
  report_.damage.push_back(std::move(damage));
  MutexLock lock(files_mutex_);
  if (damaged_.empty() || damaged_.back() != segment) damaged_.push_back(segment);
  return {};
}

Error WriteAheadLog::failed_error() const {
  return Error(ErrorCode::kUnavailable, "the write-ahead log does not accept records: " + failure_);
}

void WriteAheadLog::acquire_writer() {
  while (writing_) turn_.wait(mutex_);
  writing_ = true;
}

void WriteAheadLog::release_writer() {
  writing_ = false;
  turn_.notify_all();
}

Result<void> WriteAheadLog::append(std::string_view record, const std::function<void()>& on_logged) {
  if (options_.read_only) return fail(ErrorCode::kUnavailable, "the write-ahead log is open for reading only");
  if (record.size() > kMaxRecordBytes) {
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("a log record has {} bytes; the limit is {}", record.size(), kMaxRecordBytes));
  }
  Waiter self{&on_logged, std::nullopt};
  std::vector<Waiter*> batch_waiters;
  {
    MutexLock lock(mutex_);
    if (failed()) return std::unexpected(failed_error());
    append_frame(pending_, record);
    waiters_.push_back(&self);
    while (!self.result && writing_) turn_.wait(mutex_);
    if (self.result) return *std::move(self.result);
    writing_ = true;
    batch_.clear();
    std::swap(batch_, pending_);
    std::swap(batch_waiters, waiters_);
  }
  // This thread writes for everyone who came so far.
  const Result<void> written = write_batch(batch_);
  if (written) {
    for (const Waiter* waiter : batch_waiters) {
      if (*waiter->on_logged) (*waiter->on_logged)();
    }
  }
  MutexLock lock(mutex_);
  records_ += batch_waiters.size();
  const Result<void> outcome = written ? written : std::unexpected(failed_error());
  for (Waiter* waiter : batch_waiters) waiter->result = outcome;
  release_writer();
  return outcome;
}

void WriteAheadLog::enqueue(std::string_view record) {
  MutexLock lock(mutex_);
  if (!failed() && !options_.read_only) append_frame(pending_, record);
}

// With the writer role, without the mutex.
Result<void> WriteAheadLog::write_batch(std::string& batch) {
  begun_by_recover_ = false;
  const auto attempt = [&]() -> Result<void> {
    if (file_ == nullptr ||
        (valid_size_ > kSegmentHeaderBytes && valid_size_ + batch.size() > options_.segment_bytes)) {
      VIGIL_TRY_VOID(begin_segment());
    }
    seal_frames(batch, number_, valid_size_);
    VIGIL_TRY_VOID(file_->append(batch));
    if (options_.fsync) VIGIL_TRY_VOID(file_->sync());
    return {};
  };
  Result<void> done = attempt();
  if (done) {
    valid_size_ += batch.size();
    total_bytes_ += batch.size();
    written_bytes_ += batch.size();
    ++batches_;
    return done;
  }
  // Records that are reported as failed must not come back at the next start. If even
  // this does not work, the next segment's header says where this one ends.
  if (file_ != nullptr) {
    if (auto cut = options_.file_system.truncate(path_of(number_), valid_size_); !cut) {
      log::error("wal", "cannot cut a failed write", {{"error", cut.error().message()}});
    }
  }
  MutexLock lock(mutex_);
  failure_ = done.error().message();
  failed_.store(true, std::memory_order_release);
  pending_.clear();
  // Whoever queued meanwhile must not wait for a write that will not happen.
  const Error error = failed_error();
  for (Waiter* waiter : waiters_) waiter->result = std::unexpected(error);
  waiters_.clear();
  return done;
}

Result<void> WriteAheadLog::begin_segment() {
  const std::uint64_t next = number_ + 1;
  std::uint64_t previous_size = kUnknownSize;
  if (file_ != nullptr || valid_size_ != 0) previous_size = valid_size_;
  // kTruncate: an earlier attempt that failed may have left a few bytes.
  VIGIL_TRY(auto file, options_.file_system.open_writable(path_of(next), FileSystem::OpenMode::kTruncate));
  VIGIL_TRY_VOID(file->append(encode_segment_header({next, previous_size})));
  if (file_ != nullptr) {
    if (options_.fsync) VIGIL_TRY_VOID(file_->sync());
    MutexLock lock(files_mutex_);
    segments_.emplace_back(number_, valid_size_);
  }
  file_ = std::move(file);
  number_ = next;
  valid_size_ = kSegmentHeaderBytes;
  total_bytes_ += kSegmentHeaderBytes;
  return {};
}

Result<std::uint64_t> WriteAheadLog::rotate() {
  if (options_.read_only) return fail(ErrorCode::kUnavailable, "the write-ahead log is open for reading only");
  std::vector<Waiter*> batch_waiters;
  {
    MutexLock lock(mutex_);
    acquire_writer();
    if (failed()) {
      release_writer();
      return std::unexpected(failed_error());
    }
    batch_.clear();
    std::swap(batch_, pending_);
    std::swap(batch_waiters, waiters_);
  }
  Result<void> done;
  if (!batch_.empty()) {
    done = write_batch(batch_);
    if (done) {
      for (const Waiter* waiter : batch_waiters) {
        if (*waiter->on_logged) (*waiter->on_logged)();
      }
    }
  }
  const Result<void> outcome = done;
  if (done) done = begin_segment();
  const std::uint64_t number = number_;
  MutexLock lock(mutex_);
  records_ += batch_waiters.size();
  for (Waiter* waiter : batch_waiters) waiter->result = outcome ? outcome : std::unexpected(failed_error());
  release_writer();
  if (!done) return std::unexpected(done.error());
  return number;
}

Result<void> WriteAheadLog::sync() {
  {
    MutexLock lock(mutex_);
    acquire_writer();
  }
  const Result<void> done = file_ == nullptr ? Result<void>() : file_->sync();
  MutexLock lock(mutex_);
  release_writer();
  return done;
}

Result<void> WriteAheadLog::truncate_before(std::uint64_t segment) {
  MutexLock lock(files_mutex_);
  while (!segments_.empty() && segments_.front().first < segment) {
    const auto [number, bytes] = segments_.front();
    const auto path = path_of(number);
    if (std::find(damaged_.begin(), damaged_.end(), number) != damaged_.end()) {
      auto kept = path;
      kept += ".damaged";
      VIGIL_TRY_VOID(options_.file_system.rename(path, kept));
    } else if (auto removed = options_.file_system.remove(path);
               !removed && removed.error().code() != ErrorCode::kNotFound) {
      return removed;
    }
    total_bytes_ -= bytes;
    segments_.erase(segments_.begin());
  }
  return {};
}

Result<void> WriteAheadLog::recover(const std::function<Result<void>(std::uint64_t segment)>& rebuild) {
  {
    MutexLock lock(mutex_);
    acquire_writer();
    pending_.clear();
  }
  // Attempts on a full disk would else leave a segment each.
  Result<void> done = begun_by_recover_ ? Result<void>() : begin_segment();
  begun_by_recover_ = done.has_value();
  const std::uint64_t number = number_;
  {
    MutexLock lock(mutex_);
    release_writer();
  }
  if (done) done = rebuild(number);
  if (!done) return done;
  MutexLock lock(mutex_);
  failure_.clear();
  failed_.store(false, std::memory_order_release);
  return done;
}

}  // namespace vigil::wal
