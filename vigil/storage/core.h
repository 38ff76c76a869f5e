// The parts of an open database, shared by its appenders, queriers and maintenance.
// Private to the module.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "vigil/base/mutex.h"
#include "vigil/base/scheduler.h"
#include "vigil/storage/database.h"
#include "vigil/storage/file/checkpoint.h"
#include "vigil/storage/file/chunk_file.h"
#include "vigil/storage/head/pins.h"
#include "vigil/storage/index/series_index.h"
#include "vigil/storage/wal_records.h"
#include "vigil/storage_wal/write_ahead_log.h"

namespace vigil::storage {

// What an appender has collected. Reused from transaction to transaction.
struct Transaction {
  struct Item {
    Series* series = nullptr;
    Timestamp timestamp = 0;
    std::uint64_t bits = 0;  // of the value, or the index in `histograms`
    bool is_histogram = false;
    double value() const { return std::bit_cast<double>(bits); }
  };
  std::vector<Item> items;
  std::vector<HistogramPtr> histograms;
  std::vector<std::pair<Series*, Exemplar>> exemplars;
  std::vector<std::pair<std::string, MetricMetadata>> metadata;
  TransactionRecord record;

  // Series -> its last item here, for the order within the transaction. Open addressing.
  struct Slot {
    SeriesId series = 0;
    std::uint32_t item = 0;
  };
  std::vector<Slot> last;

  bool empty() const { return items.empty() && exemplars.empty() && metadata.empty(); }
  void clear();
  // The slot for `series`, to be filled in by the caller.
  Slot& slot(SeriesId series);
};

// Counters since open; Stats says what they mean.
struct Counters {
  std::atomic<std::uint64_t> commits, appended_samples, appended_exemplars, created_series, dropped_series,
      rejected_out_of_order, rejected_out_of_bounds, rejected_duplicates, rejected_limits, failed_commits, checkpoints,
      failed_checkpoints, deleted_chunk_files, replayed_records, replayed_samples, unknown_series_samples;
};

// What the sealed chunks in memory amount to. Signed: maintenance may take a chunk away
// before its appender has counted it.
struct SealedTotals {
  std::atomic<std::int64_t> chunks = 0, samples = 0, bytes = 0;
  void add(const SealedChunk& chunk, std::int64_t sign = 1) {
    chunks.fetch_add(sign, std::memory_order_relaxed);
    samples.fetch_add(sign * chunk.samples, std::memory_order_relaxed);
    bytes.fetch_add(sign * chunk.size, std::memory_order_relaxed);
  }
  void remove(const SealedChunk& chunk) { add(chunk, -1); }
  // Memory, what each costs beside its bytes included.
  std::int64_t footprint() const {
    return bytes.load(std::memory_order_relaxed) +
           chunks.load(std::memory_order_relaxed) * static_cast<std::int64_t>(sizeof(SealedChunk));
  }
};

// The newest exemplars over all series.
class ExemplarRing {
 public:
  explicit ExemplarRing(std::size_t capacity) : capacity_(capacity) {}
  void add(const Labels& series, const Exemplar& exemplar);
  std::vector<SeriesExemplars> select(std::span<const Matcher> matchers, Timestamp mint, Timestamp maxt);

 private:
  const std::size_t capacity_;
  Mutex mutex_;
  std::deque<std::pair<Labels, Exemplar>> ring_ GUARDED_BY(mutex_);
  std::unordered_map<Labels, Exemplar, LabelsHash> newest_ GUARDED_BY(mutex_);
};

struct Core {
  explicit Core(Options o)
      : options(std::move(o)), fs(*options.file_system), exemplars(options.max_exemplars), timer(*options.scheduler) {}
  ~Core();

  // recovery.cc
  Result<void> open();
  Result<std::uint64_t> load_checkpoint(CheckpointHeader& header);
  Result<void> load_chunk_files(const CheckpointHeader& header);
  Result<void> replay(std::uint64_t first_segment);
  void count_sealed();
  void set_aside(const std::filesystem::path& path, std::uint64_t offset, const std::string& reason);

  // append.cc
  Result<Series*> resolve(const Labels& labels);
  Result<void> check_labels(const Labels& labels);
  Result<void> commit(Transaction& transaction);
  void apply(const Transaction& transaction);  // in the order of the log, one at a time
  void note_sealed(Series& series, const SealedChunk& chunk);
  void note_time(Timestamp timestamp);
  Timestamp oldest_allowed() const;

  // maintenance.cc
  void maintain();
  Result<void> checkpoint();
  Result<void> rotate_and_checkpoint() REQUIRES(maintenance_mutex);
  Result<void> write_checkpoint(std::uint64_t segment) REQUIRES(maintenance_mutex);
  Result<void> flush_sealed() REQUIRES(maintenance_mutex);
  void apply_retention() REQUIRES(maintenance_mutex);
  void delete_files(std::size_t count) REQUIRES(maintenance_mutex);
  void find_min_time() REQUIRES(maintenance_mutex);
  void free_later(std::vector<SealedChunk*> chunks);
  void drop_series(Timestamp cutoff) REQUIRES(maintenance_mutex);
  void try_to_recover() REQUIRES(maintenance_mutex);
  void arm_timer(Duration delay);
  void wake();  // maintenance is due now
  Result<void> close();

  void become_read_only(const std::string& reason);
  StateReport state_report() const;
  std::shared_ptr<const ChunkFiles> current_files() const;
  void publish_files(std::shared_ptr<const ChunkFiles> files);
  bool many_sealed() const { return sealed_totals.footprint() > static_cast<std::int64_t>(options.chunk_file_bytes); }
  Stats figures() const;
  Stats stats(std::size_t top) const;
  void measure_series() const;

  const Options options;
  FileSystem& fs;
  std::unique_ptr<FileLock> lock;

  SeriesIndex index{pins};
  mutable Pins pins;  // after the index: goes first, and gives back what it still holds of it
  std::unique_ptr<wal::WriteAheadLog> wal;
  std::atomic<std::uint64_t> watermark = 0;  // newest commit that queries see
  std::uint64_t sequence = 0;                // of the commit being applied; only in apply()
  std::atomic<Timestamp> min_time = kMaxTimestamp;
  std::atomic<Timestamp> max_time = kMinTimestamp;
  std::atomic<bool> writable = false;
  mutable Counters counters{};

  mutable Mutex state_mutex;
  StateReport state GUARDED_BY(state_mutex);

  mutable Mutex files_mutex;
  std::shared_ptr<const ChunkFiles> files GUARDED_BY(files_mutex) = std::make_shared<const ChunkFiles>();
  std::atomic<std::uint64_t> files_version = 0;

  Mutex sealed_mutex;
  std::vector<Series*> sealed GUARDED_BY(sealed_mutex);  // series with sealed chunks
  SealedTotals sealed_totals;

  Mutex pool_mutex;
  std::vector<std::unique_ptr<Transaction>> pool GUARDED_BY(pool_mutex);

  mutable Mutex metadata_mutex;
  std::map<std::string, MetricMetadata, std::less<>> metadata GUARDED_BY(metadata_mutex);
  ExemplarRing exemplars;

  Mutex maintenance_mutex;
  std::uint32_t last_file GUARDED_BY(maintenance_mutex) = 0;
  std::uint64_t checkpoint_segment GUARDED_BY(maintenance_mutex) = 0;
  std::uint64_t doom_epoch GUARDED_BY(maintenance_mutex) = 0;
  std::vector<Series*> doomed GUARDED_BY(maintenance_mutex);
  Timestamp last_retention GUARDED_BY(maintenance_mutex) = kMinTimestamp;
  Timestamp retention_scan GUARDED_BY(maintenance_mutex) = 0;
  bool closed GUARDED_BY(maintenance_mutex) = false;
  std::atomic<std::uint64_t> wal_at_checkpoint = 0;  // written_bytes() then
  std::atomic<std::uint64_t> checkpoint_size = 0;
  std::atomic<Timestamp> checkpoint_time = 0;
  std::atomic<bool> woken = false;
  std::atomic<Timestamp> not_before = kMinTimestamp;  // of the next wake(), after a failure

  // Memory of the series at the last look at all of them, and how many they were.
  mutable std::atomic<std::uint64_t> measured_bytes = 0;
  mutable std::atomic<std::uint64_t> measured_series = 0;

  std::vector<std::string> damage;  // filled by open(), constant afterwards
  double open_seconds = 0;

  // At start: what is in chunk files newer than the checkpoint.
  std::unordered_map<SeriesId, std::pair<Timestamp, std::uint32_t>> newer_chunks;

  Timer timer;  // last: nothing runs once it is gone
};

std::filesystem::path wal_directory(const Options& options);
std::filesystem::path chunk_directory(const Options& options);

std::unique_ptr<Appender> make_appender(Core& core);
std::unique_ptr<Querier> make_querier(Core& core, Timestamp mint, Timestamp maxt);

}  // namespace vigil::storage
