#include "vigil/health/health.h"

#include <algorithm>
#include <array>
#include <exception>

#include "vigil/base/strings.h"

namespace vigil::health {

std::string_view to_string(State state) {
  constexpr std::array<std::string_view, 4> kNames{"healthy", "warning", "critical", "failing"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string to_json(const Report& report) {
  std::string out = "{\"status\":\"";
  out += to_string(report.state);
  out += report.ready ? "\",\"ready\":true" : "\",\"ready\":false";
  if (!report.ready) {
    out += ",\"reason\":\"";
    append_json_string(out, report.reason);
    out += '"';
  }
  out += ",\"components\":[";
  for (const Component& component : report.components) {
    if (out.back() != '[') out += ',';
    out += "{\"name\":\"";
    append_json_string(out, component.name);
    out += "\",\"status\":\"";
    out += to_string(component.status.state);
    out += "\",\"since\":\"" + format_rfc3339(component.since) + "\",\"issues\":[";
    for (const std::string& issue : component.status.issues) {
      if (out.back() != '[') out += ',';
      out += '"';
      append_json_string(out, issue);
      out += '"';
    }
    out += "]}";
  }
  out += "]}\n";
  return out;
}

HealthChecker::HealthChecker(const Clock& clock, metrics::RegistryRef registry)
    : clock_(clock),
      state_(registry, MetricType::kGauge, "vigil_health_state",
             "State of a component: 0 healthy, 1 warning, 2 critical, 3 failing.", {"component"},
             [this](metrics::CollectorSink& sink) {
               for (const Component& component : report().components) {
                 sink.point({component.name}, static_cast<double>(component.status.state));
               }
             }) {}

HealthChecker::~HealthChecker() = default;

std::shared_ptr<void> HealthChecker::add(std::string name, Check check) {
  MutexLock lock(shared_->mutex);
  const std::uint64_t id = ++shared_->last_id;
  Entry entry{.check = std::move(check), .id = id, .component = {.name = name, .status = {}, .since = clock_.now()}};
  shared_->entries.insert_or_assign(name, std::move(entry));
  // The handle may outlive the checker, so it holds what it needs.
  return {nullptr, [shared = shared_, name = std::move(name), id](void*) {
            MutexLock removing(shared->mutex);
            const auto found = shared->entries.find(name);
            if (found != shared->entries.end() && found->second.id == id) shared->entries.erase(found);
          }};
}

void HealthChecker::set(std::string_view name, std::optional<Status> status) {
  MutexLock lock(shared_->mutex);
  const auto found = shared_->entries.find(name);
  if (!status.has_value()) {
    if (found != shared_->entries.end()) shared_->entries.erase(found);
    return;
  }
  if (found == shared_->entries.end()) {
    Entry entry{
        .check = {}, .id = ++shared_->last_id, .component = {std::string(name), *std::move(status), clock_.now()}};
    shared_->entries.emplace(name, std::move(entry));
    return;
  }
  Entry& entry = found->second;
  entry.check = {};
  if (entry.component.status.state != status->state) entry.component.since = clock_.now();
  entry.component.status = *std::move(status);
}

void HealthChecker::set_ready(bool ready, std::string reason) {
  MutexLock lock(shared_->mutex);
  shared_->ready = ready;
  shared_->reason = std::move(reason);
}

void HealthChecker::ask(Entry& entry) const {
  if (!entry.check) return;
  Status status;
  try {
    status = entry.check();
  } catch (const std::exception& error) {
    status = Status::failing(std::string("the check threw: ") + error.what());
  } catch (...) {
    status = Status::failing("the check threw");
  }
  if (status.state != entry.component.status.state) entry.component.since = clock_.now();
  entry.component.status = std::move(status);
}

Report HealthChecker::report(bool ready_by_default) {
  Report report;
  MutexLock lock(shared_->mutex);
  for (auto& [name, entry] : shared_->entries) {
    ask(entry);
    report.components.push_back(entry.component);
    report.state = std::max(report.state, entry.component.status.state);
  }
  report.ready = shared_->ready.value_or(ready_by_default) && report.state < State::kCritical;
  if (report.ready) return report;
  if (shared_->ready.value_or(ready_by_default)) {
    report.reason = "the process is " + std::string(to_string(report.state));
  } else {
    report.reason = shared_->reason.empty() ? "not initialised yet" : shared_->reason;
  }
  return report;
}

std::optional<Component> HealthChecker::component(std::string_view name) {
  MutexLock lock(shared_->mutex);
  const auto found = shared_->entries.find(name);
  if (found == shared_->entries.end()) return std::nullopt;
  ask(found->second);
  return found->second.component;
}

HealthChecker& HealthChecker::global() {
  static auto* const instance = new HealthChecker(Clock::system(), metrics::Registry::global());
  return *instance;
}

}  // namespace vigil::health
