// The series a scrape writes about itself: `up` and its companions. They carry the
// target's labels only and pass no metric relabelling.
#pragma once

#include <array>
#include <cstdint>

#include "vigil/base/time.h"
#include "vigil/model/labels.h"
#include "vigil/scrape/page_appender.h"
#include "vigil/storage_api/appender.h"

namespace vigil::scrape {

struct ScrapeReport {
  bool up = false;
  double duration_seconds = 0;
  PageCounts counts;
  // With extra_scrape_metrics:
  double timeout_seconds = 0;
  std::uint64_t sample_limit = 0;
  double body_bytes = 0;  // decoded; -1 when over its limit
};

// Not thread-safe: one scrape loop owns it. The target's labels never change.
class ReportSeries {
 public:
  explicit ReportSeries(Labels target) : target_(std::move(target)) {}

  // kUnavailable and the like from the store; refusals of single samples are ignored.
  Result<void> append(const ScrapeReport& report, bool extra, Timestamp timestamp, Appender& appender);
  // Ends what has been written so far.
  void end(Timestamp timestamp, Appender& appender);

 private:
  static constexpr std::size_t kCount = 8;
  Result<void> append_one(std::size_t index, double value, Timestamp timestamp, Appender& appender);

  Labels target_;
  std::array<SeriesRef, kCount> refs_{};
};

}  // namespace vigil::scrape
