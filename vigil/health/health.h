// Is this process well? Components answer, the worst answer is the process' state.
//
//   HealthChecker health(clock);
//   auto storage = health.add("storage", [&] { return disk_ok() ? Status::healthy() : Status::failing("read-only"); });
//   health.set("consensus", Status::warning("2 of 4 peers"));
//   health.set_ready(true);
//
// Thread-safety: any thread. Checks run on the thread that asks, one report at a
// time; they must answer from memory, without waiting.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/base/mutex.h"
#include "vigil/base/time.h"
#include "vigil/metrics/metrics.h"

namespace vigil::health {

enum class State : std::uint8_t { kHealthy, kWarning, kCritical, kFailing };
std::string_view to_string(State state);  // "healthy", …

struct Status {
  State state = State::kHealthy;
  std::vector<std::string> issues;  // what is wrong, for people; empty when healthy

  static Status healthy() { return {}; }
  static Status warning(std::string issue) { return {State::kWarning, {std::move(issue)}}; }
  static Status critical(std::string issue) { return {State::kCritical, {std::move(issue)}}; }
  static Status failing(std::string issue) { return {State::kFailing, {std::move(issue)}}; }
  friend bool operator==(const Status&, const Status&) = default;
};

struct Component {
  std::string name;
  Status status;
  Timestamp since = 0;  // when a report first saw this state
  friend bool operator==(const Component&, const Component&) = default;
};

struct Report {
  State state = State::kHealthy;  // the worst component's
  bool ready = false;
  std::string reason;                 // why it is not ready
  std::vector<Component> components;  // by name
};

// {"status":"warning","ready":true,"components":[{"name":"consensus","status":"warning",
//  "since":"2026-01-02T03:04:05Z","issues":["2 of 4 peers"]}]}
std::string to_json(const Report& report);

class HealthChecker {
 public:
  using Check = std::function<Status()>;

  // Shows vigil_health_state{component} (0 healthy … 3 failing) in the registry, if given.
  explicit HealthChecker(const Clock& clock, metrics::RegistryRef registry = nullptr);
  ~HealthChecker();
  HealthChecker(const HealthChecker&) = delete;
  HealthChecker& operator=(const HealthChecker&) = delete;

  // Asks `check` for each report while the returned handle lives; dropping it waits for a
  // running check and takes the component away. A check that throws is failing. A
  // component added again replaces the one of that name.
  [[nodiscard]] std::shared_ptr<void> add(std::string name, Check check);

  // For components that tell their state instead of being asked. nullopt takes it away.
  void set(std::string_view name, std::optional<Status> status);

  // Ready to do work: until the first call it depends on the server that asks.
  void set_ready(bool ready, std::string reason = {});

  // `ready_by_default` stands in for set_ready() while that was never called. Whatever
  // it says, a process that is critical or failing is not ready.
  Report report(bool ready_by_default = false);
  // Of one component; nullopt if there is none of that name.
  std::optional<Component> component(std::string_view name);

  // The process' own, shown in Registry::global(). Lives for ever.
  static HealthChecker& global();

 private:
  struct Entry {
    Check check;  // empty: told by set()
    std::uint64_t id = 0;
    Component component;
  };
  struct Shared {
    Mutex mutex;
    std::map<std::string, Entry, std::less<>> entries GUARDED_BY(mutex);
    std::uint64_t last_id GUARDED_BY(mutex) = 0;
    std::optional<bool> ready GUARDED_BY(mutex);
    std::string reason GUARDED_BY(mutex);
  };

  void ask(Entry& entry) const;

  const Clock& clock_;
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  metrics::Collector state_;
};

}  // namespace vigil::health
