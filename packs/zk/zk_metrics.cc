#include "packs/zk/zk_metrics.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "vigil/base/file_system.h"
#include "vigil/base/log.h"
#include "vigil/base/mutex.h"

namespace vigil::packs::zk {
namespace {

using metrics::each;

constexpr std::string_view kOther = "other";

template <class Values, class Enum>
std::string_view label(const Values& values, Enum value) {
  return values[static_cast<std::size_t>(value)];
}

// Enumerators stand in the order of the catalogue's values.
std::string_view status(bool success) { return catalog::kStatuses.values[success ? 0 : 1]; }

std::string_view known(std::span<const std::string_view> values, std::string_view value) {
  return std::ranges::find(values, value) == values.end() ? kOther : value;
}

template <class Definition>
Definition with_layout(Definition definition, metrics::Layout layout) {
  definition.layout = layout;
  return definition;
}

log::Level level_of(std::string_view severity) {
  if (severity == "debug") return log::Level::kDebug;
  if (severity == "info") return log::Level::kInfo;
  if (severity == "warning") return log::Level::kWarn;
  return log::Level::kError;
}

Result<void> check(const ZkOptions& options) {
  if (options.sla_targets.size() > kMaxSlaTargets) {
    return fail(ErrorCode::kLimitExceeded, std::to_string(options.sla_targets.size()) + " SLA targets; at most " +
                                               std::to_string(kMaxSlaTargets) + " are possible");
  }
  for (const SlaTarget& sla : options.sla_targets) {
    if (sla.target.count() > 0) continue;
    return fail(ErrorCode::kInvalidArgument, "the SLA target of " + std::string(to_string(sla.operation)) + " is " +
                                                 std::to_string(sla.target.count()) + " ms; it must be above 0");
  }
  return {};
}

struct Process {
  Mutex mutex;
  std::atomic<ZkMetrics*> instance{nullptr};

  Result<void> init(ZkOptions options) {
    VIGIL_TRY_VOID(check(options));
    MutexLock lock(mutex);
    if (instance.load(std::memory_order_relaxed) != nullptr) {
      return fail(ErrorCode::kAlreadyExists, "the process' ZkMetrics exists already; call init() once, before its use");
    }
    instance.store(new ZkMetrics(metrics::Registry::global(), std::move(options)), std::memory_order_release);
    return {};
  }
};

Process& process() {
  static auto* const state = new Process;
  return *state;
}

}  // namespace

std::string_view to_string(ProofType type) { return label(catalog::kProofTypes, type); }
std::string_view to_string(SecurityLevel level) { return label(catalog::kSecurityLevels.values, level); }
std::string_view to_string(Operation operation) { return label(catalog::kOperations, operation); }
std::string_view to_string(RejectionReason reason) { return label(catalog::kRejectionReasons.values, reason); }
std::string_view to_string(RequeueReason reason) { return label(catalog::kRequeueReasons.values, reason); }
std::string_view to_string(ErrorSink sink) { return label(catalog::kErrorSinks.values, sink); }
std::string_view to_string(WorkerClass worker_class) { return label(catalog::kWorkerClasses.values, worker_class); }

// --- guards ---

RunningOperation::RunningOperation(metrics::GaugeHandle running) : running_(running) { running_.inc(); }

RunningOperation::RunningOperation(RunningOperation&& other) noexcept
    : running_(other.running_), counted_(std::exchange(other.counted_, false)) {}

void RunningOperation::end() {
  if (std::exchange(counted_, false)) running_.dec();
}

ProofGenerationGuard::ProofGenerationGuard(ZkMetrics& metrics, ProofType type, SecurityLevel level)
    : metrics_(&metrics),
      type_(type),
      level_(level),
      start_(metrics.options_.clock->steady()),
      running_(metrics.start_operation(Operation::kProofGeneration)) {}

ProofGenerationGuard::ProofGenerationGuard(ProofGenerationGuard&& other) noexcept
    : metrics_(std::exchange(other.metrics_, nullptr)),
      type_(other.type_),
      level_(other.level_),
      start_(other.start_),
      running_(std::move(other.running_)) {}

ProofGenerationGuard::~ProofGenerationGuard() {
  if (metrics_ != nullptr) finish_failure("abandoned: neither finish_success nor finish_failure was called");
}

bool ProofGenerationGuard::finish(bool success) {
  if (metrics_ == nullptr) return false;
  const Seconds duration = metrics_->options_.clock->steady() - start_;
  metrics_->record_proof_generation(duration, success, to_string(type_), level_);
  running_.end();
  return true;
}

void ProofGenerationGuard::finish_success(std::uint64_t proof_size_bytes, std::uint64_t constraints) {
  if (!finish(true)) return;
  metrics_->proof_size_.with(to_string(type_)).observe(static_cast<double>(proof_size_bytes));
  metrics_->proof_constraints_.with(to_string(type_)).observe(static_cast<double>(constraints));
  metrics_ = nullptr;
}

void ProofGenerationGuard::finish_failure(std::string_view message) {
  if (!finish(false)) return;
  log::warn("zk", "proof generation failed",
            {{"proof_type", to_string(type_)}, {"security_level", to_string(level_)}, {"error", message}});
  metrics_ = nullptr;
}

// --- the process' instance ---

Result<void> ZkMetrics::init(ZkOptions options) {
  Result<void> result = process().init(std::move(options));
  if (!result) log::error("zk", "metrics not initialised", {{"error", result.error().message()}});
  return result;
}

bool ZkMetrics::initialized() { return process().instance.load(std::memory_order_acquire) != nullptr; }

ZkMetrics& ZkMetrics::global() {
  ZkMetrics* const instance = process().instance.load(std::memory_order_acquire);
  if (instance == nullptr) throw std::logic_error("ZkMetrics::global() before ZkMetrics::init()");
  return *instance;
}

ZkMetrics& process_metrics() {
  // Of several threads that come first together one wins; the others find its instance.
  if (!ZkMetrics::initialized()) static_cast<void>(process().init({}));
  return ZkMetrics::global();
}

// --- recording ---

ZkMetrics::ZkMetrics(metrics::RegistryRef registry, ZkOptions options)
    : options_(std::move(options)),
      proof_generation_duration_(
          registry, with_layout(catalog::kProofGenerationDurationSeconds, options_.proof_generation_buckets)),
      proofs_generated_(registry, catalog::kProofsGenerated),
      proof_size_(registry, catalog::kProofSizeBytes),
      proof_constraints_(registry, catalog::kProofConstraints),
      witness_generation_duration_(registry, catalog::kWitnessGenerationDurationSeconds),
      queue_depth_(registry, catalog::kProofQueueDepth),
      queue_oldest_age_(registry, catalog::kProofQueueOldestAgeSeconds),
      queue_wait_(registry, catalog::kProofQueueWaitSeconds),
      jobs_requeued_(registry, catalog::kProofJobsRequeued),
      jobs_max_attempts_(registry, catalog::kProofJobsMaxAttempts),
      verification_duration_(registry,
                             with_layout(catalog::kVerificationDurationSeconds, options_.verification_buckets)),
      verifications_(registry, catalog::kVerifications),
      verification_rejections_(registry, catalog::kVerificationRejections),
      circuit_compilation_duration_(
          registry, with_layout(catalog::kCircuitCompilationDurationSeconds, options_.circuit_compilation_buckets)),
      circuit_complexity_(registry, catalog::kCircuitComplexity),
      circuit_compilations_(registry, catalog::kCircuitCompilations),
      circuit_cache_hits_(registry, catalog::kCircuitCacheHits),
      circuit_cache_misses_(registry, catalog::kCircuitCacheMisses),
      memory_usage_(registry, catalog::kMemoryUsageBytes),
      memory_limit_(registry, catalog::kMemoryLimitBytes),
      concurrent_operations_(registry, catalog::kConcurrentOperations),
      errors_(registry, catalog::kErrors),
      sla_breaches_(registry, catalog::kSlaBreaches),
      errors_deduplicated_(registry, catalog::kErrorsDeduplicated),
      error_export_failures_(registry, catalog::kErrorExportFailures),
      worker_up_(registry, catalog::kWorkerUp),
      worker_busy_(registry, catalog::kWorkerBusySeconds) {
  // At 0 from the start: else increase() misses exactly the first failure.
  for (const std::string_view type : catalog::kProofTypes) {
    proof_generation_duration_.prepare(type, each);
    proofs_generated_.prepare(type, each, each);
    proof_size_.prepare(type);
    proof_constraints_.prepare(type);
    witness_generation_duration_.prepare(type);
    queue_wait_.prepare(type);
    jobs_max_attempts_.prepare(type);
    verification_duration_.prepare(type, each);
    verifications_.prepare(type, each, each);
  }
  for (const std::string_view category : catalog::kErrorCategories) {
    errors_.prepare(category, each);
    errors_deduplicated_.prepare(category);
  }
  for (const SlaTarget& sla : options_.sla_targets) {
    breaches_.push_back(sla_breaches_.with(to_string(sla.operation), std::to_string(sla.target.count())));
  }
}

void ZkMetrics::check_sla(Operation operation, Milliseconds duration) {
  for (std::size_t i = 0; i < breaches_.size(); ++i) {
    const SlaTarget& sla = options_.sla_targets[i];
    if (sla.operation == operation && duration > sla.target) breaches_[i].inc();
  }
}

ProofGenerationGuard ZkMetrics::start_proof_generation(ProofType type, SecurityLevel level) {
  return {*this, type, level};
}

void ZkMetrics::record_proof_generation(Milliseconds duration, bool success, std::string_view proof_type,
                                        SecurityLevel level) {
  const std::string_view type = known(catalog::kProofTypes, proof_type);
  proof_generation_duration_.with(type, to_string(level)).observe(Seconds(duration).count());
  proofs_generated_.with(type, to_string(level), status(success)).inc();
  check_sla(Operation::kProofGeneration, duration);
}

void ZkMetrics::record_proof_size(std::string_view proof_type, std::uint64_t bytes) {
  proof_size_.with(known(catalog::kProofTypes, proof_type)).observe(static_cast<double>(bytes));
}

void ZkMetrics::record_proof_constraints(std::string_view proof_type, std::uint64_t constraints) {
  proof_constraints_.with(known(catalog::kProofTypes, proof_type)).observe(static_cast<double>(constraints));
}

void ZkMetrics::record_witness_generation(Milliseconds duration, ProofType type) {
  witness_generation_duration_.with(to_string(type)).observe(Seconds(duration).count());
}

void ZkMetrics::update_queue_depth(ProofType type, std::uint64_t jobs) {
  queue_depth_.with(to_string(type)).set(static_cast<double>(jobs));
}

void ZkMetrics::update_queue_oldest_age(Seconds age) { queue_oldest_age_.set(age.count()); }

void ZkMetrics::record_queue_wait(Seconds wait, ProofType type) {
  queue_wait_.with(to_string(type)).observe(wait.count());
}

void ZkMetrics::record_job_requeued(RequeueReason reason) { jobs_requeued_.with(to_string(reason)).inc(); }

void ZkMetrics::record_job_given_up(ProofType type) { jobs_max_attempts_.with(to_string(type)).inc(); }

void ZkMetrics::record_verification(Milliseconds duration, bool success, ProofType type, SecurityLevel level,
                                    RejectionReason reason) {
  record_verification(duration, success, to_string(type), level, reason);
}

void ZkMetrics::record_verification(Milliseconds duration, bool success, std::string_view proof_type,
                                    SecurityLevel level, RejectionReason reason) {
  const std::string_view type = known(catalog::kProofTypes, proof_type);
  verification_duration_.with(type, to_string(level)).observe(Seconds(duration).count());
  verifications_.with(type, to_string(level), status(success)).inc();
  if (!success) verification_rejections_.with(to_string(reason)).inc();
  check_sla(Operation::kVerification, duration);
}

void ZkMetrics::record_circuit_compilation(Milliseconds duration, std::uint64_t complexity, bool success) {
  circuit_compilation_duration_.observe(Seconds(duration).count());
  circuit_compilations_.with(status(success)).inc();
  if (success) {
    circuit_complexity_.observe(static_cast<double>(complexity));
  } else {
    errors_.with("circuit_compilation", "error").inc();
  }
  check_sla(Operation::kCircuitCompilation, duration);
}

void ZkMetrics::record_circuit_cache_hit() { circuit_cache_hits_.inc(); }
void ZkMetrics::record_circuit_cache_miss() { circuit_cache_misses_.inc(); }

RunningOperation ZkMetrics::start_operation(Operation operation) {
  return RunningOperation(concurrent_operations_.with(to_string(operation)));
}

void ZkMetrics::record_memory_usage(Operation operation, std::uint64_t bytes) {
  record_memory_usage(to_string(operation), bytes);
}

void ZkMetrics::record_memory_usage(std::string_view operation, std::uint64_t bytes) {
  memory_usage_.with(known(catalog::kOperations, operation)).set(static_cast<double>(bytes));
}

void ZkMetrics::update_memory_limit(std::uint64_t bytes) { memory_limit_.set(static_cast<double>(bytes)); }

void ZkMetrics::update_workers(WorkerClass worker_class, std::uint64_t alive) {
  worker_up_.with(to_string(worker_class)).set(static_cast<double>(alive));
}

void ZkMetrics::record_worker_busy(WorkerClass worker_class, Seconds time) {
  worker_busy_.with(to_string(worker_class)).inc(time.count());
}

Result<void> ZkMetrics::record_error(std::string_view category, std::string_view severity, std::string_view message) {
  const std::string_view counted_as = known(catalog::kErrorCategories, category);
  const metrics::CounterHandle counter = errors_.with(counted_as, severity);
  if (!counter.valid()) {
    std::string text = "unknown severity \"" + std::string(severity.substr(0, 64)) + "\"; one of";
    for (const std::string_view value : catalog::kSeverities.values) text += " " + std::string(value);
    return fail(ErrorCode::kInvalidArgument, std::move(text));
  }
  counter.inc();
  log::write(level_of(severity), "zk", message, {{"category", category}, {"severity", severity}});
  return {};
}

void ZkMetrics::record_error_deduplicated(std::string_view category) {
  errors_deduplicated_.with(known(catalog::kErrorCategories, category)).inc();
}

void ZkMetrics::record_error_export_failure(ErrorSink sink) { error_export_failures_.with(to_string(sink)).inc(); }

void ZkMetrics::record_sla_breach(Operation operation, std::uint64_t target_latency_ms) {
  record_sla_breach(to_string(operation), target_latency_ms);
}

void ZkMetrics::record_sla_breach(std::string_view operation, std::uint64_t target_latency_ms) {
  const bool configured = std::ranges::any_of(options_.sla_targets, [=](const SlaTarget& sla) {
    return std::cmp_equal(sla.target.count(), target_latency_ms);
  });
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), target_latency_ms).ptr;
  const std::string_view target(digits.data(), end);
  sla_breaches_.with(known(catalog::kOperations, operation), configured ? target : kOther).inc();
}

std::uint64_t get_memory_usage() {
  // "size resident shared …" in pages: proc(5).
  const auto text = FileSystem::real().read_file("/proc/self/statm");
  if (!text) return 0;
  const std::size_t start = text->find(' ') + 1;
  std::uint64_t pages = 0;
  std::from_chars(text->data() + start, text->data() + text->size(), pages);
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace vigil::packs::zk
