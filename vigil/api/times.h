// Points in time as Prometheus' API shows them. Internal to api.
#pragma once

#include <string>

#include "vigil/base/time.h"

namespace vigil::api {

// RFC 3339; 0 ("never") is Go's zero time, which clients know.
inline std::string time_text(Timestamp time) { return time == 0 ? "0001-01-01T00:00:00Z" : format_rfc3339(time); }

}  // namespace vigil::api
