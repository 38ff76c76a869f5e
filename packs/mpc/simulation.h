// The MPC wallet in the time of a scheduler: wallet nodes that vote and sign over a
// network in memory, and what they stand on: etcd, PostgreSQL, containers.
//
// A lock costs proposals in etcd, a vote costs a row in PostgreSQL, a signature costs CPU
// in its signers' containers, and messages cost traffic. A fault changes a node, a link or
// one of those, never a metric.
//
// Not thread-safe: driven by the tasks of its scheduler.
#pragma once

#include <memory>
#include <span>

#include "vigil/pack/simulation.h"

namespace vigil::packs::mpc {

inline constexpr int kUsualNodes = 5;

// All but one node sign, as 4 of 5; fewer than 4 nodes are made 4.
std::unique_ptr<pack::Simulation> simulate_in_process(const pack::SimulationOptions& options);

// Healthy life, every fault that inject() knows, and the alerts that tell of each.
std::span<const pack::Scenario> scenarios();

}  // namespace vigil::packs::mpc
