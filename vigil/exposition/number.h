// Numbers as the text formats write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vigil/base/time.h"

namespace vigil::exposition {

// A sample value: decimal with optional exponent, or Inf/NaN in any case. No hex,
// no underscores, as Prometheus' scraper. Every NaN becomes the normal NaN, so
// that no target can write a staleness marker.
bool parse_value(std::string_view text, double& value);

// A text-format timestamp: whole milliseconds with an optional sign.
bool parse_timestamp_ms(std::string_view text, Timestamp& timestamp);

// An OpenMetrics timestamp: finite seconds, possibly with a fraction, rounded to milliseconds.
bool parse_timestamp_seconds(std::string_view text, Timestamp& timestamp);

// OpenMetrics' canonical number, as Prometheus 3 writes `le` and `quantile`:
// Go's %g with ".0" after what would look like an integer ("1.0", "1e+06", "+Inf").
std::string canonical_float(double value);

}  // namespace vigil::exposition
