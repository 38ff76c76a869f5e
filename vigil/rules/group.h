// A rule group: rules that run one after the other at the same time slots.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "vigil/alert_api/alert.h"
#include "vigil/base/clock.h"
#include "vigil/base/mutex.h"
#include "vigil/rules/alerting_rule.h"
#include "vigil/rules/query.h"
#include "vigil/rules/rule_file.h"
#include "vigil/storage_api/appender.h"
#include "vigil/storage_api/queryable.h"

namespace vigil::rules {

// What rules work with; everything outlives them. Null: that part is not there.
struct Surroundings {
  Query query;
  Queryable* queryable = nullptr;    // for restoring alert state
  Appendable* appendable = nullptr;  // where results go
  AlertSink* sink = nullptr;
  Clock* clock = nullptr;
};

// Settings that a reload may change.
struct Settings {
  Duration interval = kMinute;  // of groups without one
  Duration query_offset = 0;    // of groups without one
  Duration resend_delay = kMinute;
  Duration outage_tolerance = kHour;     // older alert state is not restored
  Duration grace_period = 10 * kMinute;  // a restored pending alert waits at least so long
  Labels external_labels;                // for templates
  std::string external_url;              // for templates and links, without a slash at the end
  friend bool operator==(const Settings&, const Settings&) = default;
};

enum class Health { kUnknown, kOk, kBad };
std::string_view to_string(Health health);  // "unknown", "ok", "err"

// Copies for the API.
struct AlertView {
  Labels labels;
  Labels annotations;
  AlertState state = AlertState::kPending;
  Timestamp active_at = 0;
  Timestamp keep_firing_since = kNever;
  double value = 0;
};

struct RuleView {
  bool alerting = false;
  std::string name;
  std::string query;
  Duration hold = 0;
  Duration keep_firing_for = 0;
  Labels labels;  // templates as written
  Labels annotations;
  std::vector<AlertView> alerts;  // pending and firing
  AlertState state = AlertState::kInactive;
  Health health = Health::kUnknown;
  std::string last_error;
  double evaluation_seconds = 0;
  Timestamp last_evaluation = 0;  // 0: not yet
  std::size_t samples = 0;        // of the last evaluation
};

struct GroupView {
  std::string name;
  std::string file;
  Duration interval = 0;
  int limit = 0;
  std::vector<RuleView> rules;
  double evaluation_seconds = 0;
  Timestamp last_evaluation = 0;
  std::uint64_t evaluations = 0;
  std::uint64_t missed_slots = 0;
};

// Counters of one group over its life, for the metrics of the manager.
struct GroupCounts {
  std::atomic<std::uint64_t> evaluations{0};  // of rules
  std::atomic<std::uint64_t> failures{0};
  std::atomic<std::uint64_t> iterations{0};
  std::atomic<std::uint64_t> missed{0};
  std::atomic<std::uint64_t> samples_dropped{0};  // results that the store refused
};

// Thread-safety: view() and alerts() from any thread; evaluate() from one at a time.
class Group {
 public:
  // With `restore`, alerts wait for restore() before they are written as series.
  Group(GroupDefinition definition, const Settings& settings, const Surroundings& surroundings, bool restore);

  const GroupDefinition& definition() const { return definition_; }
  const Settings& settings() const { return settings_; }
  Duration interval() const {
    return std::max<Duration>(1, definition_.interval > 0 ? definition_.interval : settings_.interval);
  }
  Duration query_offset() const { return definition_.query_offset.value_or(settings_.query_offset); }

  // The last time slot at or before `now`: slots of a group lie `interval` apart, at
  // an offset that spreads groups evenly and stays the same over restarts.
  Timestamp slot_at(Timestamp now) const;

  // Evaluates all rules at `at`. Times must go up.
  void evaluate(Timestamp at) EXCLUDES(mutex_);

  // Puts back what ALERTS and ALERTS_FOR_STATE in the store say about the alerts of the
  // process before this one (restore.cc says how). Called after the second evaluation,
  // when targets have been scraped.
  void restore(Timestamp at) EXCLUDES(mutex_);
  bool wants_restore() const EXCLUDES(mutex_);

  // Continues rules that `old` also has, alerts included, and takes over the series of
  // those that are gone, to mark them as ended.
  void adopt(const Group& old) EXCLUDES(mutex_);

  // All series that the last evaluations wrote.
  std::vector<Labels> series() const EXCLUDES(mutex_);

  GroupView view() const EXCLUDES(mutex_);
  GroupCounts& counts() { return counts_; }
  const GroupCounts& counts() const { return counts_; }

 private:
  using Written = std::unordered_map<Labels, SeriesRef, LabelsHash>;
  struct Rule {
    explicit Rule(const RuleDefinition& rule) : definition(&rule), alerting(rule) {}
    const RuleDefinition* definition;
    AlertingRule alerting;  // unused for recording rules
    Written written;
    Health health = Health::kUnknown;
    std::string last_error;
    double evaluation_seconds = 0;
    Timestamp last_evaluation = 0;
    std::size_t samples = 0;
  };

  Result<std::vector<OutputSample>> evaluate_rule(Rule& rule, Timestamp at) EXCLUDES(mutex_);
  Result<std::vector<OutputSample>> record(const Rule& rule, promql::Vector vector) const;
  Result<void> write(Rule& rule, const std::vector<OutputSample>& samples, Timestamp at) EXCLUDES(mutex_);
  void end_series(Timestamp at);
  Result<void> restore_rule(Rule& rule, Timestamp at) EXCLUDES(mutex_);
  std::vector<ActiveAlert> alerts_at(const Rule& rule, Timestamp at) const;
  std::string origin(const Rule& rule) const;
  std::string generator_url(const Rule& rule) const;

  const GroupDefinition definition_;
  const Settings settings_;
  const Surroundings& surroundings_;
  GroupCounts counts_;

  mutable Mutex mutex_;
  std::vector<Rule> rules_ GUARDED_BY(mutex_);           // its size never changes; `written` only by evaluate()
  std::vector<Labels> ended_series_ GUARDED_BY(mutex_);  // of rules that a reload removed
  double evaluation_seconds_ GUARDED_BY(mutex_) = 0;
  Timestamp last_evaluation_ GUARDED_BY(mutex_) = 0;
};

}  // namespace vigil::rules
