// Keeps account of the failures of one system: counts each in the system's own metric
// family, writes it to the structured log, sends it to Sentry, and groups what repeats.
//
//   ErrorTracker tracker({.system = "zk",
//                         .hooks = {.tracked = [&](auto category, auto severity) { … .inc(); }}});
//   tracker.track_error({.category = "verification", .message = "invalid public input",
//                        .severity = ErrorSeverity::kWarning, .stack_trace = StackTrace::capture()});
//   fmt::print("Total errors: {}", tracker.get_summary().total_errors);
//
// Every error is counted. What goes on to log and Sentry is limited, per kind of error
// and in all; what is held back is counted, and the next of its kind says how many were.
// Memory is bounded: by the groups kept, by cutting long texts, by Sentry's queue.
//
// Thread-safety: any thread. track_error() writes the log line itself, so that it is
// there even if the process dies next; it never waits for the network.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/base/mutex.h"
#include "vigil/errors/group_table.h"
#include "vigil/errors/sentry_client.h"
#include "vigil/errors/structured_error.h"
#include "vigil/metrics/metrics.h"

namespace vigil::errors {

// Where the system counts. Called on the thread that tracks, `export_failed` on any;
// none runs after the tracker is gone. `category` is one of the tracker's or "other".
struct ErrorHooks {
  std::function<void(std::string_view category, ErrorSeverity severity)> tracked = {};
  std::function<void(std::string_view category)> repeated = {};   // held back: one of its kind too many
  std::function<void(std::string_view sink)> export_failed = {};  // "log", "sentry"
};

struct ErrorLimits {
  std::size_t max_groups = 512;  // kinds of errors remembered; the longest unseen goes first
  RateLimit per_group = {.burst = 10, .per_second = 1};
  RateLimit all = {.burst = 200, .per_second = 50};
  std::size_t max_message_bytes = 8192;
  std::size_t max_custom_fields = 64;
  std::size_t max_field_bytes = 1024;  // of a text of the context
  std::size_t max_stack_trace_bytes = 64U << 10;
};

struct ErrorTrackerOptions {
  std::string system = "app";  // component of the log records, logger in Sentry
  std::vector<std::string> categories{kProofCategories.begin(), kProofCategories.end()};
  ErrorHooks hooks = {};
  ErrorLimits limits = {};
  std::shared_ptr<SentryClient> sentry = nullptr;  // several trackers may share one
  Clock* clock = nullptr;                          // null: the machine's
  metrics::RegistryRef registry = nullptr;         // vigil_errors_*; null: shown nowhere
  bool load_symbols_ahead = true;                  // else the first stack trace that is written does it
};

struct ErrorSummary {
  std::uint64_t total_errors = 0;
  std::map<std::string, std::uint64_t> by_category;  // those with errors; "other" for unknown ones
  std::map<ErrorSeverity, std::uint64_t> by_severity;
  std::uint64_t held_back = 0;     // not written to log and Sentry because of a limit
  std::vector<ErrorGroup> groups;  // most frequent first, of those remembered
};

class ErrorTracker {
 public:
  static constexpr std::string_view kOtherCategory = "other";

  explicit ErrorTracker(ErrorTrackerOptions options = {});
  ~ErrorTracker();
  ErrorTracker(const ErrorTracker&) = delete;
  ErrorTracker& operator=(const ErrorTracker&) = delete;

  void track_error(StructuredError error);
  ErrorSummary get_summary() const;

  // Waits until nothing is on its way to Sentry; true at once without Sentry. See SentryClient.
  bool flush(Duration timeout);

 private:
  using SeverityCounts = std::array<std::atomic<std::uint64_t>, kSeverityNames.size()>;

  // Events may be lost after the tracker has gone.
  struct Hooks {
    Mutex mutex;
    bool alive GUARDED_BY(mutex) = true;
    ErrorHooks call;
    void export_failed(std::string_view sink);
  };

  std::size_t category_index(std::string_view category) const;
  std::string_view category_label(std::size_t index) const;
  bool trim(StructuredError& error) const;
  // Whether to tell of it, and of how many that nobody was told of.
  bool admit(std::uint64_t fingerprint, const StructuredError& error, Timestamp when, std::string_view category,
             std::uint64_t& repeated);
  bool write_log(const ErrorReport& report) const;

  const ErrorTrackerOptions options_;
  Clock& clock_;
  const std::shared_ptr<Hooks> hooks_;
  const metrics::Counter<"reason"> held_back_;
  const metrics::Counter<> truncated_;
  const metrics::Counter<> evicted_;
  const metrics::Gauge<> groups_gauge_;

  std::vector<SeverityCounts> counts_;  // by category, the last is "other"
  std::atomic<std::uint64_t> held_back_count_ = 0;
  mutable Mutex mutex_;
  GroupTable groups_ GUARDED_BY(mutex_);
  TokenBucket bucket_ GUARDED_BY(mutex_);
};

}  // namespace vigil::errors
