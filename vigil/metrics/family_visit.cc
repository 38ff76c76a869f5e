#include <algorithm>
#include <mutex>
#include <utility>

#include "vigil/metrics/family.h"
#include "vigil/metrics/views.h"

namespace vigil::metrics::internal {
namespace {

constexpr std::size_t kNativeExemplars = 8;  // of a histogram without classic buckets

// Exemplars of a series as a visitor gets them.
class ExemplarViews {
 public:
  std::span<const ExemplarView> read(const SeriesExtra* extra) {
    views_.clear();
    const Exemplars* const all = extra == nullptr ? nullptr : extra->exemplars.load(std::memory_order_acquire);
    if (all == nullptr) return {};
    texts_.resize(all->size());
    for (std::size_t i = 0; i < all->size(); ++i) {
      const std::optional<Exemplars::Value> value = all->read(i);
      if (!value.has_value()) continue;
      texts_[i].clear();
      append_labels(texts_[i], value->trace);
      views_.push_back({texts_[i], value->value, value->time});
    }
    std::ranges::sort(views_, {}, &ExemplarView::value);
    return views_;
  }

 private:
  std::vector<std::string> texts_;
  std::vector<ExemplarView> views_;
};

}  // namespace

double counter_value(CellId cells, const CellReader& reader) {
  return static_cast<double>(reader.count(cells)) + reader.sum(cells + 1);
}

Exemplars* Family::exemplars(Series& series) {
  SeriesExtra* extra = series.extra.load(std::memory_order_acquire);
  if (extra != nullptr) {
    if (Exemplars* const known = extra->exemplars.load(std::memory_order_acquire)) return known;
  }
  MutexLock lock(mutex_);
  extra = series.extra.load(std::memory_order_acquire);
  if (!series.alive()) return nullptr;
  if (extra == nullptr) {
    extra = new SeriesExtra;
    series.extra.store(extra, std::memory_order_release);
  }
  Exemplars* known = extra->exemplars.load(std::memory_order_acquire);
  if (known == nullptr) {
    const std::size_t slots = type_ == MetricType::kCounter ? 1
                              : buckets_.size() > 0         ? buckets_.size() + 1
                                                            : kNativeExemplars;
    known = new Exemplars(slots);
    extra->exemplars.store(known, std::memory_order_release);
  }
  return known;
}

void Family::visit(Visitor& visitor, const CellReader& reader) {
  const std::shared_lock shared(visiting_);
  std::vector<std::uint64_t> counts(buckets_.size() + 1);
  NativeBuckets::Counts native;
  ExemplarViews exemplars;
  bool begun = false;
  const auto begin = [&] {
    if (!std::exchange(begun, true)) {
      visitor.begin_family({type_, name_, help_, unit_, labels_, buckets_.bounds()});
    }
  };
  for (const Series* series = first_.load(std::memory_order_acquire); series != nullptr;
       series = series->next.load(std::memory_order_acquire)) {
    const std::uint64_t stamp = series->stamp.load(std::memory_order_acquire);
    if (stamp >> 32 == 0) continue;
    const auto cells = static_cast<CellId>(stamp);
    const Timestamp created = series->created.load(std::memory_order_relaxed);
    if (is_gauge()) {
      const std::uint64_t value = series->value.load(std::memory_order_relaxed);
      if (value == kUnset) continue;
      begin();
      visitor.point(series->text(), {.value = std::bit_cast<double>(value)});
      continue;
    }
    begin();
    const SeriesExtra* const extra = series->extra.load(std::memory_order_acquire);
    const std::span<const ExemplarView> seen = exemplars.read(extra);
    if (type_ == MetricType::kCounter) {
      visitor.point(series->text(), {.value = counter_value(cells, reader),
                                     .created = created,
                                     .exemplar = seen.empty() ? nullptr : &seen.front()});
      continue;
    }
    HistogramView view{.counts = counts, .sum = reader.sum(cells), .created = created, .exemplars = seen};
    for (std::uint32_t i = 0; i < counts.size(); ++i) {
      counts[i] = reader.count(cells + 1 + i);
      view.count += counts[i];
    }
    NativeHistogramView shown;
    if (extra != nullptr && extra->native.has_value()) {
      // Observations count in the native buckets first, so these know of all that the
      // classic ones do; what is missing there is shown in +Inf until the next visit.
      extra->native->read(reader, native);
      view.sum += native.sum;
      shown = {native.schema, zero_threshold(), reader.count(zero_cell(cells)), native.positive, native.negative};
      const std::uint64_t total = shown.zero_count + native.total + reader.count(nan_cell(cells));
      counts.back() += total - std::min(total, view.count);
      view.count = std::max(total, view.count);
      view.native = &shown;
    }
    visitor.histogram(series->text(), view);
  }
  if (begun) visitor.end_family();
}

}  // namespace vigil::metrics::internal
