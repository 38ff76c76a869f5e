#include "vigil/metrics/native_buckets.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

namespace vigil::metrics::internal {

NativeBuckets::NativeBuckets(const NativeLayout& layout)
    : max_pages_(std::clamp<std::size_t>(layout.max_buckets / kPage, 1, kSlots / 2)),
      smallest_(std::bit_cast<std::uint64_t>(
          std::max(std::numeric_limits<double>::min(),
                   std::nextafter(layout.zero_threshold, std::numeric_limits<double>::infinity())))) {
  MutexLock lock(mutex_);
  newest_ = std::make_unique<Table>(layout.schema);
  table_.store(newest_.get(), std::memory_order_release);
}

NativeBuckets::~NativeBuckets() {
  MutexLock lock(mutex_);
  for (const Table* table = newest_.get(); table != nullptr; table = table->finer.get()) {
    for (const auto& slot : table->slot) {
      const std::uint64_t entry = slot.load(std::memory_order_relaxed);
      if (entry != 0) release(static_cast<CellId>(entry), kPage);
    }
  }
}

CellId NativeBuckets::make(double value) {
  MutexLock lock(mutex_);
  for (;;) {
    Table& table = *newest_;
    const std::int32_t index = ExponentialIndex::of(table.lookup.schema).find(value < 0 ? -value : value);
    const std::uint32_t key = page_key(index, value < 0 ? kNegative : 0);
    std::size_t at = slot_of(key);
    while (table.slot[at].load(std::memory_order_relaxed) != 0) {
      const std::uint64_t entry = table.slot[at].load(std::memory_order_relaxed);
      if (entry >> 32 == key) return static_cast<CellId>(entry) + (static_cast<std::uint32_t>(index) & (kPage - 1));
      at = (at + 1) % kSlots;
    }
    if (table.pages >= (table.lookup.schema == kMinSchema ? kAllPages : max_pages_)) {
      auto coarser = std::make_unique<Table>(table.lookup.schema - 1);
      coarser->finer = std::move(newest_);
      newest_ = std::move(coarser);
      table_.store(newest_.get(), std::memory_order_release);
      continue;
    }
    const CellId first = allocate(kPage);
    ++table.pages;
    table.slot[at].store(static_cast<std::uint64_t>(key) << 32 | first, std::memory_order_release);
    return first + (static_cast<std::uint32_t>(index) & (kPage - 1));
  }
}

void NativeBuckets::read(const CellReader& reader, Counts& counts) const {
  const Table* const newest = table_.load(std::memory_order_acquire);
  counts.schema = newest->lookup.schema;
  counts.total = 0;
  counts.positive.clear();
  counts.negative.clear();
  for (const Table* table = newest; table != nullptr; table = table->finer.get()) {
    const int shift = table->lookup.schema - counts.schema;
    for (const auto& slot : table->slot) {
      const std::uint64_t entry = slot.load(std::memory_order_acquire);
      if (entry == 0) continue;
      const auto key = static_cast<std::uint32_t>(entry >> 32);
      const std::int32_t page = static_cast<std::int32_t>(key & ~kNegative) - (1 << 20);
      auto& side = (key & kNegative) != 0 ? counts.negative : counts.positive;
      for (std::uint32_t i = 0; i < kPage; ++i) {
        const std::uint64_t count = reader.count(static_cast<CellId>(entry) + i);
        if (count == 0) continue;
        counts.total += count;
        // (b^(i-1), b^i] lies in the coarser bucket ceil(i / 2^shift).
        const std::int32_t index = page * static_cast<std::int32_t>(kPage) + static_cast<std::int32_t>(i);
        side.push_back({((index - 1) >> shift) + 1, count});
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
