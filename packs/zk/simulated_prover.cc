#include "packs/zk/simulated_prover.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace vigil::packs::zk {
namespace {

constexpr double kMemoryLimit = 64e9;
constexpr double kCores = 8, kCoresOfProof = 1.6;
constexpr int kMaxAttempts = 3;

// Seconds, bytes of memory and bytes of proof of a usual circuit.
struct Kind {
  double seconds;
  double memory;
  double size;
};
constexpr Kind kKinds[] = {{0.9, 1.6e9, 192}, {1.5, 2.4e9, 868}, {2.0, 3.6e9, 94'000}};

}  // namespace

SimulatedProver::SimulatedProver(int number, std::uint64_t seed, const Clock& clock, metrics::Registry& registry)
    : metrics(registry,
              [&clock] {
                ZkOptions options;
                options.clock = &clock;
                return options;
              }()),
      clock_(clock),
      number_(number),
      random_(seed, static_cast<std::uint64_t>(number)) {
  metrics.update_memory_limit(static_cast<std::uint64_t>(kMemoryLimit));
}

bool SimulatedProver::takes(const Conditions& conditions) const {
  return up && !conditions.workers_hang && static_cast<int>(running_.size()) < conditions.workers;
}

std::list<Attempt>::iterator SimulatedProver::start(Job job, const Conditions& conditions) {
  const Kind& kind = kKinds[static_cast<std::size_t>(job.type)];
  const double size = job.constraints / 500'000;
  metrics.record_queue_wait(Seconds(static_cast<double>(clock_.now() - job.available) / 1000), job.type);
  // The key of the circuit is in the cache, or is loaded from disk.
  const bool cached = random_.chance(conditions.cache_hits);
  if (cached) {
    metrics.record_circuit_cache_hit();
  } else {
    metrics.record_circuit_cache_miss();
  }
  const Seconds witness(0.12 * size * random_.between(0.8, 1.3));
  metrics.record_witness_generation(witness, job.type);
  // Proofs beyond the cores share them.
  const double crowd = std::max(1.0, static_cast<double>(running_.size() + 1) * kCoresOfProof / kCores);
  const double seconds = kind.seconds * size * conditions.slowness * crowd * random_.between(0.85, 1.2) +
                         witness.count() + (cached ? 0 : 0.15);
  ++job.attempts;
  const double memory = job.too_large ? kMemoryLimit : kind.memory * size;
  running_.push_front({.job = job,
                       .guard = metrics.start_proof_generation(job.type, job.level),
                       .length = static_cast<Duration>(seconds * 1000),
                       .memory = memory,
                       .fails = job.poisoned || random_.chance(0.001 + conditions.bad_keys)});
  return running_.begin();
}

std::optional<Job> SimulatedProver::finish(std::list<Attempt>::iterator attempt, const Conditions& conditions) {
  Attempt done = std::move(*attempt);
  running_.erase(attempt);
  metrics.record_worker_busy(number_ % 2 == 0 ? WorkerClass::kGpu : WorkerClass::kCpu,
                             Seconds(static_cast<double>(done.length) / 1000));
  if (!done.fails) {
    const Kind& kind = kKinds[static_cast<std::size_t>(done.job.type)];
    done.guard.finish_success(static_cast<std::uint64_t>(kind.size * random_.between(1, 1.1)),
                              static_cast<std::uint64_t>(done.job.constraints));
    return std::nullopt;
  }
  done.guard.finish_failure("the proof does not verify");
  const bool keys = conditions.bad_keys > 0;
  static_cast<void>(metrics.record_error(keys ? "parameter_error" : "proof_generation", keys ? "error" : "warning",
                                         "proof generation failed"));
  if (done.job.attempts >= kMaxAttempts) {
    metrics.record_job_given_up(done.job.type);
    return std::nullopt;
  }
  metrics.record_job_requeued(RequeueReason::kError);
  done.job.available = clock_.now();
  return done.job;
}

std::vector<Job> SimulatedProver::abandon() {
  ++life;
  std::vector<Job> lost;
  for (Attempt& attempt : running_) {
    attempt.job.available = clock_.now();
    if (attempt.job.attempts >= kMaxAttempts) {
      metrics.record_job_given_up(attempt.job.type);
      continue;
    }
    metrics.record_job_requeued(RequeueReason::kWorkerLost);
    lost.push_back(attempt.job);
  }
  running_.clear();
  return lost;
}

std::vector<Job> SimulatedProver::die() {
  up = false;
  back_at = clock_.now() + 20 * kSecond;
  leaked_ = 0;
  static_cast<void>(metrics.record_error("memory_error", "critical", "killed by the kernel: out of memory"));
  return abandon();
}

void SimulatedProver::live_through_second(const Conditions& conditions) {
  ++seconds_;
  const double wanted = 0.05 + static_cast<double>(running_.size()) * kCoresOfProof / kCores;
  cpu_ = std::clamp(cpu_ + 0.3 * (wanted - cpu_), 0.02, 0.99);
  leaked_ = conditions.leak > 0 ? std::min(leaked_ + conditions.leak, 50e9) : 0;
  double proofs = 0;
  for (const Attempt& attempt : running_) proofs += attempt.memory;
  memory_ = std::min(6e9 + proofs + leaked_, kMemoryLimit * 0.97);
  metrics.record_memory_usage(Operation::kProofGeneration, static_cast<std::uint64_t>(memory_));
  metrics.record_memory_usage(Operation::kVerification, static_cast<std::uint64_t>(2e9 + leaked_ * 0.1));
  const auto workers = static_cast<std::uint64_t>(conditions.workers_hang ? 0 : conditions.workers);
  metrics.update_workers(number_ % 2 == 0 ? WorkerClass::kGpu : WorkerClass::kCpu, workers);
  verify(conditions);
  compile(conditions);
  meet_errors(conditions);
}

void SimulatedProver::verify(const Conditions& conditions) {
  const auto count = 2 + random_.below(3);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto type = static_cast<ProofType>(random_.below(3));
    const auto level = random_.chance(0.8) ? SecurityLevel::kBit128 : SecurityLevel::kBit256;
    // Beside many proofs there is less of the CPU for it.
    const double seconds = conditions.verification * random_.between(0.7, 1.25) * (1 + 0.8 * cpu_ * cpu_);
    const auto running = metrics.start_operation(Operation::kVerification);
    const bool valid = !random_.chance(conditions.invalid_proofs + 0.0005);
    metrics.record_verification(Seconds(seconds), valid, type, level, RejectionReason::kInvalidProof);
  }
  if (number_ == 1 && every(conditions.hiccup)) {
    metrics.record_verification(Milliseconds(200), true, ProofType::kStark, SecurityLevel::kBit256);
  }
}

void SimulatedProver::compile(const Conditions& conditions) {
  if (static_cast<double>(seconds_) < next_compilation_) return;
  next_compilation_ += random_.between(30, 60);
  metrics.record_circuit_compilation(Seconds(conditions.compilation * random_.between(0.8, 1.3)),
                                     static_cast<std::uint64_t>(conditions.gates * random_.between(0.8, 1.3)), true);
  metrics.record_memory_usage(Operation::kCircuitCompilation, static_cast<std::uint64_t>(3e9 + conditions.gates * 2e3));
}

void SimulatedProver::meet_errors(const Conditions& conditions) {
  if (random_.chance(0.002)) {
    static_cast<void>(metrics.record_error("timeout", "warning", "the chain answered late"));
  }
  if (random_.chance(conditions.timeouts)) {
    static_cast<void>(metrics.record_error("timeout", "error", "the chain does not answer"));
    if (random_.chance(0.5)) metrics.record_error_deduplicated("timeout");
  }
  if (number_ != 1) return;
  if (every(conditions.self_check)) {
    static_cast<void>(metrics.record_error("proof_generation", "critical", "a proof failed its own check"));
  }
  if (every(conditions.weak_parameters)) {
    static_cast<void>(metrics.record_error("security_violation", "critical", "security level below the minimum"));
  }
}

bool SimulatedProver::every(Duration period) const {
  return period > 0 && static_cast<Duration>(seconds_) % (period / kSecond) == 5;
}

}  // namespace vigil::packs::zk
