// Storage of counts and sums: 64-bit cells, one copy per thread, summed when read.
//
// An update is a relaxed load, an add and a relaxed store on a cell that only the
// calling thread writes: no lock prefix, no line shared with another writer. A cell
// is addressed by an id; ids of one instrument are consecutive and lie in one chunk.
// When a thread ends, the next thread to start takes its table over, values
// included, so sums never go back and memory is bound by threads alive at once.
//
// Thread-safety: add and read from any thread. release() only when nobody updates
// or reads those ids any more.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace vigil::metrics::internal {

using Cell = std::atomic<std::uint64_t>;
using CellId = std::uint32_t;

inline constexpr std::uint32_t kCellsPerChunk = 512;  // 4 KiB
inline constexpr std::uint32_t kMaxChunks = 8192;     // 4 Mi cells a process
inline constexpr CellId kNoCell = 0;                  // updates of it and its neighbour are never read

struct ThreadCells {
  std::array<std::atomic<Cell*>, kMaxChunks> chunks{};
};

// The table of this thread; null until its first update and after its last.
extern thread_local constinit ThreadCells* t_cells __attribute__((tls_model("initial-exec")));

// Out of line: the thread's first touch of a chunk, and updates while it ends.
void add_slow(CellId id, std::uint64_t amount);
void add_slow(CellId id, double amount);

inline Cell* find_cell(CellId id) {
  ThreadCells* const table = t_cells;
  if (table == nullptr) [[unlikely]]
    return nullptr;
  Cell* const chunk = table->chunks[id / kCellsPerChunk].load(std::memory_order_relaxed);
  if (chunk == nullptr) [[unlikely]]
    return nullptr;
  return chunk + id % kCellsPerChunk;
}

inline void bump(Cell& cell, std::uint64_t amount) {
  cell.store(cell.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}
inline void bump(Cell& cell, double amount) {
  const double sum = std::bit_cast<double>(cell.load(std::memory_order_relaxed)) + amount;
  cell.store(std::bit_cast<std::uint64_t>(sum), std::memory_order_relaxed);
}

template <class Amount>
inline void add(CellId id, Amount amount) {
  if (Cell* const cell = find_cell(id)) [[likely]] {
    bump(*cell, amount);
  } else {
    add_slow(id, amount);
  }
}

// `count` consecutive ids in one chunk, all zero; kNoCell when the process has
// used up its cells. `count` is at most kCellsPerChunk.
CellId allocate(std::uint32_t count);
void release(CellId first, std::uint32_t count);

// Sums cells over the threads known at construction. Cheap to make; not shared.
class CellReader {
 public:
  CellReader();
  std::uint64_t count(CellId id) const;
  double sum(CellId id) const;

 private:
  std::vector<const ThreadCells*> tables_;
};

}  // namespace vigil::metrics::internal
