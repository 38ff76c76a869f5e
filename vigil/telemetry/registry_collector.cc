#include "vigil/telemetry/registry_collector.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "vigil/base/mutex.h"
#include "vigil/metrics/dynamic.h"
#include "vigil/metrics/metrics.h"
#include "vigil/telemetry/series_table.h"

namespace vigil::telemetry {
namespace {

using internal::SeriesEntry;

enum class Op : std::uint8_t { kCount, kSet, kAdd, kObserve };

struct Update {
  SeriesEntry* series;
  Op op;
  double value;
};

// What a thread has recorded and not applied yet. The lock is the thread's own but for flushes.
struct Batch {
  Mutex mutex;
  std::vector<Update> updates GUARDED_BY(mutex);
  std::size_t recorded GUARDED_BY(mutex) = 0;  // more than updates where several became one
};

MetricType type_of(Op op) {
  switch (op) {
    case Op::kCount: return MetricType::kCounter;
    case Op::kSet:
    case Op::kAdd: return MetricType::kGauge;
    case Op::kObserve: return MetricType::kHistogram;
  }
  return MetricType::kUnknown;
}

void apply(const Update& update) {
  switch (update.op) {
    case Op::kCount: {
      // Whole numbers stay whole: their sum is exact.
      const auto whole = static_cast<std::uint64_t>(update.value);
      if (static_cast<double>(whole) == update.value) return update.series->counter.inc(whole);
      return update.series->counter.inc(update.value);
    }
    case Op::kSet: return update.series->gauge.set(update.value);
    case Op::kAdd: return update.series->gauge.add(update.value);
    case Op::kObserve: return update.series->histogram.observe(update.value);
  }
}

// splitmix64 (Steele, Lea, Flood 2014): a stream for each thread.
double next_random() {
  static std::atomic<std::uint64_t> threads{0};
  thread_local std::uint64_t state = threads.fetch_add(1, std::memory_order_relaxed) * 0xD1342543DE82EF95ULL;
  state += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

constexpr metrics::CounterDef<"reason"> kDropped{
    "vigil_collector_dropped_total",
    "Updates that were not recorded, by reason: sampled, a limit, a bad name or label, a name of another kind of "
    "metric.",
    {.closed = {metrics::closed<"reason", "sampled", "memory_limit", "family_limit", "invalid", "type">}}};

constexpr std::size_t kFamilyBytes = 1200;  // of the estimate: a family before its first series

struct Wanted {
  std::string_view help = {};
  std::string_view unit = {};
  std::span<const double> bounds = metrics::kDefaultBuckets.bounds;
};

}  // namespace

class RegistryCollector::Core {
 public:
  Core(metrics::Registry& registry, const Clock& clock, CollectorOptions options)
      : registry_(registry),
        clock_(clock),
        options_(std::move(options)),
        dropped_(registry, kDropped),
        flushes_(registry, "vigil_collector_flushes_total", "Batches of updates that were applied."),
        memory_gauge_(registry, MetricType::kGauge, "vigil_collector_memory_bytes",
                      "Estimated size of the collector's families and series.", {},
                      [this](metrics::CollectorSink& sink) {
                        sink.point(static_cast<double>(memory_.load(std::memory_order_relaxed)));
                      }) {}

  void record(Op op, std::string_view name, LabelList labels, double value) {
    if (!options_.enabled) return;
    if (op == Op::kObserve && options_.sampling_rate < 1 && next_random() >= options_.sampling_rate) {
      dropped_.with("sampled").inc();
      return;
    }
    // Errors are counted where they happen.
    if (const auto series = find(op, name, labels, {})) update({*series, op, value});
  }

  Result<void> record(const CustomMetric& metric) {
    Op op = Op::kObserve;
    switch (metric.type) {
      case MetricType::kCounter: op = Op::kCount; break;
      case MetricType::kGauge: op = Op::kSet; break;
      case MetricType::kHistogram: break;
      default:
        return fail(ErrorCode::kInvalidArgument, "metric " + metric.name +
                                                     ": a custom metric is a counter, gauge or "
                                                     "histogram, not " +
                                                     std::string(to_string(metric.type)));
    }
    if (op == Op::kCount && !(metric.value >= 0)) {
      return fail(ErrorCode::kInvalidArgument, "metric " + metric.name + ": a counter cannot go down");
    }
    if (!options_.enabled) return {};
    std::vector<LabelView> labels;
    for (const auto& [name, value] : metric.labels) labels.push_back({name, value});
    Wanted wanted{.help = metric.help, .unit = metric.unit};
    if (!metric.bounds.empty()) wanted.bounds = metric.bounds;
    VIGIL_TRY(SeriesEntry* const series, find(op, metric.name, std::span<const LabelView>(labels), wanted));
    update({series, op, metric.value});
    return {};
  }

  void flush() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    for (const auto& batch : batches_) {
      MutexLock batch_lock(batch->mutex);
      apply_all(*batch);
    }
    // Those whose thread has ended.
    std::erase_if(batches_, [](const auto& batch) { return batch.use_count() == 1; });
  }

  void visit(metrics::Visitor& visitor) const { registry_.visit(visitor); }
  const Clock& clock() const { return clock_; }

 private:
  struct RuntimeFamily {
    MetricType type = MetricType::kUnknown;
    std::vector<std::string> labels;
    std::size_t cells = 0;                         // of a series
    std::optional<metrics::DynamicFamily> family;  // none: the registry refused it
    std::string refusal;
    std::unique_ptr<SeriesEntry> overflow;  // what label sets above the cap count under
  };

  std::unexpected<Error> refuse(std::string_view reason, std::string_view name, std::string_view why, ErrorCode code) {
    dropped_.with(reason).inc();
    return fail(code, "metric " + std::string(name) + ": " + std::string(why));
  }

  Result<SeriesEntry*> find(Op op, std::string_view name, LabelList labels, const Wanted& wanted) {
    const std::uint64_t hash = internal::hash_series(name, labels);
    SeriesEntry* series = table_.find(hash, name, labels);
    if (series == nullptr) [[unlikely]] {
      VIGIL_TRY(series, create(op, hash, name, labels, wanted));
    }
    if (series->type != type_of(op)) [[unlikely]] {
      return refuse("type", name, "is a " + std::string(to_string(series->type)), ErrorCode::kInvalidArgument);
    }
    return series;
  }

  void update(const Update& update) {
    if (options_.batch_size <= 1) return apply(update);
    Batch& batch = thread_batch();
    MutexLock lock(batch.mutex);
    // One after the other on the same counter or gauge is one update.
    if (!batch.updates.empty() && update.op != Op::kObserve) {
      Update& last = batch.updates.back();
      if (last.series == update.series && update.op == last.op) {
        last.value = update.op == Op::kSet ? update.value : last.value + update.value;
        return note_recorded(batch);
      }
    }
    batch.updates.push_back(update);
    note_recorded(batch);
  }

  void note_recorded(Batch& batch) REQUIRES(batch.mutex) {
    if (++batch.recorded >= options_.batch_size) apply_all(batch);
  }
  void apply_all(Batch& batch) REQUIRES(batch.mutex) {
    if (batch.recorded == 0) return;
    for (const Update& update : batch.updates) apply(update);
    batch.updates.clear();
    batch.recorded = 0;
    flushes_.inc();
  }

  // The slow door: a label set seen for the first time, or one that is above a limit.
  Result<SeriesEntry*> create(Op op, std::uint64_t hash, std::string_view name, LabelList labels, const Wanted& wanted)
      EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (SeriesEntry* const made = table_.find(hash, name, labels)) return made;  // meanwhile
    auto found = families_.find(name);
    if (found == families_.end()) {
      VIGIL_TRY(found, create_family(op, name, labels, wanted));
    }
    RuntimeFamily& runtime = found->second;
    if (!runtime.family.has_value()) {
      dropped_.with("invalid").inc();
      return fail(ErrorCode::kInvalidArgument, runtime.refusal);
    }
    if (runtime.type != type_of(op)) {
      return refuse("type", name, "is a " + std::string(to_string(runtime.type)), ErrorCode::kInvalidArgument);
    }
    std::array<std::string_view, metrics::kMaxLabels> values{};
    std::size_t text = name.size();
    for (const LabelView& label : labels) {
      const auto at = std::ranges::find(runtime.labels, label.name);
      if (at == runtime.labels.end()) {
        return refuse("invalid", name, "has no label \"" + std::string(label.name) + "\"", ErrorCode::kInvalidArgument);
      }
      values[static_cast<std::size_t>(at - runtime.labels.begin())] = label.value;
      text += label.name.size() + label.value.size() + 4;
    }
    const std::size_t bytes = sizeof(SeriesEntry) + 2 * text + 64 + 8 * runtime.cells;
    if (memory_.load(std::memory_order_relaxed) + bytes > options_.max_memory) {
      return refuse("memory_limit", name, "a new label set would exceed max_memory", ErrorCode::kLimitExceeded);
    }

    const metrics::DynamicSeries found_series = runtime.family->with({values.data(), runtime.labels.size()});
    if (!found_series.valid()) {
      return refuse("invalid", name, "a label value is not one of its closed set", ErrorCode::kInvalidArgument);
    }
    auto entry = std::make_unique<SeriesEntry>();
    entry->hash = hash;
    entry->name = name;
    for (const LabelView& label : labels) entry->labels.emplace_back(label.name, label.value);
    entry->type = runtime.type;
    switch (runtime.type) {
      case MetricType::kCounter: entry->counter = found_series.counter(); break;
      case MetricType::kGauge: entry->gauge = found_series.gauge(); break;
      default: entry->histogram = found_series.histogram(); break;
    }
    // At its cap the family gives the same series for every new label set: remembering
    // each of those would be the memory that the cap is there to save.
    if (found_series.overflow()) {
      if (runtime.overflow == nullptr) runtime.overflow = std::move(entry);
      return runtime.overflow.get();
    }
    memory_.fetch_add(bytes, std::memory_order_relaxed);
    return table_.insert(std::move(entry));
  }

  using Families = std::map<std::string, RuntimeFamily, std::less<>>;

  Result<Families::iterator> create_family(Op op, std::string_view name, LabelList labels, const Wanted& wanted)
      REQUIRES(mutex_) {
    RuntimeFamily runtime;
    runtime.type = type_of(op);
    std::string full(name);
    if (!options_.prefix.empty())
      full.insert(0, options_.prefix.ends_with('_') ? options_.prefix : options_.prefix + "_");
    if (op == Op::kCount && !full.ends_with("_total")) full += "_total";
    if (!metrics::is_plain_name(full, true)) {
      return refuse("invalid", name, "is not a valid metric name", ErrorCode::kInvalidArgument);
    }
    if (labels.size() > metrics::kMaxLabels) {
      return refuse("invalid", name, "has too many labels", ErrorCode::kLimitExceeded);
    }
    for (const LabelView& label : labels) {
      const bool again = std::ranges::find(runtime.labels, label.name) != runtime.labels.end();
      if (again || !metrics::is_good_label_name(label.name) || (op == Op::kObserve && label.name == "le")) {
        return refuse("invalid", name, "\"" + std::string(label.name) + "\" is not a label it can have",
                      ErrorCode::kInvalidArgument);
      }
      runtime.labels.emplace_back(label.name);
    }
    if (families_.size() >= options_.max_families) {
      return refuse("family_limit", name, "max_families are there already", ErrorCode::kLimitExceeded);
    }
    runtime.cells = op == Op::kCount ? 2 : op == Op::kObserve ? wanted.bounds.size() + 2 : 0;
    const std::size_t bytes = kFamilyBytes + 2 * full.size() + wanted.help.size() + 8 * wanted.bounds.size();
    if (memory_.load(std::memory_order_relaxed) + bytes > options_.max_memory) {
      return refuse("memory_limit", name, "a new metric would exceed max_memory", ErrorCode::kLimitExceeded);
    }
    const std::vector<std::string_view> names(runtime.labels.begin(), runtime.labels.end());
    metrics::Description description{.type = runtime.type, .name = full, .help = wanted.help, .labels = names};
    description.options.max_label_sets = options_.max_label_sets;
    description.options.unit = wanted.unit;
    if (op == Op::kObserve) description.layout = {wanted.bounds};
    // Remembered as refused, too: each attempt would be a line in the log.
    if (Result<metrics::DynamicFamily> made = metrics::DynamicFamily::make(registry_, description)) {
      runtime.family = std::move(*made);
    } else {
      runtime.refusal = made.error().message();
    }
    memory_.fetch_add(bytes, std::memory_order_relaxed);
    return families_.emplace(name, std::move(runtime)).first;
  }

  struct ThreadBatch {
    std::uint64_t collector = 0;
    std::shared_ptr<Batch> batch;
  };

  Batch& thread_batch() EXCLUDES(mutex_) {
    thread_local std::vector<ThreadBatch> mine;
    for (const ThreadBatch& known : mine) {
      if (known.collector == id_) return *known.batch;
    }
    std::erase_if(mine, [](const ThreadBatch& old) { return old.batch.use_count() == 1; });
    const auto& added = mine.emplace_back(id_, std::make_shared<Batch>());
    MutexLock lock(mutex_);
    batches_.push_back(added.batch);
    return *added.batch;
  }

  static std::uint64_t next_id() {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
  }

  metrics::Registry& registry_;
  const Clock& clock_;
  const CollectorOptions options_;
  const std::uint64_t id_ = next_id();
  std::atomic<std::size_t> memory_{0};
  internal::SeriesTable table_;  // insert() under mutex_

  Mutex mutex_;
  Families families_ GUARDED_BY(mutex_);  // by the name given
  std::vector<std::shared_ptr<Batch>> batches_ GUARDED_BY(mutex_);

  const metrics::Counter<"reason"> dropped_;
  const metrics::Counter<> flushes_;
  const metrics::Collector memory_gauge_;
};

RegistryCollector::RegistryCollector(metrics::Registry& registry, const Clock& clock, CollectorOptions options)
    : core_(std::make_unique<Core>(registry, clock, std::move(options))) {}
RegistryCollector::~RegistryCollector() = default;

void RegistryCollector::increment_counter_by(std::string_view name, std::uint64_t value, LabelList labels) {
  core_->record(Op::kCount, name, labels, static_cast<double>(value));
}
void RegistryCollector::set_gauge(std::string_view name, double value, LabelList labels) {
  core_->record(Op::kSet, name, labels, value);
}
void RegistryCollector::increment_gauge(std::string_view name, double delta, LabelList labels) {
  core_->record(Op::kAdd, name, labels, delta);
}
void RegistryCollector::record_histogram(std::string_view name, double value, LabelList labels) {
  core_->record(Op::kObserve, name, labels, value);
}
Result<void> RegistryCollector::record_custom_metric(const CustomMetric& metric) { return core_->record(metric); }
Result<void> RegistryCollector::flush_metrics() {
  core_->flush();
  return {};
}
void RegistryCollector::visit(metrics::Visitor& visitor) const { core_->visit(visitor); }
const Clock& RegistryCollector::clock() const { return core_->clock(); }

}  // namespace vigil::telemetry
