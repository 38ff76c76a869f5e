#include "vigil/dashboards/shapes.h"

#include <string>

#include "vigil/base/error.h"

namespace vigil::dashboards {
namespace {

// "p50" -> "0.5"
std::string fraction(std::string_view which) {
  VIGIL_CHECK(which.size() > 1 && which.front() == 'p');
  which.remove_prefix(1);
  while (which.ends_with('0')) which.remove_suffix(1);
  return "0." + std::string(which);
}

// "instance, To" -> " {{instance}} {{To}}"
std::string in_legend(std::string_view labels) {
  std::string legend;
  while (!labels.empty()) {
    const std::size_t end = labels.find(',');
    std::string_view label = labels.substr(0, end);
    while (label.starts_with(' ')) label.remove_prefix(1);
    legend.append(" {{").append(label).append("}}");
    labels = end == std::string_view::npos ? std::string_view() : labels.substr(end + 1);
  }
  return legend;
}

}  // namespace

Query percentile_of(std::string_view which, std::string_view metric, const Slice& slice) {
  std::string expr = "histogram_quantile(" + fraction(which) + ", sum by (le";
  if (!slice.by.empty()) expr.append(", ").append(slice.by);
  expr.append(") (rate(").append(metric).append("_bucket");
  if (!slice.matchers.empty()) expr.append("{").append(slice.matchers).append("}");
  expr.append("[").append(slice.window).append("])))");
  return {std::string(which) + in_legend(slice.by), std::move(expr)};
}

std::vector<Dashboard> linked(std::vector<Dashboard> boards) {
  for (Dashboard& board : boards) {
    board.links.clear();
    for (const Dashboard& other : boards) {
      if (other.uid != board.uid) board.links.push_back({other.title, other.uid});
    }
  }
  return boards;
}

}  // namespace vigil::dashboards
