// Backups and health checks of the stack.
#pragma once

#include <array>

#include "vigil/metrics/metrics.h"

namespace vigil::packs::l2::catalog {

using vigil::metrics::closed;
using vigil::metrics::ClosedLabel;
using vigil::metrics::GaugeDef;

inline constexpr ClosedLabel kBackupKinds = closed<"kind", "postgres", "contracts", "dashboards", "snapshots">;

inline constexpr GaugeDef<"kind"> kZkfairBackupLastSuccessTimestampSeconds{
    "zkfair_backup_last_success_timestamp_seconds",
    "Time of the last backup that succeeded; kind = postgres, contracts, dashboards, snapshots.",
    {.closed = {kBackupKinds}, .unit = "seconds"}};

inline constexpr GaugeDef<"kind"> kZkfairBackupSizeBytes{
    "zkfair_backup_size_bytes",
    "Size of the last backup; kind = postgres, contracts, dashboards, snapshots.",
    {.closed = {kBackupKinds}, .unit = "bytes"}};

inline constexpr GaugeDef<"kind"> kZkfairBackupRestoreVerifiedTimestampSeconds{
    "zkfair_backup_restore_verified_timestamp_seconds",
    "Time of the last restore test that passed; kind = postgres, contracts, dashboards, snapshots.",
    {.closed = {kBackupKinds}, .unit = "seconds"}};

inline constexpr GaugeDef<"check"> kZkfairHealthCheckStatus{"zkfair_health_check_status",
                                                            "1 pass, 0 fail; check = the name of the health check."};

inline constexpr std::array kOperations{
    kZkfairBackupLastSuccessTimestampSeconds.describe(),
    kZkfairBackupSizeBytes.describe(),
    kZkfairBackupRestoreVerifiedTimestampSeconds.describe(),
    kZkfairHealthCheckStatus.describe(),
};

}  // namespace vigil::packs::l2::catalog
