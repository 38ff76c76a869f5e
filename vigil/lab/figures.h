// What packs cost and how soon they tell, as a page in Markdown: storage of a simulated
// life, latency of panel queries, load of dashboards, time from fault to notification.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/lab/experiment.h"
#include "vigil/lab/pack_check.h"

namespace vigil::lab {

struct PackFigures {
  const pack::Pack* pack = nullptr;
  Figures day;        // of measure(pack, kDay)
  PackReport report;  // with its scenarios
};

// `machine`: where the latencies were measured, for people.
std::string figures_page(std::span<const PackFigures> packs, std::string_view machine);

}  // namespace vigil::lab
