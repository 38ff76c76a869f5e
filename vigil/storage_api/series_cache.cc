#include "vigil/storage_api/series_cache.h"

#include <bit>

namespace vigil {

std::size_t SeriesCache::slot_of(const Hash128& key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = key.low & mask;
  while (slots_[slot] != kEmpty && !(entries_[slots_[slot]].key == key)) slot = (slot + 1) & mask;
  return slot;
}

void SeriesCache::rebuild() {
  // At most half full after a rebuild, and two thirds before the next.
  const std::size_t size = std::bit_ceil(entries_.size() * 2 + 8);
  slots_.assign(size, kEmpty);
  for (std::size_t i = 0; i < entries_.size(); ++i) slots_[slot_of(entries_[i].key)] = static_cast<std::uint32_t>(i);
  next_ = 0;
}

std::pair<SeriesCache::Entry&, bool> SeriesCache::find_or_add(std::string_view raw) {
  const Hash128 key = hash128(raw, seed_);
  const auto found = [this](std::size_t index) -> std::pair<Entry&, bool> {
    Entry& entry = entries_[index];
    entry.repeated = entry.round == round_;
    entry.round = round_;
    next_ = index + 1;
    return {entry, false};
  };
  if (next_ < entries_.size() && entries_[next_].key == key) return found(next_);
  if (next_ >= entries_.size() && !entries_.empty() && entries_[0].key == key) return found(0);
  if (entries_.size() * 3 >= slots_.size() * 2) rebuild();
  const std::size_t slot = slot_of(key);
  if (slots_[slot] != kEmpty) return found(slots_[slot]);
  slots_[slot] = static_cast<std::uint32_t>(entries_.size());
  Entry& entry = entries_.emplace_back();
  entry.key = key;
  entry.round = round_;
  next_ = entries_.size();
  return {entry, true};
}

void SeriesCache::remove_newest() {
  // Nothing was put behind it, so its slot ends its probe chain.
  slots_[slot_of(entries_.back().key)] = kEmpty;
  entries_.pop_back();
  next_ = 0;
}

}  // namespace vigil
