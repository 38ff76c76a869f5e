#include "vigil/errors/sentry_event.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ranges>
#include <utility>

namespace vigil::errors {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSdkVersion = VIGIL_VERSION;
constexpr std::size_t kMaxTagLength = 200;  // longer ones, and those of several lines, are refused

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string_view level(ErrorSeverity severity) {
  return severity == ErrorSeverity::kCritical ? "fatal" : to_string(severity);
}

Json sdk() { return {{"name", "vigil.cpp"}, {"version", kSdkVersion}}; }

void add_tag(Json& tags, const std::string& name, const std::string& value) {
  if (value.empty() || value.size() > kMaxTagLength || value.find('\n') != std::string::npos) return;
  tags[name] = value;
}

// The code of the program itself, not of the system's libraries.
bool in_app(const StackFrame& frame) {
  return !frame.module.empty() && !frame.module.starts_with("/lib") && !frame.module.starts_with("/usr/lib");
}

Json frames_json(const StackTrace& trace) {
  Json frames = Json::array();
  const std::vector<StackFrame> resolved = trace.frames();
  for (const StackFrame& frame : std::views::reverse(resolved)) {  // Sentry has the innermost last
    Json json = {{"instruction_addr", fmt::format("{:#x}", frame.address)}, {"in_app", in_app(frame)}};
    if (!frame.function.empty()) json["function"] = frame.function;
    if (!frame.file.empty()) {
      json["filename"] = frame.file.substr(frame.file.rfind('/') + 1);
      json["abs_path"] = frame.file;
      json["lineno"] = frame.line;
    }
    if (!frame.module.empty()) {
      json["package"] = frame.module;
      json["image_addr"] = fmt::format("{:#x}", frame.module_begin);
    }
    frames.push_back(std::move(json));
  }
  return frames;
}

void append_item(std::string& out, std::string_view type, std::string_view payload) {
  out += fmt::format(R"({{"type":"{}","length":{},"content_type":"application/json"}})", type, payload.size());
  out += '\n';
  out += payload;
  out += '\n';
}

}  // namespace

std::string new_event_id() {
  std::string id = new_operation_id();
  std::erase(id, '-');
  return id;
}

std::string sentry_event_json(const ErrorReport& report, const SentryOrigin& origin, std::string_view event_id) {
  const StructuredError& error = report.error;
  Json event = {{"event_id", event_id},    {"timestamp", format_rfc3339(report.timestamp)},
                {"platform", "native"},    {"level", level(error.severity)},
                {"logger", report.system}, {"environment", origin.environment}};
  if (!origin.release.empty()) event["release"] = origin.release;
  if (!origin.server_name.empty()) event["server_name"] = origin.server_name;
  event["sdk"] = sdk();
  event["fingerprint"] = {report.system, report.fingerprint};

  Json exception = {
      {"type", error.category}, {"value", error.message}, {"mechanism", {{"type", "vigil"}, {"handled", true}}}};
  if (error.stack_trace && !error.stack_trace->is_text()) {
    exception["stacktrace"] = {{"frames", frames_json(*error.stack_trace)}};
  }
  event["exception"] = {{"values", Json::array({std::move(exception)})}};

  Json tags = Json::object();
  for (const auto& [name, value] : origin.tags) add_tag(tags, name, value);
  add_tag(tags, "category", error.category);
  add_tag(tags, "severity", std::string(to_string(error.severity)));
  if (error.context.circuit_id) add_tag(tags, "circuit_id", *error.context.circuit_id);
  if (error.context.proof_type) add_tag(tags, "proof_type", *error.context.proof_type);
  if (error.context.security_level) add_tag(tags, "security_level", std::to_string(*error.context.security_level));
  event["tags"] = std::move(tags);

  Json contexts = Json::object();
  if (error.context != ErrorContext()) contexts["error"] = Json::parse(error.context.to_json());
  if (error.stack_trace && error.stack_trace->is_text()) {
    contexts["stack_trace"] = {{"text", error.stack_trace->to_string()}};
  }
  if (report.repeated > 0) contexts["repetition"] = {{"repeated", report.repeated}};
  if (!contexts.empty()) event["contexts"] = std::move(contexts);
  return dump(event);
}

std::string sentry_envelope(std::string_view event_id, std::string_view event_json, const DiscardedEvents& discarded,
                            Timestamp sent_at) {
  Json header = Json::object();
  if (!event_id.empty()) header["event_id"] = event_id;
  header["sent_at"] = format_rfc3339(sent_at);
  header["sdk"] = sdk();
  std::string out = dump(header) + "\n";
  if (!event_id.empty()) append_item(out, "event", event_json);
  if (!discarded.empty()) {
    Json events = Json::array();
    for (const auto& [reason, quantity] : discarded) {
      events.push_back({{"reason", reason}, {"category", "error"}, {"quantity", quantity}});
    }
    append_item(out, "client_report",
                dump({{"timestamp", format_rfc3339(sent_at)}, {"discarded_events", std::move(events)}}));
  }
  return out;
}

std::string_view sentry_client_name() { return "vigil/" VIGIL_VERSION; }

}  // namespace vigil::errors
