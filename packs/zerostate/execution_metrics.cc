#include "packs/zerostate/execution_metrics.h"

namespace vigil::packs::zerostate {

ExitCode exit_code(int code) {
  switch (code) {
    case 0: return ExitCode::kOk;
    case 1: return ExitCode::kError;
    case 2: return ExitCode::kUsage;
    case 124: return ExitCode::kTimeout;
    case 137: return ExitCode::kMemory;
    default: return ExitCode::kOther;
  }
}

ExecutionMetrics::ExecutionMetrics(metrics::RegistryRef registry, std::uint64_t wasm_memory_limit)
    : tasks_(registry),
      tasks_submitted_(registry, catalog::kExecutionTasksSubmitted),
      tasks_rejected_(registry),
      tasks_active_(registry, catalog::kExecutionTasksActive),
      task_queue_length_(registry, catalog::kExecutionTaskQueueLength),
      task_queue_wait_(registry, catalog::kExecutionTaskQueueWaitSeconds),
      task_duration_(registry),
      wasm_memory_(registry, catalog::kExecutionWasmMemoryBytes),
      wasm_memory_limit_(registry, catalog::kExecutionWasmMemoryLimitBytes),
      wasm_exits_(registry),
      wasm_traps_(registry),
      wasm_fuel_used_(registry, catalog::kExecutionWasmFuelUsed),
      wasm_compile_duration_(registry, catalog::kExecutionWasmCompileDurationSeconds),
      wasm_instantiate_duration_(registry, catalog::kExecutionWasmInstantiateDurationSeconds),
      wasm_module_cache_hits_(registry),
      wasm_module_cache_misses_(registry, catalog::kExecutionWasmModuleCacheMisses),
      wasm_module_cache_(registry),
      host_calls_(registry, catalog::kExecutionHostCalls),
      guilds_active_(registry, catalog::kExecutionGuildsActive),
      guilds_created_(registry, catalog::kExecutionGuildsCreated),
      guilds_dissolved_(registry),
      guild_members_(registry, catalog::kExecutionGuildMembers),
      guild_formation_duration_(registry, catalog::kExecutionGuildFormationDurationSeconds),
      task_cost_(registry, catalog::kExecutionTaskCostTokens),
      receipts_generated_(registry, catalog::kExecutionReceiptsGenerated),
      receipts_verified_(registry),
      manifest_validation_failures_(registry),
      errors_(registry),
      capacity_slots_(registry, catalog::kExecutionCapacitySlots) {
  wasm_memory_limit_.set(static_cast<double>(wasm_memory_limit));
}

void ExecutionMetrics::prepare_host_functions(std::span<const std::string_view> functions) {
  for (const std::string_view function : functions) host_calls_.prepare(function);
}

void ExecutionMetrics::record_guild_formed(std::uint64_t members, Seconds duration) {
  guilds_created_.inc();
  guild_members_.observe(static_cast<double>(members));
  guild_formation_duration_.observe(duration.count());
}

}  // namespace vigil::packs::zerostate
