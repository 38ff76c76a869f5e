// Recording API of data availability on Celestia: the node, sampling, blobs and their cost.
//
// Amounts are in utia (1 TIA = 1e6 utia). What a node does not tell is absent from the
// page, never 0.
//
// Thread-safety: any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "packs/l2/catalog/celestia.h"
#include "packs/l2/units.h"
#include "vigil/metrics/by_enum.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::l2 {

// Each in the order of its closed label in catalog/celestia.h.
enum class SubmissionResult : std::uint8_t { kSuccess, kFailure };
enum class SubmissionReason : std::uint8_t {
  kNone,
  kTimeout,
  kInsufficientFee,
  kSequence,
  kInsufficientFunds,
  kRejected,
  kOther
};

constexpr std::string_view to_string(SubmissionResult v) {
  return catalog::kSubmissionResults.values[static_cast<std::size_t>(v)];
}
constexpr std::string_view to_string(SubmissionReason v) {
  return catalog::kSubmissionReasons.values[static_cast<std::size_t>(v)];
}

// A blob that was included.
struct BlobSubmission {
  std::uint64_t bytes = 0;
  std::uint64_t fee_utia = 0;
  std::uint64_t height = 0;
  Seconds duration = {};   // from submission to the answer with the height
  Seconds timestamp = {};  // of the answer
};

// What das.SamplingStats answers.
struct SamplingStats {
  std::uint64_t sampled_head = 0;
  std::uint64_t failed_headers = 0;
  bool catch_up_done = false;
  bool running = false;
};

class CelestiaMetrics {
 public:
  explicit CelestiaMetrics(metrics::RegistryRef registry);

  // --- blobs ---
  void record_submission(const BlobSubmission& blob);
  // A failure has a reason: kNone is counted as other.
  void record_submission_failure(SubmissionReason reason, Seconds duration);
  void update_pending_submissions(std::uint64_t blobs) { pending_submissions_.set(static_cast<double>(blobs)); }
  // L2 head minus the last L2 block that an included blob covers.
  void update_l2_blocks_without_da(std::uint64_t blocks) { l2_blocks_without_da_.set(static_cast<double>(blocks)); }
  void update_gas_price(double utia) { gas_price_.set(utia); }
  void update_account_balance(std::uint64_t utia) { account_balance_.set(static_cast<double>(utia)); }

  // --- node ---
  void update_local_head(std::uint64_t height, Seconds timestamp);
  void update_network_head(std::uint64_t height) { network_head_height_.set(static_cast<double>(height)); }
  void update_sampling(const SamplingStats& stats);
  // nullopt: the node does not tell without an admin token.
  void update_peers(std::optional<std::uint64_t> peers);
  void update_rpc_up(bool up) { rpc_up_.set(up ? 1 : 0); }
  void record_rpc_auth_failure() { rpc_auth_failures_.inc(); }

 private:
  metrics::InstrumentOf<catalog::kCelestiaLocalHeadHeight> local_head_height_;
  metrics::InstrumentOf<catalog::kCelestiaNetworkHeadHeight> network_head_height_;
  metrics::InstrumentOf<catalog::kCelestiaHeadTimestampSeconds> head_timestamp_;
  metrics::InstrumentOf<catalog::kCelestiaDasSampledHeadHeight> das_sampled_head_height_;
  metrics::InstrumentOf<catalog::kCelestiaDasCatchUpDone> das_catch_up_done_;
  metrics::InstrumentOf<catalog::kCelestiaDasFailedHeaders> das_failed_headers_;
  metrics::InstrumentOf<catalog::kCelestiaDasRunning> das_running_;
  metrics::ByEnum<catalog::kCelestiaSubmissions, SubmissionResult, SubmissionReason> submissions_;
  metrics::ByEnum<catalog::kCelestiaSubmissionDurationSeconds, SubmissionResult> submission_duration_;
  metrics::InstrumentOf<catalog::kCelestiaSubmittedBytes> submitted_;
  metrics::InstrumentOf<catalog::kCelestiaBlobSizeBytes> blob_size_;
  metrics::InstrumentOf<catalog::kCelestiaFeesUtia> fees_;
  metrics::InstrumentOf<catalog::kCelestiaGasPriceUtia> gas_price_;
  metrics::InstrumentOf<catalog::kCelestiaAccountBalanceUtia> account_balance_;
  metrics::InstrumentOf<catalog::kCelestiaLastSubmissionHeight> last_submission_height_;
  metrics::InstrumentOf<catalog::kCelestiaLastSuccessTimestampSeconds> last_success_timestamp_;
  metrics::InstrumentOf<catalog::kCelestiaPendingSubmissions> pending_submissions_;
  metrics::InstrumentOf<catalog::kCelestiaL2BlocksWithoutDa> l2_blocks_without_da_;
  metrics::InstrumentOf<catalog::kCelestiaPeers> peers_;
  metrics::InstrumentOf<catalog::kCelestiaRpcUp> rpc_up_;
  metrics::InstrumentOf<catalog::kCelestiaRpcAuthFailures> rpc_auth_failures_;
};

}  // namespace vigil::packs::l2
