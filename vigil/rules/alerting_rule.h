// The state machine of one alerting rule: pending, firing, resolved.
//
// Semantics: Prometheus 3 (rules/alerting.go), with `for`, keep_firing_for, limit
// and the 15 minutes a resolved alert is kept and sent again.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vigil/alert_api/alert.h"
#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/model/labels.h"
#include "vigil/promql/value.h"
#include "vigil/rules/query.h"
#include "vigil/rules/rule_file.h"

namespace vigil::rules {

inline constexpr std::string_view kAlertsMetric = "ALERTS";
inline constexpr std::string_view kAlertsForStateMetric = "ALERTS_FOR_STATE";
inline constexpr std::string_view kAlertStateLabel = "alertstate";
inline constexpr Duration kResolvedRetention = 15 * kMinute;
inline constexpr Timestamp kNever = kMinTimestamp;

enum class AlertState { kInactive, kPending, kFiring };
std::string_view to_string(AlertState state);  // "inactive", "pending", "firing"

struct ActiveAlert {
  AlertState state = AlertState::kPending;
  Labels labels;
  Labels annotations;
  double value = 0;
  Timestamp active_at = kNever;  // since when the condition holds
  Timestamp fired_at = kNever;
  Timestamp resolved_at = kNever;
  Timestamp last_sent_at = kNever;
  Timestamp keep_firing_since = kNever;  // the condition ended, keep_firing_for holds
};

// A sample that a rule wants to store.
struct OutputSample {
  Labels labels;
  promql::Point point;
};

// What templates see beside the sample.
struct TemplateContext {
  Timestamp at = 0;
  Labels external_labels;
  std::string external_url;
  templates::QueryFunction query;
};

// Thread-compatible: render() is const on immutable data, everything else is guarded by the owner.
class AlertingRule {
 public:
  explicit AlertingRule(const RuleDefinition& definition) : definition_(&definition) {}

  // One alert per sample with its labels and annotations expanded; an error if two
  // samples give the same labels. May run queries.
  static Result<std::vector<ActiveAlert>> render(const RuleDefinition& definition, const promql::Vector& vector,
                                                 const TemplateContext& context);

  // Takes the alerts of this evaluation, moves states on and returns the ALERTS and
  // ALERTS_FOR_STATE samples (none before set_restored()). Over the limit all state is
  // dropped and it is an error.
  Result<std::vector<OutputSample>> update(std::vector<ActiveAlert> current, Timestamp at, Duration query_offset,
                                           int limit);

  // Alerts to hand to the sink now: firing ones again after each `resend_delay`,
  // resolved ones for 15 minutes. Marks them as sent.
  std::vector<Alert> take_due(Timestamp at, Duration resend_delay, Duration interval, const std::string& generator_url);

  // Continues with the alerts of `old`, the same rule before a reload.
  void adopt(const AlertingRule& old);

  bool restored() const { return restored_; }
  void set_restored() { restored_ = true; }
  std::map<Labels, ActiveAlert>& active() { return active_; }
  const std::map<Labels, ActiveAlert>& active() const { return active_; }
  // The worst state of its alerts.
  AlertState state() const;

 private:
  const RuleDefinition* definition_;
  std::map<Labels, ActiveAlert> active_;
  bool restored_ = false;
};

}  // namespace vigil::rules
