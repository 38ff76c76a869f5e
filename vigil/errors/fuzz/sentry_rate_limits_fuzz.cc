// Any bytes as the headers by which Sentry asks for silence: never longer than the limit.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vigil/base/error.h"
#include "vigil/errors/fingerprint.h"
#include "vigil/errors/sentry_rate_limits.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vigil;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const errors::SentryRateLimit limit = errors::parse_sentry_rate_limits(text);
  VIGIL_CHECK(limit.everything >= 0 && limit.everything <= errors::kMaxSentrySilence);
  VIGIL_CHECK(limit.errors >= 0 && limit.errors <= errors::kMaxSentrySilence);
  if (const auto wait = errors::parse_retry_after(text, 1767323045678)) {
    VIGIL_CHECK(*wait >= 0 && *wait <= errors::kMaxSentrySilence);
  }
  VIGIL_CHECK(errors::message_template(text).size() <= 2 * size + 4);
  return 0;
}
