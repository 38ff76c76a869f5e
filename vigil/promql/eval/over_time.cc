// Kernels of the *_over_time functions, deriv, predict_linear and smoothing.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "vigil/promql/eval/double_double.h"
#include "vigil/promql/eval/rate.h"
#include "vigil/promql/eval/windows.h"

namespace vigil::promql {
namespace {

// Windows that overlap this many times are better served from running sums.
constexpr std::size_t kOverlap = 8;

bool worth_running_sums(const FloatWindows& in) {
  std::size_t touched = 0;
  for (const Window& window : in.windows) touched += window.size();
  return touched > kOverlap * in.values.size() + 64;
}

bool all_finite(std::span<const double> values) {
  return std::ranges::all_of(values, [](double value) { return std::isfinite(value); });
}

template <class Compute>
void each_window(const FloatWindows& in, std::span<double> out, Compute compute) {
  for (std::size_t step = 0; step < out.size(); ++step) {
    out[step] = in.windows[step].empty() ? absent() : compute(step);
  }
}

double sum_of(std::span<const double> values) {
  KahanSum sum;
  for (const double value : values) sum.add(value);
  return sum.total();
}

// Sums of all windows from differences of running double-double sums, and window by
// window where such a difference could have lost digits (or values are not finite).
template <class Exact, class FromSum>
void window_sums(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out, Exact exact,
                 FromSum from_sum) {
  if (!worth_running_sums(in) || !all_finite(in.values)) {
    each_window(in, out, exact);
    return;
  }
  RunningSums sums(arguments.sums[0], arguments.sums[1]);
  for (const double value : in.values) sums.add(DoubleDouble{value, 0});
  if (!std::isfinite(sums.largest())) {
    each_window(in, out, exact);
    return;
  }
  each_window(in, out, [&](std::size_t step) {
    const Window window = in.windows[step];
    const DoubleDouble sum = sums.between(window.begin, window.end);
    return sums.precise(sum) ? from_sum(sum, window.size()) : exact(step);
  });
}

void sum_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  window_sums(
      in, arguments, out, [&](std::size_t step) { return sum_of(in.values_of(step)); },
      [](const DoubleDouble& sum, std::uint32_t) { return sum.high + sum.low; });
}

void avg_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  window_sums(
      in, arguments, out, [&](std::size_t step) { return mean(in.values_of(step)); },
      [](const DoubleDouble& sum, std::uint32_t count) { return sum.high / count + sum.low / count; });
}

// The greatest (or smallest) value of every window with a monotonic queue: each sample
// enters and leaves once. NaN never wins, unless there is nothing else.
template <class Better>
void extreme(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out, bool as_time,
             Better better) {
  auto& queue = arguments.indexes;
  queue.clear();
  std::size_t head = 0;
  std::uint32_t next = 0;
  for (std::size_t step = 0; step < out.size(); ++step) {
    const Window window = in.windows[step];
    for (; next < window.end; ++next) {
      const double value = in.values[next];
      if (std::isnan(value)) continue;
      while (queue.size() > head && better(value, in.values[queue.back()])) queue.pop_back();
      queue.push_back(next);
    }
    while (head < queue.size() && queue[head] < window.begin) ++head;
    if (window.empty()) {
      out[step] = absent();
      continue;
    }
    // All NaN: time of the last one, since NaN is replaced by whatever follows.
    const std::uint32_t at = head < queue.size() ? queue[head] : window.end - 1;
    out[step] = as_time ? static_cast<double>(in.times[at]) / 1000 : in.values[at];
  }
}

void max_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  extreme(in, arguments, out, false, [](double a, double b) { return a > b; });
}
void min_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  extreme(in, arguments, out, false, [](double a, double b) { return a < b; });
}
// Of equal values the last one's time counts.
void ts_of_max_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  extreme(in, arguments, out, true, [](double a, double b) { return a >= b; });
}
void ts_of_min_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  extreme(in, arguments, out, true, [](double a, double b) { return a <= b; });
}

void count_kernel(const FloatWindows& in, const KernelArguments&, std::span<double> out) {
  each_window(in, out, [&](std::size_t step) { return static_cast<double>(in.windows[step].size()); });
}
void present_kernel(const FloatWindows& in, const KernelArguments&, std::span<double> out) {
  each_window(in, out, [](std::size_t) { return 1.0; });
}
void first_kernel(const FloatWindows& in, const KernelArguments&, std::span<double> out) {
  each_window(in, out, [&](std::size_t step) { return in.values_of(step).front(); });
}
void last_kernel(const FloatWindows& in, const KernelArguments&, std::span<double> out) {
  each_window(in, out, [&](std::size_t step) { return in.values_of(step).back(); });
}
void ts_of_first_kernel(const FloatWindows& in, const KernelArguments&, std::span<double> out) {
  each_window(in, out, [&](std::size_t step) { return static_cast<double>(in.times_of(step).front()) / 1000; });
}
void ts_of_last_kernel(const FloatWindows& in, const KernelArguments&, std::span<double> out) {
  each_window(in, out, [&](std::size_t step) { return static_cast<double>(in.times_of(step).back()) / 1000; });
}

// B. P. Welford, "Note on a Method for Calculating Corrected Sums of Squares and
// Products", Technometrics 4 (1962), with compensated sums.
double variance(std::span<const double> values) {
  KahanSum average;
  KahanSum squares;
  double count = 0;
  for (const double value : values) {
    ++count;
    const double delta = value - (average.sum + average.compensation);
    average.add(delta / count);
    squares.add(delta * (value - (average.sum + average.compensation)));
  }
  return (squares.sum + squares.compensation) / count;
}
void stdvar_kernel(const FloatWindows& in, const KernelArguments&, std::span<double> out) {
  each_window(in, out, [&](std::size_t step) { return variance(in.values_of(step)); });
}
void stddev_kernel(const FloatWindows& in, const KernelArguments&, std::span<double> out) {
  each_window(in, out, [&](std::size_t step) { return std::sqrt(variance(in.values_of(step))); });
}

void quantile_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  each_window(in, out, [&](std::size_t step) {
    const auto values = in.values_of(step);
    arguments.numbers.assign(values.begin(), values.end());
    return quantile(arguments.first->at(step), arguments.numbers);
  });
}

// The median of the distances from the median; NaN if any value is.
void mad_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  each_window(in, out, [&](std::size_t step) {
    const auto values = in.values_of(step);
    if (std::ranges::any_of(values, [](double value) { return std::isnan(value); })) {
      return std::numeric_limits<double>::quiet_NaN();
    }
    auto& numbers = arguments.numbers;
    numbers.assign(values.begin(), values.end());
    const double median = quantile(0.5, numbers);
    for (std::size_t i = 0; i < values.size(); ++i) numbers[i] = std::abs(values[i] - median);
    return quantile(0.5, numbers);
  });
}

struct Line {
  double slope = 0;      // per second
  double intercept = 0;  // at the time asked for
};

// Least squares with compensated sums; x in seconds from `origin`.
Line regression(std::span<const Timestamp> times, std::span<const double> values, Timestamp origin) {
  KahanSum x_sum;
  KahanSum y_sum;
  KahanSum xy_sum;
  KahanSum xx_sum;
  bool constant = true;
  for (std::size_t i = 0; i < values.size(); ++i) {
    constant = constant && values[i] == values[0];
    const double x = static_cast<double>(times[i] - origin) / 1000;
    x_sum.add(x);
    y_sum.add(values[i]);
    xy_sum.add(x * values[i]);
    xx_sum.add(x * x);
  }
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  if (constant || std::isnan(values[0])) {
    if (!std::isfinite(values[0])) return {kNaN, kNaN};
    return {0, values[0]};
  }
  const auto raw = [](const KahanSum& sum) { return sum.sum + sum.compensation; };
  const auto n = static_cast<double>(values.size());
  const double covariance = raw(xy_sum) - raw(x_sum) * raw(y_sum) / n;
  const double x_variance = raw(xx_sum) - raw(x_sum) * raw(x_sum) / n;
  const double slope = covariance / x_variance;
  return {slope, raw(y_sum) / n - slope * raw(x_sum) / n};
}

// The same for all windows from running double-double sums, so that every window costs
// the same whatever its length: x in milliseconds from the first sample, y from its
// value. `value(step, line)` makes the result of a line whose intercept is at `origin(step)`.
template <class Origin, class Value>
void regressions(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out, Origin origin,
                 Value value) {
  const auto exact = [&](std::size_t step) {
    if (in.windows[step].size() < 2) return absent();
    return value(step, regression(in.times_of(step), in.values_of(step), origin(step)));
  };
  const auto small = [](double number) { return std::abs(number) < 1e100; };  // squares stay finite
  if (!worth_running_sums(in) || !std::ranges::all_of(in.values, small)) {
    each_window(in, out, exact);
    return;
  }
  RunningSums x_sums(arguments.sums[0], arguments.sums[1]);
  RunningSums y_sums(arguments.sums[2], arguments.sums[3]);
  RunningSums xy_sums(arguments.sums[4], arguments.sums[5]);
  RunningSums xx_sums(arguments.sums[6], arguments.sums[7]);
  auto& changes = arguments.indexes;
  changes.assign(in.values.size(), 0);
  for (std::size_t i = 0; i < in.values.size(); ++i) {
    if (i > 0) changes[i] = changes[i - 1] + (in.values[i] != in.values[i - 1] ? 1 : 0);
    const auto x = static_cast<double>(in.times[i] - in.times[0]);
    const DoubleDouble y = two_sum(in.values[i], -in.values[0]);
    x_sums.add({x, 0});
    y_sums.add(y);
    xy_sums.add(multiply(y, x));
    xx_sums.add(product(x, x));
  }
  each_window(in, out, [&](std::size_t step) {
    const Window window = in.windows[step];
    if (window.size() < 2) return absent();
    if (changes[window.end - 1] == changes[window.begin]) return value(step, Line{0, in.values[window.begin]});
    const double n = window.size();
    const DoubleDouble x = x_sums.between(window.begin, window.end);
    const DoubleDouble y = y_sums.between(window.begin, window.end);
    const DoubleDouble xy = xy_sums.between(window.begin, window.end);
    const DoubleDouble xx = xx_sums.between(window.begin, window.end);
    // n·Σxy - Σx·Σy and n·Σx² - (Σx)²
    const DoubleDouble covariance = subtract(multiply(xy, n), multiply(x, y));
    const DoubleDouble x_variance = subtract(multiply(xx, n), multiply(x, x));
    if (!xy_sums.precise(covariance) || !xx_sums.precise(x_variance)) return exact(step);
    const double slope = covariance.high / x_variance.high * 1000;
    const double x_mean = static_cast<double>(in.times[0] - origin(step)) + (x.high + x.low) / n;
    return value(step, Line{slope, in.values[0] + (y.high + y.low) / n - slope * x_mean / 1000});
  });
}

void deriv_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  regressions(
      in, arguments, out, [&](std::size_t step) { return in.times_of(step).front(); },
      [](std::size_t, const Line& line) { return line.slope; });
}

void predict_linear_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  regressions(
      in, arguments, out, [&](std::size_t step) { return in.edges->grid.at(step); },
      [&](std::size_t step, const Line& line) { return line.slope * arguments.first->at(step) + line.intercept; });
}

// Holt's linear method: level and trend, each smoothed exponentially.
void smoothing_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  each_window(in, out, [&](std::size_t step) {
    const auto values = in.values_of(step);
    if (values.size() < 2) return absent();
    const double level_factor = arguments.first->at(step);
    const double trend_factor = arguments.second->at(step);
    double previous = 0;
    double level = values[0];
    double trend = values[1] - values[0];
    for (std::size_t i = 1; i < values.size(); ++i) {
      if (i > 1) trend = trend_factor * (level - previous) + (1 - trend_factor) * trend;
      const double next = level_factor * values[i] + (1 - level_factor) * (level + trend);
      previous = level;
      level = next;
    }
    return level;
  });
}

struct NamedKernel {
  std::string_view name;
  FloatKernel kernel;
};

constexpr NamedKernel kKernels[] = {
    {"rate", rate_kernel},
    {"increase", increase_kernel},
    {"delta", delta_kernel},
    {"irate", irate_kernel},
    {"idelta", idelta_kernel},
    {"resets", resets_kernel},
    {"changes", changes_kernel},
    {"sum_over_time", sum_kernel},
    {"avg_over_time", avg_kernel},
    {"max_over_time", max_kernel},
    {"min_over_time", min_kernel},
    {"count_over_time", count_kernel},
    {"present_over_time", present_kernel},
    {"absent_over_time", present_kernel},
    {"first_over_time", first_kernel},
    {"last_over_time", last_kernel},
    {"stddev_over_time", stddev_kernel},
    {"stdvar_over_time", stdvar_kernel},
    {"quantile_over_time", quantile_kernel},
    {"mad_over_time", mad_kernel},
    {"ts_of_first_over_time", ts_of_first_kernel},
    {"ts_of_last_over_time", ts_of_last_kernel},
    {"ts_of_max_over_time", ts_of_max_kernel},
    {"ts_of_min_over_time", ts_of_min_kernel},
    {"deriv", deriv_kernel},
    {"predict_linear", predict_linear_kernel},
    {"double_exponential_smoothing", smoothing_kernel},
};

}  // namespace

FloatKernel find_float_kernel(std::string_view function) {
  for (const NamedKernel& entry : kKernels) {
    if (entry.name == function) return entry.kernel;
  }
  return nullptr;
}

}  // namespace vigil::promql
