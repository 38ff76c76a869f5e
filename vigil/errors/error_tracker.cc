#include "vigil/errors/error_tracker.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "vigil/base/log.h"
#include "vigil/errors/fingerprint.h"

namespace vigil::errors {
namespace {

constexpr std::string_view kRepeated = "repeated";
constexpr std::string_view kRateLimit = "rate_limit";

log::Level level_of(ErrorSeverity severity) {
  switch (severity) {
    case ErrorSeverity::kDebug: return log::Level::kDebug;
    case ErrorSeverity::kInfo: return log::Level::kInfo;
    case ErrorSeverity::kWarning: return log::Level::kWarn;
    case ErrorSeverity::kError:
    case ErrorSeverity::kCritical: return log::Level::kError;
  }
  return log::Level::kError;
}

// Cuts at a character, not inside one. True if it was too long.
bool cut(std::string& text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return false;
  std::size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return true;
}

bool cut(std::optional<std::string>& text, std::size_t max_bytes) { return text && cut(*text, max_bytes); }

Duration steady_ms(const Clock& clock) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock.steady()).count();
}

}  // namespace

void ErrorTracker::Hooks::export_failed(std::string_view sink) {
  MutexLock lock(mutex);
  if (alive && call.export_failed) call.export_failed(sink);
}

ErrorTracker::ErrorTracker(ErrorTrackerOptions options)
    : options_(std::move(options)),
      clock_(options_.clock == nullptr ? Clock::system() : *options_.clock),
      hooks_(std::make_shared<Hooks>()),
      held_back_(options_.registry, "vigil_errors_held_back_total",
                 "Tracked errors that were counted but not written to log and Sentry, because of a limit.",
                 {.closed = {metrics::closed<"reason", "repeated", "rate_limit">}}),
      truncated_(options_.registry, "vigil_errors_truncated_total", "Tracked errors with a text that was cut."),
      evicted_(options_.registry, "vigil_errors_groups_evicted_total", "Kinds of errors forgotten for newer ones."),
      groups_gauge_(options_.registry, "vigil_errors_groups", "Kinds of errors remembered."),
      counts_(options_.categories.size() + 1),
      groups_(std::max<std::size_t>(options_.limits.max_groups, 1), options_.limits.per_group),
      bucket_(options_.limits.all) {
  hooks_->call = options_.hooks;
  groups_gauge_.add(0);
  if (options_.load_symbols_ahead) StackTrace::load_symbols_ahead();
}

ErrorTracker::~ErrorTracker() {
  {
    MutexLock lock(hooks_->mutex);
    hooks_->alive = false;
  }
  MutexLock lock(mutex_);
  groups_gauge_.add(-static_cast<double>(groups_.size()));
}

std::size_t ErrorTracker::category_index(std::string_view category) const {
  return static_cast<std::size_t>(std::ranges::find(options_.categories, category) - options_.categories.begin());
}

std::string_view ErrorTracker::category_label(std::size_t index) const {
  return index < options_.categories.size() ? std::string_view(options_.categories[index]) : kOtherCategory;
}

bool ErrorTracker::trim(StructuredError& error) const {
  const ErrorLimits& limits = options_.limits;
  bool cut_any = cut(error.message, limits.max_message_bytes);
  cut_any |= cut(error.category, limits.max_field_bytes);
  cut_any |= cut(error.group, limits.max_field_bytes);
  ErrorContext& context = error.context;
  cut_any |= cut(context.operation_id, limits.max_field_bytes);
  cut_any |= cut(context.circuit_id, limits.max_field_bytes);
  cut_any |= cut(context.proof_type, limits.max_field_bytes);
  while (context.custom_fields.size() > limits.max_custom_fields) {
    context.custom_fields.erase(std::prev(context.custom_fields.end()));
    cut_any = true;
  }
  for (auto field = context.custom_fields.begin(); field != context.custom_fields.end();) {
    cut_any |= cut(field->second, limits.max_field_bytes);
    if (field->first.size() > limits.max_field_bytes) {  // not a name
      field = context.custom_fields.erase(field);
      cut_any = true;
    } else {
      ++field;
    }
  }
  if (error.stack_trace && error.stack_trace->is_text()) {
    std::string text = error.stack_trace->to_string();
    if (cut(text, limits.max_stack_trace_bytes)) {
      error.stack_trace = StackTrace(std::move(text));
      cut_any = true;
    }
  }
  return cut_any;
}

bool ErrorTracker::admit(std::uint64_t fingerprint, const StructuredError& error, Timestamp when,
                         std::string_view category, std::uint64_t& repeated) {
  const Duration steady = steady_ms(clock_);
  GroupTable::Verdict verdict;
  bool allowed = true;
  {
    MutexLock lock(mutex_);
    const std::size_t before = groups_.size();
    const GroupTable::Seen seen = groups_.add(fingerprint, error, when, steady);
    if (seen.evicted) evicted_.inc();
    if (groups_.size() != before) groups_gauge_.add(1);
    verdict = seen.verdict;
    repeated = seen.unreported;
    if (verdict == GroupTable::Verdict::kReport) {
      allowed = bucket_.take(steady);
      if (!allowed) groups_.not_reported(fingerprint, repeated + 1);
    }
  }
  if (verdict == GroupTable::Verdict::kReport && allowed) return true;
  held_back_count_.fetch_add(1, std::memory_order_relaxed);
  if (allowed) {
    held_back_.with(kRepeated).inc();
    if (hooks_->call.repeated) hooks_->call.repeated(category);
    if (options_.sentry) options_.sentry->discarded("event_processor", 1);
  } else {
    held_back_.with(kRateLimit).inc();
    if (options_.sentry) options_.sentry->discarded("backpressure", 1);
  }
  return false;
}

bool ErrorTracker::write_log(const ErrorReport& report) const {
  const StructuredError& error = report.error;
  const std::string context = error.context.to_json();
  std::vector<log::Field> fields{{"category", error.category},
                                 {"severity", to_string(error.severity)},
                                 {"context", log::Json{context}},
                                 {"fingerprint", report.fingerprint}};
  if (report.repeated > 0) fields.emplace_back("repeated", report.repeated);
  if (error.stack_trace) fields.emplace_back("stack_trace", error.stack_trace->to_string());
  return log::record(level_of(error.severity), report.timestamp, report.system, error.message, fields);
}

void ErrorTracker::track_error(StructuredError error) {
  const std::size_t index = category_index(error.category);
  const std::string_view category = category_label(index);
  counts_[index][static_cast<std::size_t>(error.severity)].fetch_add(1, std::memory_order_relaxed);
  if (hooks_->call.tracked) hooks_->call.tracked(category, error.severity);

  if (trim(error)) truncated_.inc();
  ErrorReport report;
  report.timestamp = error.timestamp.value_or(clock_.now());
  const std::uint64_t key = fingerprint(error);
  if (!admit(key, error, report.timestamp, category, report.repeated)) return;

  report.system = options_.system;
  report.fingerprint = fingerprint_text(key);
  report.error = std::move(error);
  if (!write_log(report)) hooks_->export_failed("log");
  if (options_.sentry) {
    options_.sentry->capture(std::move(report), [hooks = hooks_] { hooks->export_failed("sentry"); });
  }
}

ErrorSummary ErrorTracker::get_summary() const {
  ErrorSummary summary;
  for (std::size_t category = 0; category < counts_.size(); ++category) {
    for (std::size_t severity = 0; severity < kSeverityNames.size(); ++severity) {
      const std::uint64_t count = counts_[category][severity].load(std::memory_order_relaxed);
      if (count == 0) continue;
      summary.total_errors += count;
      summary.by_category[std::string(category_label(category))] += count;
      summary.by_severity[static_cast<ErrorSeverity>(severity)] += count;
    }
  }
  summary.held_back = held_back_count_.load(std::memory_order_relaxed);
  MutexLock lock(mutex_);
  summary.groups = groups_.snapshot();
  return summary;
}

bool ErrorTracker::flush(Duration timeout) { return !options_.sentry || options_.sentry->flush(timeout); }

}  // namespace vigil::errors
