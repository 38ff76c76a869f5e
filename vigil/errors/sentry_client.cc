#include "vigil/errors/sentry_client.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <list>
#include <optional>
#include <utility>
#include <vector>

#include "vigil/base/log.h"
#include "vigil/base/mutex.h"
#include "vigil/errors/sentry_dsn.h"
#include "vigil/errors/sentry_rate_limits.h"
#include "vigil/metrics/metrics.h"
#include "vigil/net/curl_client.h"
#include "vigil/net/gzip.h"

namespace vigil::errors {
namespace {

// Sentry's names where it has one; "rate_limited" (429: Sentry counts it itself) and
// "stopped" (this client ends) are ours.
constexpr std::string_view kQueueOverflow = "queue_overflow";
constexpr std::string_view kRateLimitBackoff = "ratelimit_backoff";
constexpr std::string_view kNetworkError = "network_error";
constexpr std::string_view kSendError = "send_error";
constexpr std::string_view kRateLimited = "rate_limited";
constexpr std::string_view kStopped = "stopped";

constexpr metrics::CounterDef<> kSent{"vigil_sentry_events_sent_total", "Events that Sentry accepted."};
constexpr metrics::CounterDef<"reason"> kDropped{
    "vigil_sentry_events_dropped_total",
    "Events that did not reach Sentry.",
    {.closed = {metrics::closed<"reason", "queue_overflow", "ratelimit_backoff", "network_error", "send_error",
                                "rate_limited", "stopped">}}};
constexpr metrics::CounterDef<> kFailures{"vigil_sentry_request_failures_total",
                                          "Requests to Sentry without an answer, or with one of 4xx or 5xx."};
constexpr metrics::GaugeDef<> kQueueLength{"vigil_sentry_queue_length", "Events waiting to be sent to Sentry."};

std::string environment_or(std::string value, const char* variable) {
  if (!value.empty()) return value;
  const char* const set = std::getenv(variable);
  return set == nullptr ? std::string() : set;
}

}  // namespace

// Lives on in the callbacks of requests; after stop() it is inert.
class SentryClient::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(SentryOptions options, const SentryDsn& dsn, Scheduler& scheduler, net::HttpClient& http)
      : options_(std::move(options)),
        scheduler_(scheduler),
        http_(http),
        url_(dsn.envelope_url()),
        auth_(dsn.auth_header(sentry_client_name())),
        sent_(options_.registry, kSent),
        dropped_(options_.registry, kDropped),
        failures_(options_.registry, kFailures),
        queue_length_(options_.registry, kQueueLength),
        timer_(std::in_place, scheduler) {}

  void capture(ErrorReport report, OnLost on_lost);
  void discarded(std::string_view reason, std::uint64_t quantity);
  void flush(Duration timeout, std::move_only_function<void(bool)> done);
  void stop();

 private:
  struct Event {
    ErrorReport report;
    OnLost on_lost;
    std::string id;
    int attempts = 0;
  };
  struct Request {
    std::optional<Event> event;
    DiscardedEvents discarded;
  };
  struct Flush {
    std::uint64_t id = 0;
    std::move_only_function<void(bool)> done;
  };
  // What to call once the lock is released: other people's code.
  using Calls = std::vector<std::move_only_function<void()>>;

  static void run(Calls calls) {
    for (auto& call : calls) call();
  }

  Timestamp now() { return scheduler_.clock().now(); }
  void drop(Event event, std::string_view reason, Calls& calls) REQUIRES(mutex_);
  void drop_queue(std::string_view reason, Calls& calls) REQUIRES(mutex_);
  void arm() REQUIRES(mutex_);
  bool idle() REQUIRES(mutex_);
  void finish_flushes(Calls& calls) REQUIRES(mutex_);
  void back_off() REQUIRES(mutex_);
  void tell(const std::string& trouble) REQUIRES(mutex_);

  void pump();
  net::ClientRequest render(const Request& request);
  void on_answer(Request request, const Result<net::ClientResponse>& answer);

  const SentryOptions options_;
  Scheduler& scheduler_;
  net::HttpClient& http_;
  const std::string url_;
  const std::string auth_;
  const metrics::InstrumentOf<kSent> sent_;
  const metrics::InstrumentOf<kDropped> dropped_;
  const metrics::InstrumentOf<kFailures> failures_;
  const metrics::InstrumentOf<kQueueLength> queue_length_;

  Mutex mutex_;
  CondVar quiet_;  // callbacks_ fell to 0
  std::deque<Event> queue_ GUARDED_BY(mutex_);
  DiscardedEvents discarded_ GUARDED_BY(mutex_);  // not yet reported to Sentry
  Timestamp report_at_ GUARDED_BY(mutex_) = kMaxTimestamp;
  SentryRateLimits limits_ GUARDED_BY(mutex_);
  Timestamp retry_at_ GUARDED_BY(mutex_) = kMinTimestamp;
  int failures_in_row_ GUARDED_BY(mutex_) = 0;
  std::string trouble_ GUARDED_BY(mutex_);  // what was logged last
  bool in_flight_ GUARDED_BY(mutex_) = false;
  int callbacks_ GUARDED_BY(mutex_) = 0;
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::list<Flush> flushes_ GUARDED_BY(mutex_);
  std::uint64_t last_flush_ GUARDED_BY(mutex_) = 0;
  std::optional<Timer> timer_;  // gone after stop(), which the scheduler may not outlive
};

void SentryClient::Core::drop(Event event, std::string_view reason, Calls& calls) {
  dropped_.with(reason).inc();
  if (reason != kRateLimited && reason != kStopped) {
    discarded_[std::string(reason)] += 1;
    report_at_ = std::min(report_at_, flushes_.empty() ? now() + options_.report_interval : now());
  }
  if (event.on_lost) calls.push_back(std::move(event.on_lost));
}

void SentryClient::Core::drop_queue(std::string_view reason, Calls& calls) {
  queue_length_.add(-static_cast<double>(queue_.size()));
  for (Event& event : queue_) drop(std::move(event), reason, calls);
  queue_.clear();
}

void SentryClient::Core::capture(ErrorReport report, OnLost on_lost) {
  Calls calls;
  {
    MutexLock lock(mutex_);
    Event event{std::move(report), std::move(on_lost), new_event_id()};
    if (stopped_) {
      drop(std::move(event), kStopped, calls);
    } else if (limits_.events_until() > now()) {
      drop(std::move(event), kRateLimitBackoff, calls);
      arm();
    } else if (queue_.size() >= options_.max_queue) {
      drop(std::move(event), kQueueOverflow, calls);
    } else {
      queue_.push_back(std::move(event));
      queue_length_.add(1);
      arm();
    }
  }
  run(std::move(calls));
}

void SentryClient::Core::discarded(std::string_view reason, std::uint64_t quantity) {
  MutexLock lock(mutex_);
  if (stopped_) return;
  discarded_[std::string(reason)] += quantity;
  const Timestamp before = std::exchange(report_at_, std::min(report_at_, now() + options_.report_interval));
  if (report_at_ != before) arm();
}

void SentryClient::Core::arm() {
  if (in_flight_ || stopped_) return;
  Timestamp when = queue_.empty() ? report_at_ : kMinTimestamp;
  if (when == kMaxTimestamp) return;
  when = std::max(when, retry_at_);
  // Events that wait while Sentry is silent are dropped at once, reports wait for it.
  if (queue_.empty()) when = std::max(when, limits_.everything_until());
  timer_->arm(when, [core = weak_from_this()] {
    if (const auto self = core.lock()) self->pump();
  });
}

void SentryClient::Core::pump() {
  Calls calls;
  Request request;
  bool send = false;
  {
    MutexLock lock(mutex_);
    if (in_flight_ || stopped_) return;
    const Timestamp time = now();
    if (limits_.events_until() > time) drop_queue(kRateLimitBackoff, calls);
    const bool report = !discarded_.empty() && limits_.everything_until() <= time;
    if (!queue_.empty()) {
      request.event = std::move(queue_.front());
      queue_.pop_front();
      queue_length_.add(-1);
      send = true;
    } else {
      send = report && report_at_ <= time;
    }
    if (send && report) {
      request.discarded = std::exchange(discarded_, {});
      report_at_ = kMaxTimestamp;
    }
    in_flight_ = send;
    if (!send) arm();
    finish_flushes(calls);
  }
  run(std::move(calls));
  if (!send) return;
  net::ClientRequest rendered = render(request);
  http_.send(std::move(rendered), [core = weak_from_this(),
                                   request = std::move(request)](const Result<net::ClientResponse>& answer) mutable {
    if (const auto self = core.lock()) {
      self->on_answer(std::move(request), answer);
    } else if (request.event && request.event->on_lost) {
      request.event->on_lost();
    }
  });
}

net::ClientRequest SentryClient::Core::render(const Request& request) {
  net::ClientRequest out;
  out.method = "POST";
  out.url = url_;
  out.headers.set("Content-Type", "application/x-sentry-envelope");
  out.headers.set("Content-Encoding", "gzip");
  out.headers.set("User-Agent", sentry_client_name());
  out.headers.set("X-Sentry-Auth", auth_);
  out.timeout = options_.timeout;
  out.max_body_bytes = 64U << 10;
  out.follow_redirects = false;  // the key is for this host
  const std::string_view id = request.event ? std::string_view(request.event->id) : std::string_view();
  const std::string event = request.event ? sentry_event_json(request.event->report, options_.origin, id) : "";
  out.body = net::gzip_compress(sentry_envelope(id, event, request.discarded, now()));
  return out;
}

void SentryClient::Core::on_answer(Request request, const Result<net::ClientResponse>& answer) {
  Calls calls;
  {
    MutexLock lock(mutex_);
    in_flight_ = false;
    callbacks_ += 1;
    if (stopped_ && request.event) drop(*std::exchange(request.event, std::nullopt), kStopped, calls);
    const int status = answer ? answer->status : 0;
    if (answer) limits_.update(status, answer->headers, now());
    const bool accepted = status >= 200 && status < 300;
    if (!accepted) {
      failures_.inc();
      for (const auto& [reason, quantity] : request.discarded) discarded_[reason] += quantity;
      if (!request.discarded.empty()) report_at_ = std::min(report_at_, now() + options_.report_interval);
    }
    if (accepted) {
      failures_in_row_ = 0;
      retry_at_ = kMinTimestamp;
      if (request.event) sent_.inc();
      tell("");
    } else if (!answer) {
      back_off();
      tell(answer.error().message());
      if (request.event) {
        request.event->attempts += 1;
        if (request.event->attempts < options_.max_attempts && queue_.size() < options_.max_queue) {
          queue_.push_front(*std::exchange(request.event, std::nullopt));
          queue_length_.add(1);
        } else {
          drop(*std::exchange(request.event, std::nullopt), kNetworkError, calls);
        }
      }
    } else {
      // 429 says itself how long to wait; after other refusals the next event may be fine
      // (413), or nothing will be (401): slow down either way.
      if (status != 429) back_off();
      tell("it answers " + std::to_string(status));
      if (request.event) {
        drop(*std::exchange(request.event, std::nullopt), status == 429 ? kRateLimited : kSendError, calls);
      }
    }
    arm();
    finish_flushes(calls);
  }
  run(std::move(calls));
  MutexLock lock(mutex_);
  callbacks_ -= 1;
  quiet_.notify_all();
}

void SentryClient::Core::back_off() {
  const int doublings = std::min(failures_in_row_++, 30);
  const Duration wait = std::min(options_.max_backoff, options_.min_backoff << doublings);
  retry_at_ = now() + wait;
}

void SentryClient::Core::tell(const std::string& trouble) {
  if (trouble.empty() != trouble_.empty()) {
    if (trouble.empty()) {
      log::info("sentry", "Sentry takes events again", {{"url", url_}});
    } else {
      log::warn("sentry", "cannot send events to Sentry", {{"url", url_}, {"error", trouble}});
    }
  }
  trouble_ = trouble;
}

// No event waits, and no report that could go now: one that must wait for the end of a
// silence, or that was refused, holds nobody up.
bool SentryClient::Core::idle() {
  const bool report_due = !discarded_.empty() && report_at_ <= now() && limits_.everything_until() <= now();
  return queue_.empty() && !in_flight_ && !report_due;
}

void SentryClient::Core::finish_flushes(Calls& calls) {
  if (!idle()) return;
  for (Flush& flush : flushes_) {
    calls.push_back([done = std::move(flush.done)]() mutable { done(true); });
  }
  flushes_.clear();
}

void SentryClient::Core::flush(Duration timeout, std::move_only_function<void(bool)> done) {
  Calls calls;
  std::uint64_t id = 0;
  {
    MutexLock lock(mutex_);
    if (stopped_) {
      calls.push_back([done = std::move(done)]() mutable { done(false); });
    } else {
      id = ++last_flush_;
      flushes_.push_back({id, std::move(done)});
      retry_at_ = kMinTimestamp;
      if (!discarded_.empty()) report_at_ = kMinTimestamp;
      finish_flushes(calls);
      if (flushes_.empty()) id = 0;
      arm();
    }
  }
  run(std::move(calls));
  if (id == 0) return;
  scheduler_.run_at(now() + timeout, [core = weak_from_this(), id] {
    const auto self = core.lock();
    if (!self) return;
    std::move_only_function<void(bool)> late;
    {
      MutexLock lock(self->mutex_);
      const auto at = std::ranges::find(self->flushes_, id, &Flush::id);
      if (at == self->flushes_.end()) return;
      late = std::move(at->done);
      self->flushes_.erase(at);
    }
    late(false);
  });
}

void SentryClient::Core::stop() {
  Calls calls;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    drop_queue(kStopped, calls);
    for (Flush& flush : flushes_) {
      calls.push_back([done = std::move(flush.done)]() mutable { done(false); });
    }
    flushes_.clear();
    while (callbacks_ > 0) quiet_.wait(mutex_);
  }
  run(std::move(calls));
  timer_->stop();
  timer_.reset();
}

SentryClient::SentryClient(std::unique_ptr<Scheduler> scheduler, std::unique_ptr<net::HttpClient> http,
                           std::shared_ptr<Core> core)
    : own_scheduler_(std::move(scheduler)), own_http_(std::move(http)), core_(std::move(core)) {}

SentryClient::~SentryClient() {
  core_->stop();
  own_http_.reset();  // ends what is in flight while the core still lives
}

Result<std::unique_ptr<SentryClient>> SentryClient::open(SentryOptions options) {
  VIGIL_TRY(const SentryDsn dsn, SentryDsn::parse(options.dsn));
  options.dsn.clear();
  std::unique_ptr<Scheduler> scheduler;
  if (options.scheduler == nullptr) scheduler = make_thread_scheduler(1);
  std::unique_ptr<net::HttpClient> http;
  if (options.http == nullptr) http = net::make_curl_client({.max_in_flight = 1, .max_idle_connections = 1});
  Scheduler& used_scheduler = scheduler ? *scheduler : *options.scheduler;
  net::HttpClient& used_http = http ? *http : *options.http;
  auto core = std::make_shared<Core>(std::move(options), dsn, used_scheduler, used_http);
  return std::unique_ptr<SentryClient>(new SentryClient(std::move(scheduler), std::move(http), std::move(core)));
}

Result<std::unique_ptr<SentryClient>> SentryClient::from_environment(SentryOptions options) {
  options.dsn = environment_or(std::move(options.dsn), "SENTRY_DSN");
  if (options.dsn.empty()) return nullptr;
  if (const char* const environment = std::getenv("SENTRY_ENVIRONMENT")) options.origin.environment = environment;
  options.origin.release = environment_or(std::move(options.origin.release), "SENTRY_RELEASE");
  return open(std::move(options));
}

void SentryClient::capture(ErrorReport report, OnLost on_lost) {
  core_->capture(std::move(report), std::move(on_lost));
}

void SentryClient::discarded(std::string_view reason, std::uint64_t quantity) { core_->discarded(reason, quantity); }

void SentryClient::flush(Duration timeout, std::move_only_function<void(bool)> done) {
  core_->flush(timeout, std::move(done));
}

bool SentryClient::flush(Duration timeout) {
  struct Waiter {
    Mutex mutex;
    CondVar called;
    std::optional<bool> result GUARDED_BY(mutex);
  };
  const auto waiter = std::make_shared<Waiter>();
  core_->flush(timeout, [waiter](bool done) {
    MutexLock lock(waiter->mutex);
    waiter->result = done;
    waiter->called.notify_all();
  });
  MutexLock lock(waiter->mutex);
  while (!waiter->result) waiter->called.wait(waiter->mutex);
  return *waiter->result;
}

}  // namespace vigil::errors
