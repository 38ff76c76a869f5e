#include "vigil/exposition/text_writer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include "vigil/base/strings.h"
#include "vigil/exposition/number.h"

namespace vigil::exposition {
namespace {

constexpr std::size_t kChunkBytes = 64U << 10;

std::string_view type_name(MetricType type, Format format) {
  if (format == Format::kOpenMetrics) return to_string(type);
  switch (type) {
    case MetricType::kUnknown: return "untyped";
    case MetricType::kInfo:
    case MetricType::kStateSet: return "gauge";
    default: return to_string(type);
  }
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes the text up to `separator` off `rest`.
std::string_view next(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return trim(part);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

struct MediaRange {
  std::string type;
  std::string version;
  double quality = 1;
};

MediaRange parse_range(std::string_view text) {
  MediaRange range;
  range.type = lower(next(text, ';'));
  while (!text.empty()) {
    std::string_view parameter = next(text, ';');
    const std::string key = lower(next(parameter, '='));
    std::string_view value = trim(parameter);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (key == "version") {
      range.version = value;
    } else if (key == "q") {
      const std::optional<double> quality = parse_float(value);
      range.quality = quality.has_value() && *quality >= 0 && *quality <= 1 ? *quality : 0;
    }
  }
  return range;
}

}  // namespace

std::string_view content_type(Format format) {
  return format == Format::kOpenMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                        : "text/plain; version=0.0.4; charset=utf-8";
}

Format negotiate(std::string_view accept) {
  double open_metrics = 0;
  double text = 0;
  while (!accept.empty()) {
    const MediaRange range = parse_range(next(accept, ','));
    if (range.type == "application/openmetrics-text") {
      if (range.version.empty() || range.version == "1.0.0") open_metrics = std::max(open_metrics, range.quality);
    } else if (range.type == "text/plain" || range.type == "text/*" || range.type == "*/*") {
      text = std::max(text, range.quality);
    }
  }
  return open_metrics > 0 && open_metrics >= text ? Format::kOpenMetrics : Format::kText;
}

PageWriter::PageWriter(Format format, ChunkSink sink)
    : format_(format),
      sink_(std::move(sink)),
      capacity_(kChunkBytes + (4U << 10)),
      buffer_(std::make_unique_for_overwrite<char[]>(capacity_)) {}

void PageWriter::flush() {
  if (size_ > 0 && !gone_) gone_ = !sink_({buffer_.get(), size_});
  size_ = 0;
}

char* PageWriter::room(std::size_t bytes) {
  if (capacity_ - size_ < bytes) [[unlikely]] {
    flush();
    if (capacity_ < bytes) {
      capacity_ = bytes;
      buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
    }
  }
  return buffer_.get() + size_;
}

void PageWriter::put(std::string_view text) {
  std::memcpy(room(text.size()), text.data(), text.size());
  size_ += text.size();
}

void PageWriter::put_count(std::uint64_t value) {
  char* const at = room(20);
  size_ += static_cast<std::size_t>(std::to_chars(at, at + 20, value).ptr - at);
}

void PageWriter::put_value(double value) {
  // Most values are whole numbers; they also are what to_chars(double) is slowest at.
  constexpr double kExact = 1e15;
  if (value > -kExact && value < kExact) {
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) == value && !(whole == 0 && std::signbit(value))) {
      char* const at = room(20);
      size_ += static_cast<std::size_t>(std::to_chars(at, at + 20, whole).ptr - at);
      return;
    }
  }
  put(format_float(value));
}

void PageWriter::put_escaped(std::string_view help) {
  for (const char c : help) {
    if (c == '\\') {
      put("\\\\");
    } else if (c == '\n') {
      put("\\n");
    } else if (c == '"' && format_ == Format::kOpenMetrics) {
      put("\\\"");
    } else {
      put({&c, 1});
    }
  }
}

void PageWriter::begin_family(const metrics::FamilyView& family) {
  name_ = family.name;
  MetricType type = family.type;
  std::string_view shown = family.name;
  if (format_ == Format::kOpenMetrics) {
    // There a family's name has no suffix; only its samples do.
    const std::string_view suffix = type == MetricType::kCounter ? "_total" : type == MetricType::kInfo ? "_info" : "";
    if (suffix.empty() || shown.ends_with(suffix)) {
      shown.remove_suffix(suffix.size());
    } else {
      type = MetricType::kUnknown;
    }
  }
  const auto line = [&](std::string_view keyword) {
    put("# ");
    put(keyword);
    put(" ");
    put(shown);
    put(" ");
  };
  if (!family.help.empty()) {
    line("HELP");
    put_escaped(family.help);
    put("\n");
  }
  line("TYPE");
  put(type_name(type, format_));
  put("\n");
  if (format_ == Format::kOpenMetrics && !family.unit.empty()) {
    line("UNIT");
    put(family.unit);
    put("\n");
  }

  bounds_.clear();
  if (type != MetricType::kHistogram) return;
  for (const double bound : family.bounds) {
    bounds_.push_back("le=\"" + (format_ == Format::kOpenMetrics ? canonical_float(bound) : format_float(bound)) +
                      "\"");
  }
  bounds_.emplace_back("le=\"+Inf\"");
}

void PageWriter::put_series(std::string_view suffix, std::string_view labels) {
  // One check of the room for the whole line's start: this is the inner loop of a page.
  const std::size_t bytes = name_.size() + suffix.size() + labels.size() + 3;
  char* at = room(bytes);
  char* const start = at;
  std::memcpy(at, name_.data(), name_.size());
  at += name_.size();
  std::memcpy(at, suffix.data(), suffix.size());
  at += suffix.size();
  if (!labels.empty()) {
    *at++ = '{';
    std::memcpy(at, labels.data(), labels.size());
    at += labels.size();
    *at++ = '}';
  }
  *at++ = ' ';
  size_ += static_cast<std::size_t>(at - start);
}

void PageWriter::point(std::string_view labels, const metrics::PointView& value) {
  if (gone_) return;
  put_series("", labels);
  put_value(value.value);
  put("\n");
}

void PageWriter::histogram(std::string_view labels, const metrics::HistogramView& value) {
  if (gone_) return;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < bounds_.size(); ++i) {
    below += value.counts[i];
    put(name_);
    put("_bucket{");
    put(labels);
    if (!labels.empty()) put(",");
    put(bounds_[i]);
    put("} ");
    put_count(below);
    put("\n");
  }
  put_series("_sum", labels);
  put_value(value.sum);
  put("\n");
  put_series("_count", labels);
  put_count(value.count);
  put("\n");
}

void PageWriter::finish() {
  if (format_ == Format::kOpenMetrics) put("# EOF\n");
  flush();
}

std::string page_text(const metrics::Registry& registry, Format format) {
  std::string text;
  PageWriter page(format, [&](std::string_view chunk) {
    text += chunk;
    return true;
  });
  registry.visit(page);
  page.finish();
  return text;
}

}  // namespace vigil::exposition
