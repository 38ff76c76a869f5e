// Storage of counts and sums: 64-bit cells, one copy per thread, summed when read.
//
// An update is a relaxed load, an add and a relaxed store on a cell that only the
// calling thread writes: no lock prefix, no line shared with another writer. A cell
// is addressed by an id; ids of one series are consecutive and lie in one chunk.
// When a thread ends, the next thread to start takes its table over, values
// included, so sums never go back and memory is bound by threads alive at once.
//
// What is removed while threads may still use it is found out by an asymmetric fence
// (Dice, Huang, Yang: "Asymmetric Dekker Synchronization", 2001; membarrier(2) on
// Linux): a thread announces what it uses by a plain store, and whoever removes
// something takes it out of reach, makes every thread's stores visible by one
// system call, and looks at the announcements.
//
// Thread-safety: any thread. release() only for ids that nobody updates any more.
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
inline constexpr std::uint32_t kMaxChunks = 8192;
inline constexpr std::uint32_t kMaxCells = kMaxChunks * kCellsPerChunk;  // 4 Mi a process
// The first chunk is for series that found no cells left: updated, never read.
inline constexpr CellId kNoCell = 0;

// What one thread writes all the time and others do not share lies on lines of its own:
// whatever the allocator put beside it would cost its readers a miss each time. Processors
// fetch lines in pairs.
inline constexpr std::size_t kLines = 128;

struct alignas(kLines) Chunk {
  std::array<Cell, kCellsPerChunk> cells{};
};

struct ThreadCells {
  std::array<std::atomic<Cell*>, kMaxChunks> chunks{};
  // What this thread uses at this moment: a Series it updates, a Table it searches.
  alignas(kLines) std::atomic<const void*> busy{nullptr};
};

// Holds no cells and announces nothing: stands for the table that a thread does not have
// yet or any more, which spares updates a check.
extern constinit ThreadCells g_no_cells;

// The table of this thread; g_no_cells until its first update and after its last.
extern thread_local constinit ThreadCells* t_cells __attribute__((tls_model("initial-exec")));

// Makes the table of this thread; null while the thread ends.
ThreadCells* make_thread_cells();

// Announces the use of `what` until the end of the scope. Whoever announces must then
// check that `what` is still in reach.
class Using {
 public:
  Using(ThreadCells& thread, const void* what) : thread_(thread) { begin(thread, what); }
  ~Using() { end(thread_); }
  Using(const Using&) = delete;
  Using& operator=(const Using&) = delete;

  // For updates, where compilers would keep an object in memory. Nothing may throw in between.
  [[gnu::always_inline]] static void begin(ThreadCells& thread, const void* what) {
    thread.busy.store(what, std::memory_order_relaxed);
    // The other half of the fence is membarrier: here only the compiler is held back.
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  [[gnu::always_inline]] static void end(ThreadCells& thread) { thread.busy.store(nullptr, std::memory_order_release); }

 private:
  ThreadCells& thread_;
};

// What all threads use, as of its construction. Whatever was out of reach by then and
// is not in use now is never used again.
class InUse {
 public:
  InUse();
  bool contains(const void* what) const;

 private:
  bool known_ = false;  // no membarrier(2) here: everything counts as used, nothing is reused
  std::vector<const void*> busy_;
};

// Where a cell is in the table of each thread that has it.
struct CellPlace {
  std::uint32_t chunk = 0;
  std::uint32_t cell = 0;  // in it
};
constexpr CellPlace place_of(CellId id) { return {id / kCellsPerChunk, id % kCellsPerChunk}; }

inline Cell* find_cell(const ThreadCells& thread, CellPlace place) {
  Cell* const chunk = thread.chunks[place.chunk].load(std::memory_order_relaxed);
  return chunk == nullptr ? nullptr : chunk + place.cell;
}
inline Cell* find_cell(const ThreadCells& thread, CellId id) {
  Cell* const chunk = thread.chunks[std::size_t{id} / kCellsPerChunk].load(std::memory_order_relaxed);
  return chunk == nullptr ? nullptr : chunk + id % kCellsPerChunk;
}
// The same, made if need be.
[[gnu::cold]] Cell* make_cell(ThreadCells& thread, CellId id);

// ThreadSanitizer does not see into assembler.
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
#if defined(__has_feature)
#if !__has_feature(thread_sanitizer)
#define VIGIL_CELLS_IN_ASSEMBLER
#endif
#else
#define VIGIL_CELLS_IN_ASSEMBLER
#endif
#endif

// Release: who reads a later cell of an observation sees the earlier ones too.
//
// Compilers take atomics apart: three instructions and a register to add a count, five and
// two crossings between register files to add a sum. x86-64 adds to memory in one and two;
// its aligned 8-byte loads and stores are single, and stores are seen in order.
[[gnu::always_inline]] inline void bump(Cell& cell, std::uint64_t amount) {
#ifdef VIGIL_CELLS_IN_ASSEMBLER
  asm volatile("addq %1, %0" : "+m"(cell) : "er"(amount) : "cc");
#else
  cell.store(cell.load(std::memory_order_relaxed) + amount, std::memory_order_release);
#endif
}
[[gnu::always_inline]] inline void bump(Cell& cell, double amount) {
#ifdef VIGIL_CELLS_IN_ASSEMBLER
#ifdef __AVX__
  asm volatile("vaddsd %1, %0, %0\n\tvmovsd %0, %1" : "+x"(amount), "+m"(cell));
#else
  asm volatile("addsd %1, %0\n\tmovsd %0, %1" : "+x"(amount), "+m"(cell));
#endif
#else
  const double sum = std::bit_cast<double>(cell.load(std::memory_order_relaxed)) + amount;
  cell.store(std::bit_cast<std::uint64_t>(sum), std::memory_order_release);
#endif
}

// For updates of threads that end and have no table any more: one table for all, locked.
class LateCells {
 public:
  LateCells();
  ~LateCells();
  LateCells(const LateCells&) = delete;
  LateCells& operator=(const LateCells&) = delete;
  ThreadCells& table() { return *table_; }

 private:
  ThreadCells* table_;
};

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
