#include "packs/hotstuff2/alert_manager.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <utility>

#include "vigil/base/log.h"
#include "vigil/metrics/registry.h"
#include "vigil/template/rule_functions.h"

namespace vigil::packs::hotstuff2 {
namespace {

constexpr auto kWindow = std::chrono::minutes(5);
constexpr auto kResolution = std::chrono::milliseconds(500);  // between two samples

// Values of some families of a registry, and which of them are older than the window.
class Reader final : public metrics::Visitor {
 public:
  Reader(std::span<const std::string_view> families, Timestamp now) : families_(families), now_(now) {}

  void begin_family(const metrics::FamilyView& family) override {
    // A registry may put a prefix before every name.
    const auto wanted =
        std::ranges::find_if(families_, [&](std::string_view name) { return family.name.ends_with(name); });
    name_ = wanted == families_.end() ? std::string_view() : *wanted;
    bounds_ = family.bounds;
  }
  void point(std::string_view labels, const metrics::PointView& value) override {
    if (!name_.empty()) put(std::string(name_) + "{" + std::string(labels) + "}", value.value, value.created);
  }
  void histogram(std::string_view, const metrics::HistogramView& value) override {
    if (name_.empty()) return;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < value.counts.size(); ++i) {
      below += value.counts[i];
      const double bound = i < bounds_.size() ? bounds_[i] : std::numeric_limits<double>::infinity();
      put(std::string(name_) + "{" + std::to_string(bound) + "}", static_cast<double>(below), value.created);
    }
  }

  std::map<std::string, double> values, before;

 private:
  void put(std::string series, double value, Timestamp created) {
    const bool young = created > 0 && now_ - created <= Duration{std::chrono::milliseconds(kWindow).count()};
    before[series] = young ? 0 : value;
    values[std::move(series)] = value;
  }

  std::span<const std::string_view> families_;
  Timestamp now_;
  std::string_view name_;
  std::span<const double> bounds_;
};

constexpr std::string_view kConsensusFamilies[] = {
    catalog::kBlockIntervalSeconds.name.text, catalog::kViewChanges.name.text,
    catalog::kByzantineBehaviorDetected.name.text, catalog::kSafetyViolations.name.text,
    catalog::kLivenessTimeouts.name.text};
constexpr std::string_view kNetworkFamilies[] = {catalog::kPeerDisconnections.name.text,
                                                 catalog::kPeerLatencySeconds.name.text};

double per_second(double increase) { return increase / std::chrono::duration<double>(kWindow).count(); }

// Without the one value of the one label.
double sum_without(const std::map<std::string, double>& increases, std::string_view left_out) {
  double sum = 0;
  for (const auto& [series, increase] : increases) {
    if (series.find("\"" + std::string(left_out) + "\"") == std::string::npos) sum += increase;
  }
  return sum;
}

}  // namespace

Result<void> LogAlertHandler::fired(const Alert& alert) {
  log::error("alerts", alert.annotations.get("summary"),
             {{"alert", alert.labels.get("alertname")}, {"severity", alert.labels.get("severity")}});
  return {};
}
Result<void> LogAlertHandler::resolved(const Alert& alert) {
  log::info("alerts", "resolved", {{"alert", alert.labels.get("alertname")}});
  return {};
}
Result<void> SinkAlertHandler::fired(const Alert& alert) {
  sink_.send({&alert, 1});
  return {};
}
Result<void> SinkAlertHandler::resolved(const Alert& alert) { return fired(alert); }

std::string alert_id(const Alert& alert) { return alert.labels.to_string(); }

// --- the last five minutes ---

void AlertManager::History::add(const metrics::Registry* registry, std::span<const std::string_view> families,
                                const Clock& clock) {
  if (registry == nullptr) return;
  Reader reader(families, clock.now());
  registry->visit(reader);
  const Time now = clock.steady();
  if (samples_.empty()) samples_.push_back({now, std::move(reader.before)});
  // The newest sample is always now; those before it keep their distance.
  if (samples_.size() > 1 && now - samples_[samples_.size() - 2].time < kResolution) samples_.pop_back();
  samples_.push_back({now, std::move(reader.values)});
  while (samples_.size() > 2 && now - samples_[1].time >= kWindow) samples_.pop_front();
}

double AlertManager::History::increase(const std::string& series) const {
  if (samples_.empty()) return 0;
  const Sample& first = samples_.front();
  const Sample& last = samples_.back();
  const auto now = last.values.find(series);
  if (now == last.values.end()) return 0;
  const auto before = first.values.find(series);
  const double base = before == first.values.end() ? 0 : before->second;
  const double change = now->second >= base ? now->second - base : now->second;  // a restart begins at 0
  const double length = std::chrono::duration<double>(last.time - first.time).count();
  const double window = std::chrono::duration<double>(kWindow).count();
  return length > window ? change * window / length : change;
}

std::map<std::string, double> AlertManager::History::increases(std::string_view prefix) const {
  std::map<std::string, double> all;
  if (samples_.empty()) return all;
  for (const auto& [series, value] : samples_.back().values) {
    if (series.starts_with(prefix)) all.emplace(series, increase(series));
  }
  return all;
}

// As PromQL's histogram_quantile(): linear inside a bucket, the highest bound above it.
double AlertManager::History::quantile(double q, std::string_view histogram) const {
  std::vector<std::pair<double, double>> buckets;  // bound, observations up to it
  for (const auto& [series, increase] : increases(std::string(histogram) + "{")) {
    const std::string bound = series.substr(histogram.size() + 1);
    buckets.emplace_back(bound.starts_with("inf") ? std::numeric_limits<double>::infinity() : std::stod(bound),
                         increase);
  }
  std::ranges::sort(buckets);
  if (buckets.size() < 2 || !(buckets.back().second > 0)) return std::nan("");
  const double rank = q * buckets.back().second;
  std::size_t i = 0;
  while (i + 1 < buckets.size() && buckets[i].second < rank) ++i;
  if (i + 1 == buckets.size()) return buckets[i - 1].first;
  const double lower = i == 0 ? 0 : buckets[i - 1].first;
  const double below = i == 0 ? 0 : buckets[i - 1].second;
  return lower + (buckets[i].first - lower) * (rank - below) / (buckets[i].second - below);
}

// --- verdicts ---

AlertManager::AlertManager(AlertConfig config, std::vector<std::unique_ptr<AlertHandler>> alert_handlers,
                           AlertManagerOptions options)
    : config_(std::move(config)), handlers_(std::move(alert_handlers)), options_(std::move(options)) {}

bool AlertManager::above(LimitKind kind, double value) const { return value > limit_of(kind).value(config_); }

Alert AlertManager::alert(LimitKind kind, double value, std::vector<LabelView> labels) const {
  const Limit& limit = limit_of(kind);
  labels.push_back({"severity", limit.severity});
  labels.push_back({"stack", "hotstuff2"});
  labels.push_back({"component", limit.component});
  templates::RuleData data;
  data.labels = Labels::from(labels);
  data.value = value;
  data.now = options_.clock->now();
  const auto text = [&](std::string_view written) {
    const std::string filled = with_limit(limit, config_, written, true);
    const auto parsed = templates::RuleTemplate::parse(std::string(limit.alert), filled);
    return parsed ? parsed->expand_or_error(data) : filled;
  };
  labels.push_back({"alertname", limit.alert});
  const std::string summary = text(limit.summary);
  const std::string description = text(limit.description);
  const std::string runbook = options_.external_url + "/runbooks/hotstuff2/" + std::string(limit.alert);
  const std::string dashboard = "/d/" + std::string(limit.dashboard);
  Alert made;
  made.labels = Labels::from(std::move(labels));
  made.annotations = Labels(
      {{"summary", summary}, {"description", description}, {"runbook_url", runbook}, {"dashboard_url", dashboard}});
  made.starts_at = data.now;
  return made;
}

std::vector<Alert> AlertManager::check_consensus_health(const ConsensusMetrics& consensus,
                                                        const PerformanceMetrics* performance,
                                                        const MempoolMetrics* mempool) {
  const std::vector<LabelView> instance{{"instance", options_.instance}};
  std::vector<Alert> alerts;
  MutexLock lock(mutex_);
  consensus_.add(consensus.registry(), kConsensusFamilies, *options_.clock);

  const double block_time = consensus_.quantile(0.95, catalog::kBlockIntervalSeconds.name.text);
  if (above(LimitKind::kBlockTime, block_time)) alerts.push_back(alert(LimitKind::kBlockTime, block_time));

  const double views = per_second(sum_without(consensus_.increases(catalog::kViewChanges.name.text), "qc"));
  if (!std::isnan(consensus.current_view.value()) && above(LimitKind::kViewChangeFrequency, views)) {
    alerts.push_back(alert(LimitKind::kViewChangeFrequency, views));
  }
  if (performance != nullptr && mempool != nullptr && mempool->mempool_size.value() > 0) {
    const double throughput = performance->transaction_throughput.value();
    if (throughput < limit_of(LimitKind::kThroughput).value(config_)) {
      alerts.push_back(alert(LimitKind::kThroughput, throughput));
    }
  }
  const auto by_label = [&](const std::map<std::string, double>& increases, LimitKind kind, std::string_view family,
                            bool rate) {
    for (const auto& [series, increase] : increases) {
      const double value = rate ? per_second(increase) : increase;
      if (!above(kind, value)) continue;
      const auto pairs = metrics::label_pairs(series.substr(family.size() + 1, series.size() - family.size() - 2));
      std::vector<LabelView> labels;
      for (const auto& [name, text] : pairs) labels.push_back({name, text});
      alerts.push_back(alert(kind, value, labels));
    }
  };
  by_label(consensus_.increases(catalog::kByzantineBehaviorDetected.name.text), LimitKind::kByzantineBehavior,
           catalog::kByzantineBehaviorDetected.name.text, true);
  by_label(consensus_.increases(catalog::kSafetyViolations.name.text), LimitKind::kSafetyViolations,
           catalog::kSafetyViolations.name.text, false);

  const double timeouts = consensus_.increase(std::string(catalog::kLivenessTimeouts.name.text) + "{}");
  if (above(LimitKind::kLivenessTimeouts, timeouts)) {
    alerts.push_back(alert(LimitKind::kLivenessTimeouts, timeouts, instance));
  }
  return alerts;
}

std::vector<Alert> AlertManager::check_network_health(const NetworkMetrics& network) {
  const std::vector<LabelView> instance{{"instance", options_.instance}};
  std::vector<Alert> alerts;
  MutexLock lock(mutex_);
  network_.add(network.registry(), kNetworkFamilies, *options_.clock);
  const auto judge = [&](LimitKind kind, double value) {
    if (above(kind, value)) alerts.push_back(alert(kind, value, instance));
  };
  judge(LimitKind::kPeerDisconnectionRate,
        per_second(sum_without(network_.increases(catalog::kPeerDisconnections.name.text), "shutdown")));
  judge(LimitKind::kMessageLoss, 1 - network.message_delivery_rate.value());
  judge(LimitKind::kNetworkLatency, network_.quantile(0.95, catalog::kPeerLatencySeconds.name.text));
  return alerts;
}

std::vector<Alert> AlertManager::check_system_health(const SystemMetrics& system) {
  const std::vector<LabelView> instance{{"instance", options_.instance}};
  std::vector<Alert> alerts;
  const auto judge = [&](LimitKind kind, double value) {
    if (above(kind, value)) alerts.push_back(alert(kind, value, instance));
  };
  judge(LimitKind::kCpuUsage, system.cpu_usage.value());
  judge(LimitKind::kMemoryUsage, system.memory_usage.value() / system.memory_limit.value());
  judge(LimitKind::kDiskUsage, system.disk_usage.value() / system.disk_limit.value());
  return alerts;
}

// --- telling ---

void AlertManager::tell(const Alert& alert, bool resolved) {
  MutexLock one_at_a_time(handling_);
  for (const auto& handler : handlers_) {
    std::string why;
    try {
      const Result<void> done = resolved ? handler->resolved(alert) : handler->fired(alert);
      if (done) continue;
      why = done.error().message();
    } catch (const std::exception& error) {
      why = error.what();
    }
    log::warn("alerts", "a handler failed", {{"alert", alert.labels.get("alertname")}, {"error", why}});
    MutexLock lock(mutex_);
    ++failures_;
  }
}

void AlertManager::send_alert(const Alert& alert) {
  {
    MutexLock lock(mutex_);
    firing_.insert_or_assign(alert_id(alert), alert);
  }
  tell(alert, false);
}

void AlertManager::resolve_alert(std::string_view alert_id) {
  Alert over;
  {
    MutexLock lock(mutex_);
    const auto found = firing_.find(alert_id);
    if (found == firing_.end()) return;
    over = std::move(found->second);
    firing_.erase(found);
  }
  over.ends_at = options_.clock->now();
  tell(over, true);
}

std::vector<Alert> AlertManager::update(const HotStuffMetrics& metrics) {
  std::vector<Alert> all = check_consensus_health(metrics.consensus, &metrics.performance, &metrics.mempool);
  std::ranges::move(check_network_health(metrics.network), std::back_inserter(all));
  std::ranges::move(check_system_health(metrics.performance), std::back_inserter(all));

  std::vector<Alert> to_send, fire;
  std::vector<std::string> over;
  {
    MutexLock lock(mutex_);
    const Time now = options_.clock->steady();
    for (auto& [id, pending] : pending_) pending.seen = false;
    for (const Alert& each : all) {
      const std::string id = alert_id(each);
      Pending& pending = pending_.try_emplace(id, Pending{now, true}).first->second;
      pending.seen = true;
      const auto limit = std::ranges::find(limits(), each.labels.get("alertname"), &Limit::alert);
      if (now - pending.since >= std::chrono::milliseconds(limit->hold) && !firing_.contains(id)) {
        to_send.push_back(each);
      }
    }
    for (auto it = pending_.begin(); it != pending_.end();) {
      if (it->second.seen) {
        ++it;
        continue;
      }
      if (firing_.contains(it->first)) over.push_back(it->first);
      it = pending_.erase(it);
    }
  }
  for (const std::string& id : over) resolve_alert(id);
  for (const Alert& each : to_send) send_alert(each);
  MutexLock lock(mutex_);
  for (const auto& [id, each] : firing_) fire.push_back(each);
  return fire;
}

std::uint64_t AlertManager::handler_failures() const {
  MutexLock lock(mutex_);
  return failures_;
}

}  // namespace vigil::packs::hotstuff2
