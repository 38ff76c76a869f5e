// The exponential buckets of one native histogram series.
//
// Most observations of a series lie within a few octaves: a window of neighbouring buckets
// covers those, found by one look into a table as classic ones are. It grows with what is
// observed; an old window is only read. Values far away, and those below 0, have pages of
// 16 neighbouring buckets, found through a small hash table without a lock. When a series
// would need more buckets than its limit, window and pages of half the resolution take
// over: buckets of a coarser schema are unions of the finer ones, so merging is a shift,
// done by who reads and never on the hot path.
//
// Thread-safety: cell() and read() from any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "vigil/base/mutex.h"
#include "vigil/metrics/bucket_index.h"
#include "vigil/metrics/cells.h"
#include "vigil/metrics/schema.h"
#include "vigil/metrics/views.h"

namespace vigil::metrics::internal {

// Neighbouring buckets for values above 0.
struct NativeWindow {
  BucketTable table;       // of a value: its bucket, from 0
  CellPlace place;         // of `cells`
  CellId cells = kNoCell;  // the sum of what is counted here, then a count of each bucket
  std::uint32_t buckets = 0;
  std::int32_t schema = 0;
  std::int32_t first = 0;                 // index of the first bucket
  std::unique_ptr<NativeWindow> earlier;  // only read

  // Covers nothing; lives for ever.
  static const NativeWindow& none();
};

class NativeBuckets {
 public:
  // Keeps the newest window in `shown`, until somebody else writes there.
  NativeBuckets(const NativeLayout& layout, std::atomic<const NativeWindow*>& shown);
  ~NativeBuckets();  // releases the cells: nobody updates them any more
  NativeBuckets(const NativeBuckets&) = delete;
  NativeBuckets& operator=(const NativeBuckets&) = delete;

  // The cell to count any value in that is outside the zero bucket and not NaN. Makes it.
  CellId cell(double value);

  struct Counts {
    std::int32_t schema = 0;
    std::uint64_t total = 0;
    double sum = 0;  // of what was counted in windows
    std::vector<NativeHistogramView::Bucket> positive;
    std::vector<NativeHistogramView::Bucket> negative;
  };
  // Replaces what `counts` holds.
  void read(const CellReader& reader, Counts& counts) const;

 private:
  static constexpr int kPageBits = 4;
  static constexpr std::uint32_t kPage = 1U << kPageBits;  // buckets
  static constexpr std::int32_t kPageZero = 1 << 20;       // in a key
  static constexpr std::uint32_t kNegative = 1U << 31;     // in a key
  // Of pages; the coarsest schema covers all doubles with 9 pages a side.
  static constexpr std::size_t kSlots = 64;

  // All of one schema.
  struct Pages {
    explicit Pages(int of) : schema(of) {}
    const std::int32_t schema;
    std::array<std::atomic<std::uint64_t>, kSlots> slot{};  // key << 32 | first cell; 0: free
    std::size_t used = 0;                                   // written under the mutex
    std::unique_ptr<Pages> finer;                           // only read
  };
  // Pages `from` to `to - 1`.
  struct Span {
    std::int32_t from = 0;
    std::int32_t to = 0;
    bool empty() const { return to == from; }
    std::size_t pages() const { return static_cast<std::size_t>(to - from); }
    void include(std::int32_t page);
  };

  // Never 0: pages are numbered from -1100 * 16 up at most.
  static std::uint32_t page_key(std::int32_t index, bool negative) {
    return static_cast<std::uint32_t>((index >> kPageBits) + kPageZero) | (negative ? kNegative : 0);
  }
  static std::int32_t page_start(std::uint32_t key) {
    return (static_cast<std::int32_t>(key & ~kNegative) - kPageZero) * static_cast<std::int32_t>(kPage);
  }
  // Pages of either sign begin at the same slots: one of them is usually absent.
  static std::size_t slot_of(std::uint32_t key) { return key % kSlots; }
  // The cell of a bucket whose page exists; else kNoCell.
  static CellId find(const Pages& pages, std::int32_t index, bool negative);

  // Pages of a schema for what pages have counted: of values above 0, below 0.
  using Keys = std::pair<std::set<std::uint32_t>, std::set<std::uint32_t>>;
  Keys needed(int schema) const REQUIRES(mutex_);

  std::size_t window_pages() const REQUIRES(mutex_);
  Span populated() const REQUIRES(mutex_);
  bool widen(double value) REQUIRES(mutex_);
  bool narrow() REQUIRES(mutex_);
  void coarsen() REQUIRES(mutex_);
  void add_page(std::uint32_t key) REQUIRES(mutex_);
  void show(std::unique_ptr<NativeWindow> window) REQUIRES(mutex_);
  std::unique_ptr<NativeWindow> make_window(const Span& span) const REQUIRES(mutex_);

  const std::size_t max_pages_;
  const double smallest_;  // that has a place in a window
  std::atomic<const NativeWindow*>& shown_;
  std::atomic<const NativeWindow*> window_;
  std::atomic<const Pages*> pages_;
  mutable Mutex mutex_;
  std::unique_ptr<NativeWindow> newest_window_ GUARDED_BY(mutex_);
  std::unique_ptr<Pages> newest_pages_ GUARDED_BY(mutex_);
};

}  // namespace vigil::metrics::internal
