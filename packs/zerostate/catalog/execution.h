// The execution layer: WASM tasks, guilds, receipts. The host functions a node offers
// are its own, so `function` is open; everything else is a closed set.
#pragma once

#include <array>

#include "vigil/metrics/metrics.h"

namespace vigil::packs::zerostate::catalog {

using vigil::metrics::buckets;
using vigil::metrics::closed;
using vigil::metrics::ClosedLabel;
using vigil::metrics::CounterDef;
using vigil::metrics::GaugeDef;
using vigil::metrics::HistogramDef;

inline constexpr ClosedLabel kTaskResults = closed<"result", "success", "failure", "timeout">;
inline constexpr ClosedLabel kTaskRejections = closed<"reason", "capacity", "price", "manifest", "blacklisted">;
inline constexpr ClosedLabel kExitCodes = closed<"exit_code", "0", "1", "2", "124", "137", "trap", "other">;
inline constexpr ClosedLabel kTraps = closed<"trap", "unreachable", "memory_out_of_bounds", "stack_overflow",
                                             "integer_div_by_zero", "out_of_fuel", "table_out_of_bounds", "other">;
inline constexpr ClosedLabel kCacheTiers = closed<"tier", "pinned", "memory", "fs">;
inline constexpr ClosedLabel kGuildEnds = closed<"reason", "completed", "timeout", "failed">;
inline constexpr ClosedLabel kReceiptResults = closed<"result", "valid", "invalid">;
inline constexpr ClosedLabel kManifestFaults = closed<"reason", "signature", "hash", "size", "schema">;
inline constexpr ClosedLabel kExecutionStages = closed<"stage", "fetch", "compile", "instantiate", "run", "receipt">;

inline constexpr CounterDef<"result"> kExecutionTasks{
    "execution_tasks_total", "Finished tasks; result = success, failure, timeout.", {.closed = {kTaskResults}}};

inline constexpr CounterDef<> kExecutionTasksSubmitted{"execution_tasks_submitted_total", "Tasks accepted."};

inline constexpr CounterDef<"reason"> kExecutionTasksRejected{
    "execution_tasks_rejected_total",
    "Refused tasks; reason = capacity, price, manifest, blacklisted.",
    {.closed = {kTaskRejections}}};

inline constexpr GaugeDef<> kExecutionTasksActive{"execution_tasks_active", "Tasks running."};

inline constexpr GaugeDef<> kExecutionTaskQueueLength{"execution_task_queue_length", "Tasks waiting."};

inline constexpr HistogramDef<> kExecutionTaskQueueWaitSeconds{"execution_task_queue_wait_seconds",
                                                               "Waiting time.",
                                                               buckets<0.01, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0>,
                                                               {.unit = "seconds"}};

inline constexpr HistogramDef<"result"> kExecutionTaskDurationSeconds{
    "execution_task_duration_seconds",
    "Run time; 25 s (warning) and 30 s (SLA) are bucket bounds; result = success, failure, timeout.",
    buckets<0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 45.0, 60.0>,
    {.closed = {kTaskResults}, .unit = "seconds"}};

inline constexpr HistogramDef<> kExecutionWasmMemoryBytes{
    "execution_wasm_memory_bytes",
    "Peak linear memory per task.",
    buckets<1048576.0, 4194304.0, 16777216.0, 33554432.0, 50331648.0, 67108864.0, 83886080.0, 100000000.0, 104857600.0,
            117440512.0, 134217728.0>,
    {.unit = "bytes"}};

inline constexpr GaugeDef<> kExecutionWasmMemoryLimitBytes{
    "execution_wasm_memory_limit_bytes",
    "Linear memory a task may use: 134217728 (128 MB) unless set otherwise.",
    {.unit = "bytes"}};

inline constexpr CounterDef<"exit_code"> kExecutionWasmExits{
    "execution_wasm_exits_total",
    "Exits; exit_code = 0, 1, 2, 124 (timeout), 137 (memory), trap, other.",
    {.closed = {kExitCodes}}};

inline constexpr CounterDef<"trap"> kExecutionWasmTraps{
    "execution_wasm_traps_total",
    "Traps; trap = unreachable, memory_out_of_bounds, stack_overflow, integer_div_by_zero, out_of_fuel, "
    "table_out_of_bounds, other.",
    {.closed = {kTraps}}};

inline constexpr HistogramDef<> kExecutionWasmFuelUsed{"execution_wasm_fuel_used", "Fuel (instructions) per task.",
                                                       buckets<1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10>};

inline constexpr HistogramDef<> kExecutionWasmCompileDurationSeconds{
    "execution_wasm_compile_duration_seconds",
    "Module compile time.",
    buckets<0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0>,
    {.unit = "seconds"}};

inline constexpr HistogramDef<> kExecutionWasmInstantiateDurationSeconds{
    "execution_wasm_instantiate_duration_seconds",
    "Instantiation time.",
    buckets<0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0>,
    {.unit = "seconds"}};

inline constexpr CounterDef<"tier"> kExecutionWasmModuleCacheHits{
    "execution_wasm_module_cache_hits_total", "Cache hits; tier = pinned, memory, fs.", {.closed = {kCacheTiers}}};

inline constexpr CounterDef<> kExecutionWasmModuleCacheMisses{"execution_wasm_module_cache_misses_total",
                                                              "Cache misses."};

inline constexpr GaugeDef<"tier"> kExecutionWasmModuleCacheBytes{"execution_wasm_module_cache_bytes",
                                                                 "Cache size; tier = pinned, memory, fs.",
                                                                 {.closed = {kCacheTiers}, .unit = "bytes"}};

inline constexpr CounterDef<"function"> kExecutionHostCalls{"execution_host_calls_total",
                                                            "Host function calls; function = the node's host API."};

inline constexpr GaugeDef<> kExecutionGuildsActive{"execution_guilds_active", "Guilds alive."};

inline constexpr CounterDef<> kExecutionGuildsCreated{"execution_guilds_created_total", "Guilds formed."};

inline constexpr CounterDef<"reason"> kExecutionGuildsDissolved{
    "execution_guilds_dissolved_total", "Guilds ended; reason = completed, timeout, failed.", {.closed = {kGuildEnds}}};

inline constexpr HistogramDef<> kExecutionGuildMembers{"execution_guild_members", "Members at formation.",
                                                       buckets<1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0>};

inline constexpr HistogramDef<> kExecutionGuildFormationDurationSeconds{
    "execution_guild_formation_duration_seconds",
    "Formation time.",
    buckets<0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0>,
    {.unit = "seconds"}};

inline constexpr HistogramDef<> kExecutionTaskCostTokens{
    "execution_task_cost_tokens",
    "Cost per task.",
    buckets<0.001, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 50.0, 100.0>,
    {.unit = "tokens"}};

inline constexpr CounterDef<> kExecutionReceiptsGenerated{"execution_receipts_generated_total", "Receipts signed."};

inline constexpr CounterDef<"result"> kExecutionReceiptsVerified{
    "execution_receipts_verified_total", "Receipts checked; result = valid, invalid.", {.closed = {kReceiptResults}}};

inline constexpr CounterDef<"reason"> kExecutionManifestValidationFailures{
    "execution_manifest_validation_failures_total",
    "Bad manifests; reason = signature, hash, size, schema.",
    {.closed = {kManifestFaults}}};

inline constexpr CounterDef<"stage"> kExecutionErrors{"execution_errors_total",
                                                      "Errors; stage = fetch, compile, instantiate, run, receipt.",
                                                      {.closed = {kExecutionStages}}};

inline constexpr GaugeDef<> kExecutionCapacitySlots{"execution_capacity_slots", "Task slots of the node."};

inline constexpr std::array kExecution{
    kExecutionTasks.describe(),
    kExecutionTasksSubmitted.describe(),
    kExecutionTasksRejected.describe(),
    kExecutionTasksActive.describe(),
    kExecutionTaskQueueLength.describe(),
    kExecutionTaskQueueWaitSeconds.describe(),
    kExecutionTaskDurationSeconds.describe(),
    kExecutionWasmMemoryBytes.describe(),
    kExecutionWasmMemoryLimitBytes.describe(),
    kExecutionWasmExits.describe(),
    kExecutionWasmTraps.describe(),
    kExecutionWasmFuelUsed.describe(),
    kExecutionWasmCompileDurationSeconds.describe(),
    kExecutionWasmInstantiateDurationSeconds.describe(),
    kExecutionWasmModuleCacheHits.describe(),
    kExecutionWasmModuleCacheMisses.describe(),
    kExecutionWasmModuleCacheBytes.describe(),
    kExecutionHostCalls.describe(),
    kExecutionGuildsActive.describe(),
    kExecutionGuildsCreated.describe(),
    kExecutionGuildsDissolved.describe(),
    kExecutionGuildMembers.describe(),
    kExecutionGuildFormationDurationSeconds.describe(),
    kExecutionTaskCostTokens.describe(),
    kExecutionReceiptsGenerated.describe(),
    kExecutionReceiptsVerified.describe(),
    kExecutionManifestValidationFailures.describe(),
    kExecutionErrors.describe(),
    kExecutionCapacitySlots.describe(),
};

}  // namespace vigil::packs::zerostate::catalog
