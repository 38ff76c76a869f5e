// ZKFair's stack in one process: sequencer, batcher, prover, bundler, Celestia, and the
// hosts, databases and probes around them.
//
// One step is a second: blocks, bundles, blobs and batches are events of their own, the
// rest advances by what a second of this load makes. A day takes seconds.
#pragma once

#include <memory>
#include <span>

#include "vigil/pack/simulation.h"

namespace vigil::packs::l2 {

std::unique_ptr<pack::Simulation> simulate(const pack::SimulationOptions& options);

// A fault for every alert, and the disasters: sequencer halt, paymaster drained, DA
// outage, reorg.
std::span<const pack::Scenario> scenarios();

}  // namespace vigil::packs::l2
