#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "vigil/app/remote_write_push.h"
#include "vigil/app/run_recorder.h"
#include "vigil/app/wrapped_program.h"
#include "vigil/base/fake_clock.h"
#include "vigil/exposition/page_writer.h"
#include "vigil/exposition/remote_write.h"

namespace vigil::app {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string page(const metrics::Registry& registry) {
  return exposition::page_text(registry, exposition::Format::kText);
}

TEST(WrappedProgram, ExitCodes) {
  struct Case {
    const char* name;
    std::vector<std::string> command;
    int exit_code, signal;
  } cases[] = {
      {"success", {"true"}, 0, 0},
      {"failure", {"sh", "-c", "exit 42"}, 42, 0},
      {"killed", {"sh", "-c", "kill -9 $$"}, 137, SIGKILL},
      {"terminated", {"sh", "-c", "kill -15 $$"}, 143, SIGTERM},
      {"a program that forks", {"sh", "-c", "(exit 3) & wait $!"}, 3, 0},
      // SIGPIPE, which this process ignores, ends the program as it would from a shell.
      {"broken pipe", {"sh", "-c", "kill -PIPE $$"}, 141, SIGPIPE},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto end = run_program({.command = c.command});
    ASSERT_TRUE(end.has_value()) << end.error().message();
    EXPECT_EQ(end->exit_code, c.exit_code);
    EXPECT_EQ(end->signal, c.signal);
    EXPECT_GT(end->peak_memory_bytes, 0U);
    EXPECT_GT(end->wall_seconds, 0);
  }
}

TEST(WrappedProgram, WhatCannotBeStarted) {
  const auto none = run_program({.command = {"no-such-program-anywhere"}});
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(none.error().message(), HasSubstr("no-such-program-anywhere: No such file"));
  const auto refused = run_program({.command = {"/etc"}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kIo);
}

TEST(WrappedProgram, OutputComesThroughWhole) {
  std::string seen;
  ProgramOptions options{.command = {"sh", "-c", "printf 'a\\nb'; printf c"}};
  options.output = [&](std::string_view bytes) { seen += bytes; };
  testing::internal::CaptureStdout();
  const auto end = run_program(options);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "a\nbc");
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(seen, "a\nbc");
}

TEST(WrappedProgram, SignalsArePassedOn) {
  ProgramOptions options{.command = {"sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"}};
  options.output = [](std::string_view bytes) {
    if (bytes.find("ready") != std::string_view::npos) ::kill(::getpid(), SIGTERM);
  };
  testing::internal::CaptureStdout();
  const auto end = run_program(options);
  testing::internal::GetCapturedStdout();
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->exit_code, 7);
}

ProgramEnd ended(int exit_code) { return {exit_code, 0, 2.0, 1.5, 0.25, 1000}; }

TEST(RunRecorder, EveryProgram) {
  metrics::Registry registry;
  auto recorder = RunRecorder::make(registry, {.operation = "backup"});
  ASSERT_TRUE(recorder.has_value()) << recorder.error().message();
  (*recorder)->started();
  EXPECT_THAT(page(registry), HasSubstr("vigil_run_running{operation=\"backup\"} 1\n"));
  (*recorder)->finished(ended(3), 77, 1'700'000'000'500);
  const std::string text = page(registry);
  for (const char* const line : {
           "vigil_run_running{operation=\"backup\"} 0",
           "vigil_run_finished_total{operation=\"backup\",result=\"failure\"} 1",
           "vigil_run_finished_total{operation=\"backup\",result=\"success\"} 0",
           "vigil_run_duration_seconds_sum{operation=\"backup\"} 2",
           "vigil_run_cpu_seconds_total{mode=\"user\",operation=\"backup\"} 1.5",
           "vigil_run_cpu_seconds_total{mode=\"system\",operation=\"backup\"} 0.25",
           "vigil_run_peak_memory_bytes{operation=\"backup\"} 1000",
           "vigil_run_exit_code{operation=\"backup\"} 3",
           "vigil_run_output_bytes{operation=\"backup\"} 77",
           "vigil_run_finish_timestamp_seconds{operation=\"backup\"} 1700000000.5",
       }) {
    EXPECT_THAT(text, HasSubstr("\n" + std::string(line) + "\n"));
  }
}

TEST(RunRecorder, OperationsOfZk) {
  struct Case {
    const char* name;
    RunSettings settings;
    int exit_code;
    std::vector<const char*> lines;
  } cases[] = {
      {"proof",
       {.system = "zk", .operation = "proof_generation", .proof_type = "plonk", .constraints = 9},
       0,
       {"zk_proofs_generated_total{proof_type=\"plonk\",security_level=\"128\",status=\"success\"} 1",
        "zk_proof_generation_duration_seconds_sum{proof_type=\"plonk\",security_level=\"128\"} 2",
        "zk_proof_size_bytes_sum{proof_type=\"plonk\"} 77", "zk_proof_constraints_sum{proof_type=\"plonk\"} 9",
        "zk_memory_usage_bytes{operation=\"proof_generation\"} 1000",
        "zk_concurrent_operations{operation_type=\"proof_generation\"} 0",
        "zk_errors_total{category=\"proof_generation\",severity=\"error\"} 0"}},
      {"failed proof",
       {.system = "zk", .operation = "proof_generation"},
       1,
       {"zk_proofs_generated_total{proof_type=\"groth16\",security_level=\"128\",status=\"failure\"} 1",
        "zk_proof_size_bytes_count{proof_type=\"groth16\"} 0",
        "zk_errors_total{category=\"proof_generation\",severity=\"error\"} 1"}},
      {"refused proof",
       {.system = "zk", .operation = "verification"},
       1,
       {"zk_verifications_total{proof_type=\"groth16\",security_level=\"128\",status=\"failure\"} 1",
        "zk_verification_rejections_total{reason=\"invalid_proof\"} 1",
        "zk_errors_total{category=\"verification\",severity=\"error\"} 0"}},
      {"verifier that crashed",
       {.system = "zk", .operation = "verification"},
       139,
       {"zk_verification_rejections_total{reason=\"error\"} 1",
        "zk_errors_total{category=\"verification\",severity=\"error\"} 1"}},
      {"circuit",
       {.system = "zk", .operation = "circuit_compilation", .constraints = 240},
       0,
       {"zk_circuit_complexity_sum 240", "zk_circuit_compilations_total{status=\"success\"} 1"}},
      {"witness",
       {.system = "zk", .operation = "witness_generation"},
       0,
       {"zk_witness_generation_duration_seconds_count{proof_type=\"groth16\"} 1"}},
      {"signature",
       {.system = "mpc", .operation = "signature"},
       1,
       {"mpc_signatures_total{protocol=\"frost\",result=\"failure\",node_id=\"1\"} 1",
        "mpc_signature_failures_total{protocol=\"frost\",reason=\"abort\"} 1"}},
      {"another system",
       {.system = "l2", .operation = "batch"},
       0,
       {"vigil_run_finished_total{operation=\"batch\",result=\"success\"} 1"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    metrics::Registry registry;
    auto recorder = RunRecorder::make(registry, c.settings);
    ASSERT_TRUE(recorder.has_value()) << recorder.error().message();
    (*recorder)->started();
    (*recorder)->finished(ended(c.exit_code), 77, 0);
    for (const char* const line : c.lines) EXPECT_THAT(page(registry), HasSubstr("\n" + std::string(line) + "\n"));
    EXPECT_TRUE(registry.problems().empty());
  }
}

TEST(RunRecorder, RefusesSettings) {
  struct Case {
    RunSettings settings;
    const char* error;
  } cases[] = {
      {{.system = "btc"}, "expected one of zk, mpc"},
      {{.system = "zk", .operation = "mining"}, "zk has proof_generation"},
      {{.system = "zk", .operation = "verification", .security_level = "80"}, "expected 128, 192 or 256"},
      {{.system = "mpc", .operation = "signature", .protocol = "rsa"}, "expected cggmp24 or frost"},
  };
  for (const Case& c : cases) {
    metrics::Registry registry;
    const auto recorder = RunRecorder::make(registry, c.settings);
    ASSERT_FALSE(recorder.has_value()) << c.error;
    EXPECT_THAT(recorder.error().message(), HasSubstr(c.error));
  }
}

TEST(RunRecorder, ObservationsInTheOutput) {
  metrics::Registry registry;
  auto zk = RunRecorder::make(registry, {.system = "zk", .operation = "prover"});
  EXPECT_FALSE(zk.has_value());
  zk = RunRecorder::make(registry, {.system = "zk", .program = "node"});
  ASSERT_TRUE(zk.has_value()) << zk.error().message();
  const std::string output =
      "starting\n"
      "{\"op\":\"proof_generation\",\"seconds\":1.5,\"proof_type\":\"plonk\",\"proof_json_bytes\":806,\"rss_bytes\":5}"
      "\n"
      "{\"op\":\"verification\",\"seconds\":0.25,\"proof_type\":\"fflonk\",\"ok\":false,\"tampered\":true}\n"
      "{\"op\":\"powers_of_tau\",\"seconds\":1}\n"
      "{\"op\":\"proof_generation\",\"seconds\":-1}\n"
      "{\"op\":\"witness_generation\",\"seconds\":1,\"proof_type\":\"nova\"}\n"
      "{\"op\":7,\"seconds\":1}\n" +
      std::string(100'000, '{') + "\n" + "{\"op\":\"error\",\"seconds\":0,\"error\":\"out of memory\"}";
  for (const char c : output) (*zk)->observe(std::string_view(&c, 1));
  (*zk)->end_of_output();
  (*zk)->finished(ended(0), {}, 0);
  for (const char* const line : {
           "zk_proofs_generated_total{proof_type=\"plonk\",security_level=\"128\",status=\"success\"} 1",
           "zk_proofs_generated_total{proof_type=\"groth16\",security_level=\"128\",status=\"success\"} 0",
           "zk_proof_generation_duration_seconds_sum{proof_type=\"plonk\",security_level=\"128\"} 1.5",
           "zk_proof_size_bytes_sum{proof_type=\"plonk\"} 806",
           "zk_verifications_total{proof_type=\"other\",security_level=\"128\",status=\"failure\"} 1",
           "zk_errors_total{category=\"other\",severity=\"error\"} 1",
           "vigil_run_finished_total{operation=\"node\",result=\"success\"} 1",
           "vigil_run_observations_total{result=\"recorded\"} 3",
           "vigil_run_observations_total{result=\"unknown\"} 1",
           "vigil_run_observations_total{result=\"invalid\"} 3",
       }) {
    EXPECT_THAT(page(registry), HasSubstr("\n" + std::string(line) + "\n"));
  }
}

TEST(RunRecorder, ObservationsOfSigners) {
  metrics::Registry registry;
  auto mpc = RunRecorder::make(registry, {.system = "mpc"});
  ASSERT_TRUE(mpc.has_value()) << mpc.error().message();
  (*mpc)->observe(
      "{\"op\":\"dkg_round1\",\"protocol\":\"frost\",\"seconds\":0.5}\n"
      "{\"op\":\"dkg_round2\",\"protocol\":\"frost\",\"seconds\":0.25}\n"
      "{\"op\":\"dkg_round3\",\"protocol\":\"frost\",\"seconds\":0.25,\"result\":\"success\"}\n"
      "{\"op\":\"presignature\",\"seconds\":0.1,\"nodes\":[1,2,3]}\n"
      "{\"op\":\"signature\",\"seconds\":0.5,\"result\":\"success\",\"culprits\":[],\"err\":null}\n"
      "{\"op\":\"signature\",\"seconds\":0.5,\"result\":\"failure\",\"violation\":\"invalid_signature\",\"culprits\":["
      "3]}\n"
      "{\"op\":\"signature\",\"seconds\":0.5,\"protocol\":\"rsa\"}\n");
  for (const char* const line : {
           "mpc_dkg_duration_seconds_sum{protocol=\"frost\",node_id=\"1\"} 1",
           "mpc_presignatures_generated_total{protocol=\"frost\",node_id=\"3\"} 1",
           "mpc_signatures_total{protocol=\"frost\",result=\"success\",node_id=\"1\"} 1",
           "mpc_signatures_total{protocol=\"frost\",result=\"failure\",node_id=\"1\"} 1",
           "mpc_byzantine_violations_total{type=\"invalid_signature\",node_id=\"1\"} 1",
           "mpc_signature_failures_total{protocol=\"frost\",reason=\"invalid_share\"} 1",
           "vigil_run_observations_total{result=\"invalid\"} 1",
       }) {
    EXPECT_THAT(page(registry), HasSubstr("\n" + std::string(line) + "\n"));
  }
}

TEST(Push, CountersStartAtZero) {
  FakeClock clock(1'000'000);
  metrics::RegistryOptions options;
  options.clock = &clock;
  metrics::Registry registry(options);
  const metrics::Counter<> done(registry, "done_total", "Done.");
  const metrics::Gauge<> size(registry, "size_bytes", "Size.");
  clock.advance(5000);
  done.inc(3);
  size.set(7);
  const auto body = write_request(registry, Labels{{"job", "vigil-run"}}, clock.now());
  ASSERT_TRUE(body.has_value());
  const auto request = exposition::snappy_decompress(*body, 1 << 20);
  ASSERT_TRUE(request.has_value());
  exposition::WriteRequestReader reader(*request);
  std::map<std::string, std::string> seen;
  for (auto event = reader.next(); event != exposition::WriteRequestReader::Event::kEnd; event = reader.next()) {
    ASSERT_NE(event, exposition::WriteRequestReader::Event::kError) << reader.error().message();
    if (event != exposition::WriteRequestReader::Event::kSeries) continue;
    const auto labels = exposition::decode_labels(reader.raw_labels());
    ASSERT_TRUE(labels.has_value());
    EXPECT_EQ(labels->get("job"), "vigil-run");
    std::string& text = seen[std::string(labels->metric_name())];
    for (const Sample& sample : reader.samples()) {
      text += std::to_string(sample.timestamp) + "=" + std::to_string(static_cast<int>(sample.value)) + " ";
    }
  }
  EXPECT_EQ(seen["done_total"], "1000000=0 1005000=3 ");
  EXPECT_EQ(seen["size_bytes"], "1005000=7 ");
  EXPECT_FALSE(seen.contains("up"));
}

// Answers with one status after the other; 0 is no answer at all.
class Server final : public net::HttpClient {
 public:
  explicit Server(std::vector<int> statuses) : statuses_(std::move(statuses)) {}
  void send(net::ClientRequest request, Callback done) override {
    EXPECT_EQ(request.headers.get("Content-Encoding"), "snappy");
    EXPECT_EQ(request.body, "body");
    const int status = statuses_.at(std::min(tries_++, statuses_.size() - 1));
    if (status == 0) return done(fail(ErrorCode::kUnavailable, "connection refused"));
    net::ClientResponse response;
    response.status = status;
    response.body = "out of order sample\nmore";
    done(std::move(response));
  }
  std::size_t tries_ = 0;

 private:
  const std::vector<int> statuses_;
};

TEST(Push, TriesAgainWhatMayPass) {
  struct Case {
    const char* name;
    std::vector<int> statuses;
    std::size_t tries;
    const char* error;  // null: delivered
  } cases[] = {
      {"at once", {204}, 1, nullptr},
      {"after a restart of the server", {0, 0, 503, 429, 200}, 5, nullptr},
      {"refused for good", {400}, 1, "status 400: out of order sample"},
      {"down", {0}, 8, "connection refused"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Server server(c.statuses);
    FakeClock clock;
    std::vector<Duration> waits;
    const auto done =
        push(server, "body",
             {.url = "http://x/api/v1/write", .timeout = 20 * kSecond, .clock = &clock, .wait = [&](Duration time) {
                clock.advance(time);
                return true;
              }});
    EXPECT_EQ(server.tries_, c.tries);
    ASSERT_EQ(done.has_value(), c.error == nullptr);
    if (!done) {
      EXPECT_EQ(done.error().message(), c.error);
    }
  }
}

TEST(Push, EndsWhenInterrupted) {
  Server server({0});
  FakeClock clock;
  EXPECT_FALSE(push(server, "body", {.url = "u", .clock = &clock, .wait = [](Duration) { return false; }}).has_value());
  EXPECT_EQ(server.tries_, 1U);
}

}  // namespace
}  // namespace vigil::app
