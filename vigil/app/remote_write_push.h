// A registry pushed once to a server by remote write 1.0: what a short program does that
// nobody has the time to scrape.
#pragma once

#include <functional>
#include <string>

#include "vigil/base/clock.h"
#include "vigil/base/error.h"
#include "vigil/metrics/registry.h"
#include "vigil/model/labels.h"
#include "vigil/net/http.h"

namespace vigil::app {

// The registry as the body of a write request: its values at `at`, and a 0 when each
// counter and histogram began, so that increase() sees all of it.
Result<std::string> write_request(const metrics::Registry& registry, const Labels& labels, Timestamp at);

struct PushOptions {
  std::string url;
  Duration timeout = 30 * kSecond;  // for all tries together
  Duration try_timeout = 5 * kSecond;
  const Clock* clock = &Clock::system();
  // Waits between tries; false ends them.
  std::function<bool(Duration)> wait;
};

// Tries until the server takes it, refuses it for good (a status other than 429 and 5xx)
// or the time is over. The error says what the last try met.
Result<void> push(net::HttpClient& client, const std::string& request, const PushOptions& options);

}  // namespace vigil::app
