// Runs rule groups at their time slots.
//
//   Manager manager({.surroundings = {engine_query(engine, db), &db, &db, &sink, &clock}, .scheduler = scheduler});
//   VIGIL_TRY(auto groups, load_rule_files(FileSystem::real(), {"rules.yml"}));
//   manager.update(std::move(groups), settings);
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "vigil/base/file_system.h"
#include "vigil/base/mutex.h"
#include "vigil/base/scheduler.h"
#include "vigil/metrics/registry.h"
#include "vigil/rules/group.h"
#include "vigil/rules/rule_file.h"

namespace vigil::rules {

struct ManagerOptions {
  Surroundings surroundings;  // `clock` is taken from the scheduler
  Scheduler& scheduler;
  metrics::Registry* registry = nullptr;
};

// Reads and validates all files; errors of all files come together, one per line.
Result<std::vector<GroupDefinition>> load_rule_files(FileSystem& file_system, const std::vector<std::string>& files,
                                                     const RuleFileOptions& options = {});

// Thread-safety: all members from any thread. Evaluations run on the scheduler; those
// of one group never overlap.
class Manager {
 public:
  explicit Manager(ManagerOptions options);
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  // Makes these the groups that run. Groups whose definition and settings did not
  // change go on undisturbed; changed ones continue their alerts and series; series of
  // removed ones end two intervals later, unless another group writes them by then.
  // The groups of the first call restore alert state.
  void update(std::vector<GroupDefinition> groups, const Settings& settings) EXCLUDES(update_mutex_, mutex_);

  // Idempotent; waits for running evaluations. No staleness markers: a restart continues.
  void stop() EXCLUDES(update_mutex_, mutex_);

  // Evaluates a group ("file;name") as soon as possible, besides its slots: for rules
  // woken by data. False if there is no such group.
  bool evaluate_now(const std::string& key) EXCLUDES(mutex_);

  // In order of file and name.
  std::vector<GroupView> groups() const EXCLUDES(mutex_);

 private:
  struct Running;
  struct Orphans;
  using Map = std::map<std::string, std::shared_ptr<Running>>;

  Map snapshot() const EXCLUDES(mutex_);
  void end_orphans() EXCLUDES(mutex_);
  struct Metrics;

  Scheduler& scheduler_;
  Surroundings surroundings_;
  Mutex update_mutex_;  // one update at a time
  bool updated_before_ GUARDED_BY(update_mutex_) = false;
  mutable Mutex mutex_;
  Map groups_ GUARDED_BY(mutex_);
  std::vector<Orphans> orphans_ GUARDED_BY(mutex_);
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::unique_ptr<Metrics> metrics_;
  Timer orphan_timer_;
};

}  // namespace vigil::rules
