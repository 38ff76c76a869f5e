// What `vigil run` records of a program: vigil_run_* for every program, and the metrics
// of a pack where the program is one of its operations.
//
// A program that does many operations in one run prints an observation for each, a JSON
// object on a line of its own; other lines are not looked at:
//
//   {"op":"proof_generation","seconds":1.5,"proof_type":"groth16","proof_bytes":806}
//   {"op":"verification","seconds":0.02,"proof_type":"groth16","ok":false}
//   {"op":"signature","seconds":0.3,"protocol":"frost","result":"failure","violation":"invalid_signature","culprits":[2]}
//
//   zk    proof_generation, witness_generation, circuit_compilation, verification, error
//   mpc   signature, presignature, dkg, dkg_round1 … dkg_round3 (one key generation together)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/app/wrapped_program.h"
#include "vigil/base/error.h"
#include "vigil/metrics/metrics.h"

namespace vigil::app {

struct RunSettings {
  std::string system = {};  // of systems(), or empty
  // Of operations(system) where the system records them, else any; empty: none but what is observed.
  std::string operation = {};
  std::string program = {};  // stands for the operation in vigil_run_* if there is none
  // Defaults of what an observation does not say itself:
  std::string proof_type = "groth16";
  std::string security_level = "128";
  std::string protocol = "frost";
  std::string node = "node-1";
  std::optional<std::uint64_t> constraints = {};
};

// The systems that programs may belong to. Those that record operations come first.
std::span<const std::string_view> systems();
// Empty: this system records none.
std::span<const std::string_view> operations(std::string_view system);

// Records operations with the instruments of one system.
class OperationRecorder;

// Not thread-safe: one owner records. The registry outlives it.
class RunRecorder {
 public:
  // kInvalidArgument names the setting and what it may be.
  static Result<std::unique_ptr<RunRecorder>> make(metrics::Registry& registry, RunSettings settings);
  ~RunRecorder();

  void started();
  // `output_bytes`: absent if no output was named or it is not there. Records the operation
  // of the settings, too, unless observe() was used.
  void finished(const ProgramEnd& end, std::optional<std::uint64_t> output_bytes, Timestamp at);

  // Looks for observations in the program's output; lines longer than 64 KiB are left out.
  void observe(std::string_view output);
  void end_of_output();

 private:
  RunRecorder(metrics::Registry& registry, RunSettings settings);
  void line(std::string_view text);

  const RunSettings settings_;
  const std::string name_;                         // label `operation` of vigil_run_*
  std::unique_ptr<OperationRecorder> operations_;  // null: none
  metrics::Counter<"operation", "result"> finished_;
  metrics::Histogram<"operation"> duration_;
  metrics::Counter<"mode", "operation"> cpu_;
  metrics::Gauge<"operation"> memory_;
  metrics::Gauge<"operation"> exit_code_;
  metrics::Gauge<"operation"> output_;
  metrics::Gauge<"operation"> running_;
  metrics::Gauge<"operation"> finish_time_;
  metrics::Counter<"result"> observations_;
  bool observing_ = false;
  bool skipping_ = false;  // the rest of a line that is too long
  std::string rest_;       // of a line without an end yet
};

}  // namespace vigil::app
