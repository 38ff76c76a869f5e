#include "packs/zerostate/system_metrics.h"

#include <algorithm>

namespace vigil::packs::zerostate {

double health_score(const HealthCounts& counts) {
  const std::uint64_t all = counts.healthy + counts.warning + counts.critical + counts.failing;
  if (counts.failing > 0 || all == 0) return 0;
  const double healthy = static_cast<double>(counts.healthy) / static_cast<double>(all);
  if (counts.critical > 0) return 0.5 * healthy;
  if (counts.warning > 0) return 0.5 + 0.25 * healthy;
  return 1;
}

SystemMetrics::SystemMetrics(metrics::RegistryRef registry)
    : component_health_score_(registry),
      errors_(registry),
      request_duration_(registry),
      build_info_(registry, catalog::kSystemBuildInfo),
      start_time_(registry, catalog::kSystemStartTimeSeconds) {}

void SystemMetrics::update_health(Layer layer, double score) {
  const double clamped = score >= 0 ? std::min(score, 1.0) : 0.0;
  if (clamped != score) record_error(layer);
  component_health_score_(layer).set(clamped);
}

}  // namespace vigil::packs::zerostate
