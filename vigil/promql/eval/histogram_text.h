// A native histogram as one line of text, as Prometheus prints it: count_values makes a
// label value of it.
#pragma once

#include <string>

#include "vigil/model/native_histogram.h"

namespace vigil::promql {

// "{count:20, sum:10, [-2,-1):2, [-0.001,0.001]:2, (0.5,1]:1}"
std::string histogram_text(const NativeHistogram& histogram);

}  // namespace vigil::promql
