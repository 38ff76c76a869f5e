// Sends errors to Sentry, or to anything that speaks its envelope protocol, without
// ever making the caller wait: an event is queued and rendered, compressed and sent by
// the scheduler. A Sentry that is absent, slow or refusing costs events, which are
// counted by reason in metrics and reported to Sentry once it answers.
//
//   VIGIL_TRY(auto sentry, SentryClient::open({.dsn = dsn, .origin = {.release = "prover@1.4.2"}}));
//   ErrorTracker tracker({.sentry = std::move(sentry)});
//   …
//   tracker.flush(2 * kSecond);  // before the program ends
//
// One request at a time. No answer: the event is tried again, after a back-off that
// doubles. An answer is final: refused events are dropped, as Sentry asks of its clients.
// While Sentry has asked for silence (rate-limit headers), events are dropped.
//
// Thread-safety: any thread. Destruction drops what is queued, and waits for callbacks.
// The key of the DSN is in no log line, error text or metric.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "vigil/base/error.h"
#include "vigil/base/scheduler.h"
#include "vigil/base/time.h"
#include "vigil/errors/sentry_event.h"
#include "vigil/metrics/registry.h"
#include "vigil/net/http.h"

namespace vigil::errors {

struct SentryOptions {
  std::string dsn = {};
  SentryOrigin origin = {};
  std::size_t max_queue = 100;      // events waiting; more are dropped: the first tell most
  Duration timeout = 10 * kSecond;  // of a request
  int max_attempts = 3;             // of an event that gets no answer
  Duration min_backoff = kSecond;   // doubles with every failure in a row
  Duration max_backoff = kMinute;
  Duration report_interval = kMinute;  // a report of dropped events waits that long for an event to go with

  // Both must outlive the client. Null: a client and a thread of its own.
  net::HttpClient* http = nullptr;
  Scheduler* scheduler = nullptr;
  metrics::RegistryRef registry = nullptr;  // vigil_sentry_*; null: shown nowhere
};

class SentryClient {
 public:
  // Called once if the event is given up, on any thread; must not block.
  using OnLost = std::move_only_function<void()>;

  // kInvalidArgument for a DSN that is not one.
  static Result<std::unique_ptr<SentryClient>> open(SentryOptions options);
  // With SENTRY_DSN, SENTRY_ENVIRONMENT and SENTRY_RELEASE where `options` leaves them empty;
  // null if there is no DSN: then nothing is ever sent.
  static Result<std::unique_ptr<SentryClient>> from_environment(SentryOptions options = {});

  ~SentryClient();
  SentryClient(const SentryClient&) = delete;
  SentryClient& operator=(const SentryClient&) = delete;

  void capture(ErrorReport report, OnLost on_lost = {});
  // Counts events that were left out before they came here; `reason` is one of Sentry's.
  void discarded(std::string_view reason, std::uint64_t quantity);

  // Sends what waits, without waiting for back-off or report interval; `done` gets true
  // when no event waits any more (each was accepted or dropped), false at the time-out.
  void flush(Duration timeout, std::move_only_function<void(bool)> done);
  // The same, waiting: not from a task of the scheduler, nor in virtual time.
  bool flush(Duration timeout);

 private:
  class Core;
  SentryClient(std::unique_ptr<Scheduler> scheduler, std::unique_ptr<net::HttpClient> http, std::shared_ptr<Core> core);

  std::unique_ptr<Scheduler> own_scheduler_;
  std::unique_ptr<net::HttpClient> own_http_;
  std::shared_ptr<Core> core_;
};

}  // namespace vigil::errors
