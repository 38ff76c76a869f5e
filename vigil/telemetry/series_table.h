// Finds what belongs to a metric name and labels in any order, without a lock.
// Append-only; behind RegistryCollector, not for callers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/metrics/metrics.h"
#include "vigil/telemetry/collector.h"

namespace vigil::telemetry::internal {

// One series, at a fixed address while its table lives.
struct SeriesEntry {
  std::uint64_t hash = 0;
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;  // as first given
  MetricType type = MetricType::kUnknown;                   // kUnknown: refused
  metrics::CounterHandle counter = {};
  metrics::GaugeHandle gauge = {};
  metrics::HistogramHandle histogram = {};
};

std::uint64_t hash_series(std::string_view name, LabelList labels);

// Thread-safety: find() from any thread; insert() from one at a time.
class SeriesTable {
 public:
  SeriesTable();
  ~SeriesTable();
  SeriesTable(const SeriesTable&) = delete;
  SeriesTable& operator=(const SeriesTable&) = delete;

  SeriesEntry* find(std::uint64_t hash, std::string_view name, LabelList labels) const;
  SeriesEntry* insert(std::unique_ptr<SeriesEntry> entry);

 private:
  struct Slots {
    explicit Slots(std::size_t size) : mask(size - 1), slot(new std::atomic<SeriesEntry*>[size]()) {}
    std::size_t mask;
    std::unique_ptr<std::atomic<SeriesEntry*>[]> slot;
  };
  static void put(Slots& slots, SeriesEntry* entry);

  std::atomic<Slots*> slots_;
  // Outgrown slots stay while a reader may look at them: together as large as the ones in use.
  std::vector<std::unique_ptr<Slots>> all_slots_;
  std::vector<std::unique_ptr<SeriesEntry>> entries_;
};

}  // namespace vigil::telemetry::internal
