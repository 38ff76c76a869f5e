#include "vigil/metrics/cells.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>

#include "vigil/base/error.h"
#include "vigil/base/mutex.h"

namespace vigil::metrics::internal {
namespace {

constexpr CellId kFirstCell = kNoCell + kCellsPerChunk;

int membarrier(int command) { return static_cast<int>(syscall(__NR_membarrier, command, 0, 0)); }

// All tables ever made, those without a thread, and the free ids. Never destroyed:
// threads may still count while static objects are torn down.
struct Pool {
  const bool fence = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
  Mutex mutex;
  std::vector<ThreadCells*> tables GUARDED_BY(mutex);
  std::vector<ThreadCells*> orphans GUARDED_BY(mutex);
  CellId next GUARDED_BY(mutex) = kFirstCell;
  std::map<std::uint32_t, std::vector<CellId>> free GUARDED_BY(mutex);  // by count

  Mutex late_mutex;
  ThreadCells* late GUARDED_BY(late_mutex) = nullptr;
};

Pool& pool() {
  static Pool* const instance = new Pool;
  return *instance;
}
// Made before main(): to register for the fence costs nothing while the process has one
// thread, and some 20 ms of waiting for all CPUs later.
[[maybe_unused]] const Pool& g_made_early = pool();

thread_local constinit bool t_ended = false;

// Gives the table back when the thread ends.
struct ThreadEnd {
  ~ThreadEnd() {
    ThreadCells* const table = t_cells;
    t_cells = &g_no_cells;
    t_ended = true;
    if (table == &g_no_cells) return;
    Pool& p = pool();
    MutexLock lock(p.mutex);
    p.orphans.push_back(table);
  }
  // Odr-use constructs the object of this thread and so arms its destructor.
  void arm() { armed_ = true; }
  bool armed_ = false;
};
thread_local ThreadEnd t_end;

}  // namespace

constinit ThreadCells g_no_cells;
thread_local constinit ThreadCells* t_cells = &g_no_cells;

ThreadCells* make_thread_cells() {
  if (t_ended) return nullptr;
  if (t_cells != &g_no_cells) return t_cells;
  t_end.arm();
  Pool& p = pool();
  MutexLock lock(p.mutex);
  if (p.orphans.empty()) {
    p.tables.push_back(new ThreadCells);
    t_cells = p.tables.back();
  } else {
    t_cells = p.orphans.back();
    p.orphans.pop_back();
  }
  return t_cells;
}

Cell* make_cell(ThreadCells& thread, CellId id) {
  if (Cell* const cell = find_cell(thread, id)) return cell;
  Cell* const chunk = (new Chunk)->cells.data();
  thread.chunks[id / kCellsPerChunk].store(chunk, std::memory_order_release);
  return chunk + id % kCellsPerChunk;
}

LateCells::LateCells() NO_THREAD_SAFETY_ANALYSIS {
  Pool& p = pool();
  p.late_mutex.lock();
  if (p.late == nullptr) {
    p.late = new ThreadCells;
    MutexLock lock(p.mutex);
    p.tables.push_back(p.late);
  }
  table_ = p.late;
}
LateCells::~LateCells() NO_THREAD_SAFETY_ANALYSIS { pool().late_mutex.unlock(); }

InUse::InUse() {
  Pool& p = pool();
  known_ = p.fence && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0;
  MutexLock lock(p.mutex);
  for (const ThreadCells* table : p.tables) {
    if (const void* const what = table->busy.load(std::memory_order_acquire)) busy_.push_back(what);
  }
}

bool InUse::contains(const void* what) const { return !known_ || std::ranges::find(busy_, what) != busy_.end(); }

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
  if (first + count > kMaxCells) return kNoCell;
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
    if (chunk != nullptr) total += chunk[id % kCellsPerChunk].load(std::memory_order_acquire);
  }
  return total;
}

double CellReader::sum(CellId id) const {
  if (id < kFirstCell) return 0;
  double total = 0;
  for (const ThreadCells* table : tables_) {
    const Cell* const chunk = table->chunks[id / kCellsPerChunk].load(std::memory_order_acquire);
    if (chunk != nullptr) total += std::bit_cast<double>(chunk[id % kCellsPerChunk].load(std::memory_order_acquire));
  }
  return total;
}

}  // namespace vigil::metrics::internal
