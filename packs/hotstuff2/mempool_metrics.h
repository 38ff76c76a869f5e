// The pool of pending transactions: what came in, what left, what was refused.
//
//   MempoolMetrics mempool(registry);
//   mempool.record_transactions_added(TransactionSource::kClient);
//   mempool.update_mempool_size(pool.size(), pool.bytes());
//
// The fields are the instruments.
// Thread-safety: any thread. Recording neither locks nor allocates.
#pragma once

#include <cstdint>

#include "packs/hotstuff2/types.h"
#include "vigil/metrics/by_enum.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::hotstuff2 {

class MempoolMetrics {
 public:
  explicit MempoolMetrics(metrics::RegistryRef registry);

  void update_mempool_size(std::uint64_t transactions, std::uint64_t bytes);
  void record_transactions_added(TransactionSource source, std::uint64_t count = 1);
  void record_transactions_removed(RemovalReason reason, std::uint64_t count = 1);
  void record_transaction_rejected(MempoolRejection reason);

  const metrics::InstrumentOf<catalog::kMempoolSize> mempool_size;
  const metrics::InstrumentOf<catalog::kMempoolSizeBytes> mempool_size_bytes;
  const metrics::ByEnum<catalog::kMempoolAdded, TransactionSource> mempool_added;
  const metrics::ByEnum<catalog::kMempoolRemoved, RemovalReason> mempool_removed;
  const metrics::ByEnum<catalog::kMempoolRejected, MempoolRejection> mempool_rejected;
};

}  // namespace vigil::packs::hotstuff2
