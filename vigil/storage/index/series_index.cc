#include "vigil/storage/index/series_index.h"

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>

#include "vigil/base/hash.h"

namespace vigil::storage {
namespace {

std::uint32_t hash_of(std::span<const PairId> pairs) {
  return static_cast<std::uint32_t>(hash64({reinterpret_cast<const char*>(pairs.data()), pairs.size_bytes()}) >> 32);
}

bool equal(std::span<const PairId> a, std::span<const PairId> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

SeriesIndex::~SeriesIndex() {
  for (const SeriesId id : all_) delete table_.get(id);
}

std::size_t SeriesIndex::slot_of(std::span<const PairId> pairs, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot].id != 0) {
    if (slots_[slot].hash == hash && equal(table_.get(slots_[slot].id)->pairs(), pairs)) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

// A series exists only if all of its pairs do.
Series* SeriesIndex::find_locked(const Labels& labels) const {
  thread_local std::vector<PairId> pairs;
  pairs.clear();
  for (const LabelView label : labels) {
    const LabelPair* pair = pairs_.find(label.name, label.value);
    if (pair == nullptr) return nullptr;
    pairs.push_back(pair->id);
  }
  const Slot& slot = slots_[slot_of(pairs, hash_of(pairs))];
  return slot.id == 0 ? nullptr : table_.get(slot.id);
}

Series* SeriesIndex::find(const Labels& labels) {
  const std::shared_lock lock(mutex_);
  return find_locked(labels);
}

Result<Series*> SeriesIndex::find_or_create(const Labels& labels, const std::function<Result<void>()>& admit,
                                            const std::function<void(Series&)>& created) {
  {
    const std::shared_lock lock(mutex_);
    Series* series = find_locked(labels);
    if (series != nullptr && !series->doomed.load()) return series;
  }
  const std::unique_lock lock(mutex_);
  if (Series* series = find_locked(labels); series != nullptr) {
    series->doomed.store(false);
    series->seen_empty = false;
    return series;
  }
  VIGIL_TRY_VOID(admit());
  const SeriesId last = last_id();
  if (last == std::numeric_limits<SeriesId>::max()) {
    return fail(ErrorCode::kLimitExceeded,
                "the data directory has seen 4294967295 series, no ids are left: start a new one");
  }
  std::vector<PairId> pairs;
  for (const LabelView label : labels) pairs.push_back(pairs_.find_or_create(label.name, label.value)->id);
  Series* series = insert_locked(last + 1, pairs);
  created(*series);
  return series;
}

PairId SeriesIndex::intern(std::string_view name, std::string_view value) {
  const std::unique_lock lock(mutex_);
  return pairs_.find_or_create(name, value)->id;
}

Series* SeriesIndex::restore(SeriesId id, std::span<const PairId> pairs) {
  const std::unique_lock lock(mutex_);
  if (Series* series = table_.get(id); series != nullptr) return series;
  const Slot& slot = slots_[slot_of(pairs, hash_of(pairs))];
  if (slot.id != 0) return table_.get(slot.id);
  return insert_locked(id, pairs);
}

void SeriesIndex::reserve_ids(SeriesId last) { last_id_.store(std::max(last_id(), last)); }

Series* SeriesIndex::insert_locked(SeriesId id, std::span<const PairId> pairs) {
  if ((count_ + 1) * 3 > slots_.size() * 2) grow();
  const std::uint32_t hash = hash_of(pairs);
  const std::size_t slot = slot_of(pairs, hash);
  Series* series = Series::create(id, pairs).release();
  table_.set(id, series);
  slots_[slot] = {hash, id};
  for (const PairId pair : pairs) insert(pairs_.get(pair)->series, id);
  insert(all_, id);
  ++count_;
  reserve_ids(id);
  return series;
}

void SeriesIndex::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& entry : old) {
    if (entry.id == 0) continue;
    std::size_t slot = entry.hash & mask;
    while (slots_[slot].id != 0) slot = (slot + 1) & mask;
    slots_[slot] = entry;
  }
}

void SeriesIndex::erase_slot(const Series& series) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = slot_of(series.pairs(), hash_of(series.pairs()));
  for (std::size_t at = (hole + 1) & mask; slots_[at].id != 0; at = (at + 1) & mask) {
    if (((at - slots_[at].hash) & mask) < ((at - hole) & mask)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = {};
}

std::size_t SeriesIndex::drop(std::span<Series* const> candidates, const std::function<bool(Series&)>& still_dead) {
  const std::unique_lock lock(mutex_);
  Postings ids;
  std::vector<Series*> dead;
  Postings touched;
  for (Series* series : candidates) {
    if (!still_dead(*series)) continue;
    dead.push_back(series);
    ids.push_back(series->id());
    touched.insert(touched.end(), series->pairs().begin(), series->pairs().end());
  }
  if (dead.empty()) return 0;
  std::sort(ids.begin(), ids.end());
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  for (Series* series : dead) {
    erase_slot(*series);
    table_.set(series->id(), nullptr);
  }
  all_ = subtract(all_, ids);
  for (const PairId id : touched) {
    LabelPair* pair = pairs_.get(id);
    pair->series = subtract(pair->series, ids);
    pair->series.shrink_to_fit();
    if (pair->series.empty()) pairs_.remove(pair, pins_);
  }
  count_ -= dead.size();
  pins_.retire([dead] {
    for (Series* series : dead) delete series;
  });
  return dead.size();
}

// The series that have the label and whose value matches (or, inverted, does not).
Postings SeriesIndex::matching(const Matcher& matcher, bool invert) const {
  std::vector<PostingsView> lists;
  const auto add = [&](std::string_view value) {
    if (const LabelPair* pair = pairs_.find(matcher.name(), value)) lists.push_back(pair->series);
  };
  const Matcher::Type type = matcher.type();
  const bool positive = type == Matcher::Type::kEqual || type == Matcher::Type::kRegex;
  const bool listed = positive != invert;  // the values wanted are those the matcher names
  if (listed && (type == Matcher::Type::kEqual || type == Matcher::Type::kNotEqual)) {
    add(matcher.value());
  } else if (listed && !matcher.alternatives().empty()) {
    for (const std::string& value : matcher.alternatives()) add(value);
  } else if (const LabelName* name = pairs_.find_name(matcher.name()); name != nullptr) {
    for (const PairId id : name->pairs) {
      const LabelPair* pair = pairs_.get(id);
      if (matcher.matches(pair->value) != invert) lists.push_back(pair->series);
    }
  }
  return unite(lists);
}

Result<Postings> SeriesIndex::select(std::span<const Matcher> matchers, const std::stop_token& stop) const {
  const std::shared_lock lock(mutex_);
  const auto cancelled = [] { return fail(ErrorCode::kCancelled, "the selection was cancelled"); };
  bool narrowed = false;
  Postings result;
  const auto narrow = [&](PostingsView list) {
    result = narrowed ? intersect(result, list) : Postings(list.begin(), list.end());
    narrowed = true;
  };
  // Exact values first, shortest list first, without copying them; then patterns.
  std::vector<PostingsView> exact;
  for (const Matcher& matcher : matchers) {
    if (matcher.type() != Matcher::Type::kEqual || matcher.matches_empty()) continue;
    const LabelPair* pair = pairs_.find(matcher.name(), matcher.value());
    if (pair == nullptr) return Postings();
    exact.push_back(pair->series);
  }
  std::sort(exact.begin(), exact.end(), [](PostingsView a, PostingsView b) { return a.size() < b.size(); });
  for (const PostingsView list : exact) narrow(list);

  for (const Matcher& matcher : matchers) {
    if (matcher.type() == Matcher::Type::kEqual || matcher.matches_empty()) continue;
    if (stop.stop_requested()) return cancelled();
    if (narrowed && result.empty()) return result;
    narrow(matching(matcher, false));
  }
  // What also matches an absent label takes away the series whose value does not match.
  for (const Matcher& matcher : matchers) {
    if (!matcher.matches_empty()) continue;
    if (stop.stop_requested()) return cancelled();
    if (!narrowed) narrow(all_);
    const Postings excluded = matching(matcher, true);
    if (!excluded.empty()) result = subtract(result, excluded);
  }
  if (!narrowed) narrow(all_);
  return result;
}

const Labels& SeriesIndex::labels(Series& series) const {
  // Without lock: the pairs of a series live as long as the series.
  return series.labels([&] {
    std::vector<LabelView> labels;
    for (const PairId id : series.pairs()) labels.push_back(pair(id));
    return Labels::from_sorted(labels);
  });
}

LabelView SeriesIndex::pair(PairId id) const {
  const LabelPair* pair = pairs_.get(id);
  return {pair->name->text, pair->value};
}

std::vector<std::string> SeriesIndex::names() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [text, name] : pairs_.names()) {
    if (!name->pairs.empty()) names.emplace_back(text);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> SeriesIndex::values(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const LabelName* found = pairs_.find_name(name);
  if (found == nullptr) return {};
  return sorted_values(found->pairs);
}

std::vector<std::string> SeriesIndex::values(std::string_view name, std::span<Series* const> series) const {
  const std::shared_lock lock(mutex_);
  const LabelName* found = pairs_.find_name(name);
  if (found == nullptr) return {};
  std::vector<PairId> ids;
  for (const Series* one : series) {
    for (const PairId id : one->pairs()) {
      if (const LabelPair* pair = pairs_.get(id); pair != nullptr && pair->name == found) ids.push_back(id);
    }
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return sorted_values(ids);
}

// Sorts views: text is copied once, when its place is known.
std::vector<std::string> SeriesIndex::sorted_values(std::span<const PairId> ids) const {
  std::vector<std::string_view> views;
  views.reserve(ids.size());
  for (const PairId id : ids) views.emplace_back(pairs_.get(id)->value);
  std::sort(views.begin(), views.end());
  return {views.begin(), views.end()};
}

std::size_t SeriesIndex::heap_bytes() const {
  const std::shared_lock lock(mutex_);
  return pairs_.heap_bytes() + slots_.capacity() * sizeof(Slot) + all_.capacity() * sizeof(SeriesId) + all_.size() * 8;
}

IndexStats SeriesIndex::stats(std::size_t limit) const {
  IndexStats stats;
  const std::shared_lock lock(mutex_);
  const auto top = [limit](std::vector<NamedCount>& list) {
    const auto middle = list.begin() + static_cast<std::ptrdiff_t>(std::min(limit, list.size()));
    std::partial_sort(list.begin(), middle, list.end(), [](const NamedCount& a, const NamedCount& b) {
      return a.count != b.count ? a.count > b.count : a.name < b.name;
    });
    list.erase(middle, list.end());
  };
  stats.label_pairs = pairs_.size();
  for (const auto& [text, name] : pairs_.names()) {
    if (name->pairs.empty()) continue;
    ++stats.label_names;
    std::uint64_t bytes = 0;
    for (const PairId id : name->pairs) {
      const LabelPair* pair = pairs_.get(id);
      bytes += pair->value.size();
      stats.series_by_pair.push_back({std::string(text) + "=" + pair->value, pair->series.size()});
      if (text == kMetricName) stats.series_by_metric.push_back({pair->value, pair->series.size()});
      // Keeps memory bounded while walking over very many pairs.
      if (stats.series_by_pair.size() > limit * 16 + 1024) top(stats.series_by_pair);
      if (stats.series_by_metric.size() > limit * 16 + 1024) top(stats.series_by_metric);
    }
    stats.values_by_label.push_back({std::string(text), name->pairs.size()});
    stats.bytes_by_label.push_back({std::string(text), bytes});
  }
  top(stats.series_by_metric);
  top(stats.values_by_label);
  top(stats.bytes_by_label);
  top(stats.series_by_pair);
  return stats;
}

}  // namespace vigil::storage
