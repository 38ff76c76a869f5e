// The error tracker of a ZK prover: errors::ErrorTracker that counts in zk_errors_total,
// zk_errors_deduplicated_total and zk_error_export_failures_total.
//
//   ZkErrorTracker tracker;  // Sentry where SENTRY_DSN is set
//   tracker.track_error({.category = "proof_generation",
//                        .message = "Failed to generate witness",
//                        .severity = ErrorSeverity::kError,
//                        .context = {.operation_id = new_operation_id(), .circuit_id = "groth16_v1"}});
//   fmt::print("Total errors: {}", tracker.get_summary().total_errors);
//
// Several trackers on one registry share the families. Thread-safety: any thread.
#pragma once

#include <memory>
#include <string>

#include "packs/zk/catalog.h"
#include "vigil/base/clock.h"
#include "vigil/errors/error_tracker.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::zk {

using errors::ErrorContext;
using errors::ErrorSeverity;
using errors::ErrorSummary;
using errors::new_operation_id;
using errors::StackTrace;
using errors::StructuredError;

struct ZkErrorOptions {
  metrics::RegistryRef registry = metrics::Registry::global();
  std::shared_ptr<errors::SentryClient> sentry = nullptr;  // null: nothing is sent
  errors::ErrorLimits limits = {};
  Clock* clock = nullptr;  // null: the machine's
};

class ZkErrorTracker {
 public:
  // On the global registry, with Sentry as SENTRY_DSN, SENTRY_ENVIRONMENT and
  // SENTRY_RELEASE say; a DSN that is not one is logged (without it) and not used.
  ZkErrorTracker();
  explicit ZkErrorTracker(ZkErrorOptions options);

  // A category that is none of the eight counts as "other".
  void track_error(StructuredError error) { tracker_.track_error(std::move(error)); }
  ErrorSummary get_summary() const { return tracker_.get_summary(); }
  // See errors::ErrorTracker.
  bool flush(Duration timeout) { return tracker_.flush(timeout); }

 private:
  const metrics::InstrumentOf<catalog::kErrors> errors_;
  const metrics::InstrumentOf<catalog::kErrorsDeduplicated> deduplicated_;
  const metrics::InstrumentOf<catalog::kErrorExportFailures> export_failures_;
  errors::ErrorTracker tracker_;
};

}  // namespace vigil::packs::zk
