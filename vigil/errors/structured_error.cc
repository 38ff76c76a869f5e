#include "vigil/errors/structured_error.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>

namespace vigil::errors {
namespace {

std::atomic<std::uint64_t> forks = 0;

// The kernel's randomness, sixteen ids at a time: a system call each would cost more than
// the rest of an error. A forked child throws away what it inherited.
std::array<std::uint8_t, 16> random_bytes() {
  struct Pool {
    std::array<std::uint8_t, 256> bytes;
    std::size_t used = sizeof(bytes);
    std::uint64_t forks = 0;
  };
  static const int registered = pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1); });
  VIGIL_CHECK(registered == 0);
  thread_local Pool pool;
  if (pool.used == pool.bytes.size() || pool.forks != forks.load(std::memory_order_relaxed)) {
    VIGIL_CHECK(getentropy(pool.bytes.data(), pool.bytes.size()) == 0);
    pool.used = 0;
    pool.forks = forks.load(std::memory_order_relaxed);
  }
  std::array<std::uint8_t, 16> out;
  std::copy_n(pool.bytes.begin() + static_cast<std::ptrdiff_t>(pool.used), out.size(), out.begin());
  pool.used += out.size();
  return out;
}

}  // namespace

std::string_view to_string(ErrorSeverity severity) { return kSeverityNames.at(static_cast<std::size_t>(severity)); }

Result<ErrorSeverity> parse_severity(std::string_view name) {
  const auto* const at = std::ranges::find(kSeverityNames, name);
  if (at == kSeverityNames.end()) {
    return fail(ErrorCode::kInvalidArgument,
                "unknown severity \"" + std::string(name) + "\": use debug, info, warning, error or critical");
  }
  return static_cast<ErrorSeverity>(at - kSeverityNames.begin());
}

std::string ErrorContext::to_json() const {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  const auto add = [&json](const char* name, const auto& value) {
    if (value) json[name] = *value;
  };
  add("operation_id", operation_id);
  add("circuit_id", circuit_id);
  add("proof_type", proof_type);
  add("security_level", security_level);
  add("constraint_count", constraint_count);
  add("memory_usage_bytes", memory_usage_bytes);
  add("duration_ms", duration_ms);
  if (!custom_fields.empty()) json["custom_fields"] = custom_fields;
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string new_operation_id() {
  std::array<std::uint8_t, 16> bytes = random_bytes();
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);  // version 4
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);  // variant of RFC 9562
  static constexpr char kHex[] = "0123456789abcdef";
  std::string id;
  id.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) id += '-';
    id += kHex[bytes[i] >> 4];
    id += kHex[bytes[i] & 15];
  }
  return id;
}

}  // namespace vigil::errors
