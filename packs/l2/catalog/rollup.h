// The way from L2 to L1: batches, proofs, and the accounts that pay for them.
#pragma once

#include <array>

#include "packs/l2/catalog/chain.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::l2::catalog {

using vigil::metrics::buckets;
using vigil::metrics::closed;
using vigil::metrics::ClosedLabel;
using vigil::metrics::CounterDef;
using vigil::metrics::GaugeDef;
using vigil::metrics::HistogramDef;

inline constexpr ClosedLabel kBatchResults = closed<"result", "submitted", "confirmed", "failed">;
inline constexpr ClosedLabel kOperatorRoles = closed<"role", "batcher", "proposer", "bundler", "topup">;

inline constexpr GaugeDef<> kL2BatchLastSubmittedTimestampSeconds{
    "l2_batch_last_submitted_timestamp_seconds", "Time of the last batch posted to L1.", {.unit = "seconds"}};

inline constexpr CounterDef<"result"> kL2Batches{
    "l2_batches_total", "Batches; result = submitted, confirmed, failed.", {.closed = {kBatchResults}}};

inline constexpr GaugeDef<> kL2BatchBacklog{"l2_batch_backlog", "Batches built, not posted."};

inline constexpr HistogramDef<> kL2BatchSizeBytes{
    "l2_batch_size_bytes",
    "Batch size.",
    buckets<1024.0, 4096.0, 16384.0, 65536.0, 131072.0, 262144.0, 524288.0, 1048576.0, 2097152.0>,
    {.unit = "bytes"}};

inline constexpr GaugeDef<> kL2ProofLastFinalizedBatch{"l2_proof_last_finalized_batch", "Last batch proven on L1."};

inline constexpr GaugeDef<"chain", "role"> kL2OperatorBalanceEther{
    "l2_operator_balance_ether",
    "Balance of an operator's account on that chain; role = batcher, proposer, bundler, topup.",
    {.closed = {kOperatorRoles}, .max_label_sets = per_chain(4), .unit = "ether"}};

inline constexpr GaugeDef<"chain", "role"> kL2OperatorNonceGap{
    "l2_operator_nonce_gap",
    "Transactions of the account sent and not mined; role = batcher, proposer, bundler, topup.",
    {.closed = {kOperatorRoles}, .max_label_sets = per_chain(4)}};

inline constexpr std::array kRollup{
    kL2BatchLastSubmittedTimestampSeconds.describe(),
    kL2Batches.describe(),
    kL2BatchBacklog.describe(),
    kL2BatchSizeBytes.describe(),
    kL2ProofLastFinalizedBatch.describe(),
    kL2OperatorBalanceEther.describe(),
    kL2OperatorNonceGap.describe(),
};

}  // namespace vigil::packs::l2::catalog
