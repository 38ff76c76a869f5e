#include "vigil/promql/eval/rate.h"

#include <cmath>

namespace vigil::promql {
namespace {

// Prometheus' extrapolation: the difference between the first and the last sample,
// stretched to the edges of the window where samples come close to them (1.1 times the
// average gap), by half a gap where they don't, and for counters never past the point
// where the counter would have been zero. Times in milliseconds; the factor has no unit.
double stretch(double difference, double first_value, Timestamp first, Timestamp last, std::uint32_t count,
               Timestamp left, Timestamp right, bool counter) {
  const auto sampled = static_cast<double>(last - first);
  const double gap = sampled / (count - 1);
  const double threshold = gap * 1.1;
  auto to_start = static_cast<double>(first - left);
  auto to_end = static_cast<double>(right - last);
  if (to_start >= threshold) to_start = gap / 2;
  // first_value / difference * sampled < to_start, without the division where it does not matter.
  if (counter && difference > 0 && first_value >= 0 && sampled * first_value < to_start * difference) {
    to_start = sampled * (first_value / difference);
  }
  if (to_end >= threshold) to_end = gap / 2;
  return (sampled + to_start + to_end) / sampled;
}

// Positions j with values[j] < values[j-1]. Windows are few samples wide compared to
// how rare resets are, so that a walk over those inside a window costs next to nothing.
void find_resets(std::span<const double> values, std::vector<std::uint32_t>& resets) {
  resets.clear();
  for (std::size_t j = 1; j < values.size(); ++j) {
    if (values[j] < values[j - 1]) resets.push_back(static_cast<std::uint32_t>(j));
  }
}

template <bool kCounter, bool kPerSecond>
void extrapolated(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  auto& resets = arguments.indexes;
  if constexpr (kCounter) find_resets(in.values, resets);
  std::size_t next_reset = 0;
  const double range_seconds = static_cast<double>(in.edges->range) / 1000;
  for (std::size_t step = 0; step < out.size(); ++step) {
    const Window window = in.windows[step];
    if (window.size() < 2) {
      out[step] = absent();
      continue;
    }
    const double first = in.values[window.begin];
    double difference = in.values[window.end - 1] - first;
    if constexpr (kCounter) {
      while (next_reset < resets.size() && resets[next_reset] <= window.begin) ++next_reset;
      for (std::size_t r = next_reset; r < resets.size() && resets[r] < window.end; ++r) {
        difference += in.values[resets[r] - 1];
      }
    }
    const Timestamp right = in.edges->end(step);
    double factor = stretch(difference, first, in.times[window.begin], in.times[window.end - 1], window.size(),
                            right - in.edges->range, right, kCounter);
    if constexpr (kPerSecond) factor /= range_seconds;
    out[step] = difference * factor;
  }
}

// Over the last two samples.
template <bool kRate>
void instantaneous(const FloatWindows& in, std::span<double> out) {
  for (std::size_t step = 0; step < out.size(); ++step) {
    out[step] = absent();
    const Window window = in.windows[step];
    if (window.size() < 2) continue;
    const double last = in.values[window.end - 1];
    const double previous = in.values[window.end - 2];
    const Timestamp elapsed = in.times[window.end - 1] - in.times[window.end - 2];
    if (elapsed == 0) continue;
    double difference = last - previous;
    if constexpr (kRate) {
      if (last < previous) difference = last;  // reset: it started from zero
      difference /= static_cast<double>(elapsed) / 1000;
    }
    out[step] = difference;
  }
}

// Counts pairs of neighbours inside each window by a running count over the series.
template <class Differs>
void count_pairs(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out, Differs differs) {
  auto& before = arguments.indexes;  // before[j]: pairs (i-1, i) with i <= j
  before.assign(in.values.size(), 0);
  for (std::size_t j = 1; j < in.values.size(); ++j) {
    before[j] = before[j - 1] + (differs(in.values[j - 1], in.values[j]) ? 1 : 0);
  }
  for (std::size_t step = 0; step < out.size(); ++step) {
    const Window window = in.windows[step];
    out[step] = window.empty() ? absent() : static_cast<double>(before[window.end - 1] - before[window.begin]);
  }
}

}  // namespace

void rate_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  extrapolated<true, true>(in, arguments, out);
}
void increase_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  extrapolated<true, false>(in, arguments, out);
}
void delta_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  extrapolated<false, false>(in, arguments, out);
}
void irate_kernel(const FloatWindows& in, const KernelArguments&, std::span<double> out) {
  instantaneous<true>(in, out);
}
void idelta_kernel(const FloatWindows& in, const KernelArguments&, std::span<double> out) {
  instantaneous<false>(in, out);
}
void resets_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  count_pairs(in, arguments, out, [](double previous, double current) { return current < previous; });
}
void changes_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out) {
  count_pairs(in, arguments, out, [](double previous, double current) {
    return current != previous && !(std::isnan(current) && std::isnan(previous));
  });
}

}  // namespace vigil::promql
