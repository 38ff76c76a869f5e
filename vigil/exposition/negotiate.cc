#include "vigil/exposition/negotiate.h"

#include <algorithm>
#include <string>

#include "vigil/base/strings.h"

namespace vigil::exposition {
namespace {

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
  std::string_view version, proto, encoding;
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
    } else if (key == "proto") {
      range.proto = value;
    } else if (key == "encoding") {
      range.encoding = value;
    } else if (key == "q") {
      const std::optional<double> quality = parse_float(value);
      range.quality = quality.has_value() && *quality >= 0 && *quality <= 1 ? *quality : 0;
    }
  }
  return range;
}

}  // namespace

std::string_view content_type(Format format) {
  switch (format) {
    case Format::kText: return "text/plain; version=0.0.4; charset=utf-8";
    case Format::kOpenMetrics: return "application/openmetrics-text; version=1.0.0; charset=utf-8";
    case Format::kProtobuf:
      return "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
    case Format::kJson: return "application/json";
    case Format::kCsv: return "text/csv; charset=utf-8; header=present";
    case Format::kInflux: return "text/plain; charset=utf-8";
  }
  return {};
}

Format negotiate(std::string_view accept) {
  double protobuf = 0;
  double open_metrics = 0;
  double text = 0;
  while (!accept.empty()) {
    const MediaRange range = parse_range(next(accept, ','));
    if (range.type == "application/vnd.google.protobuf") {
      // There are other messages and framings under this type.
      if (range.proto == "io.prometheus.client.MetricFamily" && range.encoding == "delimited") {
        protobuf = std::max(protobuf, range.quality);
      }
    } else if (range.type == "application/openmetrics-text") {
      if (range.version.empty() || range.version == "1.0.0") open_metrics = std::max(open_metrics, range.quality);
    } else if (range.type == "text/plain" || range.type == "text/*" || range.type == "*/*") {
      text = std::max(text, range.quality);
    }
  }
  if (protobuf > 0 && protobuf >= open_metrics && protobuf >= text) return Format::kProtobuf;
  return open_metrics > 0 && open_metrics >= text ? Format::kOpenMetrics : Format::kText;
}

std::optional<Format> format_named(std::string_view name) {
  static constexpr struct {
    std::string_view name;
    Format format;
  } kNames[] = {
      {"text", Format::kText},         {"openmetrics", Format::kOpenMetrics},
      {"protobuf", Format::kProtobuf}, {"json", Format::kJson},
      {"csv", Format::kCsv},           {"influx", Format::kInflux},
  };
  for (const auto& known : kNames) {
    if (known.name == name) return known.format;
  }
  return std::nullopt;
}

}  // namespace vigil::exposition
