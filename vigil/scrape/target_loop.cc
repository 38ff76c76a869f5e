#include "vigil/scrape/target_loop.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "vigil/base/hash.h"
#include "vigil/base/log.h"
#include "vigil/base/strings.h"
#include "vigil/exposition/page_parser.h"
#include "vigil/net/url.h"

namespace vigil::scrape {
namespace {

constexpr Duration kTimestampTolerance = 2;
// The client keeps the deadline; this one only guards against a client that does not.
constexpr Duration kGrace = 2 * kSecond;

struct ProtocolName {
  Protocol protocol;
  std::string_view header;
  exposition::Format format;
};
constexpr std::array<ProtocolName, 5> kProtocols = {{
    {Protocol::kProtobuf, "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
     exposition::Format::kProtobuf},
    {Protocol::kOpenMetrics100, "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
     exposition::Format::kOpenMetrics},
    {Protocol::kOpenMetrics001, "application/openmetrics-text;version=0.0.1", exposition::Format::kOpenMetrics},
    {Protocol::kText100, "text/plain;version=1.0.0;escaping=allow-utf-8", exposition::Format::kText},
    {Protocol::kText004, "text/plain;version=0.0.4", exposition::Format::kText},
}};

const ProtocolName& find(Protocol protocol) {
  return *std::find_if(kProtocols.begin(), kProtocols.end(),
                       [&](const ProtocolName& p) { return p.protocol == protocol; });
}

// Weights fall from 0.6, as Prometheus writes them for its list of five and `*/*`.
std::string accept_header(const ScrapeConfig& config) {
  std::string header;
  int weight = 6;
  for (const Protocol protocol : config.protocols) {
    header += std::string(find(protocol).header) + ";q=0." + std::to_string(weight--) + ",";
  }
  return header + "*/*;q=0." + std::to_string(weight);
}

Result<exposition::Format> format_of(std::string_view content_type, const ScrapeConfig& config) {
  auto format = exposition::format_of_content_type(content_type);
  if (format) return format;
  if (config.has_fallback_protocol) return find(config.fallback_protocol).format;
  return fail(ErrorCode::kNotSupported,
              (content_type.empty() ? std::string("non-compliant scrape target sending blank Content-Type")
                                    : "received unsupported Content-Type " + go_quote(content_type)) +
                  " and no fallback_scrape_protocol specified for target");
}

std::string_view reason_of(int status) {
  switch (status) {
    case 301: return " Moved Permanently";
    case 302: return " Found";
    case 400: return " Bad Request";
    case 401: return " Unauthorized";
    case 403: return " Forbidden";
    case 404: return " Not Found";
    case 429: return " Too Many Requests";
    case 500: return " Internal Server Error";
    case 502: return " Bad Gateway";
    case 503: return " Service Unavailable";
    case 504: return " Gateway Timeout";
    default: return "";
  }
}

}  // namespace

TargetLoop::TargetLoop(const LoopContext& context, std::shared_ptr<const ScrapeConfig> config, Target target)
    : context_(context),
      offset_hash_(fnv1a64(target.identity()) ^ context.seed),
      page_(offset_hash_),
      report_(target.labels),
      timer_(context.scheduler) {
  status_.target = target;
  settings_ = std::make_shared<Settings>(Settings{std::move(config), std::move(target), std::nullopt});
}

Timestamp TargetLoop::next_slot(Timestamp after, Duration interval, std::uint64_t offset_hash) {
  const auto offset = static_cast<Duration>(offset_hash % static_cast<std::uint64_t>(interval));
  // Floor division, also for times before 1970.
  Timestamp passed = (after - offset) / interval;
  if ((after - offset) % interval < 0) --passed;
  return (passed + 1) * interval + offset;
}

void TargetLoop::start() {
  MutexLock lock(mutex_);
  if (state_ != State::kIdle) return;
  state_ = State::kWaiting;
  // A slot that is now counts.
  arm_slot(context_.scheduler.clock().now() - 1);
}

void TargetLoop::arm_slot(Timestamp after) {
  armed_slot_ = next_slot(after, settings_->target.interval, offset_hash_);
  timer_.arm(armed_slot_, [this, slot = armed_slot_] { begin(slot); });
}

void TargetLoop::reconfigure(std::shared_ptr<const ScrapeConfig> config, Target target,
                             std::optional<Error> forced_error) {
  MutexLock lock(mutex_);
  status_.target = target;
  const bool other_interval = target.interval != settings_->target.interval;
  settings_ = std::make_shared<Settings>(Settings{std::move(config), std::move(target), std::move(forced_error)});
  if (other_interval && state_ == State::kWaiting) arm_slot(context_.scheduler.clock().now());
}

void TargetLoop::begin(Timestamp slot) {
  const Timestamp now = context_.scheduler.clock().now();
  std::uint64_t id = 0;
  {
    MutexLock lock(mutex_);
    if (state_ != State::kWaiting) return;
    state_ = State::kScraping;
    current_ = settings_;
    id = ++scrape_id_;
    answer_.reset();
  }
  const Duration tolerance = std::min(kTimestampTolerance, current_->target.interval / 100);
  slot_ = slot;
  timestamp_ = now - slot <= tolerance ? slot : now;
  started_ = context_.scheduler.clock().steady();
  if (current_->forced_error) {
    receive(id, std::unexpected(*current_->forced_error));
    return;
  }
  {
    MutexLock lock(mutex_);
    if (state_ != State::kScraping) return;
    timer_.arm(now + current_->target.timeout + kGrace, [this, id] { complete(id); });
  }
  context_.client.send(make_request(*current_), [weak = weak_from_this(), id](Answer answer) {
    if (const auto self = weak.lock()) self->receive(id, std::move(answer));
  });
}

net::ClientRequest TargetLoop::make_request(const Settings& settings) const {
  const ScrapeConfig& config = *settings.config;
  net::ClientRequest request = config.http;
  request.method = "GET";
  request.url = settings.target.url;
  request.timeout = settings.target.timeout;
  request.accept_compressed = config.enable_compression;
  if (config.body_size_limit > 0) {
    request.max_body_bytes = config.body_size_limit;
  } else {
    request.max_body_bytes = std::numeric_limits<std::uint64_t>::max();
  }
  request.headers.set("Accept", accept_header(config));
  request.headers.set("User-Agent", context_.user_agent);
  request.headers.set("X-Prometheus-Scrape-Timeout-Seconds",
                      format_float(static_cast<double>(settings.target.timeout) / kSecond));
  return request;
}

// On a thread of the client: the page is parsed on the scheduler's.
void TargetLoop::receive(std::uint64_t id, Answer answer) {
  MutexLock lock(mutex_);
  if (state_ != State::kScraping || id != scrape_id_ || answer_) return;
  answer_ = std::move(answer);
  timer_.arm(kMinTimestamp, [this, id] { complete(id); });
}

void TargetLoop::complete(std::uint64_t id) {
  std::optional<Answer> answer;
  {
    MutexLock lock(mutex_);
    if (state_ != State::kScraping || id != scrape_id_) return;
    ++scrape_id_;  // an answer that comes now is too late
    answer = std::exchange(answer_, std::nullopt);
  }
  if (!answer) answer = fail(ErrorCode::kTimeout, "no answer within the scrape timeout");
  const auto settings = std::move(current_);
  std::string error;
  const ScrapeReport report = store(*settings, std::move(*answer), error);

  const Timestamp now = context_.scheduler.clock().now();
  const std::string url = net::redact_url(settings->target.url);
  MutexLock lock(mutex_);
  if (report.up && status_.health == Health::kDown) {
    log::info("scrape", "target is up again", {{"job", settings->config->job_name}, {"target", url}});
  } else if (!report.up && status_.health != Health::kDown) {
    log::warn("scrape", "target is down", {{"job", settings->config->job_name}, {"target", url}, {"error", error}});
  }
  status_.health = report.up ? Health::kUp : Health::kDown;
  status_.last_error = std::move(error);
  status_.last_scrape = timestamp_;
  status_.last_duration_seconds = report.duration_seconds;
  status_.last_samples = report.counts.samples;
  if (state_ != State::kScraping) return;
  state_ = State::kWaiting;
  arm_slot(std::max(now, slot_));
  const Duration interval = settings->target.interval;
  if (const auto missed = (armed_slot_ - slot_) / interval - 1; missed > 0 && settings_->target.interval == interval) {
    context_.metrics.missed_slots.inc(missed);
  }
}

ScrapeReport TargetLoop::store(const Settings& settings, Answer answer, std::string& error) {
  ScrapeReport report;
  auto appender = context_.storage.appender();
  const auto appended = append_page(settings, answer, *appender, report);
  answer = net::ClientResponse();  // frees the body before the commit
  report.up = appended.has_value();
  if (!appended) {
    error = appended.error().message();
    appender->rollback();
    appender = context_.storage.appender();
    page_.end_all(timestamp_, *appender);
  }
  const std::chrono::duration<double> elapsed = context_.scheduler.clock().steady() - started_;
  report.duration_seconds = elapsed.count();
  report.timeout_seconds = static_cast<double>(settings.target.timeout) / kSecond;
  report.sample_limit = settings.config->sample_limit;
  auto stored = report_.append(report, settings.config->extra_scrape_metrics, timestamp_, *appender);
  if (stored) stored = appender->commit();
  if (!stored) {
    appender->rollback();
    context_.metrics.commit_failures.inc();
    error = stored.error().with_context("the store did not take the scrape").message();
  } else if (report.up) {
    context_.metrics.count(report.counts);
  }
  context_.metrics.scrapes.with(report.up ? "ok" : "failed").inc();
  context_.metrics.duration.observe(report.duration_seconds);
  return report;
}

Result<void> TargetLoop::append_page(const Settings& settings, const Answer& answer, Appender& appender,
                                     ScrapeReport& report) {
  const ScrapeConfig& config = *settings.config;
  const auto limit_hit = [&](std::string_view limit) { context_.metrics.exceeded_limits.with(limit).inc(); };
  if (settings.forced_error) {
    limit_hit("target");
    return std::unexpected(*settings.forced_error);
  }
  if (!answer) {
    if (answer.error().code() == ErrorCode::kLimitExceeded) {
      report.body_bytes = -1;
      limit_hit("body_size");
      return std::unexpected(answer.error().with_context("body size limit exceeded"));
    }
    return std::unexpected(answer.error());
  }
  if (answer->status != 200) {
    return fail(ErrorCode::kUnavailable, "server returned HTTP status " + std::to_string(answer->status) +
                                             std::string(reason_of(answer->status)));
  }
  report.body_bytes = static_cast<double>(answer->body.size());
  VIGIL_TRY(const exposition::Format format, format_of(answer->headers.get("Content-Type"), config));
  auto appended =
      page_.append(answer->body, format, timestamp_, settings.config, settings.target.labels, appender, report.counts);
  if (!appended && appended.error().code() == ErrorCode::kLimitExceeded) {
    limit_hit(appended.error().message().starts_with("label") ? "label" : "sample");
  }
  return appended;
}

void TargetLoop::retire() {
  MutexLock lock(mutex_);
  if (state_ == State::kRetiring || state_ == State::kFinished) return;
  const bool scraped = state_ != State::kIdle;
  state_ = scraped ? State::kRetiring : State::kFinished;
  if (!scraped) return;
  const Duration interval = settings_->target.interval;
  const Timestamp next = next_slot(context_.scheduler.clock().now(), interval, offset_hash_);
  timer_.arm(next + interval + interval / 10, [this, next] { write_end_markers(next); });
}

void TargetLoop::write_end_markers(Timestamp timestamp) {
  auto appender = context_.storage.appender();
  page_.end_all(timestamp, *appender);
  report_.end(timestamp, *appender);
  if (const auto committed = appender->commit(); !committed) context_.metrics.commit_failures.inc();
  MutexLock lock(mutex_);
  state_ = State::kFinished;
}

bool TargetLoop::finished() const {
  MutexLock lock(mutex_);
  return state_ == State::kFinished;
}

void TargetLoop::stop() {
  {
    MutexLock lock(mutex_);
    state_ = State::kFinished;
  }
  timer_.stop();
}

TargetStatus TargetLoop::status() const {
  MutexLock lock(mutex_);
  return status_;
}

}  // namespace vigil::scrape
