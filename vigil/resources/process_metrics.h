// This process as metrics, under the names that every Prometheus client has:
// process_cpu_seconds_total, process_resident_memory_bytes, process_open_fds, …
#pragma once

#include <memory>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/metrics/registry.h"
#include "vigil/resources/sampler.h"

namespace vigil::resources {

// Shown while it lives; /proc is read when the registry is visited, once per visit.
// What /proc does not say is absent. Registry, clock and the sampler's files outlive it.
class ProcessMetrics {
 public:
  explicit ProcessMetrics(metrics::RegistryRef registry, const Sampler& sampler = Sampler(),
                          const Clock& clock = Clock::system());

 private:
  std::vector<std::unique_ptr<metrics::Collector>> collectors_;
};

}  // namespace vigil::resources
