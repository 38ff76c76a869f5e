#include "vigil/base/error.h"

#include <cstdio>
#include <cstdlib>

namespace vigil {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid argument";
    case ErrorCode::kNotFound: return "not found";
    case ErrorCode::kAlreadyExists: return "already exists";
    case ErrorCode::kOutOfOrder: return "out of order";
    case ErrorCode::kOutOfBounds: return "out of bounds";
    case ErrorCode::kLimitExceeded: return "limit exceeded";
    case ErrorCode::kCorruption: return "corruption";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kTimeout: return "timeout";
    case ErrorCode::kCancelled: return "cancelled";
    case ErrorCode::kNotSupported: return "not supported";
    case ErrorCode::kIo: return "i/o error";
    case ErrorCode::kExecution: return "execution error";
    case ErrorCode::kInternal: return "internal error";
  }
  return "unknown error";
}

Error Error::with_context(std::string_view context) const {
  std::string message(context);
  message += ": ";
  message += message_;
  return Error(code_, std::move(message));
}

namespace internal {
void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}
}  // namespace internal

}  // namespace vigil
