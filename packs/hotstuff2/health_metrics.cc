#include "packs/hotstuff2/health_metrics.h"

#include <algorithm>
#include <utility>

namespace vigil::packs::hotstuff2 {

int ComponentChecks::status() const {
  if (failing > 0) return 3;
  if (critical > 0) return 2;
  return warning > 0 ? 1 : 0;
}

double ComponentChecks::score() const {
  const double share = total() == 0 ? 1 : static_cast<double>(healthy) / total();
  switch (status()) {
    case 0: return 1;
    case 1: return 0.5 + 0.25 * share;
    case 2: return 0.5 * share;
    default: return 0;
  }
}

HealthMetrics::HealthMetrics(metrics::RegistryRef registry) : health_status(registry), health_score(registry) {}

void HealthMetrics::update_health(const ComponentChecks& consensus, const ComponentChecks& network,
                                  const ComponentChecks& storage) {
  int worst = 0;
  double lowest = 1;
  bool any = false;
  const std::pair<HealthComponent, const ComponentChecks&> components[] = {
      {HealthComponent::kConsensus, consensus},
      {HealthComponent::kNetwork, network},
      {HealthComponent::kStorage, storage},
  };
  for (const auto& [component, checks] : components) {
    if (checks.total() == 0) {
      health_status(component).clear();
      health_score(component).clear();
      continue;
    }
    any = true;
    worst = std::max(worst, checks.status());
    lowest = std::min(lowest, checks.score());
    health_status(component).set(checks.status());
    health_score(component).set(checks.score());
  }
  if (!any) return;
  health_status(HealthComponent::kOverall).set(worst);
  health_score(HealthComponent::kOverall).set(lowest);
}

CollectionMetrics::CollectionMetrics(metrics::RegistryRef registry)
    : metrics_collection(registry, catalog::kMetricsCollectionSeconds),
      metrics_export_duration(registry),
      metrics_dropped(registry) {}

void CollectionMetrics::record_collection_time(Seconds cpu_time) { metrics_collection.inc(cpu_time.count()); }

void CollectionMetrics::record_export(ExportFormat format, Seconds duration) {
  metrics_export_duration(format).observe(duration.count());
}

void CollectionMetrics::record_samples_dropped(SampleDropReason reason, std::uint64_t count) {
  metrics_dropped(reason).inc(count);
}

}  // namespace vigil::packs::hotstuff2
