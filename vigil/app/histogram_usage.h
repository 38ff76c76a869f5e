// How well the histograms of a server use their buckets: what `vigil query analyze`
// shows, after promtool's command of that name.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/model/labels.h"

namespace vigil::app {

// Smallest, mean and largest over the samples of a histogram but its first.
struct Spread {
  double min = 0;
  double mean = 0;
  double max = 0;
};

// One histogram: all `_bucket` series of a classic one, or one series of a native one.
struct HistogramUsage {
  bool native = false;
  Labels labels;  // with the name; of a classic one without `le`
  std::size_t samples = 0;
  std::size_t buckets = 0;  // that it has, or ever had in the range
  Spread populated = {};    // buckets with observations
  Spread changed = {};      // buckets whose count differs from the sample before
  Spread delta = {};        // by how many observations they differ, together
};

// Reads the `data` of an instant query for a range selector (a matrix). Histograms with
// fewer than two samples and series that belong to no histogram are left out. Of a
// classic histogram the times count at which all of its buckets have a sample.
// kInvalidArgument when `data` is no matrix.
Result<std::vector<HistogramUsage>> analyze_histograms(const nlohmann::json& data);

// `selector` for the query: the `_sum` series that promtool asks for become `_bucket`.
std::string bucket_selector(std::string_view selector);

nlohmann::json to_json(const HistogramUsage& usage);

}  // namespace vigil::app
