// Parts of a UTC date and time from seconds since the epoch.
#pragma once

#include <cstdint>

namespace vigil::promql {

struct CivilTime {
  std::int64_t year = 1970;
  int month = 1;  // 1..12
  int day = 1;    // 1..31
  int hour = 0;
  int minute = 0;
  int weekday = 4;      // 0 = Sunday
  int day_of_year = 1;  // 1..366
  int days_in_month = 31;
};

// Proleptic Gregorian calendar, any int64.
CivilTime civil_time(std::int64_t seconds);

}  // namespace vigil::promql
