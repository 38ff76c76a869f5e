// What makes alerts the same alert, and what puts them into one group.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vigil/alert_api/alert.h"
#include "vigil/alerting/config.h"
#include "vigil/base/time.h"
#include "vigil/model/labels.h"

namespace vigil::alerting {

// FNV-1a 64 of `name\xffvalue\xff`…, by name: Alertmanager's identity of an alert, the same everywhere.
using Fingerprint = std::uint64_t;
Fingerprint fingerprint(const Labels& labels);
std::string to_string(Fingerprint fingerprint);  // 16 hex digits

// The labels of `alert` that its group has, and the group's name in messages and in
// the notification log: `{}:{alertname="X", cluster="y"}`.
Labels group_labels(const Route& route, const Labels& alert);
std::string group_key(const Labels& group);

// The order of alerts in messages: by job, by instance, then as Prometheus' LabelSet.Before.
bool comes_before(const Labels& a, const Labels& b);

// An alert as we keep it.
struct StoredAlert {
  Alert alert;  // ends_at is never 0 here
  Timestamp updated_at = 0;
  bool guessed_end = false;    // ends_at is the resolve timeout, not what the sender said
  bool seen_resolved = false;  // a message has called it resolved since the last update
  std::uint64_t version = 0;   // changes with every update; of this process only
};

// `newer` as it is kept when `older`, with the same labels, is known: one alert if their
// times overlap (earliest start, newest annotations), else just the newer one.
StoredAlert merge(const StoredAlert& older, StoredAlert newer, Timestamp now);

}  // namespace vigil::alerting
