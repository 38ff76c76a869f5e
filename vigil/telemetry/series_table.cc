#include "vigil/telemetry/series_table.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "vigil/base/hash.h"

namespace vigil::telemetry::internal {
namespace {

bool matches(const SeriesEntry& entry, std::string_view name, LabelList labels) {
  if (entry.labels.size() != labels.size() || entry.name != name) return false;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const LabelView& label = labels[i];
    // Nearly always the order of the first call.
    if (entry.labels[i].first == label.name && entry.labels[i].second == label.value) continue;
    const auto same = [&](const auto& known) { return known.first == label.name && known.second == label.value; };
    if (std::ranges::none_of(entry.labels, same)) return false;
  }
  return true;
}

}  // namespace

std::uint64_t hash_series(std::string_view name, LabelList labels) {
  std::uint64_t all = hash64(name);
  // A sum, so that the order does not matter. The multiplication tells {a="b"} from {b="a"}.
  for (const LabelView& label : labels) all += hash64(label.name) * 0x9E3779B97F4A7C15ULL ^ hash64(label.value);
  return all;
}

SeriesTable::SeriesTable() {
  all_slots_.push_back(std::make_unique<Slots>(64));
  slots_.store(all_slots_.back().get(), std::memory_order_release);
}

SeriesTable::~SeriesTable() = default;

SeriesEntry* SeriesTable::find(std::uint64_t hash, std::string_view name, LabelList labels) const {
  const Slots& slots = *slots_.load(std::memory_order_acquire);
  for (std::size_t at = hash & slots.mask;; at = (at + 1) & slots.mask) {
    SeriesEntry* const entry = slots.slot[at].load(std::memory_order_acquire);
    if (entry == nullptr) return nullptr;
    if (entry->hash == hash && matches(*entry, name, labels)) return entry;
  }
}

SeriesEntry* SeriesTable::insert(std::unique_ptr<SeriesEntry> entry) {
  SeriesEntry* const added = entries_.emplace_back(std::move(entry)).get();
  Slots* slots = slots_.load(std::memory_order_relaxed);
  if (entries_.size() * 4 <= (slots->mask + 1) * 3) {
    put(*slots, added);
    return added;
  }
  slots = all_slots_.emplace_back(std::make_unique<Slots>((slots->mask + 1) * 2)).get();
  for (const auto& each : entries_) put(*slots, each.get());
  slots_.store(slots, std::memory_order_release);
  return added;
}

void SeriesTable::put(Slots& slots, SeriesEntry* entry) {
  std::size_t at = entry->hash & slots.mask;
  while (slots.slot[at].load(std::memory_order_relaxed) != nullptr) at = (at + 1) & slots.mask;
  slots.slot[at].store(entry, std::memory_order_release);
}

}  // namespace vigil::telemetry::internal
