// What every receiver has been told, and whether it is to be told something now.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/alerting/grouping.h"
#include "vigil/base/time.h"

namespace vigil::alerting {

using FingerprintSet = std::vector<Fingerprint>;  // sorted, unique

// Who: one integration of one receiver, about one group.
struct LogKey {
  std::string group;
  std::string receiver;
  std::string integration;  // "webhook[0]"
  friend auto operator<=>(const LogKey&, const LogKey&) = default;
};

// What one message says.
struct Message {
  Timestamp tick = 0;  // of the flush it belongs to
  FingerprintSet firing;
  FingerprintSet resolved;
  friend bool operator==(const Message&, const Message&) = default;
};

enum class Outcome : std::uint8_t {
  kSent = 0,     // the receiver said so
  kRefused = 1,  // the receiver said no: it has not been told
  kUnknown = 2,  // no answer: it may have been told
};

struct LogEntry {
  std::optional<Message> sent;  // the last message that arrived
  std::optional<Message> open;  // being sent
  FingerprintSet maybe_firing;  // in messages of unknown outcome since `sent`
  Timestamp expires_at = 0;

  void begin(Message message, Timestamp expires);
  // Of the open message; without one nothing happens.
  void end(Outcome outcome);
};

using NotificationLog = std::map<LogKey, LogEntry>;

// Why a message is due, in Alertmanager's words for receivers.
enum class Reason { kNone, kFirst, kNewAlerts, kSomeResolved, kAllResolved, kRepeat };
std::string_view to_string(Reason reason);

// Whether `now`, the state of a group at `now.tick`, is to be told to who was told `entry`
// (null: nothing). Alertmanager's rules, and one more: who may have been told of a
// firing alert is told of its end. `slack`: ticks later than they should be by up to
// this count as punctual for repeat_interval.
Reason reason_to_send(const LogEntry* entry, const Message& now, bool send_resolved, Duration repeat_interval,
                      Duration slack);

}  // namespace vigil::alerting
