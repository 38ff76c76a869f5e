// The webhook message, version 4: byte for byte what Alertmanager sends.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/alert_api/alert.h"
#include "vigil/alerting/grouping.h"
#include "vigil/alerting/notification_log.h"
#include "vigil/model/labels.h"

namespace vigil::alerting {

// An alert as it is at one flush: what follows does not change while it is being told.
struct FlushedAlert {
  Alert alert;
  Fingerprint fingerprint = 0;
  std::uint64_t version = 0;  // of the stored alert
  bool resolved = false;
};

struct WebhookMessage {
  std::string_view receiver;
  std::string_view group_key;
  std::string_view external_url;
  Labels group_labels;
  Reason reason = Reason::kNone;
  std::uint64_t max_alerts = 0;  // 0: all
};

// `alerts` is not empty and in the order of messages.
std::string webhook_body(const WebhookMessage& message, std::span<const FlushedAlert> alerts);

// `text` inside a regular expression that matches just it (Go's regexp.QuoteMeta).
std::string quote_meta(std::string_view text);
// `"text"` as Go's encoding/json writes it: also <, >, & and U+2028/9 escaped.
void append_go_json(std::string& out, std::string_view text);
// {"a":"b"} in the order of the labels.
void append_go_json(std::string& out, const Labels& labels);
// Go's RFC3339Nano in UTC: no trailing zeros in the fraction.
std::string go_time(Timestamp time);

}  // namespace vigil::alerting
