// The simulated ZeroState network: a bootnode, edge nodes that run tasks and pay, and a
// relay, among 200 agents nobody watches. One step a second; what happens follows from
// what happened: tasks need peers, payments need messages that arrive and channels that
// are open, health follows from all of them.
#pragma once

#include <memory>
#include <span>

#include "vigil/pack/simulation.h"

namespace vigil::packs::zerostate {

inline constexpr int kUsualNodes = 6;  // one bootnode, one relay; at least 3

std::unique_ptr<pack::Simulation> simulate(const pack::SimulationOptions& options);

// "healthy", then a fault for each alert and each disaster.
std::span<const pack::Scenario> scenarios();

}  // namespace vigil::packs::zerostate
