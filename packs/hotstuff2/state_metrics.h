// The replicated state machine: transitions, queries, snapshots, validation.
//
//   StateMetrics state(registry);
//   state.record_state_transition(elapsed);
//   state.record_transaction_validation(elapsed, ValidationFailure::kNonce);
//
// The fields are the instruments.
// Thread-safety: any thread. Recording neither locks nor allocates.
#pragma once

#include <cstdint>
#include <optional>

#include "packs/hotstuff2/types.h"
#include "vigil/metrics/by_enum.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::hotstuff2 {

class StateMetrics {
 public:
  explicit StateMetrics(metrics::RegistryRef registry);

  void record_state_transition(Seconds duration);  // execution of one block
  void record_state_query(Seconds duration);
  void record_state_snapshot(Outcome outcome, Seconds duration);
  void update_state_size(std::uint64_t size_bytes);
  void update_account_count(std::uint64_t accounts);
  void update_contract_count(std::uint64_t contracts);
  // `failure`: why the transaction is not valid.
  void record_transaction_validation(Seconds duration, std::optional<ValidationFailure> failure = std::nullopt);

  const metrics::InstrumentOf<catalog::kStateTransitions> state_transitions;
  const metrics::InstrumentOf<catalog::kStateQueries> state_queries;
  const metrics::ByEnum<catalog::kStateSnapshots, Outcome> state_snapshots;
  const metrics::InstrumentOf<catalog::kStateTransitionTimeSeconds> state_transition_time;
  const metrics::InstrumentOf<catalog::kStateQueryTimeSeconds> state_query_time;
  const metrics::InstrumentOf<catalog::kSnapshotCreationTimeSeconds> snapshot_creation_time;
  const metrics::InstrumentOf<catalog::kStateSizeBytes> state_size;
  const metrics::InstrumentOf<catalog::kAccountCount> account_count;
  const metrics::InstrumentOf<catalog::kContractCount> contract_count;
  const metrics::ByEnum<catalog::kTransactionValidations, Validity> transaction_validations;
  const metrics::ByEnum<catalog::kValidationFailures, ValidationFailure> validation_failures;
  const metrics::InstrumentOf<catalog::kValidationTimeSeconds> validation_time;
};

}  // namespace vigil::packs::hotstuff2
