#include "packs/hotstuff2/mempool_metrics.h"

namespace vigil::packs::hotstuff2 {

MempoolMetrics::MempoolMetrics(metrics::RegistryRef registry)
    : mempool_size(registry, catalog::kMempoolSize),
      mempool_size_bytes(registry, catalog::kMempoolSizeBytes),
      mempool_added(registry),
      mempool_removed(registry),
      mempool_rejected(registry) {}

void MempoolMetrics::update_mempool_size(std::uint64_t transactions, std::uint64_t bytes) {
  mempool_size.set(static_cast<double>(transactions));
  mempool_size_bytes.set(static_cast<double>(bytes));
}

void MempoolMetrics::record_transactions_added(TransactionSource source, std::uint64_t count) {
  mempool_added(source).inc(count);
}

void MempoolMetrics::record_transactions_removed(RemovalReason reason, std::uint64_t count) {
  mempool_removed(reason).inc(count);
}

void MempoolMetrics::record_transaction_rejected(MempoolRejection reason) { mempool_rejected(reason).inc(); }

}  // namespace vigil::packs::hotstuff2
