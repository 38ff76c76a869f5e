// The exponential buckets of one native histogram series.
//
// Cells come in pages of 16 neighbouring buckets, made when the first value falls into
// them and found through a small hash table without a lock. When a series would need
// more buckets than its limit, a table of half the resolution takes over and the old one
// is only read: buckets of a coarser schema are unions of the finer ones, so merging is a
// shift, done by who reads and never on the hot path.
//
// Thread-safety: find(), make() and read() from any thread.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "vigil/base/mutex.h"
#include "vigil/metrics/bucket_index.h"
#include "vigil/metrics/cells.h"
#include "vigil/metrics/schema.h"
#include "vigil/metrics/views.h"

namespace vigil::metrics::internal {

class NativeBuckets {
 public:
  explicit NativeBuckets(const NativeLayout& layout);
  ~NativeBuckets();  // releases the cells: nobody updates them any more
  NativeBuckets(const NativeBuckets&) = delete;
  NativeBuckets& operator=(const NativeBuckets&) = delete;

  // The cell of an ordinary value above 0 whose page exists; else kNoCell.
  CellId find(double value) const {
    const std::uint64_t bits = std::bit_cast<std::uint64_t>(value);
    // Doubles above 0 are in the order of their bits and those below 0 behind: one comparison
    // finds what is near 0, negative, infinite, or not a number.
    if (bits - smallest_ >= kInfinity - smallest_) [[unlikely]]
      return kNoCell;
    return find(*table_.load(std::memory_order_acquire), bits, 0);
  }
  // The same below 0.
  CellId find_negative(double value) const {
    const std::uint64_t magnitude = std::bit_cast<std::uint64_t>(value) & ~kSign;
    if (!(value < 0) || magnitude - smallest_ >= kInfinity - smallest_) return kNoCell;
    return find(*table_.load(std::memory_order_acquire), magnitude, kNegative);
  }

  // The cell of any value outside the zero bucket that is not NaN; makes its page.
  CellId make(double value);

  struct Counts {
    std::int32_t schema = 0;
    std::uint64_t total = 0;
    std::vector<NativeHistogramView::Bucket> positive;
    std::vector<NativeHistogramView::Bucket> negative;
  };
  // Replaces what `counts` holds.
  void read(const CellReader& reader, Counts& counts) const;

 private:
  static constexpr std::uint32_t kPage = 16;    // buckets
  static constexpr std::size_t kSlots = 64;     // of a table, twice what the coarsest schema can need
  static constexpr std::size_t kAllPages = 20;  // schema -4 covers all doubles with 9 pages a side

  struct Table {
    explicit Table(int schema) : lookup(ExponentialIndex::of(schema).lookup()) {}
    const ExponentialIndex::Lookup lookup;
    std::array<std::atomic<std::uint64_t>, kSlots> slot{};  // key << 32 | first cell; 0: free
    std::size_t pages = 0;                                  // written under the mutex
    std::unique_ptr<Table> finer;                           // what it took over from
  };

  // `sign` is 0 or kNegative. Never 0: pages are numbered from -1100 * 16 up at most.
  static std::uint32_t page_key(std::int32_t index, std::uint32_t sign) {
    return static_cast<std::uint32_t>((index >> 4) + (1 << 20)) | sign;
  }
  // Pages of either sign begin at the same slots: one of them is usually absent.
  static std::size_t slot_of(std::uint32_t key) { return key % kSlots; }
  static CellId find(const Table& table, std::uint64_t magnitude, std::uint32_t sign) {
    const std::int32_t index = table.lookup.find(magnitude);
    const std::uint32_t key = page_key(index, sign);
    for (std::size_t at = slot_of(key);; at = (at + 1) % kSlots) {
      const std::uint64_t entry = table.slot[at].load(std::memory_order_acquire);
      if (entry >> 32 == key) [[likely]]
        return static_cast<CellId>(entry) + (static_cast<std::uint32_t>(index) & (kPage - 1));
      if (entry == 0) [[unlikely]]
        return kNoCell;
    }
  }

  static constexpr std::uint32_t kNegative = 1U << 31;  // in a key
  static constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  static constexpr std::uint64_t kInfinity = std::uint64_t{0x7ff} << 52;

  const std::size_t max_pages_;
  const std::uint64_t smallest_;  // bits of the first value that is normal and outside the zero bucket
  std::atomic<Table*> table_;
  Mutex mutex_;
  std::unique_ptr<Table> newest_ GUARDED_BY(mutex_);
};

}  // namespace vigil::metrics::internal
