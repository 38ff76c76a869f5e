#include "vigil/promql/eval/context.h"

#include <fmt/format.h>
#include <algorithm>

#include "vigil/base/strings.h"
#include "vigil/promql/eval/numbers.h"
#include "vigil/promql/parser.h"

namespace vigil::promql {
namespace {

// Values between two looks at the clock: well below a millisecond of work.
constexpr std::int64_t kWorkBetweenLooks = 1 << 15;

std::unexpected<Error> too_many_samples() {
  return fail(ErrorCode::kLimitExceeded, "query processing would load too many samples into memory in query execution");
}

}  // namespace

Result<void> QueryContext::check_steps(std::size_t steps) const {
  if (steps > options_.max_samples) return too_many_samples();
  return {};
}

Result<void> QueryContext::charge(std::uint64_t samples, std::uint64_t bytes) {
  const std::uint64_t now_samples = counters_.samples.fetch_add(samples, std::memory_order_relaxed) + samples;
  const std::uint64_t now_bytes = counters_.bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (now_samples > options_.max_samples) {
    release(samples, bytes);
    return too_many_samples();
  }
  if (now_bytes > options_.max_bytes) {
    release(samples, bytes);
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("query needs more than its {} of memory: select fewer series, a shorter range or a larger "
                            "step",
                            human_bytes(static_cast<double>(options_.max_bytes))));
  }
  peak_samples_ = std::max(peak_samples_, now_samples);
  peak_bytes_ = std::max(peak_bytes_, now_bytes);
  return {};
}

void QueryContext::release(std::uint64_t samples, std::uint64_t bytes) {
  counters_.samples.fetch_sub(samples, std::memory_order_relaxed);
  counters_.bytes.fetch_sub(bytes, std::memory_order_relaxed);
}

Result<void> QueryContext::look_up() {
  budget_ = kWorkBetweenLooks;
  if (stop.stop_requested()) return fail(ErrorCode::kCancelled, "query was canceled in expression evaluation");
  if (counters_.killed.load(std::memory_order_relaxed)) {
    return fail(ErrorCode::kCancelled, "query was killed in expression evaluation");
  }
  if (clock_.steady() > deadline) return fail(ErrorCode::kTimeout, "query timed out in expression evaluation");
  return {};
}

void QueryContext::warn(std::string message, const Position& position) {
  warnings_.insert_or_assign(std::move(message), position);
}

void QueryContext::info(std::string message, const Position& position) {
  infos_.insert_or_assign(std::move(message), position);
}

void QueryContext::forced_monotonicity(std::string_view metric, const Position& position, Timestamp at,
                                       double min_bucket, double max_bucket, double max_difference) {
  std::string message =
      "input to histogram_quantile needed to be fixed for monotonicity (see "
      "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)";
  if (!metric.empty()) message += " for metric name " + go_quote(metric);
  const auto [entry, inserted] = forced_.try_emplace(std::move(message));
  Forced& forced = entry->second;
  if (inserted) {
    forced = Forced{position, min_bucket, max_bucket, max_difference, 1, at, at};
    return;
  }
  forced.min_bucket = std::min(forced.min_bucket, min_bucket);
  forced.max_bucket = std::max(forced.max_bucket, max_bucket);
  forced.max_difference = std::max(forced.max_difference, max_difference);
  forced.first = std::min(forced.first, at);
  forced.last = std::max(forced.last, at);
  ++forced.count;
}

std::string QueryContext::place(const Position& position) const {
  if (text.empty()) return {};
  const LineColumn found = line_column(text, position.start);
  return fmt::format(" ({}:{})", found.line, found.column);
}

Annotations QueryContext::annotations() const {
  Annotations result;
  for (const auto& [message, position] : warnings_) {
    result.warnings.push_back("PromQL warning: " + message + place(position));
  }
  for (const auto& [message, position] : infos_) {
    result.infos.push_back("PromQL info: " + message + place(position));
  }
  for (const auto& [message, forced] : forced_) {
    // Times without a fraction, as Prometheus prints them here.
    const auto seconds = [](Timestamp time) { return format_rfc3339(time - ((time % 1000) + 1000) % 1000); };
    result.infos.push_back(fmt::format(
        "PromQL info: {}, from buckets {} to {}, with a max diff of {}, over {} samples from {} to {}{}", message,
        format_g(forced.min_bucket), format_g(forced.max_bucket), format_g(forced.max_difference, 2), forced.count,
        seconds(forced.first), seconds(forced.last), place(forced.position)));
  }
  return result;
}

void QueryContext::fill_stats(QueryStats& stats) const {
  stats.samples_read = samples_read_;
  stats.peak_samples = peak_samples_;
  stats.peak_bytes = peak_bytes_;
}

}  // namespace vigil::promql
