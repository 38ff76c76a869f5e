#include "vigil/dashboards/layout.h"

#include <algorithm>

namespace vigil::dashboards {
namespace {

constexpr int kColumns = 24;

bool is_small(Kind kind) { return kind == Kind::kStat || kind == Kind::kStatWithSparkline || kind == Kind::kGauge; }

int natural_height(const Panel& panel) {
  if (panel.height.has_value()) return *panel.height;
  return is_small(panel.kind) ? 4 : 8;
}

int natural_width(const Panel& panel) {
  if (panel.width.has_value()) return *panel.width;
  if (is_small(panel.kind)) return 4;
  if (panel.kind == Kind::kPie || panel.kind == Kind::kBarGauge) return 8;
  if (panel.kind == Kind::kTable || panel.kind == Kind::kLogs) return kColumns;
  return 12;
}

}  // namespace

std::vector<Place> place(const std::vector<Panel>& panels, int top, int& bottom) {
  std::vector<Place> places(panels.size());
  bottom = top;
  for (std::size_t begin = 0; begin < panels.size();) {
    // As many as fit beside each other; small ones keep to themselves, since a line is as
    // high as its highest panel.
    std::size_t end = begin;
    int used = 0;
    while (end < panels.size() && is_small(panels[end].kind) == is_small(panels[begin].kind) &&
           used + natural_width(panels[end]) <= kColumns) {
      used += natural_width(panels[end++]);
    }
    if (end == begin) ++end;  // wider than the grid
    const auto count = static_cast<int>(end - begin);
    int height = 0;
    for (std::size_t i = begin; i < end; ++i) height = std::max(height, natural_height(panels[i]));
    // What is left goes to all alike, so that lines end at the right edge.
    const int spare = std::max(0, kColumns - used);
    int x = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const auto nth = static_cast<int>(i - begin);
      const int width = std::min(natural_width(panels[i]) + spare * (nth + 1) / count - spare * nth / count, kColumns);
      places[i] = {x, bottom, width, height};
      x += width;
    }
    bottom += height;
    begin = end;
  }
  return places;
}

}  // namespace vigil::dashboards
