#include "vigil/telemetry/collector.h"

namespace vigil::telemetry {

Result<MetricsSnapshot> MetricsCollector::snapshot() {
  VIGIL_TRY_VOID(flush_metrics());
  return MetricsSnapshot::of([this](metrics::Visitor& visitor) { visit(visitor); }, clock().now());
}

}  // namespace vigil::telemetry
