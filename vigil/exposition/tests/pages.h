// Pages and views by hand, for tests of the writers.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/exposition/page_writer.h"

namespace vigil::exposition {

template <class Feed>
std::string page_of(Format format, Feed feed, PageOptions options = {}) {
  std::string text;
  PageWriter page(
      format,
      [&](std::string_view chunk) {
        text += chunk;
        return true;
      },
      options);
  feed(page);
  page.finish();
  return text;
}

inline metrics::FamilyView family_of(MetricType type, std::string_view name, std::span<const double> bounds = {},
                                     std::string_view help = "", std::string_view unit = "") {
  metrics::FamilyView family;
  family.type = type;
  family.name = name;
  family.help = help;
  family.unit = unit;
  family.bounds = bounds;
  return family;
}

// A histogram with everything a view can hold: two buckets and native ones, negative,
// zero and positive, an exemplar in each of two buckets.
struct RichHistogram {
  std::vector<double> bounds = {0.5, 4};
  std::vector<std::uint64_t> counts = {3, 2, 1};
  std::vector<metrics::ExemplarView> exemplars = {
      {.labels = R"(trace_id="a\"b")", .value = 0.25, .time = 1'700'000'000'123},
      {.labels = R"(trace_id="old")", .value = 1, .time = 1'700'000'000'000},
      {.labels = R"(trace_id="new")", .value = 3, .time = 1'700'000'001'000},
  };
  std::vector<metrics::NativeHistogramView::Bucket> positive = {{-2, 1}, {1, 1}, {10, 1}};
  std::vector<metrics::NativeHistogramView::Bucket> negative = {{0, 1}};
  metrics::NativeHistogramView native{
      .schema = 0, .zero_threshold = 0.001, .zero_count = 2, .positive = positive, .negative = negative};
  metrics::HistogramView view{.counts = counts,
                              .count = 6,
                              .sum = 1000.5,
                              .created = 1'600'000'000'500,
                              .exemplars = exemplars,
                              .native = &native};
  RichHistogram() = default;
  RichHistogram(const RichHistogram&) = delete;
  RichHistogram& operator=(const RichHistogram&) = delete;
};

}  // namespace vigil::exposition
