// The host as metrics, for nodes that run without a node exporter: the families of it
// that rules and dashboards of packs read, under its names. Where a node exporter runs,
// leave this out: both would count the same host.
//
//   node_cpu_seconds_total{cpu,mode}
//   node_memory_MemTotal_bytes, node_memory_MemAvailable_bytes
//   node_filesystem_size_bytes, node_filesystem_avail_bytes {device,fstype,mountpoint}
//   node_network_receive_bytes_total, node_network_transmit_bytes_total {device}
#pragma once

#include <memory>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/metrics/registry.h"
#include "vigil/resources/sampler.h"

namespace vigil::resources {

// Shown while it lives; /proc is read when the registry is visited, once per visit.
// What /proc does not say is absent. Registry, clock and the sampler's files outlive it.
class HostMetrics {
 public:
  explicit HostMetrics(metrics::RegistryRef registry, const Sampler& sampler = Sampler(),
                       const Clock& clock = Clock::system());

 private:
  std::vector<std::unique_ptr<metrics::Collector>> collectors_;
};

}  // namespace vigil::resources
