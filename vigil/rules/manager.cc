#include "vigil/rules/manager.h"

#include <algorithm>
#include <set>
#include <utility>

#include "vigil/base/log.h"
#include "vigil/metrics/registry.h"
#include "vigil/model/sample.h"

namespace vigil::rules {

// A group with its place in time.
struct Manager::Running {
  Running(std::shared_ptr<Group> running_group, Scheduler& used_scheduler)
      : group(std::move(running_group)), scheduler(used_scheduler), timer(used_scheduler) {}

  void start() {
    slot = group->slot_at(scheduler.clock().now()) + group->interval();
    arm();
  }

  void arm() {
    timer.arm(slot, [this] { run_slot(); });
  }

  void run_slot() {
    const Duration late = scheduler.clock().now() - slot;
    if (late >= group->interval()) {
      const Duration missed = late / group->interval();
      group->counts().missed.fetch_add(static_cast<std::uint64_t>(missed), std::memory_order_relaxed);
      slot += missed * group->interval();
    }
    run(slot);
    slot += group->interval();
    arm();
    // An evaluate_now() meanwhile may have been replaced by that arm().
    if (wanted.load()) arm_extra();
  }

  // Besides the slots; the timer goes back to the next slot afterwards.
  void arm_extra() {
    timer.arm(kMinTimestamp, [this] {
      wanted.store(false);
      run(scheduler.clock().now());
      arm();
    });
  }

  void run(Timestamp at) {
    if (at <= last) return;
    last = at;
    group->evaluate(at);
    if (++evaluations >= 2 && group->wants_restore()) group->restore(at);
  }

  const std::shared_ptr<Group> group;
  Scheduler& scheduler;
  Timestamp slot = 0;
  Timestamp last = kMinTimestamp;
  int evaluations = 0;
  std::atomic<bool> wanted{false};
  Timer timer;
};

// Series of a removed group.
struct Manager::Orphans {
  Timestamp due = 0;
  Duration query_offset = 0;
  std::vector<Labels> series;
};

struct Manager::Metrics {
  Metrics(metrics::Registry* registry, const Manager& manager) {
    using metrics::CollectorSink;
    const auto per_group = [&](MetricType type, metrics::Name name, std::string_view help, auto read) {
      collectors.push_back(std::make_unique<metrics::Collector>(
          registry, type, name, help, std::initializer_list<std::string_view>{"rule_group"},
          [&manager, read](CollectorSink& sink) {
            for (const auto& [key, running] : manager.snapshot())
              sink.point({key}, static_cast<double>(read(*running->group)));
          }));
    };
    constexpr auto kCounter = MetricType::kCounter;
    constexpr auto kGauge = MetricType::kGauge;
    per_group(kCounter, "vigil_rule_evaluations_total", "Rules evaluated.",
              [](const Group& group) { return group.counts().evaluations.load(); });
    per_group(kCounter, "vigil_rule_evaluation_failures_total", "Rules whose evaluation failed.",
              [](const Group& group) { return group.counts().failures.load(); });
    per_group(kCounter, "vigil_rule_group_iterations_total", "Evaluations of the group.",
              [](const Group& group) { return group.counts().iterations.load(); });
    per_group(kCounter, "vigil_rule_group_iterations_missed_total", "Time slots that passed without an evaluation.",
              [](const Group& group) { return group.counts().missed.load(); });
    per_group(kCounter, "vigil_rule_samples_dropped_total", "Results that the store refused.",
              [](const Group& group) { return group.counts().samples_dropped.load(); });
    per_group(kGauge, "vigil_rule_group_interval_seconds", "Interval of the group.",
              [](const Group& group) { return static_cast<double>(group.interval()) / 1000; });
    per_group(kGauge, "vigil_rule_group_rules", "Rules in the group.",
              [](const Group& group) { return group.definition().rules.size(); });
    per_group(kGauge, "vigil_rule_group_last_duration_seconds", "Time the last evaluation took.",
              [](const Group& group) { return group.view().evaluation_seconds; });
    per_group(kGauge, "vigil_rule_group_last_evaluation_timestamp_seconds", "Slot of the last evaluation.",
              [](const Group& group) { return static_cast<double>(group.view().last_evaluation) / 1000; });
    per_group(kGauge, "vigil_rule_group_last_evaluation_samples", "Samples that the last evaluation gave.",
              [](const Group& group) {
                std::size_t samples = 0;
                for (const RuleView& rule : group.view().rules) samples += rule.samples;
                return samples;
              });
  }
  std::vector<std::unique_ptr<metrics::Collector>> collectors;
};

Result<std::vector<GroupDefinition>> load_rule_files(FileSystem& file_system, const std::vector<std::string>& files,
                                                     const RuleFileOptions& options) {
  std::vector<GroupDefinition> out;
  std::string problems;
  std::set<std::string> seen;
  for (const std::string& file : files) {
    if (!seen.insert(file).second) continue;
    const auto text = file_system.read_file(file);
    auto parsed = text ? parse_rule_file(*text, file, options) : std::unexpected(text.error());
    if (!parsed) {
      problems += (problems.empty() ? "" : "\n") + parsed.error().message();
      continue;
    }
    if (parsed->more_documents)
      log::warn("rules", "only the first YAML document of a rule file is read", {{"file", file}});
    std::move(parsed->groups.begin(), parsed->groups.end(), std::back_inserter(out));
  }
  if (!problems.empty()) return fail(ErrorCode::kInvalidArgument, std::move(problems));
  return out;
}

Manager::Manager(ManagerOptions options)
    : scheduler_(options.scheduler), surroundings_(std::move(options.surroundings)), orphan_timer_(options.scheduler) {
  surroundings_.clock = &scheduler_.clock();
  if (options.registry != nullptr) metrics_ = std::make_unique<Metrics>(options.registry, *this);
}

Manager::~Manager() { stop(); }

Manager::Map Manager::snapshot() const {
  MutexLock lock(mutex_);
  return groups_;
}

void Manager::update(std::vector<GroupDefinition> groups, const Settings& settings) {
  MutexLock updating(update_mutex_);
  {
    MutexLock lock(mutex_);
    if (stopped_) return;
  }
  const bool restore = !std::exchange(updated_before_, true);
  Map old = snapshot();
  Map next;
  std::vector<std::shared_ptr<Running>> started;
  for (GroupDefinition& definition : groups) {
    const std::string key = definition.key();
    const auto found = old.find(key);
    if (found != old.end()) {
      if (found->second->group->definition() == definition && found->second->group->settings() == settings) {
        next[key] = std::move(found->second);
        old.erase(found);
        continue;
      }
      found->second->timer.stop();
    }
    auto group = std::make_shared<Group>(std::move(definition), settings, surroundings_, restore);
    if (found != old.end()) {
      group->adopt(*found->second->group);
      old.erase(found);
    }
    started.push_back(next[key] = std::make_shared<Running>(std::move(group), scheduler_));
  }
  const Timestamp now = scheduler_.clock().now();
  Timestamp first_due = kMaxTimestamp;
  for (const auto& [key, running] : old) {
    running->timer.stop();
    const Group& group = *running->group;
    MutexLock lock(mutex_);
    orphans_.push_back(Orphans{now + 2 * group.interval(), group.query_offset(), group.series()});
  }
  {
    MutexLock lock(mutex_);
    groups_ = std::move(next);
    for (const Orphans& each : orphans_) first_due = std::min(first_due, each.due);
  }
  for (const auto& running : started) running->start();
  if (first_due != kMaxTimestamp) orphan_timer_.arm(first_due, [this] { end_orphans(); });
}

// Marks the series of removed groups as ended, where nobody writes them any more.
void Manager::end_orphans() {
  const Timestamp now = scheduler_.clock().now();
  std::vector<Orphans> due;
  Timestamp next_due = kMaxTimestamp;
  {
    MutexLock lock(mutex_);
    const auto split =
        std::stable_partition(orphans_.begin(), orphans_.end(), [&](const Orphans& each) { return each.due > now; });
    std::move(split, orphans_.end(), std::back_inserter(due));
    orphans_.erase(split, orphans_.end());
    for (const Orphans& each : orphans_) next_due = std::min(next_due, each.due);
  }
  if (next_due != kMaxTimestamp) orphan_timer_.arm(next_due, [this] { end_orphans(); });
  if (surroundings_.appendable == nullptr) return;
  std::set<Labels> alive;
  for (const auto& [key, running] : snapshot()) {
    for (Labels& labels : running->group->series()) alive.insert(std::move(labels));
  }
  const auto appender = surroundings_.appendable->appender();
  for (const Orphans& each : due) {
    for (const Labels& labels : each.series) {
      if (alive.contains(labels)) continue;
      if (auto series = appender->resolve(labels)) {
        static_cast<void>(appender->append(*series, now - each.query_offset, stale_nan()));
      }
    }
  }
  if (auto committed = appender->commit(); !committed) {
    log::warn("rules", "series of removed groups not ended", {{"error", committed.error().message()}});
  }
}

void Manager::stop() {
  MutexLock updating(update_mutex_);
  Map groups;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    groups = groups_;
  }
  orphan_timer_.stop();
  for (const auto& [key, running] : groups) running->timer.stop();
}

bool Manager::evaluate_now(const std::string& key) {
  std::shared_ptr<Running> running;
  {
    MutexLock lock(mutex_);
    const auto found = groups_.find(key);
    if (found == groups_.end() || stopped_) return false;
    running = found->second;
  }
  running->wanted.store(true);
  running->arm_extra();
  return true;
}

std::vector<GroupView> Manager::groups() const {
  std::vector<GroupView> out;
  for (const auto& [key, running] : snapshot()) out.push_back(running->group->view());
  return out;
}

}  // namespace vigil::rules
