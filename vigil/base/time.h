// Units of time. Data and schedules count in whole milliseconds, as Prometheus does.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "vigil/base/error.h"

namespace vigil {

using Timestamp = std::int64_t;  // milliseconds since the Unix epoch, UTC
using Duration = std::int64_t;   // milliseconds, may be negative

inline constexpr Timestamp kMinTimestamp = std::numeric_limits<std::int64_t>::min();
inline constexpr Timestamp kMaxTimestamp = std::numeric_limits<std::int64_t>::max();

inline constexpr Duration kSecond = 1000;
inline constexpr Duration kMinute = 60 * kSecond;
inline constexpr Duration kHour = 60 * kMinute;
inline constexpr Duration kDay = 24 * kHour;

// Parses a Prometheus duration: "5m", "1h30m", "100ms", "1y2w3d4h5m6s7ms", "0".
// Units must come in descending order, each at most once; no sign, no fraction.
Result<Duration> parse_duration(std::string_view text);

// The shortest exact form of the same grammar: 90000 -> "1m30s", 0 -> "0s".
std::string format_duration(Duration duration);

// RFC 3339 in UTC with milliseconds where needed: "2026-01-02T03:04:05.678Z".
std::string format_rfc3339(Timestamp time);

// Parses RFC 3339 (any zone offset, up to nanoseconds, rounded down to ms).
Result<Timestamp> parse_rfc3339(std::string_view text);

}  // namespace vigil
