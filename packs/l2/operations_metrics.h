// Recording API of the stack's upkeep: backups, restore tests, health checks.
//
// Thread-safety: any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "packs/l2/catalog/operations.h"
#include "packs/l2/units.h"
#include "vigil/metrics/by_enum.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::l2 {

// In the order of its closed label in catalog/operations.h.
enum class BackupKind : std::uint8_t { kPostgres, kContracts, kDashboards, kSnapshots };

constexpr std::string_view to_string(BackupKind v) { return catalog::kBackupKinds.values[static_cast<std::size_t>(v)]; }

class OperationsMetrics {
 public:
  explicit OperationsMetrics(metrics::RegistryRef registry);

  void record_backup(BackupKind kind, std::uint64_t bytes, Seconds since_unix_epoch) {
    backup_size_(kind).set(static_cast<double>(bytes));
    backup_last_success_timestamp_(kind).set(since_unix_epoch.count());
  }
  void record_restore_verified(BackupKind kind, Seconds since_unix_epoch) {
    backup_restore_verified_timestamp_(kind).set(since_unix_epoch.count());
  }
  // `check` is the name of a health check, one of a fixed list.
  void update_health_check(std::string_view check, bool passed) {
    health_check_status_.with(check).set(passed ? 1 : 0);
  }

 private:
  metrics::ByEnum<catalog::kZkfairBackupLastSuccessTimestampSeconds, BackupKind> backup_last_success_timestamp_;
  metrics::ByEnum<catalog::kZkfairBackupSizeBytes, BackupKind> backup_size_;
  metrics::ByEnum<catalog::kZkfairBackupRestoreVerifiedTimestampSeconds, BackupKind> backup_restore_verified_timestamp_;
  metrics::InstrumentOf<catalog::kZkfairHealthCheckStatus> health_check_status_;
};

}  // namespace vigil::packs::l2
