// A HotStuff-2 network in the time of a scheduler: replicas that propose, vote in two
// phases and commit, over links and disks whose delays add up to what each view takes.
//
// A view ends when the quorum's slowest vote is in, or when its timer expires; a fault
// changes a link, a disk, a replica or the load, never a metric.
//
// Not thread-safe: driven by the tasks of its scheduler.
#pragma once

#include <memory>
#include <span>

#include "vigil/pack/simulation.h"

namespace vigil::packs::hotstuff2 {

inline constexpr int kUsualReplicas = 4;

std::unique_ptr<pack::Simulation> simulate(const pack::SimulationOptions& options);

// Healthy life, every fault that inject() knows, and the alerts that tell of each.
std::span<const pack::Scenario> scenarios();

}  // namespace vigil::packs::hotstuff2
