// What can go wrong in the simulated proof system, as data. See simulation.h.
#pragma once

#include <span>
#include <string_view>

#include "vigil/base/time.h"

namespace vigil::packs::zk {

// What the provers, their circuits and their clients are like without a fault.
struct Conditions {
  double slowness = 1;             // of proof generation
  int workers = 4;                 // of each prover
  bool last_prover_down = false;   //
  bool workers_hang = false;       // take no job and finish none
  bool killed_for_memory = false;  // a job that no machine has the memory for comes again and again
  bool poisoned = false;           // a job that fails every attempt
  double bad_keys = 0;             // share of proofs that fail for their keys
  double large_circuits = 0.0;     // share of jobs with a circuit too large for the target
  double extra_jobs = 1;           // of the usual arrivals
  double leak = 0;                 // bytes a second
  double gates = 250'000;          // of a compiled circuit
  double compilation = 6;          // seconds
  double cache_hits = 0.92;        // share
  double verification = 0.02;      // seconds
  double invalid_proofs = 0;       // share of what is verified
  double timeouts = 0;             // errors a second: upstream calls
  Duration hiccup = 0;             // every so often a verification takes 0.2 s; 0: never
  Duration self_check = 0;         // every so often a proof fails its own check
  Duration weak_parameters = 0;    // every so often a client asks for less security
};

struct Fault {
  std::string_view name;
  void (*apply)(Conditions& conditions);
};

std::span<const Fault> faults();

}  // namespace vigil::packs::zk
