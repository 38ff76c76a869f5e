// Alertmanager inside vigil: takes alerts, groups them, and tells receivers when
// something changed, once.
//
//   VIGIL_TRY(auto alertmanager, Alertmanager::open(config, {.directory = data / "alerting", .client = client,
//                                                            .scheduler = scheduler, .external_url = url}));
//   rules.set_sink(*alertmanager);
//
// Timing is Alertmanager 0.34's: a new group waits group_wait (not at all if one of its
// alerts began longer ago), then looks every group_interval whether a message is due:
// a new firing alert, a newly resolved one, or repeat_interval since the last message.
//
// What it does better:
// - Alerts, waiting groups and the notification log survive kill -9. Every message is
//   recorded before it is sent (intent) and after (outcome). What was told is not told
//   again after a restart; an intent without outcome is sent again: one duplicate at most.
// - A receiver that may have been told "firing" is told "resolved", also when the answer to
//   the first message was lost or the process died in between.
// - repeat_interval counts from tick to tick, so repeats do not slip by a race of milliseconds.
// - An alert that nobody renewed because vigil was down is not resolved by that: after a
//   restart it has its whole lifetime again to be renewed.
//
// Thread-safety: all members from any thread. send() writes to disk, never to the network.
// A full or broken disk is logged and counted, and notifications go on without record.
// Ownership:     client, scheduler, file system and registry outlive this object; answers
//                that arrive after its destruction are ignored.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "vigil/alert_api/alert.h"
#include "vigil/alerting/config.h"
#include "vigil/base/error.h"
#include "vigil/base/file_system.h"
#include "vigil/base/scheduler.h"
#include "vigil/metrics/registry.h"

namespace vigil::alerting {

class Dispatcher;

struct AlertmanagerOptions {
  std::filesystem::path directory;  // state; created if absent
  FileSystem* files = &FileSystem::real();
  net::HttpClient& client;
  Scheduler& scheduler;
  std::string external_url;  // of vigil, in messages
  metrics::Registry* registry = nullptr;
  bool fsync = false;                     // records survive power cuts, too
  std::size_t max_alerts = 100'000;       // more are refused and counted
  Duration retention = 120 * kHour;       // of the notification log, at most
  std::uint64_t compact_bytes = 4 << 20;  // log bytes that bring a compaction, at least
};

struct AlertView {
  Alert alert;              // ends_at: when it ends or ended
  std::string fingerprint;  // 16 hex digits
  Timestamp updated_at = 0;
  bool firing = false;
};

struct GroupView {
  std::string key;  // {}:{alertname="X"}
  Labels labels;
  std::string receiver;
  Timestamp next_flush = 0;
  std::vector<AlertView> alerts;  // in the order of messages
};

struct NotificationView {
  std::string group_key;
  std::string receiver;
  std::string integration;  // "webhook[0]"
  Timestamp sent_at = 0;    // tick of the last message that arrived; 0: none
  std::size_t firing = 0;   // alerts in it
  std::size_t resolved = 0;
  bool uncertain = false;  // a later message may or may not have arrived
};

class Alertmanager final : public AlertSink {
 public:
  // Restores the state of `directory`. Damaged parts are logged, counted, set aside and skipped.
  static Result<std::unique_ptr<Alertmanager>> open(Config config, AlertmanagerOptions options);
  ~Alertmanager() override;

  void send(std::span<const Alert> alerts) override;

  // Regroups everything by the new configuration. As in Alertmanager the timers of all
  // groups start anew; the notification log keeps what was told from being told again.
  Result<void> apply(Config config);

  // No message is started any more; the outcome of those on their way is still recorded
  // until destruction. Idempotent.
  void stop();

  std::vector<GroupView> groups() const;                // by key
  std::vector<AlertView> alerts() const;                // by fingerprint
  std::vector<NotificationView> notifications() const;  // by group key, receiver, integration

 private:
  explicit Alertmanager(std::shared_ptr<Dispatcher> dispatcher);
  std::shared_ptr<Dispatcher> dispatcher_;
};

}  // namespace vigil::alerting
