// The operations of one system, as its pack records them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vigil/app/run_recorder.h"
#include "vigil/base/error.h"

namespace vigil::app {

// One operation, done by a program or told of by it.
struct Observation {
  std::string op;
  double seconds = 0;
  bool success = true;
  bool crashed = false;  // ended by a signal or an unusual exit code, rather than with a "no"
  std::string proof_type, protocol;
  std::optional<std::uint64_t> proof_bytes = {}, constraints = {}, memory_bytes = {};
  std::string violation, message;
  std::vector<int> nodes = {}, culprits = {};
};

class OperationRecorder {
 public:
  virtual ~OperationRecorder() = default;
  // True if the system has this operation. Errors: a value that the pack does not know.
  virtual Result<bool> record(const Observation& observation) = 0;
  virtual void started(const std::string& operation) = 0;
  virtual void ended() = 0;
};

// Null for a system that records no operations. kInvalidArgument: a setting.
Result<std::unique_ptr<OperationRecorder>> make_operation_recorder(metrics::Registry& registry,
                                                                   const RunSettings& settings);

}  // namespace vigil::app
