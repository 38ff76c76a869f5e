// The windows of one series and what functions compute over them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "vigil/promql/eval/context.h"
#include "vigil/promql/eval/numbers.h"
#include "vigil/promql/eval/selector.h"
#include "vigil/promql/eval/table.h"

namespace vigil::promql {

// Samples [begin, end) of a series fall into the window of one step.
struct Window {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t size() const { return end - begin; }
  bool empty() const { return begin == end; }
};

// One pass with two pointers: O(samples + steps).
void find_windows(std::span<const Timestamp> times, const WindowEdges& edges, std::vector<Window>& windows);

// The float samples of one series, without staleness markers, with the windows of all
// steps. Windows move forward only: begin and end never decrease from step to step.
struct FloatWindows {
  std::span<const Timestamp> times;
  std::span<const double> values;
  std::span<const Window> windows;
  const WindowEdges* edges = nullptr;

  std::span<const double> values_of(std::size_t step) const {
    return values.subspan(windows[step].begin, windows[step].size());
  }
  std::span<const Timestamp> times_of(std::size_t step) const {
    return times.subspan(windows[step].begin, windows[step].size());
  }
};

// Scalar arguments and memory that kernels use again for every series.
struct KernelArguments {
  const Scalars* first = nullptr;
  const Scalars* second = nullptr;
  mutable std::vector<double> numbers;
  mutable std::vector<std::uint32_t> indexes;
  mutable std::vector<double> sums[8];
};

// Writes out[step] for every step, absent() where there is no result.
using FloatKernel = void (*)(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out);

// nullptr if there is no such function.
FloatKernel find_float_kernel(std::string_view function);

}  // namespace vigil::promql
