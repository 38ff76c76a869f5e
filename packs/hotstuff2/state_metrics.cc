#include "packs/hotstuff2/state_metrics.h"

namespace vigil::packs::hotstuff2 {

StateMetrics::StateMetrics(metrics::RegistryRef registry)
    : state_transitions(registry, catalog::kStateTransitions),
      state_queries(registry, catalog::kStateQueries),
      state_snapshots(registry),
      state_transition_time(registry, catalog::kStateTransitionTimeSeconds),
      state_query_time(registry, catalog::kStateQueryTimeSeconds),
      snapshot_creation_time(registry, catalog::kSnapshotCreationTimeSeconds),
      state_size(registry, catalog::kStateSizeBytes),
      account_count(registry, catalog::kAccountCount),
      contract_count(registry, catalog::kContractCount),
      transaction_validations(registry),
      validation_failures(registry),
      validation_time(registry, catalog::kValidationTimeSeconds) {}

void StateMetrics::record_state_transition(Seconds duration) {
  state_transitions.inc();
  state_transition_time.observe(duration.count());
}

void StateMetrics::record_state_query(Seconds duration) {
  state_queries.inc();
  state_query_time.observe(duration.count());
}

void StateMetrics::record_state_snapshot(Outcome outcome, Seconds duration) {
  state_snapshots(outcome).inc();
  snapshot_creation_time.observe(duration.count());
}

void StateMetrics::update_state_size(std::uint64_t size_bytes) { state_size.set(static_cast<double>(size_bytes)); }
void StateMetrics::update_account_count(std::uint64_t accounts) { account_count.set(static_cast<double>(accounts)); }

void StateMetrics::update_contract_count(std::uint64_t contracts) {
  contract_count.set(static_cast<double>(contracts));
}

void StateMetrics::record_transaction_validation(Seconds duration, std::optional<ValidationFailure> failure) {
  transaction_validations(failure ? Validity::kInvalid : Validity::kValid).inc();
  if (failure) validation_failures(*failure).inc();
  validation_time.observe(duration.count());
}

}  // namespace vigil::packs::hotstuff2
