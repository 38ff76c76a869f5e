#include "vigil/engine/storage_metrics.h"

#include <chrono>

namespace vigil::engine {
namespace {

struct Figure {
  MetricType type;
  metrics::Name name;
  const char* help;
  double (*read)(const storage::Stats&);
};

template <auto Member>
double read(const storage::Stats& stats) {
  return static_cast<double>(stats.*Member);
}

using storage::Stats;
constexpr Figure kFigures[] = {
    {MetricType::kGauge, "vigil_tsdb_head_series", "Series in the store.", read<&Stats::series>},
    {MetricType::kGauge, "vigil_tsdb_head_chunks", "Full chunks, in memory and in files.", read<&Stats::chunks>},
    {MetricType::kGauge, "vigil_tsdb_chunk_bytes", "Bytes of full chunks and their index entries.",
     read<&Stats::chunk_bytes>},
    {MetricType::kGauge, "vigil_tsdb_bytes_per_sample", "Compressed size of a sample in full chunks.",
     read<&Stats::bytes_per_sample>},
    {MetricType::kGauge, "vigil_tsdb_bytes_per_series", "Memory of a series, its index entries included.",
     read<&Stats::bytes_per_series>},
    {MetricType::kGauge, "vigil_tsdb_wal_bytes", "Size of the write-ahead log.", read<&Stats::wal_bytes>},
    {MetricType::kGauge, "vigil_tsdb_checkpoint_bytes", "Size of the last checkpoint.", read<&Stats::checkpoint_bytes>},
    {MetricType::kGauge, "vigil_tsdb_chunk_file_bytes", "Size of the chunk files.", read<&Stats::chunk_file_bytes>},
    {MetricType::kCounter, "vigil_tsdb_head_samples_appended_total", "Samples stored.", read<&Stats::appended_samples>},
    {MetricType::kCounter, "vigil_tsdb_commits_total", "Transactions stored.", read<&Stats::commits>},
    {MetricType::kCounter, "vigil_tsdb_failed_commits_total", "Transactions that could not be written.",
     read<&Stats::failed_commits>},
    {MetricType::kCounter, "vigil_tsdb_series_created_total", "Series created.", read<&Stats::created_series>},
    {MetricType::kCounter, "vigil_tsdb_series_dropped_total", "Series dropped by retention.",
     read<&Stats::dropped_series>},
    {MetricType::kCounter, "vigil_tsdb_out_of_order_samples_total",
     "Samples refused as older than their series' newest.", read<&Stats::rejected_out_of_order>},
    {MetricType::kCounter, "vigil_tsdb_out_of_bounds_samples_total", "Samples refused as outside the accepted time.",
     read<&Stats::rejected_out_of_bounds>},
    {MetricType::kCounter, "vigil_tsdb_duplicate_samples_total", "Samples refused as a second value at a timestamp.",
     read<&Stats::rejected_duplicates>},
    {MetricType::kCounter, "vigil_tsdb_limited_total", "Series or labels refused by a limit.",
     read<&Stats::rejected_limits>},
    {MetricType::kCounter, "vigil_tsdb_wal_writes_total", "Writes to the log; one serves many commits.",
     read<&Stats::wal_writes>},
    {MetricType::kCounter, "vigil_tsdb_wal_written_bytes_total", "Bytes written to the log.",
     read<&Stats::wal_written_bytes>},
    {MetricType::kCounter, "vigil_tsdb_checkpoints_total", "Checkpoints made.", read<&Stats::checkpoints>},
    {MetricType::kCounter, "vigil_tsdb_failed_checkpoints_total", "Checkpoints that failed.",
     read<&Stats::failed_checkpoints>},
    {MetricType::kGauge, "vigil_tsdb_torn_tails", "Log tails cut off when the store was opened.",
     read<&Stats::torn_tails>},
    {MetricType::kGauge, "vigil_tsdb_open_seconds", "Time it took to open the store.", read<&Stats::open_seconds>},
};

}  // namespace

// One look at the store serves all families of a page.
StorageMetrics::Snapshot::Snapshot(storage::Database& source, const Clock& time) : database(source), clock(time) {}

const Stats& StorageMetrics::Snapshot::stats() {
  constexpr std::chrono::nanoseconds kFresh = std::chrono::milliseconds(100);
  const auto now = clock.steady();
  if (!taken || now - *taken > kFresh) {
    current = database.figures();
    taken = now;
  }
  return current;
}

StorageMetrics::StorageMetrics(metrics::Registry& registry, storage::Database& database, const Clock& clock)
    : snapshot_(database, clock) {
  const auto show = [&](MetricType type, metrics::Name name, const char* help, auto read_figure) {
    collectors_.push_back(std::make_unique<metrics::Collector>(registry, type, name, help,
                                                               std::initializer_list<std::string_view>{},
                                                               [this, read_figure](metrics::CollectorSink& sink) {
                                                                 const std::lock_guard lock(snapshot_.mutex);
                                                                 sink.point(read_figure(snapshot_.stats()));
                                                               }));
  };
  for (const Figure& figure : kFigures) show(figure.type, figure.name, figure.help, figure.read);
  show(MetricType::kGauge, "vigil_tsdb_damaged_files", "Damaged parts that were set aside at start.",
       [](const Stats& stats) { return static_cast<double>(stats.damage.size()); });
  show(MetricType::kGauge, "vigil_tsdb_read_only", "1 while the store refuses writes.",
       [&database](const Stats&) { return database.state().state == storage::State::kReadOnly ? 1.0 : 0.0; });
}

}  // namespace vigil::engine
