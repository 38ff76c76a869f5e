// What the process says of itself, by layer.
#pragma once

#include <array>

#include "vigil/metrics/metrics.h"

namespace vigil::packs::zerostate::catalog {

using vigil::metrics::buckets;
using vigil::metrics::closed;
using vigil::metrics::ClosedLabel;
using vigil::metrics::CounterDef;
using vigil::metrics::GaugeDef;
using vigil::metrics::HistogramDef;

inline constexpr ClosedLabel kLayers = closed<"layer", "p2p", "execution", "economic">;

inline constexpr GaugeDef<"layer"> kSystemComponentHealthScore{
    "system_component_health_score",
    "Health, 0 to 1, after each round of health checks; layer = p2p, execution, economic.",
    {.closed = {kLayers}}};

inline constexpr CounterDef<"layer"> kSystemErrors{
    "system_errors_total", "Errors of a layer; layer = p2p, execution, economic.", {.closed = {kLayers}}};

inline constexpr HistogramDef<"layer"> kSystemRequestDurationSeconds{
    "system_request_duration_seconds",
    "End-to-end operation latency; layer = p2p, execution, economic.",
    buckets<0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0>,
    {.closed = {kLayers}, .unit = "seconds"}};

inline constexpr GaugeDef<"version", "commit"> kSystemBuildInfo{"system_build_info",
                                                                "1, with the version and commit that run."};

inline constexpr GaugeDef<> kSystemStartTimeSeconds{
    "system_start_time_seconds", "Start of the process, Unix time.", {.unit = "seconds"}};

inline constexpr std::array kSystem{
    kSystemComponentHealthScore.describe(),   kSystemErrors.describe(),
    kSystemRequestDurationSeconds.describe(), kSystemBuildInfo.describe(),
    kSystemStartTimeSeconds.describe(),
};

}  // namespace vigil::packs::zerostate::catalog
