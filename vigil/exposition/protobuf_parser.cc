#include "vigil/exposition/protobuf_parser.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "vigil/base/strings.h"
#include "vigil/exposition/histogram_wire.h"
#include "vigil/exposition/metric_family.h"
#include "vigil/exposition/number.h"
#include "vigil/exposition/protobuf_wire.h"

namespace vigil::exposition::internal {
namespace {

using Event = PageParser::Event;

double normal(double value) { return std::isnan(value) ? normal_nan() : value; }

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  out += '"';
}

// A name as the text formats write it: in quotes unless it is a plain one.
void append_name(std::string& out, std::string_view name, bool plain) {
  if (plain) {
    out += name;
  } else {
    append_quoted(out, name);
  }
}

bool read_time(std::string_view message, Timestamp& time) {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  WireReader reader(message);
  while (reader.next()) {
    switch (reader.field()) {
      case proto::timestamp::kSeconds: seconds = static_cast<std::int64_t>(reader.read_varint()); break;
      case proto::timestamp::kNanos: nanos = static_cast<std::int64_t>(reader.read_varint()); break;
      default: reader.skip();
    }
  }
  // The range that google.protobuf.Timestamp allows: the years 1 to 9999.
  if (seconds < -62'135'596'800 || seconds > 253'402'300'799 || nanos < 0 || nanos > 999'999'999) return false;
  time = seconds * kSecond + nanos / 1'000'000;
  return reader.ok();
}

bool metric_type(std::uint64_t number, MetricType& type) {
  switch (number) {
    case static_cast<std::uint64_t>(proto::Type::kCounter): type = MetricType::kCounter; return true;
    case static_cast<std::uint64_t>(proto::Type::kGauge): type = MetricType::kGauge; return true;
    case static_cast<std::uint64_t>(proto::Type::kSummary): type = MetricType::kSummary; return true;
    case static_cast<std::uint64_t>(proto::Type::kUntyped): type = MetricType::kUnknown; return true;
    case static_cast<std::uint64_t>(proto::Type::kHistogram): type = MetricType::kHistogram; return true;
    case static_cast<std::uint64_t>(proto::Type::kGaugeHistogram): type = MetricType::kGaugeHistogram; return true;
    default: return false;
  }
}

// The field of a Metric that holds the value of a type.
std::uint32_t value_field(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return proto::metric::kCounter;
    case MetricType::kGauge: return proto::metric::kGauge;
    case MetricType::kSummary: return proto::metric::kSummary;
    case MetricType::kHistogram:
    case MetricType::kGaugeHistogram: return proto::metric::kHistogram;
    default: return proto::metric::kUntyped;
  }
}

}  // namespace

Error ProtobufParser::error_here(std::string_view message) const {
  const std::ptrdiff_t at = place_ == nullptr ? 0 : place_ - page_.data();
  return {ErrorCode::kInvalidArgument, "byte " + std::to_string(at) + ": " + std::string(message) +
                                           (name_.empty() ? "" : " in metric family " + go_quote(name_))};
}

bool ProtobufParser::failed(std::string_view message) {
  error_ = error_here(message);
  return false;
}

Event ProtobufParser::next(SampleView& sample, MetadataView& metadata) {
  while (true) {
    if (metadata_left_ > 0) {
      const int which = metadata_left_--;
      metadata.name = quoted_name_;
      metadata.type = type_;
      metadata.text = which == 3 ? help_ : which == 2 ? to_string(type_) : unit_;
      if (which == 2) return Event::kType;
      if (!metadata.text.empty()) return which == 3 ? Event::kHelp : Event::kUnit;
      continue;
    }
    if (histogram_ != nullptr) return emit_native(sample) ? Event::kSample : Event::kError;
    if (next_line_ < lines_.size()) return emit(lines_[next_line_++], sample) ? Event::kSample : Event::kError;
    if (next_metric_ < metrics_.size()) {
      if (!read_metric(metrics_[next_metric_++])) return Event::kError;
      continue;
    }
    if (next_family_ == page_.size()) return Event::kEnd;
    if (!read_family()) return Event::kError;
  }
}

bool ProtobufParser::read_family() {
  name_.clear();
  place_ = page_.data() + next_family_;
  WireReader page(page_.substr(next_family_));
  const std::uint64_t size = page.varint();
  const auto left = static_cast<std::uint64_t>(page_.data() + page_.size() - page.position());
  if (!page.ok()) return failed("malformed length of a metric family");
  if (size > left) {
    return failed("the page is cut off: a metric family of " + std::to_string(size) + " bytes with " +
                  std::to_string(left) + " left");
  }
  const std::string_view message(page.position(), size);
  next_family_ = static_cast<std::size_t>(page.position() - page_.data()) + size;

  help_ = unit_ = {};
  std::string_view name;
  std::uint64_t type = 0;
  metrics_.clear();
  next_metric_ = 0;
  lines_.clear();
  next_line_ = 0;
  WireReader reader(message);
  while (reader.next()) {
    switch (reader.field()) {
      case proto::family::kName: name = reader.read_bytes(); break;
      case proto::family::kHelp: help_ = reader.read_bytes(); break;
      case proto::family::kType: type = reader.read_varint(); break;
      case proto::family::kUnit: unit_ = reader.read_bytes(); break;
      case proto::family::kMetric: metrics_.push_back(reader.read_bytes()); break;
      default: reader.skip();
    }
  }
  if (!reader.ok()) return failed("malformed metric family");
  if (name.empty()) return failed("a metric family without a name");
  if (!is_valid_utf8(name)) return failed("a metric family's name is not valid UTF-8");
  name_ = name;
  if (!metric_type(type, type_)) return failed("unknown metric type " + std::to_string(type));
  quoted_name_.clear();
  append_name(quoted_name_, name_, is_legacy_metric_name(name_));
  metadata_left_ = 3;
  return true;
}

bool ProtobufParser::read_metric(std::string_view message) {
  place_ = message.data();
  labels_.clear();
  lines_.clear();
  next_line_ = 0;
  has_timestamp_ = false;
  std::string_view value;
  bool has_value = false;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.field() == proto::metric::kLabel) {
      if (!read_label(reader.read_bytes())) return failed("malformed label");
    } else if (reader.field() == value_field(type_)) {
      value = reader.read_bytes();
      has_value = true;
    } else if (reader.field() == proto::metric::kTimestampMs) {
      timestamp_ = static_cast<Timestamp>(reader.read_varint());
      has_timestamp_ = timestamp_ != 0;
    } else {
      reader.skip();
    }
  }
  if (!reader.ok()) return failed("malformed metric");
  if (!has_value) return failed("a metric without a value of its type, " + std::string(to_string(type_)));
  switch (type_) {
    case MetricType::kSummary: return read_summary(value);
    case MetricType::kHistogram:
    case MetricType::kGaugeHistogram: return read_histogram(value);
    default: return read_value(value);
  }
}

bool ProtobufParser::read_label(std::string_view message) {
  std::string_view name;
  std::string_view value;
  WireReader reader(message);
  while (reader.next()) {
    switch (reader.field()) {
      case proto::label::kName: name = reader.read_bytes(); break;
      case proto::label::kValue: value = reader.read_bytes(); break;
      default: reader.skip();
    }
  }
  if (!labels_.empty()) labels_ += ',';
  append_name(labels_, name, is_legacy_label_name(name));
  labels_ += '=';
  append_quoted(labels_, value);
  return reader.ok();
}

bool ProtobufParser::read_value(std::string_view message) {
  Line& line = lines_.emplace_back();
  WireReader reader(message);
  while (reader.next()) {
    if (reader.field() == proto::value::kValue) {
      line.value = reader.read_double();
    } else if (reader.field() == proto::value::kExemplar && type_ == MetricType::kCounter) {
      line.exemplar = reader.read_bytes();
    } else {
      reader.skip();
    }
  }
  return reader.ok() || failed("malformed value");
}

bool ProtobufParser::read_summary(std::string_view message) {
  lines_.push_back({.suffix = "_count", .bound_label = {}, .bound = 0, .value = 0, .exemplar = {}});
  lines_.push_back({.suffix = "_sum", .bound_label = {}, .bound = 0, .value = 0, .exemplar = {}});
  WireReader reader(message);
  while (reader.next()) {
    switch (reader.field()) {
      case proto::summary::kCount: lines_[0].value = static_cast<double>(reader.read_varint()); break;
      case proto::summary::kSum: lines_[1].value = reader.read_double(); break;
      case proto::summary::kQuantile: {
        Line& line = lines_.emplace_back();
        line.bound_label = "quantile";
        WireReader quantile(reader.read_bytes());
        while (quantile.next()) {
          switch (quantile.field()) {
            case proto::quantile::kQuantile: line.bound = quantile.read_double(); break;
            case proto::quantile::kValue: line.value = quantile.read_double(); break;
            default: quantile.skip();
          }
        }
        if (!quantile.ok()) return failed("malformed quantile");
        break;
      }
      default: reader.skip();
    }
  }
  return reader.ok() || failed("malformed summary");
}

bool ProtobufParser::read_bucket(std::string_view message) {
  Line& line = lines_.emplace_back();
  line.suffix = "_bucket";
  line.bound_label = "le";
  double count = 0;
  WireReader reader(message);
  while (reader.next()) {
    switch (reader.field()) {
      case proto::bucket::kCount: line.value = static_cast<double>(reader.read_varint()); break;
      case proto::bucket::kCountFloat: count = reader.read_double(); break;
      case proto::bucket::kUpperBound: line.bound = reader.read_double(); break;
      case proto::bucket::kExemplar: line.exemplar = reader.read_bytes(); break;
      default: reader.skip();
    }
  }
  if (count > 0) line.value = count;
  return reader.ok();
}

bool ProtobufParser::read_histogram(std::string_view message) {
  auto decoded = std::make_shared<NativeHistogram>();
  NativeHistogram& h = *decoded;
  DeltaSum negative;
  DeltaSum positive;
  double count_float = 0;
  double zero_float = 0;
  std::int64_t schema = 0;
  histogram_exemplars_.clear();
  lines_.push_back({.suffix = "_count", .bound_label = {}, .bound = 0, .value = 0, .exemplar = {}});
  lines_.push_back({.suffix = "_sum", .bound_label = {}, .bound = 0, .value = 0, .exemplar = {}});
  WireReader reader(message);
  const auto deltas = [](std::vector<double>& buckets, DeltaSum& sum) {
    return [&buckets, &sum](WireReader& from) { buckets.push_back(sum.add(WireReader::unzigzag(from.varint()))); };
  };
  const auto doubles = [](std::vector<double>& values) {
    return [&values](WireReader& from) { values.push_back(from.fixed64()); };
  };
  while (reader.next()) {
    switch (reader.field()) {
      case proto::histogram::kCount: h.count = static_cast<double>(reader.read_varint()); break;
      case proto::histogram::kCountFloat: count_float = reader.read_double(); break;
      case proto::histogram::kSum: h.sum = normal(reader.read_double()); break;
      case proto::histogram::kBucket:
        if (!read_bucket(reader.read_bytes())) return failed("malformed bucket");
        break;
      case proto::histogram::kSchema: schema = reader.read_sint(); break;
      case proto::histogram::kZeroThreshold: h.zero_threshold = reader.read_double(); break;
      case proto::histogram::kZeroCount: h.zero_count = static_cast<double>(reader.read_varint()); break;
      case proto::histogram::kZeroCountFloat: zero_float = reader.read_double(); break;
      case proto::histogram::kNegativeSpan:
        if (!read_span(reader.read_bytes(), h.negative_spans)) return failed("malformed span");
        break;
      case proto::histogram::kPositiveSpan:
        if (!read_span(reader.read_bytes(), h.positive_spans)) return failed("malformed span");
        break;
      case proto::histogram::kNegativeDelta:
        reader.read_repeated(WireType::kVarint, deltas(h.negative_buckets, negative));
        break;
      case proto::histogram::kPositiveDelta:
        reader.read_repeated(WireType::kVarint, deltas(h.positive_buckets, positive));
        break;
      case proto::histogram::kNegativeCount:
        reader.read_repeated(WireType::kFixed64, doubles(h.negative_buckets));
        break;
      case proto::histogram::kPositiveCount:
        reader.read_repeated(WireType::kFixed64, doubles(h.positive_buckets));
        break;
      case proto::histogram::kExemplar: histogram_exemplars_.push_back(reader.read_bytes()); break;
      default: reader.skip();
    }
  }
  if (!reader.ok()) return failed("malformed histogram");
  if (count_float > 0) h.count = count_float;
  if (zero_float > 0) h.zero_count = zero_float;

  const bool is_native =
      !h.positive_spans.empty() || !h.negative_spans.empty() || h.zero_threshold > 0 || h.zero_count > 0;
  if (native_ == NativeHistograms::kIgnore || !is_native || native_ == NativeHistograms::kBoth) {
    lines_[0].value = h.count;
    lines_[1].value = h.sum;
    if (lines_.size() == 2 || lines_.back().bound != std::numeric_limits<double>::infinity()) {
      lines_.push_back({.suffix = "_bucket",
                        .bound_label = "le",
                        .bound = std::numeric_limits<double>::infinity(),
                        .value = h.count,
                        .exemplar = {}});
    }
  }
  if (native_ == NativeHistograms::kIgnore || !is_native) return true;

  if (histogram_exemplars_.empty()) {
    for (const Line& line : lines_) {
      if (line.exemplar.data() != nullptr) histogram_exemplars_.push_back(line.exemplar);
    }
  }
  if (native_ == NativeHistograms::kPrefer) lines_.clear();
  if (schema < kMinSchema || schema > kMaxSchema) {
    return failed("histogram: schema " + std::to_string(schema) + " is not known");
  }
  h.schema = static_cast<std::int32_t>(schema);
  if (type_ == MetricType::kGaugeHistogram) h.reset_hint = NativeHistogram::ResetHint::kGauge;
  // The span that only says that the histogram is native.
  const auto drop_empty = [](std::vector<NativeHistogram::Span>& spans, const std::vector<double>& buckets) {
    if (buckets.empty() && spans.size() == 1 && spans[0] == NativeHistogram::Span{}) spans.clear();
  };
  drop_empty(h.positive_spans, h.positive_buckets);
  drop_empty(h.negative_spans, h.negative_buckets);
  if (const auto good = check_histogram(h); !good) return failed(good.error().message());
  histogram_ = std::move(decoded);
  return true;
}

bool ProtobufParser::read_exemplar(std::string_view message, std::string& text, ExemplarView& exemplar) {
  exemplar = {};
  std::string labels;
  labels.swap(labels_);  // read_label() appends there
  bool good = true;
  WireReader reader(message);
  while (good && reader.next()) {
    switch (reader.field()) {
      case proto::exemplar::kLabel: good = read_label(reader.read_bytes()); break;
      case proto::exemplar::kValue: exemplar.value = normal(reader.read_double()); break;
      case proto::exemplar::kTime:
        good = read_time(reader.read_bytes(), exemplar.timestamp);
        exemplar.has_timestamp = true;
        break;
      default: reader.skip();
    }
  }
  text = "{" + labels_ + "}";
  labels.swap(labels_);
  exemplar.labels = text;
  return (good && reader.ok()) || failed("malformed exemplar");
}

void ProtobufParser::write_series(const Line& line) {
  series_.clear();
  // A suffix does not change whether a name is plain, nor do its bytes need escapes.
  const bool plain = quoted_name_.front() != '"';
  const bool has_labels = !labels_.empty() || !line.bound_label.empty();
  if (plain) {
    series_ += name_;
    series_ += line.suffix;
    if (!has_labels) return;
    series_ += '{';
  } else {
    series_ += '{';
    series_.append(quoted_name_, 0, quoted_name_.size() - 1);
    series_ += line.suffix;
    series_ += '"';
    if (has_labels) series_ += ',';
  }
  series_ += labels_;
  if (!line.bound_label.empty()) {
    if (!labels_.empty()) series_ += ',';
    series_ += line.bound_label;
    series_ += "=\"";
    series_ += canonical_float(line.bound);
    series_ += '"';
  }
  series_ += '}';
}

bool ProtobufParser::emit(const Line& line, SampleView& sample) {
  write_series(line);
  sample.series = series_;
  sample.value = normal(line.value);
  sample.timestamp = timestamp_;
  sample.has_timestamp = has_timestamp_;
  sample.histogram = nullptr;
  sample.histogram_exemplars = {};
  sample.has_exemplar = line.exemplar.data() != nullptr;
  return !sample.has_exemplar || read_exemplar(line.exemplar, exemplar_text_, sample.exemplar);
}

bool ProtobufParser::emit_native(SampleView& sample) {
  write_series({});
  sample.series = series_;
  sample.value = 0;
  sample.timestamp = timestamp_;
  sample.has_timestamp = has_timestamp_;
  sample.has_exemplar = false;
  sample.histogram = std::move(histogram_);
  histogram_ = nullptr;
  exemplars_.resize(histogram_exemplars_.size());
  // Views point into the texts: those must not move any more.
  exemplar_texts_.resize(std::max(exemplar_texts_.size(), exemplars_.size()));
  for (std::size_t i = 0; i < exemplars_.size(); ++i) {
    if (!read_exemplar(histogram_exemplars_[i], exemplar_texts_[i], exemplars_[i])) return false;
  }
  sample.histogram_exemplars = exemplars_;
  return true;
}

}  // namespace vigil::exposition::internal
