#include "vigil/health/report.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "vigil/base/strings.h"

namespace vigil::health {
namespace {

constexpr std::array<std::string_view, 4> kStateNames{"healthy", "warning", "critical", "failing"};

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += name;
  out += "\":\"";
  append_json_string(out, text);
  out += '"';
}

Error bad(std::string_view path, std::string_view expected) {
  return {ErrorCode::kInvalidArgument, "health report: " + std::string(path) + ": expected " + std::string(expected)};
}

using Json = nlohmann::json;

const Json* find(const Json& object, const char* member) {
  const auto found = object.is_object() ? object.find(member) : object.end();
  return found == object.end() ? nullptr : &*found;
}

Result<std::string> text(const Json& object, const char* member, const std::string& path) {
  const Json* const value = find(object, member);
  if (value == nullptr || !value->is_string()) return std::unexpected(bad(path + member, "a string"));
  return value->get<std::string>();
}

Result<State> state(const Json& object, const std::string& path) {
  VIGIL_TRY(const std::string name, text(object, "status", path));
  const auto found = std::ranges::find(kStateNames, name);
  if (found == kStateNames.end()) {
    return std::unexpected(bad(path + "status", "healthy, warning, critical or failing"));
  }
  return static_cast<State>(found - kStateNames.begin());
}

Result<Timestamp> time(const Json& object, const std::string& path) {
  VIGIL_TRY(const std::string written, text(object, "since", path));
  const Result<Timestamp> parsed = parse_rfc3339(written);
  if (!parsed) return std::unexpected(bad(path + "since", "a time, " + parsed.error().message()));
  return *parsed;
}

Result<const Json*> list(const Json& object, const char* member, const std::string& path) {
  const Json* const value = find(object, member);
  if (value == nullptr || !value->is_array()) return std::unexpected(bad(path + member, "a list"));
  return value;
}

Result<Component> component(const Json& json, const std::string& path) {
  Component out;
  VIGIL_TRY(out.name, text(json, "name", path));
  VIGIL_TRY(out.state, state(json, path));
  VIGIL_TRY(out.since, time(json, path));
  const Json* const score = find(json, "score");
  if (score == nullptr || !score->is_number()) return std::unexpected(bad(path + "score", "a number"));
  out.score = score->get<double>();
  VIGIL_TRY(const Json* const issues, list(json, "issues", path));
  for (std::size_t i = 0; i < issues->size(); ++i) {
    const std::string at = path + "issues[" + std::to_string(i) + "].";
    HealthIssue issue{.component = out.name, .message = {}};
    VIGIL_TRY(issue.message, text((*issues)[i], "message", at));
    VIGIL_TRY(issue.since, time((*issues)[i], at));
    out.issues.push_back(std::move(issue));
  }
  return out;
}

}  // namespace

std::string_view to_string(State state) { return kStateNames[static_cast<std::size_t>(state)]; }

Status Status::all_of(std::span<const Status> parts) {
  Status all{.checks = 0};
  for (const Status& part : parts) {
    all.state = std::max(all.state, part.state);
    all.issues.insert(all.issues.end(), part.issues.begin(), part.issues.end());
    all.checks += part.checks;
    all.healthy_checks += part.healthy_checks;
  }
  return all;
}

double score(const Status& status) {
  const double healthy =
      status.checks == 0 ? 0 : static_cast<double>(status.healthy_checks) / static_cast<double>(status.checks);
  switch (status.state) {
    case State::kHealthy: return 1;
    case State::kWarning: return 0.5 + 0.25 * healthy;
    case State::kCritical: return 0.5 * healthy;
    case State::kFailing: return 0;
  }
  return 0;
}

std::string to_json(const Report& report) {
  std::string out = "{";
  append_member(out, "status", to_string(report.state));
  out += report.ready ? ",\"ready\":true" : ",\"ready\":false";
  if (!report.ready) append_member(out, "reason", report.reason);
  out += ",\"components\":[";
  for (const Component& component : report.components) {
    if (out.back() != '[') out += ',';
    out += '{';
    append_member(out, "name", component.name);
    append_member(out, "status", to_string(component.state));
    out += ",\"score\":";
    append_float(out, component.score);
    append_member(out, "since", format_rfc3339(component.since));
    out += ",\"issues\":[";
    for (const HealthIssue& issue : component.issues) {
      if (out.back() != '[') out += ',';
      out += '{';
      append_member(out, "message", issue.message);
      append_member(out, "since", format_rfc3339(issue.since));
      out += '}';
    }
    out += "]}";
  }
  out += "]}\n";
  return out;
}

Result<Report> parse_report(std::string_view json) {
  const Json root = Json::parse(json, nullptr, false);
  if (root.is_discarded()) return fail(ErrorCode::kInvalidArgument, "health report: not JSON");
  Report report;
  VIGIL_TRY(report.state, state(root, ""));
  const Json* const ready = find(root, "ready");
  if (ready == nullptr || !ready->is_boolean()) return std::unexpected(bad("ready", "true or false"));
  report.ready = ready->get<bool>();
  if (!report.ready) {
    VIGIL_TRY(report.reason, text(root, "reason", ""));
  }
  VIGIL_TRY(const Json* const components, list(root, "components", ""));
  for (std::size_t i = 0; i < components->size(); ++i) {
    VIGIL_TRY(Component one, component((*components)[i], "components[" + std::to_string(i) + "]."));
    report.components.push_back(std::move(one));
  }
  return report;
}

}  // namespace vigil::health
