// The machine behind Alertmanager: groups, their ticks, and messages on their way.
//
// All state is guarded by one mutex. Nothing under it waits for the network: requests
// collect in outbox_ and leave when the lock is free. Everything that happens at a time is
// an entry of agenda_, run by one timer, so that virtual time drives it as the clock does.
//
// Every change of the ledger goes through record(): to disk first, then to memory.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "vigil/alerting/alertmanager.h"
#include "vigil/alerting/journal.h"
#include "vigil/alerting/ledger.h"
#include "vigil/alerting/message.h"
#include "vigil/base/mutex.h"
#include "vigil/metrics/metrics.h"

namespace vigil::alerting {

class Dispatcher : public std::enable_shared_from_this<Dispatcher> {
 public:
  static Result<std::shared_ptr<Dispatcher>> open(Config config, AlertmanagerOptions options);

  void send(std::span<const Alert> alerts);
  Result<void> apply(Config config);
  void stop();
  void close();  // stop(), and no outcome is recorded any more

  std::vector<GroupView> groups() const;
  std::vector<AlertView> alerts() const;
  std::vector<NotificationView> notifications() const;

 private:
  struct Flush;
  struct Delivery;

  struct Group {
    std::string key;
    Labels labels;
    std::set<Fingerprint> members;
    Timestamp next_tick = 0;
    bool flushed = false;          // it has had its first tick
    std::shared_ptr<Flush> flush;  // under way
    bool tick_waiting = false;     // for that flush to end
  };

  // One look at a group, and what it sends to each integration of the receiver.
  struct Flush {
    std::weak_ptr<Group> group;
    std::string group_key;
    Labels group_labels;
    std::shared_ptr<const Config> config;
    Timestamp tick = 0;
    Timestamp deadline = 0;
    std::vector<FlushedAlert> alerts;
    std::size_t pending = 0;
    bool failed = false;
  };

  // One message to one integration, until it has arrived or the flush is over.
  struct Delivery {
    std::shared_ptr<Flush> flush;
    const WebhookConfig* webhook = nullptr;  // of flush->config
    LogKey key;
    std::string body;
    int attempts = 0;
    bool maybe_arrived = false;  // an attempt ended without an answer
    std::int64_t sent_ns = 0;    // of the last attempt, for the latency
  };

  struct Metrics {
    explicit Metrics(metrics::RegistryRef registry);
    metrics::Counter<"status"> received;
    metrics::Counter<"reason"> invalid;
    metrics::Gauge<> alerts;
    metrics::Gauge<> groups;
    metrics::Counter<"integration"> notifications;
    metrics::Counter<"integration", "reason"> failed;
    metrics::Counter<"integration"> requests;
    metrics::Counter<"integration"> failed_requests;
    metrics::Histogram<"integration"> latency;
    metrics::Counter<> record_failures;
    metrics::Counter<> damage;
    metrics::Gauge<> log_entries;
  };

  Dispatcher(Config config, AlertmanagerOptions options, Journal journal, Ledger ledger);

  Timestamp now() const { return options_.scheduler.clock().now(); }

  // dispatcher.cc
  void restore() REQUIRES(mutex_);
  // Adds a record if the alert is valid.
  bool take(const Alert& alert, std::vector<Record>& records) REQUIRES(mutex_);
  void place(Fingerprint fingerprint) REQUIRES(mutex_);
  void regroup() REQUIRES(mutex_);
  void set_tick(Group& group, Timestamp when) REQUIRES(mutex_);
  void remove_group(const std::string& key) REQUIRES(mutex_);
  void record(std::vector<Record> records) REQUIRES(mutex_);
  void compact() REQUIRES(mutex_);
  void at(Timestamp when, std::function<void()> task) REQUIRES(mutex_);
  void run_due();
  void post_outbox();
  AlertView view(Fingerprint fingerprint, const StoredAlert& stored, Timestamp now) const;

  // delivery.cc
  void tick(const std::shared_ptr<Group>& group) REQUIRES(mutex_);
  void start(const std::shared_ptr<Flush>& flush, std::size_t integration, const Message& message) REQUIRES(mutex_);
  void attempt(const std::shared_ptr<Delivery>& delivery) REQUIRES(mutex_);
  void answered(const std::shared_ptr<Delivery>& delivery, Result<net::ClientResponse> answer) EXCLUDES(mutex_);
  void failed(const std::shared_ptr<Delivery>& delivery, bool retry, std::string_view reason, const std::string& error)
      REQUIRES(mutex_);
  void finish(const std::shared_ptr<Flush>& flush) REQUIRES(mutex_);

  const AlertmanagerOptions options_;
  const Metrics metrics_;

  mutable Mutex mutex_;
  std::shared_ptr<const Config> config_ GUARDED_BY(mutex_);
  Journal journal_ GUARDED_BY(mutex_);
  Ledger ledger_ GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<Group>, std::less<>> groups_ GUARDED_BY(mutex_);
  std::multimap<Timestamp, std::function<void()>> agenda_ GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Delivery>> outbox_ GUARDED_BY(mutex_);
  std::uint64_t last_version_ GUARDED_BY(mutex_) = 0;
  Timestamp compaction_at_ GUARDED_BY(mutex_) = kMinTimestamp;  // no attempt before
  bool stopped_ GUARDED_BY(mutex_) = false;
  bool closed_ GUARDED_BY(mutex_) = false;

  Timer timer_;
};

}  // namespace vigil::alerting
