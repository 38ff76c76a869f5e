#include "vigil/telemetry/snapshot.h"

#include <algorithm>
#include <cstring>

namespace vigil::telemetry {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs normalised(Pairs labels) {
  std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
  std::ranges::sort(labels);
  return labels;
}

SnapshotExemplar copy(const metrics::ExemplarView& view) { return {std::string(view.labels), view.value, view.time}; }
metrics::ExemplarView view_of(const SnapshotExemplar& exemplar) {
  return {exemplar.labels, exemplar.value, exemplar.time};
}

// Text at addresses that stay: snapshots have one string per series, and a
// std::string for each would cost an allocation for each.
class Arena {
 public:
  std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    if (text.size() > left_) {
      left_ = std::max<std::size_t>(text.size(), 64U << 10);
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(left_));
      at_ = blocks_.back().get();
    }
    char* const start = at_;
    std::memcpy(start, text.data(), text.size());
    at_ += text.size();
    left_ -= text.size();
    return {start, text.size()};
  }

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* at_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace

struct MetricsSnapshot::Data final : metrics::Visitor {
  void begin_family(const metrics::FamilyView& family) override {
    families.push_back({.type = family.type,
                        .name = std::string(family.name),
                        .help = std::string(family.help),
                        .unit = std::string(family.unit),
                        .labels = {family.labels.begin(), family.labels.end()},
                        .bounds = {family.bounds.begin(), family.bounds.end()},
                        .points = {},
                        .histograms = {}});
  }
  void point(std::string_view labels, const metrics::PointView& value) override {
    SnapshotPoint& point = families.back().points.emplace_back(arena.keep(labels), value.value, value.created);
    if (value.exemplar != nullptr) point.exemplar = copy(*value.exemplar);
    ++series;
  }
  void histogram(std::string_view labels, const metrics::HistogramView& value) override {
    SnapshotHistogram& copied = families.back().histograms.emplace_back();
    copied.labels = arena.keep(labels);
    copied.counts.assign(value.counts.begin(), value.counts.end());
    copied.count = value.count;
    copied.sum = value.sum;
    copied.created = value.created;
    for (const metrics::ExemplarView& exemplar : value.exemplars) copied.exemplars.push_back(copy(exemplar));
    if (value.native != nullptr) {
      copied.native =
          SnapshotNativeHistogram{.schema = value.native->schema,
                                  .zero_threshold = value.native->zero_threshold,
                                  .zero_count = value.native->zero_count,
                                  .positive = {value.native->positive.begin(), value.native->positive.end()},
                                  .negative = {value.native->negative.begin(), value.native->negative.end()}};
    }
    ++series;
  }

  Timestamp time = 0;
  std::size_t series = 0;
  std::vector<SnapshotFamily> families;
  Arena arena;
};

MetricsSnapshot::MetricsSnapshot() : data_(std::make_shared<Data>()) {}

MetricsSnapshot MetricsSnapshot::of(const metrics::Registry& registry, Timestamp time) {
  return of([&](metrics::Visitor& visitor) { registry.visit(visitor); }, time);
}

MetricsSnapshot MetricsSnapshot::of(const std::function<void(metrics::Visitor&)>& source, Timestamp time) {
  auto data = std::make_shared<Data>();
  data->time = time;
  source(*data);
  return MetricsSnapshot(std::move(data));
}

Timestamp MetricsSnapshot::time() const { return data_->time; }
std::size_t MetricsSnapshot::series() const { return data_->series; }
const std::vector<SnapshotFamily>& MetricsSnapshot::families() const { return data_->families; }

const SnapshotFamily* MetricsSnapshot::family(std::string_view name) const {
  const auto found = std::ranges::find(data_->families, name, &SnapshotFamily::name);
  return found == data_->families.end() ? nullptr : &*found;
}

std::optional<double> MetricsSnapshot::value(std::string_view name, Labels labels) const {
  const SnapshotFamily* const found = family(name);
  if (found == nullptr) return std::nullopt;
  const Pairs wanted(labels.begin(), labels.end());
  for (const SnapshotPoint& point : found->points) {
    if (same_labels(point.labels, wanted)) return point.value;
  }
  return std::nullopt;
}

const SnapshotHistogram* MetricsSnapshot::histogram(std::string_view name, Labels labels) const {
  const SnapshotFamily* const found = family(name);
  if (found == nullptr) return nullptr;
  const Pairs wanted(labels.begin(), labels.end());
  for (const SnapshotHistogram& histogram : found->histograms) {
    if (same_labels(histogram.labels, wanted)) return &histogram;
  }
  return nullptr;
}

void MetricsSnapshot::visit(metrics::Visitor& visitor) const {
  std::vector<metrics::ExemplarView> exemplars;
  for (const SnapshotFamily& family : data_->families) {
    visitor.begin_family({family.type, family.name, family.help, family.unit, family.labels, family.bounds});
    for (const SnapshotPoint& point : family.points) {
      metrics::ExemplarView exemplar;
      if (point.exemplar.has_value()) exemplar = view_of(*point.exemplar);
      visitor.point(point.labels, {.value = point.value,
                                   .created = point.created,
                                   .exemplar = point.exemplar.has_value() ? &exemplar : nullptr});
    }
    for (const SnapshotHistogram& histogram : family.histograms) {
      exemplars.clear();
      for (const SnapshotExemplar& exemplar : histogram.exemplars) exemplars.push_back(view_of(exemplar));
      metrics::NativeHistogramView native;
      if (histogram.native.has_value()) {
        native = {.schema = histogram.native->schema,
                  .zero_threshold = histogram.native->zero_threshold,
                  .zero_count = histogram.native->zero_count,
                  .positive = histogram.native->positive,
                  .negative = histogram.native->negative};
      }
      visitor.histogram(histogram.labels, {.counts = histogram.counts,
                                           .count = histogram.count,
                                           .sum = histogram.sum,
                                           .created = histogram.created,
                                           .exemplars = exemplars,
                                           .native = histogram.native.has_value() ? &native : nullptr});
    }
    visitor.end_family();
  }
}

bool same_labels(std::string_view text, const Pairs& labels) {
  return normalised(metrics::label_pairs(text)) == normalised(labels);
}

}  // namespace vigil::telemetry
