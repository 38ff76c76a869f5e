#include "vigil/metrics/family.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include "vigil/base/log.h"
#include "vigil/base/strings.h"
#include "vigil/metrics/label_text.h"

namespace vigil::metrics::internal {
namespace {

constinit Series g_deleted;
constexpr std::string_view kOther = "other";
// A longer value is no label but a payload: it goes the way of too many values.
constexpr std::size_t kMaxValueBytes = 1024;

// A multiply-and-fold hash after wyhash (Wang Yi, public domain): the lookups of hot
// paths hash three short strings, where XXH3's set-up costs more than the hashing.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class T>
std::uint64_t load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

std::uint64_t hash_value(std::string_view value, std::uint64_t state) {
  const char* const p = value.data();
  const std::size_t n = value.size();
  if (n >= 8) {
    for (std::size_t i = 0; i + 8 < n; i += 8) state = mix(state ^ load<std::uint64_t>(p + i), 0xA0761D6478BD642FULL);
    return mix(state ^ load<std::uint64_t>(p + n - 8), 0xD6E8FEB86659FD93ULL ^ n);
  }
  std::uint64_t bytes = 0;
  if (n >= 4) {
    bytes = load<std::uint32_t>(p) << 32 | load<std::uint32_t>(p + n - 4);
  } else if (n > 0) {
    bytes = load<std::uint8_t>(p) << 16 | load<std::uint8_t>(p + n / 2) << 8 | load<std::uint8_t>(p + n - 1);
  }
  return mix(state ^ bytes, 0xE7037ED1A0B428DBULL ^ n);
}

// Calls f(i) for each value while it returns true; whether it always did.
template <std::size_t N, class F>
[[gnu::always_inline]] inline bool all_of(std::span<const std::string_view, N> values, const F& f) {
  if constexpr (N == std::dynamic_extent) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!f(i)) return false;
    }
    return true;
  } else {
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return (f(I) && ...); }(std::make_index_sequence<N>());
  }
}

// memcmp() == 0, without the call: label values are short.
bool same_bytes(const char* a, const char* b, std::size_t n) {
  if (n >= 8) {
    for (std::size_t i = 0; i + 8 < n; i += 8) {
      if (load<std::uint64_t>(a + i) != load<std::uint64_t>(b + i)) return false;
    }
    return load<std::uint64_t>(a + n - 8) == load<std::uint64_t>(b + n - 8);
  }
  if (n >= 4) {
    return load<std::uint32_t>(a) == load<std::uint32_t>(b) &&
           load<std::uint32_t>(a + n - 4) == load<std::uint32_t>(b + n - 4);
  }
  return n == 0 || (a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1]);
}

}  // namespace

void Target::update_slow(Erased erased, const void* apply) const {
  Target now = *this;
  const auto attempt = [&](ThreadCells& thread) {
    const Using announced(thread, now.series);
    const std::uint64_t stamp = now.series->stamp.load(std::memory_order_acquire);
    if (stamp >> 32 != now.generation >> 32) return false;
    const auto cells = static_cast<CellId>(stamp);
    if (!erased(apply, thread, *now.series, cells)) {
      make_cell(thread, cells);
      erased(apply, thread, *now.series, cells);
    }
    return true;
  };
  while (now.series != nullptr) {
    if (ThreadCells* const thread = make_thread_cells()) {
      if (attempt(*thread)) return;
    } else {
      LateCells late;
      if (attempt(late.table())) return;
    }
    now = now.family->resolve(now);
  }
}

Family::Family(const Description& d, std::string name, std::shared_ptr<Common> common)
    : type_(d.type),
      name_(std::move(name)),
      help_(to_utf8(d.help)),
      unit_(d.options.unit),
      labels_(d.labels.begin(), d.labels.end()),
      closed_(d.labels.size()),
      layout_{{}, d.layout.has_native && d.type == MetricType::kHistogram, d.layout.native},
      buckets_(d.layout.bounds),
      observed_(!layout_.has_native    ? Buckets::kClassic
                : buckets_.size() == 0 ? Buckets::kNative
                                       : Buckets::kBoth),
      common_(std::move(common)),
      born_(common_->clock->now()) {
  std::size_t closed_sets = 1;
  for (const ClosedLabel& closed : d.options.closed) {
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (closed.name != labels_[i] || closed.values.empty()) continue;
      closed_[i].assign(closed.values.begin(), closed.values.end());
      closed_sets *= closed.values.size();
    }
  }
  // OpenMetrics wants the label of a state set to be named like the metric.
  if (type_ == MetricType::kStateSet) labels_.front() = name_;
  // name="…" each, and the commas between them
  for (const std::string& label : labels_) {
    name_bytes_.push_back(label.size() + 2);
    frame_bytes_ += label.size() + 4;
  }
  frame_bytes_ -= std::min<std::size_t>(frame_bytes_, 1);
  const bool all_closed = std::ranges::none_of(closed_, [](const auto& values) { return values.empty(); });
  expire_after_ = all_closed ? 0 : d.options.expire_after;
  // An overflow series per combination of closed values: "other" must not blur them.
  const std::size_t cap = std::max<std::size_t>(d.options.max_label_sets, 1);
  cap_ = all_closed ? std::max(cap, closed_sets) : cap - std::min(cap, closed_sets);
  {
    MutexLock lock(mutex_);
    newest_ = std::make_unique<Table>(8);
    table_.store(newest_.get(), std::memory_order_release);
    if (labels_.empty() && common_->enabled) only_ = target(insert({}, hash(Values<>{})));
  }
  if (all_closed && !labels_.empty()) {
    const std::vector<std::optional<std::string_view>> every(labels_.size());
    prepare(every);
  }
}

Family::~Family() {
  MutexLock lock(mutex_);
  for (const Remains& remains : remains_) free_remains(remains);
  for (Series* series = first_.load(std::memory_order_acquire); series != nullptr;) {
    if (series->alive()) free_remains({series, series->cells(), series->extra.load(std::memory_order_relaxed)});
    Series* const next = series->next.load(std::memory_order_acquire);
    series->~Series();
    series = next;
  }
  common_->bytes.fetch_sub(bytes_, std::memory_order_relaxed);
}

std::uint32_t Family::cells_each() const {
  if (type_ == MetricType::kCounter) return 2;
  if (type_ != MetricType::kHistogram) return 0;
  return buckets_.size() + (layout_.has_native ? 4 : 2);
}

std::uint32_t Family::seconds() const {
  return static_cast<std::uint32_t>(std::max<Timestamp>(common_->clock->now() - born_, 0) / kSecond) & ((1U << 30) - 1);
}

template <std::size_t N>
std::uint32_t Family::hash(Values<N> values) {
  // Each from a start of its own, not from the one before: their multiplications overlap.
  std::uint64_t sum = 0;
  all_of(values, [&](std::size_t i) {
    sum += hash_value(values[i], (i + 1) * 0x9E3779B97F4A7C15ULL);
    return true;
  });
  return static_cast<std::uint32_t>(sum);
}

Target Family::target(Series* series) const {
  const std::uint64_t generation = series->generation.load(std::memory_order_acquire);
  return {const_cast<Family*>(this), series, generation << 32};
}

Series* Family::deleted() { return &g_deleted; }

// Whether the label text holds these values.
template <std::size_t N>
bool Family::matches(const Series& series, Values<N> values) const {
  if (series.escaped) [[unlikely]]
    return matches_escaped(series.text(), values);
  std::size_t size = frame_bytes_;
  all_of(values, [&](std::size_t i) {
    size += values[i].size();
    return true;
  });
  if (size != series.text_size) return false;
  // Of the same length, so nothing below reads beyond the text. Only quotes end a value
  // there, so each is where it belongs if the ones before it are.
  const char* at = series.text().data();
  return all_of(values, [&](std::size_t i) {
    at += name_bytes_[i];
    const std::string_view value = values[i];
    if (!same_bytes(at, value.data(), value.size()) || at[value.size()] != '"') return false;
    at += value.size() + 2;  // ",
    return true;
  });
}

bool Family::matches_escaped(std::string_view text, Values<> values) const {
  for (std::size_t i = 0; i < values.size(); ++i) {
    text.remove_prefix(name_bytes_[i]);
    const std::size_t length = value_length(text);
    if (!unescapes_to(text.substr(0, length), values[i])) return false;
    text.remove_prefix(std::min(length + 2, text.size()));
  }
  return true;
}

template <std::size_t N>
Series* Family::search(const Table& table, Values<N> values, std::uint32_t hash) const {
  for (std::size_t at = hash & table.mask;; at = (at + 1) & table.mask) {
    const std::uint8_t tag = table.tag[at].load(std::memory_order_acquire);
    if (tag == 0) return nullptr;
    if (tag != Table::tag_of(hash)) continue;
    Series* const series = table.slot[at].load(std::memory_order_acquire);
    if (series != deleted() && series->hash == hash && matches(*series, values)) return series;
  }
}

// For removal.
template std::uint32_t Family::hash(Values<> values);
template Series* Family::search(const Table& table, Values<> values, std::uint32_t hash) const;

// The living series of these values. Flattened, for it is the hot path of with().
template <std::size_t N>
[[gnu::flatten]] Target Family::find(Values<N> values) {
  const std::uint32_t key = hash(values);
  ThreadCells* const thread = t_cells != &g_no_cells ? t_cells : make_thread_cells();
  if (thread == nullptr) [[unlikely]]
    return find_locked(values, key);
  for (;;) {
    const Table* const table = table_.load(std::memory_order_acquire);
    const Using announced(*thread, table);
    if (table_.load(std::memory_order_acquire) != table) continue;
    Series* const series = search(*table, values, key);
    if (series == nullptr) return {};
    // The generation before the stamp: one that is read after the series left the table would
    // be that of the next label set, and its handle would revive what waits to become that.
    const Target found = target(series);
    return series->stamp.load(std::memory_order_acquire) >> 32 == found.generation >> 32 ? found : Target{};
  }
}

Target Family::find_locked(Values<> values, std::uint32_t hash) {
  MutexLock lock(mutex_);
  Series* const series = search(*newest_, values, hash);
  return series != nullptr && series->alive() ? target(series) : Target{};
}

Target Family::get(std::span<const std::string_view> values) {
  Target found;
  switch (values.size()) {
    case 1: found = find(values.first<1>()); break;
    case 2: found = find(values.first<2>()); break;
    case 3: found = find(values.first<3>()); break;
    default: found = find(values); break;
  }
  if (found.series == nullptr) [[unlikely]]
    found = create(values);
  return found;
}

bool Family::allowed(std::span<const std::string_view> values) const {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!closed_[i].empty() && std::ranges::find(closed_[i], values[i]) == closed_[i].end()) return false;
  }
  return true;
}

bool Family::full() const {
  return count_.load(std::memory_order_relaxed) >= cap_ + overflows_.load(std::memory_order_relaxed) ||
         (common_->max_bytes > 0 && common_->bytes.load(std::memory_order_relaxed) >= common_->max_bytes);
}

Target Family::create(std::span<const std::string_view> values) {
  if (!common_->enabled) return {};
  if (!allowed(values)) {
    common_->rejected.fetch_add(1, std::memory_order_relaxed);
    return {};
  }
  std::array<std::string_view, kMaxLabels> changed;
  bool too_long = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    too_long = too_long || values[i].size() > kMaxValueBytes;
    changed[i] = values[i];
  }
  if (!too_long && expire_after_ > 0 && full() && seconds() != swept_at_.load(std::memory_order_relaxed)) sweep();
  if (too_long || full()) {
    // Without the lock for as long as the overflow series exists: a flood of new
    // label sets must not turn updates into a queue.
    return overflow(values);
  }
  std::vector<std::string> clean;  // holds what had to be changed
  clean.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (is_valid_utf8(values[i])) continue;
    changed[i] = clean.emplace_back(to_utf8(values[i]));
  }
  const std::span<const std::string_view> wanted(changed.data(), values.size());
  const std::uint32_t key = hash(wanted);
  {
    MutexLock lock(mutex_);
    Series* const found = search(*newest_, wanted, key);
    // Made meanwhile, or only found by its clean text.
    if (found != nullptr && found->alive()) return target(found);
    if (!full()) {
      if (found == nullptr) return target(insert(wanted, key));
      enliven(*found);
      return target(found);
    }
  }
  return overflow(wanted);
}

Target Family::overflow(std::span<const std::string_view> values) {
  common_->overflowed.fetch_add(1, std::memory_order_relaxed);
  std::array<std::string_view, kMaxLabels> other;
  for (std::size_t i = 0; i < values.size(); ++i) other[i] = closed_[i].empty() ? kOther : values[i];
  const std::span<const std::string_view> wanted(other.data(), values.size());
  if (const Target found = find(wanted); found.series != nullptr) return found;
  bool warn = false;
  Target made;
  {
    MutexLock lock(mutex_);
    const std::uint32_t key = hash(wanted);
    Series* series = search(*newest_, wanted, key);
    if (series == nullptr) {
      series = insert(wanted, key);
    } else if (!series->alive()) {
      enliven(*series);
    }
    if (series->overflow == 0) {
      series->overflow = 1;
      overflows_.fetch_add(1, std::memory_order_relaxed);
    }
    made = target(series);
    warn = !std::exchange(warned_, true);
  }
  if (warn) {
    log::warn("metrics", "too many label sets: new ones are counted as \"other\"; raise max_label_sets or drop a label",
              {{"metric", name_}, {"label_sets", static_cast<std::uint64_t>(size())}});
  }
  return made;
}

bool Family::is_overflow(const Series& series) {
  MutexLock lock(mutex_);
  return series.overflow != 0;
}

Target Family::resolve(const Target& old) {
  if (old.series->generation.load(std::memory_order_acquire) == old.generation >> 32) {
    MutexLock lock(mutex_);
    if (old.series->generation.load(std::memory_order_relaxed) == old.generation >> 32) {
      if (!old.series->alive()) enliven(*old.series);
      return old;
    }
  }
  // It is another label set's by now, and nobody knows what this one was.
  if (std::ranges::any_of(closed_, [](const auto& values) { return !values.empty(); })) {
    common_->rejected.fetch_add(1, std::memory_order_relaxed);
    return {};
  }
  std::array<std::string_view, kMaxLabels> unknown;
  return overflow({unknown.data(), labels_.size()});
}

void Family::prepare(std::span<const std::optional<std::string_view>> values) {
  if (is_gauge()) return;
  std::array<std::string_view, kMaxLabels> current;
  const auto fill = [&](const auto& self, std::size_t at) -> void {
    if (at == values.size()) {
      get({current.data(), values.size()});
      return;
    }
    if (values[at].has_value()) {
      current[at] = *values[at];
      self(self, at + 1);
      return;
    }
    for (const std::string& value : closed_[at]) {
      current[at] = value;
      self(self, at + 1);
    }
  };
  fill(fill, 0);
}

char* Family::take(std::size_t bytes) {
  constexpr std::size_t kAlign = alignof(Series);
  bytes = (bytes + kAlign - 1) / kAlign * kAlign;
  if (bytes > block_left_) {
    // Blocks grow with the family, 256 B to 64 KiB: a few series cost little, many waste little.
    block_left_ = std::max<std::size_t>(bytes, 256UL << std::min<std::size_t>(blocks_.size(), 8));
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_left_));
    block_end_ = blocks_.back().get() + block_left_;
  }
  char* const start = block_end_ - block_left_;
  block_left_ -= bytes;
  return start;
}

// A series without text, from a removed one where one is large enough.
Series* Family::make_series(std::size_t text_bytes) {
  const auto fits = std::ranges::find_if(free_, [&](const Series* s) { return s->text_capacity >= text_bytes; });
  if (fits != free_.end()) {
    Series* const series = *fits;
    free_.erase(fits);
    return series;
  }
  void* const room = take(sizeof(Series) + text_bytes);
  auto* const series = layout_.has_native ? new (room) Series(Series::Native()) : new (room) Series;
  series->text_capacity = static_cast<std::uint32_t>(text_bytes);
  if (last_ == nullptr) {
    first_.store(series, std::memory_order_release);
  } else {
    last_->next.store(series, std::memory_order_release);
  }
  last_ = series;
  const std::size_t bytes = sizeof(Series) + text_bytes + cells_each() * sizeof(Cell);
  bytes_ += bytes;
  common_->bytes.fetch_add(bytes, std::memory_order_relaxed);
  return series;
}

Series* Family::insert(std::span<const std::string_view> values, std::uint32_t hash) {
  std::string text;
  bool escaped = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += ',';
    text += labels_[i];
    text += "=\"";
    escaped = append_escaped(text, values[i]) || escaped;
    text += '"';
  }
  Series* const series = make_series(text.size());
  std::memcpy(series->text_room(), text.data(), text.size());
  series->hash = hash;
  series->text_size = static_cast<std::uint32_t>(text.size());
  series->escaped = escaped ? 1U : 0U;
  enliven(*series);
  put(series);
  return series;
}

void Family::enliven(Series& series) {
  series.created.store(common_->clock->now(), std::memory_order_relaxed);
  series.changed_at = seconds() & ((1U << 30) - 1);
  series.touched.store(0, std::memory_order_relaxed);
  if (layout_.has_native) {
    auto extra = std::make_unique<SeriesExtra>();
    extra->native.emplace(layout_.native, series.window);
    series.extra.store(extra.release(), std::memory_order_release);
  } else {
    series.value.store(is_gauge() ? kUnset : 0, std::memory_order_relaxed);
  }
  const CellId cells = is_gauge() ? kNoCell : allocate(cells_each());
  const std::uint64_t generation = series.generation.load(std::memory_order_relaxed);
  series.stamp.store(generation << 32 | cells, std::memory_order_release);
  count_.fetch_add(1, std::memory_order_relaxed);
}

void Family::put(Series* series) {
  const auto place = [](Table& table, Series* each) {
    std::size_t at = each->hash & table.mask;
    while (table.slot[at].load(std::memory_order_relaxed) != nullptr) at = (at + 1) & table.mask;
    table.slot[at].store(each, std::memory_order_release);
    table.tag[at].store(Table::tag_of(each->hash), std::memory_order_release);
  };
  series->linked = 1;
  ++used_slots_;
  if (used_slots_ * 4 <= (newest_->mask + 1) * 3) {
    place(*newest_, series);
    return;
  }
  std::vector<Series*> linked;
  for (Series* each = first_.load(std::memory_order_relaxed); each != nullptr;
       each = each->next.load(std::memory_order_relaxed)) {
    if (each->linked != 0) linked.push_back(each);
  }
  used_slots_ = linked.size();
  auto larger = std::make_unique<Table>(std::max<std::size_t>(std::bit_ceil(linked.size() * 2), 8));
  for (Series* each : linked) place(*larger, each);
  table_.store(larger.get(), std::memory_order_release);
  outgrown_.push_back(std::exchange(newest_, std::move(larger)));
  const InUse in_use;
  std::erase_if(outgrown_, [&](const auto& table) { return !in_use.contains(table.get()); });
}

bool Family::same_schema(const Description& d) const {
  if (d.type != type_) return false;
  if (type_ != MetricType::kStateSet && !std::ranges::equal(d.labels, labels_)) return false;
  return (d.layout.has_native && d.type == MetricType::kHistogram) == layout_.has_native &&
         std::ranges::equal(BucketIndex(d.layout.bounds).bounds(), buckets_.bounds());
}

}  // namespace vigil::metrics::internal
