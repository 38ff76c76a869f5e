// Shapes that the boards of all systems repeat.
//
//   .queries = percentiles(catalog::kBlockCommitTimeSeconds)
//   .queries = percentiles(kSignatureDurationSeconds, {.by = "protocol"}, {"p50", "p99"})
//   ratio({.title = "Vote approval rate", .kind = Kind::kGauge, …})
//
// Thread-safety: plain functions of values.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/dashboards/dashboard.h"

namespace vigil::dashboards {

// Which series of a histogram a percentile is taken of.
struct Slice {
  std::string_view matchers = {};  // "chain=\"l2\""; empty: all
  std::string_view by = {};        // "protocol": a line each; empty: one line of all
  std::string_view window = "5m";
};

// "p95" of the histogram `metric`, with the legend "p95" or "p95 {{protocol}}".
Query percentile_of(std::string_view which, std::string_view metric, const Slice& slice);

template <class Histogram>
Query percentile(std::string_view which, const Histogram& histogram, const Slice& slice = {}) {
  return percentile_of(which, metric_name(histogram), slice);
}

template <class Histogram>
std::vector<Query> percentiles(const Histogram& histogram, const Slice& slice = {},
                               std::initializer_list<std::string_view> which = {"p50", "p95", "p99"}) {
  std::vector<Query> all;
  for (const std::string_view each : which) all.push_back(percentile(each, histogram, slice));
  return all;
}

// The same query under another legend.
inline Query named(std::string legend, Query query) {
  query.legend = std::move(legend);
  return query;
}

// Parts of a whole: from 0 to 1, shown as percents.
inline Panel ratio(Panel panel) {
  panel.unit = "percentunit";
  panel.min = 0;
  panel.max = 1;
  return panel;
}

// Of 0 and 1.
inline Panel up_or_down(Panel panel) {
  panel.unit = "none";
  panel.thresholds = {{Color::kRed}, {Color::kGreen, 1}};
  panel.mappings = {{0, "down", Color::kRed}, {1, "up", Color::kGreen}};
  return panel;
}

// Boards of one system: each gets a link to every other, in their order.
std::vector<Dashboard> linked(std::vector<Dashboard> boards);

}  // namespace vigil::dashboards
