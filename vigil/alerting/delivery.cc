// From the tick of a group to the outcome of its messages.
#include <algorithm>
#include <cmath>
#include <utility>

#include "vigil/alerting/dispatcher.h"
#include "vigil/base/hash.h"
#include "vigil/base/log.h"
#include "vigil/net/url.h"

namespace vigil::alerting {
namespace {

constexpr std::string_view kWebhook = "webhook";
constexpr Duration kMinDeadline = 10 * kSecond;
constexpr Duration kFirstBackoff = 500;
constexpr Duration kMaxBackoff = kMinute;
constexpr double kBackoffFactor = 1.5;

// Ticks of one group are group_interval apart, give or take what the scheduler and the
// clock do: a repeat that is due within this is due.
Duration slack(const Route& route) { return std::min<Duration>(kSecond, route.group_interval / 10); }

// Exponential, ±50 %: spread by a hash, so that one group's retries are reproducible.
Duration backoff(std::string_view key, Timestamp tick, int attempts) {
  const double base = std::min(static_cast<double>(kFirstBackoff) * std::pow(kBackoffFactor, attempts - 1),
                               static_cast<double>(kMaxBackoff));
  const std::uint64_t hash = hash64(key, static_cast<std::uint64_t>(tick) + static_cast<std::uint64_t>(attempts));
  return static_cast<Duration>(base * (0.5 + static_cast<double>(hash >> 11) * 0x1p-53));
}

Message message_of(Timestamp tick, std::span<const FlushedAlert> alerts) {
  Message message{.tick = tick, .firing = {}, .resolved = {}};
  for (const FlushedAlert& one : alerts) (one.resolved ? message.resolved : message.firing).push_back(one.fingerprint);
  std::ranges::sort(message.firing);
  std::ranges::sort(message.resolved);
  return message;
}

std::string_view failure_reason(int status) {
  if (status == 429) return "rateLimited";
  if (status == 401 || status == 403) return "authError";
  return status / 100 == 5 ? "serverError" : status / 100 == 4 ? "clientError" : "other";
}

// URLs of webhooks are secrets in themselves: errors name the receiver, not the URL.
std::string without_url(std::string error, const std::string& url) {
  const std::string shown = net::redact_url(url);
  for (std::size_t at = 0; !shown.empty() && (at = error.find(shown, at)) != std::string::npos;) {
    error.replace(at, shown.size(), "<url>");
  }
  return error;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\r\n").contains(text.back())) text.remove_suffix(1);
  while (!text.empty() && std::string_view(" \t\r\n").contains(text.front())) text.remove_prefix(1);
  return text;
}

}  // namespace

void Dispatcher::tick(const std::shared_ptr<Group>& group) {
  const Timestamp time = now();
  const Duration interval = config_->route.group_interval;
  // On the grid, unless we are so late that the next point is past as well.
  const Timestamp next = group->next_tick + interval;
  set_tick(*group, next > time ? next : time + interval);
  group->flushed = true;
  if (group->flush != nullptr) {
    group->tick_waiting = true;
    return;
  }

  auto flush = std::make_shared<Flush>();
  flush->group = group;
  flush->group_key = group->key;
  flush->group_labels = group->labels;
  flush->config = config_;
  flush->tick = time;
  flush->deadline = time + std::max(interval, kMinDeadline);
  for (const Fingerprint one : group->members) {
    const StoredAlert& stored = ledger_.alerts.at(one);
    flush->alerts.push_back({.alert = stored.alert,
                             .fingerprint = one,
                             .version = stored.version,
                             .resolved = stored.alert.resolved_at(time)});
  }
  std::ranges::sort(flush->alerts, [](const FlushedAlert& a, const FlushedAlert& b) {
    return comes_before(a.alert.labels, b.alert.labels);
  });
  group->flush = flush;

  const Message message = message_of(time, flush->alerts);
  const std::size_t integrations = config_->find_receiver(config_->route.receiver)->webhooks.size();
  flush->pending = 1;  // this loop
  for (std::size_t i = 0; i < integrations; ++i) start(flush, i, message);
  if (--flush->pending == 0) finish(flush);
}

void Dispatcher::start(const std::shared_ptr<Flush>& flush, std::size_t integration, const Message& message) {
  const Route& route = flush->config->route;
  const WebhookConfig& webhook = flush->config->find_receiver(route.receiver)->webhooks[integration];
  LogKey key{.group = flush->group_key,
             .receiver = route.receiver,
             .integration = std::string(kWebhook) + "[" + std::to_string(integration) + "]"};
  const auto known = ledger_.log.find(key);
  const Reason reason = reason_to_send(known == ledger_.log.end() ? nullptr : &known->second, message,
                                       webhook.send_resolved, route.repeat_interval, slack(route));
  if (reason == Reason::kNone) return;

  const Timestamp expires = message.tick + std::min(options_.retention, 2 * route.repeat_interval);
  std::vector<FlushedAlert> firing;
  std::span<const FlushedAlert> alerts = flush->alerts;
  if (!webhook.send_resolved) {
    std::ranges::copy_if(alerts, std::back_inserter(firing), [](const FlushedAlert& one) { return !one.resolved; });
    alerts = firing;
  }
  if (alerts.empty()) {  // nothing this receiver wants to hear, but the log is up to date
    return record({Intent{key, message, expires}, Ended{key, Outcome::kSent}});
  }

  auto delivery = std::make_shared<Delivery>();
  delivery->flush = flush;
  delivery->webhook = &webhook;
  delivery->key = key;
  delivery->body = webhook_body({.receiver = route.receiver,
                                 .group_key = flush->group_key,
                                 .external_url = options_.external_url,
                                 .group_labels = flush->group_labels,
                                 .reason = reason,
                                 .max_alerts = webhook.max_alerts},
                                alerts);
  ++flush->pending;
  metrics_.notifications.with(kWebhook).inc();
  record({Intent{std::move(key), message, expires}});
  attempt(delivery);
}

void Dispatcher::attempt(const std::shared_ptr<Delivery>& delivery) {
  ++delivery->attempts;
  outbox_.push_back(delivery);
}

void Dispatcher::post_outbox() {
  std::vector<std::shared_ptr<Delivery>> deliveries;
  {
    MutexLock lock(mutex_);
    if (!stopped_) deliveries.swap(outbox_);
  }
  for (const auto& delivery : deliveries) {
    const WebhookConfig& webhook = *delivery->webhook;
    const Duration left = std::max<Duration>(delivery->flush->deadline - now(), 1);
    net::ClientRequest request = webhook.http;
    request.method = "POST";
    request.url = webhook.url;
    request.body = delivery->body;
    request.headers.set("Content-Type", "application/json");
    request.timeout = webhook.timeout > 0 ? std::min(webhook.timeout, left) : left;
    request.max_body_bytes = 1 << 20;
    metrics_.requests.with(kWebhook).inc();
    delivery->sent_ns = options_.scheduler.clock().steady().count();
    if (!webhook.url_file.empty()) {
      auto text = options_.files->read_file(webhook.url_file);
      if (!text) {
        answered(delivery, fail(ErrorCode::kNotFound, "url_file: " + text.error().message()));
        continue;
      }
      request.url = trimmed(*text);
    }
    // Copied before the request goes: compilers differ in which argument they make first.
    auto done = [weak = weak_from_this(), delivery, url = request.url](Result<net::ClientResponse> answer) {
      const auto self = weak.lock();
      if (self == nullptr) return;
      if (!answer) answer = fail(answer.error().code(), without_url(answer.error().message(), url));
      self->answered(delivery, std::move(answer));
    };
    options_.client.send(std::move(request), std::move(done));
  }
}

void Dispatcher::answered(const std::shared_ptr<Delivery>& delivery, Result<net::ClientResponse> answer) {
  const auto elapsed = options_.scheduler.clock().steady().count() - delivery->sent_ns;
  metrics_.latency.with(kWebhook).observe(static_cast<double>(elapsed) * 1e-9);
  {
    MutexLock lock(mutex_);
    if (closed_) return;
    if (!answer) {
      const ErrorCode code = answer.error().code();
      const bool never_left = code == ErrorCode::kNotFound || code == ErrorCode::kInvalidArgument;
      if (!never_left) delivery->maybe_arrived = true;
      failed(delivery, !never_left, code == ErrorCode::kTimeout ? "contextDeadlineExceeded" : "other",
             answer.error().message());
    } else if (const int status = answer->status; status / 100 == 2) {
      record({Ended{delivery->key, Outcome::kSent}});
      if (--delivery->flush->pending == 0) finish(delivery->flush);
    } else {
      failed(delivery, status / 100 == 5, failure_reason(status), "status " + std::to_string(status));
    }
  }
  post_outbox();
}

void Dispatcher::failed(const std::shared_ptr<Delivery>& delivery, bool retry, std::string_view reason,
                        const std::string& error) {
  metrics_.failed_requests.with(kWebhook).inc();
  const std::shared_ptr<Flush>& flush = delivery->flush;
  const Timestamp again = now() + backoff(flush->group_key, flush->tick, delivery->attempts);
  if (retry && again < flush->deadline && !stopped_) {
    return at(again, [this, delivery]() NO_THREAD_SAFETY_ANALYSIS { attempt(delivery); });
  }
  metrics_.failed.with(kWebhook, reason).inc();
  log::warn("alerting", "notification failed, to be tried again at the next flush of the group",
            {{"group", flush->group_key},
             {"receiver", delivery->key.receiver},
             {"integration", delivery->key.integration},
             {"attempts", delivery->attempts},
             {"error", error}});
  record({Ended{delivery->key, delivery->maybe_arrived ? Outcome::kUnknown : Outcome::kRefused}});
  flush->failed = true;
  if (--flush->pending == 0) finish(flush);
}

void Dispatcher::finish(const std::shared_ptr<Flush>& flush) {
  const std::shared_ptr<Group> group = flush->group.lock();
  if (group == nullptr) return;  // regrouped meanwhile
  group->flush = nullptr;
  if (!flush->failed) {
    std::vector<Record> gone;
    for (const FlushedAlert& one : flush->alerts) {
      const auto stored = ledger_.alerts.find(one.fingerprint);
      // Not if it came again while we were telling.
      if (!one.resolved || stored == ledger_.alerts.end() || stored->second.version != one.version) continue;
      gone.emplace_back(AlertGone{one.fingerprint});
      group->members.erase(one.fingerprint);
    }
    if (!gone.empty()) record(std::move(gone));
    metrics_.alerts.set(static_cast<double>(ledger_.alerts.size()));
  }
  if (group->members.empty()) {
    remove_group(group->key);
  } else if (std::exchange(group->tick_waiting, false)) {
    set_tick(*group, now());
  }
}

}  // namespace vigil::alerting
