// Alert state over a restart, from the ALERTS and ALERTS_FOR_STATE series of the
// process before.
//
// Pending alerts go on as in Prometheus: the time vigil was down does not count, and
// rules with a long `for` (>= the grace period) wait at least the grace period.
// Beyond Prometheus: rules with a shorter `for` go on too; an alert that fired goes
// on firing at once, with its start; and one that fired and is no longer active is
// put back, so that it is resolved by the next evaluation, or held by
// keep_firing_for, and not forgotten.
#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "vigil/base/log.h"
#include "vigil/model/matcher.h"
#include "vigil/model/sample.h"
#include "vigil/rules/group.h"

namespace vigil::rules {
namespace {

using LastSamples = std::map<Labels, Sample>;  // by labels without __name__ and alertstate

// The last sample of every series of one alert that did not end.
Result<LastSamples> last_samples(Querier& querier, const RuleDefinition& rule, std::string_view metric, Timestamp mint,
                                 Timestamp maxt) {
  std::vector<Matcher> matchers = {Matcher::equal(kMetricName, metric), Matcher::equal(kAlertNameLabel, rule.name)};
  if (metric == kAlertsMetric) matchers.push_back(Matcher::equal(kAlertStateLabel, to_string(AlertState::kFiring)));
  for (const TemplatedText& label : rule.labels) {
    const bool is_template = label.value.text().find("{{") != std::string::npos;
    if (!is_template && label.name != kAlertNameLabel)
      matchers.push_back(Matcher::equal(label.name, label.value.text()));
  }
  VIGIL_TRY(const auto series, querier.select(matchers, SelectHints()));
  LastSamples out;
  SampleColumns columns;
  for (std::size_t i = 0; i < series->size(); ++i) {
    columns.clear();
    VIGIL_TRY_VOID(series->read(i, mint, maxt, columns));
    if (columns.empty() || is_stale_nan(columns.values.back())) continue;
    const std::string_view dropped[] = {kMetricName, kAlertStateLabel};
    out[series->labels(i).without(dropped)] = Sample{columns.timestamps.back(), columns.values.back()};
  }
  return out;
}

}  // namespace

bool Group::wants_restore() const {
  MutexLock lock(mutex_);
  return std::any_of(rules_.begin(), rules_.end(),
                     [](const Rule& rule) { return rule.definition->alerting && !rule.alerting.restored(); });
}

void Group::restore(Timestamp at) {
  std::vector<Rule*> rules;
  {
    MutexLock lock(mutex_);
    for (Rule& rule : rules_) {
      if (rule.definition->alerting && !rule.alerting.restored()) rules.push_back(&rule);
    }
  }
  for (Rule* rule : rules) {
    if (auto done = restore_rule(*rule, at); !done) {
      log::warn("rules", "alert state not restored",
                {{"group", definition_.name}, {"rule", rule->definition->name}, {"error", done.error().message()}});
    }
    MutexLock lock(mutex_);
    rule->alerting.set_restored();
  }
}

// The alerts that the expression gave at a time of the past.
std::vector<ActiveAlert> Group::alerts_at(const Rule& rule, Timestamp at) const {
  TemplateContext context;
  context.at = at;
  context.external_labels = settings_.external_labels;
  context.external_url = settings_.external_url;
  context.query = template_query(surroundings_.query, at, origin(rule));
  auto vector = surroundings_.query(*rule.definition->expr, at, origin(rule));
  if (!vector) return {};
  return AlertingRule::render(*rule.definition, *vector, context).value_or(std::vector<ActiveAlert>());
}

Result<void> Group::restore_rule(Rule& rule, Timestamp at) {
  const Duration hold = rule.definition->hold;
  const Timestamp mint = at - settings_.outage_tolerance;
  VIGIL_TRY(const auto querier, surroundings_.queryable->querier(mint, at));
  VIGIL_TRY(const LastSamples since, last_samples(*querier, *rule.definition, kAlertsForStateMetric, mint, at));
  if (since.empty()) return {};
  VIGIL_TRY(const LastSamples firing, last_samples(*querier, *rule.definition, kAlertsMetric, mint, at));

  std::map<Labels, ActiveAlert> before;  // alerts that fired and are not active now
  {
    MutexLock lock(mutex_);
    for (const auto& [labels, sample] : since) {
      const Timestamp down_at = sample.timestamp;
      const auto active_at = static_cast<Timestamp>(std::clamp(sample.value, 0.0, 9e15) * 1000);
      const bool fired = firing.contains(labels);
      const auto found = rule.alerting.active().find(labels);
      if (found == rule.alerting.active().end()) {
        if (!fired) continue;
        ActiveAlert& alert = before[labels];
        alert.labels = labels;
        alert.state = AlertState::kFiring;
        alert.value = std::numeric_limits<double>::quiet_NaN();
        alert.active_at = active_at;
        alert.fired_at = active_at + hold;
        continue;
      }
      ActiveAlert& alert = found->second;
      if (fired) {
        alert.state = AlertState::kFiring;
        alert.active_at = active_at;
        alert.fired_at = active_at + hold;
        continue;
      }
      const Duration remaining = hold - (down_at - active_at);
      if (alert.state != AlertState::kPending || remaining <= 0) continue;
      const bool grace = hold >= settings_.grace_period && remaining < settings_.grace_period;
      alert.active_at = grace ? at + settings_.grace_period - hold : active_at + (at - down_at);
    }
  }
  if (before.empty()) return {};
  // Their texts come from the expression at the time they were last seen.
  for (const ActiveAlert& seen : alerts_at(rule, since.at(before.begin()->first).timestamp + query_offset())) {
    if (const auto found = before.find(seen.labels); found != before.end()) {
      found->second.annotations = seen.annotations;
      found->second.value = seen.value;
    }
  }
  MutexLock lock(mutex_);
  rule.alerting.active().merge(before);
  return {};
}

}  // namespace vigil::rules
