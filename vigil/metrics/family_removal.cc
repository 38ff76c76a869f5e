// How label sets leave a family: by hand, or because they were idle.
#include <algorithm>
#include <bit>
#include <mutex>

#include "vigil/metrics/family.h"

namespace vigil::metrics::internal {

bool Family::remove(std::span<const std::string_view> values) {
  if (values.empty()) return false;
  const std::uint32_t key = hash(values);
  MutexLock lock(mutex_);
  Series* const series = search(*newest_, values, key);
  if (series == nullptr || !series->alive()) return false;
  kill(*series, series->cells());
  return true;
}

void Family::clear_others(const Series* kept) {
  for (Series* series = first_.load(std::memory_order_acquire); series != nullptr;
       series = series->next.load(std::memory_order_acquire)) {
    if (series != kept) series->value.store(kUnset, std::memory_order_relaxed);
  }
}

// O(1): what the series held waits for the next sweep.
void Family::kill(Series& series, CellId cells) {
  series.stamp.store(0, std::memory_order_release);
  if (is_gauge()) series.value.store(kUnset, std::memory_order_relaxed);
  if (layout_.has_native) series.window.store(&NativeWindow::none(), std::memory_order_release);
  remains_.push_back({&series, cells, series.extra.exchange(nullptr, std::memory_order_acq_rel)});
  tombs_.push_back(&series);
  count_.fetch_sub(1, std::memory_order_relaxed);
  if (series.overflow != 0) {
    series.overflow = 0;
    overflows_.fetch_sub(1, std::memory_order_relaxed);
  }
  unswept_.store(true, std::memory_order_relaxed);
}

void Family::free_remains(const Remains& remains) {
  release(remains.cells, std::max(cells_each(), 1U));
  delete remains.extra;
}

// Some number that changes with every update.
std::uint64_t Family::activity(const Series& series, CellId cells, const CellReader& reader) const {
  if (type_ == MetricType::kCounter) {
    return reader.count(cells) * 0x9E3779B97F4A7C15ULL + std::bit_cast<std::uint64_t>(reader.sum(cells + 1));
  }
  std::uint64_t count = 0;
  for (std::uint32_t i = 1; i < cells_each(); ++i) count += reader.count(cells + i);
  if (layout_.has_native && buckets_.size() == 0) {
    NativeBuckets::Counts counts;
    series.extra.load(std::memory_order_acquire)->native->read(reader, counts);
    count += counts.total;
  }
  return count;
}

std::atomic<std::uint64_t>& Family::last_seen(Series& series) const {
  return layout_.has_native ? series.extra.load(std::memory_order_relaxed)->seen : series.value;
}

void Family::sweep() {
  if (expire_after_ == 0 && !unswept_.load(std::memory_order_relaxed)) return;
  const std::unique_lock alone(visiting_, std::try_to_lock);
  if (!alone.owns_lock()) return;  // the visit that is on its way sweeps when it is done
  MutexLock lock(mutex_);
  if (expire_after_ > 0) retire_idle();
  reclaim();
}

void Family::retire_idle() {
  const std::uint32_t now = seconds();
  swept_at_.store(now, std::memory_order_relaxed);
  const auto patience = static_cast<std::uint64_t>((expire_after_ + kSecond - 1) / kSecond);
  struct Idle {
    Series* series;
    std::uint64_t stamp;
  };
  std::vector<Idle> idle;
  {
    const CellReader reader;
    for (Series* series = first_.load(std::memory_order_relaxed); series != nullptr;
         series = series->next.load(std::memory_order_relaxed)) {
      const std::uint64_t stamp = series->stamp.load(std::memory_order_relaxed);
      if (stamp >> 32 == 0 || series->overflow != 0) continue;
      bool changed = false;
      if (is_gauge()) {
        changed = series->touched.exchange(0, std::memory_order_relaxed) != 0;
      } else {
        const std::uint64_t seen = activity(*series, static_cast<CellId>(stamp), reader);
        changed = last_seen(*series).exchange(seen, std::memory_order_relaxed) != seen;
      }
      if (changed) {
        series->changed_at = now & ((1U << 30) - 1);
      } else if (now - series->changed_at >= patience) {
        idle.push_back({series, stamp});
      }
    }
  }
  if (idle.empty()) return;
  // Out of reach first; then whoever still updated one of them keeps it alive, so that no
  // update is lost between the look and the removal.
  for (const Idle& each : idle) each.series->stamp.store(each.stamp & 0xFFFF'FFFFU, std::memory_order_release);
  const InUse in_use;
  const CellReader reader;
  for (const Idle& each : idle) {
    const bool used =
        in_use.contains(each.series) || (is_gauge() ? each.series->touched.load(std::memory_order_relaxed) != 0
                                                    : activity(*each.series, static_cast<CellId>(each.stamp), reader) !=
                                                          last_seen(*each.series).load(std::memory_order_relaxed));
    if (used) {
      each.series->stamp.store(each.stamp, std::memory_order_release);
      continue;
    }
    kill(*each.series, static_cast<CellId>(each.stamp));
    common_->expired.fetch_add(1, std::memory_order_relaxed);
  }
}

// Gives back what removed series held, once nobody can be using it.
void Family::reclaim() {
  std::erase_if(tombs_, [](const Series* series) { return series->alive() || series->linked == 0; });
  const std::size_t kept = std::max(cap_, kMinTombs);
  while (tombs_.size() > kept) {
    Series* const series = tombs_.front();
    tombs_.pop_front();
    if (series->linked == 0) continue;  // was there twice
    std::size_t at = series->hash & newest_->mask;
    while (newest_->slot[at].load(std::memory_order_relaxed) != series) at = (at + 1) & newest_->mask;
    newest_->slot[at].store(deleted(), std::memory_order_release);
    series->linked = 0;
    std::uint32_t generation = series->generation.load(std::memory_order_relaxed) + 1;
    if (generation == 0) generation = 1;
    series->generation.store(generation, std::memory_order_release);
    unlinked_.push_back(series);
  }

  const InUse in_use;
  std::erase_if(outgrown_, [&](const auto& table) { return !in_use.contains(table.get()); });
  if (outgrown_.empty() && !in_use.contains(newest_.get())) {
    // A handle may announce a series at any time; it then sees a generation that is not its own.
    free_.insert(free_.end(), unlinked_.begin(), unlinked_.end());
    unlinked_.clear();
  }
  std::erase_if(remains_, [&](const Remains& remains) {
    if (in_use.contains(remains.series)) return false;
    free_remains(remains);
    return true;
  });
  unswept_.store(!remains_.empty() || !unlinked_.empty() || !outgrown_.empty(), std::memory_order_relaxed);
}

}  // namespace vigil::metrics::internal
