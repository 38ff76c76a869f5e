#include "vigil/template/time_value.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

namespace vigil::templates {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};

struct Civil {
  std::int64_t year;
  int month, day, hour, minute, second, millisecond, weekday, year_day;
};

Civil civil(Timestamp time) {
  // Proleptic Gregorian calendar from a day number (H. Hinnant, "chrono-compatible low-level date algorithms").
  std::int64_t days = time / kDay;
  std::int64_t rest = time % kDay;
  if (rest < 0) {
    rest += kDay;
    --days;
  }
  const std::int64_t z = days + 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int64_t doe = z - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  Civil out{};
  out.day = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
  out.month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  out.year = yoe + era * 400 + (out.month <= 2 ? 1 : 0);
  out.hour = static_cast<int>(rest / kHour);
  out.minute = static_cast<int>(rest / kMinute % 60);
  out.second = static_cast<int>(rest / kSecond % 60);
  out.millisecond = static_cast<int>(rest % kSecond);
  out.weekday = static_cast<int>(((days % 7) + 11) % 7);
  const bool leap = (out.year % 4 == 0 && out.year % 100 != 0) || out.year % 400 == 0;
  constexpr std::array<int, 12> kBefore = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  out.year_day = kBefore[static_cast<std::size_t>(out.month - 1)] + out.day + (leap && out.month > 2 ? 1 : 0);
  return out;
}

std::string_view month_name(const Civil& at) { return kMonths[static_cast<std::size_t>(at.month - 1)]; }
std::string_view day_name(const Civil& at) { return kDays[static_cast<std::size_t>(at.weekday)]; }

std::unexpected<Error> wrong_args(std::string_view name, std::size_t want, std::size_t got) {
  return fail(ErrorCode::kExecution, fmt::format("wrong number of args for {}: want {} got {}", name, want, got));
}

class DurationObject final : public Object {
 public:
  explicit DurationObject(std::int64_t nanoseconds) : nanoseconds_(nanoseconds) {}
  std::string type() const override { return "*time.Duration"; }
  std::string to_string() const override { return format_go_duration(nanoseconds_); }
  std::int64_t nanoseconds() const { return nanoseconds_; }

  Result<Value> call(std::string_view method, std::span<const Value> args) const override {
    Value out;
    const auto count = static_cast<double>(nanoseconds_);
    if (method == "Hours")
      out = count / 3.6e12;
    else if (method == "Minutes")
      out = count / 6e10;
    else if (method == "Seconds")
      out = count / 1e9;
    else if (method == "Milliseconds")
      out = nanoseconds_ / 1'000'000;
    else if (method == "Microseconds")
      out = nanoseconds_ / 1'000;
    else if (method == "Nanoseconds")
      out = nanoseconds_;
    else if (method == "String")
      out = to_string();
    else
      return fail(ErrorCode::kNotFound, "no such method");
    if (!args.empty()) return wrong_args(method, 0, args.size());
    return out;
  }

 private:
  std::int64_t nanoseconds_;
};

class TimeObject final : public Object {
 public:
  explicit TimeObject(Timestamp time) : time_(time) {}
  std::string type() const override { return "*time.Time"; }
  std::string to_string() const override { return format_go_time(time_, "2006-01-02 15:04:05.999999999 -0700 MST"); }

  Result<Value> call(std::string_view method, std::span<const Value> args) const override {
    if (method == "Format") {
      if (args.size() != 1) return wrong_args(method, 1, args.size());
      if (args[0].kind() != Value::Kind::kString) {
        return fail(ErrorCode::kExecution, fmt::format("expected string; got {}", args[0].type()));
      }
      return format_go_time(time_, args[0].as_string());
    }
    if (method == "Sub" || method == "Before" || method == "After" || method == "Equal") return with_time(method, args);
    if (method == "Add") return with_duration(method, args);
    const Civil at = civil(time_);
    Value out;
    if (method == "Year")
      out = at.year;
    else if (method == "Month")
      out = month_name(at);
    else if (method == "Day")
      out = at.day;
    else if (method == "Hour")
      out = at.hour;
    else if (method == "Minute")
      out = at.minute;
    else if (method == "Second")
      out = at.second;
    else if (method == "Nanosecond")
      out = at.millisecond * 1'000'000;
    else if (method == "Weekday")
      out = day_name(at);
    else if (method == "YearDay")
      out = at.year_day;
    else if (method == "Unix")
      out = (time_ - at.millisecond) / 1000;
    else if (method == "UnixMilli")
      out = time_;
    else if (method == "UnixNano")
      out = static_cast<std::int64_t>(static_cast<std::uint64_t>(time_) * 1'000'000U);
    else if (method == "String")
      out = to_string();
    else if (method == "UTC" || method == "Local")
      out = time_value(time_);
    else if (method == "IsZero")
      out = false;
    else
      return fail(ErrorCode::kNotFound, "no such method");
    if (!args.empty()) return wrong_args(method, 0, args.size());
    return out;
  }

 private:
  Result<Value> with_time(std::string_view method, std::span<const Value> args) const {
    if (args.size() != 1) return wrong_args(method, 1, args.size());
    const auto* other =
        args[0].kind() == Value::Kind::kObject ? dynamic_cast<const TimeObject*>(&args[0].as_object()) : nullptr;
    if (other == nullptr) return fail(ErrorCode::kExecution, fmt::format("expected time.Time; got {}", args[0].type()));
    if (method == "Before") return time_ < other->time_;
    if (method == "After") return time_ > other->time_;
    if (method == "Equal") return time_ == other->time_;
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(time_, other->time_, &difference) ||
        __builtin_mul_overflow(difference, 1'000'000, &difference)) {
      difference = time_ > other->time_ ? INT64_MAX : INT64_MIN;
    }
    return duration_value(difference);
  }

  Result<Value> with_duration(std::string_view method, std::span<const Value> args) const {
    if (args.size() != 1) return wrong_args(method, 1, args.size());
    const auto* duration =
        args[0].kind() == Value::Kind::kObject ? dynamic_cast<const DurationObject*>(&args[0].as_object()) : nullptr;
    if (duration == nullptr) {
      return fail(ErrorCode::kExecution, fmt::format("expected time.Duration; got {}", args[0].type()));
    }
    return time_value(time_ + duration->nanoseconds() / 1'000'000);
  }

  Timestamp time_;
};

}  // namespace

Value time_value(Timestamp time) { return std::shared_ptr<const Object>(std::make_shared<TimeObject>(time)); }
Value duration_value(std::int64_t nanoseconds) {
  return std::shared_ptr<const Object>(std::make_shared<DurationObject>(nanoseconds));
}

std::string format_go_duration(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  const bool negative = nanoseconds < 0;
  const std::uint64_t total =
      negative ? 0 - static_cast<std::uint64_t>(nanoseconds) : static_cast<std::uint64_t>(nanoseconds);
  const auto fraction = [](std::uint64_t value, std::uint64_t unit) {
    std::string text = std::to_string(value / unit);
    if (std::uint64_t rest = value % unit; rest != 0) {
      text += '.';
      while (rest != 0) {
        rest *= 10;
        text += static_cast<char>('0' + rest / unit);
        rest %= unit;
      }
    }
    return text;
  };
  std::string out = negative ? "-" : "";
  if (total < 1'000) return out + std::to_string(total) + "ns";
  if (total < 1'000'000) return out + fraction(total, 1'000) + "µs";
  if (total < 1'000'000'000) return out + fraction(total, 1'000'000) + "ms";
  const std::uint64_t minutes = total / 60'000'000'000ULL;
  const std::uint64_t rest = total % 60'000'000'000ULL;
  if (minutes >= 60) out += std::to_string(minutes / 60) + "h";
  if (minutes > 0) out += std::to_string(minutes % 60) + "m";
  return out + fraction(rest, 1'000'000'000) + "s";
}

std::string format_go_time(Timestamp time, std::string_view layout) {
  const Civil at = civil(time);
  const int hour12 = at.hour % 12 == 0 ? 12 : at.hour % 12;
  std::string out;
  // The reference time of Go's layouts, longest token first where one starts another.
  struct Token {
    std::string_view text;
    std::string value;
  };
  const Token tokens[] = {
      {"January", std::string(month_name(at))},
      {"Jan", std::string(month_name(at).substr(0, 3))},
      {"Monday", std::string(day_name(at))},
      {"Mon", std::string(day_name(at).substr(0, 3))},
      {"MST", "UTC"},
      {"2006", fmt::format("{:04}", at.year)},
      {"-07:00", "+00:00"},
      {"-0700", "+0000"},
      {"-07", "+00"},
      {"Z07:00", "Z"},
      {"Z0700", "Z"},
      {"002", fmt::format("{:03}", at.year_day)},
      {"01", fmt::format("{:02}", at.month)},
      {"02", fmt::format("{:02}", at.day)},
      {"03", fmt::format("{:02}", hour12)},
      {"04", fmt::format("{:02}", at.minute)},
      {"05", fmt::format("{:02}", at.second)},
      {"06", fmt::format("{:02}", at.year % 100)},
      {"15", fmt::format("{:02}", at.hour)},
      {"_2", fmt::format("{:2}", at.day)},
      {"PM", at.hour >= 12 ? "PM" : "AM"},
      {"pm", at.hour >= 12 ? "pm" : "am"},
      {"1", std::to_string(at.month)},
      {"2", std::to_string(at.day)},
      {"3", std::to_string(hour12)},
      {"4", std::to_string(at.minute)},
      {"5", std::to_string(at.second)},
  };
  while (!layout.empty()) {
    // ".000" keeps trailing zeros, ".999" drops them.
    if (layout.size() > 1 && (layout[0] == '.' || layout[0] == ',') && (layout[1] == '0' || layout[1] == '9')) {
      const char digit = layout[1];
      std::size_t digits = 0;
      while (digits + 1 < layout.size() && layout[digits + 1] == digit) ++digits;
      const bool number_goes_on = digits + 1 < layout.size() && layout[digits + 1] >= '0' && layout[digits + 1] <= '9';
      if (!number_goes_on) {
        std::string fraction = fmt::format("{:03}", at.millisecond);
        fraction.resize(digits, '0');
        if (digit == '9') {
          while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
        }
        if (!fraction.empty()) out += layout[0] + fraction;
        layout.remove_prefix(digits + 1);
        continue;
      }
    }
    bool found = false;
    for (const Token& token : tokens) {
      if (layout.starts_with(token.text)) {
        out += token.value;
        layout.remove_prefix(token.text.size());
        found = true;
        break;
      }
    }
    if (!found) {
      out += layout.front();
      layout.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace vigil::templates
