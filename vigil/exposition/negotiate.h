// Which format a client gets.
#pragma once

#include <optional>
#include <string_view>

#include "vigil/exposition/format.h"

namespace vigil::exposition {

// "text/plain; version=0.0.4; charset=utf-8" and its counterparts.
std::string_view content_type(Format format);

// The scrape format a client likes best, by the Accept header (RFC 9110 §12.5.1): text,
// OpenMetrics 1.0 or delimited protobuf. Equal weights: protobuf before OpenMetrics
// before text, each only if it is named. Text where none is.
Format negotiate(std::string_view accept);

// What `?format=` of an URL names: "text", "openmetrics", "protobuf", "json", "csv",
// "influx"; nothing for any other word.
std::optional<Format> format_named(std::string_view name);
inline constexpr std::string_view kFormatNames = "text, openmetrics, protobuf, json, csv, influx";

}  // namespace vigil::exposition
