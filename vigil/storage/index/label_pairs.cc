#include "vigil/storage/index/label_pairs.h"

#include "vigil/base/hash.h"

namespace vigil::storage {
namespace {

std::uint64_t hash_of(std::string_view name, std::string_view value) { return hash64(value, hash64(name)); }

}  // namespace

LabelPairs::~LabelPairs() {
  for (const PairId id : slots_) {
    if (id != 0) delete table_.get(id);
  }
}

std::size_t LabelPairs::slot_of(std::string_view name, std::string_view value) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash_of(name, value) & mask;
  while (slots_[slot] != 0) {
    const LabelPair* pair = table_.get(slots_[slot]);
    if (pair->value == value && pair->name->text == name) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

const LabelPair* LabelPairs::find(std::string_view name, std::string_view value) const {
  const PairId id = slots_[slot_of(name, value)];
  return id == 0 ? nullptr : table_.get(id);
}

const LabelName* LabelPairs::find_name(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second.get();
}

LabelPair* LabelPairs::find_or_create(std::string_view name, std::string_view value) {
  std::size_t slot = slot_of(name, value);
  if (slots_[slot] != 0) return table_.get(slots_[slot]);
  if ((used_ + 1) * 3 > slots_.size() * 2) {
    grow();
    slot = slot_of(name, value);
  }
  auto found = names_.find(name);
  if (found == names_.end()) {
    auto fresh = std::make_unique<LabelName>();
    fresh->text = name;
    const std::string_view key = fresh->text;
    found = names_.emplace(key, std::move(fresh)).first;
  }
  LabelName* owner = found->second.get();
  auto pair = std::make_unique<LabelPair>();
  pair->name = owner;
  pair->value = value;
  pair->id = new_id();
  pair->place = static_cast<std::uint32_t>(owner->pairs.size());
  owner->pairs.push_back(pair->id);
  slots_[slot] = pair->id;
  ++used_;
  table_.set(pair->id, pair.get());
  return pair.release();
}

PairId LabelPairs::new_id() {
  MutexLock lock(free_mutex_);
  if (free_ids_.empty()) return ++last_id_;
  const PairId id = free_ids_.back();
  free_ids_.pop_back();
  return id;
}

void LabelPairs::remove(LabelPair* pair, Pins& pins) {
  // Open addressing without tombstones: what probed past the hole moves up.
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = slot_of(pair->name->text, pair->value);
  for (std::size_t at = (hole + 1) & mask; slots_[at] != 0; at = (at + 1) & mask) {
    const LabelPair* moved = table_.get(slots_[at]);
    const std::size_t home = hash_of(moved->name->text, moved->value) & mask;
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = 0;
  --used_;
  LabelName* name = names_.find(pair->name->text)->second.get();
  const PairId last = name->pairs.back();
  name->pairs[pair->place] = last;
  table_.get(last)->place = pair->place;
  name->pairs.pop_back();
  // Readers of dropped series may still look up the id: it is free when they are gone.
  // Names are few and stay.
  pins.retire([this, pair] {
    const PairId id = pair->id;
    table_.set(id, nullptr);
    delete pair;
    MutexLock lock(free_mutex_);
    free_ids_.push_back(id);
  });
}

void LabelPairs::grow() {
  std::vector<PairId> old(slots_.size() * 2);
  old.swap(slots_);
  for (const PairId id : old) {
    if (id == 0) continue;
    const LabelPair* pair = table_.get(id);
    slots_[slot_of(pair->name->text, pair->value)] = id;
  }
}

std::size_t LabelPairs::heap_bytes() const {
  std::size_t bytes = slots_.capacity() * sizeof(PairId);
  for (const PairId id : slots_) {
    if (id == 0) continue;
    const LabelPair* pair = table_.get(id);
    bytes += sizeof(LabelPair) + 16 + sizeof(PairId) + pair->series.capacity() * sizeof(std::uint32_t) +
             (pair->value.size() > 15 ? pair->value.size() + 17 : 0);
  }
  return bytes;
}

}  // namespace vigil::storage
