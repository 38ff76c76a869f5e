#include "vigil/metrics/family.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

#include "vigil/base/log.h"
#include "vigil/base/strings.h"
#include "vigil/metrics/label_text.h"
#include "vigil/metrics/registry.h"

namespace vigil::metrics::internal {
namespace {

constexpr std::string_view kOther = "other";
// A longer value is no label but a payload: it goes the way of too many values.
constexpr std::size_t kMaxValueBytes = 1024;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

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

std::vector<double> clean_bounds(std::span<const double> bounds) {
  std::vector<double> clean;
  for (const double bound : bounds) {
    if (bound > -kInfinity && bound < kInfinity) clean.push_back(bound);
  }
  std::ranges::sort(clean);
  clean.erase(std::ranges::unique(clean).begin(), clean.end());
  if (clean.size() > kMaxBounds) clean.resize(kMaxBounds);
  return clean;
}

}  // namespace

BucketIndex::BucketIndex(std::span<const double> bounds) : bounds_(clean_bounds(bounds)) {
  size_ = static_cast<std::uint32_t>(bounds_.size());
  const auto octave = [](double value) { return std::bit_cast<std::int64_t>(value) >> 52; };
  bool indexable = size_ > 0 && bounds_.front() > 0;
  for (std::size_t i = 2; i < size_ && indexable; ++i) indexable = octave(bounds_[i]) != octave(bounds_[i - 2]);
  if (indexable) {
    first_octave_ = octave(bounds_.front()) - 1;
    last_octave_ = octave(bounds_[size_ - 1]) + 1;
    std::size_t at = 0;
    for (std::int64_t o = first_octave_; o <= last_octave_; ++o) {
      while (at < size_ && octave(bounds_[at]) < o) ++at;
      start_.push_back(static_cast<std::uint16_t>(at));
    }
  }
  bounds_.insert(bounds_.end(), 2, kInfinity);
}

Family::Family(const Description& d, std::shared_ptr<Refusals> refusals)
    : type_(d.type),
      name_(d.name),
      help_(to_utf8(d.help)),
      unit_(d.options.unit),
      labels_(d.labels.begin(), d.labels.end()),
      closed_(d.labels.size()),
      buckets_(d.layout.bounds),
      refusals_(std::move(refusals)) {
  std::size_t closed_sets = 1;
  for (const ClosedLabel& closed : d.options.closed) {
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (closed.name != labels_[i] || closed.values.empty()) continue;
      closed_[i].assign(closed.values.begin(), closed.values.end());
      closed_sets *= closed.values.size();
    }
  }
  const bool all_closed = std::ranges::none_of(closed_, [](const auto& values) { return values.empty(); });
  // An overflow series per combination of closed values: "other" must not blur them.
  const std::size_t cap = std::max<std::size_t>(d.options.max_label_sets, 1);
  cap_ = all_closed ? std::max(cap, closed_sets) : cap - std::min(cap, closed_sets);
  {
    MutexLock lock(mutex_);
    tables_.push_back(std::make_unique<Table>(8));
    table_.store(tables_.back().get(), std::memory_order_release);
    if (labels_.empty()) only_ = insert({}, hash({}));
  }
  if (all_closed && !labels_.empty()) {
    const std::vector<std::optional<std::string_view>> every(labels_.size());
    prepare(every);
  }
}

Family::~Family() {
  for (const Series* series = first_.load(std::memory_order_acquire); series != nullptr;) {
    release(series->cells, cells_each());
    const Series* const next = series->next.load(std::memory_order_acquire);
    series->~Series();
    series = next;
  }
}

std::uint32_t Family::cells_each() const {
  if (type_ == MetricType::kCounter) return 2;
  return buckets_.size() + 2;  // sum, buckets, +Inf
}

std::uint64_t Family::hash(std::span<const std::string_view> values) {
  std::uint64_t state = 42;
  for (const std::string_view value : values) state = hash_value(value, state);
  return state;
}

bool Family::matches(const Series& series, std::span<const std::string_view> values) const {
  std::string_view text = series.text();
  for (std::size_t i = 0; i < values.size(); ++i) {
    text.remove_prefix(labels_[i].size() + 2);  // name="
    const std::string_view value = values[i];
    std::size_t length = value.size();
    if (!series.escaped) {
      if (text.size() <= length || text[length] != '"' || std::memcmp(text.data(), value.data(), length) != 0)
        return false;
    } else {
      length = value_length(text);
      if (!unescapes_to(text.substr(0, length), value)) return false;
    }
    text.remove_prefix(std::min(length + 2, text.size()));  // ",
    if (text.empty() && i + 1 < values.size()) return false;
  }
  return text.empty();
}

Series* Family::find(std::span<const std::string_view> values, std::uint64_t hash) const {
  const Table& table = *table_.load(std::memory_order_acquire);
  for (std::size_t at = hash & table.mask;; at = (at + 1) & table.mask) {
    Series* const series = table.slot[at].load(std::memory_order_acquire);
    if (series == nullptr) return nullptr;
    if (series->hash == hash && matches(*series, values)) return series;
  }
}

bool Family::allowed(std::span<const std::string_view> values) const {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!closed_[i].empty() && std::ranges::find(closed_[i], values[i]) == closed_[i].end()) return false;
  }
  return true;
}

Series* Family::create(std::span<const std::string_view> values) {
  if (!allowed(values)) {
    refusals_->rejected.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  std::vector<std::string> clean;  // holds what had to be changed
  std::array<std::string_view, kMaxLabels> changed;
  bool too_long = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    too_long = too_long || values[i].size() > kMaxValueBytes;
    changed[i] = values[i];
  }
  if (too_long || count_.load(std::memory_order_relaxed) >= cap_) {
    // Without the lock for as long as the overflow series exists: a flood of new
    // label sets must not turn updates into a queue.
    return overflow(values);
  }
  clean.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (is_valid_utf8(values[i])) continue;
    changed[i] = clean.emplace_back(to_utf8(values[i]));
  }
  const std::span<const std::string_view> wanted(changed.data(), values.size());
  const std::uint64_t key = hash(wanted);
  {
    MutexLock lock(mutex_);
    if (Series* const found = find(wanted, key)) return found;  // made meanwhile, or only found by its clean text
    if (count_.load(std::memory_order_relaxed) < cap_) return insert(wanted, key);
  }
  return overflow(wanted);
}

Series* Family::overflow(std::span<const std::string_view> values) {
  refusals_->overflowed.fetch_add(1, std::memory_order_relaxed);
  std::array<std::string_view, kMaxLabels> other;
  for (std::size_t i = 0; i < values.size(); ++i) other[i] = closed_[i].empty() ? kOther : values[i];
  const std::span<const std::string_view> wanted(other.data(), values.size());
  const std::uint64_t key = hash(wanted);
  if (Series* const found = find(wanted, key)) return found;
  bool warn = false;
  Series* made = nullptr;
  {
    MutexLock lock(mutex_);
    made = find(wanted, key);
    if (made == nullptr) made = insert(wanted, key);
    warn = !std::exchange(warned_, true);
  }
  if (warn) {
    log::warn("metrics", "too many label sets: new ones are counted as \"other\"; raise max_label_sets or drop a label",
              {{"metric", name_}, {"label_sets", static_cast<std::uint64_t>(size())}});
  }
  return made;
}

void Family::prepare(std::span<const std::optional<std::string_view>> values) {
  if (type_ == MetricType::kGauge) return;
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

Series* Family::insert(std::span<const std::string_view> values, std::uint64_t hash) {
  std::string text;
  bool escaped = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += ',';
    text += labels_[i];
    text += "=\"";
    escaped = append_escaped(text, values[i]) || escaped;
    text += '"';
  }
  char* const memory = take(sizeof(Series) + text.size());
  auto* const series = new (memory) Series;
  std::memcpy(memory + sizeof(Series), text.data(), text.size());
  series->hash = hash;
  series->text_size = static_cast<std::uint32_t>(text.size());
  series->escaped = escaped ? 1U : 0U;
  if (type_ == MetricType::kGauge) {
    series->gauge.store(kUnset, std::memory_order_relaxed);
  } else {
    series->cells = allocate(cells_each());
  }

  if (last_ == nullptr) {
    first_.store(series, std::memory_order_release);
  } else {
    last_->next.store(series, std::memory_order_release);
  }
  last_ = series;

  Table* table = table_.load(std::memory_order_relaxed);
  const std::size_t count = count_.load(std::memory_order_relaxed) + 1;
  if (count * 4 > (table->mask + 1) * 3) {
    tables_.push_back(std::make_unique<Table>((table->mask + 1) * 2));
    table = tables_.back().get();
    for (Series* each = first_.load(std::memory_order_relaxed); each != nullptr;
         each = each->next.load(std::memory_order_relaxed)) {
      put(*table, each);
    }
    table_.store(table, std::memory_order_release);
  } else {
    put(*table, series);
  }
  count_.store(count, std::memory_order_relaxed);
  return series;
}

void Family::put(Table& table, Series* series) const {
  std::size_t at = series->hash & table.mask;
  while (table.slot[at].load(std::memory_order_relaxed) != nullptr) at = (at + 1) & table.mask;
  table.slot[at].store(series, std::memory_order_release);
}

bool Family::same_schema(const Description& d) const {
  if (d.type != type_ || !std::ranges::equal(d.labels, labels_)) return false;
  return std::ranges::equal(BucketIndex(d.layout.bounds).bounds(), buckets_.bounds());
}

double counter_value(const Series& series, const CellReader& reader) {
  return static_cast<double>(reader.count(series.cells)) + reader.sum(series.cells + 1);
}

void Family::visit(Visitor& visitor, const CellReader& reader) const {
  std::vector<std::uint64_t> counts(buckets_.size() + 1);
  bool begun = false;
  for (const Series* series = first_.load(std::memory_order_acquire); series != nullptr;
       series = series->next.load(std::memory_order_acquire)) {
    const std::uint64_t gauge = series->gauge.load(std::memory_order_relaxed);
    if (type_ == MetricType::kGauge && gauge == kUnset) continue;
    if (!std::exchange(begun, true)) {
      visitor.begin_family({type_, name_, help_, unit_, labels_, buckets_.bounds()});
    }
    if (type_ == MetricType::kGauge) {
      visitor.point(series->text(), {.value = std::bit_cast<double>(gauge)});
    } else if (type_ == MetricType::kCounter) {
      visitor.point(series->text(), {.value = counter_value(*series, reader)});
    } else {
      HistogramView view{.counts = counts, .count = 0, .sum = reader.sum(series->cells)};
      for (std::uint32_t i = 0; i < counts.size(); ++i) {
        counts[i] = reader.count(series->cells + 1 + i);
        view.count += counts[i];
      }
      visitor.histogram(series->text(), view);
    }
  }
  if (begun) visitor.end_family();
}

}  // namespace vigil::metrics::internal
