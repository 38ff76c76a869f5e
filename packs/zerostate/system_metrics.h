// What a ZeroState process says of itself, by layer.
//
// Thread-safety: any thread. Recording takes no lock and allocates nothing, except
// set_build_info().
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "packs/zerostate/catalog/system.h"
#include "packs/zerostate/types.h"
#include "vigil/metrics/by_enum.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::zerostate {

enum class Layer : std::uint8_t { kP2p, kExecution, kEconomic };

constexpr std::string_view to_string(Layer v) { return catalog::kLayers.values[static_cast<std::size_t>(v)]; }

// How many checks of a layer ended in which state.
struct HealthCounts {
  std::uint64_t healthy = 0;
  std::uint64_t warning = 0;
  std::uint64_t critical = 0;
  std::uint64_t failing = 0;
};

// 1 if all is healthy; with h = the healthy share, 0.5 + 0.25 h if the worst check is
// a warning, 0.5 h if it is critical, 0 if it is failing or nothing was checked. So
// 0.8 and 0.5 part healthy, degraded and critical.
double health_score(const HealthCounts& counts);

class SystemMetrics {
 public:
  explicit SystemMetrics(metrics::RegistryRef registry);

  void record_error(Layer layer) { errors_(layer).inc(); }
  // A whole operation as its caller sees it.
  void record_request(Layer layer, Seconds duration) { request_duration_(layer).observe(duration.count()); }
  // After each round of health checks: health_score(), or a measure of the node's own.
  // A score outside 0 to 1 is clamped and counted as an error of the layer; NaN is 0.
  void update_health(Layer layer, double score);
  void set_build_info(std::string_view version, std::string_view commit) { build_info_.with(version, commit).set(1); }
  void set_start_time(Seconds since_unix_epoch) { start_time_.set(since_unix_epoch.count()); }

 private:
  metrics::ByEnum<catalog::kSystemComponentHealthScore, Layer> component_health_score_;
  metrics::ByEnum<catalog::kSystemErrors, Layer> errors_;
  metrics::ByEnum<catalog::kSystemRequestDurationSeconds, Layer> request_duration_;
  metrics::InstrumentOf<catalog::kSystemBuildInfo> build_info_;
  metrics::InstrumentOf<catalog::kSystemStartTimeSeconds> start_time_;
};

}  // namespace vigil::packs::zerostate
