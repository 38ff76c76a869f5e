#include "vigil/alerting/notification_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vigil::alerting {
namespace {

bool is_subset(const FingerprintSet& part, const FingerprintSet& whole) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

}  // namespace

void LogEntry::begin(Message message, Timestamp expires) {
  end(Outcome::kUnknown);  // what was open before has no known outcome
  open = std::move(message);
  expires_at = std::max(expires_at, expires);
}

void LogEntry::end(Outcome outcome) {
  if (!open) return;
  if (outcome == Outcome::kSent) {
    sent = std::move(open);
    maybe_firing.clear();
  } else if (outcome == Outcome::kUnknown) {
    FingerprintSet all;
    std::set_union(maybe_firing.begin(), maybe_firing.end(), open->firing.begin(), open->firing.end(),
                   std::back_inserter(all));
    maybe_firing = std::move(all);
  }
  open.reset();
}

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::kNone: return "";
    case Reason::kFirst: return "first notification";
    case Reason::kNewAlerts: return "new alerts added";
    case Reason::kSomeResolved: return "some alerts resolved";
    case Reason::kAllResolved: return "all alerts resolved";
    case Reason::kRepeat: return "repeat interval elapsed";
  }
  return "";
}

Reason reason_to_send(const LogEntry* entry, const Message& now, bool send_resolved, Duration repeat_interval,
                      Duration slack) {
  if (entry != nullptr && entry->expires_at <= now.tick) entry = nullptr;
  const Message* const sent = entry != nullptr && entry->sent ? &*entry->sent : nullptr;

  if (now.firing.empty()) {
    // Also when resolves are not sent: the log must forget that it was firing.
    const bool told = (sent != nullptr && !sent->firing.empty()) || (entry != nullptr && !entry->maybe_firing.empty());
    return told ? Reason::kAllResolved : Reason::kNone;
  }
  if (sent == nullptr) return Reason::kFirst;
  if (!is_subset(now.firing, sent->firing)) return sent->firing.empty() ? Reason::kFirst : Reason::kNewAlerts;
  if (send_resolved && !is_subset(now.resolved, sent->resolved)) return Reason::kSomeResolved;
  return now.tick + slack >= sent->tick + repeat_interval ? Reason::kRepeat : Reason::kNone;
}

}  // namespace vigil::alerting
