// A registry as a file for node_exporter's textfile collector: what short programs
// (cron jobs, benchmarks) leave behind instead of serving /metrics.
//
//   VIGIL_TRY_VOID(write_textfile(Registry::global(), "/var/lib/node_exporter/backup.prom"));
#pragma once

#include <filesystem>

#include "vigil/base/error.h"
#include "vigil/base/file_system.h"
#include "vigil/metrics/registry.h"

namespace vigil::exposition {

// Replaces `path` (node_exporter reads "*.prom") by rename, so that a reader sees the old or
// the new page, whole. Streamed to `path` + ".tmp", which the collector does not read.
// One writer per path.
Result<void> write_textfile(const metrics::Registry& registry, const std::filesystem::path& path,
                            FileSystem& files = FileSystem::real());

}  // namespace vigil::exposition
