// Calls: range functions go to range_call.cc; the simple ones are here.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "vigil/promql/eval/calendar.h"
#include "vigil/promql/eval/evaluator.h"
#include "vigil/promql/eval/functions.h"
#include "vigil/promql/eval/labels.h"
#include "vigil/promql/eval/numbers.h"
#include "vigil/promql/eval/selector.h"
#include "vigil/promql/functions.h"

namespace vigil::promql {
namespace {

using FloatFunction = double (*)(double);

struct NamedFunction {
  std::string_view name;
  FloatFunction function;
};

double sign(double value) { return value < 0 ? -1 : value > 0 ? 1 : value; }

// value → value, by name.
constexpr NamedFunction kFloatFunctions[] = {
    {"abs", [](double v) { return std::fabs(v); }},
    {"acos", [](double v) { return std::acos(v); }},
    {"acosh", [](double v) { return std::acosh(v); }},
    {"asin", [](double v) { return std::asin(v); }},
    {"asinh", [](double v) { return std::asinh(v); }},
    {"atan", [](double v) { return std::atan(v); }},
    {"atanh", [](double v) { return std::atanh(v); }},
    {"ceil", [](double v) { return std::ceil(v); }},
    {"cos", [](double v) { return std::cos(v); }},
    {"cosh", [](double v) { return std::cosh(v); }},
    {"deg", [](double v) { return v * 180 / std::numbers::pi; }},
    {"exp", [](double v) { return std::exp(v); }},
    {"floor", [](double v) { return std::floor(v); }},
    {"ln", [](double v) { return std::log(v); }},
    {"log10", [](double v) { return std::log10(v); }},
    {"log2", [](double v) { return std::log2(v); }},
    {"rad", [](double v) { return v * std::numbers::pi / 180; }},
    {"sgn", sign},
    {"sin", [](double v) { return std::sin(v); }},
    {"sinh", [](double v) { return std::sinh(v); }},
    {"sqrt", [](double v) { return std::sqrt(v); }},
    {"tan", [](double v) { return std::tan(v); }},
    {"tanh", [](double v) { return std::tanh(v); }},
};

using DateFunction = double (*)(const CivilTime&);

struct NamedDateFunction {
  std::string_view name;
  DateFunction function;
};

constexpr NamedDateFunction kDateFunctions[] = {
    {"day_of_month", [](const CivilTime& t) { return static_cast<double>(t.day); }},
    {"day_of_week", [](const CivilTime& t) { return static_cast<double>(t.weekday); }},
    {"day_of_year", [](const CivilTime& t) { return static_cast<double>(t.day_of_year); }},
    {"days_in_month", [](const CivilTime& t) { return static_cast<double>(t.days_in_month); }},
    {"hour", [](const CivilTime& t) { return static_cast<double>(t.hour); }},
    {"minute", [](const CivilTime& t) { return static_cast<double>(t.minute); }},
    {"month", [](const CivilTime& t) { return static_cast<double>(t.month); }},
    {"year", [](const CivilTime& t) { return static_cast<double>(t.year); }},
};

template <class Entry, std::size_t kSize>
const Entry* find_by_name(const Entry (&entries)[kSize], std::string_view name) {
  for (const Entry& entry : entries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

// Replaces every float by compute(step, value); histograms and the name go.
template <class Compute>
Result<void> map_floats(QueryContext& context, Table& table, Compute compute) {
  const bool had_histograms = table.has_histograms();
  for (std::size_t i = 0; i < table.size(); ++i) {
    VIGIL_TRY_VOID(context.work(table.steps()));
    mark_name_dropped(table.row(i));
    const auto values = table.values(i);
    for (std::size_t step = 0; step < values.size(); ++step) {
      if (!is_absent(values[step])) values[step] = compute(step, values[step]);
    }
  }
  if (had_histograms) {
    table.drop_histograms();
    table.compact();
  }
  return check_unique_after_drop(context, table);
}

// A vector of one series without labels.
template <class Compute>
Result<Table> single_series(QueryContext& context, const StepGrid& grid, Compute compute) {
  Table table(context, grid.count);
  VIGIL_TRY(const std::size_t row, table.add_row({}, false));
  for (std::size_t step = 0; step < grid.count; ++step) table.values(row)[step] = compute(step);
  table.single_name = true;
  return table;
}

template <class Compute>
Scalars scalars_of(const StepGrid& grid, Compute compute) {
  Scalars scalars;
  scalars.values.reserve(grid.count);
  for (std::size_t step = 0; step < grid.count; ++step) scalars.values.push_back(compute(step));
  return scalars;
}

Result<Table> clamp(QueryContext& context, const Call& call, const StepGrid& grid) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::string_view name = call.function->name;
  Scalars low{{-kInfinity}};
  Scalars high{{kInfinity}};
  if (name != "clamp_max") {
    VIGIL_TRY(low, evaluate_scalar(context, *call.args[1], grid));
  }
  if (name != "clamp_min") {
    VIGIL_TRY(high, evaluate_scalar(context, *call.args[name == "clamp" ? 2 : 1], grid));
  }
  VIGIL_TRY(Table table, evaluate_vector(context, *call.args[0], grid));
  bool emptied = false;
  VIGIL_TRY_VOID(map_floats(context, table, [&](std::size_t step, double value) {
    const double least = low.at(step);
    const double most = high.at(step);
    if (most < least) {
      emptied = true;
      return absent();
    }
    // Go's Min and Max: any NaN wins.
    if (std::isnan(value) || std::isnan(least) || std::isnan(most)) return std::numeric_limits<double>::quiet_NaN();
    return std::max(least, std::min(most, value));
  }));
  if (emptied) table.compact();
  return table;
}

Result<Table> round_to(QueryContext& context, const Call& call, const StepGrid& grid) {
  Scalars nearest{{1}};
  if (call.args.size() > 1) {
    VIGIL_TRY(nearest, evaluate_scalar(context, *call.args[1], grid));
  }
  VIGIL_TRY(Table table, evaluate_vector(context, *call.args[0], grid));
  // Ties go up. The inverse loses fewer digits than dividing: 0.1 has none, 10 has all.
  VIGIL_TRY_VOID(map_floats(context, table, [&](std::size_t step, double value) {
    const double inverse = 1 / nearest.at(step);
    return std::floor(value * inverse + 0.5) / inverse;
  }));
  return table;
}

Result<Table> date_part(QueryContext& context, const Call& call, const StepGrid& grid, DateFunction part) {
  if (call.args.empty()) {
    return single_series(context, grid, [&](std::size_t step) {
      const Timestamp time = grid.at(step);
      return part(civil_time(time / 1000 - (time % 1000 < 0 ? 1 : 0)));
    });
  }
  VIGIL_TRY(Table table, evaluate_vector(context, *call.args[0], grid));
  VIGIL_TRY_VOID(
      map_floats(context, table, [&](std::size_t, double value) { return part(civil_time(to_int64(value))); }));
  return table;
}

// The time of the sample for a selector, the evaluation time for anything computed.
Result<Table> timestamp(QueryContext& context, const Call& call, const StepGrid& grid) {
  const Expr& argument = unparenthesised(*call.args[0]);
  if (const auto* selector = as<VectorSelector>(argument)) {
    VIGIL_TRY(Table table, evaluate_selector(context, *selector, grid, SelectorCell::kTimestamp));
    for (std::size_t i = 0; i < table.size(); ++i) mark_name_dropped(table.row(i));
    VIGIL_TRY_VOID(check_unique_after_drop(context, table));
    return table;
  }
  VIGIL_TRY(Table table, evaluate_vector(context, *call.args[0], grid));
  for (std::size_t i = 0; i < table.size(); ++i) {
    for (const auto& [step, histogram] : table.row(i).histograms) table.values(i)[step] = 0;
  }
  table.drop_histograms();
  VIGIL_TRY_VOID(
      map_floats(context, table, [&](std::size_t step, double) { return static_cast<double>(grid.at(step)) / 1000; }));
  return table;
}

Result<Table> absent_of(QueryContext& context, const Call& call, const StepGrid& grid) {
  VIGIL_TRY(const Table input, evaluate_vector(context, *call.args[0], grid));
  Table result(context, grid.count);
  VIGIL_TRY(const std::size_t row, result.add_row(absent_labels(*call.args[0]), false));
  const auto out = result.values(row);
  std::ranges::fill(out, 1.0);
  for (std::size_t i = 0; i < input.size(); ++i) {
    VIGIL_TRY_VOID(context.work(grid.count));
    const auto values = input.values(i);
    for (std::size_t step = 0; step < out.size(); ++step) {
      if (!is_absent(values[step])) out[step] = absent();
    }
    for (const auto& [step, histogram] : input.row(i).histograms) out[step] = absent();
  }
  result.single_name = true;
  result.compact();
  return result;
}

Result<Scalars> scalar_of(QueryContext& context, const Call& call, const StepGrid& grid) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  VIGIL_TRY(const Table input, evaluate_vector(context, *call.args[0], grid));
  return scalars_of(grid, [&](std::size_t step) {
    double found = absent();
    for (std::size_t i = 0; i < input.size(); ++i) {
      const double value = input.values(i)[step];
      if (is_absent(value)) continue;
      if (!is_absent(found)) return kNaN;
      found = value;
    }
    return is_absent(found) ? kNaN : found;
  });
}

Result<Evaluated> scalar_call(QueryContext& context, const Call& call, const StepGrid& grid) {
  const std::string_view name = call.function->name;
  const auto seconds = [](Timestamp time) { return static_cast<double>(time) / 1000; };
  if (name == "pi") return Scalars{{std::numbers::pi}};
  if (name == "start") return Scalars{{seconds(context.query.start)}};
  if (name == "end") return Scalars{{seconds(context.query_end)}};
  if (name == "range") return Scalars{{seconds(context.query_range())}};
  if (name == "step") return Scalars{{context.is_range ? seconds(context.query.step) : 0}};
  if (name == "time") return scalars_of(grid, [&](std::size_t step) { return seconds(grid.at(step)); });
  if (name == "scalar") return scalar_of(context, call, grid);
  if (name == "min_of" || name == "max_of") {
    VIGIL_TRY(const Scalars left, evaluate_scalar(context, *call.args[0], grid));
    VIGIL_TRY(const Scalars right, evaluate_scalar(context, *call.args[1], grid));
    return scalars_of(grid, [&](std::size_t step) {
      const double a = left.at(step);
      const double b = right.at(step);
      if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
      return name == "min_of" ? std::min(a, b) : std::max(a, b);
    });
  }
  return fail(ErrorCode::kNotSupported, std::string(name) + "() is not supported yet");
}

// histogram_count and its like: floats have none of it.
Result<Table> histogram_part(QueryContext& context, const Call& call, const StepGrid& grid) {
  VIGIL_TRY(Table table, evaluate_vector(context, *call.args[0], grid));
  const std::string_view name = call.function->name;
  if (name == "histogram_stddev" || name == "histogram_stdvar") {
    if (table.has_histograms()) {
      return fail(ErrorCode::kNotSupported, std::string(name) + "() is not supported yet");
    }
    table.clear();
    return table;
  }
  // What is written in the histogram itself needs no arithmetic on buckets.
  for (std::size_t i = 0; i < table.size(); ++i) {
    mark_name_dropped(table.row(i));
    std::ranges::fill(table.values(i), absent());
    for (const auto& [step, histogram] : table.row(i).histograms) {
      table.values(i)[step] = name == "histogram_count" ? histogram->count
                              : name == "histogram_sum" ? histogram->sum
                                                        : histogram->sum / histogram->count;
    }
  }
  table.drop_histograms();
  table.compact();
  VIGIL_TRY_VOID(check_unique_after_drop(context, table));
  return table;
}

}  // namespace

Labels absent_labels(const Expr& expr) {
  const VectorSelector* selector = find_selector(expr);
  if (selector == nullptr) return {};
  LabelsBuilder labels;
  std::vector<std::string_view> seen;
  for (const Matcher& matcher : selector->matchers) {
    if (matcher.name() == kMetricName) continue;
    if (matcher.type() == Matcher::Type::kEqual && std::ranges::find(seen, matcher.name()) == seen.end()) {
      labels.set(matcher.name(), matcher.value());
      seen.push_back(matcher.name());
    } else {
      labels.erase(matcher.name());
    }
  }
  return labels.build();
}

Result<Evaluated> evaluate_call(QueryContext& context, const Expr& expr, const Call& call, const StepGrid& grid) {
  const std::string_view name = call.function->name;
  if (std::ranges::any_of(call.args, [](const ExprPtr& arg) { return arg->type == ValueType::kMatrix; })) {
    return evaluate_range_call(context, call, grid);
  }
  if (call.function->returns == ValueType::kScalar) return scalar_call(context, call, grid);
  if (const auto* simple = find_by_name(kFloatFunctions, name)) {
    VIGIL_TRY(Table table, evaluate_vector(context, *call.args[0], grid));
    VIGIL_TRY_VOID(map_floats(context, table,
                              [function = simple->function](std::size_t, double value) { return function(value); }));
    return table;
  }
  if (const auto* date = find_by_name(kDateFunctions, name)) return date_part(context, call, grid, date->function);
  if (name == "vector") {
    VIGIL_TRY(const Scalars scalars, evaluate_scalar(context, *call.args[0], grid));
    return single_series(context, grid, [&](std::size_t step) { return scalars.at(step); });
  }
  if (name == "round") return round_to(context, call, grid);
  if (name.starts_with("clamp")) return clamp(context, call, grid);
  if (name == "timestamp") return timestamp(context, call, grid);
  if (name == "absent") return absent_of(context, call, grid);
  if (name == "label_replace") return label_replace(context, call, grid);
  if (name == "label_join") return label_join(context, call, grid);
  if (name == "sort") return sort_by_value(context, expr, call, grid, SortDirection::kAscending);
  if (name == "sort_desc") return sort_by_value(context, expr, call, grid, SortDirection::kDescending);
  if (name == "sort_by_label") return sort_by_labels(context, expr, call, grid, SortDirection::kAscending);
  if (name == "sort_by_label_desc") return sort_by_labels(context, expr, call, grid, SortDirection::kDescending);
  if (name == "histogram_quantile") return histogram_quantile(context, call, grid);
  if (name == "histogram_quantiles") return histogram_quantiles(context, call, grid);
  if (name == "histogram_fraction") return histogram_fraction(context, call, grid);
  if (name.starts_with("histogram_")) return histogram_part(context, call, grid);
  return fail(ErrorCode::kNotSupported, std::string(name) + "() is not supported yet");
}

}  // namespace vigil::promql
