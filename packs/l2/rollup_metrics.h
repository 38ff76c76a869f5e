// Recording API of the way to L1: batches, proofs, and the accounts that pay for them.
//
// Thread-safety: any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "packs/l2/catalog/rollup.h"
#include "packs/l2/units.h"
#include "vigil/metrics/by_enum.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::l2 {

// Each in the order of its closed label in catalog/rollup.h.
enum class BatchResult : std::uint8_t { kSubmitted, kConfirmed, kFailed };
enum class OperatorRole : std::uint8_t { kBatcher, kProposer, kBundler, kTopup };

constexpr std::string_view to_string(BatchResult v) {
  return catalog::kBatchResults.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(OperatorRole v) {
  return catalog::kOperatorRoles.values[static_cast<std::size_t>(v)];
}

class RollupMetrics {
 public:
  explicit RollupMetrics(metrics::RegistryRef registry);

  void record_batch_submitted(std::uint64_t bytes, Seconds since_unix_epoch);
  void record_batch_confirmed() { batches_(BatchResult::kConfirmed).inc(); }
  void record_batch_failed() { batches_(BatchResult::kFailed).inc(); }
  // Batches built and not posted.
  void update_batch_backlog(std::uint64_t batches) { batch_backlog_.set(static_cast<double>(batches)); }
  void update_proof_last_finalized_batch(std::uint64_t batch) {
    proof_last_finalized_batch_.set(static_cast<double>(batch));
  }
  // `nonce_gap` = pending nonce minus latest nonce: transactions sent and not mined.
  void update_operator(std::string_view chain, OperatorRole role, Wei balance, std::uint64_t nonce_gap);

 private:
  metrics::InstrumentOf<catalog::kL2BatchLastSubmittedTimestampSeconds> batch_last_submitted_timestamp_;
  metrics::ByEnum<catalog::kL2Batches, BatchResult> batches_;
  metrics::InstrumentOf<catalog::kL2BatchBacklog> batch_backlog_;
  metrics::InstrumentOf<catalog::kL2BatchSizeBytes> batch_size_;
  metrics::InstrumentOf<catalog::kL2ProofLastFinalizedBatch> proof_last_finalized_batch_;
  metrics::InstrumentOf<catalog::kL2OperatorBalanceEther> operator_balance_;
  metrics::InstrumentOf<catalog::kL2OperatorNonceGap> operator_nonce_gap_;
};

}  // namespace vigil::packs::l2
