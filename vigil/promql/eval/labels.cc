#include "vigil/promql/eval/labels.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <unordered_set>

namespace vigil::promql {
namespace {

constexpr std::string_view kSameLabelset = "vector cannot contain metrics with the same labelset";

bool has_metadata(const Labels& labels) {
  for (const LabelView label : labels) {
    if (is_metadata_label(label.name)) return true;
    if (label.name > kUnitLabel) return false;  // sorted: none can follow
  }
  return false;
}

}  // namespace

bool is_metadata_label(std::string_view name) {
  return name == kMetricName || name == kTypeLabel || name == kUnitLabel;
}

Labels without_metadata(const Labels& labels) {
  static constexpr std::array<std::string_view, 3> kNames = {kMetricName, kTypeLabel, kUnitLabel};
  return has_metadata(labels) ? labels.without(kNames) : labels;
}

void settle_name(const QueryContext& context, Row& row) {
  if (!row.drop_name || context.delayed_names) return;
  row.labels = without_metadata(row.labels);
  row.drop_name = false;
}

Labels identity(const QueryContext& context, const Row& row) {
  return row.drop_name && !context.delayed_names ? without_metadata(row.labels) : row.labels;
}

LabelGrouper::LabelGrouper(const QueryContext& context, Keep keep, std::span<const std::string> names,
                           bool without_name)
    : delayed_(context.delayed_names), keep_(keep), without_name_(without_name), names_(names.begin(), names.end()) {
  std::ranges::sort(names_);
  names_.erase(std::ranges::unique(names_).begin(), names_.end());
}

// Both the labels and `names_` are sorted: one merge tells what is kept.
template <class Visit>
void LabelGrouper::visit_kept(const Row& row, Visit visit) const {
  const bool hide_metadata = row.drop_name && !delayed_;
  auto name = names_.begin();
  for (const LabelView label : row.labels) {
    while (name != names_.end() && *name < label.name) ++name;
    const bool named = name != names_.end() && *name == label.name;
    if (keep_ == Keep::kOnly ? !named : named || (without_name_ && label.name == kMetricName)) {
      if (keep_ == Keep::kOnly && name == names_.end()) return;
      continue;
    }
    if (hide_metadata && is_metadata_label(label.name)) continue;
    visit(label, static_cast<std::size_t>(name - names_.begin()));
  }
}

std::uint32_t LabelGrouper::group_of(const Row& row) {
  // Lengths make the key unambiguous: ("a","bb") and ("aa","b") differ.
  key_.clear();
  const auto put = [this](std::size_t number) {
    const auto narrow = static_cast<std::uint32_t>(number);
    key_.append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
  };
  if (keep_ == Keep::kOnly) {
    visit_kept(row, [&](LabelView label, std::size_t index) {
      put(index);
      put(label.value.size());
      key_ += label.value;
    });
  } else {
    visit_kept(row, [&](LabelView label, std::size_t) {
      put(label.name.size());
      key_ += label.name;
      put(label.value.size());
      key_ += label.value;
    });
  }
  const auto found = groups_.find(std::string_view(key_));
  if (found != groups_.end()) return found->second;
  const auto number = static_cast<std::uint32_t>(groups_.size());
  groups_.emplace(key_, number);
  return number;
}

Labels LabelGrouper::kept(const Row& row) const {
  std::vector<LabelView> labels;
  visit_kept(row, [&](LabelView label, std::size_t) { labels.push_back(label); });
  return Labels::from_sorted(labels);
}

Result<void> merge_same_labels(QueryContext& context, Table& table) {
  std::unordered_map<Labels, std::size_t, LabelsHash> first;
  first.reserve(table.size());
  bool merged = false;
  for (std::size_t i = 0; i < table.size(); ++i) {
    VIGIL_TRY_VOID(context.work(table.steps()));
    const auto [entry, inserted] = first.try_emplace(identity(context, table.row(i)), i);
    if (inserted) continue;
    const std::size_t into = entry->second;
    const auto from = table.values(i);
    const auto to = table.values(into);
    HistogramColumn& histograms = table.row(i).histograms;
    for (std::size_t step = 0; step < table.steps(); ++step) {
      const bool here = !is_absent(from[step]) || find_histogram(histograms, step) != nullptr;
      if (!here) continue;
      if (table.present(into, step)) return fail(ErrorCode::kExecution, std::string(kSameLabelset));
      to[step] = from[step];
      from[step] = absent();
    }
    HistogramColumn& target = table.row(into).histograms;
    target.insert(target.end(), histograms.begin(), histograms.end());
    std::ranges::sort(target, {}, &HistogramColumn::value_type::first);
    histograms.clear();
    merged = true;
  }
  if (merged) table.compact();
  return {};
}

Result<void> check_unique_after_drop(QueryContext& context, const Table& table) {
  if (context.delayed_names || table.size() < 2) return {};
  if (table.single_name) {
    // Equal names: unique before, unique after, unless __type__ or __unit__ told rows apart.
    const bool typed = std::ranges::any_of(std::views::iota(std::size_t{0}, table.size()), [&](std::size_t i) {
      return table.row(i).labels.has(kTypeLabel) || table.row(i).labels.has(kUnitLabel);
    });
    if (!typed) return {};
  }
  std::unordered_set<Labels, LabelsHash> seen;
  seen.reserve(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    VIGIL_TRY_VOID(context.work(1));
    if (!seen.insert(identity(context, table.row(i))).second) {
      return fail(ErrorCode::kExecution, std::string(kSameLabelset));
    }
  }
  return {};
}

Result<void> finish_names(QueryContext& context, Table& table) {
  bool dropped = false;
  for (std::size_t i = 0; i < table.size(); ++i) {
    Row& row = table.row(i);
    if (!row.drop_name) continue;
    row.labels = without_metadata(row.labels);
    row.drop_name = false;
    dropped = true;
  }
  // With immediate dropping every operation has seen to it already.
  return dropped && context.delayed_names ? merge_same_labels(context, table) : Result<void>{};
}

}  // namespace vigil::promql
