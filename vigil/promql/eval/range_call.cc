// Calls on range vectors: windows, histograms in them, and the kernels.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>

#include "vigil/base/strings.h"
#include "vigil/promql/eval/evaluator.h"
#include "vigil/promql/eval/labels.h"
#include "vigil/promql/eval/selector.h"
#include "vigil/promql/eval/windows.h"
#include "vigil/promql/functions.h"

namespace vigil::promql {
namespace {

// What a function does with native histograms in its windows.
enum class HistogramPolicy {
  kCount,    // they are samples like any other
  kIgnore,   // floats alone count; a mix is an info
  kSame,     // floats or histograms; a mix is a warning and no result
  kLastTwo,  // the last two samples decide
};

struct RangeFunction {
  std::string_view name;
  HistogramPolicy policy;
  // Histograms that a window must hold for a result of its own (kSame).
  std::size_t min_histograms = 1;
};

constexpr RangeFunction kFunctions[] = {
    {"rate", HistogramPolicy::kSame, 2},
    {"increase", HistogramPolicy::kSame, 2},
    {"delta", HistogramPolicy::kSame, 2},
    {"sum_over_time", HistogramPolicy::kSame, 1},
    {"avg_over_time", HistogramPolicy::kSame, 1},
    {"irate", HistogramPolicy::kLastTwo},
    {"idelta", HistogramPolicy::kLastTwo},
    {"resets", HistogramPolicy::kCount},
    {"changes", HistogramPolicy::kCount},
    {"count_over_time", HistogramPolicy::kCount},
    {"present_over_time", HistogramPolicy::kCount},
    {"absent_over_time", HistogramPolicy::kCount},
    {"first_over_time", HistogramPolicy::kCount},
    {"last_over_time", HistogramPolicy::kCount},
    {"ts_of_first_over_time", HistogramPolicy::kCount},
    {"ts_of_last_over_time", HistogramPolicy::kCount},
};

RangeFunction find_policy(std::string_view name) {
  for (const RangeFunction& entry : kFunctions) {
    if (entry.name == name) return entry;
  }
  return {name, HistogramPolicy::kIgnore};
}

// The samples of a series, floats and histograms apart, staleness markers left out.
struct SplitSamples {
  std::vector<Timestamp> float_times;
  std::vector<double> floats;
  std::vector<Timestamp> histogram_times;
  std::vector<HistogramPtr> histograms;
  bool copied = false;  // false: the columns serve as they are
};

void split(const SampleColumns& columns, SplitSamples& out) {
  out.histogram_times.clear();
  out.histograms.clear();
  out.copied = !columns.histograms.empty() || std::ranges::any_of(columns.values, is_stale_nan);
  if (!out.copied) return;
  out.float_times.clear();
  out.floats.clear();
  auto histogram = columns.histograms.begin();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (histogram != columns.histograms.end() && histogram->first == i) {
      if (!is_stale_nan(histogram->second->sum)) {
        out.histogram_times.push_back(columns.timestamps[i]);
        out.histograms.push_back(histogram->second);
      }
      ++histogram;
    } else if (!is_stale_nan(columns.values[i])) {
      out.float_times.push_back(columns.timestamps[i]);
      out.floats.push_back(columns.values[i]);
    }
  }
}

class RangeCall {
 public:
  RangeCall(QueryContext& context, const Call& call, const StepGrid& grid)
      : context_(context),
        call_(call),
        grid_(grid),
        name_(call.function->name),
        policy_(find_policy(name_)),
        kernel_(find_float_kernel(name_)) {}

  Result<Table> run();

 private:
  Result<void> read_arguments();
  Result<void> check_arguments();
  Result<void> compute_series(const SampleColumns& columns, const Labels& labels, std::span<double> out,
                              HistogramColumn& histograms);
  // Looks at what is in the windows besides floats; may empty windows of floats.
  Result<void> treat_histograms(const Labels& labels);
  // kCount functions over windows that hold histograms.
  Result<void> count_with_histograms(std::span<double> out, HistogramColumn& histograms);
  Result<Table> absent_over_time(const Table& present);
  std::string name_of(const Labels& labels) const { return go_quote(labels.metric_name()); }
  const Position& first_argument() const { return call_.args[0]->position; }

  QueryContext& context_;
  const Call& call_;
  const StepGrid& grid_;
  std::string_view name_;
  RangeFunction policy_;
  FloatKernel kernel_;
  const Expr* matrix_ = nullptr;
  std::array<Scalars, 2> scalars_;
  KernelArguments arguments_;
  SplitSamples split_;
  std::vector<Window> windows_;
  std::vector<Window> histogram_windows_;
  const WindowEdges* edges_ = nullptr;
};

Result<void> RangeCall::read_arguments() {
  std::size_t scalar = 0;
  for (const ExprPtr& arg : call_.args) {
    if (arg->type == ValueType::kMatrix) {
      matrix_ = arg.get();
    } else if (scalar < scalars_.size()) {
      VIGIL_TRY(scalars_[scalar], evaluate_scalar(context_, *arg, grid_));
      ++scalar;
    }
  }
  arguments_.first = &scalars_[0];
  arguments_.second = &scalars_[1];
  if (matrix_ == nullptr || kernel_ == nullptr) {
    return fail(ErrorCode::kNotSupported, std::string(name_) + "() is not supported yet");
  }
  return {};
}

Result<void> RangeCall::check_arguments() {
  if (name_ == "double_exponential_smoothing") {
    for (std::size_t step = 0; step < grid_.count; ++step) {
      const double level = scalars_[0].at(step);
      const double trend = scalars_[1].at(step);
      if (level <= 0 || level >= 1) {
        return fail(ErrorCode::kExecution,
                    fmt::format("invalid smoothing factor. Expected: 0 < sf < 1, got: {:f}", level));
      }
      if (trend <= 0 || trend >= 1) {
        return fail(ErrorCode::kExecution, fmt::format("invalid trend factor. Expected: 0 < tf < 1, got: {:f}", trend));
      }
    }
  }
  return {};
}

Result<Table> RangeCall::run() {
  VIGIL_TRY_VOID(read_arguments());
  VIGIL_TRY(const auto input, open_range(context_, *matrix_, grid_));
  edges_ = &input->edges();
  if (input->size() > 0) VIGIL_TRY_VOID(check_arguments());
  const bool keeps_name = name_ == "last_over_time" || name_ == "first_over_time";
  const bool expects_counter = name_ == "rate" || name_ == "increase";

  Table table(context_, grid_.count);
  table.single_name = input->single_name();
  SampleColumns columns;
  Charge charge(context_);
  for (std::size_t i = 0; i < input->size(); ++i) {
    columns.clear();
    VIGIL_TRY_VOID(input->read(i, columns));
    if (columns.empty()) continue;
    VIGIL_TRY_VOID(charge.set(columns.size(), column_bytes(columns)));
    VIGIL_TRY(const std::size_t index, table.add_row(input->labels(i), input->drop_name(i) || !keeps_name));
    Row& row = table.row(index);
    VIGIL_TRY_VOID(compute_series(columns, row.labels, table.values(index), row.histograms));
    if (!table.has_sample(index)) {
      table.pop_row();
      continue;
    }
    if (expects_counter) {
      const std::string_view metric = row.labels.metric_name();
      const bool hidden = input->drop_name(i) && !context_.delayed_names;
      if (!metric.empty() && !hidden && !metric.ends_with("_total") && !metric.ends_with("_sum") &&
          !metric.ends_with("_count") && !metric.ends_with("_bucket")) {
        context_.info(
            "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: " + name_of(row.labels),
            first_argument());
      }
    }
  }
  if (name_ == "absent_over_time") return absent_over_time(table);
  if (!keeps_name) VIGIL_TRY_VOID(check_unique_after_drop(context_, table));
  return table;
}

Result<void> RangeCall::compute_series(const SampleColumns& columns, const Labels& labels, std::span<double> out,
                                       HistogramColumn& histograms) {
  split(columns, split_);
  FloatWindows in;
  in.times = split_.copied ? std::span<const Timestamp>(split_.float_times) : columns.timestamps;
  in.values = split_.copied ? std::span<const double>(split_.floats) : columns.values;
  in.edges = edges_;
  find_windows(in.times, *edges_, windows_);
  if (!split_.histograms.empty()) {
    find_windows(split_.histogram_times, *edges_, histogram_windows_);
    if (policy_.policy == HistogramPolicy::kCount) return count_with_histograms(out, histograms);
    VIGIL_TRY_VOID(treat_histograms(labels));
  }
  if (name_ == "quantile_over_time") {
    for (std::size_t step = 0; step < grid_.count; ++step) {
      const double phi = scalars_[0].at(step);
      if (!windows_[step].empty() && !(phi >= 0 && phi <= 1)) {
        context_.warn("quantile value should be between 0 and 1, got " + format_g(phi), first_argument());
      }
    }
  }
  in.windows = windows_;
  kernel_(in, arguments_, out);
  VIGIL_TRY_VOID(context_.work(in.values.size() + out.size()));
  // A window of one histogram: its sum and its average are the histogram itself.
  if (!split_.histograms.empty() && policy_.policy == HistogramPolicy::kSame && policy_.min_histograms == 1) {
    for (std::uint32_t step = 0; step < out.size(); ++step) {
      if (windows_[step].empty() && histogram_windows_[step].size() == 1) {
        histograms.emplace_back(step, split_.histograms[histogram_windows_[step].begin]);
      }
    }
  }
  return {};
}

Result<void> RangeCall::treat_histograms(const Labels& labels) {
  const auto not_supported = [&] {
    return fail(ErrorCode::kNotSupported, std::string(name_) + "() of native histograms is not supported yet");
  };
  const auto mixed = [&] {
    context_.warn("encountered a mix of histograms and floats for metric name " + name_of(labels), first_argument());
  };
  for (std::size_t step = 0; step < grid_.count; ++step) {
    Window& floats = windows_[step];
    Window& histograms = histogram_windows_[step];
    if (histograms.empty()) continue;
    switch (policy_.policy) {
      case HistogramPolicy::kIgnore:
        if (floats.empty()) break;
        context_.info(
            "ignored histograms in a range containing both floats and histograms for metric name " + name_of(labels),
            first_argument());
        break;
      case HistogramPolicy::kSame:
        if (!floats.empty()) {
          mixed();
          floats.begin = floats.end;
          histograms.begin = histograms.end;
        } else if (histograms.size() > 1) {
          return not_supported();
        }
        break;
      case HistogramPolicy::kLastTwo: {
        // How many of the last two samples of the window are histograms?
        const auto float_time = [&](std::uint32_t back) {
          return floats.size() > back ? split_.float_times[floats.end - 1 - back] : kMinTimestamp;
        };
        const auto histogram_time = [&](std::uint32_t back) {
          return histograms.size() > back ? split_.histogram_times[histograms.end - 1 - back] : kMinTimestamp;
        };
        if (floats.size() + histograms.size() < 2) {
          floats.begin = floats.end;
          break;
        }
        const bool last_is_float = float_time(0) > histogram_time(0);
        const bool other_is_float =
            last_is_float ? float_time(1) > histogram_time(0) : float_time(0) > histogram_time(1);
        if (last_is_float && other_is_float) break;
        floats.begin = floats.end;
        if (last_is_float != other_is_float) {
          mixed();
        } else {
          return not_supported();
        }
        break;
      }
      case HistogramPolicy::kCount: break;
    }
  }
  return {};
}

Result<void> RangeCall::count_with_histograms(std::span<double> out, HistogramColumn& histograms) {
  for (std::uint32_t step = 0; step < out.size(); ++step) {
    const Window floats = windows_[step];
    const Window hists = histogram_windows_[step];
    VIGIL_TRY_VOID(context_.work(floats.size() + hists.size()));
    out[step] = absent();
    if (floats.empty() && hists.empty()) continue;
    // Without floats the split did not copy them; with histograms it always does.
    const auto float_time = [&](std::uint32_t i) { return split_.float_times[i]; };
    const auto histogram_time = [&](std::uint32_t i) { return split_.histogram_times[i]; };
    const bool first_is_float =
        hists.empty() || (!floats.empty() && float_time(floats.begin) < histogram_time(hists.begin));
    const bool last_is_float =
        hists.empty() || (!floats.empty() && float_time(floats.end - 1) > histogram_time(hists.end - 1));
    if (name_ == "count_over_time") {
      out[step] = static_cast<double>(floats.size() + hists.size());
    } else if (name_ == "present_over_time" || name_ == "absent_over_time") {
      out[step] = 1;
    } else if (name_ == "first_over_time") {
      if (first_is_float) {
        out[step] = split_.floats[floats.begin];
      } else {
        histograms.emplace_back(step, split_.histograms[hists.begin]);
      }
    } else if (name_ == "last_over_time") {
      if (last_is_float) {
        out[step] = split_.floats[floats.end - 1];
      } else {
        histograms.emplace_back(step, split_.histograms[hists.end - 1]);
      }
    } else if (name_ == "ts_of_first_over_time") {
      const Timestamp at = first_is_float ? float_time(floats.begin) : histogram_time(hists.begin);
      out[step] = static_cast<double>(at) / 1000;
    } else if (name_ == "ts_of_last_over_time") {
      const Timestamp at = last_is_float ? float_time(floats.end - 1) : histogram_time(hists.end - 1);
      out[step] = static_cast<double>(at) / 1000;
    } else {
      // resets, changes: a walk over both kinds in time order. A change of kind counts.
      const bool changes = name_ == "changes";
      double count = 0;
      std::uint32_t f = floats.begin;
      std::uint32_t h = hists.begin;
      const double* previous_float = nullptr;
      const NativeHistogram* previous_histogram = nullptr;
      while (f < floats.end || h < hists.end) {
        if (h == hists.end || (f < floats.end && float_time(f) < histogram_time(h))) {
          const double& current = split_.floats[f++];
          if (previous_histogram != nullptr) {
            ++count;
          } else if (previous_float != nullptr) {
            const bool both_nan = std::isnan(current) && std::isnan(*previous_float);
            if (changes ? current != *previous_float && !both_nan : current < *previous_float) ++count;
          }
          previous_float = &current;
          previous_histogram = nullptr;
          continue;
        }
        const NativeHistogram* current = split_.histograms[h++].get();
        if (previous_float != nullptr) {
          ++count;
        } else if (previous_histogram != nullptr) {
          if (!changes) return fail(ErrorCode::kNotSupported, "resets() of native histograms is not supported yet");
          if (*current != *previous_histogram) ++count;
        }
        previous_histogram = current;
        previous_float = nullptr;
      }
      out[step] = count;
    }
  }
  return {};
}

Result<Table> RangeCall::absent_over_time(const Table& present) {
  Table result(context_, grid_.count);
  VIGIL_TRY(const std::size_t row, result.add_row(absent_labels(*matrix_), true));
  const auto out = result.values(row);
  std::ranges::fill(out, 1.0);
  for (std::size_t i = 0; i < present.size(); ++i) {
    const auto values = present.values(i);
    for (std::size_t step = 0; step < out.size(); ++step) {
      if (!is_absent(values[step])) out[step] = absent();
    }
  }
  result.single_name = true;
  result.compact();
  return result;
}

}  // namespace

Result<Table> evaluate_range_call(QueryContext& context, const Call& call, const StepGrid& grid) {
  return RangeCall(context, call, grid).run();
}

}  // namespace vigil::promql
