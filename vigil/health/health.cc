#include "vigil/health/health.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <system_error>
#include <thread>
#include <utility>

#include "vigil/base/mutex.h"

namespace vigil::health {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// Deadlines are read from a Clock, which may be virtual and cannot wake anybody.
constexpr milliseconds kLookAgain{5};

constexpr metrics::Layout kCheckBuckets = metrics::buckets<0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0>;

Status ask(const HealthChecker::Check& check) {
  try {
    return check();
  } catch (const std::exception& error) {
    return Status::failing(std::string("the check threw: ") + error.what());
  } catch (...) {
    return Status::failing("the check threw");
  }
}

// One call of a check. Guarded by Core::mutex.
struct Run {
  nanoseconds started{0};
  bool done = false;
  bool overdue = false;
};

struct Entry {
  HealthChecker::Check check;  // empty: told by set()
  CheckOptions options;
  std::uint64_t id = 0;
  Component component = {};
  std::optional<nanoseconds> answered = std::nullopt;
  std::shared_ptr<Run> run = nullptr;  // null: none is in progress

  void take(const Status& status, Timestamp now) {
    if (status.state != component.state || !answered.has_value()) component.since = now;
    component.state = status.state;
    component.score = score(status);
    std::vector<HealthIssue> issues;
    for (const std::string& message : status.issues) {
      const auto known = std::ranges::find(component.issues, message, &HealthIssue::message);
      issues.push_back({component.name, message, known != component.issues.end() ? known->since : now});
    }
    component.issues = std::move(issues);
  }
};

// What threads of checks use of the checker, while it lives.
struct Owner {
  Owner(const Clock& of, metrics::RegistryRef registry)
      : clock(of),
        duration(registry, "vigil_health_check_duration_seconds", "How long checks of a component take.", kCheckBuckets,
                 {.closed = {}, .unit = "seconds"}),
        timeouts(registry, "vigil_health_check_timeouts_total", "Checks that did not answer in time.") {}
  const Clock& clock;
  const metrics::Histogram<"component"> duration;
  const metrics::Counter<"component"> timeouts;
};

}  // namespace

struct HealthChecker::Core : std::enable_shared_from_this<Core> {
  explicit Core(const Clock& clock, metrics::RegistryRef registry) { owner.emplace(clock, registry); }

  Mutex mutex;
  CondVar changed;
  std::optional<Owner> owner GUARDED_BY(mutex);  // empty: the checker is gone or going
  bool closing GUARDED_BY(mutex) = false;
  std::size_t callbacks GUARDED_BY(mutex) = 0;  // of report_async(), still to be called
  std::map<std::string, Entry, std::less<>> entries GUARDED_BY(mutex);
  std::uint64_t last_id GUARDED_BY(mutex) = 0;
  std::optional<bool> ready GUARDED_BY(mutex);
  std::string reason GUARDED_BY(mutex);

  // Sets off the check if its answer is too old.
  void ask_if_due(const std::string& name, Entry& entry) REQUIRES(mutex) {
    if (!entry.check || entry.run != nullptr) return;
    const nanoseconds now = owner->clock.steady();
    if (entry.answered.has_value() && now - *entry.answered < milliseconds(entry.options.cache)) return;
    auto run = std::make_shared<Run>(Run{.started = now});
    entry.run = run;
    try {
      std::thread([core = shared_from_this(), run, name, id = entry.id, check = entry.check]() mutable {
        const Status status = health::ask(check);
        check = nullptr;  // whoever waits for this run may destroy what the check refers to
        core->finish(name, id, *run, status);
      }).detach();
    } catch (const std::system_error& error) {
      entry.run = nullptr;
      entry.take(Status::failing(std::string("cannot start a thread for the check: ") + error.what()),
                 owner->clock.now());
      entry.answered = now;
    }
  }

  void finish(const std::string& name, std::uint64_t id, Run& run, const Status& status) EXCLUDES(mutex) {
    MutexLock lock(mutex);
    run.done = true;
    changed.notify_all();
    if (!owner.has_value()) return;
    const nanoseconds now = owner->clock.steady();
    const auto found = entries.find(name);
    if (found == entries.end() || found->second.id != id) return;
    Entry& entry = found->second;
    note_overdue(entry);  // nobody may have asked since
    owner->duration.with(name).observe(std::chrono::duration<double>(now - run.started).count());
    entry.take(status, owner->clock.now());
    entry.answered = now;
    entry.run = nullptr;
  }

  // A check that is past its deadline makes its component failing, once.
  void note_overdue(Entry& entry) REQUIRES(mutex) {
    if (entry.run == nullptr || entry.run->overdue) return;
    if (owner->clock.steady() - entry.run->started < milliseconds(entry.options.timeout)) return;
    entry.run->overdue = true;
    owner->timeouts.with(entry.component.name).inc();
    entry.take(Status::failing("the check has not answered within " + format_duration(entry.options.timeout)),
               owner->clock.now());
    entry.answered = owner->clock.steady();
  }

  // True while the answer may still come in time.
  bool pending(Entry& entry) REQUIRES(mutex) {
    note_overdue(entry);
    return entry.run != nullptr && !entry.run->overdue;
  }
  bool any_pending() REQUIRES(mutex) {
    bool any = false;
    for (auto& [name, entry] : entries) any = pending(entry) || any;
    return any;
  }

  void ask_all() REQUIRES(mutex) {
    for (auto& [name, entry] : entries) ask_if_due(name, entry);
  }
  void wait_for_all() REQUIRES(mutex) {
    while (!closing && any_pending()) changed.wait_for(mutex, kLookAgain);
  }

  Report build(bool ready_by_default) REQUIRES(mutex) {
    Report report;
    for (const auto& [name, entry] : entries) {
      if (!entry.answered.has_value()) continue;
      report.components.push_back(entry.component);
      report.state = std::max(report.state, entry.component.state);
    }
    const bool told_ready = ready.value_or(ready_by_default);
    report.ready = told_ready && report.state < State::kCritical;
    if (report.ready) return report;
    if (told_ready) {
      report.reason = "the process is " + std::string(to_string(report.state));
    } else {
      report.reason = reason.empty() ? "not initialised yet" : reason;
    }
    return report;
  }

  // The end of a handle.
  void remove(const std::string& name, std::uint64_t id) EXCLUDES(mutex) {
    Check doomed;  // destroyed outside the lock: its captures may call back
    MutexLock lock(mutex);
    const auto found = entries.find(name);
    if (found == entries.end() || found->second.id != id) return;
    const std::shared_ptr<Run> run = found->second.run;
    const Duration timeout = found->second.options.timeout;
    doomed = std::move(found->second.check);
    entries.erase(found);
    if (run == nullptr) return;
    // In real time, whatever the checker's clock: what is waited for is real.
    const Clock& clock = Clock::system();
    const nanoseconds until = clock.steady() + milliseconds(timeout);
    while (!run->done && !run->overdue && clock.steady() < until) changed.wait_for(mutex, kLookAgain);
  }
};

HealthChecker::HealthChecker(const Clock& clock, metrics::RegistryRef registry, CheckOptions defaults)
    : core_(std::make_shared<Core>(clock, registry)), defaults_(defaults) {
  state_.emplace(registry, MetricType::kGauge, metrics::Name("vigil_health_state"),
                 "State of a component: 0 healthy, 1 warning, 2 critical, 3 failing.",
                 std::initializer_list<std::string_view>{"component"},
                 [core = core_.get()](metrics::CollectorSink& sink) {
                   Report report;
                   {
                     MutexLock lock(core->mutex);
                     core->ask_all();
                     core->any_pending();
                     report = core->build(false);
                   }
                   for (const Component& component : report.components) {
                     sink.point({component.name}, static_cast<double>(component.state));
                   }
                 });
}

HealthChecker::~HealthChecker() {
  state_.reset();  // it uses the core's owner
  MutexLock lock(core_->mutex);
  core_->closing = true;
  core_->changed.notify_all();
  while (core_->callbacks > 0) core_->changed.wait(core_->mutex);
  core_->owner.reset();
}

std::shared_ptr<void> HealthChecker::add(std::string name, Check check) {
  return add(std::move(name), std::move(check), defaults_);
}

std::shared_ptr<void> HealthChecker::add(std::string name, Check check, CheckOptions options) {
  Entry replaced;  // destroyed outside the lock
  MutexLock lock(core_->mutex);
  const std::uint64_t id = ++core_->last_id;
  core_->owner->timeouts.prepare(name);
  core_->owner->duration.prepare(name);
  Entry& entry = core_->entries[name];
  replaced = std::exchange(entry, {.check = std::move(check), .options = options, .id = id});
  entry.component.name = name;
  // The handle may outlive the checker, so it holds what it needs.
  return {nullptr, [core = core_, name = std::move(name), id](void*) { core->remove(name, id); }};
}

void HealthChecker::set(std::string_view name, std::optional<Status> status) {
  Entry replaced;  // destroyed outside the lock
  MutexLock lock(core_->mutex);
  auto found = core_->entries.find(name);
  if (!status.has_value()) {
    if (found == core_->entries.end()) return;
    replaced = std::move(found->second);
    core_->entries.erase(found);
    return;
  }
  if (found == core_->entries.end() || found->second.check) {
    if (found == core_->entries.end()) found = core_->entries.emplace(std::string(name), Entry{}).first;
    replaced = std::exchange(found->second, {.check = {}, .options = {}, .id = ++core_->last_id});
    found->second.component.name = name;
  }
  const Clock& clock = core_->owner->clock;
  found->second.take(*status, clock.now());
  found->second.answered = clock.steady();
}

void HealthChecker::set_ready(bool ready, std::string reason) {
  MutexLock lock(core_->mutex);
  core_->ready = ready;
  core_->reason = std::move(reason);
}

Report HealthChecker::report(bool ready_by_default) {
  MutexLock lock(core_->mutex);
  core_->ask_all();
  core_->wait_for_all();
  return core_->build(ready_by_default);
}

void HealthChecker::report_async(bool ready_by_default, std::function<void(Report)> done) {
  Report report;
  {
    MutexLock lock(core_->mutex);
    core_->ask_all();
    if (core_->any_pending()) {
      try {
        std::thread([core = core_, ready_by_default, done]() mutable {
          Report late;
          {
            MutexLock waiting(core->mutex);
            core->wait_for_all();
            late = core->build(ready_by_default);
          }
          done(std::move(late));
          done = nullptr;
          MutexLock finished(core->mutex);
          --core->callbacks;
          core->changed.notify_all();
        }).detach();
        ++core_->callbacks;
        return;
      } catch (const std::system_error&) {
        // No thread to wait on: what is known now is the best answer there is.
      }
    }
    report = core_->build(ready_by_default);
  }
  done(std::move(report));
}

std::optional<Component> HealthChecker::component(std::string_view name) {
  MutexLock lock(core_->mutex);
  auto found = core_->entries.find(name);
  if (found != core_->entries.end()) core_->ask_if_due(found->first, found->second);
  while (found != core_->entries.end() && core_->pending(found->second)) {
    core_->changed.wait_for(core_->mutex, kLookAgain);
    found = core_->entries.find(name);  // it may have been taken away meanwhile
  }
  if (found == core_->entries.end()) return std::nullopt;
  return found->second.component;
}

HealthChecker& HealthChecker::global() {
  static auto* const instance = new HealthChecker(Clock::system(), metrics::Registry::global());
  return *instance;
}

}  // namespace vigil::health
