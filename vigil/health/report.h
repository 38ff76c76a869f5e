// What is said about the health of a process: states, issues and reports, and
// their JSON form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"

namespace vigil::health {

enum class State : std::uint8_t { kHealthy, kWarning, kCritical, kFailing };
std::string_view to_string(State state);  // "healthy", …

// The answer of one check, or of several taken together.
struct Status {
  State state = State::kHealthy;
  std::vector<std::string> issues = {};  // what is wrong, for people; empty when healthy
  std::size_t checks = 1;                // how many checks stand behind it
  std::size_t healthy_checks = state == State::kHealthy ? checks : 0;

  static Status healthy() { return {}; }
  static Status warning(std::string issue) { return {State::kWarning, {std::move(issue)}}; }
  static Status critical(std::string issue) { return {State::kCritical, {std::move(issue)}}; }
  static Status failing(std::string issue) { return {State::kFailing, {std::move(issue)}}; }
  // The worst state, all issues. Healthy for none.
  static Status all_of(std::span<const Status> parts);

  friend bool operator==(const Status&, const Status&) = default;
};

// 0..1. With h = the share of checks that are healthy: 1 when healthy, 0.5 + 0.25 h at
// worst warning, 0.5 h at worst critical, 0 when failing. So 0.8 and 0.5 separate
// HEALTHY, DEGRADED and CRITICAL on a dashboard.
double score(const Status& status);

struct HealthIssue {
  std::string component;
  std::string message;
  Timestamp since = 0;  // when this message was first given without a break
  friend bool operator==(const HealthIssue&, const HealthIssue&) = default;
};

struct Component {
  std::string name;
  State state = State::kHealthy;
  double score = 1;
  Timestamp since = 0;  // of the state
  std::vector<HealthIssue> issues = {};
  friend bool operator==(const Component&, const Component&) = default;
};

struct Report {
  State state = State::kHealthy;  // the worst component's
  bool ready = false;
  std::string reason = {};                 // why it is not ready
  std::vector<Component> components = {};  // by name
  friend bool operator==(const Report&, const Report&) = default;
};

// {"status":"warning","ready":true,"components":[{"name":"consensus","status":"warning","score":0.5,
//  "since":"2026-01-02T03:04:05Z","issues":[{"message":"2 of 4 peers","since":"2026-01-02T03:04:05Z"}]}]}
std::string to_json(const Report& report);

// Reads what to_json() wrote, for programs that ask /health of others. Unknown members
// are passed over. Errors name the member.
Result<Report> parse_report(std::string_view json);

}  // namespace vigil::health
