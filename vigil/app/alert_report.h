// The active alerts of a server and why their pages were or were not sent: what
// `vigil query alerts` shows, from what the HTTP API tells.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/model/labels.h"

namespace vigil::app {

// One alert and the rule it comes from.
struct ActiveAlert {
  std::string name;
  std::string state;              // pending or firing
  std::string since;              // RFC 3339
  std::string value;              // of the expression
  Labels labels;                  // with alertname
  std::string keep_firing_since;  // empty: its condition holds
  std::string group, file, query;
  Duration hold = 0;  // `for`
  Duration keep_firing_for = 0;
  std::string health, last_error;  // of the rule
  std::vector<std::string> why;    // filled by explain()
};

// Reads the `data` of /api/v1/rules. kInvalidArgument when it has another shape.
Result<std::vector<ActiveAlert>> read_alerts(const nlohmann::json& rules);

// The ways on which a server sends pages, with what its own counters say of them.
struct NotificationPaths {
  struct External {
    std::string url;
    double sent = 0, errors = 0, dropped = 0;
  };
  struct Receiver {
    std::string integration;
    double messages = 0, given_up = 0, requests = 0, failed_requests = 0;
  };
  std::vector<External> external;   // Alertmanagers
  bool own = false;                 // notifies by itself
  std::vector<Receiver> receivers;  // of its own
  double queue_length = 0;
  double unrecorded = 0;  // changes that could not be written to disk: such messages wait
};

// `alertmanagers`: `data` of /api/v1/alertmanagers; `metrics`: its /metrics page in the
// text format, of vigil or of Prometheus. What is missing counts as absent.
NotificationPaths read_paths(const nlohmann::json& alertmanagers, std::string_view metrics);

// Fills `why`: sentences, in the order of an alert's way.
void explain(ActiveAlert& alert, const NotificationPaths& paths, Timestamp now);

nlohmann::json to_json(const ActiveAlert& alert);

}  // namespace vigil::app
