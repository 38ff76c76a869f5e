#include "vigil/metrics/cells.h"

#include <algorithm>
#include <map>
#include <memory>

#include "vigil/base/error.h"
#include "vigil/base/mutex.h"

namespace vigil::metrics::internal {
namespace {

constexpr CellId kFirstCell = kNoCell + 2;

// All tables ever made, those without a thread, and the free ids. Never destroyed:
// threads may still count while static objects are torn down.
struct Pool {
  Mutex mutex;
  std::vector<ThreadCells*> tables GUARDED_BY(mutex);
  std::vector<ThreadCells*> orphans GUARDED_BY(mutex);
  // Takes the updates of threads whose table was given back already. Written under the mutex.
  ThreadCells* late GUARDED_BY(mutex) = nullptr;
  CellId next GUARDED_BY(mutex) = kFirstCell;
  std::map<std::uint32_t, std::vector<CellId>> free GUARDED_BY(mutex);  // by count
};

Pool& pool() {
  static Pool* const instance = new Pool;
  return *instance;
}

ThreadCells* new_table(Pool& p) REQUIRES(p.mutex) {
  p.tables.push_back(new ThreadCells);
  return p.tables.back();
}

Cell& make_cell(ThreadCells& table, CellId id) {
  std::atomic<Cell*>& slot = table.chunks[id / kCellsPerChunk];
  Cell* chunk = slot.load(std::memory_order_relaxed);
  if (chunk == nullptr) {
    chunk = new Cell[kCellsPerChunk]();
    slot.store(chunk, std::memory_order_release);
  }
  return chunk[id % kCellsPerChunk];
}

thread_local constinit bool t_ended = false;

// Gives the table back when the thread ends.
struct ThreadEnd {
  ~ThreadEnd() {
    ThreadCells* const table = t_cells;
    t_cells = nullptr;
    t_ended = true;
    if (table == nullptr) return;
    Pool& p = pool();
    MutexLock lock(p.mutex);
    p.orphans.push_back(table);
  }
  // Odr-use constructs the object of this thread and so arms its destructor.
  void arm() { armed_ = true; }
  bool armed_ = false;
};
thread_local ThreadEnd t_end;

template <class Amount>
void slow(CellId id, Amount amount) {
  Pool& p = pool();
  MutexLock lock(p.mutex);
  if (t_ended) {
    if (p.late == nullptr) p.late = new_table(p);
    bump(make_cell(*p.late, id), amount);
    return;
  }
  if (t_cells == nullptr) {
    t_end.arm();
    if (p.orphans.empty()) {
      t_cells = new_table(p);
    } else {
      t_cells = p.orphans.back();
      p.orphans.pop_back();
    }
  }
  bump(make_cell(*t_cells, id), amount);
}

}  // namespace

thread_local constinit ThreadCells* t_cells = nullptr;

void add_slow(CellId id, std::uint64_t amount) { slow(id, amount); }
void add_slow(CellId id, double amount) { slow(id, amount); }

CellId allocate(std::uint32_t count) {
  VIGIL_CHECK(count > 0 && count <= kCellsPerChunk);
  Pool& p = pool();
  MutexLock lock(p.mutex);
  if (const auto found = p.free.find(count); found != p.free.end() && !found->second.empty()) {
    const CellId id = found->second.back();
    found->second.pop_back();
    return id;
  }
  CellId first = p.next;
  const CellId left = kCellsPerChunk - first % kCellsPerChunk;
  if (count > left) first += left;  // the rest of the chunk stays unused
  if (first + count > kMaxChunks * kCellsPerChunk) return kNoCell;
  p.next = first + count;
  return first;
}

void release(CellId first, std::uint32_t count) {
  if (first == kNoCell) return;
  Pool& p = pool();
  MutexLock lock(p.mutex);
  // Nobody updates these cells any more, so writing other threads' copies is safe here.
  for (ThreadCells* table : p.tables) {
    Cell* const chunk = table->chunks[first / kCellsPerChunk].load(std::memory_order_acquire);
    if (chunk == nullptr) continue;
    for (std::uint32_t i = 0; i < count; ++i) chunk[first % kCellsPerChunk + i].store(0, std::memory_order_relaxed);
  }
  p.free[count].push_back(first);
}

CellReader::CellReader() {
  Pool& p = pool();
  MutexLock lock(p.mutex);
  tables_.assign(p.tables.begin(), p.tables.end());
}

std::uint64_t CellReader::count(CellId id) const {
  if (id < kFirstCell) return 0;
  std::uint64_t total = 0;
  for (const ThreadCells* table : tables_) {
    const Cell* const chunk = table->chunks[id / kCellsPerChunk].load(std::memory_order_acquire);
    if (chunk != nullptr) total += chunk[id % kCellsPerChunk].load(std::memory_order_relaxed);
  }
  return total;
}

double CellReader::sum(CellId id) const {
  if (id < kFirstCell) return 0;
  double total = 0;
  for (const ThreadCells* table : tables_) {
    const Cell* const chunk = table->chunks[id / kCellsPerChunk].load(std::memory_order_acquire);
    if (chunk != nullptr) total += std::bit_cast<double>(chunk[id % kCellsPerChunk].load(std::memory_order_relaxed));
  }
  return total;
}

}  // namespace vigil::metrics::internal
