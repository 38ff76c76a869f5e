#include "vigil/app/run_recorder.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "vigil/app/operation_recorder.h"

namespace vigil::app {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxLine = 64U << 10;
constexpr std::size_t kMaxNodes = 100;
constexpr metrics::Layout kDurations =
    metrics::buckets<0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 900.0, 3600.0>;

std::string text(const json& object, const char* key, std::string otherwise = "") {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::move(otherwise);
}

std::optional<std::uint64_t> count(const json& object, std::initializer_list<const char*> keys) {
  for (const char* const key : keys) {
    const auto found = object.find(key);
    if (found != object.end() && found->is_number_unsigned()) return found->get<std::uint64_t>();
  }
  return std::nullopt;
}

std::vector<int> numbers(const json& object, const char* key) {
  std::vector<int> out;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array() || found->size() > kMaxNodes) return out;
  for (const json& number : *found) {
    if (number.is_number_unsigned() && number.get<std::uint64_t>() <= 1'000'000) out.push_back(number.get<int>());
  }
  return out;
}

// Absent: not an observation.
std::optional<Observation> parse_observation(const json& object, const RunSettings& settings) {
  if (!object.is_object()) return std::nullopt;
  Observation seen;
  seen.op = text(object, "op");
  const auto duration = object.find("seconds");
  if (seen.op.empty() || duration == object.end() || !duration->is_number()) return std::nullopt;
  seen.seconds = duration->get<double>();
  if (!(seen.seconds >= 0)) return std::nullopt;
  const auto ok = object.find("ok");
  seen.success = (ok == object.end() || ok->is_null() || (ok->is_boolean() && ok->get<bool>())) &&
                 text(object, "result", "success") == "success";
  seen.proof_type = text(object, "proof_type", settings.proof_type);
  seen.protocol = text(object, "protocol", settings.protocol);
  seen.proof_bytes = count(object, {"proof_bytes", "proof_json_bytes"});
  seen.constraints = count(object, {"constraints"});
  seen.memory_bytes = count(object, {"memory_bytes", "rss_bytes"});
  seen.violation = text(object, "violation");
  seen.message = text(object, "error", text(object, "err"));
  seen.nodes = numbers(object, "nodes");
  seen.culprits = numbers(object, "culprits");
  return seen;
}

}  // namespace

Result<std::unique_ptr<RunRecorder>> RunRecorder::make(metrics::Registry& registry, RunSettings settings) {
  const auto list = [](std::span<const std::string_view> values) {
    std::string out;
    for (const std::string_view value : values) out += (out.empty() ? "" : ", ") + std::string(value);
    return out;
  };
  const auto known_systems = systems();
  if (!settings.system.empty() && std::ranges::find(known_systems, settings.system) == known_systems.end()) {
    return fail(ErrorCode::kInvalidArgument,
                "--system " + settings.system + ": expected one of " + list(known_systems));
  }
  const auto known = operations(settings.system);
  if (!known.empty() && !settings.operation.empty() && std::ranges::find(known, settings.operation) == known.end()) {
    return fail(ErrorCode::kInvalidArgument,
                "--operation " + settings.operation + ": " + settings.system + " has " + list(known));
  }
  VIGIL_TRY(auto recorder, make_operation_recorder(registry, settings));
  std::unique_ptr<RunRecorder> made(new RunRecorder(registry, std::move(settings)));
  made->operations_ = std::move(recorder);
  return made;
}

RunRecorder::RunRecorder(metrics::Registry& registry, RunSettings settings)
    : settings_(std::move(settings)),
      name_(settings_.operation.empty() ? settings_.program : settings_.operation),
      finished_(registry, "vigil_run_finished_total", "Programs that ended; success is exit code 0."),
      duration_(registry, "vigil_run_duration_seconds", "Wall time of the program.", kDurations),
      cpu_(registry, "vigil_run_cpu_seconds_total", "CPU time of the program and the children it waited for."),
      memory_(registry, "vigil_run_peak_memory_bytes",
              "Largest resident memory of the program or one of its children."),
      exit_code_(registry, "vigil_run_exit_code", "How the program ended; 128 and the signal's number if killed."),
      output_(registry, "vigil_run_output_bytes", "Size of the files that the program was to write."),
      running_(registry, "vigil_run_running", "1 while the program runs."),
      finish_time_(registry, "vigil_run_finish_timestamp_seconds", "When the program ended, Unix time."),
      observations_(registry, "vigil_run_observations_total",
                    "Lines of output that are JSON objects: recorded, unknown (no operation of the system), invalid.") {
  for (const char* const result : {"success", "failure"}) finished_.prepare(name_, result);
  duration_.prepare(name_);
}

RunRecorder::~RunRecorder() = default;

void RunRecorder::started() {
  running_.with(name_).set(1);
  if (operations_ != nullptr) operations_->started(settings_.operation);
}

void RunRecorder::finished(const ProgramEnd& end, std::optional<std::uint64_t> output_bytes, Timestamp at) {
  const bool success = end.exit_code == 0;
  running_.with(name_).set(0);
  finished_.with(name_, success ? "success" : "failure").inc();
  duration_.with(name_).observe(end.wall_seconds);
  cpu_.with("user", name_).inc(end.user_seconds);
  cpu_.with("system", name_).inc(end.system_seconds);
  memory_.with(name_).set(static_cast<double>(end.peak_memory_bytes));
  exit_code_.with(name_).set(end.exit_code);
  if (output_bytes) output_.with(name_).set(static_cast<double>(*output_bytes));
  finish_time_.with(name_).set(static_cast<double>(at) / kSecond);
  if (operations_ == nullptr) return;
  operations_->ended();
  if (observing_ || settings_.operation.empty()) return;
  Observation seen;
  seen.op = settings_.operation;
  seen.seconds = end.wall_seconds;
  seen.success = success;
  seen.crashed = end.exit_code > 1;
  seen.proof_type = settings_.proof_type;
  seen.protocol = settings_.protocol;
  seen.proof_bytes = output_bytes;
  seen.constraints = settings_.constraints;
  seen.memory_bytes = end.peak_memory_bytes;
  seen.message = "exit code " + std::to_string(end.exit_code);
  // make() has checked every value that could be refused.
  static_cast<void>(operations_->record(seen));
}

void RunRecorder::observe(std::string_view output) {
  observing_ = true;
  while (!output.empty()) {
    const std::size_t end = output.find('\n');
    const std::string_view part = output.substr(0, end);
    if (!skipping_ && rest_.size() + part.size() > kMaxLine) {
      skipping_ = true;
      rest_.clear();
    }
    if (!skipping_) rest_ += part;
    if (end == std::string_view::npos) return;
    if (!skipping_) line(rest_);
    skipping_ = false;
    rest_.clear();
    output.remove_prefix(end + 1);
  }
}

void RunRecorder::end_of_output() {
  observing_ = true;
  if (!skipping_) line(rest_);
  rest_.clear();
}

void RunRecorder::line(std::string_view text) {
  if (operations_ == nullptr || !text.starts_with('{')) return;
  const auto seen = parse_observation(json::parse(text, nullptr, false), settings_);
  const auto recorded = seen ? operations_->record(*seen) : Result<bool>(fail(ErrorCode::kInvalidArgument, ""));
  observations_.with(!recorded ? "invalid" : *recorded ? "recorded" : "unknown").inc();
}

}  // namespace vigil::app
