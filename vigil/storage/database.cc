#include "vigil/storage/database.h"

#include <algorithm>

#include "vigil/storage/core.h"

namespace vigil::storage {

Database::Database(std::unique_ptr<Core> core) : core_(std::move(core)) {}

Result<std::unique_ptr<Database>> Database::open(Options options) {
  if (options.scheduler == nullptr || options.file_system == nullptr || options.directory.empty()) {
    return fail(ErrorCode::kInvalidArgument, "storage needs a directory, a file system and a scheduler");
  }
  auto core = std::make_unique<Core>(std::move(options));
  VIGIL_TRY_VOID(core->open());
  return std::unique_ptr<Database>(new Database(std::move(core)));
}

Database::~Database() { static_cast<void>(core_->close()); }

Result<void> Database::close() { return core_->close(); }
std::unique_ptr<Appender> Database::appender() { return make_appender(*core_); }
Result<std::unique_ptr<Querier>> Database::querier(Timestamp mint, Timestamp maxt) {
  return make_querier(*core_, mint, maxt);
}
std::vector<SeriesExemplars> Database::exemplars(std::span<const Matcher> matchers, Timestamp mint, Timestamp maxt) {
  return core_->exemplars.select(matchers, mint, maxt);
}

std::vector<std::pair<std::string, MetricMetadata>> Database::metadata(std::string_view metric, std::size_t limit) {
  MutexLock guard(core_->metadata_mutex);
  std::vector<std::pair<std::string, MetricMetadata>> out;
  if (!metric.empty()) {
    if (const auto found = core_->metadata.find(metric); found != core_->metadata.end()) out.emplace_back(*found);
    return out;
  }
  for (const auto& entry : core_->metadata) {
    if (limit != 0 && out.size() == limit) break;
    out.emplace_back(entry);
  }
  return out;
}

void Database::maintain() { core_->maintain(); }
Result<void> Database::checkpoint() { return core_->checkpoint(); }
StateReport Database::state() const { return core_->state_report(); }
Stats Database::figures() const { return core_->figures(); }
Stats Database::stats(std::size_t top) const { return core_->stats(top); }

namespace {

constexpr std::size_t kEntryBytes = 28;  // of a chunk file's index, with the checksum

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::uint64_t positive(const std::atomic<std::int64_t>& value) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(value.load(std::memory_order_relaxed), 0));
}

// Full chunks: those in memory, then those in files.
void set_chunks(Stats& out, std::uint64_t chunks, std::uint64_t samples, std::uint64_t bytes, const ChunkFiles& files) {
  out.chunks = chunks;
  out.chunk_samples = samples;
  out.chunk_bytes = bytes + chunks * kEntryBytes;
  out.chunk_files = files.size();
  out.chunk_file_bytes = 0;
  for (const auto& file : files) {
    out.chunks += file->chunks();
    out.chunk_samples += file->samples();
    out.chunk_bytes += file->bytes();
    out.chunk_file_bytes += file->bytes();
  }
  out.bytes_per_sample = ratio(out.chunk_bytes, out.chunk_samples);
}

}  // namespace

void Core::measure_series() const {
  const auto pin = pins.pin();
  std::uint64_t bytes = 0;
  std::uint64_t count = 0;
  for (const SeriesId id : index.select({}).value_or(Postings())) {
    Series* series = index.get(id);
    if (series == nullptr) continue;
    bytes += series->footprint().heap_bytes;
    ++count;
  }
  measured_bytes = bytes;
  measured_series = count;
}

Stats Core::figures() const {
  Stats out;
  out.series = index.size();
  // Twice as many are worth a look between the passes, and cost no more than they did to create.
  if (out.series > 2 * measured_series.load()) measure_series();
  out.min_time = min_time.load();
  out.max_time = max_time.load();
  set_chunks(out, positive(sealed_totals.chunks), positive(sealed_totals.samples), positive(sealed_totals.bytes),
             *current_files());
  out.index_bytes = index.heap_bytes();
  out.bytes_per_series = ratio(measured_bytes.load(), measured_series.load()) + ratio(out.index_bytes, out.series);
  out.wal_bytes = wal->size_bytes();
  out.checkpoint_bytes = checkpoint_size.load();
  out.commits = counters.commits.load();
  out.appended_samples = counters.appended_samples.load();
  out.appended_exemplars = counters.appended_exemplars.load();
  out.created_series = counters.created_series.load();
  out.dropped_series = counters.dropped_series.load();
  out.rejected_out_of_order = counters.rejected_out_of_order.load();
  out.rejected_out_of_bounds = counters.rejected_out_of_bounds.load();
  out.rejected_duplicates = counters.rejected_duplicates.load();
  out.rejected_limits = counters.rejected_limits.load();
  out.failed_commits = counters.failed_commits.load();
  out.wal_writes = wal->batches();
  out.wal_written_bytes = wal->written_bytes();
  out.checkpoints = counters.checkpoints.load();
  out.failed_checkpoints = counters.failed_checkpoints.load();
  out.deleted_chunk_files = counters.deleted_chunk_files.load();
  out.replayed_records = counters.replayed_records.load();
  out.replayed_samples = counters.replayed_samples.load();
  out.torn_tails = wal->replay_report().torn_tails;
  out.unknown_series_samples = counters.unknown_series_samples.load();
  out.damage = damage;
  out.open_seconds = open_seconds;
  return out;
}

Stats Core::stats(std::size_t top) const {
  Stats out = figures();
  SeriesFootprint sum;
  const auto pin = pins.pin();
  for (const SeriesId id : index.select({}).value_or(Postings())) {
    Series* series = index.get(id);
    if (series == nullptr) continue;
    const SeriesFootprint size = series->footprint();
    sum.samples += size.samples;
    sum.sealed_chunks += size.sealed_chunks;
    sum.sealed_samples += size.sealed_samples;
    sum.sealed_bytes += size.sealed_bytes;
    out.series_bytes += size.heap_bytes;
  }
  set_chunks(out, sum.sealed_chunks, sum.sealed_samples, sum.sealed_bytes, *current_files());
  out.open_samples = sum.samples - sum.sealed_samples;
  out.samples = out.chunk_samples + out.open_samples;
  out.bytes_per_series = ratio(out.series_bytes + out.index_bytes, out.series);
  if (top > 0) out.index = index.stats(top);
  return out;
}

}  // namespace vigil::storage
