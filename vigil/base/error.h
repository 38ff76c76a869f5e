// Error values: every failure caused by input, disk or network is a value of
// `Result<T>`; exceptions stay inside third-party code and are turned into
// values where it is called.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace vigil {

enum class ErrorCode {
  kInvalidArgument,  // bad input: fix the input, retrying is useless
  kNotFound,         // the thing named does not exist
  kAlreadyExists,    // the thing to be created is there already, or a duplicate sample
  kOutOfOrder,       // older than what is stored for the same series
  kOutOfBounds,      // outside the time range the store accepts
  kLimitExceeded,    // a configured limit was hit
  kCorruption,       // stored bytes fail their checks
  kUnavailable,      // not now: shut down, read-only, connection refused
  kTimeout,          // a deadline passed
  kCancelled,        // the caller or an operator asked to stop
  kNotSupported,     // known but deliberately or not yet implemented
  kIo,               // the operating system refused a file or socket operation
  kExecution,        // a valid query that cannot be evaluated on this data
  kInternal,         // a bug in vigil
};

std::string_view to_string(ErrorCode code);

// What went wrong, where, and what to do, in one line of text. Never holds secrets.
class Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same error with "context: " in front, for callers that know the file or target.
  Error with_context(std::string_view context) const;

  friend bool operator==(const Error&, const Error&) = default;

 private:
  ErrorCode code_;
  std::string message_;
};

template <class T>
using Result = std::expected<T, Error>;

// `return fail(ErrorCode::kNotFound, "no such pool: a");`
inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error(code, std::move(message)));
}

namespace internal {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

}  // namespace vigil

// VIGIL_TRY(auto value, expression): unwraps a Result<T> or returns its error.
// VIGIL_TRY_VOID(expression): the same for Result<void>.
#define VIGIL_CONCAT_INNER(a, b) a##b
#define VIGIL_CONCAT(a, b) VIGIL_CONCAT_INNER(a, b)
#define VIGIL_TRY(declaration, ...)                                                \
  auto VIGIL_CONCAT(vigil_try_, __LINE__) = (__VA_ARGS__);                         \
  if (!VIGIL_CONCAT(vigil_try_, __LINE__).has_value())                             \
    return std::unexpected(std::move(VIGIL_CONCAT(vigil_try_, __LINE__)).error()); \
  declaration = std::move(VIGIL_CONCAT(vigil_try_, __LINE__)).value()
#define VIGIL_TRY_VOID(...)                                                 \
  if (auto vigil_try_result = (__VA_ARGS__); !vigil_try_result.has_value()) \
  return std::unexpected(std::move(vigil_try_result).error())

// Aborts with file and line: for bugs only, never reachable from input.
#define VIGIL_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::vigil::internal::check_failed(#condition, __FILE__, __LINE__))
