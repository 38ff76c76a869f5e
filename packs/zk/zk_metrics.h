// The recording API of a ZK prover: what it calls when something happens.
//
//   using namespace vigil::packs::zk;
//   ZkMetrics::init();                                       // once, at start
//   auto& metrics = ZkMetrics::global();
//   auto guard = metrics.start_proof_generation(ProofType::kGroth16, SecurityLevel::kBit128);
//   …
//   guard.finish_success(proof_size, constraints);           // dropped unfinished: a failure
//   metrics.record_verification(Milliseconds(50), true, ProofType::kGroth16, SecurityLevel::kBit128);
//
// The free functions record into the same instance. A ZkMetrics on a registry of one's
// own is independent of it.
//
// Durations come from a monotonic clock, in any std::chrono unit; pages show seconds. A
// duration above an SLA target of its operation counts a breach by itself.
// Labels are enumerations; the few calls that take a name (wrappers, collectors) count
// names they do not know under "other".
//
// Thread-safety: any thread. Recording neither locks nor allocates once a label set is
// known, apart from the log lines of failures and errors.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "packs/zk/catalog.h"
#include "vigil/base/clock.h"
#include "vigil/base/error.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::zk {

using Seconds = std::chrono::duration<double>;
using Milliseconds = std::chrono::duration<double, std::milli>;

enum class ProofType { kGroth16, kPlonk, kStark };
enum class SecurityLevel { kBit128, kBit192, kBit256 };
enum class Operation { kProofGeneration, kVerification, kCircuitCompilation };
enum class RejectionReason { kInvalidProof, kMalformed, kBadPublicInput, kError };
enum class RequeueReason { kTimeout, kWorkerLost, kError };
enum class ErrorSink { kSentry, kLog };
enum class WorkerClass { kCpu, kGpu };

// The label value.
std::string_view to_string(ProofType type);
std::string_view to_string(SecurityLevel level);
std::string_view to_string(Operation operation);
std::string_view to_string(RejectionReason reason);
std::string_view to_string(RequeueReason reason);
std::string_view to_string(ErrorSink sink);
std::string_view to_string(WorkerClass worker_class);

// How long an operation may take; longer, strictly, is a breach.
struct SlaTarget {
  Operation operation;
  std::chrono::milliseconds target;
};
inline constexpr SlaTarget kProofGenerationSla{Operation::kProofGeneration, std::chrono::milliseconds(5000)};
inline constexpr SlaTarget kVerificationSla{Operation::kVerification, std::chrono::milliseconds(100)};
inline constexpr std::size_t kMaxSlaTargets = 32;

struct ZkOptions {
  // An operation may have several.
  std::vector<SlaTarget> sla_targets{kProofGenerationSla, kVerificationSla};
  // For provers of another speed. The thresholds of the pack's alerts (5 s, 0.5 s, 30 s)
  // must stay bounds.
  metrics::Layout proof_generation_buckets = catalog::kProofGenerationDurationSeconds.layout;
  metrics::Layout verification_buckets = catalog::kVerificationDurationSeconds.layout;
  metrics::Layout circuit_compilation_buckets = catalog::kCircuitCompilationDurationSeconds.layout;
  const Clock* clock = &Clock::system();
};

// Counts one operation as running until it goes out of scope or end() is called.
// May be moved and ended on any thread; must not outlive its ZkMetrics.
class [[nodiscard]] RunningOperation {
 public:
  RunningOperation(RunningOperation&& other) noexcept;
  RunningOperation& operator=(RunningOperation&&) = delete;
  ~RunningOperation() { end(); }
  void end();  // no effect after the first time

 private:
  friend class ZkMetrics;
  explicit RunningOperation(metrics::GaugeHandle running);
  metrics::GaugeHandle running_;
  bool counted_ = true;
};

class ZkMetrics;

// Times one proof generation. The first of finish_success(), finish_failure() and the
// destructor, which counts a failure, records it; the others have no effect. May be
// moved and finished on any thread; must not outlive its ZkMetrics.
class [[nodiscard]] ProofGenerationGuard {
 public:
  ProofGenerationGuard(ProofGenerationGuard&& other) noexcept;
  ProofGenerationGuard& operator=(ProofGenerationGuard&&) = delete;
  ~ProofGenerationGuard();

  void finish_success(std::uint64_t proof_size_bytes, std::uint64_t constraints);
  // `message` goes to the log and is never a label: no witness or key in it.
  void finish_failure(std::string_view message);

 private:
  friend class ZkMetrics;
  ProofGenerationGuard(ZkMetrics& metrics, ProofType type, SecurityLevel level);
  bool finish(bool success);

  ZkMetrics* metrics_;  // null once finished
  ProofType type_;
  SecurityLevel level_;
  std::chrono::nanoseconds start_;
  RunningOperation running_;
};

class ZkMetrics {
 public:
  explicit ZkMetrics(metrics::RegistryRef registry, ZkOptions options = {});

  // Creates the process' instance in Registry::global(). kInvalidArgument for SLA targets
  // that are none, kAlreadyExists from the second call on; both are logged.
  static Result<void> init(ZkOptions options = {});
  // True after init(): what a readiness check asks.
  static bool initialized();
  // The process' instance, which lives for ever. Throws std::logic_error before init().
  static ZkMetrics& global();

  // --- proof generation ---
  ProofGenerationGuard start_proof_generation(ProofType type, SecurityLevel level);
  // One that was timed elsewhere, by name: a wrapped program, a remote prover.
  void record_proof_generation(Milliseconds duration, bool success, std::string_view proof_type, SecurityLevel level);
  // What is known of its proof, where it succeeded.
  void record_proof_size(std::string_view proof_type, std::uint64_t bytes);
  void record_proof_constraints(std::string_view proof_type, std::uint64_t constraints);
  void record_witness_generation(Milliseconds duration, ProofType type);
  void update_queue_depth(ProofType type, std::uint64_t jobs);
  void update_queue_oldest_age(Seconds age);
  void record_queue_wait(Seconds wait, ProofType type);
  void record_job_requeued(RequeueReason reason);
  void record_job_given_up(ProofType type);  // after its last attempt

  // --- verification ---
  // `reason` is counted if not `success`.
  void record_verification(Milliseconds duration, bool success, ProofType type, SecurityLevel level,
                           RejectionReason reason = RejectionReason::kInvalidProof);
  void record_verification(Milliseconds duration, bool success, std::string_view proof_type, SecurityLevel level,
                           RejectionReason reason = RejectionReason::kInvalidProof);

  // --- circuits ---
  // `complexity` in gates, observed on success; a failure also counts as an error.
  void record_circuit_compilation(Milliseconds duration, std::uint64_t complexity, bool success);
  void record_circuit_cache_hit();
  void record_circuit_cache_miss();

  // --- resources ---
  // Operations that have no guard of their own, e.g. a verification.
  RunningOperation start_operation(Operation operation);
  void record_memory_usage(Operation operation, std::uint64_t bytes);
  void record_memory_usage(std::string_view operation, std::uint64_t bytes);
  void update_memory_limit(std::uint64_t bytes);
  void update_workers(WorkerClass worker_class, std::uint64_t alive);
  void record_worker_busy(WorkerClass worker_class, Seconds time);

  // --- errors ---
  // One of the catalogue's categories (else "other") and severities (else an error, and
  // nothing is counted). `message` goes to the log and is never a label.
  Result<void> record_error(std::string_view category, std::string_view severity, std::string_view message);
  void record_error_deduplicated(std::string_view category);
  void record_error_export_failure(ErrorSink sink);

  // --- SLA ---
  // Only for durations that are not recorded here. A target that is not configured
  // counts under target_latency_ms="other".
  void record_sla_breach(Operation operation, std::uint64_t target_latency_ms);
  void record_sla_breach(std::string_view operation, std::uint64_t target_latency_ms);
  std::span<const SlaTarget> sla_targets() const { return options_.sla_targets; }

 private:
  friend class ProofGenerationGuard;
  void check_sla(Operation operation, Milliseconds duration);

  const ZkOptions options_;
  metrics::InstrumentOf<catalog::kProofGenerationDurationSeconds> proof_generation_duration_;
  metrics::InstrumentOf<catalog::kProofsGenerated> proofs_generated_;
  metrics::InstrumentOf<catalog::kProofSizeBytes> proof_size_;
  metrics::InstrumentOf<catalog::kProofConstraints> proof_constraints_;
  metrics::InstrumentOf<catalog::kWitnessGenerationDurationSeconds> witness_generation_duration_;
  metrics::InstrumentOf<catalog::kProofQueueDepth> queue_depth_;
  metrics::InstrumentOf<catalog::kProofQueueOldestAgeSeconds> queue_oldest_age_;
  metrics::InstrumentOf<catalog::kProofQueueWaitSeconds> queue_wait_;
  metrics::InstrumentOf<catalog::kProofJobsRequeued> jobs_requeued_;
  metrics::InstrumentOf<catalog::kProofJobsMaxAttempts> jobs_max_attempts_;
  metrics::InstrumentOf<catalog::kVerificationDurationSeconds> verification_duration_;
  metrics::InstrumentOf<catalog::kVerifications> verifications_;
  metrics::InstrumentOf<catalog::kVerificationRejections> verification_rejections_;
  metrics::InstrumentOf<catalog::kCircuitCompilationDurationSeconds> circuit_compilation_duration_;
  metrics::InstrumentOf<catalog::kCircuitComplexity> circuit_complexity_;
  metrics::InstrumentOf<catalog::kCircuitCompilations> circuit_compilations_;
  metrics::InstrumentOf<catalog::kCircuitCacheHits> circuit_cache_hits_;
  metrics::InstrumentOf<catalog::kCircuitCacheMisses> circuit_cache_misses_;
  metrics::InstrumentOf<catalog::kMemoryUsageBytes> memory_usage_;
  metrics::InstrumentOf<catalog::kMemoryLimitBytes> memory_limit_;
  metrics::InstrumentOf<catalog::kConcurrentOperations> concurrent_operations_;
  metrics::InstrumentOf<catalog::kErrors> errors_;
  metrics::InstrumentOf<catalog::kSlaBreaches> sla_breaches_;
  metrics::InstrumentOf<catalog::kErrorsDeduplicated> errors_deduplicated_;
  metrics::InstrumentOf<catalog::kErrorExportFailures> error_export_failures_;
  metrics::InstrumentOf<catalog::kWorkerUp> worker_up_;
  metrics::InstrumentOf<catalog::kWorkerBusySeconds> worker_busy_;
  std::vector<metrics::CounterHandle> breaches_;  // of options_.sla_targets
};

// Resident memory of this process in bytes; 0 where the system does not tell.
std::uint64_t get_memory_usage();

// ZkMetrics::global(), initialised with the defaults if init() has not been called.
ZkMetrics& process_metrics();

inline ProofGenerationGuard start_proof_generation(ProofType type, SecurityLevel level) {
  return process_metrics().start_proof_generation(type, level);
}
inline void record_verification(Milliseconds duration, bool success, ProofType type, SecurityLevel level,
                                RejectionReason reason = RejectionReason::kInvalidProof) {
  process_metrics().record_verification(duration, success, type, level, reason);
}
inline void record_circuit_compilation(Milliseconds duration, std::uint64_t complexity, bool success) {
  process_metrics().record_circuit_compilation(duration, complexity, success);
}
inline void record_memory_usage(Operation operation, std::uint64_t bytes) {
  process_metrics().record_memory_usage(operation, bytes);
}
inline void record_memory_usage(std::string_view operation, std::uint64_t bytes) {
  process_metrics().record_memory_usage(operation, bytes);
}
inline Result<void> record_error(std::string_view category, std::string_view severity, std::string_view message) {
  return process_metrics().record_error(category, severity, message);
}
inline void record_sla_breach(Operation operation, std::uint64_t target_latency_ms) {
  process_metrics().record_sla_breach(operation, target_latency_ms);
}
inline void record_sla_breach(std::string_view operation, std::uint64_t target_latency_ms) {
  process_metrics().record_sla_breach(operation, target_latency_ms);
}

}  // namespace vigil::packs::zk
