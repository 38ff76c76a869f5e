// Every metric of a ZK prover, declared once: name, type, labels with their closed
// value sets, buckets, help. The recording API (zk_metrics.h) creates them; rules and
// dashboards are checked against kAll.
//
// Circuit, operation and block ids are never labels. proof_type, operation,
// operation_type and category have a known set of values (below) plus "other", which
// appears only once a caller by name passes something else; they are therefore open
// here and prepared by ZkMetrics. target_latency_ms holds the configured SLA targets.
// Every alert threshold on a histogram is one of its bounds.
#pragma once

#include <array>
#include <string_view>

#include "vigil/metrics/metrics.h"

namespace vigil::packs::zk::catalog {

using vigil::metrics::buckets;
using vigil::metrics::closed;
using vigil::metrics::ClosedLabel;
using vigil::metrics::CounterDef;
using vigil::metrics::GaugeDef;
using vigil::metrics::HistogramDef;

inline constexpr ClosedLabel kSecurityLevels = closed<"security_level", "128", "192", "256">;
inline constexpr ClosedLabel kStatuses = closed<"status", "success", "failure">;
inline constexpr ClosedLabel kRequeueReasons = closed<"reason", "timeout", "worker_lost", "error">;
inline constexpr ClosedLabel kRejectionReasons =
    closed<"reason", "invalid_proof", "malformed", "bad_public_input", "error">;
inline constexpr ClosedLabel kSeverities = closed<"severity", "debug", "info", "warning", "error", "critical">;
inline constexpr ClosedLabel kErrorSinks = closed<"sink", "sentry", "log">;
inline constexpr ClosedLabel kWorkerClasses = closed<"worker_class", "cpu", "gpu">;

// Known values of the labels that also take "other".
inline constexpr std::array<std::string_view, 3> kProofTypes{"groth16", "plonk", "stark"};
inline constexpr std::array<std::string_view, 3> kOperations{"proof_generation", "verification", "circuit_compilation"};
inline constexpr std::array<std::string_view, 8> kErrorCategories{
    "proof_generation", "verification", "circuit_compilation", "witness_generation", "parameter_error",
    "memory_error",     "timeout",      "security_violation"};

// --- Proof generation ---

inline constexpr HistogramDef<"proof_type", "security_level"> kProofGenerationDurationSeconds{
    "zk_proof_generation_duration_seconds",
    "Wall time of one proof generation, success or failure.",
    buckets<0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0>,
    {.closed = {kSecurityLevels}, .unit = "seconds"}};

inline constexpr CounterDef<"proof_type", "security_level", "status"> kProofsGenerated{
    "zk_proofs_generated_total", "Finished proof generations.", {.closed = {kSecurityLevels, kStatuses}}};

inline constexpr HistogramDef<"proof_type"> kProofSizeBytes{
    "zk_proof_size_bytes",
    "Serialized size of successful proofs.",
    buckets<128.0, 192.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0>,
    {.unit = "bytes"}};

inline constexpr HistogramDef<"proof_type"> kProofConstraints{
    "zk_proof_constraints", "Constraint count given to finish_success.",
    buckets<1e3, 1e4, 1e5, 2.5e5, 5e5, 1e6, 2.5e6, 5e6, 1e7, 1e8>};

inline constexpr HistogramDef<"proof_type"> kWitnessGenerationDurationSeconds{
    "zk_witness_generation_duration_seconds",
    "Witness computation time, a stage of proof_generation and not an operation of its own.",
    buckets<0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0>,
    {.unit = "seconds"}};

inline constexpr GaugeDef<"proof_type"> kProofQueueDepth{"zk_proof_queue_depth",
                                                         "Proof jobs accepted and not started."};

inline constexpr GaugeDef<> kProofQueueOldestAgeSeconds{
    "zk_proof_queue_oldest_age_seconds", "Age of the oldest waiting proof job.", {.unit = "seconds"}};

inline constexpr HistogramDef<"proof_type"> kProofQueueWaitSeconds{
    "zk_proof_queue_wait_seconds",
    "Time from acceptance to start.",
    buckets<0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0>,
    {.unit = "seconds"}};

inline constexpr CounterDef<"reason"> kProofJobsRequeued{
    "zk_proof_jobs_requeued_total",
    "Jobs put back after a timeout or a lost worker; reason = timeout, worker_lost, error.",
    {.closed = {kRequeueReasons}}};

inline constexpr CounterDef<"proof_type"> kProofJobsMaxAttempts{"zk_proof_jobs_max_attempts_total",
                                                                "Jobs given up after the last attempt."};

// --- Verification ---

inline constexpr HistogramDef<"proof_type", "security_level"> kVerificationDurationSeconds{
    "zk_verification_duration_seconds",
    "Wall time of one verification.",
    buckets<0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 0.75, 1.0>,
    {.closed = {kSecurityLevels}, .unit = "seconds"}};

inline constexpr CounterDef<"proof_type", "security_level", "status"> kVerifications{
    "zk_verifications_total",
    "Finished verifications; failure = invalid proof or verifier error.",
    {.closed = {kSecurityLevels, kStatuses}}};

inline constexpr CounterDef<"reason"> kVerificationRejections{
    "zk_verification_rejections_total",
    "Failed verifications by cause; reason = invalid_proof, malformed, bad_public_input, error.",
    {.closed = {kRejectionReasons}}};

// --- Circuits ---

inline constexpr HistogramDef<> kCircuitCompilationDurationSeconds{
    "zk_circuit_compilation_duration_seconds",
    "Wall time of one circuit compilation.",
    buckets<0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0>,
    {.unit = "seconds"}};

inline constexpr HistogramDef<> kCircuitComplexity{"zk_circuit_complexity", "Gate count of a compiled circuit.",
                                                   buckets<1e3, 1e4, 1e5, 2.5e5, 5e5, 1e6, 2.5e6, 5e6, 1e7, 1e8>};

inline constexpr CounterDef<"status"> kCircuitCompilations{
    "zk_circuit_compilations_total", "Finished compilations.", {.closed = {kStatuses}}};

inline constexpr CounterDef<> kCircuitCacheHits{"zk_circuit_cache_hits_total", "Circuit or proving-key cache hits."};

inline constexpr CounterDef<> kCircuitCacheMisses{"zk_circuit_cache_misses_total",
                                                  "Circuit or proving-key cache misses."};

// --- Resources, errors, SLA ---

inline constexpr GaugeDef<"operation"> kMemoryUsageBytes{
    "zk_memory_usage_bytes", "Memory recorded by record_memory_usage.", {.unit = "bytes"}};

inline constexpr GaugeDef<> kMemoryLimitBytes{
    "zk_memory_limit_bytes", "Memory the prover may use: cgroup limit or RAM.", {.unit = "bytes"}};

inline constexpr GaugeDef<"operation_type"> kConcurrentOperations{"zk_concurrent_operations",
                                                                  "Operations running now."};

inline constexpr CounterDef<"category", "severity"> kErrors{
    "zk_errors_total", "Errors tracked.", {.closed = {kSeverities}}};

inline constexpr CounterDef<"operation", "target_latency_ms"> kSlaBreaches{"zk_sla_breaches_total", "SLA violations."};

inline constexpr CounterDef<"category"> kErrorsDeduplicated{
    "zk_errors_deduplicated_total", "Errors folded into an earlier identical event before Sentry/log export."};

inline constexpr CounterDef<"sink"> kErrorExportFailures{
    "zk_error_export_failures_total",
    "Error events that could not be delivered; sink = sentry, log.",
    {.closed = {kErrorSinks}}};

inline constexpr GaugeDef<"worker_class"> kWorkerUp{
    "zk_worker_up", "Prover workers alive; worker_class = cpu, gpu.", {.closed = {kWorkerClasses}}};

inline constexpr CounterDef<"worker_class"> kWorkerBusySeconds{
    "zk_worker_busy_seconds_total",
    "Time workers spent on jobs; utilisation = rate / workers.",
    {.closed = {kWorkerClasses}, .unit = "seconds"}};

inline constexpr std::array kAll{
    kProofGenerationDurationSeconds.describe(),
    kProofsGenerated.describe(),
    kProofSizeBytes.describe(),
    kProofConstraints.describe(),
    kWitnessGenerationDurationSeconds.describe(),
    kProofQueueDepth.describe(),
    kProofQueueOldestAgeSeconds.describe(),
    kProofQueueWaitSeconds.describe(),
    kProofJobsRequeued.describe(),
    kProofJobsMaxAttempts.describe(),
    kVerificationDurationSeconds.describe(),
    kVerifications.describe(),
    kVerificationRejections.describe(),
    kCircuitCompilationDurationSeconds.describe(),
    kCircuitComplexity.describe(),
    kCircuitCompilations.describe(),
    kCircuitCacheHits.describe(),
    kCircuitCacheMisses.describe(),
    kMemoryUsageBytes.describe(),
    kMemoryLimitBytes.describe(),
    kConcurrentOperations.describe(),
    kErrors.describe(),
    kSlaBreaches.describe(),
    kErrorsDeduplicated.describe(),
    kErrorExportFailures.describe(),
    kWorkerUp.describe(),
    kWorkerBusySeconds.describe(),
};

}  // namespace vigil::packs::zk::catalog
