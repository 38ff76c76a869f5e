#include "vigil/promql/eval/calendar.h"

namespace vigil::promql {
namespace {

constexpr std::int64_t kDaySeconds = 86400;

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

bool is_leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int month_days(std::int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

}  // namespace

// The conversion counts in 400-year eras of years that begin in March, so that the
// leap day is the last of its year (H. Hinnant, "chrono-Compatible Low-Level Date
// Algorithms").
CivilTime civil_time(std::int64_t seconds) {
  const std::int64_t days = floor_divide(seconds, kDaySeconds);
  const std::int64_t second_of_day = (seconds % kDaySeconds + kDaySeconds) % kDaySeconds;
  const std::int64_t shifted = days + 719468;  // since 0000-03-01
  const std::int64_t era = floor_divide(shifted, 146097);
  const std::int64_t day_of_era = shifted - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_march_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t march_month = (5 * day_of_march_year + 2) / 153;

  CivilTime time;
  time.day = static_cast<int>(day_of_march_year - (153 * march_month + 2) / 5 + 1);
  time.month = static_cast<int>(march_month < 10 ? march_month + 3 : march_month - 9);
  time.year = year_of_era + era * 400 + (time.month <= 2 ? 1 : 0);
  time.hour = static_cast<int>(second_of_day / 3600);
  time.minute = static_cast<int>(second_of_day / 60 % 60);
  time.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  time.days_in_month = month_days(time.year, time.month);
  time.day_of_year = time.day;
  for (int month = 1; month < time.month; ++month) time.day_of_year += month_days(time.year, month);
  return time;
}

}  // namespace vigil::promql
