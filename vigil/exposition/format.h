#pragma once

namespace vigil::exposition {

// The text formats a page may have.
enum class Format {
  kText,         // Prometheus text 0.0.4, and 1.0.0 which adds quoted UTF-8 names
  kOpenMetrics,  // OpenMetrics 1.0
};

}  // namespace vigil::exposition
