#include "packs/zk/faults.h"
#include "packs/zk/simulation.h"

namespace vigil::packs::zk {
namespace {

constexpr Fault kFaults[] = {
    {"slow_proofs", [](Conditions& c) { c.slowness = 4; }},
    {"large_circuits", [](Conditions& c) { c.large_circuits = 0.05; }},
    {"bad_keys", [](Conditions& c) { c.bad_keys = 0.15; }},
    {"too_many_at_once",
     [](Conditions& c) {
       c.workers = 8;
       c.extra_jobs = 4;
     }},
    {"memory_leak", [](Conditions& c) { c.leak = 120e6; }},
    {"prover_out_of_memory", [](Conditions& c) { c.killed_for_memory = true; }},
    {"slow_verifier", [](Conditions& c) { c.verification = 0.55; }},
    {"invalid_proofs", [](Conditions& c) { c.invalid_proofs = 0.1; }},
    {"verification_hiccup", [](Conditions& c) { c.hiccup = 10 * kMinute; }},
    {"slow_compilation", [](Conditions& c) { c.compilation = 40; }},
    {"complex_circuits", [](Conditions& c) { c.gates = 1'600'000; }},
    {"cold_cache", [](Conditions& c) { c.cache_hits = 0.3; }},
    {"upstream_timeouts", [](Conditions& c) { c.timeouts = 0.4; }},
    {"failed_self_check", [](Conditions& c) { c.self_check = 2 * kMinute; }},
    {"weak_parameters", [](Conditions& c) { c.weak_parameters = 5 * kMinute; }},
    {"prover_down", [](Conditions& c) { c.last_prover_down = true; }},
    {"queue_stuck", [](Conditions& c) { c.workers_hang = true; }},
    {"lost_workers", [](Conditions& c) { c.workers = 1; }},
    {"poisoned_job", [](Conditions& c) { c.poisoned = true; }},
};

constexpr std::string_view kSlow[] = {"ZkHighGenerationLatency", "ZkGenerationSLABreach", "ZkOverallSLABreach"};
constexpr std::string_view kLarge[] = {"ZkHighGenerationLatency", "ZkGenerationSLABreach"};
constexpr std::string_view kOverall[] = {"ZkOverallSLABreach"};
constexpr std::string_view kBadKeys[] = {"ZkFailedGenerations", "ZkHighErrorRate"};
constexpr std::string_view kGivenUp[] = {"ZkJobsGivenUp"};
constexpr std::string_view kBacklog[] = {"ZkGenerationQueueBacklog"};
constexpr std::string_view kMemory[] = {"ZkHighMemoryUsage"};
constexpr std::string_view kOutOfMemory[] = {"ZkMemoryErrors", "ZkCriticalErrors", "ZkJobsGivenUp"};
constexpr std::string_view kSlowVerifier[] = {"ZkHighVerificationLatency", "ZkVerificationSLABreach",
                                              "ZkOverallSLABreach"};
constexpr std::string_view kInvalid[] = {"ZkVerificationFailures"};
constexpr std::string_view kHiccup[] = {"ZkVerificationSLABreach"};
constexpr std::string_view kCompilation[] = {"ZkCircuitCompilationSlow"};
constexpr std::string_view kComplexity[] = {"ZkCircuitComplexityHigh"};
constexpr std::string_view kCache[] = {"ZkCircuitCacheHitRateLow"};
constexpr std::string_view kErrorRate[] = {"ZkHighErrorRate"};
constexpr std::string_view kCritical[] = {"ZkCriticalErrors"};
constexpr std::string_view kSecurity[] = {"ZkSecurityParamViolation", "ZkCriticalErrors"};
constexpr std::string_view kDown[] = {"ZkProverTargetDown"};
constexpr std::string_view kStuck[] = {"ZkNoProofsWhileQueued", "ZkOldestJobTooOld"};
constexpr std::string_view kOldest[] = {"ZkOldestJobTooOld"};
constexpr std::string_view kSlowToo[] = {"ZkHighGenerationLatency", "ZkGenerationSLABreach", "ZkOverallSLABreach"};

constexpr pack::Scenario kScenarios[] = {
    {"healthy", "Two provers make and verify proofs, more by day than by night.", {}, {}},
    {"slow_proofs", "The provers' cores are throttled to a quarter.", kSlow, {}},
    {"large_circuits", "One job in twenty has a circuit too large for the target.", kLarge, kOverall},
    {"bad_keys", "A proving key does not fit its circuit: one proof in seven fails.", kBadKeys, kGivenUp},
    {"too_many_at_once", "The limit on proofs at once is doubled while four times the jobs arrive.", kBacklog, kSlowToo,
     20 * kMinute},
    {"memory_leak", "Provers keep proving keys they do not need.", kMemory, {}, 20 * kMinute},
    {"prover_out_of_memory", "A circuit no machine has the memory for: the kernel kills the prover.", kOutOfMemory, {}},
    {"slow_verifier", "Verification takes half a second.", kSlowVerifier, {}},
    {"invalid_proofs", "Somebody sends forged proofs to be verified.", kInvalid, {}},
    {"verification_hiccup", "A single verification takes longer than its target.", kHiccup, {}},
    {"slow_compilation", "Circuits take 40 seconds to compile.", kCompilation, {}},
    {"complex_circuits", "Circuits of 1.6 million gates are compiled.", kComplexity, {}},
    {"cold_cache", "Seven of ten lookups miss the circuit cache.", kCache, {}},
    {"upstream_timeouts", "Calls to the chain time out.", kErrorRate, {}},
    {"failed_self_check", "Proofs fail the check by their own prover.", kCritical, {}},
    {"weak_parameters", "A client asks for parameters below the required security.", kSecurity, {}},
    {"prover_down", "One of two provers does not answer.", kDown, {}},
    {"queue_stuck", "Workers hang: jobs wait and no proof is finished.", kStuck, {}, 30 * kMinute, 45 * kMinute},
    {"lost_workers", "One of four workers is left on each prover.", kOldest, {}, 50 * kMinute, 60 * kMinute},
    {"poisoned_job", "A job fails every attempt.", kGivenUp, {}, 15 * kMinute, 30 * kMinute},
};

}  // namespace

std::span<const Fault> faults() { return kFaults; }
std::span<const pack::Scenario> scenarios() { return kScenarios; }

}  // namespace vigil::packs::zk
