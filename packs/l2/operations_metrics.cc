#include "packs/l2/operations_metrics.h"

namespace vigil::packs::l2 {

OperationsMetrics::OperationsMetrics(metrics::RegistryRef registry)
    : backup_last_success_timestamp_(registry),
      backup_size_(registry),
      backup_restore_verified_timestamp_(registry),
      health_check_status_(registry, catalog::kZkfairHealthCheckStatus) {}

}  // namespace vigil::packs::l2
