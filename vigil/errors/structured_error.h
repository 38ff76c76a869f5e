// What an application says about one failure.
//
//   tracker.track_error({.category = "proof_generation",
//                        .message = "Failed to generate witness",
//                        .context = {.operation_id = new_operation_id(), .circuit_id = "groth16_v1"}});
//
// Plain values. Never put secrets in: errors leave the process.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/errors/stack_trace.h"

namespace vigil::errors {

enum class ErrorSeverity { kDebug, kInfo, kWarning, kError, kCritical };
inline constexpr std::array<std::string_view, 5> kSeverityNames{"debug", "info", "warning", "error", "critical"};

std::string_view to_string(ErrorSeverity severity);
// The opposite of to_string(); kInvalidArgument for anything else.
Result<ErrorSeverity> parse_severity(std::string_view name);

// The categories of a proving system. Other systems give their own to their tracker.
inline constexpr std::array<std::string_view, 8> kProofCategories{
    "proof_generation", "verification", "circuit_compilation", "witness_generation", "parameter_error",
    "memory_error",     "timeout",      "security_violation"};

// What was going on. Nothing is set by default, and what is not set is not written.
struct ErrorContext {
  std::optional<std::string> operation_id = {};
  std::optional<std::string> circuit_id = {};
  std::optional<std::string> proof_type = {};
  std::optional<int> security_level = {};  // bits
  std::optional<std::uint64_t> constraint_count = {};
  std::optional<std::uint64_t> memory_usage_bytes = {};
  std::optional<double> duration_ms = {};
  std::map<std::string, std::string> custom_fields = {};

  // One line: {"operation_id":"…","custom_fields":{…}}; text that is not UTF-8 gets U+FFFD.
  std::string to_json() const;
  friend bool operator==(const ErrorContext&, const ErrorContext&) = default;
};

struct StructuredError {
  std::string category = {};
  std::string message = {};
  ErrorSeverity severity = ErrorSeverity::kError;
  ErrorContext context = {};
  std::optional<StackTrace> stack_trace = {};
  std::optional<Timestamp> timestamp = {};  // the tracker's clock if absent
  // Errors of equal category and group are one kind of error. Empty: the message
  // without its numbers and ids decides (message_template()).
  std::string group = {};
};

// A random (version 4) UUID of RFC 9562, e.g. "0b62d4d6-6b1c-4f0e-9df3-7e2a5f1c2b90".
std::string new_operation_id();

}  // namespace vigil::errors
