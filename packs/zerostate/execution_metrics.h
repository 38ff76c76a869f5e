// Recording API of the execution layer: WASM tasks, guilds, receipts.
//
//   auto& execution = vigil::packs::zerostate::execution();
//   execution.record_task_submitted();
//   execution.record_task_started(waited);
//   execution.record_task_finished(TaskResult::kSuccess, elapsed);
//
// The values of labels are enumerators, so no call can fail. Counters and histograms
// exist at 0 from construction, gauges appear at their first update.
//
// Thread-safety: any thread. Recording takes no lock and allocates nothing, except
// record_host_call() at the first call of a function that was not prepared.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "packs/zerostate/catalog/execution.h"
#include "packs/zerostate/types.h"
#include "vigil/metrics/by_enum.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::zerostate {

// Each in the order of its closed label in catalog/execution.h.
enum class TaskResult : std::uint8_t { kSuccess, kFailure, kTimeout };
enum class TaskRejection : std::uint8_t { kCapacity, kPrice, kManifest, kBlacklisted };
enum class ExitCode : std::uint8_t { kOk, kError, kUsage, kTimeout, kMemory, kTrap, kOther };
enum class Trap : std::uint8_t {
  kUnreachable,
  kMemoryOutOfBounds,
  kStackOverflow,
  kIntegerDivByZero,
  kOutOfFuel,
  kTableOutOfBounds,
  kOther
};
enum class CacheTier : std::uint8_t { kPinned, kMemory, kFs };
enum class GuildEnd : std::uint8_t { kCompleted, kTimeout, kFailed };
enum class ReceiptResult : std::uint8_t { kValid, kInvalid };
enum class ManifestFault : std::uint8_t { kSignature, kHash, kSize, kSchema };
enum class ExecutionStage : std::uint8_t { kFetch, kCompile, kInstantiate, kRun, kReceipt };

constexpr std::string_view to_string(TaskResult v) { return catalog::kTaskResults.values[static_cast<std::size_t>(v)]; }
constexpr std::string_view to_string(TaskRejection v) {
  return catalog::kTaskRejections.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(ExitCode v) { return catalog::kExitCodes.values[static_cast<std::size_t>(v)]; }
constexpr std::string_view to_string(Trap v) { return catalog::kTraps.values[static_cast<std::size_t>(v)]; }
constexpr std::string_view to_string(CacheTier v) { return catalog::kCacheTiers.values[static_cast<std::size_t>(v)]; }
constexpr std::string_view to_string(GuildEnd v) { return catalog::kGuildEnds.values[static_cast<std::size_t>(v)]; }
constexpr std::string_view to_string(ReceiptResult v) {
  return catalog::kReceiptResults.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(ManifestFault v) {
  return catalog::kManifestFaults.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(ExecutionStage v) {
  return catalog::kExecutionStages.values[static_cast<std::size_t>(v)];
}

// The label of a process exit code: 0, 1, 2, 124 and 137 are themselves.
ExitCode exit_code(int code);

inline constexpr std::uint64_t kDefaultWasmMemoryLimit = 128ULL << 20;  // bytes

class ExecutionMetrics {
 public:
  // Shows the memory limit at once: it is a setting, and the line that usage is drawn against.
  explicit ExecutionMetrics(metrics::RegistryRef registry, std::uint64_t wasm_memory_limit = kDefaultWasmMemoryLimit);

  // --- tasks ---
  void record_task_submitted() { tasks_submitted_.inc(); }
  void record_task_rejected(TaskRejection reason) { tasks_rejected_(reason).inc(); }
  // Each started task is finished once: the two keep the number of running tasks.
  void record_task_started(Seconds queue_wait) {
    tasks_active_.inc();
    task_queue_wait_.observe(queue_wait.count());
  }
  void record_task_finished(TaskResult result, Seconds duration) {
    tasks_active_.dec();
    tasks_(result).inc();
    task_duration_(result).observe(duration.count());
  }
  void record_task_cost(double tokens) { task_cost_.observe(tokens); }
  void update_task_queue_length(std::uint64_t waiting) { task_queue_length_.set(static_cast<double>(waiting)); }
  void update_capacity_slots(std::uint64_t slots) { capacity_slots_.set(static_cast<double>(slots)); }
  void record_error(ExecutionStage stage) { errors_(stage).inc(); }
  void record_manifest_rejected(ManifestFault reason) { manifest_validation_failures_(reason).inc(); }

  // --- WASM ---
  // What a run used: peak linear memory and instructions.
  void record_wasm_run(std::uint64_t peak_memory_bytes, std::uint64_t fuel) {
    wasm_memory_.observe(static_cast<double>(peak_memory_bytes));
    wasm_fuel_used_.observe(static_cast<double>(fuel));
  }
  void record_wasm_exit(int code) { wasm_exits_(exit_code(code)).inc(); }
  // A trap is an exit too.
  void record_wasm_trap(Trap trap) {
    wasm_traps_(trap).inc();
    wasm_exits_(ExitCode::kTrap).inc();
  }
  void record_wasm_compile(Seconds duration) { wasm_compile_duration_.observe(duration.count()); }
  void record_wasm_instantiate(Seconds duration) { wasm_instantiate_duration_.observe(duration.count()); }
  void record_module_cache_hit(CacheTier tier) { wasm_module_cache_hits_(tier).inc(); }
  void record_module_cache_miss() { wasm_module_cache_misses_.inc(); }
  void update_module_cache_size(CacheTier tier, std::uint64_t bytes) {
    wasm_module_cache_(tier).set(static_cast<double>(bytes));
  }
  // The host API of the node, once at start: creates the counter of each function at 0.
  void prepare_host_functions(std::span<const std::string_view> functions);
  // `function` must come from the host API, never from the guest: beyond 98 names calls count as "other".
  void record_host_call(std::string_view function) { host_calls_.with(function).inc(); }

  // --- guilds and receipts ---
  void record_guild_formed(std::uint64_t members, Seconds duration);
  void record_guild_dissolved(GuildEnd reason) { guilds_dissolved_(reason).inc(); }
  void update_guilds_active(std::uint64_t guilds) { guilds_active_.set(static_cast<double>(guilds)); }
  void record_receipt_generated() { receipts_generated_.inc(); }
  void record_receipt_verified(ReceiptResult result) { receipts_verified_(result).inc(); }

 private:
  metrics::ByEnum<catalog::kExecutionTasks, TaskResult> tasks_;
  metrics::InstrumentOf<catalog::kExecutionTasksSubmitted> tasks_submitted_;
  metrics::ByEnum<catalog::kExecutionTasksRejected, TaskRejection> tasks_rejected_;
  metrics::InstrumentOf<catalog::kExecutionTasksActive> tasks_active_;
  metrics::InstrumentOf<catalog::kExecutionTaskQueueLength> task_queue_length_;
  metrics::InstrumentOf<catalog::kExecutionTaskQueueWaitSeconds> task_queue_wait_;
  metrics::ByEnum<catalog::kExecutionTaskDurationSeconds, TaskResult> task_duration_;
  metrics::InstrumentOf<catalog::kExecutionWasmMemoryBytes> wasm_memory_;
  metrics::InstrumentOf<catalog::kExecutionWasmMemoryLimitBytes> wasm_memory_limit_;
  metrics::ByEnum<catalog::kExecutionWasmExits, ExitCode> wasm_exits_;
  metrics::ByEnum<catalog::kExecutionWasmTraps, Trap> wasm_traps_;
  metrics::InstrumentOf<catalog::kExecutionWasmFuelUsed> wasm_fuel_used_;
  metrics::InstrumentOf<catalog::kExecutionWasmCompileDurationSeconds> wasm_compile_duration_;
  metrics::InstrumentOf<catalog::kExecutionWasmInstantiateDurationSeconds> wasm_instantiate_duration_;
  metrics::ByEnum<catalog::kExecutionWasmModuleCacheHits, CacheTier> wasm_module_cache_hits_;
  metrics::InstrumentOf<catalog::kExecutionWasmModuleCacheMisses> wasm_module_cache_misses_;
  metrics::ByEnum<catalog::kExecutionWasmModuleCacheBytes, CacheTier> wasm_module_cache_;
  metrics::InstrumentOf<catalog::kExecutionHostCalls> host_calls_;
  metrics::InstrumentOf<catalog::kExecutionGuildsActive> guilds_active_;
  metrics::InstrumentOf<catalog::kExecutionGuildsCreated> guilds_created_;
  metrics::ByEnum<catalog::kExecutionGuildsDissolved, GuildEnd> guilds_dissolved_;
  metrics::InstrumentOf<catalog::kExecutionGuildMembers> guild_members_;
  metrics::InstrumentOf<catalog::kExecutionGuildFormationDurationSeconds> guild_formation_duration_;
  metrics::InstrumentOf<catalog::kExecutionTaskCostTokens> task_cost_;
  metrics::InstrumentOf<catalog::kExecutionReceiptsGenerated> receipts_generated_;
  metrics::ByEnum<catalog::kExecutionReceiptsVerified, ReceiptResult> receipts_verified_;
  metrics::ByEnum<catalog::kExecutionManifestValidationFailures, ManifestFault> manifest_validation_failures_;
  metrics::ByEnum<catalog::kExecutionErrors, ExecutionStage> errors_;
  metrics::InstrumentOf<catalog::kExecutionCapacitySlots> capacity_slots_;
};

}  // namespace vigil::packs::zerostate
