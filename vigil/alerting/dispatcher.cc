#include "vigil/alerting/dispatcher.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "vigil/base/log.h"

namespace vigil::alerting {
namespace {

// After a failed compaction (a full disk) the next one waits this long.
constexpr Duration kCompactionPause = 10 * kSecond;

}  // namespace

Dispatcher::Metrics::Metrics(metrics::RegistryRef registry)
    : received(registry, "vigil_alerting_alerts_received_total", "Alerts received, by status."),
      invalid(registry, "vigil_alerting_alerts_invalid_total", "Alerts refused."),
      alerts(registry, "vigil_alerting_alerts", "Alerts kept."),
      groups(registry, "vigil_alerting_aggregation_groups", "Groups of alerts."),
      notifications(registry, "vigil_alerting_notifications_total", "Notifications attempted."),
      failed(registry, "vigil_alerting_notifications_failed_total", "Notifications given up, retries included."),
      requests(registry, "vigil_alerting_notification_requests_total", "Requests sent to receivers."),
      failed_requests(registry, "vigil_alerting_notification_requests_failed_total", "Requests that failed."),
      latency(registry, "vigil_alerting_notification_latency_seconds", "Time of requests to receivers.",
              metrics::buckets<0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 15.0, 20.0>),
      record_failures(registry, "vigil_alerting_record_failures_total",
                      "Changes of alerting state that could not be written to disk."),
      damage(registry, "vigil_alerting_damage_total", "Pieces of alerting state found damaged on disk and skipped."),
      log_entries(registry, "vigil_alerting_notification_log_entries", "Entries of the notification log.") {}

Result<std::shared_ptr<Dispatcher>> Dispatcher::open(Config config, AlertmanagerOptions options) {
  if (config.find_receiver(config.route.receiver) == nullptr) {
    return fail(ErrorCode::kInvalidArgument, "the route's receiver \"" + config.route.receiver + "\" does not exist");
  }
  Ledger ledger;
  VIGIL_TRY(Journal journal, Journal::open({.directory = options.directory,
                                            .files = *options.files,
                                            .fsync = options.fsync,
                                            .compact_bytes = options.compact_bytes},
                                           ledger));
  std::shared_ptr<Dispatcher> dispatcher(
      new Dispatcher(std::move(config), std::move(options), std::move(journal), std::move(ledger)));
  MutexLock lock(dispatcher->mutex_);
  dispatcher->restore();
  return dispatcher;
}

Dispatcher::Dispatcher(Config config, AlertmanagerOptions options, Journal journal, Ledger ledger)
    : options_(std::move(options)),
      metrics_(options_.registry),
      config_(std::make_shared<const Config>(std::move(config))),
      journal_(std::move(journal)),
      ledger_(std::move(ledger)),
      timer_(options_.scheduler) {}

void Dispatcher::restore() {
  metrics_.damage.inc(journal_.damage());
  const Timestamp time = now();
  // The process died before these messages had an outcome.
  for (auto& [key, entry] : ledger_.log) entry.end(Outcome::kUnknown);
  ledger_.expire(time);
  for (auto& [key, stored] : ledger_.alerts) {
    // Nobody could renew it while we were down: it may live as long again as its sender meant.
    const Duration lifetime = stored.alert.ends_at - stored.updated_at;
    if (!stored.seen_resolved && lifetime > 0) stored.alert.ends_at = std::max(stored.alert.ends_at, time + lifetime);
    stored.version = ++last_version_;
  }
  regroup();
  compact();
}

void Dispatcher::send(std::span<const Alert> alerts) {
  {
    MutexLock lock(mutex_);
    if (stopped_) return;
    std::vector<Record> records;
    std::unordered_set<Fingerprint> taken;
    const auto keep = [&]() REQUIRES(mutex_) {
      if (!records.empty()) record(std::exchange(records, {}));
      for (const Fingerprint one : taken) place(one);
      taken.clear();
    };
    for (const Alert& alert : alerts) {
      const Fingerprint key = fingerprint(alert.labels);
      if (taken.contains(key)) keep();  // the same alert twice: one after the other
      if (take(alert, records)) taken.insert(key);
    }
    keep();
    metrics_.alerts.set(static_cast<double>(ledger_.alerts.size()));
  }
  post_outbox();
}

bool Dispatcher::take(const Alert& alert, std::vector<Record>& records) {
  const Timestamp time = now();
  const auto refuse = [&](std::string_view reason) {
    metrics_.invalid.with(reason).inc();
    return false;
  };
  metrics_.received.with(alert.resolved_at(time) ? "resolved" : "firing").inc();
  if (alert.labels.empty()) return refuse("no_labels");

  StoredAlert stored{.alert = alert, .updated_at = time, .version = ++last_version_};
  Alert& taken = stored.alert;
  if (taken.starts_at == 0) taken.starts_at = taken.ends_at == 0 ? time : taken.ends_at;
  if (taken.ends_at == 0) {
    stored.guessed_end = true;
    taken.ends_at = time + config_->resolve_timeout;
  }
  if (taken.ends_at < taken.starts_at) return refuse("ends_before_start");

  const auto known = ledger_.alerts.find(fingerprint(alert.labels));
  if (known != ledger_.alerts.end()) {
    stored = merge(known->second, std::move(stored), time);
  } else if (ledger_.alerts.size() + records.size() >= options_.max_alerts) {
    return refuse("too_many");
  }
  records.emplace_back(AlertPut{std::move(stored)});
  return true;
}

void Dispatcher::place(Fingerprint fingerprint) {
  const StoredAlert& stored = ledger_.alerts.at(fingerprint);
  const Route& route = config_->route;
  const Labels labels = group_labels(route, stored.alert.labels);
  std::string key = group_key(labels);
  std::shared_ptr<Group>& group = groups_[key];
  if (group == nullptr) {
    group = std::make_shared<Group>();
    group->key = key;
    group->labels = labels;
    Timestamp first = now() + route.group_wait;
    if (const auto waiting = ledger_.first_flush.find(key); waiting != ledger_.first_flush.end()) {
      first = waiting->second;  // of before the restart
    } else {
      record({GroupOpened{std::move(key), first}});
    }
    set_tick(*group, std::max(first, now()));
    metrics_.groups.set(static_cast<double>(groups_.size()));
  }
  group->members.insert(fingerprint);
  // Who has waited long enough elsewhere does not wait here.
  if (!group->flushed && stored.alert.starts_at + route.group_wait < now()) set_tick(*group, now());
}

void Dispatcher::regroup() {
  auto before = std::exchange(groups_, {});
  for (const auto& [key, stored] : ledger_.alerts) place(key);
  for (auto& [key, group] : before) {
    const auto found = groups_.find(key);
    if (found == groups_.end() || group->flush == nullptr) continue;
    found->second->flush = group->flush;
    group->flush->group = found->second;
  }
  std::vector<Record> closed;
  for (const auto& [key, when] : ledger_.first_flush) {
    if (!groups_.contains(key)) closed.emplace_back(GroupClosed{key});
  }
  if (!closed.empty()) record(std::move(closed));
  metrics_.alerts.set(static_cast<double>(ledger_.alerts.size()));
  metrics_.groups.set(static_cast<double>(groups_.size()));
}

Result<void> Dispatcher::apply(Config config) {
  if (config.find_receiver(config.route.receiver) == nullptr) {
    return fail(ErrorCode::kInvalidArgument, "the route's receiver \"" + config.route.receiver + "\" does not exist");
  }
  {
    MutexLock lock(mutex_);
    if (stopped_) return fail(ErrorCode::kUnavailable, "alerting is shut down");
    config_ = std::make_shared<const Config>(std::move(config));
    std::vector<Record> closed;
    for (const auto& [key, group] : groups_) closed.emplace_back(GroupClosed{key});
    if (!closed.empty()) record(std::move(closed));
    regroup();
  }
  post_outbox();
  return {};
}

void Dispatcher::stop() {
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    agenda_.clear();
    outbox_.clear();
  }
  timer_.stop();
}

void Dispatcher::close() {
  stop();
  MutexLock lock(mutex_);
  closed_ = true;
}

void Dispatcher::set_tick(Group& group, Timestamp when) {
  group.next_tick = when;
  at(when, [this, key = group.key, when]() NO_THREAD_SAFETY_ANALYSIS {
    const auto found = groups_.find(key);
    if (found != groups_.end() && found->second->next_tick == when) tick(found->second);
  });
}

void Dispatcher::remove_group(const std::string& key) {
  record({GroupClosed{key}});
  groups_.erase(key);
  metrics_.groups.set(static_cast<double>(groups_.size()));
}

void Dispatcher::record(std::vector<Record> records) {
  std::string bytes;
  for (const Record& one : records) encode(one, bytes);
  const bool healthy = !journal_.failed();
  if (auto written = journal_.write(bytes); !written) {
    // Being told twice after a restart is better than not being told now.
    metrics_.record_failures.inc();
    if (healthy) {
      log::error("alerting", "alerting state cannot be written; notifications go on without record",
                 {{"error", written.error().message()}});
    }
  }
  for (Record& one : records) ledger_.apply(std::move(one));
  metrics_.log_entries.set(static_cast<double>(ledger_.log.size()));
  if (journal_.wants_compaction() && now() >= compaction_at_ && !stopped_) {
    compaction_at_ = now() + kCompactionPause;
    at(now(), [this]() NO_THREAD_SAFETY_ANALYSIS { compact(); });
  }
}

void Dispatcher::compact() {
  ledger_.expire(now());
  const bool failing = journal_.failed();
  if (auto done = journal_.compact(ledger_); !done) {
    log::warn("alerting", "alerting state cannot be compacted", {{"error", done.error().message()}});
  } else if (failing) {
    log::info("alerting", "alerting state is written again");
  }
}

void Dispatcher::at(Timestamp when, std::function<void()> task) {
  if (stopped_) return;
  const bool first = agenda_.empty() || when < agenda_.begin()->first;
  agenda_.emplace(when, std::move(task));
  if (first) {
    timer_.arm(when, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->run_due();
    });
  }
}

void Dispatcher::run_due() {
  {
    MutexLock lock(mutex_);
    const Timestamp time = now();
    while (!agenda_.empty() && agenda_.begin()->first <= time) {
      const auto entry = agenda_.extract(agenda_.begin());
      entry.mapped()();
    }
    if (!agenda_.empty()) {
      timer_.arm(agenda_.begin()->first, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->run_due();
      });
    }
  }
  post_outbox();
}

AlertView Dispatcher::view(Fingerprint fingerprint, const StoredAlert& stored, Timestamp now) const {
  return {.alert = stored.alert,
          .fingerprint = to_string(fingerprint),
          .updated_at = stored.updated_at,
          .firing = !stored.alert.resolved_at(now)};
}

std::vector<GroupView> Dispatcher::groups() const {
  MutexLock lock(mutex_);
  std::vector<GroupView> all;
  for (const auto& [key, group] : groups_) {
    GroupView view_of_group{.key = key,
                            .labels = group->labels,
                            .receiver = config_->route.receiver,
                            .next_flush = group->next_tick,
                            .alerts = {}};
    for (const Fingerprint one : group->members) {
      view_of_group.alerts.push_back(view(one, ledger_.alerts.at(one), now()));
    }
    std::ranges::sort(view_of_group.alerts, [](const AlertView& a, const AlertView& b) {
      return comes_before(a.alert.labels, b.alert.labels);
    });
    all.push_back(std::move(view_of_group));
  }
  return all;
}

std::vector<AlertView> Dispatcher::alerts() const {
  MutexLock lock(mutex_);
  std::vector<AlertView> all;
  for (const auto& [key, stored] : ledger_.alerts) all.push_back(view(key, stored, now()));
  std::ranges::sort(all, {}, &AlertView::fingerprint);
  return all;
}

std::vector<NotificationView> Dispatcher::notifications() const {
  MutexLock lock(mutex_);
  std::vector<NotificationView> all;
  for (const auto& [key, entry] : ledger_.log) {
    NotificationView one{.group_key = key.group,
                         .receiver = key.receiver,
                         .integration = key.integration,
                         .uncertain = entry.open.has_value() || !entry.maybe_firing.empty()};
    if (entry.sent) {
      one.sent_at = entry.sent->tick;
      one.firing = entry.sent->firing.size();
      one.resolved = entry.sent->resolved.size();
    }
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace vigil::alerting
