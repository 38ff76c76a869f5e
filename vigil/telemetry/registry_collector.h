// A MetricsCollector whose series are families of a Registry, beside the typed
// instruments that are there.
//
//   RegistryCollector collector(registry, clock, {.prefix = "hotstuff2"});
//   collector.increment_counter("blocks_committed");   // hotstuff2_blocks_committed_total
//
// The labels of the first call of a name are those of its family: later calls may leave
// some out, and are refused if they bring others.
//
// Cost: a known series takes a hash of its name and labels and no lock; a new one, or one
// above a limit, takes a lock. With batch_size > 1 a thread keeps its updates to itself
// and applies that many at once.
//
// Sampling: of histograms only; counters and gauges are always exact.
//
// Metrics: vigil_collector_dropped_total{reason}, vigil_collector_flushes_total,
// vigil_collector_memory_bytes. Label sets above max_label_sets count as "other".
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "vigil/telemetry/collector.h"

namespace vigil::telemetry {

struct CollectorOptions {
  bool enabled = true;                 // false: nothing is recorded
  std::string prefix = {};             // before every name, with an "_" between
  double sampling_rate = 1;            // share of observations that histograms record, 0..1
  std::size_t batch_size = 1;          // updates a thread collects before it applies them
  std::size_t max_memory = 64U << 20;  // bytes of families and series, estimated; new ones beyond it are dropped
  std::size_t max_families = 1000;
  std::uint32_t max_label_sets = 99;  // of a family
};

class RegistryCollector final : public MetricsCollector {
 public:
  // Both outlive the collector; its families leave the registry with it.
  RegistryCollector(metrics::Registry& registry, const Clock& clock, CollectorOptions options = {});
  ~RegistryCollector() override;

  void increment_counter_by(std::string_view name, std::uint64_t value, LabelList labels = {}) override;
  void set_gauge(std::string_view name, double value, LabelList labels = {}) override;
  void increment_gauge(std::string_view name, double delta, LabelList labels = {}) override;
  void record_histogram(std::string_view name, double value, LabelList labels = {}) override;
  Result<void> record_custom_metric(const CustomMetric& metric) override;
  Result<void> flush_metrics() override;
  void visit(metrics::Visitor& visitor) const override;
  const Clock& clock() const override;

 private:
  class Core;
  const std::unique_ptr<Core> core_;
};

}  // namespace vigil::telemetry
