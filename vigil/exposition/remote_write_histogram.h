// Writes one prometheus.Histogram message. Internal to this module.
#pragma once

#include <string>

#include "vigil/base/time.h"
#include "vigil/model/native_histogram.h"

namespace vigil::exposition::internal {

// Appends the message's fields, without a tag of its own, to `out`.
void encode_histogram(Timestamp timestamp, const NativeHistogram& histogram, std::string& out);

}  // namespace vigil::exposition::internal
