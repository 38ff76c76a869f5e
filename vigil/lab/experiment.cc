#include "vigil/lab/experiment.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "vigil/alert_api/alert.h"
#include "vigil/base/memory_file_system.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/engine/engine.h"
#include "vigil/metrics/metrics.h"
#include "vigil/tuning/overrides.h"

namespace vigil::lab {
namespace {

constexpr Duration kStep = 5 * kSecond;  // how often processes are looked at
constexpr int kPoints = 200;             // of a graph

// Notes when each alert begins and ends.
class Recorder final : public AlertSink {
 public:
  explicit Recorder(const Clock& clock) : clock_(clock) {}

  void send(std::span<const Alert> alerts) override {
    for (const Alert& alert : alerts) {
      const auto open = open_.find(alert.labels.to_string());
      if (alert.resolved_at(clock_.now())) {
        if (open == open_.end()) continue;
        fired_[open->second].resolved_at = alert.ends_at;
        open_.erase(open);
      } else if (open == open_.end()) {
        open_.emplace(alert.labels.to_string(), fired_.size());
        fired_.push_back({std::string(alert.labels.get("alertname")), alert.labels, clock_.now(), 0});
      }
    }
  }
  const std::vector<FiredAlert>& fired() const { return fired_; }
  bool quiet() const { return open_.empty(); }

 private:
  const Clock& clock_;
  std::vector<FiredAlert> fired_;
  std::map<std::string, std::size_t> open_;  // by labels
};

bool is_empty(const promql::Value& value) {
  const auto* const vector = std::get_if<promql::Vector>(&value);
  return vector != nullptr && vector->empty();
}

// What a scraper adds to a process.
struct Target {
  metrics::Registry registry;
  metrics::Gauge<> up{registry, "up", "1 while the target answers."};
  bool attached = false;
};

class Experiment {
 public:
  Experiment(const pack::Pack& pack, const Options& options)
      : pack_(pack), options_(options), scheduler_(options.start), recorder_(scheduler_.clock()) {}
  ~Experiment() {
    if (engine_ != nullptr) static_cast<void>(engine_->stop());
  }

  Result<void> open() {
    files_ = std::make_unique<MemoryFileSystem>();
    engine::Options options{.sinks = {&recorder_}, .scheduler = &scheduler_, .files = *files_};
    options.storage.directory = "data";
    VIGIL_TRY(auto engine, engine::Engine::open(std::move(options)));
    engine_ = std::move(engine);
    engine::Config config;
    config.evaluation_interval = options_.evaluation_interval;
    VIGIL_TRY(config.rule_groups, tuning::rule_groups(pack_));
    VIGIL_TRY_VOID(engine_->apply(std::move(config)));
    simulation_ = pack_.simulate({.scheduler = &scheduler_, .nodes = 0, .seed = options_.seed, .load = options_.load});
    for (const pack::Process& process : simulation_->processes()) {
      Target& target = *targets_.emplace_back(std::make_unique<Target>());
      VIGIL_TRY_VOID(engine_->attach(target.registry, {.interval = 10 * kSecond, .labels = labels_of(process)}));
    }
    simulation_->start();
    return {};
  }

  // Lets time pass. Targets come and go as a scraper would notice.
  Result<void> live(Duration time) {
    for (const Timestamp until = now() + time; now() < until;) {
      VIGIL_TRY_VOID(look());
      scheduler_.advance(std::min(kStep, until - now()));
    }
    return {};
  }

  Result<Outcome> finish(Outcome outcome) {
    outcome.ended_at = now();
    outcome.alerts = recorder_.fired();
    for (const auto& group : engine_->rules().groups()) {
      for (const auto& rule : group.rules) {
        if (!rule.last_error.empty()) outcome.rule_errors.push_back(rule.name + ": " + rule.last_error);
      }
    }
    const storage::Stats stats = engine_->storage().figures();
    outcome.series = stats.series;
    outcome.samples = stats.appended_samples;
    outcome.bytes_on_disk = stats.chunk_file_bytes + stats.wal_bytes + stats.checkpoint_bytes;
    VIGIL_TRY_VOID(engine_->stop());
    return outcome;
  }

  void ask_panels(Outcome& outcome) {
    for (const dashboards::Dashboard& board : pack_.dashboards()) {
      for (const dashboards::Row& row : board.rows) {
        for (const dashboards::Panel& panel : row.panels) {
          if (panel.kind == dashboards::Kind::kLogs) continue;
          for (std::size_t i = 0; i < panel.queries.size(); ++i) {
            const auto result = engine_->query(without_variables(panel.queries[i].expr, board));
            if (!result) {
              outcome.rule_errors.push_back(query_key(board, panel, i) + ": " + result.error().message());
            } else if (!is_empty(result->value)) {
              outcome.answered.insert(query_key(board, panel, i));
            }
          }
        }
      }
    }
  }

  Result<std::vector<QueryTime>> time_queries(Duration length) {
    std::vector<QueryTime> times;
    for (const dashboards::Dashboard& board : pack_.dashboards()) {
      const std::string_view from = board.from;
      VIGIL_TRY(const Duration page, parse_duration(from.substr(from.find('-') + 1)));
      for (const dashboards::Row& row : board.rows) {
        for (const dashboards::Panel& panel : row.panels) {
          if (panel.kind == dashboards::Kind::kLogs) continue;
          for (std::size_t i = 0; i < panel.queries.size(); ++i) {
            const std::string expression = without_variables(panel.queries[i].expr, board);
            VIGIL_TRY(const double first, time_query(expression, page));
            VIGIL_TRY(const double all, time_query(expression, length));
            times.push_back({query_key(board, panel, i), board.uid, first, all});
          }
        }
      }
    }
    return times;
  }

  pack::Simulation& simulation() { return *simulation_; }
  bool quiet() const { return recorder_.quiet(); }
  Timestamp now() { return scheduler_.clock().now(); }

 private:
  // Seconds of the fastest of three.
  Result<double> time_query(const std::string& expression, Duration range) {
    const Duration step = std::max<Duration>(15 * kSecond, range / kPoints);
    double best = 0;
    for (int i = 0; i < 3; ++i) {
      const auto begin = Clock::system().steady();
      VIGIL_TRY_VOID(engine_->queries().range(engine_->storage(), expression, now() - range, now(), step));
      const double seconds = std::chrono::duration<double>(Clock::system().steady() - begin).count();
      best = i == 0 ? seconds : std::min(best, seconds);
    }
    return best;
  }

  Result<void> look() {
    const std::span<pack::Process> processes = simulation_->processes();
    for (std::size_t i = 0; i < processes.size(); ++i) {
      pack::Process& process = processes[i];
      Target& target = *targets_[i];
      target.up.set(process.up ? 1 : 0);
      if (process.up == target.attached) continue;
      target.attached = process.up;
      if (process.up) {
        VIGIL_TRY_VOID(
            engine_->attach(*process.registry, {.interval = process.interval, .labels = labels_of(process)}));
      } else {
        VIGIL_TRY_VOID(engine_->detach(*process.registry));
      }
    }
    return {};
  }

  Labels labels_of(const pack::Process& process) const {
    std::vector<LabelView> labels{{"job", process.job}, {"instance", process.instance}, {"stack", pack_.name}};
    for (const auto& [name, value] : process.labels) labels.push_back({name, value});
    return Labels::from(std::move(labels));
  }

  const pack::Pack& pack_;
  const Options options_;
  std::unique_ptr<MemoryFileSystem> files_;
  VirtualScheduler scheduler_;
  Recorder recorder_;
  std::vector<std::unique_ptr<Target>> targets_;  // of the processes, in their order
  std::unique_ptr<pack::Simulation> simulation_;
  std::unique_ptr<engine::Engine> engine_;
};

}  // namespace

Result<Outcome> run(const pack::Pack& pack, const pack::Scenario& scenario, const Options& options) {
  Experiment experiment(pack, options);
  VIGIL_TRY_VOID(experiment.open());
  VIGIL_TRY_VOID(experiment.live(scenario.warm_up));
  Outcome outcome;
  outcome.injected_at = experiment.now();
  if (scenario.name != "healthy") VIGIL_TRY_VOID(experiment.simulation().inject(scenario.name));
  VIGIL_TRY_VOID(experiment.live(scenario.hold));
  if (options.ask_panels) experiment.ask_panels(outcome);
  outcome.cleared_at = experiment.now();
  experiment.simulation().clear();
  for (const Timestamp until = experiment.now() + scenario.recovery; experiment.now() < until;) {
    VIGIL_TRY_VOID(experiment.live(kMinute));
    if (experiment.quiet() && experiment.now() >= outcome.cleared_at + 5 * kMinute) break;
  }
  return experiment.finish(std::move(outcome));
}

Result<Outcome> run_healthy(const pack::Pack& pack, Duration length, const Options& options) {
  Experiment experiment(pack, options);
  VIGIL_TRY_VOID(experiment.open());
  Outcome outcome;
  outcome.injected_at = outcome.cleared_at = experiment.now();
  VIGIL_TRY_VOID(experiment.live(length));
  if (options.ask_panels) experiment.ask_panels(outcome);
  return experiment.finish(std::move(outcome));
}

Result<Figures> measure(const pack::Pack& pack, Duration length, const Options& options) {
  Experiment experiment(pack, options);
  VIGIL_TRY_VOID(experiment.open());
  Figures figures;
  figures.life.injected_at = figures.life.cleared_at = experiment.now();
  VIGIL_TRY_VOID(experiment.live(length));
  VIGIL_TRY(figures.queries, experiment.time_queries(length));
  VIGIL_TRY(figures.life, experiment.finish(std::move(figures.life)));
  return figures;
}

std::vector<std::string> judge(const pack::Scenario& scenario, const Outcome& outcome) {
  std::vector<std::string> complaints;
  const auto minutes = [](Duration time) { return format_duration(time / kSecond * kSecond); };
  const auto contains = [](std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
  };
  for (const std::string_view wanted : scenario.fires) {
    if (std::ranges::find(outcome.alerts, wanted, &FiredAlert::name) == outcome.alerts.end()) {
      complaints.push_back(std::string(wanted) + " did not fire within " + minutes(scenario.hold));
    }
  }
  std::set<std::string> told;
  for (const FiredAlert& alert : outcome.alerts) {
    // Budgets burn in any fault that users notice, and their windows outlast the experiment:
    // of those only a false alarm in healthy life counts.
    const bool of_budget = !alert.labels.get("slo").empty();
    if (of_budget && alert.fired_at >= outcome.injected_at) continue;
    if (alert.fired_at < outcome.injected_at) {
      complaints.push_back(alert.name + " fired in healthy life, " + minutes(outcome.injected_at - alert.fired_at) +
                           " before the fault: " + alert.labels.to_string());
    } else if (!contains(scenario.fires, alert.name) && !contains(scenario.consequences, alert.name)) {
      if (told.insert(alert.name).second) {
        complaints.push_back(alert.name + " fired, and is not declared: " + alert.labels.to_string());
      }
    }
    if (alert.resolved_at == 0) {
      complaints.push_back(alert.name + " is still firing " + minutes(outcome.ended_at - outcome.cleared_at) +
                           " after the fault: " + alert.labels.to_string());
    }
  }
  for (const std::string& error : outcome.rule_errors) complaints.push_back(error);
  return complaints;
}

std::string query_key(const dashboards::Dashboard& dashboard, const dashboards::Panel& panel, std::size_t query) {
  return dashboard.uid + " / " + panel.title + " / " + std::to_string(query + 1);
}

std::string without_variables(std::string_view expression, const dashboards::Dashboard& dashboard) {
  std::map<std::string, std::string, std::greater<>> values = {{"__range", "15m"},       {"__range_s", "900"},
                                                               {"__interval", "1m"},     {"__rate_interval", "5m"},
                                                               {"__range_ms", "900000"}, {"__interval_ms", "60000"}};
  for (const dashboards::Variable& variable : dashboard.variables) {
    values[variable.name] = variable.interval ? "5m" : ".*";
  }
  std::string text(expression);
  // In falling order a name comes before those that begin it.
  for (const auto& [name, value] : values) {
    for (const std::string& form : {"${" + name + "}", "${" + name + ":regex}", "$" + name}) {
      for (std::size_t at = text.find(form); at != std::string::npos; at = text.find(form, at + value.size())) {
        text.replace(at, form.size(), value);
      }
    }
  }
  return text;
}

}  // namespace vigil::lab
