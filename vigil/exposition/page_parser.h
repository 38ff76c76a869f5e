// Reads one exposition page: the text formats 0.0.4 and 1.0.0 of Prometheus
// (1.0.0 adds quoted UTF-8 names), OpenMetrics 1.0 and Prometheus' protobuf.
//
//   PageParser page(body, Format::kText);
//   for (auto event = page.next(); event != PageParser::Event::kEnd; event = page.next()) {
//     if (event == PageParser::Event::kError) return std::unexpected(page.error());
//     if (event == PageParser::Event::kSample) use(page.sample());
//   }
//
// As lax as Prometheus' scraper: families need neither order nor types, and the
// inside of a series is only delimited, not looked at. SeriesParser does that, once
// per new series; validate.h is the strict check of whole pages.
//
// Cost: no allocation per line of text; 64 bytes of a label block at a time.
// Ownership: every view points into the page, which must outlive the parser. Those of a
// protobuf page point into the parser and are valid until the next next().
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/exposition/format.h"
#include "vigil/model/native_histogram.h"
#include "vigil/model/sample.h"

namespace vigil::exposition {

struct ExemplarView {
  std::string_view labels;  // raw, with braces: `{trace_id="a"}`
  double value = 0;
  Timestamp timestamp = 0;
  bool has_timestamp = false;
};

struct SampleView {
  std::string_view series;  // raw bytes from the name to the closing brace: `a{b="c"}`
  double value = 0;         // a NaN is always the normal NaN
  Timestamp timestamp = 0;
  bool has_timestamp = false;
  bool has_exemplar = false;
  ExemplarView exemplar;  // valid if has_exemplar

  // Of a protobuf page only: a native histogram, instead of `value`, and its exemplars.
  HistogramPtr histogram;
  std::span<const ExemplarView> histogram_exemplars{};
};

struct MetadataView {
  std::string_view name;                   // raw: may be quoted; see unquote_name()
  std::string_view text;                   // raw help, unit or type; see unescape_help()
  MetricType type = MetricType::kUnknown;  // of a TYPE line
};

// What a histogram of a protobuf page that has native buckets comes as.
enum class NativeHistograms : std::uint8_t {
  kIgnore,  // its classic series
  kPrefer,  // one native histogram
  kBoth,
};

namespace internal {
class ProtobufParser;
}

class PageParser {
 public:
  enum class Event : std::uint8_t { kEnd, kError, kSample, kType, kHelp, kUnit };

  // `format`: text, OpenMetrics or protobuf.
  PageParser(std::string_view page, Format format, NativeHistograms native = NativeHistograms::kIgnore);
  ~PageParser();

  // After kEnd or kError it keeps returning the same.
  Event next();

  const SampleView& sample() const { return sample_; }        // after kSample
  const MetadataView& metadata() const { return metadata_; }  // after kType, kHelp, kUnit
  // Type of the last TYPE line, whatever family it named: what Prometheus' scraper
  // goes by when it makes `le` and `quantile` canonical.
  MetricType type() const { return type_; }
  Event last_event() const { return last_; }
  const Error& error() const { return error_; }  // after kError

  // An error about a place in the page: "line 3, column 7: message near \"a{b\"". Of a
  // protobuf page it names the metric under way: "byte 120: message in metric family \"a\"".
  Error error_at(const char* position, std::string_view message) const;
  // Start of the line that the last event came from.
  const char* line_start() const { return line_; }

 private:
  Event next_text();
  Event next_openmetrics();
  Event next_protobuf();
  Event text_comment();
  Event text_sample();
  Event openmetrics_comment();
  Event openmetrics_sample();
  bool read_series();
  bool read_exemplar();
  Event fail_at(const char* position, std::string_view message);

  const char* begin_;
  const char* end_;
  const char* at_;
  const char* line_;
  Format format_;
  MetricType type_ = MetricType::kUnknown;
  Event last_ = Event::kSample;
  SampleView sample_;
  MetadataView metadata_;
  Error error_{ErrorCode::kInvalidArgument, ""};
  std::unique_ptr<internal::ProtobufParser> protobuf_;  // null for text
};

// "counter", and for the text format also "untyped"; false if it is no type of the format.
bool parse_metric_type(std::string_view text, Format format, MetricType& type);

// `"my.metric"` -> `my.metric`, with escapes resolved; other names unchanged.
std::string unquote_name(std::string_view raw);

// Resolves `\\`, `\n` and, in OpenMetrics, `\"`. The help of a protobuf page has no escapes.
std::string unescape_help(std::string_view raw, Format format);

// The format that a Content-Type header names; kNotFound for an absent or unknown one.
Result<Format> format_of_content_type(std::string_view content_type);

}  // namespace vigil::exposition
