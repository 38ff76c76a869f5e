// Sends alerts to external Alertmanagers (API v2), as Prometheus does: every alert to
// every one of them, each with a queue of its own, so that a slow one delays no other.
// Nothing is retried: rules send their alerts again and again.
//
// Thread-safety: all members from any thread; send() never blocks on the network.
// Ownership:     client, scheduler and registry outlive this object; answers that arrive
//                after its destruction are ignored.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vigil/alert_api/alert.h"
#include "vigil/alerting/external_config.h"
#include "vigil/base/scheduler.h"
#include "vigil/metrics/registry.h"
#include "vigil/model/labels.h"
#include "vigil/net/http.h"

namespace vigil::alerting {

struct ExternalOptions {
  net::HttpClient& client;
  Scheduler& scheduler;
  metrics::Registry* registry = nullptr;
  std::size_t queue_capacity = 10'000;  // alerts per Alertmanager; the oldest are dropped and counted
  std::size_t batch_size = 256;         // alerts per request
};

struct ExternalStatus {
  std::string url;  // http://host:9093/api/v2/alerts
  std::size_t queued = 0;
  std::uint64_t sent = 0;
  std::uint64_t dropped = 0;
  std::string last_error;  // of the last request; "" if it was fine
};

class ExternalSender final : public AlertSink {
 public:
  explicit ExternalSender(ExternalOptions options);
  ~ExternalSender() override;

  // Alertmanagers that stay keep their queue.
  void apply(ExternalSettings settings, Labels external_labels);
  // Adds external labels where the alert has none of that name, relabels, enqueues.
  void send(std::span<const Alert> alerts) override;
  // Nothing is sent any more. Idempotent.
  void stop();

  std::vector<ExternalStatus> status() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace vigil::alerting
