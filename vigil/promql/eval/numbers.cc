#include "vigil/promql/eval/numbers.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>

namespace vigil::promql {
namespace {

// NaN below everything.
bool value_less(double a, double b) { return std::isnan(a) ? !std::isnan(b) : a < b; }

std::string special(double value) { return std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"; }

}  // namespace

double mean(std::span<const double> values) {
  double sum = 0;
  double compensation = 0;
  std::size_t i = 0;
  for (; i < values.size(); ++i) {
    double next = sum;
    double next_compensation = compensation;
    if (i == 0) {
      next = values[0];  // an infinite first value is kept as the sum
    } else {
      kahan_add(values[i], next, next_compensation);
      if (std::isinf(next)) break;
    }
    sum = next;
    compensation = next_compensation;
  }
  if (i == values.size()) {
    const auto count = static_cast<double>(i);
    return sum / count + compensation / count;
  }
  double average = sum / static_cast<double>(i);
  compensation /= static_cast<double>(i);
  for (; i < values.size(); ++i) {
    const auto count = static_cast<double>(i + 1);
    const double weight = (count - 1) / count;
    average *= weight;
    compensation *= weight;
    kahan_add(values[i] / count, average, compensation);
  }
  return average + compensation;
}

double quantile(double phi, std::span<double> values) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (values.empty() || std::isnan(phi)) return std::numeric_limits<double>::quiet_NaN();
  if (phi < 0) return -kInfinity;
  if (phi > 1) return kInfinity;
  const auto n = static_cast<double>(values.size());
  const double rank = phi * (n - 1);
  const double lower = std::max(0.0, std::floor(rank));
  const double upper = std::min(n - 1, lower + 1);
  const auto low = values.begin() + static_cast<std::ptrdiff_t>(lower);
  std::nth_element(values.begin(), low, values.end(), value_less);
  const double low_value = *low;
  const double high_value = upper > lower ? *std::min_element(low + 1, values.end(), value_less) : low_value;
  const double weight = rank - std::floor(rank);
  return low_value * (1 - weight) + high_value * weight;
}

std::string format_g(double value, int precision) {
  if (!std::isfinite(value)) return special(value);
  char buffer[64];
  const auto scientific = precision < 0
                              ? std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific)
                              : std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific,
                                              std::max(precision - 1, 0));
  const std::string_view text(buffer, scientific.ptr);
  const std::size_t e = text.find('e');
  int exponent = 0;
  const char* exponent_text = text.data() + e + 1;
  if (*exponent_text == '+') ++exponent_text;
  std::from_chars(exponent_text, text.data() + text.size(), exponent);
  int digits = 0;
  for (const char c : text.substr(0, e)) digits += c >= '0' && c <= '9' ? 1 : 0;
  // Go: an exponent is written when it is below -4 or not below the precision, which
  // for shortest digits counts as 21 when all of them stand before the point.
  const int limit = precision >= 0 ? precision : digits > exponent ? std::max(digits, 6) : 21;
  if (exponent < -4 || exponent >= limit) {
    if (precision < 0) return std::string(text);
    std::string mantissa(text.substr(0, e));
    if (mantissa.contains('.')) {
      while (mantissa.ends_with('0')) mantissa.pop_back();
      if (mantissa.ends_with('.')) mantissa.pop_back();
    }
    return mantissa + std::string(text.substr(e));
  }
  if (precision < 0) return format_f(value);
  char fixed[512];
  const auto end = std::to_chars(fixed, fixed + sizeof fixed, value, std::chars_format::fixed,
                                 std::max(0, precision - 1 - exponent));
  std::string result(fixed, end.ptr);
  if (result.contains('.')) {
    while (result.ends_with('0')) result.pop_back();
    if (result.ends_with('.')) result.pop_back();
  }
  return result;
}

std::string format_f(double value) {
  if (!std::isfinite(value)) return special(value);
  char buffer[512];  // 309 digits before the point at most, 324 + 17 after it
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
  return std::string(buffer, end.ptr);
}

std::int64_t to_int64(double value) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (!(value >= -kLimit && value < kLimit)) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

}  // namespace vigil::promql
