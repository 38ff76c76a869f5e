// Opening a directory: checkpoint, newer chunk files, then the log behind the checkpoint.
#include <fmt/format.h>

#include <algorithm>

#include "vigil/base/log.h"
#include "vigil/storage/core.h"

namespace vigil::storage {

std::filesystem::path wal_directory(const Options& options) { return options.directory / "wal"; }
std::filesystem::path chunk_directory(const Options& options) { return options.directory / "chunks"; }

Result<void> Core::open() {
  const auto started = options.scheduler->clock().steady();
  if (options.read_only) {
    if (!fs.exists(options.directory)) {
      return fail(ErrorCode::kNotFound, "no data directory " + options.directory.string());
    }
  } else {
    VIGIL_TRY_VOID(fs.create_directories(options.directory));
    VIGIL_TRY_VOID(fs.create_directories(chunk_directory(options)));
    VIGIL_TRY(lock, fs.lock(options.directory / "lock"));
  }

  CheckpointHeader header;
  VIGIL_TRY(const std::uint64_t first_segment, load_checkpoint(header));
  index.reserve_ids(header.last_id);
  VIGIL_TRY_VOID(load_chunk_files(header));
  VIGIL_TRY_VOID(replay(first_segment));
  newer_chunks.clear();
  count_sealed();
  measure_series();

  const auto all_files = current_files();
  for (const auto& file : *all_files) {
    note_time(file->mint());
    note_time(file->maxt());
  }
  {
    MutexLock guard(state_mutex);
    state = {options.read_only ? State::kReadOnly : State::kReady, options.read_only ? "opened for reading only" : "",
             options.scheduler->clock().now()};
  }
  checkpoint_time = options.scheduler->clock().now();
  writable = !options.read_only;
  open_seconds = std::chrono::duration<double>(options.scheduler->clock().steady() - started).count();
  log::info("storage", "opened",
            {{"directory", options.directory.string()},
             {"series", std::uint64_t{index.size()}},
             {"replayed_records", counters.replayed_records.load()},
             {"seconds", open_seconds}});
  if (!options.read_only) {
    // What was salvaged from damaged files is safe once it is in a checkpoint.
    if (!damage.empty()) {
      if (auto done = checkpoint(); !done) become_read_only(done.error().message());
    }
    arm_timer(options.maintenance_interval);
  }
  return {};
}

void Core::set_aside(const std::filesystem::path& path, std::uint64_t offset, const std::string& reason) {
  // Errors of chunk files name the place themselves.
  damage.push_back(
      reason.starts_with(path.string()) ? reason : fmt::format("{} at offset {}: {}", path.string(), offset, reason));
  log::error("storage", "damaged file", {{"error", damage.back()}});
}

Result<std::uint64_t> Core::load_checkpoint(CheckpointHeader& header) {
  VIGIL_TRY(const auto names, fs.list(options.directory));
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : names) {
    if (const auto number = parse_checkpoint_file_name(name)) numbers.push_back(*number);
    // A crash came before it got its name.
    if (name.ends_with(".tmp") && !options.read_only) VIGIL_TRY_VOID(fs.remove(options.directory / name));
  }
  std::sort(numbers.rbegin(), numbers.rend());
  for (const std::uint64_t number : numbers) {
    const auto path = options.directory / checkpoint_file_name(number);
    VIGIL_TRY(const auto file, fs.open_readable(path));
    VIGIL_TRY(const std::string_view bytes, file->view());
    bool damaged = false;
    CheckpointVisitor visitor;
    visitor.intern = [&](std::string_view name, std::string_view value) { return index.intern(name, value); };
    visitor.series = [&](SeriesId id, std::span<const PairId> pairs) -> Series* {
      if (index.get(id) != nullptr) return nullptr;
      Series* series = index.restore(id, pairs);
      return series->id() == id ? series : nullptr;
    };
    visitor.metadata = [&](std::string_view metric, MetricMetadata entry) {
      MutexLock guard(metadata_mutex);
      metadata.insert_or_assign(std::string(metric), std::move(entry));
    };
    visitor.damage = [&](std::uint64_t offset, const std::string& reason) {
      damaged = true;
      set_aside(path, offset, reason);
    };
    auto read = read_checkpoint(bytes, visitor);
    if (!read) set_aside(path, 0, read.error().message());
    if ((!read || damaged) && !options.read_only) {
      // Keeps a copy by that name; the file itself stays until the next checkpoint is there.
      auto copy = path;
      copy += ".damaged";
      VIGIL_TRY_VOID(fs.write_file_atomically(copy, bytes));
    }
    if (!read) continue;
    header = *read;
    checkpoint_size = bytes.size();
    {
      MutexLock guard(maintenance_mutex);
      checkpoint_segment = header.wal_segment;
      last_file = header.last_file;
    }
    break;
  }
  const auto all = index.select({});
  for (const SeriesId id : *all) {
    Series* series = index.get(id);
    if (series->first_time() != kMaxTimestamp) note_time(series->first_time());
    if (series->last_time() != kMinTimestamp) note_time(series->last_time());
  }
  return header.wal_segment;
}

// Chunks that came from the checkpoint or the log wait for their file. Counted when all
// is read: a chunk file newer than the checkpoint takes away what came from there.
void Core::count_sealed() {
  for (const SeriesId id : index.select({}).value_or(Postings())) {
    Series* series = index.get(id);
    for (const SealedChunk* chunk : series->sealed()) note_sealed(*series, *chunk);
  }
}

Result<void> Core::load_chunk_files(const CheckpointHeader& header) {
  MutexLock guard(maintenance_mutex);
  if (!fs.exists(chunk_directory(options))) return {};
  VIGIL_TRY(const auto names, fs.list(chunk_directory(options)));
  auto loaded = std::make_shared<ChunkFiles>();
  std::vector<std::uint32_t> numbers;
  for (std::string_view name : names) {
    const auto path = chunk_directory(options) / name;
    if (name.ends_with(".tmp") && !options.read_only) {
      VIGIL_TRY_VOID(fs.remove(path));
      continue;
    }
    const auto number = parse_chunk_file_name(name);
    if (number) numbers.push_back(*number);
    // The number of a damaged file is not used again.
    if (name.ends_with(".damaged")) name.remove_suffix(std::string_view(".damaged").size());
    if (const auto used = parse_chunk_file_name(name)) last_file = std::max(last_file, *used);
  }
  std::sort(numbers.begin(), numbers.end());
  for (const std::uint32_t number : numbers) {
    auto file = ChunkFile::open(fs, chunk_directory(options), number);
    if (!file) {
      if (file.error().code() != ErrorCode::kCorruption) return std::unexpected(file.error());
      const auto path = chunk_directory(options) / chunk_file_name(number);
      set_aside(path, 0, file.error().message());
      auto kept = path;
      kept += ".damaged";
      if (!options.read_only) VIGIL_TRY_VOID(fs.rename(path, kept));
      continue;
    }
    const ChunkFile& chunks = **file;
    if (chunks.chunks() != 0) index.reserve_ids(chunks.entry(chunks.chunks() - 1).series);
    if (number > header.last_file) {
      // Written after the checkpoint: what is in it must not come back from there or from the log.
      for (std::uint32_t i = 0; i < chunks.chunks(); ++i) {
        const ChunkFile::Entry entry = chunks.entry(i);
        auto& newest = newer_chunks.try_emplace(entry.series, entry.maxt, number).first->second;
        newest = {std::max(newest.first, entry.maxt), number};
      }
    }
    loaded->push_back(*std::move(file));
  }
  publish_files(std::move(loaded));
  for (const auto& [id, newest] : newer_chunks) {
    if (Series* series = index.get(id); series != nullptr) series->drop_through(newest.first, newest.second);
  }
  return {};
}

namespace {

// Applies log records to the series in memory.
struct Replayer {
  Core& core;
  std::vector<PairId> pairs;

  void series(SeriesId id, const std::vector<LabelView>& labels) {
    pairs.clear();
    for (const LabelView label : labels) pairs.push_back(core.index.intern(label.name, label.value));
    if (core.index.get(id) != nullptr) return;
    Series* series = core.index.restore(id, pairs);
    const auto newer = core.newer_chunks.find(id);
    if (newer != core.newer_chunks.end()) series->drop_through(newer->second.first, newer->second.second);
  }
  template <class Value>
  void add(SeriesId id, Timestamp timestamp, const Value& value) {
    Series* series = core.index.get(id);
    if (series == nullptr) {
      ++core.counters.unknown_series_samples;
      return;
    }
    ++core.counters.replayed_samples;
    series->append(timestamp, value, {});
    core.note_time(timestamp);
  }
  void sample(SeriesId id, Timestamp timestamp, double value) { add(id, timestamp, value); }
  void histogram(SeriesId id, Timestamp timestamp, const HistogramPtr& value) { add(id, timestamp, value); }
  void metadata(std::string_view metric, const MetricMetadata& entry) {
    MutexLock guard(core.metadata_mutex);
    core.metadata.insert_or_assign(std::string(metric), entry);
  }
};

}  // namespace

Result<void> Core::replay(std::uint64_t first_segment) {
  Replayer replayer{*this, {}};
  wal::Options wal_options{.directory = wal_directory(options),
                           .file_system = fs,
                           .segment_bytes = options.wal_segment_bytes,
                           .fsync = options.fsync,
                           .on_damage = wal::Options::OnDamage::kQuarantine,
                           .read_only = options.read_only};
  VIGIL_TRY(wal, wal::WriteAheadLog::open(
                     wal_options, first_segment, [&](wal::Position position, std::string_view record) -> Result<void> {
                       ++counters.replayed_records;
                       if (auto read = read_record(record, replayer); !read) {
                         // Its checksum is good: written by another version, or by a bug.
                         set_aside(wal_directory(options) / fmt::format("{:08}.wal", position.segment), position.offset,
                                   read.error().message());
                       }
                       return {};
                     }));
  for (const wal::Damage& found : wal->replay_report().damage) damage.push_back(found.to_string());
  return {};
}

}  // namespace vigil::storage
