// Data availability on Celestia.
#pragma once

#include <array>

#include "vigil/metrics/metrics.h"

namespace vigil::packs::l2::catalog {

using vigil::metrics::buckets;
using vigil::metrics::closed;
using vigil::metrics::ClosedLabel;
using vigil::metrics::CounterDef;
using vigil::metrics::GaugeDef;
using vigil::metrics::HistogramDef;

inline constexpr ClosedLabel kSubmissionResults = closed<"result", "success", "failure">;
inline constexpr ClosedLabel kSubmissionReasons =
    closed<"reason", "none", "timeout", "insufficient_fee", "sequence", "insufficient_funds", "rejected", "other">;

inline constexpr GaugeDef<> kCelestiaLocalHeadHeight{"celestia_local_head_height", "Head of the local node."};

inline constexpr GaugeDef<> kCelestiaNetworkHeadHeight{"celestia_network_head_height",
                                                       "Head of the network, as the local node knows it."};

inline constexpr GaugeDef<> kCelestiaHeadTimestampSeconds{
    "celestia_head_timestamp_seconds", "Time of the local head.", {.unit = "seconds"}};

inline constexpr GaugeDef<> kCelestiaDasSampledHeadHeight{"celestia_das_sampled_head_height",
                                                          "Head of the sampled chain."};

inline constexpr GaugeDef<> kCelestiaDasCatchUpDone{"celestia_das_catch_up_done", "1 once sampling has caught up."};

inline constexpr GaugeDef<> kCelestiaDasFailedHeaders{"celestia_das_failed_headers", "Headers whose sampling failed."};

inline constexpr GaugeDef<> kCelestiaDasRunning{"celestia_das_running", "1 while sampling runs."};

inline constexpr CounterDef<"result", "reason"> kCelestiaSubmissions{
    "celestia_submissions_total",
    "Blob submissions; result = success, failure; reason = none, timeout, insufficient_fee, sequence, "
    "insufficient_funds, rejected, other.",
    {.closed = {kSubmissionResults, kSubmissionReasons}}};

inline constexpr HistogramDef<"result"> kCelestiaSubmissionDurationSeconds{
    "celestia_submission_duration_seconds",
    "From submission to the height it was included at; result = success, failure.",
    buckets<0.5, 1.0, 2.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 300.0>,
    {.closed = {kSubmissionResults}, .unit = "seconds"}};

inline constexpr CounterDef<> kCelestiaSubmittedBytes{
    "celestia_submitted_bytes_total", "Blob bytes accepted; the running sum is the storage used.", {.unit = "bytes"}};

inline constexpr HistogramDef<> kCelestiaBlobSizeBytes{
    "celestia_blob_size_bytes",
    "Blob size.",
    buckets<1024.0, 4096.0, 16384.0, 65536.0, 131072.0, 262144.0, 524288.0, 1048576.0, 2097152.0, 8388608.0>,
    {.unit = "bytes"}};

inline constexpr CounterDef<> kCelestiaFeesUtia{"celestia_fees_utia_total", "Fees paid.", {.unit = "utia"}};

inline constexpr GaugeDef<> kCelestiaGasPriceUtia{"celestia_gas_price_utia", "Gas price used.", {.unit = "utia"}};

inline constexpr GaugeDef<> kCelestiaAccountBalanceUtia{
    "celestia_account_balance_utia", "Balance of the account that pays.", {.unit = "utia"}};

inline constexpr GaugeDef<> kCelestiaLastSubmissionHeight{"celestia_last_submission_height",
                                                          "Height of the last included blob."};

inline constexpr GaugeDef<> kCelestiaLastSuccessTimestampSeconds{
    "celestia_last_success_timestamp_seconds", "Time of the last success.", {.unit = "seconds"}};

inline constexpr GaugeDef<> kCelestiaPendingSubmissions{"celestia_pending_submissions", "Blobs waiting."};

inline constexpr GaugeDef<> kCelestiaL2BlocksWithoutDa{"celestia_l2_blocks_without_da",
                                                       "L2 head minus the last L2 block in an included blob."};

inline constexpr GaugeDef<> kCelestiaPeers{"celestia_peers",
                                           "Peers of the node; absent, not 0, when the node does not tell."};

inline constexpr GaugeDef<> kCelestiaRpcUp{"celestia_rpc_up", "1 if the node answered the last call."};

inline constexpr CounterDef<> kCelestiaRpcAuthFailures{"celestia_rpc_auth_failures_total",
                                                       "Calls refused for their token."};

inline constexpr std::array kCelestia{
    kCelestiaLocalHeadHeight.describe(),
    kCelestiaNetworkHeadHeight.describe(),
    kCelestiaHeadTimestampSeconds.describe(),
    kCelestiaDasSampledHeadHeight.describe(),
    kCelestiaDasCatchUpDone.describe(),
    kCelestiaDasFailedHeaders.describe(),
    kCelestiaDasRunning.describe(),
    kCelestiaSubmissions.describe(),
    kCelestiaSubmissionDurationSeconds.describe(),
    kCelestiaSubmittedBytes.describe(),
    kCelestiaBlobSizeBytes.describe(),
    kCelestiaFeesUtia.describe(),
    kCelestiaGasPriceUtia.describe(),
    kCelestiaAccountBalanceUtia.describe(),
    kCelestiaLastSubmissionHeight.describe(),
    kCelestiaLastSuccessTimestampSeconds.describe(),
    kCelestiaPendingSubmissions.describe(),
    kCelestiaL2BlocksWithoutDa.describe(),
    kCelestiaPeers.describe(),
    kCelestiaRpcUp.describe(),
    kCelestiaRpcAuthFailures.describe(),
};

}  // namespace vigil::packs::l2::catalog
