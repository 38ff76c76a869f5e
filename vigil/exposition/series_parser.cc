#include "vigil/exposition/series_parser.h"

#include <algorithm>

#include "vigil/base/strings.h"
#include "vigil/exposition/number.h"
#include "vigil/exposition/scan.h"

namespace vigil::exposition {
namespace {

std::unexpected<Error> bad(std::size_t at, std::string_view message) {
  return fail(ErrorCode::kInvalidArgument,
              "column " + std::to_string(at + 1) + " of the series: " + std::string(message));
}

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c & '\x80') != 0; });
}

void skip_blanks(std::string_view raw, std::size_t& at) {
  while (at < raw.size() && internal::is_blank(raw[at])) ++at;
}

}  // namespace

Result<void> SeriesParser::parse(std::string_view raw, Mode mode) {
  name_ = {};
  labels_.clear();
  unescaped_.clear();
  unescaped_.reserve(raw.size());
  const auto* const start = raw.data();
  std::size_t at = static_cast<std::size_t>(internal::find_name_end(start, start + raw.size()) - start);
  if (at > 0) {
    name_ = raw.substr(0, at);
    if (!is_legacy_metric_name(name_)) return bad(0, "invalid metric name " + go_quote(name_));
  }
  if (mode == Mode::kLax) skip_blanks(raw, at);
  if (at < raw.size()) {
    VIGIL_TRY_VOID(parse_labels(raw, at, mode, false));
  }
  return finish(raw, false);
}

Result<void> SeriesParser::parse_exemplar(std::string_view raw, Mode mode) {
  name_ = {};
  labels_.clear();
  unescaped_.clear();
  unescaped_.reserve(raw.size());
  VIGIL_TRY_VOID(parse_labels(raw, 0, mode, true));
  return finish(raw, true);
}

Result<void> SeriesParser::parse_labels(std::string_view raw, std::size_t at, Mode mode, bool exemplar) {
  const auto blanks = [&] {
    if (mode == Mode::kLax) skip_blanks(raw, at);
  };
  const auto peek = [&] { return at < raw.size() ? raw[at] : '\0'; };
  if (peek() != '{') return bad(at, "expected '{' after the metric name");
  ++at;
  blanks();
  for (bool first = true; peek() != '}'; first = false) {
    if (!first) {
      if (peek() != ',') return bad(at, "expected ',' or '}' after a label");
      ++at;
      blanks();
      if (peek() == '}' && mode == Mode::kLax) break;
    }
    const std::size_t name_at = at;
    std::string_view name;
    const bool quoted = peek() == '"';
    if (quoted) {
      VIGIL_TRY(name, read_quoted(raw, at, mode));
      if (name.empty()) return bad(name_at, "empty name");
    } else {
      while (at < raw.size() && ((raw[at] >= 'a' && raw[at] <= 'z') || (raw[at] >= 'A' && raw[at] <= 'Z') ||
                                 raw[at] == '_' || (at > name_at && raw[at] >= '0' && raw[at] <= '9'))) {
        ++at;
      }
      name = raw.substr(name_at, at - name_at);
      if (name.empty()) return bad(at, "expected a label name");
    }
    blanks();
    if (quoted && peek() != '=') {
      // A quoted name without a value is the metric's name.
      if (exemplar) return bad(at, "expected '=' after the label name");
      if (!name_.empty()) return bad(name_at, "a second metric name");
      name_ = name;
      continue;
    }
    if (peek() != '=') return bad(at, "expected '=' after the label name");
    ++at;
    blanks();
    if (peek() != '"') return bad(at, "expected a quoted label value");
    VIGIL_TRY(const std::string_view value, read_quoted(raw, at, mode));
    blanks();
    if (name == kMetricName) return bad(name_at, "label name \"__name__\" is reserved");
    labels_.push_back({name, value});
  }
  if (at + 1 != raw.size()) return bad(at, "unexpected text after '}'");
  return {};
}

// `at` is at the opening quote and ends behind the closing one.
Result<std::string_view> SeriesParser::read_quoted(std::string_view raw, std::size_t& at, Mode mode) {
  const std::size_t start = ++at;
  bool escaped = false;
  while (at < raw.size() && raw[at] != '"') {
    if (raw[at] == '\n' && mode == Mode::kStrict) return bad(at, "a line break inside quotes");
    if (raw[at] == '\\') {
      escaped = true;
      ++at;
    }
    ++at;
  }
  if (at >= raw.size()) return bad(start, "the quotes are not closed");
  std::string_view text = raw.substr(start, at - start);
  ++at;
  if (!is_ascii(text) && !is_valid_utf8(text)) return bad(start, "invalid UTF-8");
  if (!escaped) return text;
  const std::size_t from = unescaped_.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      const char next = text[i + 1];
      if (next == '\\' || next == '"' || next == 'n') {
        unescaped_ += next == 'n' ? '\n' : next;
        ++i;
        continue;
      }
    }
    unescaped_ += text[i];  // any other escape stays as written
  }
  return std::string_view(unescaped_).substr(from);
}

Result<void> SeriesParser::finish(std::string_view raw, bool exemplar) {
  if (!exemplar) {
    if (name_.empty()) return bad(0, "no metric name");
    labels_.push_back({kMetricName, name_});
  }
  std::sort(labels_.begin(), labels_.end());
  for (std::size_t i = 1; i < labels_.size(); ++i) {
    if (labels_[i].name == labels_[i - 1].name) {
      const auto at = raw.rfind(labels_[i].name);
      return bad(at == std::string_view::npos ? 0 : at, "label " + go_quote(labels_[i].name) + " is given twice");
    }
  }
  return {};
}

void SeriesParser::make_canonical(MetricType type) {
  if (type != MetricType::kHistogram && type != MetricType::kGaugeHistogram && type != MetricType::kSummary) return;
  const bool summary = type == MetricType::kSummary;
  for (LabelView& label : labels_) {
    if (label.name != (summary ? kQuantileLabel : kBucketLabel)) continue;
    double bound = 0;
    if (!parse_value(label.value, bound)) continue;
    std::string& text = canonical_[summary ? 1 : 0];
    text = canonical_float(bound);
    label.value = text;
  }
}

Labels SeriesParser::build() const {
  if (std::none_of(labels_.begin(), labels_.end(), [](const LabelView& label) { return label.value.empty(); })) {
    return Labels::from_sorted(labels_);
  }
  return Labels::from(labels_);
}

std::size_t SeriesParser::characters() const {
  const auto count = [](std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xC0') != '\x80'; }));
  };
  std::size_t total = 0;
  for (const LabelView& label : labels_) {
    if (label.name != kMetricName) total += count(label.name) + count(label.value);
  }
  return total;
}

Result<Labels> parse_exemplar_labels(std::string_view raw) {
  SeriesParser parser;
  VIGIL_TRY_VOID(parser.parse_exemplar(raw));
  return parser.build();
}

}  // namespace vigil::exposition
