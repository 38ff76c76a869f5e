// Everything of alerting that survives a restart, and the records that change it.
// The same apply() runs when a record is written and when it is read back.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "vigil/alerting/grouping.h"
#include "vigil/alerting/notification_log.h"
#include "vigil/base/error.h"
#include "vigil/base/time.h"

namespace vigil::alerting {

struct AlertPut {
  StoredAlert alert;
};
struct AlertGone {
  Fingerprint fingerprint = 0;
};
struct GroupOpened {
  std::string key;
  Timestamp first_flush = 0;
};
struct GroupClosed {
  std::string key;
};
// A message is about to be sent …
struct Intent {
  LogKey key;
  Message message;
  Timestamp expires_at = 0;
};
// … and this came of it.
struct Ended {
  LogKey key;
  Outcome outcome = Outcome::kSent;
};
using Record = std::variant<AlertPut, AlertGone, GroupOpened, GroupClosed, Intent, Ended>;

// Bytes of records, one after the other: docs/formats/alerting.md.
void encode(const Record& record, std::string& out);
// Fails with kCorruption on anything that encode() did not write.
Result<std::vector<Record>> decode_records(std::string_view bytes);

struct Ledger {
  std::unordered_map<Fingerprint, StoredAlert> alerts;
  std::map<std::string, Timestamp, std::less<>> first_flush;  // of open groups, by key
  NotificationLog log;

  void apply(Record record);
  // Drops log entries that count no more.
  void expire(Timestamp now);
  // Records that bring an empty ledger to this state.
  std::string encode_all() const;
};

}  // namespace vigil::alerting
