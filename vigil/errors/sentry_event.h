// What is sent to Sentry, as text. Formats:
// https://develop.sentry.dev/sdk/data-model/event-payloads/ and …/envelopes/
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "vigil/errors/structured_error.h"

namespace vigil::errors {

// Who speaks: the same for every event of a client.
struct SentryOrigin {
  std::string environment = "production";
  std::string release = {};      // "prover@1.4.2"
  std::string server_name = {};  // host
  std::map<std::string, std::string> tags = {};
};

// An error on its way: what the tracker knows of it beside the error itself.
struct ErrorReport {
  std::string system = {};  // "zk"
  StructuredError error = {};
  Timestamp timestamp = 0;
  std::string fingerprint = {};
  std::uint64_t repeated = 0;  // earlier ones of the same kind that were not reported
};

// Reasons for which events were not sent, with their number; the names are Sentry's.
using DiscardedEvents = std::map<std::string, std::uint64_t, std::less<>>;

// 32 hexadecimal digits.
std::string new_event_id();

// The payload of an event item. Resolves the stack trace.
std::string sentry_event_json(const ErrorReport& report, const SentryOrigin& origin, std::string_view event_id);

// A whole envelope: the event, if `event_id` is not empty, and a client report, if
// anything was discarded. The key is not in it: it goes into a header of the request.
std::string sentry_envelope(std::string_view event_id, std::string_view event_json, const DiscardedEvents& discarded,
                            Timestamp sent_at);

// "vigil/1.2.3"
std::string_view sentry_client_name();

}  // namespace vigil::errors
