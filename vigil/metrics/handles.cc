#include "vigil/metrics/handles.h"

#include "vigil/metrics/local.h"

namespace vigil::metrics {
namespace {

using internal::CellId;
using internal::CellReader;
using internal::kNoCell;
using internal::Series;
using internal::Target;
using internal::ThreadCells;

// Reads a series if it still is the handle's.
template <class Read>
auto read(const Target& target, decltype(std::declval<Read>()(std::declval<Series&>(), CellId{})) otherwise,
          const Read& what) {
  if (target.series == nullptr) return otherwise;
  ThreadCells* const thread = internal::make_thread_cells();
  if (thread == nullptr) return otherwise;
  const internal::Using announced(*thread, target.series);
  const std::uint64_t stamp = target.series->stamp.load(std::memory_order_acquire);
  return stamp >> 32 == target.generation >> 32 ? what(*target.series, static_cast<CellId>(stamp)) : otherwise;
}

void remember(const Target& target, Series& series, std::size_t slot, double value, const TraceContext& trace) {
  internal::Exemplars* const exemplars = target.family->exemplars(series);
  if (exemplars == nullptr) return;
  exemplars->write(slot % exemplars->size(), {value, target.family->clock().coarse_now(), trace});
}

// Nothing if the series was removed this moment.
internal::NativeBuckets::Counts native_counts(const Series& series, const CellReader& reader) {
  internal::NativeBuckets::Counts counts;
  if (const internal::SeriesExtra* const extra = series.extra.load(std::memory_order_acquire)) {
    extra->native->read(reader, counts);
  }
  return counts;
}

// Where a native histogram counts a value.
CellId native_cell(const internal::Family& family, internal::NativeBuckets& buckets, CellId cells, double value) {
  if (std::isnan(value)) return family.nan_cell(cells);
  return std::abs(value) <= family.zero_threshold() ? family.zero_cell(cells) : buckets.cell(value);
}

}  // namespace

void CounterHandle::inc(double amount, const TraceContext& trace) const {
  inc(amount);
  if (!trace.valid() || !(amount > 0)) return;
  target_.update([&](ThreadCells& thread, Series& series, CellId) {
    if (&thread == &internal::g_no_cells) return false;
    remember(target_, series, 0, amount, trace);
    return true;
  });
}

double CounterHandle::value() const {
  return read(target_, 0.0, [](Series&, CellId cells) { return internal::counter_value(cells, CellReader()); });
}

void GaugeHandle::add(double amount) const {
  target_.update([amount](ThreadCells& thread, Series& series, CellId) {
    if (&thread == &internal::g_no_cells) return false;
    std::uint64_t seen = series.value.load(std::memory_order_relaxed);
    for (;;) {
      const double before = seen == internal::kUnset ? 0 : std::bit_cast<double>(seen);
      if (series.value.compare_exchange_weak(seen, std::bit_cast<std::uint64_t>(before + amount),
                                             std::memory_order_relaxed)) {
        break;
      }
    }
    series.touched.store(1, std::memory_order_relaxed);
    return true;
  });
}

double GaugeHandle::value() const {
  return read(target_, std::bit_cast<double>(internal::kUnset), [](Series& series, CellId) {
    return std::bit_cast<double>(series.value.load(std::memory_order_relaxed));
  });
}

void GaugeHandle::clear() const {
  read(target_, 0, [](Series& series, CellId) {
    series.value.store(internal::kUnset, std::memory_order_relaxed);
    return 0;
  });
}

// Native buckets before classic ones: see Family::visit().
void HistogramHandle::update_any(double value, double amount, std::uint64_t times) const {
  target_.update([=, this](ThreadCells& thread, Series& series, CellId cells) {
    internal::Cell* const first = internal::find_cell(thread, cells);
    if (first == nullptr) return false;
    const internal::Family& family = *target_.family;
    if (family.has_native()) {
      internal::SeriesExtra* const extra = series.extra.load(std::memory_order_acquire);
      if (extra == nullptr) return true;  // this moment
      internal::bump(*internal::make_cell(thread, native_cell(family, *extra->native, cells, value)), times);
    }
    if (buckets_ != Buckets::kNative) internal::bump(first[1 + family.buckets().find(value)], times);
    internal::bump(*first, amount);
    return true;
  });
}

void HistogramHandle::observe(double value, const TraceContext& trace) const {
  observe(value);
  if (!trace.valid()) return;
  target_.update([&](ThreadCells& thread, Series& series, CellId) {
    if (&thread == &internal::g_no_cells) return false;
    const internal::BucketIndex& buckets = target_.family->buckets();
    // Without classic buckets: by octave, so that slow and fast observations keep one each.
    const std::size_t slot =
        buckets.size() > 0 ? buckets.find(value) : static_cast<std::size_t>(std::bit_cast<std::uint64_t>(value) >> 52);
    remember(target_, series, slot, value, trace);
    return true;
  });
}

std::uint64_t HistogramHandle::count() const {
  return read(target_, std::uint64_t{0}, [this](Series& series, CellId cells) {
    const internal::Family& family = *target_.family;
    const CellReader reader;
    std::uint64_t count = 0;
    for (std::uint32_t i = 0; i <= family.buckets().size(); ++i) count += reader.count(cells + 1 + i);
    if (family.has_native() && family.buckets().size() == 0) {
      count = native_counts(series, reader).total + reader.count(family.zero_cell(cells)) +
              reader.count(family.nan_cell(cells));
    }
    return count;
  });
}

double HistogramHandle::sum() const {
  return read(target_, 0.0, [this](Series& series, CellId cells) {
    const CellReader reader;
    double sum = reader.sum(cells);
    if (target_.family->has_native()) sum += native_counts(series, reader).sum;
    return sum;
  });
}

LocalHistogram::LocalHistogram(HistogramHandle histogram) : histogram_(histogram) {
  if (!histogram.valid()) return;
  if (histogram.target_.family->has_native()) {
    kept_.reserve(kMaxKept);
  } else {
    buckets_ = &histogram.target_.family->buckets();
    counts_.resize(buckets_->size() + 1);
  }
}

void LocalHistogram::keep(double value) {
  if (!histogram_.valid()) return;
  kept_.push_back(value);
  if (++seen_ == kMaxKept) flush();
}

void LocalHistogram::flush() {
  if (seen_ == 0) return;
  seen_ = 0;
  for (const double value : kept_) histogram_.observe(value);
  kept_.clear();
  if (buckets_ == nullptr) return;
  histogram_.target_.update([this](internal::ThreadCells& thread, Series&, CellId cells) {
    internal::Cell* const first = internal::find_cell(thread, cells);
    if (first == nullptr) return false;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] > 0) internal::bump(first[1 + i], counts_[i]);
    }
    internal::bump(*first, sum_);
    return true;
  });
  std::ranges::fill(counts_, 0);
  sum_ = 0;
}

}  // namespace vigil::metrics
