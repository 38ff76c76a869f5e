#include "vigil/promql/memory_storage.h"

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

namespace vigil::promql {

struct MemoryStorage::Series {
  Labels labels;
  SampleColumns samples;
};

// Immutable once published.
struct MemoryStorage::State {
  std::vector<std::shared_ptr<const Series>> series;  // by ref - 1; null before the first commit
  // By metric name: what nearly every selector asks for.
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> by_name;
};

class MemoryStorage::MemoryAppender final : public Appender {
 public:
  explicit MemoryAppender(MemoryStorage& storage) : storage_(storage), base_(storage.state()) {}

  Result<SeriesRef> resolve(const Labels& labels) override {
    if (labels.empty()) return fail(ErrorCode::kInvalidArgument, "a series needs a name or another label");
    MutexLock lock(storage_.mutex_);
    const auto [entry, inserted] = storage_.ref_of_.try_emplace(labels, storage_.refs_.size() + 1);
    if (inserted) storage_.refs_.push_back(labels);
    return entry->second;
  }

  Result<void> append(SeriesRef series, Timestamp timestamp, double value) override {
    return add(series, timestamp, value, nullptr);
  }
  Result<void> append_histogram(SeriesRef series, Timestamp timestamp, HistogramPtr histogram) override {
    return add(series, timestamp, 0, std::move(histogram));
  }
  Result<void> append_exemplar(SeriesRef, const Exemplar&) override { return {}; }
  Result<void> set_metadata(std::string_view, const MetricMetadata&) override { return {}; }

  Result<void> commit() override {
    MutexLock lock(storage_.mutex_);
    auto next = std::make_shared<State>(*storage_.state_);
    if (next->series.size() < storage_.refs_.size()) next->series.resize(storage_.refs_.size());
    for (auto& [ref, added] : pending_) {
      auto& slot = next->series[ref - 1];
      auto series = slot ? std::make_shared<Series>(*slot) : std::make_shared<Series>();
      if (!slot) {
        series->labels = storage_.refs_[ref - 1];
        next->by_name[std::string(series->labels.metric_name())].push_back(static_cast<std::uint32_t>(ref - 1));
      }
      SampleColumns& to = series->samples;
      const std::size_t before = to.size();
      for (auto& [index, histogram] : added.histograms) {
        to.histograms.emplace_back(before + index, std::move(histogram));
      }
      to.timestamps.insert(to.timestamps.end(), added.timestamps.begin(), added.timestamps.end());
      to.values.insert(to.values.end(), added.values.begin(), added.values.end());
      slot = std::move(series);
    }
    pending_.clear();
    storage_.state_ = next;
    base_ = std::move(next);
    return {};
  }
  void rollback() override { pending_.clear(); }

 private:
  static bool same(const SampleColumns& columns, std::size_t index, double value, const HistogramPtr& histogram) {
    const auto found = std::ranges::find(columns.histograms, index, &std::pair<std::size_t, HistogramPtr>::first);
    if (found != columns.histograms.end()) return histogram != nullptr && *found->second == *histogram;
    return histogram == nullptr &&
           std::bit_cast<std::uint64_t>(columns.values[index]) == std::bit_cast<std::uint64_t>(value);
  }

  Result<void> add(SeriesRef series, Timestamp timestamp, double value, HistogramPtr histogram) {
    SampleColumns& pending = pending_[series];
    const SampleColumns* last = &pending;
    if (pending.empty()) {
      last = series - 1 < base_->series.size() && base_->series[series - 1] ? &base_->series[series - 1]->samples
                                                                            : nullptr;
    }
    if (last != nullptr && !last->empty() && timestamp <= last->timestamps.back()) {
      if (timestamp < last->timestamps.back()) return fail(ErrorCode::kOutOfOrder, "out of order sample");
      if (same(*last, last->size() - 1, value, histogram)) return {};
      return fail(ErrorCode::kAlreadyExists, "duplicate sample for timestamp");
    }
    if (histogram) pending.histograms.emplace_back(pending.size(), std::move(histogram));
    pending.timestamps.push_back(timestamp);
    pending.values.push_back(value);
    return {};
  }

  MemoryStorage& storage_;
  std::shared_ptr<const State> base_;
  std::map<SeriesRef, SampleColumns> pending_;
};

class MemoryStorage::MemorySeriesSet final : public SeriesSet {
 public:
  explicit MemorySeriesSet(std::vector<const Series*> series) : series_(std::move(series)) {}
  std::size_t size() const override { return series_.size(); }
  const Labels& labels(std::size_t index) const override { return series_[index]->labels; }
  Result<void> read(std::size_t index, Timestamp mint, Timestamp maxt, SampleColumns& out) const override {
    const SampleColumns& from = series_[index]->samples;
    const auto first = std::ranges::lower_bound(from.timestamps, mint);
    const auto last = std::ranges::upper_bound(first, from.timestamps.end(), maxt);
    const auto begin = static_cast<std::size_t>(first - from.timestamps.begin());
    const auto end = static_cast<std::size_t>(last - from.timestamps.begin());
    const std::size_t before = out.size();
    for (const auto& [at, histogram] : from.histograms) {
      if (at >= begin && at < end) out.histograms.emplace_back(before + at - begin, histogram);
    }
    out.timestamps.insert(out.timestamps.end(), first, last);
    out.values.insert(out.values.end(), from.values.begin() + static_cast<std::ptrdiff_t>(begin),
                      from.values.begin() + static_cast<std::ptrdiff_t>(end));
    return {};
  }

 private:
  std::vector<const Series*> series_;
};

class MemoryStorage::MemoryQuerier final : public Querier {
 public:
  MemoryQuerier(std::shared_ptr<const State> state, Timestamp mint, Timestamp maxt)
      : state_(std::move(state)), mint_(mint), maxt_(maxt) {}

  Result<std::unique_ptr<SeriesSet>> select(std::span<const Matcher> matchers, const SelectHints& hints) override {
    auto found = matching(matchers);
    if (hints.sorted) {
      std::ranges::sort(found, [](const Series* a, const Series* b) { return a->labels < b->labels; });
    }
    if (hints.limit > 0 && found.size() > hints.limit) found.resize(hints.limit);
    return std::make_unique<MemorySeriesSet>(std::move(found));
  }

  Result<std::vector<std::string>> label_names(std::span<const Matcher> matchers, std::size_t limit) override {
    std::set<std::string> names;
    for (const Series* series : matching(matchers)) {
      for (const LabelView label : series->labels) names.emplace(label.name);
    }
    return limited(names, limit);
  }

  Result<std::vector<std::string>> label_values(std::string_view name, std::span<const Matcher> matchers,
                                                std::size_t limit) override {
    std::set<std::string> values;
    for (const Series* series : matching(matchers)) {
      if (const std::string_view value = series->labels.get(name); !value.empty()) values.emplace(value);
    }
    return limited(values, limit);
  }

 private:
  static std::vector<std::string> limited(const std::set<std::string>& all, std::size_t limit) {
    std::vector<std::string> result(all.begin(), all.end());
    if (limit > 0 && result.size() > limit) result.resize(limit);
    return result;
  }

  std::vector<const Series*> matching(std::span<const Matcher> matchers) const {
    std::vector<const Series*> found;
    const auto consider = [&](const Series* series) {
      if (series == nullptr || series->samples.empty()) return;
      if (series->samples.timestamps.front() > maxt_ || series->samples.timestamps.back() < mint_) return;
      for (const Matcher& matcher : matchers) {
        if (!matcher.matches(series->labels)) return;
      }
      found.push_back(series);
    };
    const auto by_name = std::ranges::find_if(matchers, [](const Matcher& matcher) {
      return matcher.name() == kMetricName && matcher.type() == Matcher::Type::kEqual;
    });
    if (by_name == matchers.end()) {
      for (const auto& series : state_->series) consider(series.get());
    } else if (const auto list = state_->by_name.find(by_name->value()); list != state_->by_name.end()) {
      for (const std::uint32_t index : list->second) consider(state_->series[index].get());
    }
    return found;
  }

  std::shared_ptr<const State> state_;
  Timestamp mint_;
  Timestamp maxt_;
};

MemoryStorage::MemoryStorage() : state_(std::make_shared<State>()) {}
MemoryStorage::~MemoryStorage() = default;

std::shared_ptr<const MemoryStorage::State> MemoryStorage::state() const {
  MutexLock lock(mutex_);
  return state_;
}

std::unique_ptr<Appender> MemoryStorage::appender() { return std::make_unique<MemoryAppender>(*this); }

Result<std::unique_ptr<Querier>> MemoryStorage::querier(Timestamp mint, Timestamp maxt) {
  return std::make_unique<MemoryQuerier>(state(), mint, maxt);
}

void MemoryStorage::clear() {
  MutexLock lock(mutex_);
  state_ = std::make_shared<State>();
}

std::size_t MemoryStorage::series_count() const {
  const auto current = state();
  return static_cast<std::size_t>(
      std::ranges::count_if(current->series, [](const auto& series) { return series != nullptr; }));
}

}  // namespace vigil::promql
