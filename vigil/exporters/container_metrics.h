// Containers as metrics under cAdvisor's names, which Debian does not package:
// container_cpu_usage_seconds_total, container_memory_usage_bytes, …, with the labels
// `name` and `id`.
//
//   ContainerMetrics containers(registry, ContainerSampler({}));
#pragma once

#include <memory>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/exporters/container_sampler.h"
#include "vigil/metrics/metrics.h"
#include "vigil/metrics/registry.h"

namespace vigil::exporters {

// Shown while it lives; control groups are read when the registry is visited, once per
// visit. A reading that fails shows no container and is counted in
// vigil_containers_read_failures_total; containers beyond the sampler's limits are in
// vigil_containers_left_out. Registry, clock and the sampler's files outlive it.
class ContainerMetrics {
 public:
  ContainerMetrics(metrics::RegistryRef registry, ContainerSampler sampler, const Clock& clock = Clock::system());
  ContainerMetrics(const ContainerMetrics&) = delete;
  ContainerMetrics& operator=(const ContainerMetrics&) = delete;

 private:
  ContainerSampler sampler_;  // used by the collectors, one reading at a time
  const metrics::Counter<> failures_;
  std::vector<std::unique_ptr<metrics::Collector>> collectors_;
};

}  // namespace vigil::exporters
