// What happens beside the appends: chunk files, checkpoints, retention, recovery from a
// full disk. One thread at a time, from the timer or a caller.
#include <algorithm>

#include "vigil/base/log.h"
#include "vigil/storage/core.h"

namespace vigil::storage {

Core::~Core() { timer.stop(); }

void Core::arm_timer(Duration delay) {
  timer.arm(options.scheduler->clock().now() + delay, [this] {
    maintain();
    arm_timer(options.maintenance_interval);
    // A commit that woke it meanwhile must not wait for the interval.
    if (woken.load()) arm_timer(0);
  });
}

void Core::wake() {
  if (woken.load(std::memory_order_relaxed)) return;
  // What failed a moment ago is not tried again at every commit.
  if (options.scheduler->clock().now() < not_before.load(std::memory_order_relaxed)) return;
  if (!woken.exchange(true)) arm_timer(0);
}

void Core::maintain() {
  woken = false;
  MutexLock guard(maintenance_mutex);
  if (closed || options.read_only) return;
  if (!writable.load(std::memory_order_acquire)) try_to_recover();
  if (!writable.load(std::memory_order_acquire)) return;

  const Timestamp now = options.scheduler->clock().now();
  if (many_sealed()) {
    if (auto done = flush_sealed(); !done) {
      not_before = now + options.maintenance_interval;
      log::error("storage", "cannot write a chunk file; its chunks stay in memory",
                 {{"error", done.error().message()}});
    }
  }
  const std::uint64_t since = wal->written_bytes() - wal_at_checkpoint.load();
  const bool long_enough = since > std::max(options.checkpoint_bytes, checkpoint_size.load());
  if (long_enough || (since > 0 && now - checkpoint_time.load() >= options.checkpoint_interval)) {
    if (const auto done = rotate_and_checkpoint(); !done) {
      ++counters.failed_checkpoints;
      not_before = now + options.maintenance_interval;
      log::error("storage", "cannot write a checkpoint", {{"error", done.error().message()}});
      if (wal->failed()) become_read_only(done.error().message());
    }
  }
  // Whole files go: once a minute is often enough.
  if (last_retention == kMinTimestamp || now - last_retention >= kMinute || now < last_retention) {
    last_retention = now;
    apply_retention();
  }
  pins.collect();
}

Result<void> Core::checkpoint() {
  MutexLock guard(maintenance_mutex);
  if (options.read_only) return fail(ErrorCode::kUnavailable, "opened for reading only");
  if (many_sealed()) VIGIL_TRY_VOID(flush_sealed());
  return rotate_and_checkpoint();
}

Result<void> Core::rotate_and_checkpoint() {
  VIGIL_TRY(const std::uint64_t segment, wal->rotate());
  return write_checkpoint(segment);
}

Result<void> Core::write_checkpoint(std::uint64_t segment) {
  // Commits go on: what they add meanwhile is in the log from `segment` on, and may be
  // in here as well.
  const std::uint64_t written = wal->written_bytes();
  VIGIL_TRY(auto writer, CheckpointWriter::create(fs, options.directory, {segment, index.last_id(), last_file}));
  VIGIL_TRY(const Postings ids, index.select({}));
  for (const SeriesId id : ids) VIGIL_TRY_VOID(writer.add(*index.get(id), index));
  {
    MutexLock guard(metadata_mutex);
    for (const auto& [metric, entry] : metadata) VIGIL_TRY_VOID(writer.add_metadata(metric, entry));
  }
  VIGIL_TRY(const std::uint64_t size, writer.finish([&] { return wal->sync(); }));
  checkpoint_size = size;
  wal_at_checkpoint = written;
  checkpoint_time = options.scheduler->clock().now();
  ++counters.checkpoints;
  // From here on the old ones are only in the way.
  if (checkpoint_segment != segment) {
    const auto old = options.directory / checkpoint_file_name(checkpoint_segment);
    if (fs.exists(old)) VIGIL_TRY_VOID(fs.remove(old));
  }
  checkpoint_segment = segment;
  return wal->truncate_before(segment);
}

Result<void> Core::flush_sealed() {
  std::vector<Series*> listed;
  {
    MutexLock guard(sealed_mutex);
    listed = sealed;
  }
  std::sort(listed.begin(), listed.end(), [](const Series* a, const Series* b) { return a->id() < b->id(); });
  struct Part {
    Series* series;
    const SealedChunk* newest;
  };
  std::vector<Part> parts;
  ChunkFileWriter writer;
  for (Series* series : listed) {
    const auto chunks = series->sealed();
    if (chunks.empty()) continue;
    for (const SealedChunk* chunk : chunks) writer.add(series->id(), *chunk);
    parts.push_back({series, chunks.back()});
  }
  if (writer.empty()) return {};
  const std::uint32_t number = last_file + 1;
  VIGIL_TRY_VOID(writer.write(fs, chunk_directory(options), number));
  VIGIL_TRY(auto file, ChunkFile::open(fs, chunk_directory(options), number));
  last_file = number;
  auto grown = std::make_shared<ChunkFiles>(*current_files());
  grown->push_back(std::move(file));
  publish_files(std::move(grown));

  std::vector<SealedChunk*> taken;
  taken.reserve(parts.size());
  {
    MutexLock guard(sealed_mutex);
    std::vector<Series*> rest;
    for (const Part& part : parts) {
      taken.push_back(part.series->take_sealed(part.newest, number));
      for (const SealedChunk* chunk = taken.back(); chunk != nullptr; chunk = chunk->older) {
        sealed_totals.remove(*chunk);
      }
    }
    for (Series* series : sealed) {
      // A chunk may have become full meanwhile.
      series->listed_as_sealed = !series->sealed().empty();
      if (series->listed_as_sealed) rest.push_back(series);
    }
    sealed = std::move(rest);
  }
  free_later(std::move(taken));
  return {};
}

void Core::apply_retention() {
  const Timestamp now = options.scheduler->clock().now();
  const Timestamp cutoff = options.retention > 0 ? now - options.retention : kMinTimestamp;
  const auto current = current_files();
  std::size_t count = 0;
  while (count < current->size() && (*current)[count]->maxt() < cutoff) ++count;
  if (options.retention_bytes > 0) {
    std::uint64_t bytes = wal->size_bytes() + checkpoint_size.load();
    for (std::size_t i = count; i < current->size(); ++i) bytes += (*current)[i]->bytes();
    for (; count < current->size() && bytes > options.retention_bytes; ++count) bytes -= (*current)[count]->bytes();
  }
  if (count > 0) delete_files(count);

  const Postings ids = index.select({}).value_or(Postings());
  const Timestamp quiet = std::max(cutoff, now - options.idle_after);
  std::vector<SealedChunk*> expired;
  for (const SeriesId id : ids) {
    Series* series = index.get(id);
    if (series->first_time() < cutoff) {
      if (SealedChunk* chunks = series->take_expired(cutoff); chunks != nullptr) expired.push_back(chunks);
    }
    // Series that went quiet leave their buffers.
    if (series->last_time() >= quiet || series->last_time() == kMinTimestamp) continue;
    if (const SealedChunk* chunk = series->seal_now(); chunk != nullptr) note_sealed(*series, *chunk);
  }
  if (!expired.empty()) {
    for (const SealedChunk* chunk : expired) {
      for (; chunk != nullptr; chunk = chunk->older) sealed_totals.remove(*chunk);
    }
    free_later(std::move(expired));
  }
  if (count > 0 || now - retention_scan >= kHour) {
    retention_scan = now;
    find_min_time();
  }
  drop_series(cutoff);
  measure_series();
}

void Core::delete_files(std::size_t count) {
  const auto current = current_files();
  auto rest = std::make_shared<ChunkFiles>();
  for (std::size_t i = 0; i < current->size(); ++i) {
    const ChunkFile& file = *(*current)[i];
    if (i < count) {
      if (auto removed = fs.remove(chunk_directory(options) / chunk_file_name(file.number())); removed) {
        ++counters.deleted_chunk_files;
        continue;
      }
    }
    rest->push_back((*current)[i]);
  }
  publish_files(std::move(rest));
}

void Core::free_later(std::vector<SealedChunk*> chunks) {
  pins.retire([chunks = std::move(chunks)] {
    for (SealedChunk* chunk : chunks) {
      while (chunk != nullptr) delete std::exchange(chunk, chunk->older);
    }
  });
}

void Core::find_min_time() {
  Timestamp oldest = kMaxTimestamp;
  const auto current = current_files();
  for (const auto& file : *current) oldest = std::min(oldest, file->mint());
  for (const SeriesId id : index.select({}).value_or(Postings())) {
    oldest = std::min(oldest, index.get(id)->memory_first());
  }
  min_time.store(oldest);
}

// In two steps, so that no transaction can hold a series that is gone: first series are
// marked, and appenders refuse them from then on; when all transactions that may have
// missed the mark are over, those that are still without samples are dropped.
void Core::drop_series(Timestamp cutoff) {
  const auto files_now = current_files();
  const std::uint32_t oldest_file = files_now->empty() ? last_file + 1 : files_now->front()->number();
  const auto dead = [&](Series& series) {
    return series.last_file() < oldest_file && series.last_time() < cutoff &&
           (series.last_time() != kMinTimestamp || series.seen_empty);
  };
  if (!doomed.empty()) {
    if (!pins.passed(doom_epoch)) return;
    const auto pin = pins.pin();  // so that those dropped can still be told apart below
    std::vector<const Series*> gone;
    counters.dropped_series += index.drop(doomed, [&](Series& series) {
      if (!series.doomed.load() || !dead(series)) return false;
      for (const SealedChunk* chunk : series.sealed()) sealed_totals.remove(*chunk);
      gone.push_back(&series);
      return true;
    });
    // Their chunks, if any, are older than the retention and need no file.
    std::sort(gone.begin(), gone.end());
    MutexLock guard(sealed_mutex);
    std::erase_if(sealed, [&](const Series* series) { return std::binary_search(gone.begin(), gone.end(), series); });
    doomed.clear();
  }
  for (const SeriesId id : index.select({}).value_or(Postings())) {
    Series* series = index.get(id);
    if (dead(*series)) {
      series->doomed.store(true);
      doomed.push_back(series);
    } else {
      series->seen_empty = series->last_time() == kMinTimestamp;
      series->doomed.store(false);
    }
  }
  doom_epoch = pins.advance();
}

void Core::try_to_recover() {
  // The log's end on disk is unknown after a failure. A new segment and a checkpoint of
  // everything in memory make it irrelevant.
  const auto rebuild = [this](std::uint64_t segment) NO_THREAD_SAFETY_ANALYSIS { return write_checkpoint(segment); };
  const Result<void> done = wal->failed() ? wal->recover(rebuild) : rotate_and_checkpoint();
  const Timestamp now = options.scheduler->clock().now();
  if (!done) {
    MutexLock guard(state_mutex);
    state.reason = done.error().message();
    return;
  }
  {
    MutexLock guard(state_mutex);
    state = {State::kReady, "", now};
  }
  writable.store(true, std::memory_order_release);
  log::info("storage", "writing again");
}

void Core::become_read_only(const std::string& reason) {
  MutexLock guard(state_mutex);
  if (state.state != State::kReady) return;
  state = {State::kReadOnly, reason, options.scheduler->clock().now()};
  writable.store(false, std::memory_order_release);
  log::error("storage", "read-only until the disk can be written again", {{"reason", reason}});
}

Result<void> Core::close() {
  timer.stop();
  bool was_ready = false;
  {
    MutexLock guard(state_mutex);
    if (state.state == State::kClosed) return {};
    was_ready = state.state == State::kReady;
    state = {State::kClosed, "the store is closed", options.scheduler->clock().now()};
    writable.store(false, std::memory_order_release);
  }
  MutexLock guard(maintenance_mutex);
  closed = true;
  if (!was_ready || wal == nullptr) return {};
  if (wal->written_bytes() == wal_at_checkpoint.load() && counters.replayed_records.load() == 0) return {};
  return rotate_and_checkpoint();
}

StateReport Core::state_report() const {
  MutexLock guard(state_mutex);
  return state;
}

std::shared_ptr<const ChunkFiles> Core::current_files() const {
  MutexLock guard(files_mutex);
  return files;
}

void Core::publish_files(std::shared_ptr<const ChunkFiles> list) {
  MutexLock guard(files_mutex);
  files = std::move(list);
  files_version.fetch_add(1, std::memory_order_release);
}

}  // namespace vigil::storage
