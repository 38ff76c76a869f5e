// Who is looking: transactions and queries pin the present while they live. Memory
// that was unlinked is freed when nobody pinned before can still see it, and commits
// learn which past a running query still needs.
//
// Thread-safety: all members may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <set>
#include <utility>

#include "vigil/base/mutex.h"

namespace vigil::storage {

class Pins {
 public:
  static constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();
  using Action = std::move_only_function<void()>;

  // Holds one pin until destroyed.
  class Guard {
   public:
    Guard() = default;
    Guard(Guard&& other) noexcept
        : pins_(std::exchange(other.pins_, nullptr)), epoch_(other.epoch_), snapshot_(other.snapshot_) {}
    Guard& operator=(Guard&& other) noexcept {
      std::swap(pins_, other.pins_);
      std::swap(epoch_, other.epoch_);
      std::swap(snapshot_, other.snapshot_);
      return *this;
    }
    ~Guard() {
      if (pins_ != nullptr) pins_->unpin(epoch_, snapshot_);
    }
    std::uint64_t snapshot() const { return snapshot_; }

   private:
    friend class Pins;
    Guard(Pins* pins, std::uint64_t epoch, std::uint64_t snapshot) : pins_(pins), epoch_(epoch), snapshot_(snapshot) {}
    Pins* pins_ = nullptr;
    std::uint64_t epoch_ = 0;
    std::uint64_t snapshot_ = kNone;
  };

  ~Pins() {
    for (auto& [epoch, action] : retired_) action();
  }

  // For a transaction: memory stays.
  Guard pin() {
    MutexLock lock(mutex_);
    epochs_.insert(epoch_);
    return Guard(this, epoch_, kNone);
  }
  // For a query: memory stays, and so does the view as of the newest commit in `watermark`.
  Guard pin_snapshot(const std::atomic<std::uint64_t>& watermark) {
    MutexLock lock(mutex_);
    const std::uint64_t snapshot = watermark.load(std::memory_order_acquire);
    epochs_.insert(epoch_);
    snapshots_.insert(snapshot);
    return Guard(this, epoch_, snapshot);
  }

  // The oldest commit some query looks at, kNone if there is no query.
  std::uint64_t oldest_snapshot() {
    MutexLock lock(mutex_);
    return snapshots_.empty() ? kNone : *snapshots_.begin();
  }
  std::size_t queries() {
    MutexLock lock(mutex_);
    return snapshots_.size();
  }

  // Begins a new epoch and returns the number of the one that ended.
  std::uint64_t advance() {
    MutexLock lock(mutex_);
    return epoch_++;
  }
  // True if every pin of that epoch and of those before is gone.
  bool passed(std::uint64_t epoch) {
    MutexLock lock(mutex_);
    return epochs_.empty() || *epochs_.begin() > epoch;
  }

  // Runs `action` once everyone pinned now is gone; at the latest in the destructor.
  void retire(Action action) {
    {
      MutexLock lock(mutex_);
      retired_.emplace_back(epoch_++, std::move(action));
    }
    collect();
  }

  void collect() {
    while (true) {
      Action action;
      {
        MutexLock lock(mutex_);
        if (retired_.empty() || (!epochs_.empty() && *epochs_.begin() <= retired_.front().first)) return;
        action = std::move(retired_.front().second);
        retired_.pop_front();
      }
      action();
    }
  }

 private:
  void unpin(std::uint64_t epoch, std::uint64_t snapshot) {
    bool collectable = false;
    {
      MutexLock lock(mutex_);
      epochs_.erase(epochs_.find(epoch));
      if (snapshot != kNone) snapshots_.erase(snapshots_.find(snapshot));
      collectable = !retired_.empty();
    }
    if (collectable) collect();
  }

  Mutex mutex_;
  std::uint64_t epoch_ GUARDED_BY(mutex_) = 1;
  std::multiset<std::uint64_t> epochs_ GUARDED_BY(mutex_);
  std::multiset<std::uint64_t> snapshots_ GUARDED_BY(mutex_);
  std::deque<std::pair<std::uint64_t, Action>> retired_ GUARDED_BY(mutex_);
};

}  // namespace vigil::storage
