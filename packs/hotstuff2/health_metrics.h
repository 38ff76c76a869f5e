// The outcome of health checks, and what measuring itself costs.
//
//   HealthMetrics health(registry);
//   health.update_health({.healthy = 3}, {.healthy = 1, .warning = 1}, {.healthy = 2});
//
// Thread-safety: any thread. Recording neither locks nor allocates.
#pragma once

#include <cstdint>

#include "packs/hotstuff2/types.h"
#include "vigil/metrics/by_enum.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::hotstuff2 {

// How many checks of a component are in which state.
struct ComponentChecks {
  std::uint32_t healthy = 0;
  std::uint32_t warning = 0;
  std::uint32_t critical = 0;
  std::uint32_t failing = 0;

  std::uint32_t total() const { return healthy + warning + critical + failing; }
  // The worst check: 0 healthy, 1 warning, 2 critical, 3 failing.
  int status() const;
  // With h the share of healthy checks, by the worst check: healthy 1, warning
  // 0.5 + 0.25 h, critical 0.5 h, failing 0.
  double score() const;
};

class HealthMetrics {
 public:
  explicit HealthMetrics(metrics::RegistryRef registry);

  // After each round of checks. Overall is the worst status and the lowest score; a
  // component without checks has neither.
  void update_health(const ComponentChecks& consensus, const ComponentChecks& network, const ComponentChecks& storage);

  const metrics::ByEnum<catalog::kHealthStatus, HealthComponent> health_status;
  const metrics::ByEnum<catalog::kHealthScore, HealthComponent> health_score;
};

// The metrics layer about itself.
class CollectionMetrics {
 public:
  explicit CollectionMetrics(metrics::RegistryRef registry);

  void record_collection_time(Seconds cpu_time);
  void record_export(ExportFormat format, Seconds duration);
  void record_samples_dropped(SampleDropReason reason, std::uint64_t count = 1);

  const metrics::InstrumentOf<catalog::kMetricsCollectionSeconds> metrics_collection;
  const metrics::ByEnum<catalog::kMetricsExportDurationSeconds, ExportFormat> metrics_export_duration;
  const metrics::ByEnum<catalog::kMetricsDropped, SampleDropReason> metrics_dropped;
};

}  // namespace vigil::packs::hotstuff2
