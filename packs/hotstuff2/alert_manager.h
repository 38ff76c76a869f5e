// Checks a replica against the limits of its AlertConfig from inside its own process, and
// tells handlers: the critical ones within the interval of the calls, without a scrape.
//
//   AlertManager alerts(config, std::move(handlers), {.instance = "replica-1:9464"});
//   alerts.update(metrics);            // every second: sends what is new, resolves what is over
//
// The verdicts are those of rules/hotstuff2-alerts.yml on the same numbers: rates and
// increases over the last five minutes, quantiles of the same buckets, the same labels and
// texts. What was counted in the first five minutes of a process counts from zero. A
// number that is not there gives no verdict. One manager watches one replica, since it
// remembers its counters. Limits that the rules take over all replicas (block time, view
// changes, throughput) are checked for this one.
//
// Thread-safety: any thread. Handlers are called one at a time, on the calling thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "packs/hotstuff2/alert_rules.h"
#include "packs/hotstuff2/hotstuff2_metrics.h"
#include "vigil/alert_api/alert.h"
#include "vigil/base/clock.h"
#include "vigil/base/error.h"
#include "vigil/base/mutex.h"

namespace vigil::packs::hotstuff2 {

// Is told of alerts. One that fails, or throws, does not stop the others.
class AlertHandler {
 public:
  virtual ~AlertHandler() = default;
  virtual Result<void> fired(const Alert& alert) = 0;
  virtual Result<void> resolved(const Alert& alert) = 0;
};

// One line in the log an alert.
class LogAlertHandler final : public AlertHandler {
 public:
  Result<void> fired(const Alert& alert) override;
  Result<void> resolved(const Alert& alert) override;
};

// To an Alertmanager's client, or vigil's own alerting.
class SinkAlertHandler final : public AlertHandler {
 public:
  // `sink` outlives this.
  explicit SinkAlertHandler(AlertSink& sink) : sink_(sink) {}
  Result<void> fired(const Alert& alert) override;
  Result<void> resolved(const Alert& alert) override;

 private:
  AlertSink& sink_;
};

// The resources of a replica are part of its PerformanceMetrics.
using SystemMetrics = PerformanceMetrics;

struct AlertManagerOptions {
  std::string instance;  // label of alerts that the rules give by instance
  const Clock* clock = &Clock::system();
  std::string external_url = {};  // of the vigil server that shows runbooks, without a slash at the end
};

// What resolve_alert() knows an alert by: its labels as text.
std::string alert_id(const Alert& alert);

class AlertManager {
 public:
  explicit AlertManager(AlertConfig config, std::vector<std::unique_ptr<AlertHandler>> alert_handlers = {},
                        AlertManagerOptions options = {});

  // What is beyond its limit now, whatever its `for`. Throughput is judged where both
  // `performance` and `mempool` are given, and only while transactions wait.
  std::vector<Alert> check_consensus_health(const ConsensusMetrics& consensus,
                                            const PerformanceMetrics* performance = nullptr,
                                            const MempoolMetrics* mempool = nullptr);
  std::vector<Alert> check_network_health(const NetworkMetrics& network);
  std::vector<Alert> check_system_health(const SystemMetrics& system);

  // Calls every handler once, and remembers the alert as firing.
  void send_alert(const Alert& alert);
  // Tells every handler that it is over. Nothing happens for an id that does not fire.
  void resolve_alert(std::string_view alert_id);

  // All checks: sends what has been beyond its limit for as long as its rule wants, once,
  // and resolves what no longer is. Returns what fires.
  std::vector<Alert> update(const HotStuffMetrics& metrics);

  std::uint64_t handler_failures() const;

 private:
  using Time = std::chrono::nanoseconds;
  struct Sample {
    Time time{};
    std::map<std::string, double> values;  // counters and buckets by name and labels
  };
  // Counters of the last five minutes.
  class History {
   public:
    void add(const metrics::Registry* registry, std::span<const std::string_view> families, const Clock& clock);
    // Of one series, over five minutes; 0 if it is not there.
    double increase(const std::string& series) const;
    // Of all series that begin so.
    std::map<std::string, double> increases(std::string_view prefix) const;
    // NaN without observations.
    double quantile(double q, std::string_view histogram) const;

   private:
    std::deque<Sample> samples_;
  };
  struct Pending {
    Time since{};
    bool seen = false;
  };

  Alert alert(LimitKind kind, double value, std::vector<LabelView> labels = {}) const;
  bool above(LimitKind kind, double value) const;
  void tell(const Alert& alert, bool resolved) EXCLUDES(mutex_);

  const AlertConfig config_;
  const std::vector<std::unique_ptr<AlertHandler>> handlers_;
  const AlertManagerOptions options_;

  Mutex handling_;
  mutable Mutex mutex_;
  History consensus_ GUARDED_BY(mutex_);
  History network_ GUARDED_BY(mutex_);
  std::map<std::string, Pending, std::less<>> pending_ GUARDED_BY(mutex_);  // by id
  std::map<std::string, Alert, std::less<>> firing_ GUARDED_BY(mutex_);
  std::uint64_t failures_ GUARDED_BY(mutex_) = 0;
};

}  // namespace vigil::packs::hotstuff2
