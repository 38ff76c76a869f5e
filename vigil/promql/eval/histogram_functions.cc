// histogram_quantile, histogram_quantiles and histogram_fraction over classic buckets.
#include <algorithm>
#include <array>
#include <cmath>

#include "vigil/base/strings.h"
#include "vigil/promql/eval/classic_histogram.h"
#include "vigil/promql/eval/functions.h"
#include "vigil/promql/eval/labels.h"
#include "vigil/promql/eval/numbers.h"

namespace vigil::promql {
namespace {

const std::string kLeLabel{kBucketLabel};

// Series that are the buckets of one histogram: same labels but for `le`. Found and
// sorted once for all steps.
struct Histogram {
  struct Series {
    double upper_bound;
    std::uint32_t row;
  };
  std::vector<Series> series;  // ascending bounds; equal ones (le="1", le="1.0") side by side
  std::uint32_t first_row = 0;
  std::vector<std::uint32_t> native_rows;  // rows with histogram samples under the same labels
};

class HistogramInput {
 public:
  HistogramInput(QueryContext& context, const Table& table, const Position& position)
      : context_(context), table_(table), position_(position) {}

  Result<void> group();
  // The buckets of a histogram at a step; empty if there are none, or if a native
  // histogram stands beside them.
  std::span<Bucket> buckets_at(const Histogram& histogram, std::size_t step);
  const std::vector<Histogram>& histograms() const { return histograms_; }
  // Of the result: without `le`.
  Labels labels_of(const Histogram& histogram) const {
    static constexpr std::array<std::string_view, 1> kNames = {kBucketLabel};
    return table_.row(histogram.first_row).labels.without(kNames);
  }
  const Row& row_of(const Histogram& histogram) const { return table_.row(histogram.first_row); }

 private:
  std::string for_metric(const Row& row) const {
    const std::string_view name = visible_name(row);
    return name.empty() ? "" : " for metric name " + go_quote(name);
  }
  std::string_view visible_name(const Row& row) const {
    return row.drop_name && !context_.delayed_names ? std::string_view() : row.labels.metric_name();
  }

  QueryContext& context_;
  const Table& table_;
  const Position& position_;
  std::vector<Histogram> histograms_;
  std::vector<Bucket> buckets_;
};

Result<void> HistogramInput::group() {
  const std::array<std::string, 1> without = {kLeLabel};
  LabelGrouper grouper(context_, LabelGrouper::Keep::kWithout, without, false);
  for (std::uint32_t i = 0; i < table_.size(); ++i) {
    VIGIL_TRY_VOID(context_.work(8));
    const Row& row = table_.row(i);
    const std::uint32_t group = grouper.group_of(row);
    if (group == histograms_.size()) histograms_.push_back(Histogram{{}, i, {}});
    if (!row.histograms.empty()) histograms_[group].native_rows.push_back(i);
    if (std::ranges::all_of(table_.values(i), is_absent)) continue;
    const std::string_view le = row.labels.get(kBucketLabel);
    const auto bound = parse_float(le);
    if (!bound) {
      context_.warn("bucket label \"le\" is missing or has a malformed value of " + go_quote(le) + for_metric(row),
                    position_);
      continue;
    }
    histograms_[group].series.push_back({*bound, i});
  }
  for (Histogram& histogram : histograms_) {
    std::ranges::stable_sort(histogram.series, {}, &Histogram::Series::upper_bound);
    // Of two steps at which both kinds stand side by side the message is the same.
    for (const std::uint32_t native : histogram.native_rows) {
      for (const auto& [step, sample] : table_.row(native).histograms) {
        const bool classic = std::ranges::any_of(histogram.series, [&, at = step](const Histogram::Series& series) {
          return !is_absent(table_.values(series.row)[at]);
        });
        if (!classic) return fail(ErrorCode::kNotSupported, "quantiles of native histograms are not supported yet");
        context_.warn("vector contains a mix of classic and native histograms" + for_metric(table_.row(native)),
                      position_);
      }
    }
  }
  return {};
}

std::span<Bucket> HistogramInput::buckets_at(const Histogram& histogram, std::size_t step) {
  buckets_.clear();
  for (const std::uint32_t native : histogram.native_rows) {
    if (find_histogram(table_.row(native).histograms, step) != nullptr) return {};
  }
  for (const Histogram::Series& series : histogram.series) {
    const double count = table_.values(series.row)[step];
    if (is_absent(count)) continue;
    if (!buckets_.empty() && buckets_.back().upper_bound == series.upper_bound) {
      buckets_.back().count += count;
    } else {
      buckets_.push_back({series.upper_bound, count});
    }
  }
  return buckets_;
}

void check_quantile(QueryContext& context, const Scalars& phi, const StepGrid& grid, const Position& position) {
  for (std::size_t step = 0; step < grid.count; ++step) {
    const double value = phi.at(step);
    if (value >= 0 && value <= 1) continue;
    context.warn("quantile value should be between 0 and 1, got " + format_g(value), position);
  }
}

// One result row per histogram; compute(step, buckets, row) makes the value.
template <class MakeLabels, class Compute>
Result<void> each_histogram(QueryContext& context, HistogramInput& input, const StepGrid& grid, Table& result,
                            MakeLabels make_labels, Compute compute) {
  for (const Histogram& histogram : input.histograms()) {
    VIGIL_TRY_VOID(context.work(grid.count * histogram.series.size()));
    if (histogram.series.empty()) continue;
    VIGIL_TRY(const std::size_t index, result.add_row(make_labels(histogram), true));
    const auto out = result.values(index);
    bool any = false;
    for (std::size_t step = 0; step < out.size(); ++step) {
      const auto buckets = input.buckets_at(histogram, step);
      out[step] = buckets.empty() ? absent() : compute(step, buckets, input.row_of(histogram));
      any = any || !buckets.empty();
    }
    if (!any) result.pop_row();
  }
  return {};
}

double quantile_at(QueryContext& context, double phi, std::span<Bucket> buckets, const Row& row, Timestamp at,
                   const Position& position) {
  const BucketQuantile found = bucket_quantile(phi, buckets);
  if (found.forced_monotonic) {
    const std::string_view metric = context.delayed_names ? row.labels.metric_name() : std::string_view();
    context.forced_monotonicity(metric, position, at, found.min_bucket, found.max_bucket, found.max_difference);
  }
  return found.value;
}

}  // namespace

Result<Table> histogram_quantile(QueryContext& context, const Call& call, const StepGrid& grid) {
  VIGIL_TRY(const Scalars phi, evaluate_scalar(context, *call.args[0], grid));
  check_quantile(context, phi, grid, call.args[0]->position);
  VIGIL_TRY(const Table table, evaluate_vector(context, *call.args[1], grid));
  const Position& position = call.args[1]->position;
  HistogramInput input(context, table, position);
  VIGIL_TRY_VOID(input.group());
  Table result(context, grid.count);
  result.single_name = table.single_name;
  VIGIL_TRY_VOID(each_histogram(
      context, input, grid, result, [&](const Histogram& histogram) { return input.labels_of(histogram); },
      [&](std::size_t step, std::span<Bucket> buckets, const Row& row) {
        return quantile_at(context, phi.at(step), buckets, row, grid.at(step), position);
      }));
  VIGIL_TRY_VOID(check_unique_after_drop(context, result));
  return result;
}

Result<Table> histogram_quantiles(QueryContext& context, const Call& call, const StepGrid& grid) {
  const std::string& label = string_argument(*call.args[1]);
  std::vector<Scalars> phis;
  for (std::size_t i = 2; i < call.args.size(); ++i) {
    VIGIL_TRY(Scalars phi, evaluate_scalar(context, *call.args[i], grid));
    check_quantile(context, phi, grid, call.args[i]->position);
    phis.push_back(std::move(phi));
  }
  VIGIL_TRY(const Table table, evaluate_vector(context, *call.args[0], grid));
  HistogramInput input(context, table, call.args[0]->position);
  VIGIL_TRY_VOID(input.group());
  Table result(context, grid.count);
  for (const Scalars& phi : phis) {
    // The label is written once per series: a quantile that changes over time would
    // need a series per value.
    if (std::ranges::any_of(phi.values, [&](double value) {
          return value != phi.values[0] && !(std::isnan(value) && std::isnan(phi.values[0]));
        })) {
      return fail(ErrorCode::kNotSupported,
                  "histogram_quantiles() with a quantile that changes over time is not "
                  "supported yet");
    }
    std::string text = format_float(phi.values[0]);
    if (std::isfinite(phi.values[0]) && text.find_first_of(".e") == std::string::npos) text += ".0";
    VIGIL_TRY_VOID(each_histogram(
        context, input, grid, result,
        [&](const Histogram& histogram) {
          LabelsBuilder labels(input.labels_of(histogram));
          labels.set(label, text);
          return labels.build();
        },
        [&](std::size_t step, std::span<Bucket> buckets, const Row& row) {
          return quantile_at(context, phi.at(step), buckets, row, grid.at(step), call.args[0]->position);
        }));
  }
  VIGIL_TRY_VOID(merge_same_labels(context, result));
  return result;
}

Result<Table> histogram_fraction(QueryContext& context, const Call& call, const StepGrid& grid) {
  VIGIL_TRY(const Scalars lower, evaluate_scalar(context, *call.args[0], grid));
  VIGIL_TRY(const Scalars upper, evaluate_scalar(context, *call.args[1], grid));
  VIGIL_TRY(const Table table, evaluate_vector(context, *call.args[2], grid));
  HistogramInput input(context, table, call.args[2]->position);
  VIGIL_TRY_VOID(input.group());
  Table result(context, grid.count);
  result.single_name = table.single_name;
  VIGIL_TRY_VOID(each_histogram(
      context, input, grid, result, [&](const Histogram& histogram) { return input.labels_of(histogram); },
      [&](std::size_t step, std::span<Bucket> buckets, const Row&) {
        return bucket_fraction(lower.at(step), upper.at(step), buckets);
      }));
  VIGIL_TRY_VOID(check_unique_after_drop(context, result));
  return result;
}

}  // namespace vigil::promql
