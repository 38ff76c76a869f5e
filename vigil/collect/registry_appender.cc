#include "vigil/collect/registry_appender.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <utility>

#include "vigil/exposition/number.h"
#include "vigil/model/native_histogram.h"

namespace vigil::collect {
namespace {

// Order of a histogram's references: kNative, kSum, kCount, then the buckets.
constexpr std::size_t kNative = 0;
constexpr std::size_t kSum = 1;
constexpr std::size_t kCount = 2;
constexpr std::size_t kBuckets = 3;

bool is_histogram(MetricType type) { return type == MetricType::kHistogram || type == MetricType::kGaugeHistogram; }

// No instrument may write a staleness marker.
double storable(double value) { return std::isnan(value) ? normal_nan() : value; }

void put_side(std::span<const metrics::NativeHistogramView::Bucket> from, std::vector<NativeHistogram::Span>& spans,
              std::vector<double>& buckets) {
  buckets.reserve(from.size());
  std::int32_t next = 0;  // the index that would go on the span
  for (const auto& bucket : from) {
    if (spans.empty() || bucket.index != next) {
      spans.push_back({bucket.index - (spans.empty() ? 0 : next), 0});
    }
    ++spans.back().length;
    buckets.push_back(static_cast<double>(bucket.count));
    next = bucket.index + 1;
  }
}

HistogramPtr native_value(const metrics::HistogramView& value) {
  auto histogram = std::make_shared<NativeHistogram>();
  histogram->schema = value.native->schema;
  histogram->zero_threshold = value.native->zero_threshold;
  histogram->zero_count = static_cast<double>(value.native->zero_count);
  histogram->count = static_cast<double>(value.count);
  histogram->sum = storable(value.sum);
  put_side(value.native->positive, histogram->positive_spans, histogram->positive_buckets);
  put_side(value.native->negative, histogram->negative_spans, histogram->negative_buckets);
  return histogram;
}

HistogramPtr empty_native(const metrics::NativeHistogramView& like) {
  auto histogram = std::make_shared<NativeHistogram>();
  histogram->reset_hint = NativeHistogram::ResetHint::kReset;
  histogram->schema = like.schema;
  histogram->zero_threshold = like.zero_threshold;
  return histogram;
}

HistogramPtr stale_native() {
  auto histogram = std::make_shared<NativeHistogram>();
  histogram->sum = stale_nan();
  return histogram;
}

// As Prometheus names a scraped label that the target has, too.
std::string exported_name(std::string_view name, const Labels& target, const LabelsBuilder& labels) {
  std::string exported(name);
  do {
    exported.insert(0, "exported_");
  } while (target.has(exported) || !labels.get(exported).empty());
  return exported;
}

}  // namespace

Result<Counts> RegistryAppender::record(const metrics::Registry& registry, Appendable& storage, Timestamp at) {
  return record([&registry](metrics::Visitor& visitor) { registry.visit(visitor); }, storage, at);
}

Result<Counts> RegistryAppender::record(const Visit& visit, Appendable& storage, Timestamp at) {
  const auto appender = storage.appender();
  ++round_;
  seen_families_ = 0;
  appender_ = appender.get();
  at_ = at;
  counts_ = {};
  failure_ = {};
  visit(*this);
  const auto up = families_.find("up");
  if (up == families_.end() || up->second.round != round_) {
    begin_family({.type = MetricType::kGauge,
                  .name = "up",
                  .help = "1 while the process collects its metrics.",
                  .unit = {},
                  .labels = {},
                  .bounds = {}});
    point({}, {.value = 1});
    end_family();
  }
  end_vanished_families();
  put_markers();
  if (failure_) failure_ = appender->commit();
  if (!failure_) {
    appender->rollback();
    forget_uncommitted();
    return std::unexpected(failure_.error());
  }
  ended_.clear();
  last_commit_ = at;
  return counts_;
}

Result<void> RegistryAppender::end(Appendable& storage, Timestamp at) {
  const auto appender = storage.appender();
  ++round_;
  seen_families_ = 0;
  appender_ = appender.get();
  at_ = std::max(at, last_commit_ + 1);  // the last round may have been at this very time
  end_vanished_families();
  put_markers();
  VIGIL_TRY_VOID(appender->commit());
  ended_.clear();
  return {};
}

// A marker that is refused, e.g. because the series is gone from the store, is no loss.
void RegistryAppender::put_markers() {
  for (const Ended& series : ended_) {
    static_cast<void>(series.native ? appender_->append_histogram(series.ref, at_, stale_native())
                                    : appender_->append(series.ref, at_, stale_nan()));
  }
}

std::size_t RegistryAppender::series() const {
  std::size_t count = 0;
  for (const auto& [name, family] : families_) {
    count += static_cast<std::size_t>(std::ranges::count_if(family.table.refs, [](SeriesRef ref) { return ref != 0; }));
  }
  return count;
}

// What a transaction that failed had begun has to begin again.
void RegistryAppender::forget_uncommitted() {
  for (auto& [name, family] : families_) {
    family.metadata_stored = false;
    for (Entry& entry : family.table.entries) {
      if (entry.created >= last_commit_) entry.created = 0;
      if (entry.exemplar >= last_commit_) entry.exemplar = 0;
    }
  }
}

void RegistryAppender::begin_family(const metrics::FamilyView& view) {
  auto found = families_.find(view.name);
  const bool known = found != families_.end();
  if (!known) found = families_.emplace(std::string(view.name), Family()).first;
  family_ = &found->second;
  name_ = found->first;
  Family& family = *family_;
  if (!known || family.type != view.type || !std::ranges::equal(family.bounds, view.bounds)) redefine(family, view);
  if (family.help != view.help || family.unit != view.unit) {
    family.help = view.help;
    family.unit = view.unit;
    family.metadata_stored = false;
  }
  if (!family.metadata_stored) {
    // Metadata that the store does not want is no loss worth a lost round.
    static_cast<void>(appender_->set_metadata(name_, {.type = family.type, .help = family.help, .unit = family.unit}));
    family.metadata_stored = true;
  }
  family.round = round_;
  ++seen_families_;
  next_ = 0;
}

// Another instrument under the same name: its series are others.
void RegistryAppender::redefine(Family& family, const metrics::FamilyView& view) {
  for (std::size_t i = 0; i < family.table.entries.size(); ++i) end_entry(family, family.table, i);
  family.table = {};
  family.type = view.type;
  family.bounds.assign(view.bounds.begin(), view.bounds.end());
  family.bound_texts.clear();
  family.refs_each = 1;
  family.metadata_stored = false;
  if (!is_histogram(view.type)) return;
  for (const double bound : view.bounds) family.bound_texts.push_back(exposition::canonical_float(bound));
  family.bound_texts.emplace_back("+Inf");
  family.refs_each = kBuckets + family.bound_texts.size();
}

void RegistryAppender::add(std::string_view labels) {
  Table& table = family_->table;
  table.entries.push_back({.text = table.texts.size(), .text_size = labels.size(), .created = 0, .exemplar = 0});
  table.texts += labels;
  table.refs.resize(table.refs.size() + family_->refs_each, 0);
}

// The index of the label set, at its place in this round's order.
std::size_t RegistryAppender::find(std::string_view labels) {
  Table& table = family_->table;
  is_new_ = false;
  if (!rearranging_) {
    if (next_ < table.entries.size() && table.text(next_) == labels) [[likely]]
      return next_++;
    if (next_ < table.entries.size()) start_rearranging();
  }
  add(labels);
  if (rearranging_) {
    if (const auto old = unseen_.find(labels); old != unseen_.end()) {
      Entry& entry = table.entries.back();
      entry.created = before_.entries[old->second].created;
      entry.exemplar = before_.entries[old->second].exemplar;
      const std::size_t each = family_->refs_each;
      std::copy_n(before_.refs.begin() + static_cast<std::ptrdiff_t>(old->second * each), each,
                  table.refs.end() - static_cast<std::ptrdiff_t>(each));
      unseen_.erase(old);
      return next_++;
    }
  }
  is_new_ = true;
  return next_++;
}

void RegistryAppender::start_rearranging() {
  Table& table = family_->table;
  rearranging_ = true;
  before_ = std::exchange(table, {});
  for (std::size_t i = next_; i < before_.entries.size(); ++i) unseen_.emplace(before_.text(i), i);
  // What came in its order so far stays in front.
  table.entries.assign(before_.entries.begin(), before_.entries.begin() + static_cast<std::ptrdiff_t>(next_));
  table.refs.assign(before_.refs.begin(),
                    before_.refs.begin() + static_cast<std::ptrdiff_t>(next_ * family_->refs_each));
  if (next_ > 0) table.texts = before_.texts.substr(0, before_.entries[next_].text);
}

void RegistryAppender::end_family() {
  Table& table = family_->table;
  if (rearranging_) {
    for (const auto& [labels, index] : unseen_) end_entry(*family_, before_, index);
    unseen_.clear();
    before_ = {};
    rearranging_ = false;
  } else if (next_ < table.entries.size()) {
    for (std::size_t i = next_; i < table.entries.size(); ++i) end_entry(*family_, table, i);
    table.texts.resize(table.entries[next_].text);
    table.entries.resize(next_);
    table.refs.resize(next_ * family_->refs_each);
  }
  family_ = nullptr;
}

void RegistryAppender::end_entry(const Family& family, const Table& table, std::size_t index) {
  for (std::size_t i = 0; i < family.refs_each; ++i) {
    const SeriesRef ref = table.refs[index * family.refs_each + i];
    if (ref == 0) continue;
    ended_.push_back({ref, is_histogram(family.type) && i == kNative});
    ++counts_.ended;
  }
}

void RegistryAppender::end_vanished_families() {
  if (seen_families_ == families_.size()) return;
  std::erase_if(families_, [this](const auto& named) {
    const Family& family = named.second;
    if (family.round == round_) return false;
    for (std::size_t i = 0; i < family.table.entries.size(); ++i) end_entry(family, family.table, i);
    return true;
  });
}

Labels RegistryAppender::labels_of(const Identity& identity) const {
  LabelsBuilder labels(target_);
  for (const auto& [name, value] : metrics::label_pairs(identity.labels)) {
    labels.set(target_.has(name) ? exported_name(name, target_, labels) : name, value);
  }
  if (!identity.bound.empty()) labels.set(kBucketLabel, identity.bound);
  labels.set(kMetricName, std::string(name_) + std::string(identity.suffix));
  return labels.build();
}

bool RegistryAppender::resolve(SeriesRef& ref, const Identity& identity) {
  auto resolved = appender_->resolve(labels_of(identity));
  if (!resolved) {
    refuse(resolved.error());
    return false;
  }
  ref = *resolved;
  return true;
}

void RegistryAppender::refuse(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kOutOfOrder: ++counts_.out_of_order; return;
    case ErrorCode::kAlreadyExists: ++counts_.duplicates; return;
    case ErrorCode::kOutOfBounds: ++counts_.out_of_bounds; return;
    case ErrorCode::kLimitExceeded:
    case ErrorCode::kInvalidArgument: ++counts_.refused; return;
    default: failure_ = std::unexpected(error);
  }
}

// `append` is called with the reference, again with another if the store has dropped the series.
template <class Append>
bool RegistryAppender::put(SeriesRef& ref, const Identity& identity, Append append) {
  if (!failure_) return false;
  if (ref == 0) {
    if (!resolve(ref, identity)) return false;
    ++counts_.added;
  }
  Result<void> appended = append(ref);
  if (!appended && appended.error().code() == ErrorCode::kNotFound) {
    if (!resolve(ref, identity)) return false;
    appended = append(ref);
  }
  if (!appended) {
    refuse(appended.error());
    return false;
  }
  ++counts_.samples;
  return true;
}

void RegistryAppender::put_value(SeriesRef& ref, const Identity& identity, double value, bool begins,
                                 Timestamp created) {
  put(ref, identity, [&](SeriesRef series) {
    if (begins) static_cast<void>(appender_->append(series, created, 0));
    return appender_->append(series, at_, storable(value));
  });
}

void RegistryAppender::put_native(SeriesRef& ref, const Identity& identity, const metrics::HistogramView& value,
                                  bool begins) {
  put(ref, identity, [&](SeriesRef series) {
    if (begins) static_cast<void>(appender_->append_histogram(series, value.created, empty_native(*value.native)));
    return appender_->append_histogram(series, at_, native_value(value));
  });
}

void RegistryAppender::put_exemplar(SeriesRef ref, const metrics::ExemplarView& exemplar, Entry& entry) {
  if (ref == 0 || !failure_) return;
  LabelsBuilder labels;
  for (const auto& [name, value] : metrics::label_pairs(exemplar.labels)) labels.set(name, value);
  // An exemplar that the store does not want is no loss worth a lost round.
  static_cast<void>(appender_->append_exemplar(ref, {labels.build(), exemplar.value, exemplar.time, true}));
  entry.exemplar = std::max(entry.exemplar, exemplar.time);
}

// True if the series has begun since the last round, or is seen for the first time.
bool RegistryAppender::begins(Entry& entry, Timestamp created) const {
  if (created == entry.created) return false;
  entry.created = created;
  return created < at_ && (is_new_ || created > last_commit_);
}

void RegistryAppender::point(std::string_view labels, const metrics::PointView& value) {
  const std::size_t index = find(labels);
  Table& table = family_->table;
  Entry& entry = table.entries[index];
  SeriesRef& ref = table.refs[index];
  const bool fresh = begins(entry, value.created);
  put_value(ref, {{}, labels, {}}, value.value, fresh, value.created);
  if (value.exemplar != nullptr && value.exemplar->time > entry.exemplar) put_exemplar(ref, *value.exemplar, entry);
}

void RegistryAppender::histogram(std::string_view labels, const metrics::HistogramView& value) {
  const std::size_t index = find(labels);
  const Family& family = *family_;
  Entry& entry = family_->table.entries[index];
  SeriesRef* const refs = &family_->table.refs[index * family.refs_each];
  const bool fresh = begins(entry, value.created);
  if (value.native != nullptr) put_native(refs[kNative], {{}, labels, {}}, value, fresh);

  const bool classic = !family.bounds.empty() || value.native == nullptr;
  if (classic) {
    put_value(refs[kSum], {"_sum", labels, {}}, value.sum, fresh, value.created);
    put_value(refs[kCount], {"_count", labels, {}}, static_cast<double>(value.count), fresh, value.created);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < family.bound_texts.size(); ++i) {
      below += value.counts[i];
      put_value(refs[kBuckets + i], {"_bucket", labels, family.bound_texts[i]}, static_cast<double>(below), fresh,
                value.created);
    }
  }

  const Timestamp stored = entry.exemplar;
  for (const metrics::ExemplarView& exemplar : value.exemplars) {
    if (exemplar.time <= stored) continue;
    const auto bound = std::ranges::lower_bound(family.bounds, exemplar.value);
    const std::size_t bucket = kBuckets + static_cast<std::size_t>(bound - family.bounds.begin());
    put_exemplar(classic ? refs[bucket] : refs[kNative], exemplar, entry);
  }
}

}  // namespace vigil::collect
