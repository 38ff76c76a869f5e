#include "vigil/api/parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "vigil/api/answer.h"
#include "vigil/base/strings.h"
#include "vigil/promql/parser.h"

namespace vigil::api {
namespace {

// Far enough for anyone, and safe to add durations to.
constexpr double kMaxSeconds = 9e15 / 1000;
constexpr Timestamp kFarPast = std::numeric_limits<std::int64_t>::min() / 1000;
constexpr Timestamp kFarFuture = std::numeric_limits<std::int64_t>::max() / 1000;
// Go's smallest and largest time.Time in milliseconds, as Prometheus and promtool print them.
constexpr std::string_view kMinTimeText = "-292273086-05-16T16:47:06Z";
constexpr std::string_view kMaxTimeText = "292277025-08-18T07:12:54.999999999Z";

std::optional<Timestamp> seconds_to_ms(std::string_view text) {
  const std::optional<double> seconds = parse_float(text);
  if (!seconds || !(std::abs(*seconds) <= kMaxSeconds)) return std::nullopt;
  return static_cast<Timestamp>(std::llround(*seconds * 1000));
}

void append_utf8(std::string& out, std::uint32_t rune) {
  if (rune < 0x80) {
    out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    out += static_cast<char>(0xC0 | (rune >> 6));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  } else if (rune < 0x10000) {
    out += static_cast<char>(0xE0 | (rune >> 12));
    out += static_cast<char>(0x80 | ((rune >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (rune >> 18));
    out += static_cast<char>(0x80 | ((rune >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((rune >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  }
}

}  // namespace

Result<Timestamp> parse_time(std::string_view text) {
  if (const auto ms = seconds_to_ms(text)) return *ms;
  if (const auto parsed = parse_rfc3339(text)) return *parsed;
  if (text == kMinTimeText) return kFarPast;
  if (text == kMaxTimeText || text == "+" + std::string(kMaxTimeText)) return kFarFuture;
  return fail(ErrorCode::kInvalidArgument, "cannot parse " + go_quote(text) + " to a valid timestamp");
}

Result<Duration> parse_api_duration(std::string_view text) {
  if (const auto seconds = parse_float(text)) {
    // Go's time.Duration is nanoseconds in 64 bits.
    if (!(std::abs(*seconds) < 9.2e9)) {
      return fail(ErrorCode::kInvalidArgument,
                  "cannot parse " + go_quote(text) + " to a valid duration. It overflows int64");
    }
    return static_cast<Duration>(*seconds * 1000);
  }
  if (auto parsed = parse_duration(text)) return *parsed;
  return fail(ErrorCode::kInvalidArgument, "cannot parse " + go_quote(text) + " to a valid duration");
}

Result<Timestamp> time_parameter(const net::Params& params, std::string_view name, Timestamp fallback) {
  const std::string_view text = params.get(name);
  if (text.empty()) return fallback;
  auto parsed = parse_time(text);
  if (!parsed) return std::unexpected(invalid_parameter(name, parsed.error().message()));
  return *parsed;
}

Result<Duration> duration_parameter(const net::Params& params, std::string_view name, Duration fallback) {
  const std::string_view text = params.get(name);
  if (text.empty()) return fallback;
  auto parsed = parse_api_duration(text);
  if (!parsed) return std::unexpected(invalid_parameter(name, parsed.error().message()));
  return *parsed;
}

Result<std::size_t> limit_parameter(const net::Params& params, std::string_view name) {
  const std::string_view text = params.get(name);
  if (text.empty()) return std::size_t{0};
  std::int64_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::unexpected(invalid_parameter(name, "cannot parse " + go_quote(text) + " to a number"));
  }
  if (limit < 0) return std::unexpected(invalid_parameter(name, "limit must be non-negative"));
  return static_cast<std::size_t>(limit);
}

Result<MatcherSets> match_parameters(const net::Params& params) {
  MatcherSets sets;
  for (const std::string_view text : params.all("match[]")) {
    auto matchers = promql::parse_selector(text);
    if (!matchers) return std::unexpected(invalid_parameter("match[]", matchers.error().message()));
    if (std::all_of(matchers->begin(), matchers->end(), [](const Matcher& m) { return m.matches_empty(); })) {
      return std::unexpected(invalid_parameter("match[]", "match[] must contain at least one non-empty matcher"));
    }
    sets.push_back(*std::move(matchers));
  }
  return sets;
}

Result<TimeRange> range_parameters(const net::Params& params) {
  VIGIL_TRY(const Timestamp start, time_parameter(params, "start", kFarPast));
  VIGIL_TRY(const Timestamp end, time_parameter(params, "end", kFarFuture));
  if (end < start) return std::unexpected(invalid_parameter("end", "end timestamp must not be before start time"));
  return TimeRange{start, end};
}

std::string unescape_name(std::string_view name) {
  constexpr std::string_view kPrefix = "U__";
  if (!name.starts_with(kPrefix)) return std::string(name);
  std::string out;
  for (std::size_t i = kPrefix.size(); i < name.size(); ++i) {
    if (name[i] != '_') {
      out += name[i];
      continue;
    }
    if (i + 1 < name.size() && name[i + 1] == '_') {  // "__" is "_"
      out += '_';
      ++i;
      continue;
    }
    const std::size_t end = name.find('_', i + 1);
    if (end == std::string_view::npos) return std::string(name);
    std::uint32_t rune = 0;
    const auto [stop, error] = std::from_chars(name.data() + i + 1, name.data() + end, rune, 16);
    if (error != std::errc() || stop != name.data() + end || rune > 0x10FFFF) return std::string(name);
    append_utf8(out, rune);
    i = end;
  }
  return is_valid_utf8(out) ? out : std::string(name);
}

}  // namespace vigil::api
