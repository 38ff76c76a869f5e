// One label set of a family, and how it is updated while others may remove it.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "vigil/metrics/cells.h"
#include "vigil/metrics/exemplars.h"
#include "vigil/metrics/native_buckets.h"

namespace vigil::metrics::internal {

inline constexpr std::uint64_t kUnset = 0x7ff8'0000'7669'6769ULL;  // a NaN of our own

// What only some series have.
struct SeriesExtra {
  std::optional<NativeBuckets> native;
  std::atomic<Exemplars*> exemplars{nullptr};
  std::atomic<std::uint64_t> seen{0};  // native histogram: activity, by the last sweep
  ~SeriesExtra() { delete exemplars.load(std::memory_order_relaxed); }
};

// At a fixed address while its family lives; the escaped label text `a="x",b="y"`
// follows it in memory. A label set that expires leaves its Series, and the next one
// that needs it gets a new generation: who knows only the old one is told apart.
struct Series {
  // Generation << 32 | first cell while alive (counter: integer part, float part;
  // histogram: sum, buckets, zero bucket); generation 0 when not.
  std::atomic<std::uint64_t> stamp{0};
  std::atomic<Series*> next{nullptr};  // in order of creation
  union {
    std::atomic<std::uint64_t> value;         // gauge: bits of a double or kUnset; others: as last seen by a sweep
    std::atomic<const NativeWindow*> window;  // native histogram: the newest of its NativeBuckets
  };
  std::atomic<SeriesExtra*> extra{nullptr};
  std::atomic<Timestamp> created{0};
  std::uint32_t hash = 0;
  std::atomic<std::uint32_t> generation{1};
  std::uint32_t text_capacity = 0;
  std::uint32_t text_size : 31 = 0;
  std::uint32_t escaped : 1 = 0;          // the text differs from the raw values
  std::atomic<std::uint32_t> touched{0};  // gauge: set since the last sweep
  // Under the family's lock:
  std::uint32_t changed_at : 30 = 0;  // seconds of the family's life, as the last sweep saw it
  std::uint32_t linked : 1 = 0;       // in the table
  std::uint32_t overflow : 1 = 0;     // counts what came above the cap; never expires

  constexpr Series() : value(0) {}
  struct Native {};
  explicit Series(Native) : window(&NativeWindow::none()) {}

  std::string_view text() const { return {reinterpret_cast<const char*>(this + 1), text_size}; }
  char* text_room() { return reinterpret_cast<char*>(this + 1); }
  bool alive() const { return stamp.load(std::memory_order_acquire) >> 32 != 0; }
  CellId cells() const { return static_cast<CellId>(stamp.load(std::memory_order_acquire)); }
};

class Family;

// A series as a handle knows it. Copies are free; outlived by the family.
struct Target {
  Family* family = nullptr;
  Series* series = nullptr;      // null: updates go nowhere
  std::uint64_t generation = 0;  // << 32, as in Series::stamp

  // Runs `apply(thread's cells, series, id of its first cell)` with the series kept from
  // being reused meanwhile. One that was removed or expired is made again at 0. `apply`
  // changes nothing and returns false if the thread does not have the cells yet, and is
  // called again once it does.
  //
  // Inlined into the caller, who declares `apply` always_inline as well: an update is some
  // twenty instructions, and passing arguments through memory would double them.
  template <class Apply>
  [[gnu::always_inline]] void update(const Apply& apply) const {
    if (series == nullptr || try_update(apply)) [[likely]]
      return;
    const Apply copy = apply;  // so that the one above can stay in registers
    update_slow([](const void* function, ThreadCells& thread, Series& series_now,
                   CellId cells) { return (*static_cast<const Apply*>(function))(thread, series_now, cells); },
                &copy);
  }

  // The same, but for what needs to be made first. False if there is something, or if
  // `apply` returns false: nothing has changed then. There must be a series.
  template <class Apply>
  [[gnu::always_inline]] bool try_update(const Apply& apply) const {
    ThreadCells& thread = *t_cells;
    Series& at = *series;
    Using::begin(thread, &at);
    // Of another generation, or of none, this is out of range.
    const std::uint64_t cells = at.stamp.load(std::memory_order_acquire) - generation;
    const bool done = cells < kMaxCells && apply(thread, at, static_cast<CellId>(cells));
    Using::end(thread);
    return done;
  }

 private:
  using Erased = bool (*)(const void* apply, ThreadCells& thread, Series& series, CellId cells);
  [[gnu::cold]] void update_slow(Erased erased, const void* apply) const;
};

// False if the thread does not have the cell yet.
template <class Amount>
[[gnu::always_inline]] inline bool add(ThreadCells& thread, CellId id, Amount amount) {
  Cell* const cell = find_cell(thread, id);
  if (cell == nullptr) [[unlikely]]
    return false;
  bump(*cell, amount);
  return true;
}

}  // namespace vigil::metrics::internal
