// How samples get out of a store: series selected by matchers, each decoded once
// into columns.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/model/labels.h"
#include "vigil/model/matcher.h"
#include "vigil/model/native_histogram.h"
#include "vigil/model/sample.h"

namespace vigil {

// The samples of one series in ascending time: timestamps[i] has values[i], or a
// histogram where `histograms` names index i (values[i] is 0 then). Staleness
// markers are included (is_stale_nan of the value, or of the histogram's sum).
struct SampleColumns {
  std::vector<Timestamp> timestamps;
  std::vector<double> values;
  std::vector<std::pair<std::size_t, HistogramPtr>> histograms;  // ascending index; mostly empty

  std::size_t size() const { return timestamps.size(); }
  bool empty() const { return timestamps.empty(); }
  void clear() {
    timestamps.clear();
    values.clear();
    histograms.clear();
  }
};

// What a select() found. Valid while the Querier that made it lives.
class SeriesSet {
 public:
  virtual ~SeriesSet() = default;
  virtual std::size_t size() const = 0;
  virtual const Labels& labels(std::size_t index) const = 0;
  // Appends the samples of series `index` with mint <= t <= maxt to `out`.
  // Different indexes may be read from different threads at once.
  virtual Result<void> read(std::size_t index, Timestamp mint, Timestamp maxt, SampleColumns& out) const = 0;
};

// What of a store a query needs; only a hint, more may be returned.
struct SelectHints {
  bool sorted = false;       // by labels
  bool series_only = false;  // labels will be read, samples not
  std::size_t limit = 0;     // at most so many series; 0 = all
  std::stop_token stop;      // cancelled: select and read may return kCancelled early
};

// A view of one time range, consistent from its creation to its destruction:
// commits that happen meanwhile are not seen, not even in part.
class Querier {
 public:
  virtual ~Querier() = default;

  // Series that match all of `matchers` and have samples in the range (approximately:
  // a series may turn out empty when read). At least one matcher must be given.
  virtual Result<std::unique_ptr<SeriesSet>> select(std::span<const Matcher> matchers, const SelectHints& hints) = 0;

  // Sorted, unique. Empty `matchers` means all series. limit 0 = all.
  virtual Result<std::vector<std::string>> label_names(std::span<const Matcher> matchers, std::size_t limit) = 0;
  virtual Result<std::vector<std::string>> label_values(std::string_view name, std::span<const Matcher> matchers,
                                                        std::size_t limit) = 0;
};

class Queryable {
 public:
  virtual ~Queryable() = default;
  // Samples with mint <= t <= maxt.
  virtual Result<std::unique_ptr<Querier>> querier(Timestamp mint, Timestamp maxt) = 0;
};

}  // namespace vigil
