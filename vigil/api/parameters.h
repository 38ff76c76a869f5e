// Request parameters as Prometheus reads them.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/model/matcher.h"
#include "vigil/net/http.h"

namespace vigil::api {

// "1435781430.781" or RFC 3339; also the two constants Prometheus prints for the ends of time.
Result<Timestamp> parse_time(std::string_view text);
// "5m", or seconds as a float (may be negative).
Result<Duration> parse_api_duration(std::string_view text);

// The parameter, or `fallback` if absent or empty; errors name it.
Result<Timestamp> time_parameter(const net::Params& params, std::string_view name, Timestamp fallback);
Result<Duration> duration_parameter(const net::Params& params, std::string_view name, Duration fallback);
// A count; 0 if absent.
Result<std::size_t> limit_parameter(const net::Params& params, std::string_view name = "limit");

// All match[] parameters; each must have a matcher that does not match the empty string.
using MatcherSets = std::vector<std::vector<Matcher>>;
Result<MatcherSets> match_parameters(const net::Params& params);

// From start to end; the whole of time where absent.
struct TimeRange {
  Timestamp start;
  Timestamp end;
};
Result<TimeRange> range_parameters(const net::Params& params);

// Undoes Prometheus' U__ escaping of label names ("U__my_2e_metric" is "my.metric");
// other names, and what is not a valid escape, are returned as they are.
std::string unescape_name(std::string_view name);

}  // namespace vigil::api
