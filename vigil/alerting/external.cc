#include "vigil/alerting/external.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "vigil/alerting/message.h"
#include "vigil/base/log.h"
#include "vigil/base/mutex.h"
#include "vigil/metrics/metrics.h"
#include "vigil/net/url.h"

namespace vigil::alerting {
namespace {

// One alert of API v2's `POST /alerts`, as Prometheus writes it.
std::string alert_json(const Alert& alert, const Labels& labels) {
  std::string out = R"({"annotations":)";
  append_go_json(out, alert.annotations);
  if (alert.ends_at != 0) out += R"(,"endsAt":")" + go_time(alert.ends_at) + '"';
  if (alert.starts_at != 0) out += R"(,"startsAt":")" + go_time(alert.starts_at) + '"';
  out += R"(,"generatorURL":)";
  append_go_json(out, alert.generator_url);
  out += R"(,"labels":)";
  append_go_json(out, labels);
  out += '}';
  return out;
}

struct Metrics {
  explicit Metrics(metrics::RegistryRef registry)
      : sent(registry, "vigil_notifications_sent_total", "Alerts sent to external Alertmanagers."),
        errors(registry, "vigil_notifications_errors_total", "Alerts whose sending failed."),
        dropped(registry, "vigil_notifications_dropped_total", "Alerts not sent: queue full or sending failed."),
        latency(registry, "vigil_notifications_latency_seconds", "Time of requests to external Alertmanagers."),
        queue_length(registry, "vigil_notifications_queue_length", "Alerts waiting for an external Alertmanager."),
        queue_capacity(registry, "vigil_notifications_queue_capacity", "Alerts that may wait for each."),
        discovered(registry, "vigil_notifications_alertmanagers_discovered", "External Alertmanagers configured.") {}
  metrics::Counter<"alertmanager"> sent;
  metrics::Counter<"alertmanager"> errors;
  metrics::Counter<"alertmanager"> dropped;
  metrics::Histogram<"alertmanager"> latency;
  metrics::Gauge<"alertmanager"> queue_length;
  metrics::Gauge<> queue_capacity;
  metrics::Gauge<> discovered;
};

using Encoded = std::shared_ptr<const std::string>;

struct Target {
  std::string url;   // to send to
  std::string name;  // to show: without credentials
  net::ClientRequest http;
  Duration timeout = 0;
  std::size_t entry = 0;  // of ExternalSettings::alertmanagers
  std::deque<Encoded> queue;
  bool busy = false;  // a request is on its way
  std::uint64_t sent = 0;
  std::uint64_t dropped = 0;
  std::string last_error;
};

}  // namespace

class ExternalSender::State : public std::enable_shared_from_this<State> {
 public:
  explicit State(ExternalOptions options) : options_(options), metrics_(options.registry) {
    metrics_.queue_capacity.set(static_cast<double>(options_.queue_capacity));
    metrics_.discovered.set(0);
  }

  void apply(ExternalSettings settings, Labels external_labels) {
    MutexLock lock(mutex_);
    std::map<std::string, std::shared_ptr<Target>> before;
    for (auto& target : targets_) before.emplace(target->url, std::move(target));
    targets_.clear();
    for (std::size_t i = 0; i < settings.alertmanagers.size(); ++i) {
      const ExternalConfig& config = settings.alertmanagers[i];
      for (const std::string& address : config.targets) {
        const std::string url = config.scheme + "://" + address + config.path_prefix + "/api/v2/alerts";
        std::shared_ptr<Target> target;
        if (auto known = before.extract(url)) {
          target = std::move(known.mapped());
        } else {
          target = std::make_shared<Target>();
          target->url = url;
          target->name = net::redact_url(url);
        }
        target->http = config.http;
        target->timeout = config.timeout;
        target->entry = i;
        targets_.push_back(std::move(target));
      }
    }
    for (const auto& [url, gone] : before) {
      drop(*gone, gone->queue.size());
      metrics_.queue_length.with(gone->name).clear();
    }
    settings_ = std::move(settings);
    external_labels_ = std::move(external_labels);
    metrics_.discovered.set(static_cast<double>(targets_.size()));
  }

  void send(std::span<const Alert> alerts) {
    std::vector<std::shared_ptr<Target>> targets;
    {
      MutexLock lock(mutex_);
      if (stopped_ || targets_.empty()) return;
      for (const Alert& alert : alerts) enqueue(alert);
      targets = targets_;
    }
    for (const auto& target : targets) post(target);
  }

  void stop() {
    MutexLock lock(mutex_);
    stopped_ = true;
    for (const auto& target : targets_) target->queue.clear();
  }

  std::vector<ExternalStatus> status() const {
    MutexLock lock(mutex_);
    std::vector<ExternalStatus> all;
    for (const auto& target : targets_) {
      all.push_back({target->name, target->queue.size(), target->sent, target->dropped, target->last_error});
    }
    return all;
  }

 private:
  void enqueue(const Alert& alert) REQUIRES(mutex_) {
    LabelsBuilder builder(alert.labels);
    for (const LabelView label : external_labels_) {
      if (builder.get(label.name).empty()) builder.set(label.name, label.value);
    }
    if (!settings_.alert_relabel.apply(builder)) return;
    const Labels labels = builder.build();

    // Encoded once for all entries that do not relabel.
    Encoded plain;
    std::vector<Encoded> by_entry;
    for (const ExternalConfig& config : settings_.alertmanagers) {
      Encoded& encoded = by_entry.emplace_back();
      if (config.alert_relabel.empty()) {
        if (plain == nullptr) plain = std::make_shared<const std::string>(alert_json(alert, labels));
        encoded = plain;
      } else if (LabelsBuilder own(labels); config.alert_relabel.apply(own)) {
        encoded = std::make_shared<const std::string>(alert_json(alert, own.build()));
      }
    }
    for (const auto& target : targets_) {
      if (by_entry[target->entry] == nullptr) continue;
      if (target->queue.size() >= options_.queue_capacity) drop(*target, 1);
      target->queue.push_back(by_entry[target->entry]);
      metrics_.queue_length.with(target->name).set(static_cast<double>(target->queue.size()));
    }
  }

  // The oldest.
  void drop(Target& target, std::size_t count) REQUIRES(mutex_) {
    count = std::min(count, target.queue.size());
    target.queue.erase(target.queue.begin(), target.queue.begin() + static_cast<std::ptrdiff_t>(count));
    target.dropped += count;
    metrics_.dropped.with(target.name).inc(count);
  }

  // Sends the next batch, unless one is on its way or there is nothing to send.
  void post(const std::shared_ptr<Target>& target) {
    net::ClientRequest request;
    std::size_t count = 0;
    {
      MutexLock lock(mutex_);
      if (stopped_ || target->busy || target->queue.empty()) return;
      count = std::min(options_.batch_size, target->queue.size());
      request = target->http;
      request.method = "POST";
      request.url = target->url;
      request.timeout = target->timeout;
      request.max_body_bytes = 1 << 20;
      request.headers.set("Content-Type", "application/json");
      request.body = "[";
      for (std::size_t i = 0; i < count; ++i) {
        if (i > 0) request.body += ',';
        request.body += *target->queue.front();
        target->queue.pop_front();
      }
      request.body += ']';
      target->busy = true;
      metrics_.queue_length.with(target->name).set(static_cast<double>(target->queue.size()));
    }
    const auto start = options_.scheduler.clock().steady();
    options_.client.send(std::move(request),
                         [weak = weak_from_this(), target, count, start](Result<net::ClientResponse> answer) {
                           if (const auto self = weak.lock()) self->answered(target, count, start, answer);
                         });
  }

  void answered(const std::shared_ptr<Target>& target, std::size_t count, std::chrono::nanoseconds start,
                const Result<net::ClientResponse>& answer) {
    {
      MutexLock lock(mutex_);
      const auto elapsed = options_.scheduler.clock().steady() - start;
      metrics_.latency.with(target->name).observe(static_cast<double>(elapsed.count()) * 1e-9);
      target->busy = false;
      metrics_.sent.with(target->name).inc(count);
      target->sent += count;
      const std::string error = !answer                     ? answer.error().message()
                                : answer->status / 100 != 2 ? "status " + std::to_string(answer->status)
                                                            : "";
      if (!error.empty()) {
        metrics_.errors.with(target->name).inc(count);
        metrics_.dropped.with(target->name).inc(count);
        target->dropped += count;
        if (target->last_error.empty()) {
          log::warn("alerting", "an external Alertmanager does not take alerts",
                    {{"alertmanager", target->name}, {"alerts", count}, {"error", error}});
        }
      }
      target->last_error = error;
    }
    post(target);
  }

  const ExternalOptions options_;
  const Metrics metrics_;
  mutable Mutex mutex_;
  ExternalSettings settings_ GUARDED_BY(mutex_);
  Labels external_labels_ GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Target>> targets_ GUARDED_BY(mutex_);
  bool stopped_ GUARDED_BY(mutex_) = false;
};

ExternalSender::ExternalSender(ExternalOptions options) : state_(std::make_shared<State>(options)) {}
ExternalSender::~ExternalSender() { stop(); }

void ExternalSender::apply(ExternalSettings settings, Labels external_labels) {
  state_->apply(std::move(settings), std::move(external_labels));
}
void ExternalSender::send(std::span<const Alert> alerts) { state_->send(alerts); }
void ExternalSender::stop() { state_->stop(); }
std::vector<ExternalStatus> ExternalSender::status() const { return state_->status(); }

}  // namespace vigil::alerting
