#include "packs/l2/celestia_metrics.h"

namespace vigil::packs::l2 {

CelestiaMetrics::CelestiaMetrics(metrics::RegistryRef registry)
    : local_head_height_(registry, catalog::kCelestiaLocalHeadHeight),
      network_head_height_(registry, catalog::kCelestiaNetworkHeadHeight),
      head_timestamp_(registry, catalog::kCelestiaHeadTimestampSeconds),
      das_sampled_head_height_(registry, catalog::kCelestiaDasSampledHeadHeight),
      das_catch_up_done_(registry, catalog::kCelestiaDasCatchUpDone),
      das_failed_headers_(registry, catalog::kCelestiaDasFailedHeaders),
      das_running_(registry, catalog::kCelestiaDasRunning),
      submissions_(registry),
      submission_duration_(registry),
      submitted_(registry, catalog::kCelestiaSubmittedBytes),
      blob_size_(registry, catalog::kCelestiaBlobSizeBytes),
      fees_(registry, catalog::kCelestiaFeesUtia),
      gas_price_(registry, catalog::kCelestiaGasPriceUtia),
      account_balance_(registry, catalog::kCelestiaAccountBalanceUtia),
      last_submission_height_(registry, catalog::kCelestiaLastSubmissionHeight),
      last_success_timestamp_(registry, catalog::kCelestiaLastSuccessTimestampSeconds),
      pending_submissions_(registry, catalog::kCelestiaPendingSubmissions),
      l2_blocks_without_da_(registry, catalog::kCelestiaL2BlocksWithoutDa),
      peers_(registry, catalog::kCelestiaPeers),
      rpc_up_(registry, catalog::kCelestiaRpcUp),
      rpc_auth_failures_(registry, catalog::kCelestiaRpcAuthFailures) {}

void CelestiaMetrics::record_submission(const BlobSubmission& blob) {
  submissions_(SubmissionResult::kSuccess, SubmissionReason::kNone).inc();
  submission_duration_(SubmissionResult::kSuccess).observe(blob.duration.count());
  submitted_.inc(blob.bytes);
  blob_size_.observe(static_cast<double>(blob.bytes));
  fees_.inc(blob.fee_utia);
  last_submission_height_.set(static_cast<double>(blob.height));
  last_success_timestamp_.set(blob.timestamp.count());
}

void CelestiaMetrics::record_submission_failure(SubmissionReason reason, Seconds duration) {
  if (reason == SubmissionReason::kNone) reason = SubmissionReason::kOther;
  submissions_(SubmissionResult::kFailure, reason).inc();
  submission_duration_(SubmissionResult::kFailure).observe(duration.count());
}

void CelestiaMetrics::update_local_head(std::uint64_t height, Seconds timestamp) {
  local_head_height_.set(static_cast<double>(height));
  head_timestamp_.set(timestamp.count());
}

void CelestiaMetrics::update_sampling(const SamplingStats& stats) {
  das_sampled_head_height_.set(static_cast<double>(stats.sampled_head));
  das_failed_headers_.set(static_cast<double>(stats.failed_headers));
  das_catch_up_done_.set(stats.catch_up_done ? 1 : 0);
  das_running_.set(stats.running ? 1 : 0);
}

void CelestiaMetrics::update_peers(std::optional<std::uint64_t> peers) {
  const auto gauge = peers_.with();
  peers.has_value() ? gauge.set(static_cast<double>(*peers)) : gauge.clear();
}

}  // namespace vigil::packs::l2
