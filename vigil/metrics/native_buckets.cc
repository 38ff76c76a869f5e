#include "vigil/metrics/native_buckets.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

namespace vigil::metrics::internal {
namespace {

// Of a bucket `by` schemas coarser: (b^(i-1), b^i] lies in the bucket ceil(i / 2^by).
std::int32_t coarser(std::int32_t index, int by) { return ((index - 1) >> by) + 1; }

// The table of the buckets from the one above bound `first` on, that bound's own included.
// Series of one schema and range share it.
BucketTable shared_table(int schema, std::int32_t first, std::int32_t last) {
  static Mutex mutex;
  static auto& known = *new std::map<std::tuple<int, std::int32_t, std::int32_t>, BucketTable>;
  MutexLock lock(mutex);
  const auto key = std::tuple(schema, first, last);
  if (const auto found = known.find(key); found != known.end()) return found->second;
  std::erase_if(known, [](const auto& each) { return !each.second.shared(); });
  std::vector<std::uint64_t> bounds;
  for (std::int32_t i = first; i <= last; ++i) {
    bounds.push_back(std::bit_cast<std::uint64_t>(ExponentialIndex::upper_bound(schema, i)));
  }
  // Twice as many parts as buckets, so that none holds two bounds.
  const int shift = 52 - std::max(schema + 1, 0);
  const std::uint64_t from = bounds.front() >> shift;
  return known.emplace(key, BucketTable(from, (bounds.back() >> shift) - from + 1, shift, bounds, 0)).first->second;
}

}  // namespace

const NativeWindow& NativeWindow::none() {
  static const NativeWindow& instance = *new NativeWindow;
  return instance;
}

NativeBuckets::NativeBuckets(const NativeLayout& layout, std::atomic<const NativeWindow*>& shown)
    : max_pages_(std::clamp<std::size_t>(layout.max_buckets / kPage, 1, kSlots / 2)),
      smallest_(std::max(std::numeric_limits<double>::min(),
                         std::nextafter(layout.zero_threshold, std::numeric_limits<double>::infinity()))),
      shown_(shown),
      newest_window_(std::make_unique<NativeWindow>()),
      newest_pages_(std::make_unique<Pages>(std::clamp(layout.schema, kMinSchema, kMaxSchema))) {
  window_.store(newest_window_.get(), std::memory_order_release);
  shown_.store(newest_window_.get(), std::memory_order_release);
  pages_.store(newest_pages_.get(), std::memory_order_release);
}

NativeBuckets::~NativeBuckets() {
  for (const NativeWindow* window = newest_window_.get(); window != nullptr; window = window->earlier.get()) {
    if (window->buckets > 0) release(window->cells, window->buckets + 1);
  }
  for (const Pages* pages = newest_pages_.get(); pages != nullptr; pages = pages->finer.get()) {
    for (const auto& slot : pages->slot) {
      const std::uint64_t entry = slot.load(std::memory_order_relaxed);
      if (entry != 0) release(static_cast<CellId>(entry), kPage);
    }
  }
}

CellId NativeBuckets::find(const Pages& pages, std::int32_t index, bool negative) {
  const std::uint32_t key = page_key(index, negative);
  for (std::size_t at = slot_of(key);; at = (at + 1) % kSlots) {
    const std::uint64_t entry = pages.slot[at].load(std::memory_order_acquire);
    if (entry >> 32 == key) return static_cast<CellId>(entry) + (static_cast<std::uint32_t>(index) & (kPage - 1));
    if (entry == 0) return kNoCell;
  }
}

CellId NativeBuckets::cell(double value) {
  const auto look = [value](const NativeWindow& window, const Pages& pages) {
    const std::size_t at = window.table.find(value);
    if (at != BucketTable::kOutside) return std::pair(true, window.cells + 1 + static_cast<CellId>(at));
    const std::int32_t index = ExponentialIndex::of(pages.schema).find(std::abs(value));
    const CellId found = find(pages, index, value < 0);
    return std::pair(found != kNoCell, found);
  };
  if (const auto [known, cell] =
          look(*window_.load(std::memory_order_acquire), *pages_.load(std::memory_order_acquire));
      known)
    return cell;
  MutexLock lock(mutex_);
  for (;;) {
    if (const auto [known, cell] = look(*newest_window_, *newest_pages_); known) return cell;
    if (value > 0 && widen(value)) continue;
    const Pages& pages = *newest_pages_;
    if (pages.schema == kMinSchema || pages.used + window_pages() < max_pages_) {
      add_page(page_key(ExponentialIndex::of(pages.schema).find(std::abs(value)), value < 0));
    } else if (!narrow()) {
      coarsen();
    }
  }
}

// What is not a whole page of a window counts as one: its first and last bucket.
std::size_t NativeBuckets::window_pages() const {
  return newest_window_->buckets == 0 ? 0 : newest_window_->buckets / kPage + 1;
}

void NativeBuckets::Span::include(std::int32_t page) {
  from = empty() ? page : std::min(from, page);
  to = std::max(to, page + 1);
}

NativeBuckets::Span NativeBuckets::populated() const {
  const CellReader reader;
  const int schema = newest_pages_->schema;
  Span span;
  for (const NativeWindow* window = newest_window_.get(); window != nullptr; window = window->earlier.get()) {
    for (std::uint32_t i = 0; i < window->buckets; ++i) {
      if (reader.count(window->cells + 1 + i) == 0) continue;
      span.include(coarser(window->first + static_cast<std::int32_t>(i), window->schema - schema) >> kPageBits);
    }
  }
  return span;
}

// A window for all that windows have counted, and for this value. False if it is too far
// away for one.
bool NativeBuckets::widen(double value) {
  const std::int32_t page = ExponentialIndex::of(newest_pages_->schema).find(value) >> kPageBits;
  Span span = populated();
  span.include(page);
  const std::size_t most = max_pages_ - std::min(max_pages_, newest_pages_->used + 1);
  if (span.pages() > most) return false;
  // Twice as much as is needed, on the side that it grew.
  const auto spare = static_cast<std::int32_t>(std::min(span.pages(), most - span.pages()));
  (page + 1 == span.to ? span.to : span.from) += page + 1 == span.to ? spare : -spare;
  std::unique_ptr<NativeWindow> window = make_window(span);
  if (window == nullptr || window->table.find(value) == BucketTable::kOutside) return false;
  show(std::move(window));
  return true;
}

// Gives up what the window holds in reserve. False if that is nothing.
bool NativeBuckets::narrow() {
  const Span span = populated();
  if (span.empty() || span.pages() + 1 >= window_pages()) return false;
  std::unique_ptr<NativeWindow> window = make_window(span);
  if (window == nullptr) return false;
  show(std::move(window));
  return true;
}

NativeBuckets::Keys NativeBuckets::needed(int schema) const {
  const CellReader reader;
  Keys keys;
  auto& [above, below] = keys;
  for (const Pages* pages = newest_pages_.get(); pages != nullptr; pages = pages->finer.get()) {
    for (const auto& slot : pages->slot) {
      const std::uint64_t entry = slot.load(std::memory_order_relaxed);
      for (std::uint32_t i = 0; entry != 0 && i < kPage; ++i) {
        if (reader.count(static_cast<CellId>(entry) + i) == 0) continue;
        const auto key = static_cast<std::uint32_t>(entry >> 32);
        const std::int32_t index = page_start(key) + static_cast<std::int32_t>(i);
        const bool negative = (key & kNegative) != 0;
        (negative ? below : above).insert(page_key(coarser(index, pages->schema - schema), negative));
      }
    }
  }
  return keys;
}

void NativeBuckets::coarsen() {
  int schema = newest_pages_->schema - 1;
  auto [above, below] = needed(schema);
  // Pages that lie apart may take two each at first.
  while (schema > kMinSchema && above.size() + below.size() > max_pages_) std::tie(above, below) = needed(--schema);
  auto pages = std::make_unique<Pages>(schema);
  pages->finer = std::move(newest_pages_);
  newest_pages_ = std::move(pages);
  // What was far away may be near enough now.
  Span span = populated();
  Span all = span;
  for (const std::uint32_t key : above) all.include(page_start(key) >> kPageBits);
  std::unique_ptr<NativeWindow> window;
  if (!all.empty() && all.pages() + 1 + below.size() <= max_pages_) window = make_window(all);
  if (window != nullptr) {
    above.clear();
  } else if (!span.empty()) {
    window = make_window(span);
  }
  for (const auto* keys : {&above, &below}) {
    for (const std::uint32_t key : *keys) add_page(key);
  }
  show(window != nullptr ? std::move(window) : std::make_unique<NativeWindow>());
  pages_.store(newest_pages_.get(), std::memory_order_release);
}

void NativeBuckets::add_page(std::uint32_t key) {
  Pages& pages = *newest_pages_;
  std::size_t at = slot_of(key);
  while (pages.slot[at].load(std::memory_order_relaxed) != 0) at = (at + 1) % kSlots;
  ++pages.used;
  pages.slot[at].store(std::uint64_t{key} << 32 | allocate(kPage), std::memory_order_release);
}

// Null if it would reach into the zero bucket, beyond all numbers, or does not fit a chunk.
std::unique_ptr<NativeWindow> NativeBuckets::make_window(const Span& span) const {
  auto window = std::make_unique<NativeWindow>();
  window->schema = newest_pages_->schema;
  // Bounds do not lie on the edges of the table's parts: a bucket more on either side holds
  // what its outermost parts have beyond the outermost bounds.
  window->first = span.from * static_cast<std::int32_t>(kPage) - 1;
  window->buckets = static_cast<std::uint32_t>(span.pages()) * kPage + 2;
  const std::int32_t last = window->first + static_cast<std::int32_t>(window->buckets) - 2;
  const double low = ExponentialIndex::upper_bound(window->schema, window->first);
  const double high = ExponentialIndex::upper_bound(window->schema, last);
  // Half the lowest bound is below its part.
  if (low / 2 < smallest_ || std::isinf(high * 2) || window->buckets + 1 > kCellsPerChunk) return nullptr;
  window->table = shared_table(window->schema, window->first, last);
  window->cells = allocate(window->buckets + 1);
  window->place = place_of(window->cells);
  return window;
}

void NativeBuckets::show(std::unique_ptr<NativeWindow> window) {
  const NativeWindow* shown = newest_window_.get();
  window->earlier = std::move(newest_window_);
  newest_window_ = std::move(window);
  window_.store(newest_window_.get(), std::memory_order_release);
  // Fails if the series was removed meanwhile: it shows none, or another one's.
  shown_.compare_exchange_strong(shown, newest_window_.get(), std::memory_order_release, std::memory_order_relaxed);
}

void NativeBuckets::read(const CellReader& reader, Counts& counts) const {
  const NativeWindow* newest_window = nullptr;
  const Pages* newest_pages = nullptr;
  {
    MutexLock lock(mutex_);
    newest_window = newest_window_.get();
    newest_pages = newest_pages_.get();
  }
  counts.schema = newest_pages->schema;
  counts.total = 0;
  counts.sum = 0;
  counts.positive.clear();
  counts.negative.clear();
  const auto add = [&](auto& side, CellId cell, int schema, std::int32_t index) {
    const std::uint64_t count = reader.count(cell);
    if (count == 0) return;
    counts.total += count;
    side.push_back({coarser(index, schema - counts.schema), count});
  };
  for (const NativeWindow* window = newest_window; window != nullptr; window = window->earlier.get()) {
    if (window->buckets == 0) continue;
    counts.sum += reader.sum(window->cells);
    for (std::uint32_t i = 0; i < window->buckets; ++i) {
      add(counts.positive, window->cells + 1 + i, window->schema, window->first + static_cast<std::int32_t>(i));
    }
  }
  for (const Pages* pages = newest_pages; pages != nullptr; pages = pages->finer.get()) {
    for (const auto& slot : pages->slot) {
      const std::uint64_t entry = slot.load(std::memory_order_acquire);
      if (entry == 0) continue;
      const auto key = static_cast<std::uint32_t>(entry >> 32);
      for (std::uint32_t i = 0; i < kPage; ++i) {
        add((key & kNegative) != 0 ? counts.negative : counts.positive, static_cast<CellId>(entry) + i, pages->schema,
            page_start(key) + static_cast<std::int32_t>(i));
      }
    }
  }
  for (auto* side : {&counts.positive, &counts.negative}) {
    std::ranges::sort(*side, {}, &NativeHistogramView::Bucket::index);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < side->size(); ++i) {
      if (kept > 0 && (*side)[kept - 1].index == (*side)[i].index) {
        (*side)[kept - 1].count += (*side)[i].count;
      } else {
        (*side)[kept++] = (*side)[i];
      }
    }
    side->resize(kept);
  }
}

}  // namespace vigil::metrics::internal
