// The store's own figures as metrics.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/metrics/registry.h"
#include "vigil/storage/database.h"

namespace vigil::engine {

// Shown while it lives; reads the database when the registry is visited.
class StorageMetrics {
 public:
  StorageMetrics(metrics::Registry& registry, storage::Database& database, const Clock& clock);

 private:
  struct Snapshot {
    Snapshot(storage::Database& source, const Clock& time);
    const storage::Stats& stats();

    storage::Database& database;
    const Clock& clock;
    std::mutex mutex;
    std::optional<std::chrono::nanoseconds> taken;
    storage::Stats current;
  };
  Snapshot snapshot_;
  std::vector<std::unique_ptr<metrics::Collector>> collectors_;
};

}  // namespace vigil::engine
