#include "vigil/base/time.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include "vigil/base/strings.h"

namespace vigil {
namespace {

struct Unit {
  std::string_view name;
  Duration length;
};
// In the order in which a duration names them.
constexpr std::array<Unit, 7> kUnits = {
    {{"y", 365 * kDay}, {"w", 7 * kDay}, {"d", kDay}, {"h", kHour}, {"m", kMinute}, {"s", kSecond}, {"ms", 1}}};

std::unexpected<Error> bad_duration(std::string_view text) {
  return fail(ErrorCode::kInvalidArgument, "not a valid duration string: " + go_quote(text));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads exactly `digits` decimal digits.
bool read_number(std::string_view& text, std::size_t digits, int& out) {
  if (text.size() < digits) return false;
  out = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (!is_digit(text[i])) return false;
    out = out * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool read_char(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  if (text == "0") return 0;
  if (text.empty()) return fail(ErrorCode::kInvalidArgument, "empty duration string");
  std::string_view rest = text;
  Duration total = 0;
  std::size_t next_unit = 0;
  while (!rest.empty()) {
    Duration number = 0;
    std::size_t digits = 0;
    while (digits < rest.size() && is_digit(rest[digits])) {
      if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, rest[digits] - '0', &number)) {
        return fail(ErrorCode::kInvalidArgument, "duration out of range");
      }
      ++digits;
    }
    if (digits == 0) return bad_duration(text);
    rest.remove_prefix(digits);
    std::size_t letters = 0;
    while (letters < rest.size() && !is_digit(rest[letters])) ++letters;
    const std::string_view name = rest.substr(0, letters);
    rest.remove_prefix(letters);
    std::size_t unit = next_unit;
    while (unit < kUnits.size() && kUnits[unit].name != name) ++unit;
    if (unit == kUnits.size()) return bad_duration(text);
    next_unit = unit + 1;
    if (__builtin_mul_overflow(number, kUnits[unit].length, &number) || __builtin_add_overflow(total, number, &total)) {
      return fail(ErrorCode::kInvalidArgument, "duration out of range");
    }
  }
  // Prometheus holds durations in nanoseconds.
  if (total > std::numeric_limits<std::int64_t>::max() / 1'000'000) {
    return fail(ErrorCode::kInvalidArgument, "duration out of range");
  }
  return total;
}

std::string format_duration(Duration duration) {
  if (duration == 0) return "0s";
  std::string out = duration < 0 ? "-" : "";
  // Unsigned: the least Duration has no positive twin.
  std::uint64_t left = duration < 0 ? 0 - static_cast<std::uint64_t>(duration) : static_cast<std::uint64_t>(duration);
  // Years and weeks only where nothing is left over, as Prometheus does.
  for (const Unit& unit : kUnits) {
    const auto length = static_cast<std::uint64_t>(unit.length);
    const bool exact_only = unit.name == "y" || unit.name == "w";
    if (left < length || (exact_only && left % length != 0)) continue;
    out += std::to_string(left / length);
    out += unit.name;
    left %= length;
  }
  return out;
}

std::string format_rfc3339(Timestamp time) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::milliseconds> point{std::chrono::milliseconds(time)};
  const auto day = floor<std::chrono::days>(point);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(point - day);
  std::array<char, 64> buffer;
  int length = std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                             static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                             static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                             static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  std::string out(buffer.data(), static_cast<std::size_t>(length));
  if (const auto ms = clock.subseconds().count(); ms != 0) {
    length = std::snprintf(buffer.data(), buffer.size(), ".%03d", static_cast<int>(ms));
    out.append(buffer.data(), static_cast<std::size_t>(length));
    while (out.back() == '0') out.pop_back();
  }
  out += 'Z';
  return out;
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
  const auto bad = [text] { return fail(ErrorCode::kInvalidArgument, "not an RFC 3339 time: " + go_quote(text)); };
  std::string_view rest = text;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!read_number(rest, 4, year) || !read_char(rest, '-') || !read_number(rest, 2, month) || !read_char(rest, '-') ||
      !read_number(rest, 2, day) || !(read_char(rest, 'T') || read_char(rest, 't')) || !read_number(rest, 2, hour) ||
      !read_char(rest, ':') || !read_number(rest, 2, minute) || !read_char(rest, ':') ||
      !read_number(rest, 2, second)) {
    return bad();
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return bad();
  Duration ms = 0;
  if (read_char(rest, '.')) {
    Duration scale = 100;
    std::size_t digits = 0;
    while (!rest.empty() && is_digit(rest.front())) {
      ms += (rest.front() - '0') * scale;
      scale /= 10;
      rest.remove_prefix(1);
      ++digits;
    }
    if (digits == 0 || digits > 9) return bad();
  }
  Duration offset = 0;
  if (!read_char(rest, 'Z') && !read_char(rest, 'z')) {
    const bool negative = !rest.empty() && rest.front() == '-';
    int zone_hour = 0, zone_minute = 0;
    if (!(read_char(rest, '+') || read_char(rest, '-')) || !read_number(rest, 2, zone_hour) || !read_char(rest, ':') ||
        !read_number(rest, 2, zone_minute) || zone_hour > 23 || zone_minute > 59) {
      return bad();
    }
    offset = (zone_hour * kHour + zone_minute * kMinute) * (negative ? -1 : 1);
  }
  if (!rest.empty()) return bad();
  const Duration days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * kDay + hour * kHour + minute * kMinute + second * kSecond + ms - offset;
}

}  // namespace vigil
