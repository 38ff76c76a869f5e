// Storage, caches, state machine and transaction validation. See catalog.h.
#pragma once

#include <array>

#include "vigil/metrics/metrics.h"

namespace vigil::packs::hotstuff2::catalog {

using vigil::metrics::buckets;
using vigil::metrics::closed;
using vigil::metrics::ClosedLabel;
using vigil::metrics::CounterDef;
using vigil::metrics::GaugeDef;
using vigil::metrics::HistogramDef;

inline constexpr ClosedLabel kKeyTypes = closed<"key_type", "block", "state", "index", "wal", "other">;
inline constexpr ClosedLabel kReadResults = closed<"result", "success", "failure">;
inline constexpr ClosedLabel kStorageOperations = closed<"operation", "read", "write", "delete", "sync">;
inline constexpr ClosedLabel kCaches = closed<"cache", "block", "state">;
inline constexpr ClosedLabel kSnapshotResults = closed<"result", "success", "failure">;
inline constexpr ClosedLabel kValidationResults = closed<"result", "valid", "invalid">;
inline constexpr ClosedLabel kValidationFailureReasons =
    closed<"reason", "signature", "nonce", "balance", "gas", "format", "other">;

inline constexpr CounterDef<"key_type", "result"> kStorageReads{
    "hotstuff_storage_reads_total",
    "Reads; result = success, failure; cache hits and misses have their own counters.",
    {.closed = {kKeyTypes, kReadResults}}};

inline constexpr CounterDef<"key_type"> kStorageWrites{
    "hotstuff_storage_writes_total", "Writes.", {.closed = {kKeyTypes}}};

inline constexpr CounterDef<"key_type"> kStorageDeletes{
    "hotstuff_storage_deletes_total", "Deletes.", {.closed = {kKeyTypes}}};

inline constexpr HistogramDef<"key_type"> kStorageReadLatencySeconds{
    "hotstuff_storage_read_latency_seconds",
    "Read time.",
    buckets<0.00001, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5>,
    {.closed = {kKeyTypes}, .unit = "seconds"}};

inline constexpr HistogramDef<"key_type"> kStorageWriteLatencySeconds{
    "hotstuff_storage_write_latency_seconds",
    "Write time incl. fsync.",
    buckets<0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0>,
    {.closed = {kKeyTypes}, .unit = "seconds"}};

inline constexpr HistogramDef<> kStorageBatchOperationLatencySeconds{
    "hotstuff_storage_batch_operation_latency_seconds",
    "Batch time.",
    buckets<0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5>,
    {.unit = "seconds"}};

inline constexpr GaugeDef<> kStorageSizeBytes{"hotstuff_storage_size_bytes", "Bytes on disk.", {.unit = "bytes"}};

inline constexpr GaugeDef<> kStorageUtilizationRatio{
    "hotstuff_storage_utilization_ratio", "Used / available.", {.unit = "ratio"}};

inline constexpr CounterDef<"operation"> kStorageErrors{"hotstuff_storage_errors_total",
                                                        "I/O errors; operation = read, write, delete, sync.",
                                                        {.closed = {kStorageOperations}}};

inline constexpr CounterDef<"cache"> kCacheHits{
    "hotstuff_cache_hits_total", "Cache hits; cache = block, state.", {.closed = {kCaches}}};

inline constexpr CounterDef<"cache"> kCacheMisses{
    "hotstuff_cache_misses_total", "Cache misses.", {.closed = {kCaches}}};

inline constexpr GaugeDef<"cache"> kCacheSizeBytes{
    "hotstuff_cache_size_bytes", "Cache size.", {.closed = {kCaches}, .unit = "bytes"}};

inline constexpr CounterDef<> kStateTransitions{"hotstuff_state_transitions_total", "Applied state transitions."};

inline constexpr CounterDef<> kStateQueries{"hotstuff_state_queries_total", "State queries."};

inline constexpr CounterDef<"result"> kStateSnapshots{
    "hotstuff_state_snapshots_total", "Snapshots; result = success, failure.", {.closed = {kSnapshotResults}}};

inline constexpr HistogramDef<> kStateTransitionTimeSeconds{
    "hotstuff_state_transition_time_seconds",
    "Execution time of a block.",
    buckets<0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5>,
    {.unit = "seconds"}};

inline constexpr HistogramDef<> kStateQueryTimeSeconds{"hotstuff_state_query_time_seconds",
                                                       "Query time.",
                                                       buckets<0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5>,
                                                       {.unit = "seconds"}};

inline constexpr HistogramDef<> kSnapshotCreationTimeSeconds{"hotstuff_snapshot_creation_time_seconds",
                                                             "Snapshot time.",
                                                             buckets<0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0>,
                                                             {.unit = "seconds"}};

inline constexpr GaugeDef<> kStateSizeBytes{"hotstuff_state_size_bytes", "State size.", {.unit = "bytes"}};

inline constexpr GaugeDef<> kAccountCount{"hotstuff_account_count", "Accounts."};

inline constexpr GaugeDef<> kContractCount{"hotstuff_contract_count", "Contracts."};

inline constexpr CounterDef<"result"> kTransactionValidations{"hotstuff_transaction_validations_total",
                                                              "Validated transactions; result = valid, invalid.",
                                                              {.closed = {kValidationResults}}};

inline constexpr CounterDef<"reason"> kValidationFailures{
    "hotstuff_validation_failures_total",
    "Failures; reason = signature, nonce, balance, gas, format, other.",
    {.closed = {kValidationFailureReasons}}};

inline constexpr HistogramDef<> kValidationTimeSeconds{"hotstuff_validation_time_seconds",
                                                       "Validation time.",
                                                       buckets<0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1>,
                                                       {.unit = "seconds"}};

inline constexpr std::array kStorage{
    kStorageReads.describe(),
    kStorageWrites.describe(),
    kStorageDeletes.describe(),
    kStorageReadLatencySeconds.describe(),
    kStorageWriteLatencySeconds.describe(),
    kStorageBatchOperationLatencySeconds.describe(),
    kStorageSizeBytes.describe(),
    kStorageUtilizationRatio.describe(),
    kStorageErrors.describe(),
    kCacheHits.describe(),
    kCacheMisses.describe(),
    kCacheSizeBytes.describe(),
    kStateTransitions.describe(),
    kStateQueries.describe(),
    kStateSnapshots.describe(),
    kStateTransitionTimeSeconds.describe(),
    kStateQueryTimeSeconds.describe(),
    kSnapshotCreationTimeSeconds.describe(),
    kStateSizeBytes.describe(),
    kAccountCount.describe(),
    kContractCount.describe(),
    kTransactionValidations.describe(),
    kValidationFailures.describe(),
    kValidationTimeSeconds.describe(),
};

}  // namespace vigil::packs::hotstuff2::catalog
