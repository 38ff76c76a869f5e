// Go's time.Time and time.Duration as template values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vigil/base/time.h"
#include "vigil/template/value.h"

namespace vigil::templates {

Value time_value(Timestamp time);                // *time.Time, in UTC
Value duration_value(std::int64_t nanoseconds);  // *time.Duration

// time.Duration.String(): "1h0m0.5s".
std::string format_go_duration(std::int64_t nanoseconds);
// time.Time.Format() in UTC with a reference layout ("Jan 2 15:04:05 2006").
std::string format_go_time(Timestamp time, std::string_view layout);

}  // namespace vigil::templates
