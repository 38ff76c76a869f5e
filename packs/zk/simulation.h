// A proof system in the time of a scheduler: provers that take jobs from one queue, share
// their cores and memory between proofs, compile circuits, and verify.
//
// Jobs arrive, wait for a worker, take as long as their circuit and the machine make them,
// and are tried again when they fail. A fault changes workers, machines, circuits or
// clients, never a metric.
//
// Not thread-safe: driven by the tasks of its scheduler.
#pragma once

#include <memory>
#include <span>

#include "vigil/pack/simulation.h"

namespace vigil::packs::zk {

inline constexpr int kUsualProvers = 2;

std::unique_ptr<pack::Simulation> simulate(const pack::SimulationOptions& options);

// Healthy life, every fault that inject() knows, and the alerts that tell of each.
std::span<const pack::Scenario> scenarios();

}  // namespace vigil::packs::zk
