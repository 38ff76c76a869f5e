#include "vigil/errors/group_table.h"

#include <algorithm>

#include "vigil/errors/fingerprint.h"

namespace vigil::errors {

bool TokenBucket::take(Duration steady_ms) {
  if (filled_at_ != kMinTimestamp && steady_ms > filled_at_) {
    const double elapsed = static_cast<double>(steady_ms - filled_at_) / static_cast<double>(kSecond);
    tokens_ = std::min(limit_.burst, tokens_ + elapsed * limit_.per_second);
  }
  filled_at_ = std::max(filled_at_, steady_ms);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

GroupTable::Seen GroupTable::add(std::uint64_t fingerprint, const StructuredError& error, Timestamp when,
                                 Duration steady_ms) {
  Seen seen;
  if (const auto at = index_.find(fingerprint); at != index_.end()) {
    entries_.splice(entries_.begin(), entries_, at->second);
  } else {
    if (index_.size() >= max_groups_) {
      index_.erase(entries_.back().key);
      entries_.pop_back();
      seen.evicted = true;
    }
    ErrorGroup group;
    group.fingerprint = fingerprint_text(fingerprint);
    group.category = error.category;
    group.message = error.message;
    group.first_seen = when;
    entries_.push_front({fingerprint, std::move(group), TokenBucket(per_group_)});
    index_.emplace(fingerprint, entries_.begin());
  }
  Entry& entry = entries_.front();
  entry.group.count += 1;
  entry.group.last_seen = when;
  entry.group.severity = std::max(entry.group.severity, error.severity);
  if (error.context.operation_id) entry.group.operation_id = *error.context.operation_id;
  if (entry.bucket.take(steady_ms)) {
    seen.unreported = std::exchange(entry.unreported, 0);
  } else {
    seen.verdict = Verdict::kRepeat;
    entry.unreported += 1;
  }
  return seen;
}

void GroupTable::not_reported(std::uint64_t fingerprint, std::uint64_t count) {
  if (const auto at = index_.find(fingerprint); at != index_.end()) at->second->unreported += count;
}

std::vector<ErrorGroup> GroupTable::snapshot() const {
  std::vector<ErrorGroup> groups;
  groups.reserve(entries_.size());
  for (const Entry& entry : entries_) groups.push_back(entry.group);
  std::ranges::stable_sort(groups, std::ranges::greater{}, &ErrorGroup::count);
  return groups;
}

}  // namespace vigil::errors
