// Alerts as they travel from rules (or the HTTP API) to whoever notifies.
#pragma once

#include <span>
#include <string>

#include "vigil/base/time.h"
#include "vigil/model/labels.h"

namespace vigil {

struct Alert {
  Labels labels;  // identity; contains alertname
  Labels annotations;
  Timestamp starts_at = 0;
  Timestamp ends_at = 0;  // 0: not known, the receiver applies its resolve timeout
  std::string generator_url;

  bool resolved_at(Timestamp now) const { return ends_at != 0 && ends_at <= now; }
};

// Takes alerts for notification. Thread-safe, never blocks on the network.
class AlertSink {
 public:
  virtual ~AlertSink() = default;
  virtual void send(std::span<const Alert> alerts) = 0;
};

}  // namespace vigil
