// Turns the pages of one target into samples of its series: label conflicts,
// metric relabelling, limits, staleness.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/exposition/page_parser.h"
#include "vigil/exposition/series_parser.h"
#include "vigil/model/labels.h"
#include "vigil/scrape/scrape_config.h"
#include "vigil/scrape/target_metadata.h"
#include "vigil/storage_api/appender.h"
#include "vigil/storage_api/series_cache.h"

namespace vigil::scrape {

// What a scrape's own series and the module's counters report.
struct PageCounts {
  std::size_t samples = 0;  // on the page
  std::size_t kept = 0;     // after metric relabelling
  std::size_t added = 0;    // series that the last page did not have
  // Samples not stored, though the scrape as a whole is good:
  std::size_t duplicates = 0;  // second value of a series on one page or at one timestamp
  std::size_t out_of_order = 0;
  std::size_t out_of_bounds = 0;
  std::size_t refused = 0;  // new series beyond a limit of the store
};

// The labels of a scraped series: the target's are added, on conflict the scraped
// label becomes `exported_…`, or wins with honor_labels; then the rules run. Empty if
// the rules drop the series.
Result<Labels> series_labels(std::span<const LabelView> scraped, const Labels& target, const ScrapeConfig& config);

// A known series costs one hash of its raw line; labels are made once per new one.
// Not thread-safe: one scrape loop owns it.
class PageAppender {
 public:
  explicit PageAppender(std::uint64_t seed) : cache_(seed) {}

  // Appends a page and markers for the series that it no longer has. On error the
  // caller rolls back and calls end_all() on a new transaction.
  // `config` and `labels` may differ from the last page's: the series' labels are then made anew.
  Result<void> append(std::string_view page, exposition::Format format, Timestamp timestamp,
                      const std::shared_ptr<const ScrapeConfig>& config, const Labels& labels, Appender& appender,
                      PageCounts& counts);

  // Ends every series that is alive: after a failed scrape, or when the target is gone.
  void end_all(Timestamp timestamp, Appender& appender);

  // Bytes on the heap for what is remembered of the series.
  std::size_t cache_bytes() const { return cache_.byte_size(); }
  std::size_t series() const { return cache_.size(); }
  const TargetMetadata& metadata() const { return metadata_; }

 private:
  Result<void> append_samples(exposition::PageParser& parser, Timestamp timestamp, const Labels& labels,
                              Appender& appender, PageCounts& counts, exposition::Format format);
  // False if the sample is not to be stored.
  Result<bool> resolve_new(const exposition::SampleView& sample, MetricType type, const Labels& labels,
                           Appender& appender, SeriesCache::Entry& entry, PageCounts& counts);
  Result<void> append_sample(const exposition::SampleView& sample, Timestamp timestamp, Appender& appender,
                             SeriesCache::Entry& entry, PageCounts& counts);
  void end_vanished(Timestamp timestamp, Appender& appender);

  std::shared_ptr<const ScrapeConfig> config_;
  SeriesCache cache_;
  exposition::SeriesParser series_parser_;
  TargetMetadata metadata_;
  // Series that were alive under an older configuration and have not been seen since.
  std::vector<SeriesRef> retired_;
};

}  // namespace vigil::scrape
