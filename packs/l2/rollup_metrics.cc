#include "packs/l2/rollup_metrics.h"

namespace vigil::packs::l2 {

RollupMetrics::RollupMetrics(metrics::RegistryRef registry)
    : batch_last_submitted_timestamp_(registry, catalog::kL2BatchLastSubmittedTimestampSeconds),
      batches_(registry),
      batch_backlog_(registry, catalog::kL2BatchBacklog),
      batch_size_(registry, catalog::kL2BatchSizeBytes),
      proof_last_finalized_batch_(registry, catalog::kL2ProofLastFinalizedBatch),
      operator_balance_(registry, catalog::kL2OperatorBalanceEther),
      operator_nonce_gap_(registry, catalog::kL2OperatorNonceGap) {}

void RollupMetrics::record_batch_submitted(std::uint64_t bytes, Seconds since_unix_epoch) {
  batches_(BatchResult::kSubmitted).inc();
  batch_size_.observe(static_cast<double>(bytes));
  batch_last_submitted_timestamp_.set(since_unix_epoch.count());
}

void RollupMetrics::update_operator(std::string_view chain, OperatorRole role, Wei balance, std::uint64_t nonce_gap) {
  operator_balance_.with(chain, to_string(role)).set(to_ether(balance));
  operator_nonce_gap_.with(chain, to_string(role)).set(static_cast<double>(nonce_gap));
}

}  // namespace vigil::packs::l2
