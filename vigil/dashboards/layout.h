// Where the panels of a dashboard go on Grafana's grid of 24 columns.
#pragma once

#include <vector>

#include "vigil/dashboards/dashboard.h"

namespace vigil::dashboards {

struct Place {
  int x = 0, y = 0, width = 0, height = 0;
};

// Of the panels of one row, from height `top` on. They never overlap and each line is
// filled to its end. `bottom` becomes the first free height below them.
std::vector<Place> place(const std::vector<Panel>& panels, int top, int& bottom);

}  // namespace vigil::dashboards
