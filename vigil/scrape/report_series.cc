#include "vigil/scrape/report_series.h"

#include <string_view>

namespace vigil::scrape {
namespace {

// The last three only with extra_scrape_metrics.
constexpr std::array<std::string_view, 8> kNames = {"up",
                                                    "scrape_duration_seconds",
                                                    "scrape_samples_scraped",
                                                    "scrape_samples_post_metric_relabeling",
                                                    "scrape_series_added",
                                                    "scrape_timeout_seconds",
                                                    "scrape_sample_limit",
                                                    "scrape_body_size_bytes"};
constexpr std::size_t kPlain = 5;

}  // namespace

Result<void> ReportSeries::append(const ScrapeReport& report, bool extra, Timestamp timestamp, Appender& appender) {
  const std::array<double, kCount> values = {report.up ? 1.0 : 0.0,
                                             report.duration_seconds,
                                             static_cast<double>(report.counts.samples),
                                             static_cast<double>(report.counts.kept),
                                             static_cast<double>(report.counts.added),
                                             report.timeout_seconds,
                                             static_cast<double>(report.sample_limit),
                                             report.body_bytes};
  for (std::size_t i = 0; i < (extra ? kCount : kPlain); ++i)
    VIGIL_TRY_VOID(append_one(i, values[i], timestamp, appender));
  return {};
}

Result<void> ReportSeries::append_one(std::size_t index, double value, Timestamp timestamp, Appender& appender) {
  const auto resolve = [&] {
    LabelsBuilder labels(target_);
    labels.set(kMetricName, kNames[index]);
    return appender.resolve(labels.build());
  };
  if (refs_[index] == 0) {
    VIGIL_TRY(refs_[index], resolve());
  }
  auto appended = appender.append(refs_[index], timestamp, value);
  if (!appended && appended.error().code() == ErrorCode::kNotFound) {
    VIGIL_TRY(refs_[index], resolve());
    appended = appender.append(refs_[index], timestamp, value);
  }
  if (!appended && appended.error().code() == ErrorCode::kUnavailable) return appended;
  return {};
}

void ReportSeries::end(Timestamp timestamp, Appender& appender) {
  for (const SeriesRef ref : refs_) {
    if (ref != 0) static_cast<void>(appender.append(ref, timestamp, stale_nan()));
  }
}

}  // namespace vigil::scrape
