// sum avg min max count group stddev stdvar quantile count_values: groups are found
// once per series, then every step is computed for all of them.
#include "vigil/promql/eval/aggregate.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "vigil/base/strings.h"
#include "vigil/promql/eval/evaluator.h"
#include "vigil/promql/eval/histogram_text.h"
#include "vigil/promql/eval/numbers.h"

namespace vigil::promql {

Groups::Groups(QueryContext& context, const Aggregate& aggregate, const Table& input) {
  LabelGrouper grouper(context, aggregate.without ? LabelGrouper::Keep::kWithout : LabelGrouper::Keep::kOnly,
                       aggregate.grouping, aggregate.without);
  of_row.reserve(input.size());
  for (std::size_t i = 0; i < input.size(); ++i) {
    const Row& row = input.row(i);
    const std::uint32_t group = grouper.group_of(row);
    if (group == labels.size()) {
      labels.push_back(grouper.kept(row));
      drop_name.push_back(false);
    }
    if (row.drop_name) drop_name[group] = true;
    of_row.push_back(group);
  }
  // Counting sort: the rows of group g are members[first[g]] … members[first[g+1]-1].
  first.assign(labels.size() + 1, 0);
  for (const std::uint32_t group : of_row) ++first[group + 1];
  for (std::size_t g = 0; g < labels.size(); ++g) first[g + 1] += first[g];
  members.resize(of_row.size());
  std::vector<std::uint32_t> next(first.begin(), first.end() - 1);
  for (std::uint32_t i = 0; i < of_row.size(); ++i) members[next[of_row[i]]++] = i;
}

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Memory of one group's steps, used again for the next group.
struct Scratch {
  std::vector<double> sums;
  std::vector<double> compensations;
  std::vector<std::uint32_t> counts;
  std::vector<double> values;

  explicit Scratch(std::size_t steps) : sums(steps), compensations(steps), counts(steps) {}
  void reset(double start) {
    std::ranges::fill(sums, start);
    std::ranges::fill(compensations, 0.0);
    std::ranges::fill(counts, 0U);
  }
};

class Aggregation {
 public:
  Aggregation(QueryContext& context, const Aggregate& aggregate, const Table& input, const Groups& groups,
              const Scalars& parameter)
      : context_(context),
        aggregate_(aggregate),
        input_(input),
        groups_(groups),
        parameter_(parameter),
        scratch_(input.steps()) {}

  Result<Table> run();

 private:
  void compute(std::span<const std::uint32_t> rows, std::span<double> out);
  void sum(std::span<const std::uint32_t> rows, std::span<double> out);
  void average(std::span<const std::uint32_t> rows, std::span<double> out);
  void extreme(std::span<const std::uint32_t> rows, std::span<double> out, bool greatest);
  void variance(std::span<const std::uint32_t> rows, std::span<double> out, bool root);
  void quantiles(std::span<const std::uint32_t> rows, std::span<double> out);
  // What histogram samples among `rows` do to the result.
  Result<void> treat_histograms(std::span<const std::uint32_t> rows, std::span<double> out,
                                HistogramColumn& histograms);
  // The values of all rows at one step.
  std::span<double> gather(std::span<const std::uint32_t> rows, std::size_t step);

  QueryContext& context_;
  const Aggregate& aggregate_;
  const Table& input_;
  const Groups& groups_;
  const Scalars& parameter_;
  Scratch scratch_;
};

Result<Table> Aggregation::run() {
  Table result(context_, input_.steps());
  result.single_name =
      !aggregate_.without ? std::ranges::find(aggregate_.grouping, kMetricName) == aggregate_.grouping.end() : true;
  VIGIL_TRY_VOID(result.reserve(groups_.size()));
  const bool histograms = input_.has_histograms();
  for (std::uint32_t group = 0; group < groups_.size(); ++group) {
    const auto rows = groups_.rows(group);
    VIGIL_TRY_VOID(context_.work(rows.size() * input_.steps()));
    VIGIL_TRY(const std::size_t index, result.add_row(groups_.labels[group], groups_.drop_name[group]));
    compute(rows, result.values(index));
    if (histograms) VIGIL_TRY_VOID(treat_histograms(rows, result.values(index), result.row(index).histograms));
    if (histograms && !result.has_sample(index)) result.pop_row();
  }
  return result;
}

void Aggregation::compute(std::span<const std::uint32_t> rows, std::span<double> out) {
  switch (aggregate_.op) {
    case AggregateOp::kSum: return sum(rows, out);
    case AggregateOp::kAvg: return average(rows, out);
    case AggregateOp::kMin: return extreme(rows, out, false);
    case AggregateOp::kMax: return extreme(rows, out, true);
    case AggregateOp::kStddev: return variance(rows, out, true);
    case AggregateOp::kStdvar: return variance(rows, out, false);
    case AggregateOp::kQuantile: return quantiles(rows, out);
    case AggregateOp::kCount:
    case AggregateOp::kGroup: {
      const bool count = aggregate_.op == AggregateOp::kCount;
      std::ranges::fill(out, absent());
      const auto add = [&](std::size_t step) { out[step] = is_absent(out[step]) || !count ? 1 : out[step] + 1; };
      for (const std::uint32_t row : rows) {
        const auto values = input_.values(row);
        for (std::size_t step = 0; step < out.size(); ++step) {
          if (!is_absent(values[step])) add(step);
        }
        for (const auto& [step, histogram] : input_.row(row).histograms) add(step);
      }
      return;
    }
    default: std::ranges::fill(out, absent());
  }
}

void Aggregation::sum(std::span<const std::uint32_t> rows, std::span<double> out) {
  scratch_.reset(-0.0);  // neutral: -0 + x is x, also for x = -0
  for (const std::uint32_t row : rows) {
    const auto values = input_.values(row);
    for (std::size_t step = 0; step < out.size(); ++step) {
      // No branch: what is not there adds -0.
      const bool there = !is_absent(values[step]);
      kahan_add(there ? values[step] : -0.0, scratch_.sums[step], scratch_.compensations[step]);
      scratch_.counts[step] += there ? 1 : 0;
    }
  }
  for (std::size_t step = 0; step < out.size(); ++step) {
    const double total = scratch_.sums[step];
    out[step] = scratch_.counts[step] == 0 ? absent()
                : std::isinf(total)        ? total
                                           : total + scratch_.compensations[step];
  }
}

void Aggregation::average(std::span<const std::uint32_t> rows, std::span<double> out) {
  sum(rows, out);
  for (std::size_t step = 0; step < out.size(); ++step) {
    if (is_absent(out[step])) continue;
    const double count = scratch_.counts[step];
    // A sum that overflowed, or met infinities: one by one, as an incremental mean.
    out[step] = std::isfinite(scratch_.sums[step]) ? scratch_.sums[step] / count + scratch_.compensations[step] / count
                                                   : mean(gather(rows, step));
  }
}

void Aggregation::extreme(std::span<const std::uint32_t> rows, std::span<double> out, bool greatest) {
  std::ranges::fill(out, absent());
  for (const std::uint32_t row : rows) {
    const auto values = input_.values(row);
    for (std::size_t step = 0; step < out.size(); ++step) {
      const double value = values[step];
      if (is_absent(value)) continue;
      // NaN, data or absent, gives way to anything.
      const bool better = std::isnan(out[step]) || (greatest ? out[step] < value : out[step] > value);
      if (better) out[step] = value;
    }
  }
}

// Welford's method over all steps at once.
void Aggregation::variance(std::span<const std::uint32_t> rows, std::span<double> out, bool root) {
  scratch_.reset(0);
  auto& squares = scratch_.sums;
  auto& means = scratch_.compensations;
  for (const std::uint32_t row : rows) {
    const auto values = input_.values(row);
    for (std::size_t step = 0; step < out.size(); ++step) {
      const double value = values[step];
      if (is_absent(value)) continue;
      const double count = ++scratch_.counts[step];
      const double delta = value - means[step];
      means[step] += delta / count;
      squares[step] = std::isfinite(value) ? squares[step] + delta * (value - means[step]) : kNaN;
    }
  }
  for (std::size_t step = 0; step < out.size(); ++step) {
    const double count = scratch_.counts[step];
    out[step] = count == 0 ? absent() : root ? std::sqrt(squares[step] / count) : squares[step] / count;
  }
}

std::span<double> Aggregation::gather(std::span<const std::uint32_t> rows, std::size_t step) {
  scratch_.values.clear();
  for (const std::uint32_t row : rows) {
    const double value = input_.values(row)[step];
    if (!is_absent(value)) scratch_.values.push_back(value);
  }
  return scratch_.values;
}

void Aggregation::quantiles(std::span<const std::uint32_t> rows, std::span<double> out) {
  for (std::size_t step = 0; step < out.size(); ++step) {
    const auto values = gather(rows, step);
    out[step] = values.empty() ? absent() : quantile(parameter_.at(step), values);
  }
}

Result<void> Aggregation::treat_histograms(std::span<const std::uint32_t> rows, std::span<double> out,
                                           HistogramColumn& histograms) {
  const AggregateOp op = aggregate_.op;
  if (op == AggregateOp::kCount || op == AggregateOp::kGroup) return {};
  const Position& position = aggregate_.expr->position;
  if (op != AggregateOp::kSum && op != AggregateOp::kAvg) {
    if (std::ranges::any_of(rows, [&](std::uint32_t row) { return !input_.row(row).histograms.empty(); })) {
      context_.info("ignored histogram in " + std::string(to_string(op)) + " aggregation", position);
    }
    return {};
  }
  std::vector<std::uint32_t> counts(out.size());
  std::vector<HistogramPtr> only(out.size());
  for (const std::uint32_t row : rows) {
    for (const auto& [step, histogram] : input_.row(row).histograms) {
      ++counts[step];
      only[step] = histogram;
    }
  }
  for (std::uint32_t step = 0; step < out.size(); ++step) {
    if (counts[step] == 0) continue;
    if (!is_absent(out[step])) {
      context_.warn("encountered a mix of histograms and floats for aggregation", position);
      out[step] = absent();
    } else if (counts[step] == 1) {
      histograms.emplace_back(step, only[step]);
    } else {
      return fail(ErrorCode::kNotSupported, std::string(to_string(op)) + " of native histograms is not supported yet");
    }
  }
  return {};
}

// One series per value that turns up.
Result<Table> count_values(QueryContext& context, const Aggregate& aggregate, const Table& input,
                           const std::string& label) {
  Aggregate by = Aggregate{AggregateOp::kCount, nullptr, nullptr, aggregate.without, aggregate.grouping};
  // The label is overwritten in any case: what it said before does not tell groups apart.
  if (aggregate.without) {
    by.grouping.push_back(label);
  } else {
    std::erase(by.grouping, label);
  }
  const Groups groups(context, by, input);
  Table result(context, input.steps());
  struct Key {
    std::uint32_t group;
    std::string value;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const { return hash64(key.value, key.group); }
  };
  std::unordered_map<Key, std::size_t, KeyHash> rows;
  const auto count = [&](std::uint32_t group, std::string value, std::size_t step) -> Result<void> {
    const auto [entry, inserted] = rows.try_emplace(Key{group, std::move(value)}, 0);
    if (inserted) {
      LabelsBuilder labels(groups.labels[group]);
      labels.set(label, entry->first.value);
      VIGIL_TRY(entry->second, result.add_absent_row(labels.build(), groups.drop_name[group]));
    }
    double& cell = result.values(entry->second)[step];
    cell = is_absent(cell) ? 1 : cell + 1;
    return {};
  };
  for (std::size_t i = 0; i < input.size(); ++i) {
    VIGIL_TRY_VOID(context.work(input.steps() * 4));
    const auto values = input.values(i);
    for (std::size_t step = 0; step < values.size(); ++step) {
      if (!is_absent(values[step])) VIGIL_TRY_VOID(count(groups.of_row[i], format_f(values[step]), step));
    }
    for (const auto& [step, histogram] : input.row(i).histograms) {
      VIGIL_TRY_VOID(count(groups.of_row[i], histogram_text(*histogram), step));
    }
  }
  return result;
}

Result<void> check_parameter(QueryContext& context, const Aggregate& aggregate, const Scalars& parameter) {
  const Position& position = aggregate.param->position;
  for (const double value : parameter.values) {
    switch (aggregate.op) {
      case AggregateOp::kQuantile:
        if (!(value >= 0 && value <= 1)) {
          context.warn("quantile value should be between 0 and 1, got " + format_g(value), position);
        }
        break;
      case AggregateOp::kTopK:
      case AggregateOp::kBottomK:
      case AggregateOp::kLimitK:
        if (std::isnan(value)) return fail(ErrorCode::kExecution, "Parameter value is NaN");
        if (value <= -0x1p63) {
          return fail(ErrorCode::kExecution, "Scalar value " + format_g(value) + " underflows int64");
        }
        if (value >= 0x1p63) {
          return fail(ErrorCode::kExecution, "Scalar value " + format_g(value) + " overflows int64");
        }
        break;
      case AggregateOp::kLimitRatio:
        if (std::isnan(value)) return fail(ErrorCode::kExecution, "Ratio value is NaN");
        if (std::abs(value) > 1) {
          context.warn("ratio value should be between -1 and 1, got " + format_g(value) + ", capping to " +
                           (value > 0 ? "1" : "-1"),
                       position);
        }
        break;
      default: break;
    }
  }
  return {};
}

}  // namespace

Result<Table> evaluate_aggregate(QueryContext& context, const Expr& expr, const Aggregate& aggregate,
                                 const StepGrid& grid) {
  if (aggregate.op == AggregateOp::kCountValues) {
    const std::string& label = string_argument(*aggregate.param);
    if (label.empty() || !is_valid_utf8(label)) {
      return fail(ErrorCode::kExecution, "invalid label name " + go_quote(label));
    }
    VIGIL_TRY(const Table input, evaluate_vector(context, *aggregate.expr, grid));
    return count_values(context, aggregate, input, label);
  }
  Scalars parameter{{0}};
  if (aggregate.param) {
    VIGIL_TRY(parameter, evaluate_scalar(context, *aggregate.param, grid));
    VIGIL_TRY_VOID(check_parameter(context, aggregate, parameter));
  }
  VIGIL_TRY(Table input, evaluate_vector(context, *aggregate.expr, grid));
  const Groups groups(context, aggregate, input);
  switch (aggregate.op) {
    case AggregateOp::kTopK:
    case AggregateOp::kBottomK:
    case AggregateOp::kLimitK:
    case AggregateOp::kLimitRatio:
      return choose_series(context, aggregate, expr.position, std::move(input), groups, parameter);
    default: return Aggregation(context, aggregate, input, groups, parameter).run();
  }
}

}  // namespace vigil::promql
