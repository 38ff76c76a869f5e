// Is this process well? Components answer, the worst answer is the process' state.
//
//   HealthChecker health(clock, registry);
//   auto storage = health.add("storage", [disk] { return disk->ok() ? Status::healthy() : Status::failing("read-only");
//   }); health.set("consensus", Status::warning("2 of 4 peers")); health.set_ready(true); const Report report =
//   health.report();
//
// A check runs on a thread of its own, at most once at a time, when somebody asks and
// its last answer is older than CheckOptions::cache. One that has not answered within
// CheckOptions::timeout is failing; who asks waits no longer than that, once: while it
// hangs, later reports do not wait for it. When it comes back its answer counts again.
//
// Ending: dropping a check's handle waits until the check that runs has returned, and at
// most the timeout. So a check that can hang owns what it uses (by shared_ptr); one that
// cannot may refer to the owner of the handle. The destructor of HealthChecker waits for
// no check.
//
// Metrics: vigil_health_state{component}, vigil_health_check_duration_seconds{component},
// vigil_health_check_timeouts_total{component}. A page of metrics never waits for a
// check: it shows the last answers and sets off those that are due.
//
// Thread-safety: any thread. Times are those of the Clock.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "vigil/base/clock.h"
#include "vigil/base/time.h"
#include "vigil/health/report.h"
#include "vigil/metrics/metrics.h"

namespace vigil::health {

struct CheckOptions {
  Duration timeout = kSecond;
  Duration cache = kSecond;  // how long an answer is good; 0: ask for each report
};

class HealthChecker {
 public:
  using Check = std::function<Status()>;

  // Shows its metrics in the registry, if given. `defaults` are for checks added without options.
  explicit HealthChecker(const Clock& clock, metrics::RegistryRef registry = nullptr, CheckOptions defaults = {});
  ~HealthChecker();
  HealthChecker(const HealthChecker&) = delete;
  HealthChecker& operator=(const HealthChecker&) = delete;

  // Asks `check` while the returned handle lives. A check that throws is failing. A
  // component added again replaces the one of that name.
  [[nodiscard]] std::shared_ptr<void> add(std::string name, Check check);
  [[nodiscard]] std::shared_ptr<void> add(std::string name, Check check, CheckOptions options);

  // For components that tell their state instead of being asked. nullopt takes it away.
  void set(std::string_view name, std::optional<Status> status);

  // Ready to do work: until the first call it depends on the server that asks.
  void set_ready(bool ready, std::string reason = {});

  // `ready_by_default` stands in for set_ready() while that was never called. Whatever
  // it says, a process that is critical or failing is not ready.
  Report report(bool ready_by_default = false);
  // The same without making this thread wait: `done` is called before this returns if
  // all answers are there, else on another thread within the longest timeout. The
  // destructor waits for it.
  void report_async(bool ready_by_default, std::function<void(Report)> done);
  // Of one component; nullopt if there is none of that name.
  std::optional<Component> component(std::string_view name);

  // The process' own, shown in Registry::global(). Lives for ever.
  static HealthChecker& global();

 private:
  struct Core;
  const std::shared_ptr<Core> core_;  // threads of checks that hang outlive the checker
  const CheckOptions defaults_;
  std::optional<metrics::Collector> state_;
};

}  // namespace vigil::health
