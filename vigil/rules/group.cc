#include "vigil/rules/group.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "vigil/base/hash.h"
#include "vigil/base/log.h"
#include "vigil/model/sample.h"
#include "vigil/template/functions.h"

namespace vigil::rules {
namespace {

double seconds_since(const Clock& clock, std::chrono::nanoseconds start) {
  return static_cast<double>((clock.steady() - start).count()) * 1e-9;
}

}  // namespace

std::string_view to_string(Health health) {
  switch (health) {
    case Health::kUnknown: return "unknown";
    case Health::kOk: return "ok";
    case Health::kBad: return "err";
  }
  return "unknown";
}

Group::Group(GroupDefinition definition, const Settings& settings, const Surroundings& surroundings, bool restore)
    : definition_(std::move(definition)), settings_(settings), surroundings_(surroundings) {
  MutexLock lock(mutex_);
  rules_.reserve(definition_.rules.size());
  for (const RuleDefinition& rule : definition_.rules) {
    rules_.emplace_back(rule);
    if (!restore || surroundings_.queryable == nullptr) rules_.back().alerting.set_restored();
  }
}

Timestamp Group::slot_at(Timestamp now) const {
  const auto offset = static_cast<Timestamp>(fnv1a64(definition_.key()) % static_cast<std::uint64_t>(interval()));
  Timestamp rest = (now - offset) % interval();
  if (rest < 0) rest += interval();
  return now - rest;
}

std::string Group::origin(const Rule& rule) const {
  return fmt::format("rule:{};{}", definition_.name, rule.definition->name);
}

std::string Group::generator_url(const Rule& rule) const {
  return settings_.external_url + "/graph?g0.expr=" + templates::query_escape(rule.definition->expression) +
         "&g0.tab=1";
}

void Group::evaluate(Timestamp at) {
  Clock& clock = *surroundings_.clock;
  const auto group_start = clock.steady();
  std::vector<Rule*> rules;
  {
    MutexLock lock(mutex_);
    for (Rule& rule : rules_) rules.push_back(&rule);
  }
  for (Rule* rule : rules) {
    const auto start = clock.steady();
    auto samples = evaluate_rule(*rule, at);
    std::string problem;
    std::size_t count = 0;
    if (samples) {
      count = samples->size();
      if (auto written = write(*rule, *samples, at); !written) problem = written.error().message();
    } else {
      problem = samples.error().message();
    }
    counts_.evaluations.fetch_add(1, std::memory_order_relaxed);
    if (!problem.empty()) {
      counts_.failures.fetch_add(1, std::memory_order_relaxed);
      log::warn("rules", "rule failed",
                {{"file", definition_.file},
                 {"group", definition_.name},
                 {"rule", rule->definition->name},
                 {"error", problem}});
    }
    MutexLock lock(mutex_);
    rule->health = problem.empty() ? Health::kOk : Health::kBad;
    rule->last_error = std::move(problem);
    rule->evaluation_seconds = seconds_since(clock, start);
    rule->last_evaluation = at;
    if (samples) rule->samples = count;
  }
  end_series(at);
  counts_.iterations.fetch_add(1, std::memory_order_relaxed);
  MutexLock lock(mutex_);
  evaluation_seconds_ = seconds_since(clock, group_start);
  last_evaluation_ = at;
}

Result<std::vector<OutputSample>> Group::evaluate_rule(Rule& rule, Timestamp at) {
  const RuleDefinition& definition = *rule.definition;
  VIGIL_TRY(promql::Vector vector, surroundings_.query(*definition.expr, at - query_offset(), origin(rule)));
  if (!definition.alerting) return record(rule, std::move(vector));

  TemplateContext context;
  context.at = at;
  context.external_labels = settings_.external_labels;
  context.external_url = settings_.external_url;
  context.query = template_query(surroundings_.query, at - query_offset(), origin(rule));
  VIGIL_TRY(auto alerts, AlertingRule::render(definition, vector, context));
  std::vector<Alert> due;
  Result<std::vector<OutputSample>> samples;
  {
    MutexLock lock(mutex_);
    samples = rule.alerting.update(std::move(alerts), at, query_offset(), definition_.limit);
    if (samples && surroundings_.sink != nullptr) {
      due = rule.alerting.take_due(at, settings_.resend_delay, interval(), generator_url(rule));
    }
  }
  if (!due.empty()) surroundings_.sink->send(due);
  return samples;
}

Result<std::vector<OutputSample>> Group::record(const Rule& rule, promql::Vector vector) const {
  const RuleDefinition& definition = *rule.definition;
  std::vector<OutputSample> out;
  out.reserve(vector.size());
  std::set<Labels> seen;
  for (promql::InstantSample& sample : vector) {
    LabelsBuilder labels(sample.labels);
    labels.set(kMetricName, definition.name);
    for (const TemplatedText& label : definition.labels) labels.set(label.name, label.value.text());
    out.push_back(OutputSample{labels.build(), std::move(sample.point)});
    if (!seen.insert(out.back().labels).second) {
      return fail(ErrorCode::kExecution, "vector contains metrics with the same labelset after applying rule labels: " +
                                             out.back().labels.to_string());
    }
  }
  if (definition_.limit > 0 && out.size() > static_cast<std::size_t>(definition_.limit)) {
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("exceeded limit of {} with {} series", definition_.limit, out.size()));
  }
  return out;
}

// One transaction per rule, so that the next rule of the group sees it.
Result<void> Group::write(Rule& rule, const std::vector<OutputSample>& samples, Timestamp at) {
  if (surroundings_.appendable == nullptr) return {};
  const auto appender = surroundings_.appendable->appender();
  Written written;
  std::string problem;
  std::size_t refused = 0;
  const auto append = [&](const Labels& labels, SeriesRef known, const promql::Point& point) -> Result<SeriesRef> {
    for (int attempt = 0;; ++attempt) {
      if (known == 0) {
        VIGIL_TRY(known, appender->resolve(labels));
      }
      const auto done = point.histogram ? appender->append_histogram(known, point.timestamp, point.histogram)
                                        : appender->append(known, point.timestamp, point.value);
      if (done) return known;
      if (done.error().code() != ErrorCode::kNotFound || attempt > 0) return std::unexpected(done.error());
      known = 0;  // the series was dropped meanwhile
    }
  };
  for (const OutputSample& sample : samples) {
    const auto known = rule.written.find(sample.labels);
    auto series = append(sample.labels, known == rule.written.end() ? 0 : known->second, sample.point);
    if (series) {
      written.emplace(sample.labels, *series);
    } else {
      ++refused;
      if (problem.empty()) problem = sample.labels.to_string() + ": " + series.error().message();
    }
  }
  // What the rule wrote last time and not now has ended.
  const promql::Point end{at - query_offset(), stale_nan(), nullptr};
  for (const auto& [labels, series] : rule.written) {
    if (!written.contains(labels)) static_cast<void>(append(labels, series, end));
  }
  VIGIL_TRY_VOID(appender->commit());
  {
    MutexLock lock(mutex_);
    rule.written = std::move(written);
  }
  if (refused == 0) return {};
  counts_.samples_dropped.fetch_add(refused, std::memory_order_relaxed);
  return fail(ErrorCode::kExecution,
              fmt::format("{} of {} samples were refused, the first: {}", refused, samples.size(), problem));
}

void Group::end_series(Timestamp at) {
  std::vector<Labels> ended;
  {
    MutexLock lock(mutex_);
    ended.swap(ended_series_);
  }
  if (ended.empty() || surroundings_.appendable == nullptr) return;
  const auto appender = surroundings_.appendable->appender();
  for (const Labels& labels : ended) {
    if (auto series = appender->resolve(labels)) {
      static_cast<void>(appender->append(*series, at - query_offset(), stale_nan()));
    }
  }
  if (auto committed = appender->commit(); !committed) {
    MutexLock lock(mutex_);
    ended_series_ = std::move(ended);
  }
}

void Group::adopt(const Group& old) {
  // Rules are matched by kind, name and labels, equal ones in their order.
  std::vector<bool> taken(old.definition_.rules.size(), false);
  std::set<Labels> current;
  std::vector<Labels> gone;
  // `old` is stopped; two groups are locked only here, the new one is not known to anyone yet.
  MutexLock lock(mutex_);
  MutexLock old_lock(old.mutex_);
  for (Rule& rule : rules_) {
    bool found = false;
    for (std::size_t i = 0; i < taken.size() && !found; ++i) {
      const RuleDefinition& was = old.definition_.rules[i];
      const RuleDefinition& is = *rule.definition;
      if (taken[i] || was.alerting != is.alerting || was.name != is.name || was.labels != is.labels) continue;
      taken[i] = true;
      rule.written = old.rules_[i].written;
      rule.alerting.adopt(old.rules_[i].alerting);
      found = true;
    }
    // What is new since the process started has nothing to restore.
    if (!found) rule.alerting.set_restored();
    for (const auto& [labels, series] : rule.written) current.insert(labels);
  }
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (taken[i]) continue;
    for (const auto& [labels, series] : old.rules_[i].written) gone.push_back(labels);
  }
  gone.insert(gone.end(), old.ended_series_.begin(), old.ended_series_.end());
  std::erase_if(gone, [&](const Labels& labels) { return current.contains(labels); });
  ended_series_ = std::move(gone);
  last_evaluation_ = old.last_evaluation_;
}

std::vector<Labels> Group::series() const {
  MutexLock lock(mutex_);
  std::vector<Labels> out = ended_series_;
  for (const Rule& rule : rules_) {
    for (const auto& [labels, series] : rule.written) out.push_back(labels);
  }
  return out;
}

GroupView Group::view() const {
  GroupView out;
  out.name = definition_.name;
  out.file = definition_.file;
  out.interval = interval();
  out.limit = definition_.limit;
  out.evaluations = counts_.iterations.load(std::memory_order_relaxed);
  out.missed_slots = counts_.missed.load(std::memory_order_relaxed);
  MutexLock lock(mutex_);
  out.evaluation_seconds = evaluation_seconds_;
  out.last_evaluation = last_evaluation_;
  for (const Rule& rule : rules_) {
    RuleView& view = out.rules.emplace_back();
    const RuleDefinition& definition = *rule.definition;
    view.alerting = definition.alerting;
    view.name = definition.name;
    view.query = definition.expression;
    view.hold = definition.hold;
    view.keep_firing_for = definition.keep_firing_for;
    view.labels = definition.label_texts();
    LabelsBuilder annotations;
    for (const TemplatedText& each : definition.annotations) annotations.set(each.name, each.value.text());
    view.annotations = annotations.build();
    for (const auto& [labels, alert] : rule.alerting.active()) {
      if (alert.state == AlertState::kInactive) continue;
      view.alerts.push_back(AlertView{alert.labels, alert.annotations, alert.state, alert.active_at,
                                      alert.keep_firing_since, alert.value});
    }
    view.state = rule.alerting.state();
    view.health = rule.health;
    view.last_error = rule.last_error;
    view.evaluation_seconds = rule.evaluation_seconds;
    view.last_evaluation = rule.last_evaluation;
    view.samples = rule.samples;
  }
  return out;
}

}  // namespace vigil::rules
