// One prover of the simulated proof system: its workers, its machine, and the metrics it
// records. See simulation.h.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <vector>

#include "packs/zk/faults.h"
#include "packs/zk/zk_metrics.h"
#include "vigil/base/clock.h"
#include "vigil/sim/random.h"

namespace vigil::packs::zk {

struct Job {
  Timestamp accepted = 0;
  Timestamp available = 0;  // since when it waits
  ProofType type = ProofType::kGroth16;
  SecurityLevel level = SecurityLevel::kBit128;
  double constraints = 0;
  bool too_large = false;  // for any machine
  bool poisoned = false;
  int attempts = 0;
};

// A proof being made.
struct Attempt {
  Job job;
  ProofGenerationGuard guard;
  Duration length = 0;
  double memory = 0;  // bytes
  bool fails = false;
};

class SimulatedProver {
 public:
  SimulatedProver(int number, std::uint64_t seed, const Clock& clock, metrics::Registry& registry);

  bool takes(const Conditions& conditions) const;
  // Starts a job; the attempt ends after its `length` by finish().
  std::list<Attempt>::iterator start(Job job, const Conditions& conditions);
  // The job if it has to be tried again.
  std::optional<Job> finish(std::list<Attempt>::iterator attempt, const Conditions& conditions);
  // What ran is lost and handed back, but for what was tried too often.
  std::vector<Job> abandon();
  // The kernel kills the process; it comes back by itself.
  std::vector<Job> die();

  void live_through_second(const Conditions& conditions);

  bool up = true;
  Timestamp back_at = 0;   // of a killed process
  std::uint64_t life = 0;  // grows with each kill: attempts of an earlier life do not end
  double cpu() const { return cpu_; }
  double memory() const { return memory_; }
  std::size_t running() const { return running_.size(); }

  ZkMetrics metrics;

 private:
  void verify(const Conditions& conditions);
  void compile(const Conditions& conditions);
  void meet_errors(const Conditions& conditions);
  bool every(Duration period) const;

  const Clock& clock_;
  const int number_;
  sim::Random random_;
  std::list<Attempt> running_;
  double cpu_ = 0.2, memory_ = 6e9, leaked_ = 0;
  std::uint64_t seconds_ = 0;
  double next_compilation_ = 20;
};

}  // namespace vigil::packs::zk
