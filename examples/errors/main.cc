// Tracks a few errors of a prover that goes wrong:
//   SENTRY_DSN=http://key@127.0.0.1:9000/42 errors_example
// The structured log goes to standard error, the summary to standard output.
#include <cstdio>

#include "packs/zk/error_tracker.h"

namespace {

using namespace vigil::packs::zk;

void prove(ZkErrorTracker& tracker) {
  tracker.track_error({.category = "proof_generation",
                       .message = "Failed to generate witness",
                       .severity = ErrorSeverity::kCritical,
                       .context = {.operation_id = new_operation_id(),
                                   .circuit_id = "groth16_v1",
                                   .proof_type = "groth16",
                                   .security_level = 128,
                                   .constraint_count = 100000,
                                   .memory_usage_bytes = 1024ULL * 1024 * 100,
                                   .duration_ms = 150.5,
                                   .custom_fields = {{"input_hash", "0xabc..."}, {"expected_hash", "0xdef..."}}},
                       .stack_trace = StackTrace::capture()});
}

}  // namespace

int main() {
  ZkErrorTracker tracker;
  prove(tracker);
  // Twenty of a kind: ten go out, the others are counted.
  for (int attempt = 1; attempt <= 20; ++attempt) {
    tracker.track_error({.category = "timeout",
                         .message = "worker 7 did not answer, attempt " + std::to_string(attempt),
                         .severity = ErrorSeverity::kWarning});
  }
  const bool delivered = tracker.flush(2 * vigil::kSecond);

  const ErrorSummary summary = tracker.get_summary();
  std::printf("Total errors: %llu\n", static_cast<unsigned long long>(summary.total_errors));
  for (const auto& group : summary.groups) {
    std::printf("%6llu  %s  %s\n", static_cast<unsigned long long>(group.count), group.category.c_str(),
                group.message.c_str());
  }
  std::printf("Sentry: %s\n", delivered ? "nothing waits" : "not everything was delivered");
}
