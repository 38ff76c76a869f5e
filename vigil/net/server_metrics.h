// A server's counters as metrics. Internal to net.
#pragma once

#include "vigil/metrics/registry.h"
#include "vigil/net/server.h"

namespace vigil::net {

// Shows `stats`, which must outlive it, in a registry.
class ServerMetrics {
 public:
  ServerMetrics(metrics::Registry& registry, const ServerStats& stats);

 private:
  metrics::Collector connections_;
  metrics::Collector open_;
  metrics::Collector running_;
  metrics::Collector refused_;
  metrics::Collector failures_;
  metrics::Collector bytes_;
};

}  // namespace vigil::net
