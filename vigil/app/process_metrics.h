// The server's own process as metrics, under the names every Prometheus client has.
#pragma once

#include <memory>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/base/file_system.h"
#include "vigil/metrics/registry.h"

namespace vigil::app {

// Shown while it lives; reads /proc when the registry is visited.
class ProcessMetrics {
 public:
  ProcessMetrics(metrics::Registry& registry, FileSystem& files, const Clock& clock);

 private:
  std::vector<std::unique_ptr<metrics::Collector>> collectors_;
};

}  // namespace vigil::app
