// A growing array of pointers indexed by 32-bit ids. Reads take no lock and stay valid
// while the table grows: the way from a SeriesRef to its series, once per sample.
//
// Thread-safety: get() from anywhere; set() by one thread at a time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

namespace vigil::storage {

template <class T>
class PagedTable {
 public:
  PagedTable() = default;
  ~PagedTable() {
    for (auto& middle : root_) {
      Middle* m = middle.load(std::memory_order_relaxed);
      if (m == nullptr) continue;
      for (auto& leaf : *m) delete leaf.load(std::memory_order_relaxed);
      delete m;
    }
  }
  PagedTable(const PagedTable&) = delete;
  PagedTable& operator=(const PagedTable&) = delete;

  T* get(std::uint32_t id) const {
    const Middle* middle = root_[id >> 22].load(std::memory_order_acquire);
    if (middle == nullptr) return nullptr;
    const Leaf* leaf = (*middle)[(id >> 10) & 0xFFF].load(std::memory_order_acquire);
    return leaf == nullptr ? nullptr : (*leaf)[id & 0x3FF].load(std::memory_order_acquire);
  }

  void set(std::uint32_t id, T* value) {
    auto& middle_slot = root_[id >> 22];
    Middle* middle = middle_slot.load(std::memory_order_relaxed);
    if (middle == nullptr) middle_slot.store(middle = new Middle(), std::memory_order_release);
    auto& leaf_slot = (*middle)[(id >> 10) & 0xFFF];
    Leaf* leaf = leaf_slot.load(std::memory_order_relaxed);
    if (leaf == nullptr) leaf_slot.store(leaf = new Leaf(), std::memory_order_release);
    (*leaf)[id & 0x3FF].store(value, std::memory_order_release);
  }

 private:
  using Leaf = std::array<std::atomic<T*>, 1024>;
  using Middle = std::array<std::atomic<Leaf*>, 4096>;
  std::array<std::atomic<Middle*>, 1024> root_{};
};

}  // namespace vigil::storage
