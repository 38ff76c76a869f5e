#include "vigil/rules/alerting_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace vigil::rules {
namespace {

std::vector<OutputSample> state_samples(const ActiveAlert& alert, Timestamp at) {
  LabelsBuilder labels(alert.labels);
  labels.set(kMetricName, kAlertsForStateMetric);
  // Whole seconds, as Prometheus writes and reads it.
  const auto active_seconds = static_cast<double>(alert.active_at / 1000 - (alert.active_at % 1000 < 0 ? 1 : 0));
  OutputSample for_state{labels.build(), promql::Point{at, active_seconds, nullptr}};
  labels.set(kMetricName, kAlertsMetric);
  labels.set(kAlertStateLabel, to_string(alert.state));
  return {OutputSample{labels.build(), promql::Point{at, 1, nullptr}}, std::move(for_state)};
}

}  // namespace

std::string_view to_string(AlertState state) {
  switch (state) {
    case AlertState::kInactive: return "inactive";
    case AlertState::kPending: return "pending";
    case AlertState::kFiring: return "firing";
  }
  return "unknown";
}

Result<std::vector<ActiveAlert>> AlertingRule::render(const RuleDefinition& definition, const promql::Vector& vector,
                                                      const TemplateContext& context) {
  std::vector<ActiveAlert> out;
  out.reserve(vector.size());
  std::set<Labels> seen;
  for (const promql::InstantSample& sample : vector) {
    templates::RuleData data;
    data.labels = sample.labels;
    data.value = sample.point.histogram ? templates::Value(to_string(*sample.point.histogram))
                                        : templates::Value(sample.point.value);
    data.external_labels = context.external_labels;
    data.external_url = context.external_url;
    data.now = context.at;
    data.query = context.query;

    ActiveAlert alert;
    LabelsBuilder labels(sample.labels);
    labels.erase(kMetricName);
    for (const TemplatedText& label : definition.labels) labels.set(label.name, label.value.expand_or_error(data));
    labels.set(kAlertNameLabel, definition.name);
    alert.labels = labels.build();
    LabelsBuilder annotations;
    for (const TemplatedText& each : definition.annotations)
      annotations.set(each.name, each.value.expand_or_error(data));
    alert.annotations = annotations.build();
    alert.value = sample.point.histogram ? 0 : sample.point.value;
    alert.active_at = context.at;
    if (!seen.insert(alert.labels).second) {
      return fail(
          ErrorCode::kExecution,
          "vector contains metrics with the same labelset after applying alert labels: " + alert.labels.to_string());
    }
    out.push_back(std::move(alert));
  }
  return out;
}

Result<std::vector<OutputSample>> AlertingRule::update(std::vector<ActiveAlert> current, Timestamp at,
                                                       Duration query_offset, int limit) {
  std::set<Labels> present;
  for (ActiveAlert& alert : current) {
    present.insert(alert.labels);
    const auto known = active_.find(alert.labels);
    if (known != active_.end() && known->second.state != AlertState::kInactive) {
      known->second.value = alert.value;
      known->second.annotations = std::move(alert.annotations);
    } else {
      Labels key = alert.labels;
      active_.insert_or_assign(std::move(key), std::move(alert));
    }
  }

  std::vector<OutputSample> out;
  int count = 0;
  for (auto each = active_.begin(); each != active_.end();) {
    ActiveAlert& alert = each->second;
    if (present.contains(alert.labels)) {
      alert.keep_firing_since = kNever;
    } else {
      bool keep = false;
      if (alert.state == AlertState::kFiring && definition_->keep_firing_for > 0) {
        if (alert.keep_firing_since == kNever) alert.keep_firing_since = at;
        keep = at - alert.keep_firing_since < definition_->keep_firing_for;
      }
      if (!keep) {
        const bool forget = alert.state == AlertState::kPending ||
                            (alert.resolved_at != kNever && at - alert.resolved_at > kResolvedRetention);
        if (forget) {
          each = active_.erase(each);
          continue;
        }
        if (alert.state == AlertState::kFiring) {
          alert.state = AlertState::kInactive;
          alert.resolved_at = at;
        }
        ++each;
        continue;
      }
    }
    ++count;
    const bool held = at - alert.active_at >= definition_->hold;
    if (alert.state == AlertState::kPending && held) {
      alert.state = AlertState::kFiring;
      alert.fired_at = at;
    } else if (alert.state == AlertState::kFiring && !held && present.contains(alert.labels)) {
      // A reload made `for` longer.
      alert.state = AlertState::kPending;
      alert.fired_at = kNever;
    }
    if (restored_) {
      for (OutputSample& sample : state_samples(alert, at - query_offset)) out.push_back(std::move(sample));
    }
    ++each;
  }
  if (limit > 0 && count > limit) {
    active_.clear();
    return fail(ErrorCode::kLimitExceeded, fmt::format("exceeded limit of {} with {} alerts", limit, count));
  }
  return out;
}

std::vector<Alert> AlertingRule::take_due(Timestamp at, Duration resend_delay, Duration interval,
                                          const std::string& generator_url) {
  std::vector<Alert> out;
  for (auto& [labels, alert] : active_) {
    if (alert.state == AlertState::kPending) continue;
    const bool resolved_since = alert.resolved_at != kNever && alert.resolved_at > alert.last_sent_at;
    if (!resolved_since && alert.last_sent_at != kNever && alert.last_sent_at + resend_delay >= at) continue;
    alert.last_sent_at = at;
    Alert each;
    each.labels = alert.labels;
    each.annotations = alert.annotations;
    each.starts_at = alert.fired_at;
    // Survives three lost evaluations or deliveries.
    each.ends_at = alert.resolved_at != kNever ? alert.resolved_at : at + 4 * std::max(interval, resend_delay);
    each.generator_url = generator_url;
    out.push_back(std::move(each));
  }
  return out;
}

void AlertingRule::adopt(const AlertingRule& old) {
  active_ = old.active_;
  restored_ = old.restored_;
}

AlertState AlertingRule::state() const {
  AlertState worst = AlertState::kInactive;
  for (const auto& [labels, alert] : active_) worst = std::max(worst, alert.state);
  return worst;
}

}  // namespace vigil::rules
