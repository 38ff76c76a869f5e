#include "vigil/promql/eval/windows.h"

namespace vigil::promql {

void find_windows(std::span<const Timestamp> times, const WindowEdges& edges, std::vector<Window>& windows) {
  windows.resize(edges.grid.count);
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  const auto count = static_cast<std::uint32_t>(times.size());
  for (std::size_t step = 0; step < windows.size(); ++step) {
    const Timestamp right = edges.end(step);
    const Timestamp left = right - edges.range;
    while (end < count && times[end] <= right) ++end;
    while (begin < end && times[begin] <= left) ++begin;
    windows[step] = Window{begin, end};
  }
}

}  // namespace vigil::promql
