// Prometheus text 0.0.4 and OpenMetrics 1.0.
#include <cstring>
#include <string>
#include <unordered_set>
#include <vector>

#include "vigil/base/strings.h"
#include "vigil/exposition/encoder.h"
#include "vigil/exposition/histogram_view.h"
#include "vigil/exposition/number.h"

namespace vigil::exposition::internal {
namespace {

std::string_view type_name(MetricType type, Format format) {
  if (format == Format::kOpenMetrics) return to_string(type);
  switch (type) {
    case MetricType::kUnknown: return "untyped";
    case MetricType::kInfo:
    case MetricType::kStateSet: return "gauge";
    case MetricType::kGaugeHistogram: return "histogram";
    default: return to_string(type);
  }
}

class TextEncoder final : public Encoder {
 public:
  TextEncoder(Format format, ChunkSink sink, const PageOptions& options)
      : Encoder(std::move(sink)),
        open_metrics_(format == Format::kOpenMetrics),
        created_lines_(open_metrics_ && options.created_lines),
        format_(format) {}

  void begin_family(const metrics::FamilyView& family) override;
  void point(std::string_view labels, const metrics::PointView& value) override;
  void histogram(std::string_view labels, const metrics::HistogramView& value) override;
  void finish() override;

 private:
  void put_escaped(std::string_view help);
  void put_series(std::string_view name, std::string_view suffix, std::string_view labels);
  void put_exemplar(const metrics::ExemplarView* exemplar);
  void put_created(std::string_view labels, Timestamp created);

  const bool open_metrics_;
  const bool created_lines_;
  const Format format_;
  MetricType type_ = MetricType::kUnknown;
  std::string name_;                          // of the family's series
  std::string base_;                          // the same without OpenMetrics' suffix
  std::unordered_set<std::string> families_;  // of OpenMetrics, written so far
  std::vector<double> bounds_;
  std::vector<std::string> bound_labels_;  // `le="0.1"` of each bucket, +Inf last
};

void TextEncoder::put_escaped(std::string_view help) {
  for (const char c : help) {
    if (c == '\\') {
      out_.put("\\\\");
    } else if (c == '\n') {
      out_.put("\\n");
    } else if (c == '"' && open_metrics_) {
      out_.put("\\\"");
    } else {
      out_.put(c);
    }
  }
}

void TextEncoder::begin_family(const metrics::FamilyView& family) {
  name_ = base_ = family.name;
  type_ = family.type;
  if (open_metrics_) {
    // There a family's name has no suffix; only its samples do.
    const std::string_view suffix = type_ == MetricType::kCounter ? "_total"
                                    : type_ == MetricType::kInfo  ? "_info"
                                                                  : "";
    if (base_.ends_with(suffix)) {
      base_.resize(base_.size() - suffix.size());
    } else {
      type_ = MetricType::kUnknown;
    }
    // A histogram `x` and a counter `x_total` are two families here and would be one there.
    if (!families_.insert(base_).second && base_ != name_) {
      base_ = name_;
      type_ = MetricType::kUnknown;
      families_.insert(base_);
    }
  }
  const auto line = [&](std::string_view keyword) {
    out_.put("# ");
    out_.put(keyword);
    out_.put(' ');
    out_.put(base_);
    out_.put(' ');
  };
  if (!family.help.empty()) {
    line("HELP");
    put_escaped(family.help);
    out_.put('\n');
  }
  line("TYPE");
  out_.put(type_name(type_, format_));
  out_.put('\n');
  if (open_metrics_ && !family.unit.empty() && base_.ends_with(family.unit)) {
    line("UNIT");
    out_.put(family.unit);
    out_.put('\n');
  }

  bounds_.assign(family.bounds.begin(), family.bounds.end());
  bound_labels_.clear();
  for (const double bound : bounds_) {
    bound_labels_.push_back("le=\"" + (open_metrics_ ? canonical_float(bound) : format_float(bound)) + "\"");
  }
  bound_labels_.emplace_back("le=\"+Inf\"");
}

void TextEncoder::put_series(std::string_view name, std::string_view suffix, std::string_view labels) {
  // One check of the room for the whole line's start: this is the inner loop of a page.
  char* at = out_.room(name.size() + suffix.size() + labels.size() + 3);
  char* const start = at;
  const auto copy = [&at](std::string_view text) {
    std::memcpy(at, text.data(), text.size());
    at += text.size();
  };
  copy(name);
  copy(suffix);
  if (!labels.empty()) {
    *at++ = '{';
    copy(labels);
    *at++ = '}';
  }
  *at++ = ' ';
  out_.advance(static_cast<std::size_t>(at - start));
}

void TextEncoder::put_exemplar(const metrics::ExemplarView* exemplar) {
  if (exemplar == nullptr || !is_exemplar_allowed(exemplar->labels)) return;
  out_.put(" # {");
  out_.put(exemplar->labels);
  out_.put("} ");
  out_.put_float(exemplar->value);
  if (exemplar->time != 0) {
    out_.put(' ');
    out_.put_float(static_cast<double>(exemplar->time) / kSecond);
  }
}

void TextEncoder::put_created(std::string_view labels, Timestamp created) {
  if (!created_lines_ || created == 0) return;
  put_series(base_, "_created", labels);
  out_.put_float(static_cast<double>(created) / kSecond);
  out_.put('\n');
}

void TextEncoder::point(std::string_view labels, const metrics::PointView& value) {
  put_series(name_, "", labels);
  out_.put_float(value.value);
  if (type_ != MetricType::kCounter || !open_metrics_) {
    out_.put('\n');
    return;
  }
  put_exemplar(value.exemplar);
  out_.put('\n');
  put_created(labels, value.created);
}

void TextEncoder::histogram(std::string_view labels, const metrics::HistogramView& value) {
  BucketExemplars exemplars(value.exemplars);
  std::size_t i = 0;
  for_each_bucket(bounds_, value, [&](double bound, std::uint64_t count) {
    out_.put(name_);
    out_.put("_bucket{");
    out_.put(labels);
    if (!labels.empty()) out_.put(',');
    out_.put(bound_labels_[i++]);
    out_.put("} ");
    out_.put_count(count);
    if (open_metrics_) put_exemplar(exemplars.up_to(bound));
    out_.put('\n');
  });
  const bool gauge = open_metrics_ && type_ == MetricType::kGaugeHistogram;
  // OpenMetrics has a sum only where it cannot fall, and a count only beside a sum.
  const bool negative_bounds = !bounds_.empty() && bounds_.front() < 0;
  if (!open_metrics_ || (gauge ? negative_bounds || value.sum >= 0 : !negative_bounds && value.sum >= 0)) {
    put_series(name_, gauge ? "_gsum" : "_sum", labels);
    out_.put_float(value.sum);
    out_.put('\n');
    put_series(name_, gauge ? "_gcount" : "_count", labels);
    out_.put_count(value.count);
    out_.put('\n');
  }
  if (type_ == MetricType::kHistogram) put_created(labels, value.created);
}

void TextEncoder::finish() {
  if (open_metrics_) out_.put("# EOF\n");
  out_.flush();
}

}  // namespace

std::unique_ptr<Encoder> make_text_encoder(Format format, ChunkSink sink, const PageOptions& options) {
  return std::make_unique<TextEncoder>(format, std::move(sink), options);
}

}  // namespace vigil::exposition::internal
