// The times an expression is evaluated at.
#pragma once

#include <cstddef>

#include "vigil/base/time.h"

namespace vigil::promql {

// `count` >= 1 points: start, start+step, …
struct StepGrid {
  Timestamp start = 0;
  Duration step = 1;
  std::size_t count = 1;

  Timestamp at(std::size_t index) const { return start + step * static_cast<Duration>(index); }
  Timestamp last() const { return at(count - 1); }
};

}  // namespace vigil::promql
