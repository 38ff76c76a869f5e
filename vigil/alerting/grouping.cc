#include "vigil/alerting/grouping.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "vigil/base/hash.h"
#include "vigil/base/strings.h"

namespace vigil::alerting {

Fingerprint fingerprint(const Labels& labels) {
  Fingerprint hash = kFnvOffset;
  for (const LabelView label : labels) {
    hash = fnv1a64(label.name, hash);
    hash = fnv1a64("\xff", hash);
    hash = fnv1a64(label.value, hash);
    hash = fnv1a64("\xff", hash);
  }
  return hash;
}

std::string to_string(Fingerprint fingerprint) { return fmt::format("{:016x}", fingerprint); }

Labels group_labels(const Route& route, const Labels& alert) {
  if (route.group_by_all) return alert;
  const std::vector<std::string_view> names(route.group_by.begin(), route.group_by.end());
  return alert.with_only(names);
}

std::string group_key(const Labels& group) {
  std::string key = "{}:{";
  bool first = true;
  for (const LabelView label : group) {
    if (!first) key += ", ";
    first = false;
    key += is_legacy_label_name(label.name) ? std::string(label.name) : go_quote(label.name);
    key += '=';
    key += go_quote(label.value);
  }
  key += '}';
  return key;
}

bool comes_before(const Labels& a, const Labels& b) {
  for (const std::string_view name : {"job", "instance"}) {
    const std::string_view left = a.get(name);
    const std::string_view right = b.get(name);
    if (left == right) continue;
    if (left.empty() || right.empty()) return right.empty();  // alerts without the label come last
    return left < right;
  }
  if (a.size() != b.size()) return a.size() < b.size();
  auto left = a.begin();
  auto right = b.begin();
  for (; left != a.end(); ++left, ++right) {
    const LabelView l = *left;
    const LabelView r = *right;
    if (l.name != r.name) return l.name > r.name;  // the set that lacks the first differing name comes first
    if (l.value != r.value) return l.value < r.value;
  }
  return false;
}

StoredAlert merge(const StoredAlert& older, StoredAlert newer, Timestamp now) {
  const Alert& old = older.alert;
  Alert& alert = newer.alert;
  const bool overlap = (alert.ends_at > old.starts_at && alert.ends_at < old.ends_at) ||
                       (alert.starts_at > old.starts_at && alert.starts_at < old.ends_at);
  if (!overlap) return newer;
  alert.starts_at = std::min(alert.starts_at, old.starts_at);
  if (alert.resolved_at(now)) {
    if (old.resolved_at(now)) alert.ends_at = std::max(alert.ends_at, old.ends_at);
  } else if (old.ends_at > alert.ends_at && !older.guessed_end) {
    alert.ends_at = old.ends_at;
  }
  return newer;
}

}  // namespace vigil::alerting
