// How long Sentry asked for silence.
// https://develop.sentry.dev/sdk/expected-features/rate-limiting/
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "vigil/base/time.h"
#include "vigil/net/http.h"

namespace vigil::errors {

// What one answer says, in milliseconds from now; 0 where it says nothing.
struct SentryRateLimit {
  Duration everything = 0;
  Duration errors = 0;  // the data category "error": our events
  friend bool operator==(const SentryRateLimit&, const SentryRateLimit&) = default;
};

// A header that asks for more is taken as this: a broken one must not silence us for ever.
inline constexpr Duration kMaxSentrySilence = kDay;

// The value of X-Sentry-Rate-Limits: "60:error;default:key, 2700::organization". A time
// that is no number counts as 60 s; categories other than "error" are not ours.
SentryRateLimit parse_sentry_rate_limits(std::string_view header);

// Retry-After of RFC 9110: seconds or an HTTP date. Nothing if it is neither.
std::optional<Duration> parse_retry_after(std::string_view header, Timestamp now);

// The limits in force for one DSN. Not thread-safe.
class SentryRateLimits {
 public:
  // X-Sentry-Rate-Limits of any answer; on 429 without it Retry-After, else 60 s for
  // everything. A longer limit in force stays.
  void update(int status, const net::Headers& headers, Timestamp now);

  // Events may be sent from then on; reports of dropped events too.
  Timestamp events_until() const { return std::max(everything_until_, errors_until_); }
  Timestamp everything_until() const { return everything_until_; }

 private:
  Timestamp everything_until_ = 0;
  Timestamp errors_until_ = 0;
};

}  // namespace vigil::errors
