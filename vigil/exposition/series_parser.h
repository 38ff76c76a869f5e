// Turns the raw bytes of a series, as PageParser delimits them, into labels:
// `http_requests_total{code="200",le="1"}` or `{"my.metric",code="200"}`.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/model/labels.h"
#include "vigil/model/sample.h"

namespace vigil::exposition {

// Reusable, so that parsing a series allocates nothing once the buffers have grown.
// Not thread-safe. labels() stays valid until the next parse() and as long as the raw bytes.
class SeriesParser {
 public:
  enum class Mode {
    kLax,     // as Prometheus' scraper: blanks anywhere, a trailing comma
    kStrict,  // OpenMetrics' grammar: neither
  };

  // Fails (kInvalidArgument, with a column within `raw`) on bad syntax, names or
  // UTF-8, on a label given twice and on a missing metric name.
  Result<void> parse(std::string_view raw, Mode mode = Mode::kLax);

  // The same for an exemplar's label block, which has no metric name.
  Result<void> parse_exemplar(std::string_view raw, Mode mode = Mode::kLax);

  // Rewrites `le` (histograms) and `quantile` (summaries) to their canonical form, as
  // Prometheus 3 does for every protocol: "1" -> "1.0". What is no number stays.
  void make_canonical(MetricType type);

  // Sorted by name, __name__ included; values may be empty (that is: absent).
  std::span<const LabelView> labels() const { return labels_; }
  std::string_view name() const { return name_; }
  Labels build() const;
  // Characters (not bytes) of all names and values, without __name__.
  std::size_t characters() const;

 private:
  Result<void> parse_labels(std::string_view raw, std::size_t at, Mode mode, bool exemplar);
  Result<std::string_view> read_quoted(std::string_view raw, std::size_t& at, Mode mode);
  Result<void> finish(std::string_view raw, bool exemplar);

  std::string_view name_;
  std::vector<LabelView> labels_;
  std::string unescaped_;     // values with escapes, resolved; reserved up front so views stay valid
  std::string canonical_[2];  // le, quantile
};

// One exemplar's labels; an error names the column.
Result<Labels> parse_exemplar_labels(std::string_view raw);

}  // namespace vigil::exposition
