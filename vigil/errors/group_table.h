// What a tracker remembers of the errors it saw: one entry per kind of error, and how
// many of each may go on to log and Sentry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "vigil/base/time.h"
#include "vigil/errors/structured_error.h"

namespace vigil::errors {

// Errors of one fingerprint.
struct ErrorGroup {
  std::string fingerprint;
  std::string category;
  std::string message;                             // of the first
  ErrorSeverity severity = ErrorSeverity::kDebug;  // the highest
  std::uint64_t count = 0;
  Timestamp first_seen = 0;
  Timestamp last_seen = 0;
  std::string operation_id;  // of the last that had one
};

// `burst` at once, then `per_second`.
struct RateLimit {
  double burst = 0;
  double per_second = 0;
};

// Steady time in, so that a clock that is set back does not stop it.
class TokenBucket {
 public:
  explicit TokenBucket(RateLimit limit) : limit_(limit), tokens_(limit.burst) {}
  bool take(Duration steady_ms);

 private:
  RateLimit limit_;
  double tokens_;
  Duration filled_at_ = kMinTimestamp;
};

// Not thread-safe. Holds at most `max_groups`; the one not seen for longest goes first.
class GroupTable {
 public:
  GroupTable(std::size_t max_groups, RateLimit per_group) : max_groups_(max_groups), per_group_(per_group) {}

  enum class Verdict { kReport, kRepeat };
  struct Seen {
    Verdict verdict = Verdict::kReport;
    std::uint64_t unreported = 0;  // earlier ones of the group that nobody was told of
    bool evicted = false;          // another group was forgotten for this one
  };
  Seen add(std::uint64_t fingerprint, const StructuredError& error, Timestamp when, Duration steady_ms);
  // The error just added was not told of after all.
  void not_reported(std::uint64_t fingerprint, std::uint64_t count);

  std::size_t size() const { return index_.size(); }
  // Most frequent first.
  std::vector<ErrorGroup> snapshot() const;

 private:
  struct Entry {
    std::uint64_t key = 0;
    ErrorGroup group;
    TokenBucket bucket;
    std::uint64_t unreported = 0;
  };
  const std::size_t max_groups_;
  const RateLimit per_group_;
  std::list<Entry> entries_;  // the most recently seen first
  std::unordered_map<std::uint64_t, std::list<Entry>::iterator> index_;
};

}  // namespace vigil::errors
