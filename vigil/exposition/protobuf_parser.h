// PageParser's reader of protobuf pages: io.prometheus.client.MetricFamily messages, each
// behind its length. Internal to this module.
//
// Every sample is given as the text formats would write it, `name_bucket{a="b",le="0.5"}`, so
// that all formats share one way from a series to its labels. A histogram comes as its
// classic series (count, sum, buckets), as one native histogram under its own name, or both.
//
// Strict: a broken length or message, a metric without the value its family's type asks for
// and an impossible histogram end the page. Unknown fields are skipped.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/exposition/page_parser.h"

namespace vigil::exposition::internal {

class ProtobufParser {
 public:
  ProtobufParser(std::string_view page, NativeHistograms native) : page_(page), native_(native) {}

  // Fills `sample` or `metadata` as the event says; their views are valid until the next call.
  PageParser::Event next(SampleView& sample, MetadataView& metadata);

  MetricType type() const { return type_; }  // of the family under way
  const Error& error() const { return error_; }
  // "byte 120: message", the place being that of the metric under way.
  Error error_here(std::string_view message) const;

 private:
  // One sample of the metric under way, still without its text.
  struct Line {
    std::string_view suffix;
    std::string_view bound_label;  // "le", "quantile" or ""
    double bound = 0;
    double value = 0;
    std::string_view exemplar;  // the message, if there is one
  };

  bool read_family();
  bool read_metric(std::string_view message);
  bool read_label(std::string_view message);
  bool read_value(std::string_view message);
  bool read_summary(std::string_view message);
  bool read_histogram(std::string_view message);
  bool read_bucket(std::string_view message);
  bool read_exemplar(std::string_view message, std::string& text, ExemplarView& exemplar);
  bool emit(const Line& line, SampleView& sample);
  bool emit_native(SampleView& sample);
  void write_series(const Line& line);
  bool failed(std::string_view message);

  std::string_view page_;
  NativeHistograms native_;
  std::size_t next_family_ = 0;
  const char* place_ = nullptr;  // the family or metric under way

  std::string name_;         // of the family
  std::string quoted_name_;  // as metadata lines write it
  std::string_view help_, unit_;
  MetricType type_ = MetricType::kUnknown;
  int metadata_left_ = 0;  // help, type, unit
  std::vector<std::string_view> metrics_;
  std::size_t next_metric_ = 0;

  std::string labels_;  // of the metric, as text
  bool has_timestamp_ = false;
  Timestamp timestamp_ = 0;
  std::vector<Line> lines_;
  std::size_t next_line_ = 0;
  HistogramPtr histogram_;
  std::vector<std::string_view> histogram_exemplars_;

  std::string series_;
  std::string exemplar_text_;
  std::vector<std::string> exemplar_texts_;
  std::vector<ExemplarView> exemplars_;
  Error error_{ErrorCode::kInvalidArgument, ""};
};

}  // namespace vigil::exposition::internal
