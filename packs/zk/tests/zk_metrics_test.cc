#include "packs/zk/zk_metrics.h"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "packs/testing/catalog_check.h"
#include "packs/testing/recording_check.h"
#include "vigil/base/fake_clock.h"
#include "vigil/base/log.h"

namespace vigil::packs::zk {
namespace {

using testing::page;
using testing::value;

// Log lines of a test instead of standard error.
class CapturedLog {
 public:
  CapturedLog() {
    log::set_sink([this](log::Level, std::string_view line) { text_ += std::string(line) + "\n"; });
  }
  ~CapturedLog() { log::set_sink({}); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

struct Prover {
  FakeClock clock{1'700'000'000'000};
  CapturedLog log;
  metrics::Registry registry;
  ZkMetrics metrics{registry, {.clock = &clock}};
};

TEST(ZkMetrics, ClosedSeriesExistFromTheStartAndGaugesDoNot) {
  Prover p;
  for (const char* series : {
           "zk_proofs_generated_total{proof_type=\"stark\",security_level=\"256\",status=\"failure\"}",
           "zk_proof_generation_duration_seconds_count{proof_type=\"plonk\",security_level=\"192\"}",
           "zk_verifications_total{proof_type=\"groth16\",security_level=\"128\",status=\"success\"}",
           "zk_verification_rejections_total{reason=\"malformed\"}",
           "zk_errors_total{category=\"security_violation\",severity=\"critical\"}",
           "zk_sla_breaches_total{operation=\"proof_generation\",target_latency_ms=\"5000\"}",
           "zk_sla_breaches_total{operation=\"verification\",target_latency_ms=\"100\"}",
           "zk_circuit_compilations_total{status=\"failure\"}",
           "zk_circuit_cache_misses_total",
           "zk_proof_jobs_max_attempts_total{proof_type=\"stark\"}",
           "zk_error_export_failures_total{sink=\"sentry\"}",
           "zk_worker_busy_seconds_total{worker_class=\"gpu\"}",
       }) {
    EXPECT_EQ(value(p.registry, series), 0) << series;
  }
  const std::string text = page(p.registry);
  EXPECT_EQ(text.find(" gauge\n"), std::string::npos);
  EXPECT_EQ(text.find("=\"other\""), std::string::npos);
}

TEST(ZkMetrics, EachCallShows) {
  using std::chrono::milliseconds;
  const struct {
    const char* name;
    std::function<void(ZkMetrics&)> call;
    const char* series;
    double expected;
  } cases[] = {
      {"verification in ms",
       [](ZkMetrics& m) {
         m.record_verification(Milliseconds(50.0), true, ProofType::kGroth16, SecurityLevel::kBit128);
       },
       "zk_verification_duration_seconds_sum{proof_type=\"groth16\",security_level=\"128\"}", 0.05},
      {"verification",
       [](ZkMetrics& m) { m.record_verification(Seconds(0.05), true, ProofType::kPlonk, SecurityLevel::kBit192); },
       "zk_verifications_total{proof_type=\"plonk\",security_level=\"192\",status=\"success\"}", 1},
      {"failed verification",
       [](ZkMetrics& m) { m.record_verification(milliseconds(50), false, ProofType::kStark, SecurityLevel::kBit256); },
       "zk_verifications_total{proof_type=\"stark\",security_level=\"256\",status=\"failure\"}", 1},
      {"its reason",
       [](ZkMetrics& m) {
         m.record_verification(milliseconds(50), false, ProofType::kStark, SecurityLevel::kBit256,
                               RejectionReason::kBadPublicInput);
       },
       "zk_verification_rejections_total{reason=\"bad_public_input\"}", 1},
      {"its usual reason",
       [](ZkMetrics& m) { m.record_verification(milliseconds(50), false, ProofType::kStark, SecurityLevel::kBit256); },
       "zk_verification_rejections_total{reason=\"invalid_proof\"}", 1},
      {"verification by an unknown name",
       [](ZkMetrics& m) { m.record_verification(milliseconds(50), true, "fflonk", SecurityLevel::kBit128); },
       "zk_verifications_total{proof_type=\"other\",security_level=\"128\",status=\"success\"}", 1},
      {"proof by name",
       [](ZkMetrics& m) { m.record_proof_generation(Seconds(2), false, "plonk", SecurityLevel::kBit128); },
       "zk_proofs_generated_total{proof_type=\"plonk\",security_level=\"128\",status=\"failure\"}", 1},
      {"its size", [](ZkMetrics& m) { m.record_proof_size("plonk", 800); },
       "zk_proof_size_bytes_sum{proof_type=\"plonk\"}", 800},
      {"its constraints", [](ZkMetrics& m) { m.record_proof_constraints("fflonk", 7); },
       "zk_proof_constraints_sum{proof_type=\"other\"}", 7},
      {"compilation in ms", [](ZkMetrics& m) { m.record_circuit_compilation(Milliseconds(200.0), 10000, true); },
       "zk_circuit_compilation_duration_seconds_sum", 0.2},
      {"complexity", [](ZkMetrics& m) { m.record_circuit_compilation(Milliseconds(200.0), 10000, true); },
       "zk_circuit_complexity_sum", 10000},
      {"failed compilation has none",
       [](ZkMetrics& m) { m.record_circuit_compilation(Milliseconds(200.0), 10000, false); },
       "zk_circuit_complexity_count", 0},
      {"failed compilation", [](ZkMetrics& m) { m.record_circuit_compilation(Milliseconds(200.0), 10000, false); },
       "zk_circuit_compilations_total{status=\"failure\"}", 1},
      {"is an error", [](ZkMetrics& m) { m.record_circuit_compilation(Milliseconds(200.0), 10000, false); },
       "zk_errors_total{category=\"circuit_compilation\",severity=\"error\"}", 1},
      {"cache hit", [](ZkMetrics& m) { m.record_circuit_cache_hit(); }, "zk_circuit_cache_hits_total", 1},
      {"cache miss", [](ZkMetrics& m) { m.record_circuit_cache_miss(); }, "zk_circuit_cache_misses_total", 1},
      {"memory", [](ZkMetrics& m) { m.record_memory_usage(Operation::kVerification, 7); },
       "zk_memory_usage_bytes{operation=\"verification\"}", 7},
      {"memory by name", [](ZkMetrics& m) { m.record_memory_usage("proof_generation", 1 << 20); },
       "zk_memory_usage_bytes{operation=\"proof_generation\"}", 1 << 20},
      {"memory of another", [](ZkMetrics& m) { m.record_memory_usage("witness", 5); },
       "zk_memory_usage_bytes{operation=\"other\"}", 5},
      {"memory limit", [](ZkMetrics& m) { m.update_memory_limit(1 << 30); }, "zk_memory_limit_bytes", 1 << 30},
      {"error", [](ZkMetrics& m) { (void)m.record_error("proof_generation", "error", "no witness"); },
       "zk_errors_total{category=\"proof_generation\",severity=\"error\"}", 1},
      {"error of another category", [](ZkMetrics& m) { (void)m.record_error("disk", "critical", "full"); },
       "zk_errors_total{category=\"other\",severity=\"critical\"}", 1},
      {"folded error", [](ZkMetrics& m) { m.record_error_deduplicated("timeout"); },
       "zk_errors_deduplicated_total{category=\"timeout\"}", 1},
      {"export failure", [](ZkMetrics& m) { m.record_error_export_failure(ErrorSink::kLog); },
       "zk_error_export_failures_total{sink=\"log\"}", 1},
      {"breach", [](ZkMetrics& m) { m.record_sla_breach("proof_generation", 5000); },
       "zk_sla_breaches_total{operation=\"proof_generation\",target_latency_ms=\"5000\"}", 1},
      {"breach of a target nobody configured", [](ZkMetrics& m) { m.record_sla_breach(Operation::kVerification, 7); },
       "zk_sla_breaches_total{operation=\"verification\",target_latency_ms=\"other\"}", 1},
      {"witness", [](ZkMetrics& m) { m.record_witness_generation(Seconds(0.5), ProofType::kPlonk); },
       "zk_witness_generation_duration_seconds_sum{proof_type=\"plonk\"}", 0.5},
      {"queue", [](ZkMetrics& m) { m.update_queue_depth(ProofType::kStark, 3); },
       "zk_proof_queue_depth{proof_type=\"stark\"}", 3},
      {"oldest job", [](ZkMetrics& m) { m.update_queue_oldest_age(std::chrono::minutes(2)); },
       "zk_proof_queue_oldest_age_seconds", 120},
      {"queue wait", [](ZkMetrics& m) { m.record_queue_wait(Seconds(4), ProofType::kStark); },
       "zk_proof_queue_wait_seconds_bucket{proof_type=\"stark\",le=\"5\"}", 1},
      {"requeued", [](ZkMetrics& m) { m.record_job_requeued(RequeueReason::kWorkerLost); },
       "zk_proof_jobs_requeued_total{reason=\"worker_lost\"}", 1},
      {"given up", [](ZkMetrics& m) { m.record_job_given_up(ProofType::kGroth16); },
       "zk_proof_jobs_max_attempts_total{proof_type=\"groth16\"}", 1},
      {"workers", [](ZkMetrics& m) { m.update_workers(WorkerClass::kGpu, 8); }, "zk_worker_up{worker_class=\"gpu\"}",
       8},
      {"worker time", [](ZkMetrics& m) { m.record_worker_busy(WorkerClass::kCpu, milliseconds(1500)); },
       "zk_worker_busy_seconds_total{worker_class=\"cpu\"}", 1.5},
  };
  for (const auto& c : cases) {
    Prover p;
    c.call(p.metrics);
    EXPECT_EQ(value(p.registry, c.series), c.expected) << c.name << "\n" << page(p.registry);
    EXPECT_TRUE(p.registry.problems().empty()) << c.name;
  }
}

constexpr const char* kRunning = "zk_concurrent_operations{operation_type=\"proof_generation\"}";
constexpr const char* kSucceeded =
    "zk_proofs_generated_total{proof_type=\"groth16\",security_level=\"128\",status=\"success\"}";
constexpr const char* kFailed =
    "zk_proofs_generated_total{proof_type=\"groth16\",security_level=\"128\",status=\"failure\"}";

ProofGenerationGuard start(Prover& p) {
  return p.metrics.start_proof_generation(ProofType::kGroth16, SecurityLevel::kBit128);
}

TEST(ZkGuard, Success) {
  Prover p;
  auto guard = start(p);
  EXPECT_EQ(value(p.registry, kRunning), 1);
  p.clock.advance(1500);
  guard.finish_success(1024, 1'000'000);
  EXPECT_EQ(value(p.registry, kRunning), 0);
  EXPECT_EQ(value(p.registry, kSucceeded), 1);
  EXPECT_EQ(value(p.registry, "zk_proof_size_bytes_sum{proof_type=\"groth16\"}"), 1024);
  EXPECT_EQ(value(p.registry, "zk_proof_constraints_sum{proof_type=\"groth16\"}"), 1'000'000);
  EXPECT_EQ(
      value(p.registry, "zk_proof_generation_duration_seconds_sum{proof_type=\"groth16\",security_level=\"128\"}"),
      1.5);
  guard.finish_failure("too late");  // no effect
  guard.finish_success(1, 1);
  EXPECT_EQ(value(p.registry, kSucceeded), 1);
  EXPECT_EQ(value(p.registry, kFailed), 0);
}

TEST(ZkGuard, FailureHasNoSize) {
  Prover p;
  {
    auto guard = start(p);
    p.clock.advance(500);
    guard.finish_failure("constraint 7 is not met");
  }
  EXPECT_EQ(value(p.registry, kRunning), 0);
  EXPECT_EQ(value(p.registry, kFailed), 1);
  EXPECT_EQ(value(p.registry, "zk_proof_size_bytes_count{proof_type=\"groth16\"}"), 0);
  EXPECT_EQ(
      value(p.registry, "zk_proof_generation_duration_seconds_count{proof_type=\"groth16\",security_level=\"128\"}"),
      1);
  EXPECT_NE(p.log.text().find("constraint 7 is not met"), std::string::npos) << p.log.text();
  EXPECT_EQ(page(p.registry).find("constraint 7"), std::string::npos);
}

TEST(ZkGuard, DroppedIsAFailure) {
  Prover p;
  EXPECT_THROW(
      {
        auto guard = start(p);
        throw std::runtime_error("out of memory");
      },
      std::runtime_error);
  EXPECT_EQ(value(p.registry, kRunning), 0);
  EXPECT_EQ(value(p.registry, kFailed), 1);
  EXPECT_EQ(value(p.registry, kSucceeded), 0);
}

TEST(ZkGuard, MovesAndFinishesOnOtherThreads) {
  Prover p;
  std::vector<ProofGenerationGuard> guards;
  for (int i = 0; i < 10; ++i) guards.push_back(start(p));  // grows: moves
  EXPECT_EQ(value(p.registry, kRunning), 10);
  std::vector<std::thread> threads;
  for (auto& guard : guards) {
    threads.emplace_back([guard = std::move(guard)]() mutable { guard.finish_success(192, 1000); });
  }
  for (auto& thread : threads) thread.join();
  guards.clear();
  EXPECT_EQ(value(p.registry, kRunning), 0);
  EXPECT_EQ(value(p.registry, kSucceeded), 10);
  EXPECT_EQ(value(p.registry, kFailed), 0);
}

TEST(ZkMetrics, OtherOperationsRun) {
  Prover p;
  auto first = p.metrics.start_operation(Operation::kVerification);
  {
    auto second = p.metrics.start_operation(Operation::kVerification);
    EXPECT_EQ(value(p.registry, "zk_concurrent_operations{operation_type=\"verification\"}"), 2);
  }
  first.end();
  first.end();
  EXPECT_EQ(value(p.registry, "zk_concurrent_operations{operation_type=\"verification\"}"), 0);
}

TEST(ZkSla, OnlyAboveTheTarget) {
  const struct {
    const char* name;
    std::function<void(ZkMetrics&)> call;
    const char* operation;
    const char* target;
    double breaches;
  } cases[] = {
      {"at 5000", [](ZkMetrics& m) { m.record_proof_generation(Milliseconds(5000.0), true, "stark", {}); },
       "proof_generation", "5000", 0},
      {"above 5000", [](ZkMetrics& m) { m.record_proof_generation(Milliseconds(5000.1), true, "stark", {}); },
       "proof_generation", "5000", 1},
      {"a failure breaches, too",
       [](ZkMetrics& m) { m.record_proof_generation(Milliseconds(5000.1), false, "stark", {}); }, "proof_generation",
       "5000", 1},
      {"at 100", [](ZkMetrics& m) { m.record_verification(Milliseconds(100), true, ProofType::kPlonk, {}); },
       "verification", "100", 0},
      {"above 100", [](ZkMetrics& m) { m.record_verification(Milliseconds(100.5), true, ProofType::kPlonk, {}); },
       "verification", "100", 1},
      {"not the other operation's",
       [](ZkMetrics& m) { m.record_verification(Seconds(6), true, ProofType::kPlonk, {}); }, "proof_generation", "5000",
       0},
  };
  for (const auto& c : cases) {
    Prover p;
    c.call(p.metrics);
    EXPECT_EQ(value(p.registry, "zk_sla_breaches_total{operation=\"" + std::string(c.operation) +
                                    "\",target_latency_ms=\"" + c.target + "\"}"),
              c.breaches)
        << c.name;
  }
}

TEST(ZkSla, TargetsAreOptions) {
  metrics::Registry registry;
  using std::chrono::milliseconds;
  ZkMetrics m(registry, {.sla_targets = {{Operation::kCircuitCompilation, milliseconds(1000)},
                                         {Operation::kCircuitCompilation, milliseconds(2000)}}});
  ASSERT_EQ(m.sla_targets().size(), 2U);
  m.record_circuit_compilation(Milliseconds(1500), 10, true);
  EXPECT_EQ(value(registry, "zk_sla_breaches_total{operation=\"circuit_compilation\",target_latency_ms=\"1000\"}"), 1);
  EXPECT_EQ(value(registry, "zk_sla_breaches_total{operation=\"circuit_compilation\",target_latency_ms=\"2000\"}"), 0);
  EXPECT_EQ(page(registry).find("\"5000\""), std::string::npos);
}

TEST(ZkMetrics, BucketsAreOptions) {
  metrics::Registry registry;
  ZkMetrics m(registry, {.proof_generation_buckets = metrics::buckets<5.0, 60.0, 600.0>});
  m.record_proof_generation(Seconds(100), true, "stark", SecurityLevel::kBit128);
  EXPECT_EQ(
      value(registry,
            "zk_proof_generation_duration_seconds_bucket{proof_type=\"stark\",security_level=\"128\",le=\"600\"}"),
      1);
}

TEST(ZkMetrics, ErrorsAreLoggedAndSeveritiesChecked) {
  Prover p;
  EXPECT_TRUE(p.metrics.record_error("verification", "critical", "pairing check failed").has_value());
  EXPECT_NE(p.log.text().find("pairing check failed"), std::string::npos);
  EXPECT_EQ(page(p.registry).find("pairing"), std::string::npos);
  const auto refused = p.metrics.record_error("verification", "fatal", "x");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message(), "unknown severity \"fatal\"; one of debug info warning error critical");
  EXPECT_EQ(page(p.registry).find("fatal"), std::string::npos);
}

TEST(ZkMetrics, EveryMetricCanBeRecordedAndThePageIsStrict) {
  Prover p;
  ZkMetrics& m = p.metrics;
  start(p).finish_success(1024, 1'000'000);
  const auto running = start(p);
  m.record_witness_generation(Seconds(1), ProofType::kPlonk);
  m.update_queue_depth(ProofType::kPlonk, 1);
  m.update_queue_oldest_age(Seconds(1));
  m.record_queue_wait(Seconds(1), ProofType::kPlonk);
  m.record_job_requeued(RequeueReason::kTimeout);
  m.record_job_given_up(ProofType::kPlonk);
  m.record_verification(Seconds(1), false, ProofType::kPlonk, SecurityLevel::kBit256);
  m.record_circuit_compilation(Seconds(1), 1000, true);
  m.record_circuit_cache_hit();
  m.record_circuit_cache_miss();
  m.record_memory_usage(Operation::kProofGeneration, get_memory_usage());
  m.update_memory_limit(1);
  m.update_workers(WorkerClass::kCpu, 1);
  m.record_worker_busy(WorkerClass::kCpu, Seconds(1));
  ASSERT_TRUE(m.record_error("timeout", "warning", "slow").has_value());
  m.record_error_deduplicated("timeout");
  m.record_error_export_failure(ErrorSink::kSentry);
  testing::expect_all_recorded(p.registry, catalog::kAll);
  testing::expect_strict_page(p.registry);
}

TEST(ZkMetrics, MemoryOfThisProcess) {
  const std::uint64_t before = get_memory_usage();
  EXPECT_GT(before, 1U << 20);
  std::vector<char> block(64 << 20, 1);
  EXPECT_GT(get_memory_usage(), before + (32U << 20)) << block.back();
}

TEST(ZkMetrics, TheProcessInstance) {
  CapturedLog log;
  // One test, since the process has one instance: the order matters.
  EXPECT_FALSE(ZkMetrics::initialized());
  EXPECT_THROW(ZkMetrics::global(), std::logic_error);
  const auto bad = ZkMetrics::init({.sla_targets = {{Operation::kVerification, std::chrono::milliseconds(0)}}});
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().message(), "the SLA target of verification is 0 ms; it must be above 0");
  EXPECT_NE(log.text().find("the SLA target of verification is 0 ms"), std::string::npos);
  const auto many = ZkMetrics::init({.sla_targets = std::vector<SlaTarget>(33, kVerificationSla)});
  ASSERT_FALSE(many.has_value());
  EXPECT_EQ(many.error().code(), ErrorCode::kLimitExceeded);
  EXPECT_FALSE(ZkMetrics::initialized());

  ASSERT_TRUE(ZkMetrics::init().has_value());
  EXPECT_TRUE(ZkMetrics::initialized());
  const auto again = ZkMetrics::init();
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(&process_metrics(), &ZkMetrics::global());

  // The example of the README.
  auto guard = start_proof_generation(ProofType::kGroth16, SecurityLevel::kBit128);
  record_memory_usage("proof_generation", get_memory_usage());
  guard.finish_success(1024, 1'000'000);
  record_verification(Milliseconds(50), true, ProofType::kGroth16, SecurityLevel::kBit128);
  record_circuit_compilation(Milliseconds(200), 10'000, true);
  ASSERT_TRUE(record_error("proof_generation", "error", "no witness").has_value());
  record_sla_breach("proof_generation", 5000);

  metrics::Registry& registry = metrics::Registry::global();
  EXPECT_EQ(value(registry, kSucceeded), 1);
  EXPECT_EQ(value(registry, "zk_errors_total{category=\"proof_generation\",severity=\"error\"}"), 1);
  EXPECT_TRUE(registry.problems().empty());
}

}  // namespace
}  // namespace vigil::packs::zk
