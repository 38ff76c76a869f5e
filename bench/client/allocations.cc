#include "bench/client/allocations.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace vigil::bench {
namespace {

constinit std::atomic<bool> g_on{false};
constinit std::atomic<std::uint64_t> g_count{0};
constinit std::atomic<std::int64_t> g_live{0};
constinit std::atomic<std::int64_t> g_peak{0};

// What malloc uses up for a block, its header included.
std::int64_t size_of(void* block) { return static_cast<std::int64_t>(malloc_usable_size(block) + sizeof(std::size_t)); }

void note_new(void* block) {
  g_count.fetch_add(1, std::memory_order_relaxed);
  const std::int64_t bytes = size_of(block);
  const std::int64_t live = g_live.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  std::int64_t peak = g_peak.load(std::memory_order_relaxed);
  while (live > peak && !g_peak.compare_exchange_weak(peak, live, std::memory_order_relaxed)) {
  }
}

void* allocate(std::size_t bytes, std::size_t alignment) {
  if (bytes == 0) bytes = 1;
  void* const block = alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__
                          ? std::malloc(bytes)
                          : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (block == nullptr) throw std::bad_alloc();
  if (g_on.load(std::memory_order_relaxed)) [[unlikely]]
    note_new(block);
  return block;
}

void release(void* block) noexcept {
  if (g_on.load(std::memory_order_relaxed) && block != nullptr) [[unlikely]]
    g_live.fetch_sub(size_of(block), std::memory_order_relaxed);
  std::free(block);
}

}  // namespace

CountAllocations::CountAllocations() {
  g_count = 0;
  g_live = 0;
  g_peak = 0;
  g_on = true;
}
CountAllocations::~CountAllocations() { g_on = false; }
Allocations CountAllocations::read() const { return {g_count, g_live, g_peak}; }

}  // namespace vigil::bench

// The array and nothrow forms of the standard library end in these.
void* operator new(std::size_t bytes) { return vigil::bench::allocate(bytes, 0); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return vigil::bench::allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* block) noexcept { vigil::bench::release(block); }
void operator delete(void* block, std::size_t) noexcept { vigil::bench::release(block); }
void operator delete(void* block, std::align_val_t) noexcept { vigil::bench::release(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { vigil::bench::release(block); }
