#include "vigil/errors/sentry_rate_limits.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <string>

#include "vigil/base/strings.h"

namespace vigil::errors {
namespace {

constexpr Duration kDefaultSilence = 60 * kSecond;

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Cuts the part up to `separator` off the front.
std::string_view next_part(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return trim(part);
}

std::optional<Duration> parse_seconds(std::string_view text) {
  const std::optional<double> seconds = parse_float(text);
  if (!seconds || !(*seconds >= 0)) return std::nullopt;
  return static_cast<Duration>(
      std::min(std::ceil(*seconds * static_cast<double>(kSecond)), static_cast<double>(kMaxSentrySilence)));
}

std::optional<int> parse_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// IMF-fixdate of RFC 9110: "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<Timestamp> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' || text[16] != ' ' ||
      text[19] != ':' || text[22] != ':' || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const auto* const month = std::ranges::find(kMonths, text.substr(8, 3));
  const auto day = parse_number(text.substr(5, 2));
  const auto year = parse_number(text.substr(12, 4));
  const auto hour = parse_number(text.substr(17, 2));
  const auto minute = parse_number(text.substr(20, 2));
  const auto second = parse_number(text.substr(23, 2));
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const Timestamp days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * kDay + *hour * kHour + *minute * kMinute + *second * kSecond;
}

}  // namespace

SentryRateLimit parse_sentry_rate_limits(std::string_view header) {
  SentryRateLimit limit;
  while (!header.empty()) {
    std::string_view item = next_part(header, ',');
    if (item.empty()) continue;
    const Duration wait = parse_seconds(next_part(item, ':')).value_or(kDefaultSilence);
    std::string_view categories = next_part(item, ':');
    if (categories.empty()) limit.everything = std::max(limit.everything, wait);
    while (!categories.empty()) {
      if (next_part(categories, ';') == "error") limit.errors = std::max(limit.errors, wait);
    }
  }
  return limit;
}

std::optional<Duration> parse_retry_after(std::string_view header, Timestamp now) {
  header = trim(header);
  if (const auto seconds = parse_seconds(header)) return seconds;
  if (const auto date = parse_http_date(header)) {
    return std::clamp<Duration>(*date - now, 0, kMaxSentrySilence);
  }
  return std::nullopt;
}

void SentryRateLimits::update(int status, const net::Headers& headers, Timestamp now) {
  SentryRateLimit limit;
  if (headers.has("X-Sentry-Rate-Limits")) {
    std::string all;  // of a header that comes in several lines
    for (const auto& [name, value] : headers.all()) {
      if (net::Headers one; one.set(name, value), one.has("X-Sentry-Rate-Limits")) all += value + ",";
    }
    limit = parse_sentry_rate_limits(all);
  } else if (status == 429) {
    limit.everything = parse_retry_after(headers.get("Retry-After"), now).value_or(kDefaultSilence);
  }
  if (limit.everything > 0) everything_until_ = std::max(everything_until_, now + limit.everything);
  if (limit.errors > 0) errors_until_ = std::max(errors_until_, now + limit.errors);
}

}  // namespace vigil::errors
