// Appenders: samples are checked and collected, logged as one record, then applied.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "vigil/base/strings.h"
#include "vigil/storage/core.h"

namespace vigil::storage {

void Transaction::clear() {
  items.clear();
  histograms.clear();
  exemplars.clear();
  metadata.clear();
  std::fill(last.begin(), last.end(), Slot{});
}

Transaction::Slot& Transaction::slot(SeriesId series) {
  const auto place = [this](SeriesId id) {
    const std::size_t mask = last.size() - 1;
    std::size_t at = (id * std::uint64_t{0x9E3779B97F4A7C15}) >> 32 & mask;
    while (last[at].series != 0 && last[at].series != id) at = (at + 1) & mask;
    return at;
  };
  if ((items.size() + 1) * 2 > last.size()) {
    std::vector<Slot> old(std::max<std::size_t>(64, last.size() * 2));
    old.swap(last);
    for (const Slot& entry : old) {
      if (entry.series != 0) last[place(entry.series)] = entry;
    }
  }
  return last[place(series)];
}

namespace {

constexpr std::size_t kMaxPooledItems = 1 << 16;

class StoreAppender final : public Appender {
 public:
  explicit StoreAppender(Core& core) : core_(core), oldest_(core.oldest_allowed()) {}
  ~StoreAppender() override { give_back(); }

  Result<SeriesRef> resolve(const Labels& labels) override {
    begin();
    VIGIL_TRY(Series* const series, core_.resolve(labels));
    return series->id();
  }

  Result<void> append(SeriesRef ref, Timestamp timestamp, double value) override {
    VIGIL_TRY(Series* const series, find(ref));
    const std::uint64_t bits = std::bit_cast<std::uint64_t>(value);
    Transaction::Slot& slot = transaction_->slot(series->id());
    Timestamp last = 0;
    bool same = false;
    if (slot.series != 0) {
      const Transaction::Item& item = transaction_->items[slot.item];
      last = item.timestamp;
      same = !item.is_histogram && item.bits == bits;
    } else {
      last = series->last_time();
      same = series->last_bits() == bits;
    }
    if (timestamp <= last || timestamp < oldest_) [[unlikely]] {
      if (timestamp == last && same) return {};
      return refuse(*series, timestamp, last);
    }
    slot = {series->id(), static_cast<std::uint32_t>(transaction_->items.size())};
    transaction_->items.push_back({series, timestamp, bits, false});
    return {};
  }

  Result<void> append_histogram(SeriesRef ref, Timestamp timestamp, HistogramPtr histogram) override {
    VIGIL_TRY(Series* const series, find(ref));
    if (histogram == nullptr) return fail(ErrorCode::kInvalidArgument, "no histogram given");
    constexpr std::size_t kMaxBuckets = 65536;
    if (histogram->positive_buckets.size() > kMaxBuckets || histogram->negative_buckets.size() > kMaxBuckets ||
        histogram->custom_values.size() > kMaxBuckets) {
      ++core_.counters.rejected_limits;
      return fail(ErrorCode::kLimitExceeded, fmt::format("a histogram has more than {} buckets", kMaxBuckets));
    }
    Transaction::Slot& slot = transaction_->slot(series->id());
    Timestamp last = series->last_time();
    bool same = false;
    if (slot.series != 0) {
      const Transaction::Item& item = transaction_->items[slot.item];
      last = item.timestamp;
      same = item.is_histogram && *transaction_->histograms[item.bits] == *histogram;
    } else if (timestamp == last) {
      same = series->equals_last(*histogram);
    }
    if (timestamp <= last || timestamp < oldest_) {
      if (timestamp == last && same) return {};
      return refuse(*series, timestamp, last);
    }
    slot = {series->id(), static_cast<std::uint32_t>(transaction_->items.size())};
    transaction_->items.push_back({series, timestamp, transaction_->histograms.size(), true});
    transaction_->histograms.push_back(std::move(histogram));
    return {};
  }

  Result<void> append_exemplar(SeriesRef ref, const Exemplar& exemplar) override {
    VIGIL_TRY(Series* const series, find(ref));
    // OpenMetrics 1.0: "The combined length of the label names and values … MUST NOT exceed 128".
    // More is accepted, but not without bound.
    constexpr std::size_t kMaxExemplarBytes = 4096;
    if (exemplar.labels.byte_size() > kMaxExemplarBytes) {
      ++core_.counters.rejected_limits;
      return fail(ErrorCode::kLimitExceeded,
                  fmt::format("the labels of an exemplar exceed {} bytes", kMaxExemplarBytes));
    }
    transaction_->exemplars.emplace_back(series, exemplar);
    return {};
  }

  Result<void> set_metadata(std::string_view metric, const MetricMetadata& metadata) override {
    begin();
    {
      MutexLock lock(core_.metadata_mutex);
      const auto found = core_.metadata.find(metric);
      if (found != core_.metadata.end() && found->second == metadata) return {};
      if (found == core_.metadata.end() && core_.metadata.size() >= core_.options.max_metadata) {
        ++core_.counters.rejected_limits;
        return fail(ErrorCode::kLimitExceeded,
                    fmt::format("metadata of {} metric families are stored: the limit", core_.options.max_metadata));
      }
    }
    if (metric.size() + metadata.help.size() + metadata.unit.size() > core_.options.max_label_value_bytes) {
      ++core_.counters.rejected_limits;
      return fail(ErrorCode::kLimitExceeded, "the metadata of a metric family exceed the length of a label value");
    }
    transaction_->metadata.emplace_back(metric, metadata);
    return {};
  }

  Result<void> commit() override {
    if (transaction_ == nullptr || transaction_->empty()) {
      give_back();
      return core_.writable.load(std::memory_order_acquire) ? Result<void>() : unavailable();
    }
    const Result<void> done =
        core_.writable.load(std::memory_order_acquire) ? core_.commit(*transaction_) : unavailable();
    if (!done) ++core_.counters.failed_commits;
    give_back();
    return done;
  }

  void rollback() override { give_back(); }

 private:
  Result<void> unavailable() const {
    const StateReport report = core_.state_report();
    return fail(ErrorCode::kUnavailable, "the store does not accept samples: " + report.reason);
  }

  void begin() {
    if (transaction_ != nullptr) return;
    pin_ = core_.pins.pin();
    oldest_ = core_.oldest_allowed();
    MutexLock lock(core_.pool_mutex);
    if (core_.pool.empty()) {
      transaction_ = std::make_unique<Transaction>();
    } else {
      transaction_ = std::move(core_.pool.back());
      core_.pool.pop_back();
    }
  }

  void give_back() {
    if (transaction_ == nullptr) return;
    // Very large ones are not worth keeping.
    const bool keep = transaction_->items.capacity() <= kMaxPooledItems;
    if (keep) transaction_->clear();
    auto transaction = std::move(transaction_);
    pin_ = {};
    if (!keep) return;
    MutexLock lock(core_.pool_mutex);
    core_.pool.push_back(std::move(transaction));
  }

  Result<Series*> find(SeriesRef ref) {
    begin();
    Series* series = ref > std::numeric_limits<SeriesId>::max() ? nullptr : core_.index.get(static_cast<SeriesId>(ref));
    if (series == nullptr || series->doomed.load(std::memory_order_acquire)) [[unlikely]] {
      return fail(ErrorCode::kNotFound, "the series has been dropped: resolve its labels again");
    }
    return series;
  }

  Result<void> refuse(Series& series, Timestamp timestamp, Timestamp last) {
    const std::string& name = core_.index.labels(series).to_string();
    if (timestamp < oldest_) {
      ++core_.counters.rejected_out_of_bounds;
      return fail(ErrorCode::kOutOfBounds,
                  fmt::format("{}: the sample of {} is older than the oldest that is accepted, {}", name,
                              format_rfc3339(timestamp), format_rfc3339(oldest_)));
    }
    if (timestamp == last) {
      ++core_.counters.rejected_duplicates;
      return fail(ErrorCode::kAlreadyExists,
                  fmt::format("{}: another value is stored for {}", name, format_rfc3339(timestamp)));
    }
    ++core_.counters.rejected_out_of_order;
    return fail(ErrorCode::kOutOfOrder, fmt::format("{}: the sample of {} is older than the newest one, {}", name,
                                                    format_rfc3339(timestamp), format_rfc3339(last)));
  }

  Core& core_;
  Timestamp oldest_;
  std::unique_ptr<Transaction> transaction_;
  Pins::Guard pin_;
};

}  // namespace

std::unique_ptr<Appender> make_appender(Core& core) { return std::make_unique<StoreAppender>(core); }

Timestamp Core::oldest_allowed() const {
  Timestamp oldest = kMinTimestamp;
  if (options.retention > 0) oldest = options.scheduler->clock().now() - options.retention;
  const Timestamp newest = max_time.load(std::memory_order_relaxed);
  if (options.append_window > 0 && newest != kMinTimestamp) oldest = std::max(oldest, newest - options.append_window);
  return oldest;
}

Result<void> Core::check_labels(const Labels& labels) {
  const auto refuse = [&](ErrorCode code, std::string message) {
    if (code == ErrorCode::kLimitExceeded) ++counters.rejected_limits;
    return fail(code, std::move(message));
  };
  if (labels.empty()) return refuse(ErrorCode::kInvalidArgument, "a series needs at least one label");
  // Only the beginning of a text goes into a message: it may be huge.
  const auto brief = [](std::string_view text) { return go_quote(text.substr(0, 64)); };
  if (labels.size() > options.max_labels) {
    return refuse(ErrorCode::kLimitExceeded,
                  fmt::format("series {} has {} labels; the limit is {}", brief(labels.metric_name()), labels.size(),
                              options.max_labels));
  }
  for (const LabelView label : labels) {
    if (label.name.size() > options.max_label_name_bytes) {
      return refuse(
          ErrorCode::kLimitExceeded,
          fmt::format("series {}: the label name {}… has {} bytes; the limit is {}", brief(labels.metric_name()),
                      brief(label.name), label.name.size(), options.max_label_name_bytes));
    }
    if (label.value.size() > options.max_label_value_bytes) {
      return refuse(
          ErrorCode::kLimitExceeded,
          fmt::format("series {}: the value of label {} has {} bytes; the limit is {}", brief(labels.metric_name()),
                      brief(label.name), label.value.size(), options.max_label_value_bytes));
    }
    if (!is_valid_utf8(label.name) || !is_valid_utf8(label.value)) {
      return refuse(ErrorCode::kInvalidArgument, fmt::format("series {}: label {} is not valid UTF-8",
                                                             brief(labels.metric_name()), brief(label.name)));
    }
  }
  return {};
}

Result<Series*> Core::resolve(const Labels& labels) {
  // Known labels were checked when their series was created.
  if (Series* series = index.find(labels); series != nullptr && !series->doomed.load()) return series;
  VIGIL_TRY_VOID(check_labels(labels));
  if (!writable.load(std::memory_order_acquire)) {
    return fail(ErrorCode::kUnavailable, "the store does not accept new series: " + state_report().reason);
  }
  return index.find_or_create(
      labels,
      [&]() -> Result<void> {
        if (index.size() < options.max_series) return {};
        ++counters.rejected_limits;
        return fail(ErrorCode::kLimitExceeded, fmt::format("there are {} series, the limit; new ones are refused: {}",
                                                           index.size(), labels.to_string().substr(0, 256)));
      },
      [&](Series& series) {
        // In front of every record that can name the series, as the index is locked.
        std::string record;
        put_series_record(record, series.id(), labels);
        wal->enqueue(record);
        ++counters.created_series;
      });
}

Result<void> Core::commit(Transaction& transaction) {
  TransactionRecord& record = transaction.record;
  record.begin(transaction.items.size());
  for (const Transaction::Item& item : transaction.items) {
    if (item.is_histogram) {
      record.add(item.series->id(), item.timestamp, *transaction.histograms[item.bits]);
    } else {
      record.add(item.series->id(), item.timestamp, item.value());
    }
  }
  record.begin_metadata(transaction.metadata.size());
  for (const auto& [metric, entry] : transaction.metadata) record.add_metadata(metric, entry);

  const Result<void> logged = wal->append(record.bytes(), [&] { apply(transaction); });
  if (!logged) {
    // Too large for a record: the log itself is fine.
    if (logged.error().code() == ErrorCode::kLimitExceeded) return logged;
    become_read_only(logged.error().message());
    return fail(ErrorCode::kUnavailable, "nothing was stored: " + logged.error().message());
  }
  const std::uint64_t since = wal->written_bytes() - wal_at_checkpoint.load(std::memory_order_relaxed);
  if (since > std::max(options.checkpoint_bytes, checkpoint_size.load(std::memory_order_relaxed)) || many_sealed()) {
    wake();
  }
  return {};
}

void Core::apply(const Transaction& transaction) {
  ++sequence;
  const Series::Commit commit{sequence, pins.oldest_snapshot()};
  const auto& items = transaction.items;
  std::uint64_t stored = 0;
  constexpr std::size_t kAhead = 8;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i + kAhead < items.size()) items[i + kAhead].series->prefetch();
    const Transaction::Item& item = items[i];
    const Series::Outcome outcome = item.is_histogram
                                        ? item.series->append(item.timestamp, transaction.histograms[item.bits], commit)
                                        : item.series->append(item.timestamp, item.value(), commit);
    // Not stored: another transaction came first with the same or a newer time.
    stored += outcome.stored ? 1 : 0;
    counters.rejected_out_of_order.fetch_add(outcome.stored ? 0 : 1, std::memory_order_relaxed);
    if (outcome.sealed != nullptr) note_sealed(*item.series, *outcome.sealed);
    note_time(item.timestamp);
  }
  for (const auto& [series, exemplar] : transaction.exemplars) exemplars.add(index.labels(*series), exemplar);
  if (!transaction.metadata.empty()) {
    MutexLock guard(metadata_mutex);
    for (const auto& [metric, entry] : transaction.metadata) metadata.insert_or_assign(metric, entry);
  }
  watermark.store(sequence, std::memory_order_release);
  counters.commits.fetch_add(1, std::memory_order_relaxed);
  counters.appended_samples.fetch_add(stored, std::memory_order_relaxed);
  counters.appended_exemplars.fetch_add(transaction.exemplars.size(), std::memory_order_relaxed);
}

void Core::note_sealed(Series& series, const SealedChunk& chunk) {
  sealed_totals.add(chunk);
  MutexLock guard(sealed_mutex);
  if (!std::exchange(series.listed_as_sealed, true)) sealed.push_back(&series);
}

void Core::note_time(Timestamp timestamp) {
  if (timestamp > max_time.load(std::memory_order_relaxed)) max_time.store(timestamp, std::memory_order_relaxed);
  if (timestamp < min_time.load(std::memory_order_relaxed)) min_time.store(timestamp, std::memory_order_relaxed);
}

void ExemplarRing::add(const Labels& series, const Exemplar& exemplar) {
  MutexLock lock(mutex_);
  if (capacity_ == 0) return;
  // A target shows the same exemplar at every scrape until it has a new one.
  const auto found = newest_.find(series);
  if (found != newest_.end() && found->second.timestamp == exemplar.timestamp &&
      found->second.labels == exemplar.labels &&
      std::bit_cast<std::uint64_t>(found->second.value) == std::bit_cast<std::uint64_t>(exemplar.value)) {
    return;
  }
  newest_.insert_or_assign(series, exemplar);
  if (ring_.size() == capacity_) {
    const auto& [oldest_series, oldest] = ring_.front();
    const auto last = newest_.find(oldest_series);
    if (last != newest_.end() && last->second.timestamp == oldest.timestamp && last->second.labels == oldest.labels) {
      newest_.erase(last);
    }
    ring_.pop_front();
  }
  ring_.emplace_back(series, exemplar);
}

std::vector<SeriesExemplars> ExemplarRing::select(std::span<const Matcher> matchers, Timestamp mint, Timestamp maxt) {
  std::map<Labels, std::vector<Exemplar>> found;
  {
    MutexLock lock(mutex_);
    for (const auto& [series, exemplar] : ring_) {
      if (exemplar.timestamp < mint || exemplar.timestamp > maxt) continue;
      if (std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& m) { return m.matches(series); })) {
        found[series].push_back(exemplar);
      }
    }
  }
  std::vector<SeriesExemplars> out;
  for (auto& [series, exemplars] : found) {
    std::stable_sort(exemplars.begin(), exemplars.end(),
                     [](const Exemplar& a, const Exemplar& b) { return a.timestamp < b.timestamp; });
    out.push_back({series, std::move(exemplars)});
  }
  return out;
}

}  // namespace vigil::storage
